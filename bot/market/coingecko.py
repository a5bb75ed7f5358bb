"""CoinGecko's REST as a `Market`."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import structlog
from pydantic import ValidationError
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential
from typing_extensions import override

from bot.domain.analysis import MarketSummary, PriceHistory, PricePath, TokenProfile
from bot.domain.errors import UpstreamError
from bot.domain.money import Price, Token
from bot.market import shapes
from bot.market.pace import BusyError, Pace
from bot.ports.clock import Clock
from bot.ports.market import SPANS_DAYS, Market

_TRIES = 3
_OHLC_UP_TO_DAYS = 30
_HOURLY_TO = 90
_HALF_HOUR, _FOUR_HOURS, _DAY = timedelta(minutes=30), timedelta(hours=4), timedelta(days=1)
_MIN_CANDLES = 3
_THROTTLED_S = 10.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

_log = structlog.get_logger()
T = TypeVar("T")


class CoinGecko(Market):
    """One connection pool and one call budget; build it once and `aclose` it at the end.

    A call takes up to 3 tries of `timeout_s`. All that goes wrong comes out as
    `UpstreamError("market")`: retryable for the network, timeouts, 429, 5xx and bodies that make
    no sense; not retryable for other refusals and for coins CoinGecko does not have.
    """

    def __init__(
        self,
        clock: Clock,
        base_url: str,
        api_key: str | None = None,
        *,
        rate_per_min: int = 30,
        timeout_s: float = 10.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._timeout_s = timeout_s
        self._pace = Pace(clock, rate_per_min)
        url = httpx.URL(base_url)
        plan = "pro" if url.host.startswith("pro-") else "demo"
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={f"x-cg-{plan}-api-key": api_key} if api_key else {},
            timeout=timeout_s,
            transport=transport,
            trust_env=url.host not in _LOOPBACK,  # a proxy must not stand before a stand-in
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    @override
    async def fetch_prices(self, tokens: Sequence[Token]) -> Mapping[str, Price]:
        ids = sorted({token.coin_id for token in tokens if token.coin_id})
        if not ids:
            return {}
        params = {
            "ids": ",".join(ids),
            "vs_currencies": "usd",
            "include_24hr_change": "true",
            "include_last_updated_at": "true",
            "precision": "full",
        }
        return await self._get("simple/price", params, lambda body: self._prices(body, tokens))

    @override
    async def fetch_history(self, token: Token, days: int) -> PriceHistory:
        """Candles of 30 minutes (a day), 4 hours (to 90 days) or a day.

        Up to 30 days they are CoinGecko's own, true highs and lows but no volume, and only closed
        ones; beyond, its candles last 4 days, so they are made from price points instead.
        `as_of` is the end of the last candle.
        """
        if days not in SPANS_DAYS:
            raise ValueError(f"no history of {days} days")
        endpoint = "ohlc" if days <= _OHLC_UP_TO_DAYS else "market_chart"
        path, params = f"coins/{_coin_id(token)}/{endpoint}", {"vs_currency": "usd"}
        params["days"] = str(days)
        return await self._get(path, params, lambda body: self._history(body, token, days))

    @override
    async def fetch_day(self, token: Token) -> PricePath:
        path, params = f"coins/{_coin_id(token)}/market_chart", {"vs_currency": "usd", "days": "1"}
        return await self._get(path, params, lambda body: self._day(body, token))

    @override
    async def fetch_profile(self, token: Token) -> TokenProfile:
        unwanted = ("localization", "tickers", "community_data", "developer_data", "sparkline")
        params = dict.fromkeys(unwanted, "false")
        coin = await self._get(f"coins/{_coin_id(token)}", params, shapes.Coin.model_validate)
        return TokenProfile(
            symbol=token.symbol,
            name=coin.name,
            rank=None if coin.market_cap_rank is None else int(coin.market_cap_rank),
            market_cap_usd=coin.market_data.market_cap.usd,
            volume_24h_usd=coin.market_data.total_volume.usd,
        )

    @override
    async def fetch_summary(self) -> MarketSummary:
        """The totals; `prices` stays empty, it takes a listing to choose them."""
        return await self._get("global", {}, self._summary)

    async def _get(self, path: str, params: dict[str, str], parse: Callable[[Any], T]) -> T:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(_TRIES),
            wait=wait_exponential(multiplier=0.5, max=4),
            retry=retry_if_exception(_may_help),
            sleep=self._clock.sleep,
            reraise=True,
        )
        return await retrying(self._try, path, params, parse)

    async def _try(self, path: str, params: dict[str, str], parse: Callable[[Any], T]) -> T:
        await self._pace.wait_turn()
        with _door(path):
            async with asyncio.timeout(self._timeout_s):
                response = await self._client.get(path, params=params)
            self._check(path, response)
            return parse(shapes.decode(response.content))

    def _check(self, path: str, response: httpx.Response) -> None:
        status = response.status_code
        if status == httpx.codes.OK:
            return
        if status == httpx.codes.TOO_MANY_REQUESTS:
            self._pace.hold(_retry_after_s(response, self._clock.now()))
        hint = " (check COINGECKO_API_KEY)" if status in {401, 403} else ""
        retryable = status in {408, 429} or status >= 500
        raise UpstreamError("market", f"{path}: HTTP {status}{hint}", retryable=retryable)

    def _prices(self, body: Any, tokens: Sequence[Token]) -> dict[str, Price]:  # noqa: ANN401
        """Coins with a bad figure are left out, with a warning; a body of only those is refused."""
        if not isinstance(body, dict):
            raise ValueError("prices are no object")
        prices = {}
        for token in tokens:
            if token.coin_id in body:
                try:
                    prices[token.symbol] = self._price(body[token.coin_id], token)
                except ValueError as error:
                    _log.warning("price refused", symbol=token.symbol, why=_short(error))
        if body and not prices:
            raise ValueError("no usable price")
        return prices

    def _price(self, row: Any, token: Token) -> Price:  # noqa: ANN401
        quote = shapes.Quote.model_validate(row)
        as_of = shapes.not_future(quote.last_updated_at, self._clock.now())
        return Price(token.symbol, quote.usd, as_of, "coingecko", quote.usd_24h_change)

    def _history(self, body: Any, token: Token, days: int) -> PriceHistory:  # noqa: ANN401
        if days <= _OHLC_UP_TO_DAYS:
            rows = shapes.OHLC.validate_python(body)
            times = [row[0] for row in rows]
            candles = shapes.candles_of_ohlc(rows, _HALF_HOUR if days == 1 else _FOUR_HOURS)
        else:
            chart = shapes.Chart.model_validate(body)
            times = [point[0] for point in chart.prices]
            candles = shapes.candles_of_chart(chart, _FOUR_HOURS if days <= _HOURLY_TO else _DAY)
        if len(candles) < _MIN_CANDLES:
            reason = f"{token.symbol} has too little history"
            raise UpstreamError("market", reason, retryable=False)
        return PriceHistory(token.symbol, days, candles, self._not_future(times[-1]))

    def _day(self, body: Any, token: Token) -> PricePath:  # noqa: ANN401
        points = shapes.points_of_chart(shapes.Chart.model_validate(body))
        if not points:
            reason = f"{token.symbol} has no prices of the last day"
            raise UpstreamError("market", reason, retryable=False)
        self._not_future(points[-1][0])
        return PricePath(token.symbol, points)

    def _summary(self, body: Any) -> MarketSummary:  # noqa: ANN401
        totals = shapes.Global.model_validate(body).data
        return MarketSummary(
            as_of=self._not_future(totals.updated_at),
            total_cap_usd=totals.total_market_cap.usd,
            cap_change_24h_pct=totals.market_cap_change_percentage_24h_usd,
            btc_dominance_pct=totals.market_cap_percentage.btc,
            prices=(),
        )

    def _not_future(self, at: datetime) -> datetime:
        return shapes.not_future(at, self._clock.now())


@contextmanager
def _door(path: str) -> Iterator[None]:
    """The one place where foreign errors become ours."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError) as error:
        reason = f"{path}: {type(error).__name__}"
        raise UpstreamError("market", reason, retryable=True) from error
    except (ValueError, ArithmeticError) as error:
        reason = f"{path}: malformed, {_short(error)}"
        raise UpstreamError("market", reason, retryable=True) from error


def _may_help(error: BaseException) -> bool:
    return isinstance(error, UpstreamError) and error.retryable and not isinstance(error, BusyError)


def _coin_id(token: Token) -> str:
    if token.coin_id is None:
        raise UpstreamError("market", f"{token.symbol} is not priced", retryable=False)
    return token.coin_id


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:200]
    return str(error)[:200]


def _retry_after_s(response: httpx.Response, now: datetime) -> float:
    """Seconds to wait by the header, which holds seconds or a date; 10 where it is silent."""
    text = response.headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return _THROTTLED_S
    return (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
