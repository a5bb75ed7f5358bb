"""The stand-in market: reproducible, plausible, and one truth behind all its answers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.local.market import MarketStandIn
from bot.local.market.coins import COINS
from bot.local.market.economy import Economy, minute_of
from tests.fakes.clock import START, FakeClock

NEEDED = {
    "sei-network",
    "usd-coin",
    "ethereum",
    "wrapped-bitcoin",
    "silo-staked-sei",
    "solv-btc",
    "usdt0",
}
PINNED = {
    "ethereum": Decimal("2824.9085"),
    "sei-network": Decimal("0.21923788"),
    "silo-staked-sei": Decimal("0.24808757"),
    "solv-btc": Decimal("98031.741"),
    "usd-coin": Decimal("1.0002184"),
    "usdt0": Decimal("0.99991295"),
    "wrapped-bitcoin": Decimal("98148.385"),
}
MINUTE = timedelta(minutes=1)
NOW = minute_of(START)


@pytest.fixture
def stand_in(clock: FakeClock) -> MarketStandIn:
    return MarketStandIn(clock, seed=11)


@pytest.fixture
async def client(stand_in: MarketStandIn) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(stand_in.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://market.test") as made:
        yield made


async def fetch(client: httpx.AsyncClient, path: str, **params: str | int) -> Any:
    response = await client.get(path, params={"vs_currency": "usd", **params})
    assert response.status_code == 200
    return response.json()


def returns(economy: Economy, coin_id: str, minutes: int, count: int) -> Any:
    """Of so many spans of `minutes` each, the last of which ends now."""
    prices = economy.prices(coin_id, NOW - minutes * np.arange(count, -1, -1))
    return np.diff(np.log(prices))


# The market itself


def test_equal_seeds_make_equal_markets_and_others_do_not(clock: FakeClock) -> None:
    one, same, other = (MarketStandIn(clock, seed) for seed in (1, 1, 2))
    for coin_id in COINS:
        assert one.price_of(coin_id) == same.price_of(coin_id) != other.price_of(coin_id)


def test_this_seed_always_makes_this_market() -> None:
    """A change here changes every demo and every recorded figure: only on purpose."""
    economy = Economy(1)
    assert {coin_id: economy.price(coin_id, NOW) for coin_id in sorted(NEEDED)} == PINNED


@settings(max_examples=30)
@given(st.integers(0, 2**17), st.integers(1, 500))
def test_asking_for_one_minute_or_many_gives_the_same(back: int, count: int) -> None:
    economy, first = Economy(5), NOW - back
    many = economy.prices("silo-staked-sei", np.arange(first, first + count))
    assert float(economy.price("silo-staked-sei", first + count - 1)) == pytest.approx(many[-1])
    again = economy.prices("silo-staked-sei", np.arange(first + count - 1, first - 1, -1))
    assert np.array_equal(again[::-1], many)


@pytest.mark.parametrize("seed", range(5))
def test_prices_stay_plausible_in_any_year(seed: int) -> None:
    economy = Economy(seed)
    weeks = np.arange(minute_of(datetime(2024, 1, 1, tzinfo=UTC)), NOW + 5_000_000, 10_080)
    for coin in COINS.values():
        if coin.parent is None:
            prices = economy.prices(coin.coin_id, weeks) / coin.base
            assert 0.15 < prices.min() <= prices.max() < 6


@pytest.mark.parametrize(
    ("coin_id", "low", "high"),
    [
        ("bitcoin", 0.35, 0.65),
        ("ethereum", 0.5, 0.85),
        ("sei-network", 0.7, 1.1),
        ("usd-coin", 0.0, 0.02),
    ],
)
def test_volatilities_are_those_of_the_real_coins(coin_id: str, low: float, high: float) -> None:
    """By 4-hour candles, which is what the bot measures; a little less from minute to minute."""
    candles = returns(Economy(1), coin_id, minutes=240, count=6000)
    assert low < candles.std() * (365 * 6) ** 0.5 < high
    minutes = returns(Economy(1), coin_id, minutes=1, count=20_000)
    assert low / 2 <= minutes.std() * (365 * 1440) ** 0.5 < high


def test_within_hours_coins_move_together_but_not_as_one() -> None:
    economy = Economy(1)
    sei, btc = (returns(economy, coin_id, 10, 2000) for coin_id in ("sei-network", "bitcoin"))
    assert 0.5 < np.corrcoef(sei, btc)[0, 1] < 0.9


def test_pegs_hold_and_staking_pays(clock: FakeClock) -> None:
    economy = Economy(1)
    hours = np.arange(NOW - 365 * 1440, NOW, 60)
    for stable in ("usd-coin", "usdt0", "tether"):
        assert np.abs(economy.prices(stable, hours) - 1).max() < 0.01
    for wrapped in ("wrapped-bitcoin", "solv-btc"):
        ratio = economy.prices(wrapped, hours) / economy.prices("bitcoin", hours)
        assert np.abs(ratio - 1).max() < 0.01
    ratio = economy.prices("silo-staked-sei", hours) / economy.prices("sei-network", hours)
    assert ratio[-500:].mean() / ratio[:500].mean() == pytest.approx(1.055, abs=0.01)


# The handle


def test_it_moves_from_minute_to_minute_and_not_within_one(
    stand_in: MarketStandIn, clock: FakeClock
) -> None:
    first = stand_in.price_of("sei-network")
    clock.jump(59)
    assert stand_in.price_of("sei-network") == first
    clock.jump(1)
    assert stand_in.price_of("sei-network") != first
    assert stand_in.price_of("sei-network", clock.now() - MINUTE) == first


def test_a_set_price_is_exact_and_moves_on_from_there(
    stand_in: MarketStandIn, clock: FakeClock
) -> None:
    before, staked = stand_in.price_of("sei-network"), stand_in.price_of("silo-staked-sei")
    stand_in.set_price("sei-network", Decimal("0.12345678"))

    assert stand_in.price_of("sei-network") == Decimal("0.12345678")
    followed = stand_in.price_of("silo-staked-sei") / staked
    assert float(followed) == pytest.approx(float(Decimal("0.12345678") / before), rel=1e-6)
    assert stand_in.price_of("sei-network", clock.now() - MINUTE) != Decimal("0.12345678")
    clock.jump(60)
    assert abs(stand_in.price_of("sei-network") / Decimal("0.12345678") - 1) < Decimal("0.02")


def test_a_shock_multiplies(stand_in: MarketStandIn) -> None:
    before = stand_in.price_of("ethereum")
    stand_in.shock("ethereum", Decimal("0.5"))
    stand_in.shock("ethereum", Decimal("0.5"))
    assert float(stand_in.price_of("ethereum")) == pytest.approx(float(before) / 4, rel=1e-7)


def test_a_coin_it_does_not_have_is_an_error(stand_in: MarketStandIn) -> None:
    with pytest.raises(KeyError):
        stand_in.price_of("dogecoin")


# The answers


async def test_every_needed_coin_has_a_price_a_change_and_a_time(
    client: httpx.AsyncClient, stand_in: MarketStandIn, clock: FakeClock
) -> None:
    ids = ",".join([*NEEDED, "no-such-coin"])
    body = await fetch(client, "/simple/price", ids=ids, vs_currencies="usd")

    assert set(body) == NEEDED
    for coin_id, row in body.items():
        price = stand_in.price_of(coin_id)
        before = stand_in.price_of(coin_id, clock.now() - timedelta(days=1))
        assert Decimal(str(row["usd"])) == price
        assert row["usd_24h_change"] == pytest.approx(float(price / before - 1) * 100, abs=1e-4)
        assert row["last_updated_at"] == clock.now().timestamp() // 60 * 60


@pytest.mark.parametrize(("days", "step"), [(1, 5), (2, 60), (90, 60), (91, 1440), (365, 1440)])
async def test_charts_are_as_fine_as_coingecko_makes_them(
    client: httpx.AsyncClient, stand_in: MarketStandIn, clock: FakeClock, days: int, step: int
) -> None:
    clock.jump(125)
    body = await fetch(client, "/coins/sei-network/market_chart", days=days)

    times = [row[0] // 60_000 for row in body["prices"]]
    now = minute_of(clock.now())
    assert times[-1] == now
    assert all(time % step == 0 for time in times[:-1])
    assert {later - earlier for earlier, later in pairwise(times[:-1])} == {step}
    assert now - days * 1440 <= times[0] < now - days * 1440 + step
    for time, usd in (*body["prices"][:2], body["prices"][-1]):
        at = datetime.fromtimestamp(time / 1000, UTC)
        assert Decimal(str(usd)) == stand_in.price_of("sei-network", at)
    assert {len(body[name]) for name in body} == {len(times)}
    assert all(volume > 0 for _, volume in body["total_volumes"])


@pytest.mark.parametrize(("days", "period"), [(1, 30), (7, 240), (30, 240), (90, 5760)])
async def test_candles_hold_every_price_of_their_time(
    client: httpx.AsyncClient, stand_in: MarketStandIn, clock: FakeClock, days: int, period: int
) -> None:
    clock.jump(125)
    rows = await fetch(client, "/coins/sei-network/ohlc", days=days)

    assert len(rows) == days * 1440 // period
    for end_ms, open_, high, low, close in rows[-1:]:
        end = datetime.fromtimestamp(end_ms / 1000, UTC)
        assert end <= clock.now()
        assert end_ms // 60_000 % period == 0
        inside = [
            stand_in.price_of("sei-network", end - MINUTE * back)
            for back in range(0, period + 1, 5 if period > 240 else 1)
        ]
        assert Decimal(str(close)) == inside[0]
        assert Decimal(str(open_)) == inside[-1]
        assert Decimal(str(high)) == max(inside)
        assert Decimal(str(low)) == min(inside)


async def test_a_shock_shows_in_every_answer(
    client: httpx.AsyncClient, stand_in: MarketStandIn, clock: FakeClock
) -> None:
    stand_in.set_price("sei-network", Decimal("0.5"))
    clock.jump(1800)
    now = float(stand_in.price_of("sei-network"))

    chart = await fetch(client, "/coins/sei-network/market_chart", days=1)
    candles = await fetch(client, "/coins/sei-network/ohlc", days=1)
    prices = await fetch(client, "/simple/price", ids="sei-network", vs_currencies="usd")

    assert now == chart["prices"][-1][1] == candles[-1][4] == prices["sei-network"]["usd"]
    assert abs(now / 0.5 - 1) < 0.1


async def test_the_coin_page_and_the_globe(
    client: httpx.AsyncClient, stand_in: MarketStandIn
) -> None:
    coin = await fetch(client, "/coins/sei-network")
    data = (await fetch(client, "/global"))["data"]

    assert (coin["id"], coin["symbol"], coin["name"]) == ("sei-network", "sei", "Sei")
    assert Decimal(str(coin["market_data"]["current_price"]["usd"])) == stand_in.price_of(
        "sei-network"
    )
    assert 40 < data["market_cap_percentage"]["btc"] < 70
    assert data["total_market_cap"]["usd"] > 10**12


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/coins/no-such-coin", 404),
        ("/coins/no-such-coin/ohlc?days=1", 404),
        ("/coins/sei-network/ohlc?days=5", 400),
        ("/coins/sei-network/ohlc", 400),
        ("/coins/sei-network/market_chart?days=366", 401),
        ("/coins/sei-network/market_chart?days=-1", 401),
        ("/simple/price", 422),
        ("/simple/price?ids=sei-network&vs_currencies=eur", 422),
        ("/nothing", 404),
    ],
)
async def test_wrong_requests_are_refused(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    assert (await client.get(path)).status_code == status


# The troubles


async def test_faults_come_and_go(client: httpx.AsyncClient, stand_in: MarketStandIn) -> None:
    stand_in.faults.down(times=1)
    stand_in.faults.throttle(retry_after_s=3, times=1)
    stand_in.faults.malform(b"{", times=1)
    answers = [await client.get("/ping") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [503, 429, 200, 200]
    assert answers[1].headers["retry-after"] == "3"
    assert answers[2].content == b"{"

    stand_in.faults.down()
    assert [(await client.get("/ping")).status_code for _ in range(3)] == [503] * 3
    stand_in.faults.heal()
    assert (await client.get("/ping")).status_code == 200


async def test_a_stale_feed_shows_old_prices_with_their_time(
    client: httpx.AsyncClient, stand_in: MarketStandIn, clock: FakeClock
) -> None:
    stand_in.faults.stale(900)
    row = (await fetch(client, "/simple/price", ids="ethereum", vs_currencies="usd"))["ethereum"]

    then = clock.now() - timedelta(seconds=900)
    assert row["last_updated_at"] == then.timestamp() // 60 * 60
    assert Decimal(str(row["usd"])) == stand_in.price_of("ethereum", then)


async def test_a_slow_feed_answers_when_its_clock_has_moved(
    client: httpx.AsyncClient, stand_in: MarketStandIn, clock: FakeClock
) -> None:
    stand_in.faults.slow(5)
    ask = asyncio.create_task(client.get("/ping"))
    await clock.advance(4.9)
    assert not ask.done()
    await clock.advance(0.1)
    assert (await ask).status_code == 200


async def test_it_remembers_who_asked_what(
    client: httpx.AsyncClient, stand_in: MarketStandIn
) -> None:
    await client.get("/ping", params={"a": "1"}, headers={"X-Cg-Demo-Api-Key": "k"})

    (seen,) = stand_in.requests
    assert (seen.path, seen.query) == ("/ping", {"a": "1"})
    assert seen.headers["x-cg-demo-api-key"] == "k"
