"""Chart bodies as CoinGecko cuts them: point distance and candle length follow the span."""

import numpy as np

from bot.local.market.economy import Economy, quoted
from bot.local.market.walk import Minutes, Values

_DAY = 1440

OHLC_DAYS = (1, 7, 14, 30, 90, 180, 365)
MAX_DAYS = 365

Row = list[int | float]


def chart(economy: Economy, coin_id: str, now: int, days: int) -> dict[str, list[Row]]:
    """Points every 5 minutes (a day), hour (to 90 days) or day, and one for `now`."""
    step = 5 if days == 1 else 60 if days <= 90 else _DAY
    first = -(-(now - days * _DAY) // step) * step
    minutes = np.arange(first, now + 1, step)
    if minutes[-1] != now:
        minutes = np.append(minutes, now)
    return {
        "prices": _rows(minutes, economy.prices(coin_id, minutes)),
        "market_caps": _rows(minutes, economy.caps(coin_id, minutes)),
        "total_volumes": _rows(minutes, economy.volumes(coin_id, minutes)),
    }


def candles(economy: Economy, coin_id: str, now: int, days: int) -> list[Row]:
    """Closed candles of 30 minutes (a day), 4 hours (to 30 days) or 4 days, stamped by their end.

    High and low come from every minute, from every fifth in 4-day candles.
    """
    period, stride = (30, 1) if days == 1 else (240, 1) if days <= 30 else (4 * _DAY, 5)
    last = now // period * period
    count = days * _DAY // period
    minutes = np.arange(last - count * period, last + 1, stride)
    prices = economy.prices(coin_id, minutes)
    body, closes = prices[:-1].reshape(count, -1), prices[period // stride :: period // stride]
    columns = (
        body[:, 0],
        np.maximum(body.max(axis=1), closes),
        np.minimum(body.min(axis=1), closes),
        closes,
    )
    ends = range(last - (count - 1) * period, last + 1, period)
    return [
        [end * 60_000, *(float(quoted(value)) for value in row)]
        for end, row in zip(ends, np.column_stack(columns).tolist(), strict=True)
    ]


def _rows(minutes: Minutes, values: Values) -> list[Row]:
    pairs = zip(minutes.tolist(), values.tolist(), strict=True)
    return [[minute * 60_000, float(quoted(value))] for minute, value in pairs]
