"""The Bot API over HTTP, as plain ASGI: it is also the server of the benchmarks."""

import asyncio
import json
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field

from starlette.types import Receive, Scope, Send

from bot.local.telegram.errors import Answer, BotApiError, Json, bad_request, too_many_requests
from bot.local.telegram.faults import Call, CallLog, Fault, Faults, PlannedFault
from bot.local.telegram.methods import METHODS
from bot.local.telegram.params import Params, read_params
from bot.local.telegram.webhook import Webhook
from bot.local.telegram.world import World

_JSON = b"application/json"
_NOT_FOUND = BotApiError(404, "Not Found: method not found")
_UNAUTHORIZED = BotApiError(401, "Unauthorized")
_INTERNAL = BotApiError(500, "Internal Server Error")


@dataclass
class BotApi:
    """Answers `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

    world: World
    webhook: Webhook
    faults: Faults = field(default_factory=Faults)
    log: CallLog = field(default_factory=CallLog)

    async def call(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call; `path` is what follows "/bot"."""
        token, _, method = path.partition("/")
        body = await _read_body(receive)
        name = method.lower()
        planned = self.faults.take(name)
        if planned is not None and planned.fault is Fault.DROP:
            await _cut(send)
            return
        call = Call(0, method, {}, self.world.clock.now(), time.perf_counter())
        try:
            if token != self.world.token:
                raise _UNAUTHORIZED
            params = read_params(scope["query_string"], _content_type(scope), body)
            call.params = params.values
            _raise_planned(planned)
            result = await self._answer(name, params, receive)
            status, answer = 200, {"ok": True, "result": result}
            if isinstance(result, dict):
                call.message_id = result.get("message_id")
        except BotApiError as error:
            status, answer, call.description = error.code, error.as_json(), error.description
        lost = planned is not None and planned.fault is Fault.LOSE_ANSWER
        call.status = 0 if lost else status
        if name != "getupdates":
            self.log.add(call)
        if lost:
            await _until_disconnected(receive)
            return
        await _respond(send, status, _JSON, json.dumps(answer, ensure_ascii=False).encode())

    async def _answer(self, name: str, params: Params, receive: Receive) -> Answer:
        method = METHODS.get(name)
        if method is not None:
            return method(self.world, params)
        match name:
            case "getupdates":
                return await self._get_updates(params, receive)
            case "setwebhook":
                return self.webhook.set(params)
            case "deletewebhook":
                return self.webhook.delete(params)
            case "getwebhookinfo":
                return self.webhook.info()
        raise _NOT_FOUND

    async def _get_updates(self, params: Params, receive: Receive) -> list[Json]:
        if "allowed_updates" in params.values:
            self.world.updates.allowed = params.array("allowed_updates")
        limit = params.integer("limit", 100)
        if not 1 <= limit <= 100:
            raise bad_request("limit must be between 1 and 100")
        timeout_s = max(0, min(params.integer("timeout"), 50))
        poll = self.world.updates.poll(params.integer("offset"), limit, timeout_s)
        return await poll if timeout_s == 0 else await _unless_disconnected(poll, receive)

    async def download(self, path: str, send: Send) -> None:
        """Serve one file; `path` is what follows "/file/bot"."""
        token, _, file_path = path.partition("/")
        parts = file_path.split("/")
        stored = self.world.files.get(parts[1]) if len(parts) == 3 else None
        if token != self.world.token or stored is None or stored.path != file_path:
            error = _UNAUTHORIZED if token != self.world.token else BotApiError(404, "Not Found")
            await _respond(send, error.code, _JSON, json.dumps(error.as_json()).encode())
            return
        await _respond(send, 200, stored.mime.encode(), stored.content)


def _raise_planned(planned: PlannedFault | None) -> None:
    if planned is None:
        return
    if planned.fault is Fault.TOO_MANY_REQUESTS:
        raise too_many_requests(planned.retry_after_s)
    if planned.fault is Fault.SERVER_ERROR:
        raise _INTERNAL


def _content_type(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"content-type":
            return str(value.decode("latin-1"))
    return ""


async def _read_body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _respond(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _cut(send: Send) -> None:
    """Promise a body and end without it: the server then closes the connection."""
    headers = [(b"content-type", _JSON), (b"content-length", b"1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _unless_disconnected(poll: Awaitable[list[Json]], receive: Receive) -> list[Json]:
    """Wait for updates, but not for a caller who has gone."""
    polling = asyncio.ensure_future(poll)
    gone = asyncio.create_task(_until_disconnected(receive))
    try:
        await asyncio.wait({polling, gone}, return_when=asyncio.FIRST_COMPLETED)
        return await polling if polling.done() else []
    finally:
        gone.cancel()
        polling.cancel()
