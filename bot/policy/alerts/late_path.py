"""What prices did while nobody looked: the history of a gap becomes ticks that come late. Pure.

Closed candles tell of the gap, and single prices of what came after the last of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.alerts import Tick
from bot.domain.analysis import Candle, PriceHistory, PricePath
from bot.policy.alerts.price_doubts import is_absurd

GRAIN: Mapping[int, timedelta] = {
    1: timedelta(minutes=30),
    7: timedelta(hours=4),
    30: timedelta(hours=4),
}
"""How long the candles of a history last, by its days."""

STEP = timedelta(minutes=5)
"""How far single prices of the last day are apart."""

_LONGEST = 30
_Point = tuple[datetime, Decimal]


@dataclass(frozen=True, slots=True)
class Gap:
    """Looks were missed from `since`, the last one in time, to `until`, now."""

    since: datetime
    until: datetime

    @property
    def days(self) -> int:
        """The shortest history that covers it; the longest one where none does."""
        span = self.until - self.since
        return next((days for days in GRAIN if span <= timedelta(days=days)), _LONGEST)

    @property
    def grain(self) -> timedelta:
        """How long its candles last."""
        return GRAIN[self.days]


@dataclass(frozen=True, slots=True)
class LateTick:
    """A tick to look at late; changes within less than `grain` cannot be told by it."""

    tick: Tick
    grain: timedelta


@dataclass(slots=True)
class _Moment:
    """Prices of several tokens at the same time."""

    prices: dict[str, Decimal] = field(default_factory=dict)
    grain: timedelta = timedelta(0)


def late_ticks(
    histories: Iterable[PriceHistory],
    days: Mapping[str, PricePath],
    seen: Sequence[Tick],
    gap: Gap,
) -> Sequence[LateTick]:
    """The ticks of a gap that are still to be looked at, oldest first.

    A candle becomes its open, its low and high (the low first if it closed higher), and its close.
    Of these only the close has a time; the others are put into the first half of the candle, so
    that no window shorter than half a candle takes them for news after it. Of a candle that had
    begun before the gap only what goes beyond all that was seen then is new. What has been made up
    for already, if a process ended while it did so, is not told again.

    Args:
        histories: of the tokens that have the gap.
        days: single prices of the last day, by symbol.
        seen: all ticks since the longest candle before `gap.since`, late ones too.
        gap: what is missing.
    """
    moments: dict[datetime, _Moment] = {}
    taken = {tick.at for tick in seen}
    for history in histories:
        symbol = history.symbol
        own = [(tick.at, tick.prices[symbol]) for tick in seen if symbol in tick.prices]
        for at, price, grain in _path(history, days.get(symbol), own, gap):
            while at in taken:
                at += timedelta.resolution  # The row of that time is another's.
            moment = moments.setdefault(at, _Moment())
            moment.prices[symbol] = price
            moment.grain = max(moment.grain, grain)
    return [
        LateTick(Tick(at, moments[at].prices, late=True), moments[at].grain)
        for at in sorted(moments)
    ]


def _path(
    history: PriceHistory, day: PricePath | None, own: Sequence[_Point], gap: Gap
) -> Iterator[tuple[datetime, Decimal, timedelta]]:
    """All points of a token that are left, with their grain; an absurd one is left out."""
    before = [point for point in own if point[0] <= gap.since]
    behind = max([gap.since, *(at for at, _ in own[-1:])])
    last = before[-1][1] if before else None
    for at, price, grain in _points(history, day, own, gap):
        if last is not None and is_absurd(price, last):
            continue
        last = price
        if behind < at < gap.until:
            yield at, price, grain


def _points(
    history: PriceHistory, day: PricePath | None, own: Sequence[_Point], gap: Gap
) -> Iterator[tuple[datetime, Decimal, timedelta]]:
    told_upto = gap.since
    for candle, closed_at in _candles(history, gap):
        for at, price in _candle_points(candle, closed_at, own, gap):
            yield at, price, gap.grain
        told_upto = closed_at
    for at, price in day.points if day else ():
        if at > told_upto:
            yield at, price, STEP


def _candles(history: PriceHistory, gap: Gap) -> Iterator[tuple[Candle, datetime]]:
    """Candles with their ends that closed in the gap."""
    closings = [*(candle.opened_at for candle in history.candles[1:]), history.as_of]
    for candle, closed_at in zip(history.candles, closings, strict=True):
        if candle.opened_at < closed_at and gap.since < closed_at <= gap.until:
            yield candle, closed_at


def _candle_points(
    candle: Candle, closed_at: datetime, own: Sequence[_Point], gap: Gap
) -> Iterator[_Point]:
    start = max(candle.opened_at, gap.since)
    span = closed_at - start
    begun = candle.opened_at < gap.since
    within = [point for point in own if candle.opened_at <= point[0] <= closed_at]
    if not begun:
        within = [point for point in within if point[0] > gap.since]
        yield start + span / 8, candle.open
    extremes = [candle.low, candle.high]
    if candle.close < candle.open:
        extremes.reverse()
    last = within[-1][0] if within else gap.since
    for at, price in zip((start + span / 4, start + span / 2), extremes, strict=True):
        told = [p for t, p in within if t <= gap.since or at <= within[-1][0]]
        if not told or not min(told) <= price <= max(told):
            # Later than that if the candle was told of in part while it was still open.
            last = max(at, last + timedelta.resolution)
            yield last, price
    yield closed_at, candle.close
