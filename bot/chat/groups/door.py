"""What is said to the bot in groups: a few commands, and the taps of administrators."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from telegram import Message, Update
from telegram.error import TelegramError

from bot.chat.command import Command, Handler
from bot.chat.deep_links import start_link
from bot.chat.groups.rights import (
    FOR_ADMINS,
    AnonymousError,
    administrates,
    is_admin,
    require_admin,
)
from bot.chat.groups.spoken import is_command, is_named, names_us, read_spoken
from bot.chat.sentences import sentence
from bot.chat.services import Services
from bot.chat.talk import Bot, Talk
from bot.chat.view import View, link
from bot.domain.errors import UserError
from bot.policy.secrets import find_secret
from bot.services.flood import Flood

log = structlog.get_logger(__name__)

_MAX_TOAST = 200
_PRIVATE_ONLY = "I talk about money in private only. Tap below and we can go on there."
_MOST_A_MINUTE = 10
"""Answers that anybody can provoke, in one group: Telegram lets a bot say 20 things there."""


@dataclass(slots=True)
class GroupRouter:
    """Groups have no dialogues: a message is a whole command, or nothing to us.

    A person is answered once a minute to each command, pointed to the private chat once a minute,
    and warned of a secret once a minute. Whatever more they write meets silence, so that nobody
    can use up what a group may be told. Administrators are always answered.
    """

    services: Services
    commands: Mapping[str, Command]
    _of_person: Flood = field(init=False)
    _of_group: Flood = field(init=False)

    def __post_init__(self) -> None:
        self._of_person = Flood(self.services.clock, 1)
        self._of_group = Flood(self.services.clock, _MOST_A_MINUTE)

    async def concerns(self, update: Update, bot: Bot) -> bool:
        """Whether `answer` has something to do. What belongs into private is pointed there."""
        message = update.message
        if update.callback_query is not None:
            return True
        if message is None or not _is_called(message, bot):
            return False
        if secret := find_secret(message.text or ""):
            await self._point(
                message,
                bot,
                f"🔐 That looked like a {secret}, and everybody here can read it. Delete it now, "
                "and move what it protects to a new one.",
                what="secret",
            )
            return False
        name, words = read_spoken(message, bot.username)
        if self._command(name) is None:
            brought = name == "start" and words  # a link has just brought the bot here
            if not brought and (self._is_known(name) or names_us(message)):
                await self._point(message, bot, _PRIVATE_ONLY)
            return False
        if message.sender_chat is not None:
            await self._point(message, bot, f"⚠️ {AnonymousError()}")
            return False
        return await self._may_answer(message, bot, name)

    async def answer(self, talk: Talk, update: Update) -> None:
        """Run a tap or a command; a refused tap shows to the one who tapped, and nobody else."""
        if update.callback_query is not None:
            try:
                await self._tap(talk, update.callback_query.data or "")
            except UserError as refusal:
                talk.toast = sentence(refusal)[:_MAX_TOAST]
        elif update.message is not None:
            await self._run(talk, update.message)

    async def _tap(self, talk: Talk, data: str) -> None:
        name, action, argument = (*data.split(":", 2), "", "")[:3]
        command = self.commands.get(name)
        handler = command.group_taps.get(action) if command else None
        if handler is None or talk.tapped is None:
            raise UserError("That button no longer works here. Nothing was changed.")
        await require_admin(talk)
        self._require_terms(talk)
        await handler(talk, argument)

    async def _run(self, talk: Talk, message: Message) -> None:
        name, words = read_spoken(message, talk.bot.username)
        if (handler := self._command(name)) is None:
            return
        await self._note_names(message)
        if not is_command(message) and not await is_admin(talk):
            await self._point(message, talk.bot, FOR_ADMINS)
            return
        try:
            self._require_terms(talk)
        except TermsNotAcceptedError as refusal:
            await _point(message, talk.bot, f"⚠️ {refusal}")
            return
        await handler(talk, words)

    async def _note_names(self, message: Message) -> None:
        """What the group is called, and its topic: messages there answer the one that made it."""
        chats, chat_id = self.services.lose_chat, message.chat_id
        await chats.note_title(chat_id, message.chat.title or "")
        first = message.reply_to_message
        made = first.forum_topic_created if first else None
        if made and message.is_topic_message and message.message_thread_id:
            await chats.note_topic(chat_id, message.message_thread_id, made.name)

    async def _point(self, message: Message, bot: Bot, text: str, *, what: str = "point") -> None:
        if await self._may_answer(message, bot, what):
            await _point(message, bot, text)

    async def _may_answer(self, message: Message, bot: Bot, what: str) -> bool:
        """Whether an answer that anybody can provoke is due now."""
        who, chat_id = message.sender_chat or message.from_user, message.chat_id
        if who is None:
            return False
        if not self._of_person.wait_s(who.id, chat_id, what) and not self._of_group.wait_s(chat_id):
            return True
        if message.sender_chat is not None:
            return who.id == chat_id  # an administrator who remains anonymous
        try:
            return await administrates(bot, chat_id, who.id)
        except TelegramError:
            return False

    def _command(self, name: str) -> Handler | None:
        command = self.commands.get(name)
        return command.group if command else None

    def _is_known(self, name: str) -> bool:
        """Whether it is a command of ours, if only in private; others are for other bots."""
        command = self.commands.get(name)
        return command is not None and command.run is not None and not command.admins_only

    def _require_terms(self, talk: Talk) -> None:
        if talk.user.accepted_terms != self.services.facts.terms_version:
            raise TermsNotAcceptedError


class TermsNotAcceptedError(UserError):
    """Groups are no place to read terms."""

    def __init__(self) -> None:
        super().__init__("Please open our private chat and accept my terms first, then try again.")


def _is_called(message: Message, bot: Bot) -> bool:
    """Whether a message is for us: a command that names no other bot, or our name.

    What is passed on, from a channel or by a person, was said to somebody else.
    """
    if message.text is None or message.is_automatic_forward or message.forward_origin is not None:
        return False
    text = message.text
    if text.startswith("/"):
        _, at, named = text.split(maxsplit=1)[0].partition("@")
        return not at or named.lower() == bot.username.lower()
    return is_named(text, bot.username)


async def _point(message: Message, bot: Bot, text: str) -> None:
    """Say something about money nowhere but in private: the way there."""
    view = View(text, ((link("Open our private chat", start_link(bot.username)),),))
    try:
        await bot.send_message(
            message.chat_id,
            view.text,
            reply_markup=view.markup,
            message_thread_id=message.message_thread_id if message.is_topic_message else None,
        )
    except TelegramError as error:
        log.info("group_answer_failed", failure=type(error).__name__)
