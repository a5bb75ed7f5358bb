"""A token's last day of prices, and its extremes in every window: each sample costs the same."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.domain.analysis import Candle, PriceHistory

WINDOWS: Mapping[str, timedelta] = {
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
}
"""Spans in which a change can be watched."""

SETTLED = timedelta(minutes=10)
"""A closed candle counts after this: before, it may know a price that we are about to see."""

_DAY = "1d"
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What one agent's escrow holds.

    `value_usd` is None without fresh prices; `units` are by symbol, and `deposits` the units by
    symbol of the largest deposit since the last look.
    """

    value_usd: Decimal | None
    units: Mapping[str, Decimal]
    deposits: Mapping[str, Decimal]


class _Window:
    """The highest and the lowest of the last `span`: two monotonic queues."""

    __slots__ = ("_highs", "_lows", "_span")

    def __init__(self, span: timedelta) -> None:
        self._span = span
        self._highs: deque[tuple[datetime, Decimal]] = deque()
        self._lows: deque[tuple[datetime, Decimal]] = deque()

    def add(self, at: datetime, price: Decimal) -> None:
        highs, lows, sample = self._highs, self._lows, (at, price)
        while highs and price >= highs[-1][1]:
            highs.pop()
        while lows and price <= lows[-1][1]:
            lows.pop()
        highs.append(sample)
        lows.append(sample)
        self.pass_to(at)

    def pass_to(self, at: datetime) -> None:
        """Forget what is older than the span at this time."""
        since = at - self._span
        for queue in (self._highs, self._lows):
            while queue and queue[0][0] < since:
                queue.popleft()

    @property
    def high(self) -> Decimal | None:
        return self._highs[0][1] if self._highs else None

    @property
    def low(self) -> Decimal | None:
        return self._lows[0][1] if self._lows else None


class _Candles:
    """Extremes of the candles of the last days, worked out again only when one comes or goes."""

    def __init__(self, days: int, history: PriceHistory) -> None:
        self.candles = history.candles
        self._span = timedelta(days=days)
        openings = [candle.opened_at for candle in history.candles]
        self._closings = [*openings[1:], history.as_of]
        self._since = self._until = datetime.min.replace(tzinfo=UTC)
        self._extremes: tuple[Decimal, Decimal] | None = None

    def extremes(self, at: datetime) -> tuple[Decimal, Decimal] | None:
        """The highest and the lowest of those that count at a time; None if none does."""
        if not self._since <= at < self._until:
            self._look(at)
        return self._extremes

    def _look(self, at: datetime) -> None:
        counting: list[Candle] = []
        self._since, self._until = at, _NEVER
        for candle, closed_at in zip(self.candles, self._closings, strict=True):
            if closed_at + SETTLED > at:
                self._until = min(self._until, closed_at + SETTLED)
            elif candle.opened_at >= at - self._span:
                counting.append(candle)
        if not counting:
            self._extremes = None
            return
        leaves_at = counting[0].opened_at + self._span
        self._until = min(self._until, leaves_at + timedelta.resolution)
        self._extremes = max(c.high for c in counting), min(c.low for c in counting)


class Tape:
    """Prices of one token as they come in, oldest first. Windows include both their ends."""

    def __init__(self) -> None:
        self._windows = {name: _Window(span) for name, span in WINDOWS.items()}
        self._day_before: tuple[Decimal | None, Decimal | None] = None, None
        self._candles: dict[int, _Candles] = {}
        self.at: datetime | None = None
        self.price = Decimal(0)

    def add(self, at: datetime, price: Decimal) -> None:
        """One more sample.

        Raises:
            ValueError: it is not later than the last one.
        """
        if self.at is not None and at <= self.at:
            raise ValueError(f"{at} is not after {self.at}")
        day = self._windows[_DAY]
        day.pass_to(at)
        self._day_before = day.high, day.low
        self.at, self.price = at, price
        for window in self._windows.values():
            window.add(at, price)

    def high(self, window: str) -> Decimal:
        """The highest price of a window that ends with the last sample, that sample included."""
        return self._windows[window].high or self.price

    def low(self, window: str) -> Decimal:
        """The lowest."""
        return self._windows[window].low or self.price

    def set_candles(self, days: int, history: PriceHistory) -> None:
        """Know the candles of the last `days`; each counts soon after it has closed."""
        known = self._candles.get(days)
        if known is None or known.candles is not history.candles:
            self._candles[days] = _Candles(days, history)

    def knows(self, days: int) -> bool:
        """Whether candles of so many days are known."""
        return days in self._candles

    def highest_before(self, days: int) -> Decimal | None:
        """The highest price of the `days` before the last sample, without it.

        Of the candles that count by then and the samples of the last day. None where no candles
        of that span are known.
        """
        candles = self._extremes(days)
        if candles is None:
            return None
        before = self._day_before[0]
        return candles[0] if before is None else max(candles[0], before)

    def lowest_before(self, days: int) -> Decimal | None:
        """The lowest."""
        candles = self._extremes(days)
        if candles is None:
            return None
        before = self._day_before[1]
        return candles[1] if before is None else min(candles[1], before)

    def _extremes(self, days: int) -> tuple[Decimal, Decimal] | None:
        if self.at is None or days not in self._candles:
            return None
        return self._candles[days].extremes(self.at)
