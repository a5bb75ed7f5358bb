"""Who may do what in a group: rights are the person's, and asked of Telegram at every action."""

from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, Forbidden

from bot.chat.talk import Bot, Talk
from bot.domain.errors import UserError

_ADMINS = frozenset({ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR})
_ANONYMOUS = (
    "You write in the name of a group or channel, so I cannot see who you are and what you may "
    "do. Please post as yourself: turn off “Remain anonymous” in your admin rights."
)


FOR_ADMINS = (
    "Only administrators of this group can set alerts here. You can set one for yourself: send "
    "/alert in our private chat."
)


class NotAdminError(UserError):
    """A member of a group wants what its administrators decide."""

    def __init__(
        self, words: str = "Only administrators of this group can do that. Nothing was changed."
    ) -> None:
        super().__init__(words)


class AnonymousError(UserError):
    """Somebody writes as a group or channel."""

    def __init__(self) -> None:
        super().__init__(_ANONYMOUS)


async def is_admin(talk: Talk) -> bool:
    """Whether the person administrates this group now."""
    return await administrates(talk.bot, talk.chat_id, int(talk.user.id))


async def administrates(bot: Bot, chat_id: int, user_id: int) -> bool:
    """Whether a person administrates a group now.

    Where members are hidden, Telegram tells a bot without rights of its own who administrates,
    but not who is a member.
    """
    try:
        member = await bot.get_chat_member(chat_id, user_id)
    except BadRequest:
        return user_id in await _listed(bot, chat_id)
    except Forbidden:
        return False
    return member.status in _ADMINS


async def _listed(bot: Bot, chat_id: int) -> frozenset[int]:
    try:
        admins = await bot.get_chat_administrators(chat_id)
    except (BadRequest, Forbidden):
        return frozenset()
    return frozenset(admin.user.id for admin in admins)


async def require_admin(talk: Talk) -> None:
    """Refuse whoever does not administrate this group.

    Raises:
        NotAdminError: they do not.
        TelegramError: it cannot be asked now.
    """
    if not await is_admin(talk):
        raise NotAdminError
