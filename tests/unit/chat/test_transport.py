"""Real python-telegram-bot over our transport, against servers that behave and that do not."""

import asyncio
import json
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from telegram import Bot
from telegram.error import Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.chat.transport import AiohttpRequest, NotConnectedError

TOKEN = "12345678:" + "s3cret-" * 5
ME = {"id": 12345678, "is_bot": True, "first_name": "Sei", "username": "sei_bot"}
MESSAGE = {"message_id": 7, "date": 1_800_000_000, "chat": {"id": 5, "type": "private"}}

RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Api:
    """Records calls; `held` keeps answers back."""

    url: str = ""
    calls: list[tuple[str, dict[str, str], dict[str, bytes]]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    peers: set[tuple[str, int]] = field(default_factory=set)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event | None = None
    answer: tuple[int, dict[str, object]] | None = None

    async def handle(self, request: web.Request) -> web.Response:
        method = request.path.rsplit("/", 1)[-1]
        fields: dict[str, str] = {}
        files: dict[str, bytes] = {}
        if request.content_type == "application/json":
            fields = {key: written(value) for key, value in (await request.json()).items()}
        for key, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                files[value.filename] = value.file.read()
            else:
                fields[key] = str(value)
        self.calls.append((method, fields, files))
        self.paths.append(request.raw_path)
        assert request.transport is not None
        self.peers.add(request.transport.get_extra_info("peername"))
        self.reached.set()
        if self.held is not None:
            await self.held.wait()
        if self.answer is not None:
            status, body = self.answer
            return web.json_response(body, status=status)
        result = ME if method == "getMe" else MESSAGE
        return web.json_response({"ok": True, "result": result})


def written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    api = Api()
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{rest:.*}", api.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield api
    if api.held is not None:
        api.held.set()
    await runner.cleanup()


@asynccontextmanager
async def bot_at(url: str, request: AiohttpRequest | None = None) -> AsyncIterator[Bot]:
    """A bot without the getMe of `initialize`, so that tests see their own calls only."""
    request = request or AiohttpRequest()
    bot = Bot(TOKEN, base_url=f"{url}/bot", request=request, get_updates_request=AiohttpRequest())
    async with request:
        yield bot


@asynccontextmanager
async def raw_server(handle: RawHandler) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def assert_no_token(error: BaseException) -> None:
    told = "".join(traceback.format_exception(error)) + repr(error)
    links = [error.__cause__, error.__context__]
    assert links == [None, None]
    assert "s3cret" not in told


async def test_text_arrives_as_it_was_written(api: Api):
    async with bot_at(api.url) as bot:
        message = await bot.send_message(5, "a=b & ü ₿ 😀\n+", disable_notification=True)
    assert message.message_id == 7
    assert api.calls == [
        (
            "sendMessage",
            {"chat_id": "5", "text": "a=b & ü ₿ 😀\n+", "disable_notification": "true"},
            {},
        )
    ]


async def test_files_arrive_whole_beside_their_fields(api: Api):
    picture = bytes(range(256)) * 4000
    async with bot_at(api.url) as bot:
        await bot.send_photo(5, picture, caption="Цена", filename="chart.png")
        await bot.send_document(5, b"day,usd\n", filename="history.csv")
    (first, fields, files), (second, _, documents) = api.calls
    assert (first, second) == ("sendPhoto", "sendDocument")
    assert fields["caption"] == "Цена"
    assert files == {"chart.png": picture}
    assert documents == {"history.csv": b"day,usd\n"}


async def test_calls_share_one_connection(api: Api):
    async with bot_at(api.url) as bot:
        for _ in range(5):
            await bot.get_me()
    assert len(api.calls) == 5
    assert len(api.peers) == 1


async def test_telegrams_refusals_keep_their_types(api: Api):
    async with bot_at(api.url) as bot:
        api.answer = 429, {"ok": False, "description": "slow", "parameters": {"retry_after": 3}}
        with pytest.raises(RetryAfter):
            await bot.send_message(5, "x")
        api.answer = 403, {"ok": False, "description": "Forbidden: bot was blocked by the user"}
        with pytest.raises(Forbidden, match="blocked"):
            await bot.send_message(5, "x")


async def test_refused_connection_was_never_sent():
    async with bot_at(f"http://127.0.0.1:{closed_port()}") as bot:
        with pytest.raises(NotConnectedError) as caught:
            await bot.send_message(5, "x")
    assert_no_token(caught.value)


async def test_connect_timeout_was_never_sent():
    async def never_greets(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async with (
        raw_server(never_greets) as address,
        bot_at(f"https://{address}", AiohttpRequest(connect_timeout=0.05)) as bot,
    ):
        with pytest.raises(NotConnectedError) as caught:
            await bot.send_message(5, "x")
    assert_no_token(caught.value)


async def test_a_full_pool_sends_nothing(api: Api):
    api.held = asyncio.Event()
    request = AiohttpRequest(pool_size=1, pool_timeout=0.05, connect_timeout=0.05)
    async with bot_at(api.url, request) as bot:
        first = asyncio.create_task(bot.send_message(5, "first"))
        await api.reached.wait()
        with pytest.raises(NotConnectedError):
            await bot.send_message(5, "second")
        api.held.set()
        await first
    assert [fields["text"] for _, fields, _ in api.calls] == ["first"]


async def test_read_timeout_may_have_arrived(api: Api):
    api.held = asyncio.Event()
    async with bot_at(api.url) as bot:
        with pytest.raises(TimedOut) as caught:
            await bot.send_message(5, "x", read_timeout=0.05)
    assert not isinstance(caught.value, NotConnectedError)
    assert len(api.calls) == 1
    assert_no_token(caught.value)


async def test_an_upload_nobody_reads_times_out():
    done = asyncio.Event()

    async def never_reads(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await done.wait()

    request = AiohttpRequest(write_timeout=0.05, read_timeout=0.05, connect_timeout=0.05)
    async with raw_server(never_reads) as address, bot_at(f"http://{address}", request) as bot:
        with pytest.raises(TimedOut) as caught:
            await bot.send_document(5, bytes(2**25), write_timeout=0.05)
        done.set()
    assert_no_token(caught.value)


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{", b"garbage\r\n\r\n"],
    ids=["hangs up", "half an answer", "not HTTP"],
)
async def test_a_broken_answer_is_ambiguous(answer: bytes):
    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    async with raw_server(breaks) as address, bot_at(f"http://{address}") as bot:
        with pytest.raises(NetworkError) as caught:
            await bot.send_message(5, "x")
    assert not isinstance(caught.value, NotConnectedError | TimedOut)
    assert_no_token(caught.value)


async def test_a_transport_that_was_shut_down_says_so(api: Api):
    request = AiohttpRequest()
    async with bot_at(api.url, request) as bot:
        await bot.get_me()
    with pytest.raises(NotConnectedError):
        await bot.get_me()
    await request.shutdown()
    await request.initialize()
    assert (await bot.get_me()).username == "sei_bot"
    await request.shutdown()


async def test_loopback_ignores_a_proxy(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with bot_at(api.url, AiohttpRequest()) as bot:
        assert (await bot.get_me()).id == ME["id"]


async def test_elsewhere_a_proxy_is_followed_if_wanted(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", api.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with bot_at("http://bot-api.invalid", AiohttpRequest()) as bot:
        await bot.get_me()
    assert api.paths == [f"http://bot-api.invalid/bot{TOKEN}/getMe"]
    async with bot_at("http://bot-api.invalid", AiohttpRequest(trust_env=False)) as bot:
        with pytest.raises(TelegramError):
            await bot.get_me()
    assert len(api.calls) == 1
