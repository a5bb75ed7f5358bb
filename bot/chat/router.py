"""From a Telegram update to the one handler that answers it."""

import asyncio
import secrets
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from cachetools import LRUCache
from telegram import Chat, Message, Update
from telegram import User as TelegramUser
from telegram.error import BadRequest, TelegramError

from bot.chat.command import Command, Handler
from bot.chat.errors import answer_error
from bot.chat.groups.door import GroupRouter
from bot.chat.groups.membership import Membership
from bot.chat.services import Services
from bot.chat.talk import Bot, Talk
from bot.chat.view import View
from bot.chat.waiting import answering, leaving
from bot.domain.errors import UserError
from bot.domain.people import User, UserId
from bot.ports.records import Dialogue, UserSettings
from bot.services.questions import refuse_secrets

log = structlog.get_logger(__name__)

_REFERENCE_BYTES = 4
_MAX_NAME = 64
_LONGEST_TEXT = 2_000
_REST_WITHIN = timedelta(seconds=2)
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Router:
    """Finds handlers by name; `plain` answers text that belongs to no dialogue."""

    services: Services
    commands: Mapping[str, Command]
    plain: Handler
    groups: GroupRouter = field(init=False)
    membership: Membership = field(init=False)
    _too_long: LRUCache[int, datetime] = field(default_factory=lambda: LRUCache(10_000))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.groups = GroupRouter(self.services, self.commands)
        self.membership = Membership(self.services)

    async def handle(self, update: Update, bot: Bot) -> None:
        """Answer one update; every failure ends in a sentence to the person."""
        person, chat = update.effective_user, update.effective_chat
        if update.my_chat_member is not None:
            await self.membership.changed(update.my_chat_member, bot)
            return
        if update.message is not None and await self.membership.noted(update.message):
            return
        if chat is not None and chat.type in (Chat.GROUP, Chat.SUPERGROUP):
            await self._answer_group(update, bot)
            return
        if person is None or chat is None or person.is_bot or chat.type != Chat.PRIVATE:
            return
        if chat.id != person.id:
            log.warning("forged_chat", user_id=person.id)
            return
        talk = await self._talk(update, bot, person, chat)
        structlog.contextvars.bind_contextvars(ref=talk.correlation_id)
        try:
            await self._dispatch(talk, update)
        except Exception as error:  # noqa: BLE001 - the last line of this door
            await answer_error(talk, error)
        finally:
            if talk.query_id is not None:
                self._spawn(_answer_query(bot, talk.query_id, talk.toast))

    async def stop(self) -> None:
        """End what is still being answered in the background."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _dispatch(self, talk: Talk, update: Update) -> None:
        if talk.message is not None:
            refuse_secrets(talk.message.text or talk.message.caption or "")
        if update.callback_query is not None:
            await self._tap(talk, update.callback_query.data or "")
        elif update.edited_message is not None:
            raise UserError("I do not read edited messages. Please send it as a new one.")
        elif update.message is not None:
            await self._message(talk, update.message)

    async def _tap(self, talk: Talk, data: str) -> None:
        name, _, rest = data.partition(":")
        action, _, argument = rest.partition(":")
        command = self._visible(name, talk.user)
        handler = command.taps.get(action) if command else None
        if command is None or handler is None:
            raise UserError("That button no longer works. Nothing was moved; start again at /help.")
        await self._with_terms(talk, command, leaving(handler, self.commands), argument)

    async def _message(self, talk: Talk, message: Message) -> None:
        text = self._read(talk, message)
        if text is None:
            return
        if text.startswith("/"):
            await self._command(talk, text)
            return
        if (dialogue := await self._dialogue(talk)) is not None:
            command = self._visible(dialogue.command, talk.user)
            handler = command.replies.get(dialogue.step) if command else None
            if command is not None and handler is not None:
                answer = answering(dialogue, handler, self.plain)
                await self._with_terms(talk, command, answer, text)
                return
        await self._with_terms(talk, self.commands["help"], self.plain, text)

    def _read(self, talk: Talk, message: Message) -> str | None:
        """The text to act on; None where there is nothing to say to what came."""
        if message.forward_origin is not None:
            raise UserError("I do not act on forwarded messages. Please write it yourself.")
        text = message.text
        if text is None:
            if message.effective_attachment is not None or message.sticker is not None:
                raise UserError("I read text only. Ask me in words, or see /help.")
            return None
        if self._is_rest(talk, message, text):
            return None
        if len(text) > _LONGEST_TEXT:
            raise UserError(
                f"That is {len(text):,} characters, more than I read; nothing was changed. "
                "Please say it in fewer than 1,000."
            )
        return text

    def _is_rest(self, talk: Talk, message: Message, text: str) -> bool:
        """Whether this is the rest of a message so long that Telegram cut it in parts.

        The first part was refused; the last one, being short, must not pass for an answer.
        """
        before = self._too_long.get(talk.chat_id)
        rest = before is not None and message.date - before <= _REST_WITHIN
        if len(text) > _LONGEST_TEXT:
            self._too_long[talk.chat_id] = message.date
        return rest and not text.startswith("/")

    async def _dialogue(self, talk: Talk) -> Dialogue | None:
        """The open dialogue; one that ran out within a day is closed, and that is said."""
        dialogues, now = self.services.dialogues, self.services.clock.now()
        if dialogue := await dialogues.load_dialogue(talk.chat_id, now):
            return dialogue
        if late := await dialogues.load_dialogue(talk.chat_id, now - _DAY):
            await dialogues.drop_dialogue(talk.chat_id)
            text = (
                "⌛ What I asked you has run out; nothing was changed. Start again with "
                f"/{late.command}. I take this as a question:"
            )
            await talk.say(View(text))
        return None

    async def _command(self, talk: Talk, text: str) -> None:
        name, words = (*text[1:].split(maxsplit=1), "", "")[:2]
        name = name.partition("@")[0].lower()
        command = self._visible(name, talk.user)
        if command is None or command.run is None:
            raise UserError("I do not know that command. /help lists what I can do.")
        await talk.retire_card()
        if name != "cancel":
            await self.services.dialogues.drop_dialogue(talk.chat_id)
        await self._with_terms(talk, command, command.run, words.strip())

    async def _with_terms(
        self, talk: Talk, command: Command, handler: Handler, argument: str
    ) -> None:
        accepted = talk.user.accepted_terms == self.services.facts.terms_version
        if command.needs_terms and not accepted:
            await self.services.dialogues.drop_dialogue(talk.chat_id)
            start = self.commands["start"]
            if start.run is not None:
                await start.run(talk, "")
            return
        await handler(talk, argument)

    def _visible(self, name: str, user: User) -> Command | None:
        command = self.commands.get(name)
        if command is None or (
            command.admins_only and int(user.id) not in self.services.facts.admin_ids
        ):
            return None
        return command

    async def _talk(self, update: Update, bot: Bot, person: TelegramUser, chat: Chat) -> Talk:
        query = update.callback_query
        tapped = query.message if query and isinstance(query.message, Message) else None
        return Talk(
            bot=bot,
            services=self.services,
            user=await self._user(person),
            chat_id=chat.id,
            correlation_id=secrets.token_hex(_REFERENCE_BYTES),
            message=update.effective_message if query is None else None,
            tapped=tapped,
            query_id=query.id if query else None,
            spawn=self._spawn,
        )

    async def _user(self, person: TelegramUser) -> User:
        name = "".join(c for c in person.full_name if c.isprintable())[:_MAX_NAME] or "friend"
        user = await self.services.people.load_user(UserId(person.id))
        if user is not None and (user.name, user.username) == (name, person.username):
            return user
        limits = self.services.limits
        defaults = UserSettings(
            limits.default_slippage, limits.trade_cap_usd, limits.day_cap_usd, "English"
        )
        return await self.services.people.save_user(
            UserId(person.id), name, person.username, defaults
        )

    async def _answer_group(self, update: Update, bot: Bot) -> None:
        if not await self.groups.concerns(update, bot):
            return
        talk = await self._group_talk(update, bot)
        try:
            await self.groups.answer(talk, update)
        except Exception as error:  # noqa: BLE001 - the last line of this door
            await answer_error(talk, error)
        finally:
            if talk.query_id is not None:
                self._spawn(_answer_query(bot, talk.query_id, talk.toast))

    async def _group_talk(self, update: Update, bot: Bot) -> Talk:
        person, chat = update.effective_user, update.effective_chat
        if person is None or chat is None:
            raise ValueError("an update of a group without a person")
        talk = await self._talk(update, bot, person, chat)
        about = talk.tapped or talk.message
        if about is not None and about.is_topic_message:
            talk.thread_id = about.message_thread_id
        structlog.contextvars.bind_contextvars(ref=talk.correlation_id)
        return talk

    def _spawn(self, job: Awaitable[None]) -> None:
        task = asyncio.ensure_future(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _answer_query(bot: Bot, query_id: str, toast: str | None) -> None:
    """Stop the button's spinner; a query too old to answer is no loss."""
    try:
        await bot.answer_callback_query(query_id, toast)
    except BadRequest:
        return
    except TelegramError as error:
        log.info("query_not_answered", failure=type(error).__name__)
