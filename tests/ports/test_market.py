"""What every `Market` owes its callers: the fake, the CoinGecko adapter, and the cache over it."""

import itertools
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from bot.domain.analysis import PricePath
from bot.domain.errors import UpstreamError
from bot.domain.money import Token
from bot.market.cached import CachedMarket
from bot.market.coingecko import CoinGecko
from bot.ports.market import SPANS_DAYS, Market
from tests.fakes.market import (
    FakeMarket,
    FakeMarketStore,
    Stage,
    SteppingClock,
    history_of,
    stage,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEI = Token("SEI", "0x" + "1" * 40, 18, "sei-network", is_wrapped_native=True)
USDC = Token("USDC", "0x" + "2" * 40, 6, "usd-coin")
UNPRICED = Token("MEME", "0x" + "3" * 40, 18)
UNKNOWN = Token("GONE", "0x" + "4" * 40, 18, "no-such-coin")


@dataclass(frozen=True)
class Subject:
    market: Market
    clock: SteppingClock
    break_feed: Callable[[], None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door() -> AsyncIterator[Stage]:
    async with stage() as shared:
        yield shared


@asynccontextmanager
async def fake(_: Stage) -> AsyncIterator[Subject]:
    clock = SteppingClock()
    market = FakeMarket(clock)
    market.set_price("SEI", "0.21", age_s=20)
    market.set_price("USDC", "1.0001", age_s=20)
    for days in SPANS_DAYS:
        closes = [0.2 + 0.01 * math.sin(at) for at in range(48)]
        market.set_history(history_of("SEI", days, closes, clock.now()))
    times = [clock.now() - timedelta(minutes=5) * back for back in reversed(range(288))]
    points = ((at, Decimal("0.2")) for at in times)
    market.set_day(PricePath("SEI", tuple(points)))
    yield Subject(market, clock, market.fail)


@asynccontextmanager
async def coingecko(door: Stage) -> AsyncIterator[Subject]:
    clock = SteppingClock()
    stand_in = door.enter(clock)
    market = CoinGecko(clock, door.url)
    yield Subject(market, clock, stand_in.faults.down)
    await market.aclose()


@asynccontextmanager
async def cached(door: Stage) -> AsyncIterator[Subject]:
    async with coingecko(door) as feed:
        market = CachedMarket(feed.market, FakeMarketStore(), feed.clock)
        yield Subject(market, feed.clock, feed.break_feed)
        await market.aclose()


@pytest_asyncio.fixture(
    params=[fake, coingecko, cached], ids=lambda make: make.__name__, loop_scope="module"
)
async def subject(request: pytest.FixtureRequest, door: Stage) -> AsyncIterator[Subject]:
    async with request.param(door) as made:
        yield made


async def test_prices_come_by_symbol_with_their_age(subject: Subject) -> None:
    prices = await subject.market.fetch_prices([SEI, USDC])

    assert set(prices) == {"SEI", "USDC"}
    assert prices["SEI"].symbol == "SEI"
    assert Decimal("0.05") < prices["SEI"].usd < 1
    assert abs(prices["USDC"].usd - 1) < Decimal("0.01")
    for price in prices.values():
        age = subject.clock.now() - price.as_of
        assert timedelta(0) <= age < timedelta(minutes=2)
        assert price.source
        assert price.change_24h_pct is not None


async def test_tokens_without_a_price_are_missing(subject: Subject) -> None:
    assert set(await subject.market.fetch_prices([UNKNOWN, SEI, UNPRICED])) == {"SEI"}
    assert await subject.market.fetch_prices([UNPRICED]) == {}
    assert await subject.market.fetch_prices([]) == {}


@pytest.mark.parametrize("days", SPANS_DAYS)
async def test_a_history_is_ordered_whole_and_recent(subject: Subject, days: int) -> None:
    history = await subject.market.fetch_history(SEI, days)

    assert (history.symbol, history.days) == ("SEI", days)
    times = [candle.opened_at for candle in history.candles]
    period = times[1] - times[0]
    assert len(times) >= 40
    assert all(earlier < later for earlier, later in itertools.pairwise(times))
    assert abs(len(times) * period - timedelta(days=days)) <= 2 * period
    for candle in history.candles:
        assert 0 < candle.low <= min(candle.open, candle.close)
        assert candle.high >= max(candle.open, candle.close)
        assert candle.volume >= 0
    now = subject.clock.now()
    assert now - period <= history.as_of <= now
    assert times[-1] < history.as_of


async def test_a_day_has_a_price_every_five_minutes_up_to_now(subject: Subject) -> None:
    path = await subject.market.fetch_day(SEI)

    assert path.symbol == "SEI"
    times = [at for at, _ in path.points]
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert all(timedelta(0) < step <= timedelta(minutes=5) for step in steps)
    assert times[-1] - times[0] >= timedelta(hours=23, minutes=50)
    assert path.as_of == times[-1]
    assert timedelta(0) <= subject.clock.now() - path.as_of < timedelta(minutes=5)
    assert all(Decimal("0.05") < usd < 1 for _, usd in path.points)


async def test_a_span_nobody_offers_is_a_bug_of_the_caller(subject: Subject) -> None:
    with pytest.raises(ValueError, match="5 days"):
        await subject.market.fetch_history(SEI, 5)


@pytest.mark.parametrize("token", [UNPRICED, UNKNOWN], ids=lambda token: token.symbol)
async def test_a_token_the_feed_does_not_know_is_not_worth_a_retry(
    subject: Subject, token: Token
) -> None:
    for ask in (
        subject.market.fetch_history(token, 30),
        subject.market.fetch_day(token),
        subject.market.fetch_profile(token),
    ):
        with pytest.raises(UpstreamError) as caught:
            await ask
        assert caught.value.edge == "market"
        assert not caught.value.retryable


async def test_a_profile_names_the_token(subject: Subject) -> None:
    profile = await subject.market.fetch_profile(SEI)

    assert profile.symbol == "SEI"
    assert profile.name
    assert profile.rank is not None
    assert profile.market_cap_usd is not None
    assert profile.volume_24h_usd is not None
    assert profile.market_cap_usd > profile.volume_24h_usd > 0


async def test_the_summary_shows_the_whole_market(subject: Subject) -> None:
    summary = await subject.market.fetch_summary()

    assert summary.total_cap_usd > 10**11
    assert 0 < summary.btc_dominance_pct < 100
    assert abs(summary.cap_change_24h_pct) < 50
    assert subject.clock.now() - summary.as_of < timedelta(minutes=2)


async def test_a_feed_that_is_down_is_an_upstream_error_worth_a_retry(subject: Subject) -> None:
    subject.break_feed()
    market = subject.market
    for ask in (
        market.fetch_prices([SEI]),
        market.fetch_history(SEI, 30),
        market.fetch_day(SEI),
        market.fetch_profile(SEI),
        market.fetch_summary(),
    ):
        with pytest.raises(UpstreamError) as caught:
            await ask
        assert caught.value.edge == "market"
        assert caught.value.retryable
