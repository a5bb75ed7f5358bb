"""What the series of alerts are read by. Kinds that read the same figure share its meter."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Context, Decimal

import numpy as np
import talib
from numpy.typing import NDArray

from bot.domain.alerts import rounded
from bot.domain.analysis import Candle, PriceHistory
from bot.domain.money import exact
from bot.policy.alerts.kind import Meter, Source
from bot.policy.alerts.tape import WINDOWS, Holdings, Tape

EXTREMES = {"1d": 1, "7d": 7, "30d": 30, "90d": 90, "365d": 365}
"""Days of a new high or low, by window."""
_RSI_DAYS = {"4h": 30, "1d": 180}
_AVERAGE_DAYS = {"4h": 90, "1d": 180}
TIMEFRAMES = tuple(_RSI_DAYS)

_DAY = timedelta(days=1)
_WIDE = Context(prec=80)
_WEEK = 7
_FAST, _SLOW, _RSI = 20, 50, 14
_NEUTRAL = Decimal(50)
_DIGITS = 12
"""Of an indicator's float that are kept: what lies behind is rounding of its sums."""


def _price(tape: Tape, _: str) -> Decimal | None:
    return rounded(tape.price)


def _fall(tape: Tape, window: str) -> Decimal | None:
    return _against(tape.price, tape.high(window))


def _rise(tape: Tape, window: str) -> Decimal | None:
    return _against(tape.price, tape.low(window))


def _high(tape: Tape, window: str) -> Decimal | None:
    return _against(tape.price, tape.highest_before(EXTREMES[window]))


def _low(tape: Tape, window: str) -> Decimal | None:
    return _against(tape.price, tape.lowest_before(EXTREMES[window]))


def _volume(history: PriceHistory, _: str) -> Decimal | None:
    """The last 24 hours against the mean day of the seven before; None without a full week."""
    end = history.as_of
    last = _sum(history.candles, lambda at: at >= end - _DAY)
    before = _sum(history.candles, lambda at: end - _DAY * (_WEEK + 1) <= at < end - _DAY)
    first = history.candles[0].opened_at if history.candles else end
    if first > end - _DAY * (_WEEK + 1) or not before:
        return None
    with exact():
        return rounded(last * _WEEK / before)


def _rsi(history: PriceHistory, _: str) -> Decimal | None:
    """Over 14 closes, Wilder's; 50 where no price moved at all."""
    closes = _closes(history)
    if len(closes) <= _RSI:
        return None
    if np.ptp(closes) == 0:
        return _NEUTRAL
    return _figure(float(talib.RSI(closes, _RSI)[-1]))


def _average(history: PriceHistory, _: str) -> Decimal | None:
    """Per cent that the mean of 20 closes is above (below 0: under) that of 50."""
    closes = _closes(history)
    if len(closes) < _SLOW:
        return None
    fast, slow = talib.SMA(closes, _FAST)[-1], talib.SMA(closes, _SLOW)[-1]
    return _figure((float(fast) / float(slow) - 1) * 100)


def _portfolio(holdings: Holdings, _: str) -> Decimal | None:
    return None if holdings.value_usd is None else rounded(holdings.value_usd)


def _balance(holdings: Holdings, symbol: str) -> Decimal | None:
    return rounded(holdings.units.get(symbol, Decimal(0)))


def _deposit(holdings: Holdings, symbol: str) -> Decimal | None:
    return rounded(holdings.deposits.get(symbol, Decimal(0)))


def _gas(nsei: Decimal, _: str) -> Decimal | None:
    return rounded(nsei)


PRICE = Meter("price", Source.TICK, ("",), _price)
FALL = Meter("fall", Source.TICK, tuple(WINDOWS), _fall)
RISE = Meter("rise", Source.TICK, tuple(WINDOWS), _rise)
HIGH = Meter("high", Source.TICK, tuple(EXTREMES), _high, EXTREMES)
LOW = Meter("low", Source.TICK, tuple(EXTREMES), _low, EXTREMES)
VOLUME = Meter("volume", Source.CANDLES, ("",), _volume, {"": 90})
RSI = Meter("rsi", Source.CANDLES, TIMEFRAMES, _rsi, _RSI_DAYS)
AVERAGE = Meter("ma", Source.CANDLES, TIMEFRAMES, _average, _AVERAGE_DAYS)
PORTFOLIO = Meter("portfolio", Source.HOLDINGS, (), _portfolio)
BALANCE = Meter("balance", Source.HOLDINGS, (), _balance)
DEPOSIT = Meter("deposit", Source.HOLDINGS, (), _deposit)
GAS = Meter("gas", Source.GAS, ("",), _gas)


def _against(price: Decimal, other: Decimal | None) -> Decimal | None:
    """Per cent that a price is above (below 0: under) another."""
    if not other:
        return None
    # 2,000 of these make a tick, and a context of their own would cost more than they do.
    return rounded(_WIDE.multiply(_WIDE.subtract(_WIDE.divide(price, other), 1), 100))


def _sum(candles: Sequence[Candle], wanted: Callable[..., bool]) -> Decimal:
    with exact():
        return sum((c.volume for c in candles if wanted(c.opened_at)), Decimal(0))


def _closes(history: PriceHistory) -> NDArray[np.float64]:
    """As multiples of the last: TA-Lib takes differences below 1e-14 for none."""
    if not history.candles:
        return np.array([])
    unit = history.candles[-1].close
    return np.array([float(candle.close / unit) for candle in history.candles])


def _figure(value: float) -> Decimal | None:
    return None if np.isnan(value) else rounded(Decimal(repr(round(value, _DIGITS))))
