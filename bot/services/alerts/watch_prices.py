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
from bot.policy.alerts.late_path import Gap, late_ticks
from bot.policy.alerts.price_doubts import FRESH, PriceDoubts
from bot.policy.alerts.price_series import PriceSeries
from bot.policy.risk import Limits, price_age
from bot.ports.alerts import Alerts, Look, Ticks
from bot.ports.chain import ChainReader, Venue
from bot.ports.clock import Clock
from bot.ports.market import Market
from bot.ports.records import Agents
from bot.services.alerts.histories import fetch_histories
from bot.services.alerts.measure import Measure
from bot.services.alerts.ring import Ring
from bot.services.alerts.sample_prices import SamplePrices

_PUNCTUAL = timedelta(seconds=90)
"""Looks further apart than this left one out."""
_MEMORY = timedelta(days=1)
_TRIES = 3
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
    _series: PriceSeries | None = field(init=False, default=None)
    _last_at: datetime | None = field(init=False, default=None)
    _believed: dict[str, Price] = field(init=False, default_factory=dict)
    _figures: dict[str, Decimal] = field(init=False, default_factory=dict)
    _tries: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        doubts = PriceDoubts(self.limits.alert_disagreement)
        self._sampling = SamplePrices(self.market, self.venues, self.ticks, self.listing, doubts)

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
        if symbol not in self.fresh_prices():
            await self.tick()
        known = self._series
        if known is None or symbol not in self.fresh_prices():
            return None
        if known.is_deep(series):
            await self._learn(known, [series])
        return known.measure_one(series)

    async def _tick(self) -> None:
        now = self.clock.now()
        series = await self._load(now)
        if self._last_at is not None and now <= self._last_at:
            return
        believed = await self._sampling.sample(now, series.last_prices())
        if not believed:
            return
        behind = self._last_at
        if behind is not None and now - behind > FRESH:
            await self._catch_up(series, believed, now)
            now = self.clock.now()
            believed = await self._sampling.sample(now, series.last_prices())
        deep = await self._deep(series)
        tick = Tick(now, {symbol: price.usd for symbol, price in believed.items()})
        self._believed.update(believed)
        unseen_since = behind if behind and now - behind > _PUNCTUAL else None
        await self._look(series, tick, deep, unseen_since=unseen_since)
        await self._learn(series, deep)

    async def _load(self, now: datetime) -> PriceSeries:
        """What the database knows, if memory does not; without what a wrong clock has seen."""
        if self._series is not None and (self._last_at is None or self._last_at <= now):
            return self._series
        self._series, self._last_at = None, None
        await self.ticks.forget_future(now)
        series = PriceSeries(self.kinds.meters.values())
        last = await self.ticks.load_last_tick()
        missed_from = await self.ticks.load_last_live() or now
        ticks = await self.ticks.load_ticks(missed_from - _MEMORY)
        for number, tick in enumerate(ticks):
            series.add(tick)
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
        self, series: PriceSeries, believed: Mapping[str, Price], now: datetime
    ) -> None:
        """Look at what happened since the last look that came in time.

        Where a price is fresh, the candles before it must be there too.

        Raises:
            UpstreamError: the market does not say; after three times we go on without.
        """
        behind = self._last_at or now
        since = await self.ticks.load_last_live() or behind
        gap = Gap(since, behind, now)
        wanted = [(token.symbol, gap.days) for token in self.listing.tokens]
        histories = await fetch_histories(self.market, self.listing, wanted)
        found = histories.found.values()
        failure = histories.failure
        if any(h.symbol in believed and now - h.as_of > 2 * gap.grain for h in found):
            failure = UpstreamError(
                "market", "candles of the gap are not there yet", retryable=True
            )
        if failure and self._tries < _TRIES:
            self._tries += 1
            raise failure
        self._tries = 0
        await self._learn(series, await self._deep(series))
        path = late_ticks(found, await self.ticks.load_ticks(since - gap.grain), gap)
        _log.info("prices_caught_up", since=since.isoformat(), ticks=len(path))
        for tick in path:
            await self._look(series, tick, await self._deep(series), gap)

    async def _look(
        self,
        series: PriceSeries,
        tick: Tick,
        deep: Sequence[str],
        missed: Gap | None = None,
        unseen_since: datetime | None = None,
    ) -> None:
        """Look at a tick, and store it. Memory that is ahead of the database is thrown away."""
        series.add(tick)
        figures = series.measure(tick.prices, deep, missed.grain if missed else None)
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
        self._last_at = tick.at
        self._figures.update((name, value) for _, name, value in figures)
        if counts.rang:
            self.wake()
