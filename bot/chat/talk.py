"""One update being answered: who, where, and the ways to answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from telegram import Message
from telegram.error import BadRequest, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.chat.services import Services
from bot.chat.view import MAX_CAPTION, View, length, split
from bot.domain.alerts import Place
from bot.domain.errors import UserError
from bot.domain.people import Agent, User
from bot.ports.records import Dialogue
from bot.services.intents import Origin
from bot.services.manage_agents import current_agent

DIALOGUE_LIFE = timedelta(minutes=15)
REFUSED = "refused"
"""Marks the data of a question to which one answer was refused already."""
CARD = "card"
"""In the data of a card that waits: the number of its message."""
_REMEMBERED = timedelta(days=1)
_LONGEST_WAIT_S = 60
Bot = ExtBot[Any]
T = TypeVar("T")


@dataclass(slots=True)
class Talk:
    """The context of one update.

    `tapped` is the message a tapped button belongs to, `asked` whether this update has led to a
    question that waits now.
    """

    bot: Bot
    services: Services
    user: User
    chat_id: int
    correlation_id: str
    thread_id: int | None = None
    message: Message | None = None
    tapped: Message | None = None
    query_id: str | None = None
    spawn: Callable[[Awaitable[None]], None] = field(default=lambda _: None)
    toast: str | None = None
    asked: bool = False

    @property
    def place(self) -> Place:
        """The chat, or the topic of a group, in which this is said."""
        return Place(self.chat_id, self.thread_id or 0)

    async def say(self, view: View) -> Message:
        """Send a new message; a text too long for one goes out in parts, buttons on the last."""
        if view.photo is not None:
            caption = view.text if length(view.text) <= MAX_CAPTION else None
            message = await patient(
                lambda: self.bot.send_photo(
                    self.chat_id,
                    view.photo or b"",
                    caption=caption,
                    parse_mode="HTML",
                    reply_markup=view.markup if caption else None,
                    message_thread_id=self.thread_id,
                )
            )
            if caption is not None:
                return message
        *first, last = split(view.text)
        for part in first:
            await self._send(View(part))
        return await self._send(View(last, view.rows))

    async def _send(self, view: View) -> Message:
        return await patient(
            lambda: self.bot.send_message(
                self.chat_id,
                view.text,
                parse_mode="HTML",
                reply_markup=view.markup,
                message_thread_id=self.thread_id,
            )
        )

    async def show(self, view: View) -> Message | None:
        """Edit the tapped message in place, or send a new one where there is none to edit."""
        if self.tapped is None or view.photo is not None or self.tapped.photo:
            return await self.say(view)
        return await self.edit(view, self.tapped.message_id)

    async def edit(self, view: View, message_id: int) -> Message | None:
        """Edit a message of ours; one that is the same already, or gone, is fine."""
        try:
            edited = await patient(
                lambda: self.bot.edit_message_text(
                    view.text,
                    self.chat_id,
                    message_id,
                    parse_mode="HTML",
                    reply_markup=view.markup,
                )
            )
        except BadRequest as error:
            if "not modified" in error.message:
                return None
            return await self.say(view)
        return edited if isinstance(edited, Message) else None

    async def disarm(self, text: str) -> None:
        """Take the buttons off the tapped message and say why; a second tap finds none."""
        if self.tapped is None:
            return
        if self.tapped.photo:
            try:
                await self.bot.edit_message_reply_markup(self.chat_id, self.tapped.message_id)
            except BadRequest:
                return
        else:
            body = self.tapped.text_html or ""
            await self.edit(View(f"{body}\n\n{text}"), self.tapped.message_id)

    async def ask(
        self, command: str, step: str, view: View, data: Mapping[str, str]
    ) -> Message | None:
        """Ask a question whose answer, the next text, goes to a command's reply handler.

        Returns the message that asks; None if the tapped one does.
        """
        await self.retire_card()
        expires_at = self.services.clock.now() + DIALOGUE_LIFE
        fresh = {name: value for name, value in data.items() if name != REFUSED}
        await self.services.dialogues.save_dialogue(
            self.chat_id, Dialogue(command, step, fresh), expires_at
        )
        self.asked = True
        return await self.show(view)

    async def retire_card(self) -> None:
        """The card that waits is over: take the buttons off it, unless it is the tapped one.

        What waits says in `CARD` which message that is; one that is gone is fine.
        """
        since = self.services.clock.now() - _REMEMBERED
        waiting = await self.services.dialogues.load_dialogue(self.chat_id, since)
        number = waiting.data.get(CARD, "") if waiting else ""
        if not number or (self.tapped and str(self.tapped.message_id) == number):
            return
        try:
            await self.bot.edit_message_reply_markup(self.chat_id, int(number))
        except TelegramError:
            return

    async def agent(self) -> Agent:
        """The agent this chat is looking at.

        Raises:
            UserError: there is none yet.
        """
        agent = await current_agent(self.services.agents, self.chat_id, self.user)
        if agent is None:
            raise UserError(
                "You have no agent yet. Open one with /agents; /alert and /price work without."
            )
        return agent

    async def opened_agent(self) -> Agent:
        """The current agent, once its escrow is registered.

        Raises:
            UserError: none yet, or still opening.
        """
        agent = await self.agent()
        if not agent.escrow:
            raise UserError(f"{agent.name} is still being opened. Try again in a moment.")
        return agent

    def origin(self, decision_id: int | None = None) -> Origin:
        """Where a request made in this conversation comes from."""
        return Origin(self.user, self.chat_id, self.correlation_id, decision_id)


async def patient(send: Callable[[], Awaitable[T]]) -> T:
    """Call the Bot API; on 429 wait as told and repeat, for a minute at most.

    Others are not held up: only this answer waits.
    """
    waited_s = 0.0
    while True:
        try:
            return await send()
        except RetryAfter as error:
            waited_s += _seconds(error)
            if waited_s > _LONGEST_WAIT_S:
                raise
            await asyncio.sleep(_seconds(error))


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)
