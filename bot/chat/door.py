"""The Telegram door: python-telegram-bot around our router."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

import structlog
from telegram import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    Update,
)
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, BaseUpdateProcessor, TypeHandler
from typing_extensions import override

from bot.chat.answers import plain
from bot.chat.command import Command
from bot.chat.delivery.outbox import OutboxSender
from bot.chat.delivery.pace import Pace, PaceLimiter
from bot.chat.router import Router
from bot.chat.services import Services
from bot.chat.talk import Bot
from bot.chat.transport import AiohttpRequest, PollRequest
from bot.domain.errors import SettingsError, UpstreamError
from bot.ports.ledger import Outbox

log = structlog.get_logger(__name__)

_CONCURRENT = 256
_POLL_TIMEOUT_S = 30
_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]


class ChatOrder(BaseUpdateProcessor):
    """Updates of one chat run one after another, different chats side by side."""

    def __init__(self) -> None:
        super().__init__(_CONCURRENT)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @override
    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the chat's turn, then process."""
        chat = update.effective_chat if isinstance(update, Update) else None
        turn = self._turns.setdefault(chat.id if chat else 0, asyncio.Lock())
        async with turn:
            await coroutine

    @override
    async def initialize(self) -> None:
        """Nothing to set up."""

    @override
    async def shutdown(self) -> None:
        """Nothing to release."""


@dataclass(slots=True)
class TelegramDoor:
    """Polls Telegram, routes updates, delivers the outbox."""

    application: Application[Any, Any, Any, Any, Any, Any]
    router: Router
    sender: OutboxSender
    commands: Mapping[str, Command]
    admin_ids: frozenset[int]
    _delivery: asyncio.Task[None] | None = None
    _registered: set[int] = field(default_factory=set)

    @property
    def bot(self) -> Bot:
        """The Bot API client."""
        bot: Bot = self.application.bot
        return bot

    async def start(self) -> None:
        """Register the commands and begin to poll and deliver.

        Raises:
            SettingsError: the Bot API refuses the token.
            UpstreamError: it cannot be reached.
        """
        try:
            await self.application.initialize()
        except InvalidToken:
            raise SettingsError("TG_BOT_TOKEN is refused by the Bot API at TG_API_URL") from None
        except TelegramError as error:
            raise UpstreamError("telegram", type(error).__name__, retryable=True) from None
        await self._register_commands()
        await self.application.start()
        if self.application.updater is None:
            raise RuntimeError("python-telegram-bot was built without an updater")
        await self.application.updater.start_polling(
            timeout=_POLL_TIMEOUT_S, allowed_updates=_UPDATES, error_callback=_poll_failed
        )
        self._delivery = asyncio.create_task(self.sender.run())

    async def stop(self) -> None:
        """Stop polling first, then finish what is being answered."""
        if self.application.updater is not None and self.application.updater.running:
            await self.application.updater.stop()
        if self._delivery is not None:
            self._delivery.cancel()
            await asyncio.gather(self._delivery, return_exceptions=True)
        await self.router.stop()
        if self.application.running:
            await self.application.stop()
        await self.application.shutdown()

    async def healthy(self) -> bool:
        """Whether the Bot API answers now."""
        try:
            await self.bot.get_me()
        except TelegramError:
            return False
        return True

    async def _register_commands(self) -> None:
        listed = sorted((c for c in self.commands.values() if c.summary), key=lambda c: c.order)
        public = [BotCommand(c.name, c.summary) for c in listed if not c.admins_only]
        await self.bot.set_my_commands(public, scope=BotCommandScopeAllPrivateChats())
        shared = [
            BotCommand(c.name, c.group_summary or c.summary)
            for c in listed
            if c.group is not None and not c.admins_only
        ]
        await self.bot.set_my_commands(
            [*shared, BotCommand("start", "Open our private chat")],
            scope=BotCommandScopeAllGroupChats(),
        )
        for admin_id in self.admin_ids:
            await self._register_admin(admin_id)

    async def _register_admin(self, admin_id: int) -> None:
        """Give an admin the full menu; Telegram refuses until the admin has pressed Start."""
        listed = sorted((c for c in self.commands.values() if c.summary), key=lambda c: c.order)
        everything = [BotCommand(c.name, c.summary) for c in listed]
        try:
            await self.bot.set_my_commands(everything, scope=BotCommandScopeChat(admin_id))
        except TelegramError as error:
            log.debug("admin_commands_not_set", admin=admin_id, reason=error.message)
        else:
            self._registered.add(admin_id)

    async def handle(self, update: Update, _: object) -> None:
        """Route one update."""
        await self.router.handle(update, self.bot)
        person = update.effective_user
        if person and person.id in self.admin_ids - self._registered:
            await self._register_admin(person.id)


def build_door(
    token: str,
    api_url: str,
    services: Services,
    commands: Mapping[str, Command],
    outbox: Outbox,
) -> TelegramDoor:
    """Wire the door; nothing is sent until `start`."""
    pace = Pace(services.clock)
    application = (
        Application.builder()
        .token(token)
        .base_url(f"{api_url}/bot")
        .base_file_url(f"{api_url}/file/bot")
        .request(AiohttpRequest())
        .get_updates_request(PollRequest())
        .rate_limiter(PaceLimiter(pace))
        .concurrent_updates(ChatOrder())
        .build()
    )
    router = Router(services, commands, plain)
    chats = services.lose_chat
    sender = OutboxSender(application.bot, outbox, services, pace, chats.lose, chats.move)

    door = TelegramDoor(application, router, sender, commands, services.facts.admin_ids)
    application.add_handler(TypeHandler(Update, door.handle))
    return door


def _poll_failed(error: TelegramError) -> None:
    log.warning("telegram_poll_failed", reason=type(error).__name__)
