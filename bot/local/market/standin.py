"""CoinGecko's REST over the stand-in market, and the Python handle that moves it."""

from asyncio import to_thread
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.local.market.coins import COINS
from bot.local.market.economy import Economy, minute_of, quoted
from bot.local.market.faults import Faults
from bot.local.market.series import MAX_DAYS, OHLC_DAYS, candles, chart
from bot.ports.clock import Clock

_DAY = 1440
_REMEMBERED = 1000
_UNLISTED_CAP_USD = 1.1e12

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A request the stand-in got; header names in lower case."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


class MarketStandIn:
    """A market that moves by itself, served in CoinGecko's shapes.

    Mount `app` where `COINGECKO_API_URL` points to. Prices change by the minute and follow from
    `seed` and the time alone, for any time, until somebody uses `set_price` or `shock`.
    """

    def __init__(self, clock: Clock, seed: int = 1) -> None:
        self._clock = clock
        self._economy = Economy(seed)
        self.faults = Faults()
        self.requests: deque[Seen] = deque(maxlen=_REMEMBERED)
        self.app = Starlette(
            routes=[
                Route("/ping", self._gated(self._ping)),
                Route("/simple/price", self._gated(self._simple_price)),
                Route("/coins/{coin_id}", self._gated(self._coin)),
                Route("/coins/{coin_id}/market_chart", self._gated(self._market_chart)),
                Route("/coins/{coin_id}/ohlc", self._gated(self._ohlc)),
                Route("/global", self._gated(self._global)),
            ]
        )

    def price_of(self, coin_id: str, at: datetime | None = None) -> Decimal:
        """USD at `at` (default now), eight significant digits. KeyError for an unknown coin."""
        return self._economy.price(coin_id, minute_of(at or self._clock.now()))

    def set_price(self, coin_id: str, usd: Decimal) -> None:
        """Make `usd` the price of this minute; it moves on from there.

        Exact to eight digits. Staked and wrapped coins move along with the coin they stand for.
        """
        self.shock(coin_id, usd / self.price_of(coin_id))

    def shock(self, coin_id: str, factor: Decimal) -> None:
        """Multiply the price from this minute on: 0.8 is a drop of 20 %."""
        self._economy.shock(coin_id, minute_of(self._clock.now()), float(factor))

    def _gated(self, endpoint: Endpoint) -> Endpoint:
        """Record the request, then play the faults."""

        async def answer(request: Request) -> Response:
            self.requests.append(
                Seen(request.url.path, dict(request.query_params), dict(request.headers))
            )
            if self.faults.delay_s:
                await self._clock.sleep(self.faults.delay_s)
            coin_id = request.path_params.get("coin_id")
            fault = self.faults.take()
            if fault is None and coin_id is not None and coin_id not in COINS:
                return JSONResponse({"error": "coin not found"}, 404)
            return fault or await endpoint(request)

        return answer

    def _now(self) -> int:
        return minute_of(self._clock.now() - timedelta(seconds=self.faults.lag_s))

    async def _ping(self, request: Request) -> Response:
        return JSONResponse({"gecko_says": "(V3) To the Moon!"})

    async def _simple_price(self, request: Request) -> Response:
        ids = request.query_params.get("ids")
        if not ids or request.query_params.get("vs_currencies") != "usd":
            return JSONResponse({"error": "Missing parameter ids or vs_currencies"}, 422)
        now = self._now()
        known = [coin_id for coin_id in ids.split(",") if coin_id in COINS]
        return JSONResponse(
            {
                coin_id: {
                    "usd": float(self._economy.price(coin_id, now)),
                    "usd_24h_change": self._change_24h(coin_id, now),
                    "last_updated_at": now * 60,
                }
                for coin_id in known
            }
        )

    async def _market_chart(self, request: Request) -> Response:
        days = _days(request)
        if not 1 <= days <= MAX_DAYS:
            return JSONResponse({"error": {"status": {"error_code": 10012}}}, 401)
        coin_id = request.path_params["coin_id"]
        return JSONResponse(await to_thread(chart, self._economy, coin_id, self._now(), days))

    async def _ohlc(self, request: Request) -> Response:
        days = _days(request)
        if days not in OHLC_DAYS:
            return JSONResponse({"error": "Invalid days parameter"}, 400)
        coin_id = request.path_params["coin_id"]
        return JSONResponse(await to_thread(candles, self._economy, coin_id, self._now(), days))

    async def _coin(self, request: Request) -> Response:
        now, coin = self._now(), COINS[request.path_params["coin_id"]]
        market_data = {
            "current_price": {"usd": float(self._economy.price(coin.coin_id, now))},
            "market_cap": {"usd": self._cap(coin.coin_id, now)},
            "total_volume": {
                "usd": round(float(self._economy.volumes(coin.coin_id, np.array([now]))[0]))
            },
        }
        body: dict[str, Any] = {
            "id": coin.coin_id,
            "symbol": coin.symbol,
            "name": coin.name,
            "market_cap_rank": coin.rank,
            "market_data": market_data,
        }
        return JSONResponse(body)

    async def _global(self, request: Request) -> Response:
        now = self._now()
        total, before = self._total_cap(now), self._total_cap(now - _DAY)
        shares = {
            COINS[coin_id].symbol: self._cap(coin_id, now) / total * 100
            for coin_id in ("bitcoin", "ethereum")
        }
        data = {
            "total_market_cap": {"usd": total},
            "market_cap_percentage": shares,
            "market_cap_change_percentage_24h_usd": (total / before - 1) * 100,
            "updated_at": now * 60,
        }
        return JSONResponse({"data": data})

    def _cap(self, coin_id: str, minute: int) -> int:
        return round(float(self._economy.price(coin_id, minute)) * COINS[coin_id].supply)

    def _total_cap(self, minute: int) -> int:
        """The listed coins without the wrapped ones, and the rest of the world's."""
        own = sum(self._cap(coin.coin_id, minute) for coin in COINS.values() if not coin.parent)
        return round(own + _UNLISTED_CAP_USD)

    def _change_24h(self, coin_id: str, minute: int) -> float:
        now, before = (self._economy.price(coin_id, at) for at in (minute, minute - _DAY))
        return float(quoted(float(now / before - 1) * 100))


def _days(request: Request) -> int:
    days = request.query_params.get("days", "")
    return int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
