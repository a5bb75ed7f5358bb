"""Technical indicators by TA-Lib, with the parameters everybody means by their names."""

import numpy as np
import talib
from numpy.typing import NDArray

from bot.domain.analysis import Indicators, PriceHistory, Trend

Series = NDArray[np.float64]

_FAST, _SLOW, _SIGNAL = 12, 26, 9
_BAND_DEVIATIONS = 2.0
_NEUTRAL_RSI = 50.0
_FLAT_BAND = 0.002


def indicators(history: PriceHistory) -> Indicators:
    """Values at the last candle, in USD but for `rsi_14` (0-100).

    Simple moving averages over 20 and 50 closes; RSI and ATR over 14 with Wilder's smoothing
    (Wilder, New Concepts in Technical Trading Systems, 1978); MACD 12/26/9 (Appel); Bollinger
    bands 20 closes, 2 population standard deviations (Bollinger on Bollinger Bands, 2001). None
    where the history is shorter than the indicator needs.
    """
    if not history.candles:
        return Indicators(Trend.FLAT, *(None,) * 8)
    close, high, low = (_scaled(history, name) for name in ("close", "high", "low"))
    unit = float(history.candles[-1].close)
    upper, _, lower = talib.BBANDS(close, 20, _BAND_DEVIATIONS, _BAND_DEVIATIONS)
    macd, signal, _ = talib.MACD(close, _FAST, _SLOW, _SIGNAL)
    sma_20, sma_50 = _last(talib.SMA(close, 20), unit), _last(talib.SMA(close, 50), unit)
    return Indicators(
        trend=trend(unit, sma_20, sma_50),
        rsi_14=_rsi(close),
        sma_20=sma_20,
        sma_50=sma_50,
        macd=_last(macd, unit),
        macd_signal=_last(signal, unit),
        bollinger_low=_last(lower, unit),
        bollinger_high=_last(upper, unit),
        atr_14=_last(talib.ATR(high, low, close, 14), unit),
    )


def trend(close: float, sma_20: float | None, sma_50: float | None) -> Trend:
    """Up where close > SMA 20 >= SMA 50, down where close < SMA 20 <= SMA 50; else flat.

    Without an SMA 50 the close is held against the SMA 20 alone; without both it is flat. Less
    than 0.2 % between the close and the slower average is flat too: a stablecoin has no trend.
    """
    if sma_20 is None:
        return Trend.FLAT
    slow = sma_20 if sma_50 is None else sma_50
    if abs(close / slow - 1) < _FLAT_BAND:
        return Trend.FLAT
    if close > sma_20 >= slow:
        return Trend.UP
    if close < sma_20 <= slow:
        return Trend.DOWN
    return Trend.FLAT


def _scaled(history: PriceHistory, name: str) -> Series:
    """Prices as multiples of the last close: TA-Lib takes differences below 1e-14 for none."""
    unit = history.candles[-1].close
    return np.array([float(getattr(candle, name) / unit) for candle in history.candles])


def _last(series: Series, unit: float) -> float | None:
    value = float(series[-1])
    return None if np.isnan(value) else value * unit


def _rsi(close: Series) -> float | None:
    """TA-Lib answers 0, deeply oversold, where no price moved at all; that is neutral."""
    value = _last(talib.RSI(close, 14), 1.0)
    return _NEUTRAL_RSI if value is not None and np.ptp(close) == 0 else value
