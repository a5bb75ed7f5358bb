"""CoinGecko's answers as types: numbers keep their JSON text, nothing absurd gets through.

Everything here raises ValueError (pydantic's errors included) for a body that is not what it
should be; the adapter's door turns that into an `UpstreamError`.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter
from pydantic_core import from_json

from bot.domain.analysis import Candle

MAX_USD = Decimal(10) ** 9
"""No coin costs a billion dollars: a price above is an error of the feed."""

_MAX_CAP_USD = Decimal(10) ** 18
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_EPOCH_S = 10**10
_CLOCK_SKEW = timedelta(seconds=60)

Number = Annotated[Decimal, Field(strict=True, allow_inf_nan=False)]
PriceUsd = Annotated[Number, Field(gt=0, le=MAX_USD)]
CapUsd = Annotated[Number, Field(ge=0, le=_MAX_CAP_USD)]
ChangePct = Annotated[Number, Field(ge=-100, le=1_000_000)]


def _from_epoch(value: object) -> datetime:
    if not isinstance(value, Decimal) or not 0 <= value <= _MAX_EPOCH_S:
        raise ValueError("no time")
    return _EPOCH + timedelta(milliseconds=int(value * 1000))


def _from_epoch_ms(value: object) -> datetime:
    return _from_epoch(value / 1000 if isinstance(value, Decimal) else value)


Seconds = Annotated[datetime, BeforeValidator(_from_epoch)]
Millis = Annotated[datetime, BeforeValidator(_from_epoch_ms)]


class Quote(BaseModel):
    """One coin of `/simple/price`."""

    usd: PriceUsd
    usd_24h_change: ChangePct | None = None
    last_updated_at: Seconds


class Chart(BaseModel):
    """`/coins/{id}/market_chart`: (time, USD) points."""

    prices: list[tuple[Millis, PriceUsd]]
    total_volumes: list[tuple[Millis, CapUsd | None]] = []


class _UsdOnly(BaseModel):
    usd: CapUsd | None = None


class _CoinMarket(BaseModel):
    market_cap: _UsdOnly
    total_volume: _UsdOnly


class Coin(BaseModel):
    """`/coins/{id}` without all we do not ask for."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    market_cap_rank: Annotated[Number, Field(ge=1, le=10**6)] | None = None
    market_data: _CoinMarket


class _Shares(BaseModel):
    btc: Annotated[Number, Field(ge=0, le=100)]


class _TotalCap(BaseModel):
    usd: CapUsd


class _Totals(BaseModel):
    total_market_cap: _TotalCap
    market_cap_percentage: _Shares
    market_cap_change_percentage_24h_usd: ChangePct
    updated_at: Seconds


class Global(BaseModel):
    """`/global`."""

    data: _Totals


OHLC = TypeAdapter(list[tuple[Millis, PriceUsd, PriceUsd, PriceUsd, PriceUsd]])
"""`/coins/{id}/ohlc`: (end, open, high, low, close) rows."""


def decode(body: bytes) -> Any:  # noqa: ANN401
    """JSON with every number as the Decimal of its own text; NaN and Infinity are refused.

    The first parser only checks: it bounds nesting, while `json` recurses as deep as the
    interpreter's limit, which a dependency of web3 raises so far that a body of brackets
    overflows the C stack and ends the process.
    """
    from_json(body, allow_inf_nan=False, cache_strings="none")
    return json.loads(body, parse_float=Decimal, parse_int=Decimal)


def not_future(at: datetime, now: datetime) -> datetime:
    """`at`, or `now` where clocks differ by less than a minute."""
    if at > now + _CLOCK_SKEW:
        raise ValueError(f"data from the future: {at.isoformat()}")
    return min(at, now)


def candles_of_ohlc(rows: Iterable[Sequence[Any]], period: timedelta) -> tuple[Candle, ...]:
    """Candles from OHLC rows, whose time is the end of a candle; the feed gives no volumes."""
    candles = tuple(
        Candle(end - period, open_, high, low, close, Decimal(0))
        for end, open_, high, low, close in rows
    )
    for candle in candles:
        ends = (candle.open, candle.close)
        if not candle.low <= min(ends) <= max(ends) <= candle.high:
            raise ValueError(f"candle of {candle.opened_at.isoformat()} outside its own range")
    _check_order([candle.opened_at for candle in candles])
    return candles


def points_of_chart(chart: Chart) -> tuple[tuple[datetime, Decimal], ...]:
    """Its prices, each at its time."""
    _check_order([at for at, _ in chart.prices])
    return tuple(chart.prices)


def candles_of_chart(chart: Chart, period: timedelta) -> tuple[Candle, ...]:
    """Candles of `period` from single prices; each step between points counts where it begins.

    High and low are those of the points, so ranges come out narrower than traded. CoinGecko's
    volumes are of the last 24 h at each point; a candle gets its period's share of that.
    """
    _check_order([at for at, _ in chart.prices])
    share = Decimal(period // timedelta(seconds=1)) / 86_400
    volumes = {at: volume * share for at, volume in chart.total_volumes if volume is not None}
    candles: dict[datetime, Candle] = {}
    for (since, before), (until, after) in pairwise(chart.prices):
        opened_at = since - timedelta(seconds=since.timestamp() % period.total_seconds())
        kept = candles.get(opened_at)
        candles[opened_at] = Candle(
            opened_at=opened_at,
            open=kept.open if kept else before,
            high=max(before, after, kept.high if kept else before),
            low=min(before, after, kept.low if kept else before),
            close=after,
            volume=volumes.get(until, kept.volume if kept else Decimal(0)),
        )
    return tuple(candles.values())


def _check_order(times: Sequence[datetime]) -> None:
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise ValueError("times out of order")
