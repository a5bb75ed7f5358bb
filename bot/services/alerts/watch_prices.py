"""The tick: one look at the prices of all tokens serves everybody's alerts.

What is looked at is stored in the same transaction as what it lets ring, so that a process that
ends anywhere goes on behind it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from bot.domain.alerts import Condition, Reading, Tick
from bot.domain.errors import UpstreamError
from bot.domain.money import Price
from bot.domain.tokens import Listing
from bot.policy.alerts.kind import AlertKinds, Source, split_series
from bot.policy.alerts.late_path import Gap
from bot.policy.alerts.price_doubts import FRESH, PriceDoubts
from bot.policy.alerts.price_series import PriceSeries
from bot.policy.alerts.set_back import set_back
from bot.policy.risk import Limits, price_age
from bot.ports.alerts import Alerts, Decide, Look, Outcome, Ticks
from bot.ports.chain import ChainReader, Venue
from bot.ports.clock import Clock
from bot.ports.market import Market
from bot.ports.records import Agents
from bot.services.alerts.histories import fetch_histories
from bot.services.alerts.measure import Measure
from bot.services.alerts.missed_prices import Missed, MissedPrices
from bot.services.alerts.ring import Ring
from bot.services.alerts.sample_prices import Sample, SamplePrices

_PUNCTUAL = timedelta(seconds=90)
"""Looks further apart than this left one out."""
_MEMORY = timedelta(days=1)
_PATIENCE = timedelta(minutes=5)
"""So long all alerts on prices wait for the history of a gap; then they go on without."""
_UNKNOWN_AGE = timedelta(minutes=1)  # For so long, a price of which only its tick is known serves.
_BREATH = 50

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class WatchPrices:
    """Looks at prices, and knows the present figure of every series that anybody measured.

    `wake` tells the outbox of new notices.
    """

    clock: Clock
    market: Market
    reader: ChainReader
    venues: Sequence[Venue]
    agents: Agents
    alerts: Alerts
    ticks: Ticks
    kinds: AlertKinds
    listing: Listing
    limits: Limits
    ring: Ring
    wake: Callable[[], None]
    _lock: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    _sampling: SamplePrices = field(init=False)
    _missed: MissedPrices = field(init=False)
    _series: PriceSeries | None = field(init=False, default=None)
    _last_at: datetime | None = field(init=False, default=None)
    _live: dict[str, datetime] = field(init=False, default_factory=dict)
    _believed: dict[str, Price] = field(init=False, default_factory=dict)
    _figures: dict[str, Decimal] = field(init=False, default_factory=dict)
    _failing_since: dict[str, datetime] = field(init=False, default_factory=dict)
    looked_at: datetime | None = field(init=False, default=None)
    """Up to when all that happened has been looked at; None until then."""

    def __post_init__(self) -> None:
        doubts = PriceDoubts(self.limits.alert_disagreement)
        self._sampling = SamplePrices(self.market, self.venues, self.ticks, self.listing, doubts)
        self._missed = MissedPrices(self.market, self.ticks, self.listing)

    async def tick(self) -> None:
        """Look once: first at what was missed, then at what prices are now.

        Who calls while a look is under way waits for that one instead.

        Raises:
            UpstreamError: the market does not answer; what it would have said is made up for.
        """
        if self._lock.locked():
            async with self._lock:
                return
        async with self._lock:
            await self._tick()

    def figure(self, series: str) -> Decimal | None:
        """The present figure of a series, from memory, whoever measured it; None if unknown."""
        return self._figures.get(series)

    def note(self, series: str, value: Decimal) -> None:
        """Another watcher has measured this."""
        self._figures[series] = value

    def fresh_prices(self) -> Mapping[str, Price]:
        """Prices that were believed and are young enough to ring on."""
        now = self.clock.now()
        return {s: p for s, p in self._believed.items() if price_age(now, p) <= FRESH}

    async def measure_now(self, condition: Condition) -> Decimal | None:
        """The present figure of a condition's series, fetched if need be; None if unknown."""
        watch = self.kinds.watch(condition)
        if watch is None:
            return None
        name, symbol, _ = split_series(watch.series)
        try:
            if self.kinds.meters[name].source is Source.TICK:
                figure = await self._measure_price(watch.series, symbol)
            else:
                measure = Measure(self.market, self.reader, self.agents, self.kinds, self.listing)
                figure = await measure.fetch_figure(watch.series, self.fresh_prices())
        except UpstreamError as error:
            _log.info("figure_unknown", series=watch.series, why=error.reason)
            return None
        if figure is not None:
            self.note(watch.series, figure)
        return figure

    async def _measure_price(self, series: str, symbol: str) -> Decimal | None:
        if symbol not in self.fresh_prices() and not self._has_gap():
            await self.tick()
        known = self._series
        if known is None or symbol not in self.fresh_prices():
            return None
        if known.is_deep(series):
            await self._learn(known, [series])
        return known.measure_one(series)

    def _has_gap(self) -> bool:
        """Making up for one is the job's affair, not that of who asks for a price."""
        return self._last_at is not None and self.clock.now() - self._last_at > FRESH

    async def _tick(self) -> None:
        now = self.clock.now()
        series = await self._load(now)
        if self._last_at is not None and now <= self._last_at:
            return
        behind = self._last_at
        sample = await self._sampling.sample(now, series.last_prices())
        if not sample.believed:
            return
        believed, waiting = sample.believed, frozenset[str]()
        if gaps := self._gaps(sample, now):
            waiting = await self._catch_up(series, gaps, believed)
            now = self.clock.now()
            sample = await self._sampling.sample(now, series.last_prices())
            believed = {s: p for s, p in sample.believed.items() if s not in waiting}
            if not believed:
                return
        deep = await self._deep(series)
        tick = Tick(now, {symbol: price.usd for symbol, price in believed.items()})
        self._believed.update(believed)
        unseen_since = behind if behind and now - behind > _PUNCTUAL else None
        await self._look(series, tick, deep, unseen_since=unseen_since)
        self._live.update(dict.fromkeys([*believed, *sample.doubted], now))
        if not waiting:
            self.looked_at = now
        await self._learn(series, deep)

    def _gaps(self, sample: Sample, now: datetime) -> Mapping[Gap, Sequence[str]]:
        """Tokens that have a price again after looks without one, by their gap."""
        gaps: dict[Gap, list[str]] = {}
        for symbol in sample.believed:
            since = self._live.get(symbol)
            if since is not None and now - since > FRESH:
                gaps.setdefault(Gap(since, now), []).append(symbol)
        return gaps

    async def _load(self, now: datetime) -> PriceSeries:
        """What the database knows, if memory does not; without what a wrong clock has seen."""
        if self._series is not None and (self._last_at is None or self._last_at <= now):
            return self._series
        self._series, self._last_at = None, None
        if await self.ticks.forget_future(now):
            await self.alerts.set_back(now, _set_back(now))
        series = PriceSeries(self.kinds.meters.values())
        last = await self.ticks.load_last_tick()
        missed_from = await self.ticks.load_last_live() or now
        ticks = await self.ticks.load_ticks(missed_from - _MEMORY)
        self._live = {}
        for number, tick in enumerate(ticks):
            series.add(tick)
            if not tick.late:
                self._live.update(dict.fromkeys(tick.prices, tick.at))
            if number % _BREATH == 0:
                await asyncio.sleep(0)
        self._series, self._last_at = series, last.at if last else None
        if last and not last.late and not self._believed:
            as_of = last.at - FRESH + _UNKNOWN_AGE
            self._believed = {s: Price(s, p, as_of, "tick") for s, p in last.prices.items()}
        return series

    async def _deep(self, series: PriceSeries) -> Sequence[str]:
        """Series that some alert waits on and that need candles, which are learnt if missing."""
        deep = sorted(await self.alerts.load_series(series.deep_meters))
        await self._learn(series, [name for name in deep if not series.knows(name)])
        return deep

    async def _learn(self, series: PriceSeries, deep: Sequence[str]) -> None:
        """Fetch the candles that these series need; where that fails, older ones stay."""
        wanted = {series.candles_of(name) for name in deep}
        histories = await fetch_histories(self.market, self.listing, wanted)
        for (symbol, days), history in histories.found.items():
            series.set_candles(symbol, days, history)

    async def _catch_up(
        self,
        series: PriceSeries,
        gaps: Mapping[Gap, Sequence[str]],
        believed: Mapping[str, Price],
    ) -> frozenset[str]:
        """Look at what happened since the last looks that came in time.

        Returns the tokens whose history is not there yet: they have to wait.

        Raises:
            UpstreamError: that goes for all that have a price.
        """
        waiting: set[str] = set()
        missed: dict[Gap, Missed] = {}
        failure: UpstreamError | None = None
        for gap, symbols in sorted(gaps.items(), key=lambda item: item[0].since):
            found = await self._missed.fetch(symbols, gap)
            if found.failure and await self._is_patient(gap, symbols):
                failure = found.failure
                waiting.update(symbols)
            else:
                missed[gap] = found
        if failure and waiting.issuperset(believed):
            raise failure
        await self._learn(series, await self._deep(series))
        for gap, found in missed.items():
            path = await self._missed.path(found, gap)
            _log.info("prices_caught_up", since=gap.since.isoformat(), ticks=len(path))
            for late in path:
                await self._look(series, late.tick, await self._deep(series), gap, late.grain)
            for symbol in gaps[gap]:
                self._failing_since.pop(symbol, None)
        return frozenset(waiting)

    async def _is_patient(self, gap: Gap, symbols: Sequence[str]) -> bool:
        """Whether to wait for a history that failed; if not, admins hear that it is left out."""
        since = min(self._failing_since.setdefault(symbol, gap.until) for symbol in symbols)
        if gap.until - since < _PATIENCE:
            return True
        for symbol in symbols:
            detail = f"not all is known since {gap.since:%Y-%m-%d %H:%M} UTC"
            await self.ticks.save_doubt(symbol, "gap", gap.until, detail)
        return False

    async def _look(
        self,
        series: PriceSeries,
        tick: Tick,
        deep: Sequence[str],
        missed: Gap | None = None,
        grain: timedelta | None = None,
        unseen_since: datetime | None = None,
    ) -> None:
        """Look at a tick, and store it. Memory that is ahead of the database is thrown away."""
        series.add(tick)
        figures = series.measure(tick.prices, deep, grain)
        ages = {s: tick.at if missed else self._believed[s].as_of for s in tick.prices}
        readings = {
            name: Reading(value, tick.at, ages[symbol], tick.late)
            for symbol, name, value in figures
        }
        decide = self.ring.looking(missed.since if missed else None, tick.prices, unseen_since)
        try:
            counts = await self.alerts.apply(Look(tick.at, readings, tick), decide)
        except BaseException:
            self._series = None
            raise
        self._last_at = max(tick.at, self._last_at or tick.at)
        self._figures.update((name, value) for _, name, value in figures)
        if counts.rang:
            self.wake()


def _set_back(now: datetime) -> Decide:
    return lambda hit: Outcome(set_back(hit.alert, hit.time_zone, now))
