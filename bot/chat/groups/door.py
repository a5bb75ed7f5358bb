"""What is said to the bot in groups: a few commands, and the taps of administrators."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from telegram import Message, Update
from telegram.error import TelegramError

from bot.chat.command import Command, Handler
from bot.chat.deep_links import start_link
from bot.chat.groups.rights import AnonymousError, require_admin
from bot.chat.sentences import sentence
from bot.chat.services import Services
from bot.chat.talk import Bot, Talk
from bot.chat.view import View, link
from bot.domain.errors import UserError
from bot.policy.secrets import find_secret

log = structlog.get_logger(__name__)

_MAX_TOAST = 200
_LONGEST_TEXT = 500
_PRIVATE_ONLY = "I talk about money in private only. Tap below and we can go on there."


@dataclass(frozen=True, slots=True)
class GroupRouter:
    """Groups have no dialogues: a message is a whole command, or nothing to us."""

    services: Services
    commands: Mapping[str, Command]

    async def concerns(self, update: Update, bot: Bot) -> bool:
        """Whether `answer` has something to do. What belongs into private is pointed there."""
        message = update.message
        if update.callback_query is not None:
            return True
        if message is None or not _is_called(message, bot):
            return False
        if secret := find_secret(message.text or ""):
            await _point(
                message,
                bot,
                f"🔐 That looked like a {secret}, and everybody here can read it. Delete it now, "
                "and move what it protects to a new one.",
            )
            return False
        name, words = _words(message)
        if self._command(name) is None:
            if name != "start" or not words:  # else a link has just brought the bot here
                await _point(message, bot, _PRIVATE_ONLY)
            return False
        if message.sender_chat is not None:
            await _point(message, bot, f"⚠️ {AnonymousError()}")
            return False
        return True

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
        name, words = _words(message)
        if (handler := self._command(name)) is None:
            return
        await self.services.lose_chat.note_title(talk.chat_id, message.chat.title or "")
        try:
            self._require_terms(talk)
        except TermsNotAcceptedError as refusal:
            await _point(message, talk.bot, f"⚠️ {refusal}")
            return
        await handler(talk, words[:_LONGEST_TEXT])

    def _command(self, name: str) -> Handler | None:
        command = self.commands.get(name)
        return command.group if command else None

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
    text, own = message.text, f"@{bot.username}".lower()
    if text.startswith("/"):
        _, at, named = text.split(maxsplit=1)[0].lower().partition("@")
        return not at or f"@{named}" == own
    return own in text.lower()


def _words(message: Message) -> tuple[str, str]:
    """The command of a message, "" if it has none, and what follows it."""
    text = message.text or ""
    called, words = (*text.split(maxsplit=1), "")[:2]
    if not called.startswith("/"):
        return "", text
    return called.removeprefix("/").partition("@")[0].lower(), words.strip()


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
