"""Price histories to draw."""

import math
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.domain.analysis import Candle, PriceHistory


def walk(
    count: int, start: float = 0.25, swing: float = 0.02, volume: int = 1_000_000
) -> PriceHistory:
    """A reproducible random walk of 4-hour candles; `volume` is USD a candle, about."""
    dice = random.Random(count)  # noqa: S311 - a picture, not a secret
    opened_at, last, candles = datetime(2026, 10, 20, tzinfo=UTC), start, []
    for _ in range(count):
        close = last * math.exp(dice.gauss(0, swing))
        high = max(last, close) * (1 + abs(dice.gauss(0, swing / 2)))
        low = min(last, close) * (1 - abs(dice.gauss(0, swing / 2)))
        figures = [Decimal(str(figure)) for figure in (last, high, low, close)]
        figures.append(Decimal(dice.randint(0, volume)))
        candles.append(Candle(opened_at, *figures))
        opened_at, last = opened_at + timedelta(hours=4), close
    return PriceHistory("SEI", 30, tuple(candles), opened_at)
