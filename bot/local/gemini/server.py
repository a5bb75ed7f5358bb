"""The stand-in itself: records requests, plays what was queued, else answers agreeably."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from bot.local.gemini.defaults import Kind, default_answer, kind_of
from bot.local.gemini.replies import Manner, Reply, error, gone


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `prompt` is the data part, `system` the standing words."""

    kind: Kind
    model: str
    key: str
    system: str
    prompt: str
    body: Mapping[str, Any]


class GeminiStandIn:
    """Serve `app`; read `calls`; steer with `play`, `always`, `gone` and `delay_s`.

    Queues are kept per kind, because guard and ticker calls run side by side. `gone` holds models
    that answer 404; with `accepted_key` set any other key is refused.
    """

    def __init__(self, *, delay_s: float = 0.0, accepted_key: str | None = None) -> None:
        self.delay_s = delay_s
        self.accepted_key = accepted_key
        self.gone: set[str] = set()
        self.calls: list[Call] = []
        self._queued: dict[Kind | None, deque[Reply]] = {}
        self._always: dict[Kind | None, Reply] = {}
        routes = [
            Route(f"/{version}/models/{{model}}:{method}", self._serve, methods=["POST"])
            for version in ("v1", "v1beta")
            for method in ("generateContent", "streamGenerateContent")
        ]
        self.app = Starlette(routes=routes)

    def play(self, *replies: Reply, kind: Kind | None = None) -> None:
        """Queue replies for the next requests of one kind, or of any kind."""
        self._queued.setdefault(kind, deque()).extend(replies)

    def always(self, reply: Reply | None, kind: Kind | None = None) -> None:
        """Answer every request (of one kind) so, after what is queued; None ends it."""
        if reply is None:
            self._always.pop(kind, None)
        else:
            self._always[kind] = reply

    def reset(self) -> None:
        """Forget calls, queues, faults and models that are gone."""
        self.calls.clear()
        self._queued.clear()
        self._always.clear()
        self.gone.clear()

    def asked(self, kind: Kind) -> list[Call]:
        """The recorded calls of one kind."""
        return [call for call in self.calls if call.kind is kind]

    async def _serve(self, request: Request) -> Response:
        call = await _recorded(request)
        self.calls.append(call)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        return _Playing(self._reply(call), streamed="stream" in request.url.path)

    def _reply(self, call: Call) -> Reply:
        if not call.key or self.accepted_key not in (None, call.key):
            return error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")
        if call.model in self.gone:
            return gone()
        for kind in (call.kind, None):
            if queue := self._queued.get(kind):
                return queue.popleft()
            if always := self._always.get(kind):
                return always
        return default_answer(call.kind, call.prompt)


class _Playing(Response):
    """Delivers a reply in its manner."""

    def __init__(self, reply: Reply, *, streamed: bool) -> None:
        sse = streamed and reply.status == 200
        body = b"data: " + reply.body + b"\r\n\r\n" if sse else reply.body
        media_type = "text/event-stream" if sse else "application/json; charset=UTF-8"
        super().__init__(body, reply.status, media_type=media_type)
        self._manner = reply.manner

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._manner is Manner.WHOLE:
            await super().__call__(scope, receive, send)
        elif self._manner is Manner.HANG:
            while (await receive())["type"] != "http.disconnect":
                pass
        else:
            start = {"type": "http.response.start", "status": 200, "headers": []}
            await send(start)
            await send({"type": "http.response.body", "body": self.body, "more_body": True})


async def _recorded(request: Request) -> Call:
    body = await request.json()
    return Call(
        kind=kind_of(body),
        model=request.path_params["model"],
        key=request.headers.get("x-goog-api-key", ""),
        system=_text(body.get("systemInstruction", {})),
        prompt="\n".join(_text(content) for content in body.get("contents", [])),
        body=body,
    )


def _text(content: Mapping[str, Any]) -> str:
    return "\n".join(part.get("text", "") for part in content.get("parts", []))
