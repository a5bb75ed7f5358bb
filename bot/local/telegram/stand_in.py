"""The handle on the stand-in: build it, mount its app, act as its persons, look at what came."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

from starlette.types import Receive, Scope, Send

from bot.local.telegram.bot_api import BotApi
from bot.local.telegram.errors import Json
from bot.local.telegram.faults import Call
from bot.local.telegram.group_hands import GroupHands
from bot.local.telegram.page_api import PageApi, PageHands
from bot.local.telegram.persistence import Saver
from bot.local.telegram.persons import Persons
from bot.local.telegram.webhook import Webhook
from bot.local.telegram.world import Person, World
from bot.ports.clock import Clock

T = TypeVar("T")


class TelegramStandIn:
    """A Telegram of one bot and a few persons.

    `app` is ASGI and may be mounted under a prefix; then the Bot API base is that prefix. Use as
    `async with`, or call `start` and `close`. The controls are `persons`, `groups`, `faults` and
    `updates`.
    """

    def __init__(
        self, token: str, clock: Clock, *, limits: bool = True, state_file: Path | None = None
    ) -> None:
        self.world = World(token, clock, limits=limits)
        self.persons = Persons(self.world)
        self.groups = GroupHands(self.world, self.persons)
        self._webhook = Webhook(self.world)
        self._bot_api = BotApi(self.world, self._webhook)
        self.faults = self._bot_api.faults
        self.updates = self.world.updates
        hands = PageHands(self.persons, self.groups)
        self._page = PageApi(self.world, hands, self.faults, self._bot_api.log)
        self._saver = Saver(state_file, self.world, self._webhook) if state_file else None
        if self._saver is not None:
            self._saver.load()

    async def __aenter__(self) -> "TelegramStandIn":
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Take up saving and a webhook set before the last stop."""
        self._webhook.resume()
        if self._saver is not None:
            self._saver.start()

    def end_streams(self) -> None:
        """Let open event streams and long polls end, so that the server can stop at once."""
        self._page.close()
        self.updates.close()

    async def close(self) -> None:
        """End streams, polls and the webhook; save the history."""
        self.end_streams()
        await self._webhook.close()
        if self._saver is not None:
            await self._saver.close()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI app: Bot API, files, chat page."""
        if self._saver is not None:
            send = self._saver.keeping(send)
        if scope["type"] == "http":
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            if path.startswith("/bot"):
                await self._bot_api.call(path.removeprefix("/bot"), scope, receive, send)
                return
            if path.startswith("/file/bot"):
                await self._bot_api.download(path.removeprefix("/file/bot"), send)
                return
        await self._page.router(scope, receive, send)

    def add_person(self, person_id: int, first_name: str, username: str | None = None) -> None:
        """Let one more person use Telegram."""
        self.world.add_person(Person(person_id, first_name, username))

    def send(
        self,
        person_id: int,
        text: str,
        chat_id: int | None = None,
        thread_id: int | None = None,
        reply_to: int | None = None,
    ) -> Json:
        """A person writes, by default to the bot; the message as the Bot API shows it."""
        return self.persons.send(person_id, text, chat_id, thread_id, reply_to)

    def press(self, person_id: int, message_id: int, text_or_data: str) -> str | None:
        """A person presses a button, named by its text or data; raises NotPossible."""
        return self.persons.press(person_id, message_id, text_or_data)

    def block(self, person_id: int) -> None:
        """A person blocks the bot."""
        self.persons.set_blocked(person_id, blocked=True)

    def messages(self, chat_id: int) -> list[Json]:
        """Everything in a chat, oldest first; a private chat's id is the person's."""
        return list(self.world.chats[chat_id].messages.values())

    def message(self, message_id: int) -> Json:
        """One message as it is now; raises LookupError."""
        return self.world.find_message(message_id)[1]

    def calls(self, method: str | None = None) -> list[Call]:
        """All calls of the bot, getUpdates left out, or those of one method."""
        return [
            call
            for call in self._bot_api.log.calls
            if method is None or call.method.lower() == method.lower()
        ]

    async def events(self) -> AsyncIterator[Json]:
        """What happens from now on: message, edited, deleted, typing, draft, callback_answer..."""
        with self.world.changes.subscribed() as queue:
            while True:
                yield await queue.get()

    async def wait_for(self, condition: Callable[[], T | None], timeout_s: float = 5.0) -> T:
        """What `condition` returns once it is truthy; asked again after each change.

        Raises TimeoutError, with the latest messages, when it does not become so.
        """
        with self.world.changes.subscribed() as queue:
            try:
                async with asyncio.timeout(timeout_s):
                    while not (found := condition()):
                        await queue.get()
                    return found
            except TimeoutError:
                raise TimeoutError(f"still waiting after {timeout_s} s; {self._latest()}") from None

    async def ask(
        self,
        person_id: int,
        text: str,
        chat_id: int | None = None,
        thread_id: int | None = None,
        timeout_s: float = 5.0,
    ) -> Json:
        """Send a text and return the first message the bot then posts in the same chat."""
        sent = self.send(person_id, text, chat_id, thread_id)
        return await self.wait_for(lambda: self._answer_to(sent), timeout_s)

    def _answer_to(self, sent: Json) -> Json | None:
        for message in self.messages(sent["chat"]["id"]):
            later = message["message_id"] > sent["message_id"]
            if later and message.get("from", {}).get("id") == self.world.bot.id:
                return message
        return None

    def _latest(self) -> str:
        lines = []
        for chat in self.world.chats.values():
            for message in list(chat.messages.values())[-3:]:
                text = message.get("text") or message.get("caption") or "(media)"
                lines.append(f"{chat.id}/{message['message_id']}: {text[:200]!r}")
        return "latest messages: " + ("; ".join(lines) or "none")
