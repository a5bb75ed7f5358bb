"""How risky a token has been."""

import math
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from bot.domain.analysis import PriceHistory, RiskMeasures

MIN_CANDLES = 3
"""Two returns: the least a deviation can be taken of."""

_YEAR = timedelta(days=365)
_DAY = timedelta(days=1)
_TAIL = 0.05
_MIN_DAILY_RETURNS = 20

Series = NDArray[np.float64]


def measures(history: PriceHistory) -> RiskMeasures:
    """Volatility, drawdown and value at risk over the closes of `history`.

    Raises ValueError below `MIN_CANDLES` candles. Markets never close here: a year has 365 days.

    - `volatility`: sample standard deviation of log returns x sqrt(candles a year) (Hull,
      Options, Futures, and Other Derivatives, "Estimating volatility from historical data").
    - `max_drawdown`: largest loss from a running peak of closes to a later close, 0 to 1
      (Magdon-Ismail and Atiya, Maximum Drawdown, 2004).
    - `value_at_risk_95`: the loss that one day exceeds with 5 % chance, by historical simulation:
      the 5 % quantile, linearly interpolated, of overlapping one-day returns (Jorion, Value at
      Risk). Where there are fewer than 20 of them, the quantile of single candles is scaled by
      the square root of time (RiskMetrics Technical Document, 1996). Never negative.
    """
    if len(history.candles) < MIN_CANDLES:
        raise ValueError(f"{len(history.candles)} candles are too few to measure risk")
    closes = np.array([float(candle.close) for candle in history.candles])
    period = _period(history)
    deviation = float(np.std(np.diff(np.log(closes)), ddof=1))
    return RiskMeasures(
        volatility=deviation * math.sqrt(_YEAR / period),
        max_drawdown=float(np.max(1 - closes / np.maximum.accumulate(closes))),
        value_at_risk_95=_value_at_risk(closes, _DAY / period),
    )


def _value_at_risk(closes: Series, periods_a_day: float) -> float:
    lag = max(1, round(periods_a_day))
    if len(closes) - lag < _MIN_DAILY_RETURNS:
        lag = 1
    returns = closes[lag:] / closes[:-lag] - 1
    loss = -float(np.quantile(returns, _TAIL)) * math.sqrt(periods_a_day / lag)
    return min(max(loss, 0.0), 1.0)


def _period(history: PriceHistory) -> timedelta:
    """The usual distance of candles: the median, as the last one may be short or one missing."""
    times = np.array([candle.opened_at.timestamp() for candle in history.candles])
    return timedelta(seconds=float(np.median(np.diff(times))))
