"""The CoinGecko adapter against a feed that misbehaves in every way we could think of."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bot.domain.errors import UpstreamError
from bot.domain.money import Token
from bot.local.market import MarketStandIn
from bot.market.coingecko import CoinGecko
from bot.ports.market import Market
from tests.fakes.market import Stage, SteppingClock, stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

SEI = Token("SEI", "0x" + "1" * 40, 18, "sei-network", is_wrapped_native=True)
WETH = Token("WETH", "0x" + "2" * 40, 18, "ethereum")

Ask = Callable[[Market], Awaitable[object]]

ASKS: dict[str, Ask] = {
    "prices": lambda market: market.fetch_prices([SEI]),
    "ohlc": lambda market: market.fetch_history(SEI, 7),
    "chart": lambda market: market.fetch_history(SEI, 90),
    "day": lambda market: market.fetch_day(SEI),
    "profile": lambda market: market.fetch_profile(SEI),
    "summary": lambda market: market.fetch_summary(),
}
every_ask = pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door() -> AsyncIterator[Stage]:
    async with stage() as shared:
        yield shared


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def stand_in(door: Stage, clock: SteppingClock) -> MarketStandIn:
    return door.enter(clock)


@pytest_asyncio.fixture(loop_scope="module")
async def market(
    door: Stage, stand_in: MarketStandIn, clock: SteppingClock
) -> AsyncIterator[CoinGecko]:
    made = CoinGecko(clock, door.url)
    yield made
    await made.aclose()


@asynccontextmanager
async def scripted(
    answer: Callable[[httpx.Request], httpx.Response], **options: Any
) -> AsyncIterator[CoinGecko]:
    made = CoinGecko(
        SteppingClock(), "http://feed.test/api/v3", transport=httpx.MockTransport(answer), **options
    )
    yield made
    await made.aclose()


async def failure_of(asked: Awaitable[object]) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await asked
    assert caught.value.edge == "market"
    return caught.value


# What it reads


async def test_numbers_keep_every_digit_of_their_text(
    market: CoinGecko, stand_in: MarketStandIn, clock: SteppingClock
) -> None:
    at = int(clock.now().timestamp())
    body = price_body(usd=12345, last_updated_at=at)
    stand_in.faults.malform(body.replace(b"12345", b"0.21000000000000000000000001"))

    price = (await market.fetch_prices([SEI]))["SEI"]

    assert price.usd == Decimal("0.21000000000000000000000001")
    assert price.as_of == clock.now()
    assert price.change_24h_pct == Decimal("1.0")


async def test_one_call_brings_all_prices(market: CoinGecko, stand_in: MarketStandIn) -> None:
    prices = await market.fetch_prices([WETH, SEI])

    assert prices["SEI"].usd == stand_in.price_of("sei-network")
    assert prices["WETH"].usd == stand_in.price_of("ethereum")
    (seen,) = stand_in.requests
    assert seen.path.endswith("/simple/price")
    assert seen.query["ids"] == "ethereum,sei-network"


async def test_a_lagging_feed_shows_its_true_age(
    market: CoinGecko, stand_in: MarketStandIn, clock: SteppingClock
) -> None:
    stand_in.faults.stale(600)

    price = (await market.fetch_prices([SEI]))["SEI"]

    assert timedelta(seconds=600) <= clock.now() - price.as_of < timedelta(seconds=660)


async def test_ohlc_rows_are_stamped_by_their_end(
    market: CoinGecko, stand_in: MarketStandIn, clock: SteppingClock
) -> None:
    day = await market.fetch_history(SEI, 1)

    last = day.candles[-1]
    assert last.opened_at + timedelta(minutes=30) == day.as_of <= clock.now()
    assert last.open == stand_in.price_of("sei-network", last.opened_at)
    assert last.close == stand_in.price_of("sei-network", day.as_of)


async def test_points_become_candles_of_four_hours(
    market: CoinGecko, stand_in: MarketStandIn, clock: SteppingClock
) -> None:
    history = await market.fetch_history(SEI, 90)

    candle = history.candles[-2]
    points = [
        stand_in.price_of("sei-network", candle.opened_at + timedelta(hours=hour))
        for hour in range(5)
    ]
    assert candle.opened_at.hour % 4 == 0
    assert (candle.open, candle.close) == (points[0], points[-1])
    assert (candle.high, candle.low) == (max(points), min(points))
    assert candle.volume > 0
    assert history.as_of == clock.now().replace(second=0)


# What it refuses


def price_body(**changed: object) -> bytes:
    row = {"usd": 0.2, "usd_24h_change": 1.0, "last_updated_at": 1_795_176_000} | changed
    return json.dumps({"sei-network": row}).encode()


BAD_PRICES = {
    "nan": price_body(usd=float("nan")),
    "infinite": price_body(usd=float("inf")),
    "negative": price_body(usd=-0.2),
    "zero": price_body(usd=0),
    "absurd": price_body(usd=10**10),
    "beyond floats": price_body(usd=0.5).replace(b"0.5", b"1e99999"),
    "missing": json.dumps({"sei-network": {"last_updated_at": 1_795_176_000}}).encode(),
    "null": price_body(usd=None),
    "text": price_body(usd="0.2"),
    "truth": price_body(usd=True),
    "no time": price_body(last_updated_at=None),
    "time in milliseconds": price_body(last_updated_at=1_795_176_000_000),
    "from the future": price_body(last_updated_at=1_795_176_000 + 120),
    "change of NaN": price_body(usd_24h_change=float("nan")),
    "below -100 %": price_body(usd_24h_change=-101),
    "row is a list": b'{"sei-network": [0.2]}',
    "an error in a 200": b'{"status": {"error_code": 429}}',
}


@pytest.mark.parametrize("body", BAD_PRICES.values(), ids=BAD_PRICES)
async def test_a_price_that_cannot_be_is_refused(
    market: CoinGecko, stand_in: MarketStandIn, body: bytes
) -> None:
    stand_in.faults.malform(price_body())
    assert (await market.fetch_prices([SEI]))["SEI"].usd == Decimal("0.2")

    stand_in.faults.malform(body)
    assert (await failure_of(market.fetch_prices([SEI]))).retryable


async def test_a_bad_coin_does_not_spoil_the_others(
    market: CoinGecko, stand_in: MarketStandIn
) -> None:
    both = json.loads(price_body())
    both["ethereum"] = both["sei-network"] | {"usd": -1}
    stand_in.faults.malform(json.dumps(both).encode())

    assert set(await market.fetch_prices([SEI, WETH])) == {"SEI"}


async def test_a_clock_a_little_behind_is_forgiven(
    market: CoinGecko, stand_in: MarketStandIn, clock: SteppingClock
) -> None:
    ahead = int(clock.now().timestamp()) + 30
    stand_in.faults.malform(price_body(last_updated_at=ahead))

    assert (await market.fetch_prices([SEI]))["SEI"].as_of == clock.now()


HOUR_MS = 3_600_000
NOW_MS = 1_795_176_000_000


def ohlc_body(*rows: list[float]) -> bytes:
    sane = [[NOW_MS - (9 - at) * 4 * HOUR_MS, 2.0, 3.0, 1.0, 2.0] for at in range(6)]
    return json.dumps([*sane, *rows]).encode()


BAD_OHLC = {
    "low above open": ohlc_body([NOW_MS, 2, 3, 2.5, 2.6]),
    "close above high": ohlc_body([NOW_MS, 2, 3, 1, 4]),
    "negative": ohlc_body([NOW_MS, 2, 3, -1, 2]),
    "out of order": ohlc_body([NOW_MS - 24 * HOUR_MS, 2, 3, 1, 2]),
    "from the future": ohlc_body([NOW_MS + HOUR_MS, 2, 3, 1, 2]),
    "no rows": b"{}",
}


@pytest.mark.parametrize("body", BAD_OHLC.values(), ids=BAD_OHLC)
async def test_candles_that_cannot_be_are_refused(
    market: CoinGecko, stand_in: MarketStandIn, body: bytes
) -> None:
    stand_in.faults.malform(ohlc_body([NOW_MS, 2, 3, 1, 2]))
    assert len((await market.fetch_history(SEI, 7)).candles) == 7

    stand_in.faults.malform(body)
    assert (await failure_of(market.fetch_history(SEI, 7))).retryable


BAD_DAYS = {
    "negative": [[NOW_MS, -1]],
    "out of order": [[NOW_MS, 2], [NOW_MS - 1, 2]],
    "from the future": [[NOW_MS + HOUR_MS, 2]],
}


@pytest.mark.parametrize("rows", BAD_DAYS.values(), ids=BAD_DAYS)
async def test_prices_of_a_day_that_cannot_be_are_refused(
    market: CoinGecko, stand_in: MarketStandIn, rows: list[object]
) -> None:
    sane: list[object] = [[NOW_MS - 2 * HOUR_MS, 2.5], [NOW_MS - HOUR_MS, 2]]
    stand_in.faults.malform(json.dumps({"prices": sane}).encode())
    assert [usd for _, usd in (await market.fetch_day(SEI)).points] == [Decimal("2.5"), 2]

    stand_in.faults.malform(json.dumps({"prices": [*sane, *rows]}).encode())
    assert (await failure_of(market.fetch_day(SEI))).retryable
    stand_in.faults.malform(b'{"prices": []}')
    assert not (await failure_of(market.fetch_day(SEI))).retryable


@pytest.mark.parametrize(("days", "body"), [(7, b"[]"), (90, b'{"prices": []}')])
async def test_a_coin_without_a_past_is_said_once(
    market: CoinGecko, stand_in: MarketStandIn, days: int, body: bytes
) -> None:
    stand_in.faults.malform(body)

    assert not (await failure_of(market.fetch_history(SEI, days))).retryable
    assert len(stand_in.requests) == 1


# One door for foreign errors

GARBAGE = {
    "empty": b"",
    "truncated": b'{"sei-network": {"usd": 0.2',
    "html": b"<html>checking your browser</html>",
    "not utf-8": b'{"a": "\xff\xfe"}',
    "null": b"null",
    "number": b"7",
    "text": b'"ok"',
    "deep": b"[" * 200_000,
    "endless digits": b'{"sei-network": {"usd": ' + b"9" * 6000 + b"}}",
    "rows of nothing": b"[[], [], []]",
    "wrong shape": b'{"sei-network": 1, "prices": 2, "name": 3, "data": 4}',
}


@every_ask
@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_becomes_an_upstream_error(ask: Ask, body: bytes) -> None:
    async with scripted(lambda _: httpx.Response(200, content=body)) as market:
        assert (await failure_of(ask(market))).retryable


ONLY_ON_REQUEST = {httpx.HTTPStatusError, httpx.CookieConflict}  # by calls we do not make
HTTPX_ERRORS = [
    kind
    for _, kind in inspect.getmembers(httpx, inspect.isclass)
    if issubclass(kind, Exception) and kind not in ONLY_ON_REQUEST
]


def raised(kind: type[Exception]) -> Exception:
    takes_message = "message" in inspect.signature(kind).parameters
    return kind("secret-key in the message") if takes_message else kind()


@every_ask
@pytest.mark.parametrize("kind", HTTPX_ERRORS, ids=lambda kind: kind.__name__)
async def test_no_error_of_httpx_escapes(ask: Ask, kind: type[Exception]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise raised(kind)

    async with scripted(fail) as market:
        error = await failure_of(ask(market))

    assert error.retryable
    assert "secret-key" not in str(error)


WIRE = {
    "closes at once": b"",
    "no http": b"hello\r\n\r\n",
    "body cut short": b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}",
    "broken gzip": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}",
    "redirect away": b"HTTP/1.1 302 Found\r\nlocation: ftp://x\r\ncontent-length: 0\r\n\r\n",
}


@pytest.mark.parametrize("reply", WIRE.values(), ids=WIRE)
async def test_a_broken_wire_becomes_an_upstream_error(reply: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        market = CoinGecko(SteppingClock(), url)
        await failure_of(market.fetch_summary())
        await market.aclose()


async def test_a_dripping_answer_is_cut_off_as_a_whole() -> None:
    """Each byte comes in time, the answer never does."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        while not writer.transport.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        market = CoinGecko(SteppingClock(), url, timeout_s=0.05)
        assert (await failure_of(market.fetch_summary())).retryable
        await market.aclose()


