"""What a chart draws, as plain figures: candles thinned out, averages, labels, tag positions.

Floats: this is for the eye only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil, isfinite

import numpy as np
import talib
from numpy.typing import NDArray

from bot.chat.render import price, significant
from bot.domain.analysis import Candle, PriceHistory

Floats = NDArray[np.float64]

MOST_CANDLES = 120
_WIDEST = 11
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Series:
    """Candles as arrays of one length; averages are NaN where the history is too short."""

    times: tuple[datetime, ...]
    opens: Floats
    highs: Floats
    lows: Floats
    closes: Floats
    volumes: Floats
    averages: dict[int, Floats]

    @property
    def change(self) -> float:
        """The last close against the first open, as a fraction; 0 if that was free."""
        return float(self.closes[-1] / self.opens[0] - 1) if self.opens[0] else 0.0


def series_of(history: PriceHistory, spans: Sequence[int]) -> Series:
    """At most `MOST_CANDLES`, neighbours merged; averages are taken before that.

    Raises:
        ValueError: there is no candle.
    """
    candles = history.candles
    if not candles:
        raise ValueError("a history without candles cannot be drawn")
    every = ceil(len(candles) / MOST_CANDLES)
    # Merged from the end, so that the last candle is a whole one.
    starts = np.unique(np.append(0, np.arange(len(candles) % every, len(candles), every)))
    ends = np.append(starts[1:], len(candles)) - 1
    closes = _column(candles, "close")
    return Series(
        times=tuple(candles[start].opened_at for start in starts),
        opens=_column(candles, "open")[starts],
        highs=np.maximum.reduceat(_column(candles, "high"), starts),
        lows=np.minimum.reduceat(_column(candles, "low"), starts),
        closes=closes[ends],
        volumes=np.add.reduceat(_column(candles, "volume"), starts),
        averages={span: _average(closes, span)[ends] for span in spans},
    )


def time_labels(times: Sequence[datetime], most: int) -> list[tuple[int, str]]:
    """Positions and texts for a time axis, evenly spaced, away from both edges."""
    count = min(most, len(times))
    step = len(times) / count
    spots = sorted({int(step * (i + 0.5)) for i in range(count)})
    span = times[-1] - times[0]
    if span <= 2 * _DAY:
        return [(spot, times[spot].strftime("%H:%M")) for spot in spots]
    pattern = "%d %b" if span <= 200 * _DAY else "%b %Y"
    return [(spot, times[spot].strftime(pattern).lstrip("0")) for spot in spots]


def price_label(value: float) -> str:
    """A price in as few characters as a narrow column needs."""
    exact = Decimal(f"{value:.12g}")
    texts = (price(exact).removesuffix(".00"), f"${significant(exact, 3)}", f"${value:.3g}")
    return next((text for text in texts if len(text) <= _WIDEST), texts[-1])


def finite(value: Decimal | None) -> float | None:
    """A float for drawing; None for what cannot be drawn."""
    if value is None or not value.is_finite() or value <= 0:
        return None
    number = float(value)
    return number if isfinite(number) and number > 0 else None


def short_usd(value: float) -> str:
    """`$1.2M`, for a volume scale."""
    for unit, name in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if value >= unit:
            return f"${value / unit:.4g}{name}"
    return f"${value:.4g}"


def spread_out(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near the wanted ones, at least `gap` apart where the room allows, in bounds."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [min(max(wanted[i], low), high) for i in order]
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + gap)
    ceiling = high
    for i in reversed(range(len(placed))):
        placed[i] = max(min(placed[i], ceiling), low)
        ceiling = placed[i] - gap
    result = [0.0] * len(wanted)
    for i, position in zip(order, placed, strict=True):
        result[i] = position
    return result


def _column(candles: Sequence[Candle], name: str) -> Floats:
    return np.array([float(getattr(candle, name)) for candle in candles], dtype=np.float64)


def _average(closes: Floats, span: int) -> Floats:
    if len(closes) < span:
        return np.full(len(closes), np.nan)
    return talib.SMA(closes, span)
