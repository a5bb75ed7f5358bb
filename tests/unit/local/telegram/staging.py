"""The parts the fixtures of this folder are made of."""

import io

from PIL import Image
from starlette.types import Receive, Scope, Send
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.local.telegram import TelegramStandIn
from bot.serving import Serving

TOKEN = "4242:test-token"  # noqa: S105


class Stage:
    """One server for all tests of a module; each test puts its own stand-in on it."""

    def __init__(self) -> None:
        self.stand_in: TelegramStandIn | None = None
        self.serving: Serving | None = None

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            assert self.stand_in is not None
            await self.stand_in.app(scope, receive, send)


def make_bot(url: str, token: str = TOKEN) -> Bot:
    plain = {"trust_env": False, "verify": False}
    request = HTTPXRequest(read_timeout=2, httpx_kwargs=plain)
    poll = HTTPXRequest(read_timeout=2, httpx_kwargs=plain)
    return Bot(
        token,
        base_url=f"{url}/bot",
        base_file_url=f"{url}/file/bot",
        request=request,
        get_updates_request=poll,
    )


def picture(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (80, 50), colour).save(buffer, "PNG")
    return buffer.getvalue()
