"""Candles that have closed, for figures that are told by closed ones alone. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median_low

from bot.domain.analysis import PriceHistory


@dataclass(frozen=True, slots=True)
class ClosedCandles:
    """The closed candles of a history.

    `ends` are theirs, oldest first, `period` is how long they last: their usual distance, as one
    may be missing.
    """

    history: PriceHistory
    ends: Sequence[datetime]
    period: timedelta

    def upto(self, number: int) -> PriceHistory:
        """The history as it was when a candle had closed (-1 is the last)."""
        number %= len(self.ends)
        candles = self.history.candles[: number + 1]
        return replace(self.history, candles=candles, as_of=self.ends[number])


def closed_candles(history: PriceHistory) -> ClosedCandles:
    """Without the last candle if that is under way still."""
    candles = history.candles
    steps = [after.opened_at - before.opened_at for before, after in pairwise(candles)]
    if not steps:
        return ClosedCandles(history, (), timedelta(0))
    period = median_low(steps)
    ends = [candle.opened_at + period for candle in candles]
    while ends and ends[-1] > history.as_of:
        ends.pop()
    return ClosedCandles(history, ends, period)
