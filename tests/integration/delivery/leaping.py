"""Hours in seconds: a clock that leaps to the next sleeper as soon as nothing is under way."""

import asyncio
import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from inspect import iscoroutinefunction
from typing import Any

from starlette.types import Message
from telegram._utils.defaultvalue import DEFAULT_NONE
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData
from typing_extensions import override

from bot.chat.transport import NotConnectedError
from bot.local.telegram import TelegramStandIn
from tests.fakes.clock import FakeClock

_QUIET_TURNS = 12
_LATENCY_S = 0.04


class LeapingClock(FakeClock):
    """Waits for databases and calls, never for time."""

    def __init__(self) -> None:
        super().__init__()
        self._under_way = 0
        self._idle = asyncio.Event()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Time stands still within this."""
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    @override
    async def advance(self, seconds: float) -> None:
        until = self._now + timedelta(seconds=seconds)
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            due, _, woken = heapq.heappop(self._sleepers)
            if woken.done():
                continue
            self._now = max(self._now, due)
            woken.set_result(None)
            await self._settle()
        self._now = until

    async def _settle(self) -> None:
        quiet = 0
        while quiet < _QUIET_TURNS:
            await asyncio.sleep(0)
            quiet += 1
            if self._under_way:
                await self._idle.wait()
                quiet = 0


class Process:
    """What a process does to the world; nothing any more once it was killed."""

    def __init__(self, clock: LeapingClock) -> None:
        self.clock = clock
        self.dead = False

    async def do(self, work: Callable[[], Any]) -> Any:
        """Of a killed process nothing comes back."""
        if self.dead:
            await asyncio.Event().wait()
        with self.clock.under_way():
            answer = await asyncio.shield(asyncio.ensure_future(work()))
        if self.dead:
            await asyncio.Event().wait()
        return answer

    def of(self, port: Any) -> Any:
        """A port as the process has it."""
        return _Port(self, port)


class _Port:
    def __init__(self, process: Process, port: Any) -> None:
        self._process = process
        self._port = port

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if not iscoroutinefunction(method):
            return method
        return lambda *args, **kwargs: self._process.do(lambda: method(*args, **kwargs))


class DirectRequest(BaseRequest):
    """The Bot API of a stand-in without a socket; `refuse` says which calls do not even leave."""

    def __init__(
        self, stand_in: TelegramStandIn, process: Process, refuse: Callable[[str, bytes], bool]
    ) -> None:
        self._stand_in = stand_in
        self._process = process
        self._refuse = refuse

    @property
    @override
    def read_timeout(self) -> float | None:
        return 1

    @override
    async def initialize(self) -> None: ...

    @override
    async def shutdown(self) -> None: ...

    @override
    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = DEFAULT_NONE,
        write_timeout: ODVInput[float] = DEFAULT_NONE,
        connect_timeout: ODVInput[float] = DEFAULT_NONE,
        pool_timeout: ODVInput[float] = DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        body = request_data.json_payload if request_data else b"{}"
        path = "/bot" + url.partition("/bot")[2]
        answer = await self._process.do(lambda: self._call(path, method, body))
        await self._process.clock.sleep(_LATENCY_S)
        if self._process.dead:
            await asyncio.Event().wait()
        match answer:
            case None:
                raise NotConnectedError("no connection")
            case [start, {"body": payload}]:
                return start["status"], payload
            case []:
                raise TimedOut
        raise NetworkError("connection broke")

    async def _call(self, path: str, method: str, body: bytes) -> list[Message] | None:
        if self._refuse(path.rpartition("/")[2], body):
            return None
        sent: list[Message] = []
        incoming: list[Message] = [{"type": "http.request", "body": body}]

        async def receive() -> Message:
            return incoming.pop() if incoming else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }
        await self._stand_in.app(scope, receive, send)
        return sent
