"""Refuses bodies longer than any of our doors needs, before anything reads them."""

from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES: Final = 32_768


class BodyLimit:
    """Answers 413 to a body of more than `MOST_BYTES`, said or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, and pass on the request with it."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        parts: list[Message] = []
        length, more = 0, True
        while more:
            message = await receive()
            parts.append(message)
            length += len(message.get("body", b""))
            more = message.get("more_body", False)
            if length > MOST_BYTES:
                answer = JSONResponse({"error": "That is too long."}, 413)
                await answer(scope, receive, send)
                return
        parts.reverse()

        async def replay() -> Message:
            return parts.pop() if parts else await receive()

        await self._app(scope, replay, send)
