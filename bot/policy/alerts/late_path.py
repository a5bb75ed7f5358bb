"""What prices did while nobody looked: the candles of a gap become ticks that come late. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.alerts import Tick
from bot.domain.analysis import Candle, PriceHistory
from bot.policy.alerts.price_doubts import is_absurd

GRAIN: Mapping[int, timedelta] = {
    1: timedelta(minutes=30),
    7: timedelta(hours=4),
    30: timedelta(hours=4),
}
"""How long the candles of a history last, by its days."""

_LONGEST = 30
_Point = tuple[datetime, Decimal]


@dataclass(frozen=True, slots=True)
class Gap:
    """Looks were missed from `since`, the last one in time, to `until`, now.

    They have been made up for already up to `behind`, later than `since` if a process ended while
    it did so.
    """

    since: datetime
    behind: datetime
    until: datetime

    @property
    def days(self) -> int:
        """The shortest history that covers it; the longest one where none does."""
        span = self.until - self.since
        return next((days for days in GRAIN if span <= timedelta(days=days)), _LONGEST)

    @property
    def grain(self) -> timedelta:
        """How long its candles last: changes within less cannot be told."""
        return GRAIN[self.days]


def late_ticks(histories: Iterable[PriceHistory], seen: Sequence[Tick], gap: Gap) -> Sequence[Tick]:
    """The ticks of a gap that are still to be looked at, oldest first.

    A candle becomes its open, its low and high (the low first if it closed higher), and its close.
    Of these only the close has a time; the others are put into the first half of the candle, so
    that no window shorter than half a candle takes them for news after it. Of a candle that had
    begun before the gap only what goes beyond all that was seen then is new.

    Args:
        histories: of the tokens.
        seen: ticks up to `gap.since`.
        gap: what is missing.
    """
    prices: dict[datetime, dict[str, Decimal]] = {}
    for history in histories:
        own = [(t.at, t.prices[history.symbol]) for t in seen if history.symbol in t.prices]
        for at, price in _path(history, [p for p in own if p[0] <= gap.since], gap):
            if gap.behind < at < gap.until:
                prices.setdefault(at, {})[history.symbol] = price
    return [Tick(at, prices[at], late=True) for at in sorted(prices)]


def _path(history: PriceHistory, seen: Sequence[_Point], gap: Gap) -> Iterator[_Point]:
    """All points of a token in the gap; an absurd one is left out."""
    last = seen[-1][1] if seen else None
    for candle, closed_at in _candles(history, gap):
        for at, price in _points(candle, closed_at, seen, gap):
            if last is None or not is_absurd(price, last):
                yield at, price
                last = price


def _candles(history: PriceHistory, gap: Gap) -> Iterator[tuple[Candle, datetime]]:
    """Candles with their ends that closed in the gap."""
    closings = [*(candle.opened_at for candle in history.candles[1:]), history.as_of]
    for candle, closed_at in zip(history.candles, closings, strict=True):
        if candle.opened_at < closed_at and gap.since < closed_at <= gap.until:
            yield candle, closed_at


def _points(
    candle: Candle, closed_at: datetime, seen: Sequence[_Point], gap: Gap
) -> Iterator[_Point]:
    start = max(candle.opened_at, gap.since)
    span = closed_at - start
    begun = candle.opened_at < gap.since
    within = [price for at, price in seen if at >= candle.opened_at] if begun else []
    extremes = [candle.low, candle.high]
    if candle.close < candle.open:
        extremes.reverse()
    if not begun:
        yield start + span / 8, candle.open
    for at, price in zip((start + span / 4, start + span / 2), extremes, strict=True):
        if not within or not min(within) <= price <= max(within):
            yield at, price
    yield closed_at, candle.close
