"""Small twins of the market ports, and a clock that moves when somebody sleeps."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount
from typing_extensions import override

from bot.domain.analysis import Candle, MarketSummary, PriceHistory, PricePath, TokenProfile
from bot.domain.errors import UpstreamError
from bot.domain.money import Price, Token
from bot.local.market import MarketStandIn
from bot.ports.clock import Clock
from bot.ports.market import SPANS_DAYS, Market, MarketStore
from bot.serving import Serving, served
from tests.fakes.clock import FakeClock

_PREFIX = "/market/api/v3"


class SteppingClock(FakeClock):
    """Who sleeps moves time on at once: for retries over real HTTP."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    @override
    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.jump(seconds)
        await asyncio.sleep(0)


class FakeMarket(Market):
    """Knows what a test gave it; fails, or waits, when told to. `reached` is set by any call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._prices: dict[str, Price] = {}
        self._histories: dict[tuple[str, int], PriceHistory] = {}
        self._days: dict[str, PricePath] = {}
        self._failure: UpstreamError | None = None
        self._open = asyncio.Event()
        self._open.set()
        self.reached = asyncio.Event()
        self.calls: list[str] = []
        self.asked: list[tuple[str, ...]] = []

    def set_price(self, symbol: str, usd: Decimal | str, *, age_s: float = 0) -> None:
        as_of = self._clock.now() - timedelta(seconds=age_s)
        self._prices[symbol] = Price(symbol, Decimal(usd), as_of, "fake", Decimal("1.5"))

    def forget_price(self, symbol: str) -> None:
        del self._prices[symbol]

    def set_history(self, history: PriceHistory) -> None:
        self._histories[history.symbol, history.days] = history

    def set_day(self, path: PricePath) -> None:
        self._days[path.symbol] = path

    def fail(self, *, retryable: bool = True) -> None:
        self._failure = UpstreamError("market", "the fake was told to fail", retryable=retryable)

    def heal(self) -> None:
        self._failure = None

    def hold(self) -> None:
        """Let nothing through until `release`."""
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    @override
    async def fetch_prices(self, tokens: Sequence[Token]) -> Mapping[str, Price]:
        self.asked.append(tuple(token.symbol for token in tokens))
        await self._enter("prices")
        return {t.symbol: self._prices[t.symbol] for t in tokens if t.symbol in self._prices}

    @override
    async def fetch_history(self, token: Token, days: int) -> PriceHistory:
        if days not in SPANS_DAYS:
            raise ValueError(f"no history of {days} days")
        await self._enter("history")
        if history := self._histories.get((token.symbol, days)):
            return history
        raise UpstreamError("market", f"no history of {token.symbol}", retryable=False)

    @override
    async def fetch_day(self, token: Token) -> PricePath:
        await self._enter("day")
        if path := self._days.get(token.symbol):
            return path
        raise UpstreamError("market", f"no day of {token.symbol}", retryable=False)

    @override
    async def fetch_profile(self, token: Token) -> TokenProfile:
        await self._enter("profile")
        if token.symbol not in self._prices:
            raise UpstreamError("market", f"no profile of {token.symbol}", retryable=False)
        return TokenProfile(
            token.symbol, f"{token.symbol} coin", 78, Decimal(10**9), Decimal(10**7)
        )

    @override
    async def fetch_summary(self) -> MarketSummary:
        await self._enter("summary")
        return MarketSummary(
            as_of=self._clock.now(),
            total_cap_usd=Decimal(3 * 10**12),
            cap_change_24h_pct=Decimal("-0.7"),
            btc_dominance_pct=Decimal("56.2"),
            prices=tuple(self._prices.values()),
        )

    async def _enter(self, method: str) -> None:
        self.calls.append(method)
        self.reached.set()
        await self._open.wait()
        if self._failure:
            raise self._failure


class FakeMarketStore(MarketStore):
    """Keeps what is JSON, and nothing else."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, datetime]] = {}

    @override
    async def load_cached(self, key: str) -> tuple[Any, datetime] | None:
        await asyncio.sleep(0)
        if key not in self.rows:
            return None
        text, fetched_at = self.rows[key]
        return json.loads(text), fetched_at

    @override
    async def save_cached(self, key: str, body: Any, fetched_at: datetime) -> None:
        await asyncio.sleep(0)
        self.rows[key] = (json.dumps(body, allow_nan=False), fetched_at)


class Stage:
    """An address that stays while the market stand-in behind it is changed test by test."""

    def __init__(self, server: Serving, mount: Mount) -> None:
        self.url = f"{server.url}{_PREFIX}"
        self._mount = mount

    def enter(self, clock: Clock, seed: int = 3) -> MarketStandIn:
        stand_in = MarketStandIn(clock, seed)
        self._mount.app = stand_in.app
        return stand_in


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    mount = Mount(_PREFIX, app=Starlette())
    async with served(Starlette(routes=[mount])) as server:
        yield Stage(server, mount)


def history_of(
    symbol: str, days: int, closes: Sequence[float | str | Decimal], ends_at: datetime
) -> PriceHistory:
    """A history whose candles share `days` evenly; each opens at the close before it."""
    period = timedelta(days=days) / len(closes)
    values = [Decimal(str(close)) for close in closes]
    candles = tuple(
        Candle(
            opened_at=ends_at - period * (len(values) - at),
            open=before,
            high=max(before, close),
            low=min(before, close),
            close=close,
            volume=Decimal(1000),
        )
        for at, (before, close) in enumerate(zip([values[0], *values], values, strict=False))
    )
    return PriceHistory(symbol, days, candles, ends_at)
