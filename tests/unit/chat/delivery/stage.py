"""A sender over a real Bot API connection to the stand-in, and what to look at."""

import asyncio

from telegram.ext import ExtBot

from bot.chat.delivery.outbox import OutboxSender
from bot.chat.delivery.pace import Pace, PaceLimiter
from bot.chat.transport import AiohttpRequest
from bot.local.telegram import TelegramStandIn
from bot.ports.ledger import Notice, Priority
from tests.fakes.ledger import Waiting
from tests.unit.chat.chatroom import Chatroom
from tests.unit.local.telegram.staging import TOKEN
from tests.unit.services.office import Office

ANN, BO = 7, 8
REPEATED = "(Repeated: I was not sure that it arrived.)"


def make_sender(office: Office, url: str) -> OutboxSender:
    pace = Pace(office.clock)
    request = AiohttpRequest(read_timeout=0.3, connect_timeout=1)
    bot = ExtBot(
        TOKEN,
        base_url=f"{url}/bot",
        request=request,
        get_updates_request=request,
        rate_limiter=PaceLimiter(pace),
    )
    services = Chatroom(office).services
    chats = services.lose_chat
    return OutboxSender(bot, office.ledger, services, pace, chats.lose, chats.move)


async def queue(
    office: Office,
    key: str,
    chat: int = ANN,
    priority: Priority = Priority.MONEY,
    thread: int = 0,
) -> Waiting:
    data = {"version": key, "network": "test", "recovered": "0"}
    notice = Notice(chat, "boot", key, data, priority, thread)
    await office.ledger.queue(notice, office.clock.now())
    return office.ledger.notices[-1]


def texts(telegram: TelegramStandIn, person: int = ANN) -> list[str]:
    """What the bot has written."""
    messages = [m for m in telegram.messages(person) if m["from"]["is_bot"]]
    return [message["text"] for message in messages]


def keys(telegram: TelegramStandIn, person: int = ANN) -> list[str]:
    return [text.split()[3] for text in texts(telegram, person)]


async def stopped(running: asyncio.Task[None]) -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def drain(office: Office, sender: OutboxSender) -> None:
    """Deliver until nothing is due, letting the seconds pass that the pace asks for."""
    while True:
        await sender.deliver()
        if not await office.ledger.load_due(office.clock.now(), 1, ()):
            return
        office.clock.jump(1)
