"""What the present holdings were worth over the last days. Pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from bot.domain.analysis import PriceHistory
from bot.domain.money import exact


def worth_path(
    units: Mapping[str, Decimal], histories: Mapping[str, PriceHistory]
) -> Sequence[tuple[datetime, Decimal]]:
    """USD at each candle's opening, oldest first; empty where a history is missing.

    Every token counts at the last price known by then: trades of before are not told.
    """
    held = {symbol: count for symbol, count in units.items() if count}
    if not held or any(symbol not in histories for symbol in held):
        return ()
    opened = {symbol: [candle.opened_at for candle in histories[symbol].candles] for symbol in held}
    if not all(opened.values()):
        return ()
    start = max(times[0] for times in opened.values())
    times = sorted({at for found in opened.values() for at in found if at >= start})
    with exact():
        return [
            (
                at,
                sum(
                    (
                        count * histories[symbol].candles[bisect_right(opened[symbol], at) - 1].open
                        for symbol, count in held.items()
                    ),
                    Decimal(0),
                ),
            )
            for at in times
        ]
