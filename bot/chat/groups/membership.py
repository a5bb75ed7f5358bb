"""Where the bot is let in, and where it is shown the door."""

from dataclasses import dataclass, replace

import structlog
from telegram import Chat, ChatMember, ChatMemberRestricted, ChatMemberUpdated, Message
from telegram.constants import ChatAction, ChatMemberStatus
from telegram.error import ChatMigrated, TelegramError

from bot.chat.deep_links import start_link
from bot.chat.services import Services
from bot.chat.talk import Bot
from bot.chat.view import View, link

log = structlog.get_logger(__name__)

_INSIDE = frozenset(
    {ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.MEMBER}
)
_GREETING = View(
    "👋 I am Sei Trader. An administrator can let me tell this group, or one topic of it:\n\n"
    "⏰ /alert SEI above 0.25 – when something happens to a price\n"
    "🔔 /subscribe – a daily market summary, and the signals of public agents\n"
    "📋 /alerts – what is set up here\n\n"
    "Write it where it shall be told. I talk about money in private only."
)
_BACK = View(
    "👋 Welcome back. Whatever was set up here ended when I was removed or could not write, and an "
    "administrator has to set it again:\n\n"
    "⏰ /alert SEI above 0.25 – when something happens to a price\n"
    "🔔 /subscribe – a daily market summary, and the signals of public agents\n\n"
    "Write it where it shall be told."
)


@dataclass(frozen=True, slots=True)
class Membership:
    """Every change of the bot's own standing, and groups that became supergroups."""

    services: Services

    async def changed(self, change: ChatMemberUpdated, bot: Bot) -> None:
        """The bot was added, promoted, restricted, kicked; or blocked or let back by a person."""
        chat, before, now = change.chat, change.old_chat_member, change.new_chat_member
        if chat.type == Chat.CHANNEL:
            return
        if chat.type == Chat.PRIVATE:
            await self._private(chat.id, now, bot)
        elif not _is_inside(now):
            await self._left(chat, bot)
        elif not _may_write(now):
            await self.services.lose_chat.lose(chat.id, None, "no_rights")
        else:
            known = await self.services.lose_chat.regain(chat.id, chat.title or "")
            if known is not None and known.lost:
                await _say(bot, chat.id, _with_link(_BACK, bot))
            elif known is None and not _is_inside(before):
                await _say(bot, chat.id, _with_link(_GREETING, bot))

    async def noted(self, message: Message) -> bool:
        """Whether a message says something of its group itself: a new id, the name of a topic."""
        chats, thread_id = self.services.lose_chat, message.message_thread_id
        if new := message.migrate_to_chat_id:
            await chats.move(message.chat_id, new)
        elif old := message.migrate_from_chat_id:
            await chats.move(old, message.chat_id)
        elif (named := message.forum_topic_created or message.forum_topic_edited) and thread_id:
            if named.name and message.chat.type == Chat.SUPERGROUP:
                renamed = message.forum_topic_edited is not None
                await chats.note_topic(message.chat_id, thread_id, named.name, renamed=renamed)
        else:
            return False
        return True

    async def _private(self, chat_id: int, now: ChatMember, bot: Bot) -> None:
        if not _is_inside(now):
            await self.services.lose_chat.lose(chat_id, None, "blocked")
            return
        known = await self.services.lose_chat.regain(chat_id, "")
        if known is None or not known.lost:
            return
        await _say(
            bot,
            chat_id,
            View(
                "👋 Welcome back. Alerts and signals you had in this chat ended when you blocked "
                "me; /alert and /subscribe set up new ones."
            ),
        )

    async def _left(self, chat: Chat, bot: Bot) -> None:
        """Out of a group; unless that is how Telegram ends a group that became a supergroup."""
        if chat.type == Chat.GROUP and (new := await _successor(bot, chat.id)):
            await self.services.lose_chat.move(chat.id, new)
        else:
            await self.services.lose_chat.lose(chat.id, None, "kicked")


def _with_link(view: View, bot: Bot) -> View:
    return replace(view, rows=((link("Open our private chat", start_link(bot.username)),),))


def _is_inside(member: ChatMember) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status in _INSIDE


def _may_write(member: ChatMember) -> bool:
    return not isinstance(member, ChatMemberRestricted) or member.can_send_messages


async def _successor(bot: Bot, chat_id: int) -> int | None:
    try:
        await bot.send_chat_action(chat_id, ChatAction.TYPING)
    except ChatMigrated as moved:
        return moved.new_chat_id
    except TelegramError:
        return None
    return None


async def _say(bot: Bot, chat_id: int, view: View) -> None:
    try:
        await bot.send_message(chat_id, view.text, parse_mode="HTML", reply_markup=view.markup)
    except TelegramError as error:
        log.info("greeting_failed", failure=type(error).__name__)
