"""Somebody who types and taps in a chatroom, without Telegram in between."""

import asyncio
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Any

import bot.chat.commands
from bot.catalogue import discover
from bot.chat.answers import plain
from bot.chat.command import Command
from bot.chat.talk import Talk
from bot.chat.view import bare
from bot.chat.waiting import answering, leaving
from bot.domain.errors import UserError
from bot.domain.people import UserId
from tests.unit.chat.chatroom import Chatroom
from tests.unit.services.office import ANN

COMMANDS: dict[str, Command] = discover(bot.chat.commands, "COMMAND")


class Visitor:
    """One person; `text` and `buttons` are those of the message that changed last."""

    def __init__(self, room: Chatroom, user_id: UserId = ANN) -> None:
        self.room = room
        self.user_id = user_id
        self.text = ""
        self.buttons: dict[str, str] = {}
        self.toast: str | None = None

    async def say(self, text: str) -> str:
        """Type; what the bot answers, a refusal included."""
        if text.startswith("/"):
            name, _, words = text[1:].partition(" ")
            await (await self._talk()).retire_card()
            await self.room.services.dialogues.drop_dialogue(int(self.user_id))
            run = COMMANDS[name].run
            assert run
            return await self._act(run, words.strip())
        now = self.room.office.clock.now()
        dialogue = await self.room.services.dialogues.load_dialogue(int(self.user_id), now)
        if dialogue is not None:
            reply = COMMANDS[dialogue.command].replies[dialogue.step]
            return await self._act(answering(dialogue, reply, plain), text)
        return await self._act(plain, text)

    async def tap(self, label: str) -> str:
        """Tap the first button whose label holds these words."""
        found = [data for name, data in self.buttons.items() if label in name]
        assert found, f"no button {label!r} in {list(self.buttons)} of {self.text!r}"
        return await self.send(found[0])

    async def send(self, data: str) -> str:
        """Send a button's data, as a forger or a second tap does."""
        name, _, rest = data.partition(":")
        action, _, argument = rest.partition(":")
        tap = leaving(COMMANDS[name].taps[action], COMMANDS)
        return await self._act(tap, argument, tapped=1)

    async def _act(self, handler: Any, argument: str, tapped: int | None = None) -> str:
        talk = await self._talk(tapped)
        jobs: list[Awaitable[None]] = []
        talk.spawn = jobs.append
        said, edited = len(self.room.bot.sent), len(self.room.bot.edited)
        self.toast = None
        try:
            await handler(talk, argument)
            await asyncio.gather(*jobs)
        except UserError as refusal:
            return f"refused: {refusal}"
        self.toast = talk.toast
        self._read(talk, said, edited)
        return self.text

    async def _talk(self, tapped: int | None = None) -> Talk:
        user = await self.room.office.records.load_user(self.user_id)
        talk = await self.room.talk(user, tapped=tapped)
        talk.chat_id = int(self.user_id)
        return talk

    def _read(self, talk: Talk, said: int, edited: int) -> None:
        new = [*self.room.bot.sent[said:], *self.room.bot.edited[edited:]]
        if not new:
            return
        last = SimpleNamespace(**{"reply_markup": None, **new[-1]})
        self.text = bare(last.text)
        rows = last.reply_markup.inline_keyboard if last.reply_markup else ()
        self.buttons = {
            button.text: str(button.callback_data or button.url) for row in rows for button in row
        }
