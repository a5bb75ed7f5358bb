"""Figures that are told by closed candles: each candle is looked at once."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.alerts import Reading, rounded
from bot.domain.analysis import PriceHistory
from bot.domain.tokens import Listing
from bot.policy.alerts.candle_ends import ClosedCandles, closed_candles
from bot.policy.alerts.kind import AlertKinds, Meter, Source, split_series
from bot.ports.alerts import Alerts, Decide, Hit, Look, Outcome
from bot.ports.clock import Clock
from bot.ports.market import Market
from bot.services.alerts.histories import fetch_histories
from bot.services.alerts.ring import Ring
from bot.services.alerts.watch_prices import WatchPrices

_GRACE = timedelta(hours=1)
_IN_TIME = "in time "


@dataclass(slots=True)
class WatchCandles:
    """Looks at candles; `wake` tells the outbox of new notices."""

    clock: Clock
    market: Market
    alerts: Alerts
    kinds: AlertKinds
    listing: Listing
    ring: Ring
    prices: WatchPrices
    wake: Callable[[], None]
    looked_at: datetime | None = field(init=False, default=None)
    """Up to when all that happened has been looked at; None until then."""
    _waiting: frozenset[str] | None = field(init=False, default=None)

    async def tick(self) -> None:
        """Look at all candles that closed since the last look, then at how things stand.

        The mark of a series says up to which candle it has been looked at, another one when that
        was last done in time. Histories that cannot be had are looked at when they can.
        """
        now = self.clock.now()
        await self.alerts.apply(Look(now, {}), self.ring.looking())  # What wakes looks along.
        meters = {m.name: m for m in self.kinds.meters.values() if m.source is Source.CANDLES}
        waiting = sorted(await self.alerts.load_series(list(meters)))
        wanted = {_history_of(meters, series) for series in waiting}
        fetched = await fetch_histories(self.market, self.listing, wanted)
        marks = await self.alerts.load_marks([*waiting, *(_IN_TIME + name for name in waiting)])
        new = set(waiting) - self._waiting if self._waiting is not None else set()
        rang = 0
        standing: dict[str, Reading] = {}
        closes: dict[str, Decimal] = {}
        for series in waiting:
            history = fetched.found.get(_history_of(meters, series))
            closed = closed_candles(history) if history else None
            if closed is None or not closed.ends:
                continue
            name, symbol, window = split_series(series)
            candles = _Candles(series, symbol, window, meters[name].measure, closed)
            fresh_from = now - closed.period - _GRACE
            mark = None if series in new else marks.get(series)
            rang += await self._catch_up(candles, mark, marks.get(_IN_TIME + series), fresh_from)
            value = candles.figure(-1)
            if closed.ends[-1] >= fresh_from and value is not None:
                standing[series] = Reading(value, now, closed.ends[-1])
                closes |= candles.price(-1)
        rang += await self._look_at_standing(now, standing, closes)
        told = frozenset(s for s in waiting if _history_of(meters, s) in fetched.found)
        known = frozenset(waiting) if self._waiting is None else self._waiting & set(waiting)
        self._waiting = known | told
        if not fetched.failure:
            self.looked_at = now
        if rang:
            self.wake()

    async def _catch_up(
        self,
        candles: "_Candles",
        mark: datetime | None,
        in_time: datetime | None,
        fresh_from: datetime,
    ) -> int:
        """Each candle behind the mark in turn; how many alerts rang. Without a mark, the last one.

        A candle that ended before `fresh_from` is looked at late.
        """
        series, ends = candles.series, candles.closed.ends
        first = len(ends) - 1 if mark is None else bisect_right(ends, mark)
        rang = 0
        for number in range(first, len(ends)):
            end, value = ends[number], candles.figure(number)
            late = end < fresh_from
            if value is None:
                continue
            look = Look(end, {series: Reading(value, end, end, late)}, marks={series: end})
            missed_from = in_time or mark if late else None
            decide = _of_what_stood(self.ring.looking(missed_from, candles.price(number)))
            rang += (await self.alerts.apply(look, decide)).rang
        return rang

    async def _look_at_standing(
        self, now: datetime, standing: Mapping[str, Reading], closes: Mapping[str, Decimal]
    ) -> int:
        """For alerts that woke, or began, between two candles."""
        if not standing:
            return 0
        look = Look(now, standing, marks={_IN_TIME + series: now for series in standing})
        counts = await self.alerts.apply(look, self.ring.looking(prices=closes))
        for series, reading in standing.items():
            self.prices.note(series, reading.value)
        return counts.rang


@dataclass(frozen=True, slots=True)
class _Candles:
    """One series, and the candles it is read from."""

    series: str
    symbol: str
    window: str
    measure: Callable[[PriceHistory, str], Decimal | None]
    closed: ClosedCandles

    def figure(self, number: int) -> Decimal | None:
        value = self.measure(self.closed.upto(number), self.window)
        return None if value is None else rounded(value)

    def price(self, number: int) -> dict[str, Decimal]:
        return {self.symbol: self.closed.upto(number).candles[-1].close}


def _of_what_stood(decide: Decide) -> Decide:
    """A candle says nothing to an alert that was set, or changed, after it."""

    def decided(hit: Hit) -> Outcome:
        since = hit.alert.seen_at or hit.alert.created_at
        if hit.reading and hit.reading.at < since:
            return Outcome(hit.alert)
        return decide(hit)

    return decided


def _history_of(meters: Mapping[str, Meter], series: str) -> tuple[str, int]:
    name, symbol, window = split_series(series)
    return symbol, (meters[name].days or {})[window]
