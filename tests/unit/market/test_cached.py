"""The cache over a feed that works, dawdles, lies or dies."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.errors import UpstreamError
from bot.domain.money import Token
from bot.market.cached import CachedMarket
from tests.fakes.clock import FakeClock
from tests.fakes.market import FakeMarket, FakeMarketStore, history_of

SEI = Token("SEI", "0x" + "1" * 40, 18, "sei-network", is_wrapped_native=True)
WSEI = Token("WSEI", "0x" + "5" * 40, 18, "sei-network")
USDC = Token("USDC", "0x" + "2" * 40, 6, "usd-coin")
WETH = Token("WETH", "0x" + "3" * 40, 18, "ethereum")
UNPRICED = Token("MEME", "0x" + "4" * 40, 18)


@pytest.fixture
def feed(clock: FakeClock) -> FakeMarket:
    fake = FakeMarket(clock)
    for symbol, usd in (("SEI", "0.20"), ("USDC", "1"), ("WETH", "3000")):
        fake.set_price(symbol, usd)
    for days in (1, 30, 90, 180):
        fake.set_history(history_of("SEI", days, [0.19, 0.21, 0.2], clock.now()))
    return fake


@pytest.fixture
def store() -> FakeMarketStore:
    return FakeMarketStore()


@pytest.fixture
async def market(
    feed: FakeMarket, store: FakeMarketStore, clock: FakeClock
) -> AsyncIterator[CachedMarket]:
    made = CachedMarket(feed, store, clock, patience_s=0.01)
    yield made
    await made.aclose()


async def usd_of_sei(market: CachedMarket) -> Decimal:
    return (await market.fetch_prices([SEI]))["SEI"].usd


# Freshness


async def test_prices_are_asked_for_once_in_45_seconds(
    market: CachedMarket, feed: FakeMarket, clock: FakeClock
) -> None:
    await usd_of_sei(market)
    feed.set_price("SEI", "0.25")
    clock.jump(44)
    assert await usd_of_sei(market) == Decimal("0.20")
    assert feed.calls == ["prices"]

    clock.jump(1)
    assert await usd_of_sei(market) == Decimal("0.25")
    assert feed.calls == ["prices", "prices"]


async def test_each_look_of_the_alerts_sees_new_prices(
    market: CachedMarket, feed: FakeMarket, clock: FakeClock
) -> None:
    for look in range(5):
        feed.set_price("SEI", f"0.2{look}")
        assert await usd_of_sei(market) == Decimal(f"0.2{look}")
        clock.jump(60)


async def test_the_first_price_after_a_quiet_night_is_fit_to_trade_on(
    market: CachedMarket, feed: FakeMarket, clock: FakeClock
) -> None:
    await usd_of_sei(market)
    clock.jump(8 * 3600)
    feed.set_price("SEI", "0.25", age_s=120)

    price = (await market.fetch_prices([SEI]))["SEI"]

    assert clock.now() - price.as_of < timedelta(minutes=5)


@pytest.mark.parametrize(("days", "ttl_s"), [(1, 300), (30, 1800), (90, 1800), (180, 86_400)])
async def test_histories_live_as_long_as_a_decision_can_bear(
    market: CachedMarket, feed: FakeMarket, clock: FakeClock, days: int, ttl_s: int
) -> None:
    first = await market.fetch_history(SEI, days)
    clock.jump(ttl_s - 1)
    assert await market.fetch_history(SEI, days) == first
    assert feed.calls == ["history"]

    clock.jump(1)
    await market.fetch_history(SEI, days)
    assert feed.calls == ["history"] * 2


async def test_profiles_live_a_day_and_the_summary_ten_minutes(
    market: CachedMarket, feed: FakeMarket, clock: FakeClock
) -> None:
    for _ in range(2):
        await market.fetch_profile(SEI)
        await market.fetch_summary()
    assert feed.calls == ["profile", "summary"]

    clock.jump(600)
    await market.fetch_profile(SEI)
    await market.fetch_summary()
    assert feed.calls == ["profile", "summary", "summary"]

    clock.jump(86_400 - 600)
    await market.fetch_profile(SEI)
    assert feed.calls.count("profile") == 2


async def test_a_clock_set_back_does_not_make_old_prices_fresh(
    market: CachedMarket, feed: FakeMarket, clock: FakeClock
) -> None:
    await usd_of_sei(market)
    clock.jump(-3600)
    await usd_of_sei(market)

    assert feed.calls == ["prices", "prices"]


# One call for all


async def test_all_listed_tokens_come_in_one_call(market: CachedMarket, feed: FakeMarket) -> None:
    await market.warm([SEI, USDC, WETH, UNPRICED])

    assert feed.asked == [("SEI", "USDC", "WETH")]
    assert set(await market.fetch_prices([USDC])) == {"USDC"}
    assert set(await market.fetch_prices([WETH, UNPRICED])) == {"WETH"}
    assert len(feed.asked) == 1


async def test_any_ask_refreshes_all_listed_tokens(
    market: CachedMarket, feed: FakeMarket, clock: FakeClock
) -> None:
    await market.warm([SEI, USDC, WETH])
    clock.jump(60)
    await market.fetch_prices([USDC])

    assert feed.asked[-1] == ("SEI", "USDC", "WETH")


async def test_a_token_not_asked_for_before_joins_at_once(
    market: CachedMarket, feed: FakeMarket
) -> None:
    await market.fetch_prices([SEI])
    assert set(await market.fetch_prices([SEI, WETH])) == {"SEI", "WETH"}
    assert feed.asked == [("SEI",), ("SEI", "WETH")]


async def test_a_token_that_joins_during_a_fetch_is_not_forgotten(
    market: CachedMarket, feed: FakeMarket
) -> None:
    feed.hold()
    early = asyncio.create_task(market.fetch_prices([SEI]))
    await asyncio.sleep(0)
    late = asyncio.create_task(market.fetch_prices([WETH]))
    await asyncio.sleep(0)
    feed.release()

    assert set(await early) == {"SEI"}
    assert set(await late) == {"WETH"}


async def test_tokens_of_one_coin_share_its_price(market: CachedMarket, feed: FakeMarket) -> None:
    await market.fetch_prices([SEI])
    prices = await market.fetch_prices([WSEI])

    assert prices["WSEI"].symbol == "WSEI"
    assert prices["WSEI"].usd == Decimal("0.20")
    assert len(feed.asked) == 1


async def test_a_coin_without_a_price_is_not_asked_for_again_and_again(
    market: CachedMarket, feed: FakeMarket
) -> None:
    feed.forget_price("WETH")
    for _ in range(3):
        assert set(await market.fetch_prices([SEI, WETH])) == {"SEI"}
    assert len(feed.asked) == 1


async def test_a_coin_left_out_this_time_keeps_its_price_and_its_age(
    market: CachedMarket, feed: FakeMarket, clock: FakeClock
) -> None:
    known_at = clock.now()
    await market.fetch_prices([SEI, WETH])
    clock.jump(60)
    feed.forget_price("WETH")
    feed.set_price("SEI", "0.3")

    prices = await market.fetch_prices([SEI, WETH])

    assert prices["SEI"].usd == Decimal("0.3")
    assert (prices["WETH"].usd, prices["WETH"].as_of) == (Decimal(3000), known_at)


# Single flight


async def test_a_hundred_at_once_cost_one_fetch(market: CachedMarket, feed: FakeMarket) -> None:
    feed.hold()
    asks = [asyncio.create_task(usd_of_sei(market)) for _ in range(100)]
    await feed.reached.wait()
    feed.release()

    assert await asyncio.gather(*asks) == [Decimal("0.20")] * 100
    assert feed.calls == ["prices"]


@pytest.mark.parametrize("cancelled", [0, 1, 2], ids=["first", "second", "last"])
async def test_one_who_leaves_takes_nothing_from_the_others(
    market: CachedMarket, feed: FakeMarket, cancelled: int
) -> None:
    feed.hold()
    asks = [asyncio.create_task(market.fetch_history(SEI, 30)) for _ in range(3)]
    await feed.reached.wait()
    asks.pop(cancelled).cancel()
    await asyncio.sleep(0)
    feed.release()

    assert [history.days for history in await asyncio.gather(*asks)] == [30, 30]
    assert feed.calls == ["history"]


async def test_a_fetch_goes_on_when_all_have_left(market: CachedMarket, feed: FakeMarket) -> None:
    feed.hold()
    ask = asyncio.create_task(usd_of_sei(market))
    await feed.reached.wait()
    ask.cancel()
    feed.release()

    assert await usd_of_sei(market) == Decimal("0.20")
    assert feed.calls == ["prices"]


async def test_each_of_many_gets_the_failure(market: CachedMarket, feed: FakeMarket) -> None:
    feed.fail()
    asks = [market.fetch_history(SEI, 30) for _ in range(20)]

    outcomes = await asyncio.gather(*asks, return_exceptions=True)

    assert all(isinstance(outcome, UpstreamError) for outcome in outcomes)
    assert feed.calls == ["history"]


# Failing and slow feeds


async def test_a_dead_feed_leaves_the_old_price_with_its_true_age(
    market: CachedMarket, feed: FakeMarket, clock: FakeClock
) -> None:
    known_at = clock.now()
    await usd_of_sei(market)
    feed.fail()
    clock.jump(30 * 86_400)

    price = (await market.fetch_prices([SEI]))["SEI"]

    assert (price.usd, price.as_of) == (Decimal("0.20"), known_at)


async def test_a_dead_feed_leaves_the_old_history_profile_and_summary(
    market: CachedMarket, feed: FakeMarket, clock: FakeClock
) -> None:
    known = (
        await market.fetch_history(SEI, 30),
        await market.fetch_profile(SEI),
        await market.fetch_summary(),
    )
    feed.fail()
    clock.jump(30 * 86_400)

    assert known == (
        await market.fetch_history(SEI, 30),
        await market.fetch_profile(SEI),
        await market.fetch_summary(),
    )


async def test_a_dead_feed_is_left_alone_for_a_while(
    market: CachedMarket, feed: FakeMarket, clock: FakeClock
) -> None:
    feed.fail()
    for _ in range(3):
        with pytest.raises(UpstreamError):
            await market.fetch_history(SEI, 30)
        with pytest.raises(UpstreamError):
            await market.fetch_prices([SEI])
    assert feed.calls == ["history"]

    feed.heal()
    clock.jump(10)
    assert await usd_of_sei(market) == Decimal("0.20")


async def test_what_one_coin_lacks_does_not_stop_the_others(
    market: CachedMarket, feed: FakeMarket
) -> None:
    for _ in range(2):
        with pytest.raises(UpstreamError) as caught:
            await market.fetch_history(WETH, 30)
        assert not caught.value.retryable
    assert feed.calls == ["history"]

    assert await usd_of_sei(market) == Decimal("0.20")


async def test_a_known_price_is_better_than_none_while_a_new_token_cannot_be_asked_for(
    market: CachedMarket, feed: FakeMarket
) -> None:
    await market.fetch_prices([SEI])
    feed.fail()

    assert set(await market.fetch_prices([SEI, WETH])) == {"SEI"}
    with pytest.raises(UpstreamError):
        await market.fetch_prices([WETH])


async def test_a_slow_feed_is_not_waited_for_while_something_is_known(
    market: CachedMarket, feed: FakeMarket, clock: FakeClock
) -> None:
    await usd_of_sei(market)
    clock.jump(60)
    feed.set_price("SEI", "0.25")
    feed.hold()
    assert await usd_of_sei(market) == Decimal("0.20")

    feed.release()
    assert await usd_of_sei(market) == Decimal("0.25")
    assert feed.calls == ["prices", "prices"]


async def test_closing_ends_a_fetch_under_way(
    feed: FakeMarket, store: FakeMarketStore, clock: FakeClock
) -> None:
    market = CachedMarket(feed, store, clock)
    feed.hold()
    ask = asyncio.create_task(usd_of_sei(market))
    await feed.reached.wait()
    await market.aclose()

    with pytest.raises(asyncio.CancelledError):
        await ask
    assert store.rows == {}


# The database below


async def test_a_restart_costs_no_call(
    market: CachedMarket, feed: FakeMarket, store: FakeMarketStore, clock: FakeClock
) -> None:
    before = (
        await market.fetch_prices([SEI, WETH]),
        await market.fetch_history(SEI, 30),
        await market.fetch_profile(SEI),
        await market.fetch_summary(),
    )
    feed.calls.clear()
    clock.jump(30)
    reborn = CachedMarket(feed, store, clock)

    assert before == (
        await reborn.fetch_prices([SEI, WETH]),
        await reborn.fetch_history(SEI, 30),
        await reborn.fetch_profile(SEI),
        await reborn.fetch_summary(),
    )
    assert feed.calls == []


async def test_a_restart_during_an_outage_still_has_the_old_prices(
    market: CachedMarket, feed: FakeMarket, store: FakeMarketStore, clock: FakeClock
) -> None:
    known_at = clock.now()
    await usd_of_sei(market)
    feed.fail()
    clock.jump(7200)

    price = (await CachedMarket(feed, store, clock).fetch_prices([SEI]))["SEI"]

    assert price.as_of == known_at


@pytest.mark.parametrize("body", ["null", "[]", '{"asked": 1}', '{"prices": {"sei-network": {}}}'])
async def test_rows_nobody_can_read_are_fetched_anew(
    market: CachedMarket, feed: FakeMarket, store: FakeMarketStore, clock: FakeClock, body: str
) -> None:
    await usd_of_sei(market)
    (key,) = store.rows
    store.rows[key] = (body, clock.now())

    assert await usd_of_sei(CachedMarket(feed, store, clock)) == Decimal("0.20")
    assert feed.calls == ["prices", "prices"]


# Warming


async def test_warming_leaves_nothing_to_ask_for(market: CachedMarket, feed: FakeMarket) -> None:
    await market.warm([SEI])
    assert sorted(feed.calls) == ["history", "prices", "summary"]

    await usd_of_sei(market)
    await market.fetch_history(SEI, 30)
    summary = await market.fetch_summary()
    assert len(feed.calls) == 3
    assert [price.symbol for price in summary.prices] == ["SEI"]


async def test_warming_survives_a_dead_feed(market: CachedMarket, feed: FakeMarket) -> None:
    feed.fail()
    await market.warm([SEI, WETH])

    assert feed.calls == ["prices"]


async def test_warming_survives_a_token_without_history(
    market: CachedMarket, feed: FakeMarket
) -> None:
    await market.warm([WETH, SEI])

    assert feed.calls.count("history") == 2