async def test_nobody_listening_is_retried_then_told(clock: SteppingClock) -> None:
    market = CoinGecko(clock, "http://127.0.0.1:1/api/v3")

    assert (await failure_of(market.fetch_summary())).retryable
    assert clock.slept == [0.5, 1.0]
    await market.aclose()


# Tries, and the call budget


async def test_the_third_try_may_succeed(
    market: CoinGecko, stand_in: MarketStandIn, clock: SteppingClock
) -> None:
    stand_in.faults.down(times=2)

    assert await market.fetch_prices([SEI])
    assert len(stand_in.requests) == 3
    assert clock.slept == [0.5, 1.0]


async def test_there_is_no_fourth_try(market: CoinGecko, stand_in: MarketStandIn) -> None:
    stand_in.faults.down(times=3)

    assert (await failure_of(market.fetch_prices([SEI]))).retryable
    assert len(stand_in.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_is_not_asked_again(
    market: CoinGecko, stand_in: MarketStandIn, status: int
) -> None:
    stand_in.faults.down(status=status)

    error = await failure_of(market.fetch_prices([SEI]))

    assert not error.retryable
    assert len(stand_in.requests) == 1
    assert ("COINGECKO_API_KEY" in error.reason) == (status in {401, 403})


async def test_a_short_retry_after_is_waited_for(
    market: CoinGecko, stand_in: MarketStandIn, clock: SteppingClock
) -> None:
    stand_in.faults.throttle(retry_after_s=7, times=1)
    asked_at = clock.now()

    assert await market.fetch_prices([SEI])
    assert clock.now() - asked_at == timedelta(seconds=7)


def in_45_s(now: datetime) -> str:
    return (now + timedelta(seconds=45)).strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize("header", [lambda _: "45", in_45_s], ids=["seconds", "date"])
async def test_a_long_retry_after_fails_at_once_and_nobody_asks_until_then(
    header: Callable[[datetime], str],
) -> None:
    clock, asked = SteppingClock(), []

    def throttle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(429, headers={"retry-after": header(clock.now())})

    market = CoinGecko(clock, "http://feed.test", transport=httpx.MockTransport(throttle))
    for _ in range(3):
        assert (await failure_of(market.fetch_summary())).retryable
    assert len(asked) == 1
    assert clock.slept == [0.5]
    clock.jump(45)
    await failure_of(market.fetch_summary())
    assert len(asked) == 2
    await market.aclose()


@pytest.mark.parametrize("header", ["soon", "-5", "", "٣", "99999999999999999999"])
async def test_a_strange_retry_after_does_no_harm(header: str) -> None:
    headers = [(b"retry-after", header.encode())]
    async with scripted(lambda _: httpx.Response(429, headers=headers)) as market:
        assert (await failure_of(market.fetch_summary())).retryable


async def test_calls_beyond_the_budget_wait_or_are_refused(
    door: Stage, stand_in: MarketStandIn, clock: SteppingClock
) -> None:
    market = CoinGecko(clock, door.url, rate_per_min=2)
    await market.fetch_summary()
    clock.jump(52)
    await market.fetch_summary()

    asked_at = clock.now()
    await market.fetch_summary()
    assert clock.now() - asked_at == timedelta(seconds=8)

    assert (await failure_of(market.fetch_summary())).retryable
    assert len(stand_in.requests) == 3
    await market.aclose()


# Who it is


@pytest.mark.parametrize(
    ("host", "header"),
    [("api.coingecko.test", "x-cg-demo-api-key"), ("pro-api.coingecko.test", "x-cg-pro-api-key")],
)
async def test_the_key_goes_where_the_plan_wants_it(host: str, header: str) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    transport = httpx.MockTransport(answer)
    for key in ("CG-abc", None):
        market = CoinGecko(SteppingClock(), f"https://{host}/api/v3", key, transport=transport)
        await market.fetch_prices([SEI])
        await market.aclose()

    with_key, without = seen
    assert with_key.headers[header] == "CG-abc"
    assert "CG-abc" not in str(with_key.url)
    assert not [name for name in without.headers if name.startswith("x-cg")]
    assert with_key.url.path == "/api/v3/simple/price"


async def test_a_proxy_setting_does_not_stand_before_loopback(
    door: Stage, stand_in: MarketStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    market = CoinGecko(SteppingClock(), door.url)

    assert await market.fetch_prices([SEI])
    await market.aclose()
