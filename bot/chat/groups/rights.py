"""Who may do what in a group: rights are the person's, and asked of Telegram at every action."""

from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, Forbidden

from bot.chat.talk import Talk
from bot.domain.errors import UserError

_ADMINS = frozenset({ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR})
_ANONYMOUS = (
    "You write in the name of a group or channel, so I cannot see who you are and what you may "
    "do. Please post as yourself: turn off “Remain anonymous” in your admin rights."
)


class NotAdminError(UserError):
    """A member of a group wants what its administrators decide."""

    def __init__(self) -> None:
        super().__init__("Only administrators of this group can do that. Nothing was changed.")


class AnonymousError(UserError):
    """Somebody writes as a group or channel."""

    def __init__(self) -> None:
        super().__init__(_ANONYMOUS)


async def is_admin(talk: Talk) -> bool:
    """Whether the person administrates this group now.

    Where members are hidden, Telegram tells a bot without rights of its own who administrates,
    but not who is a member.
    """
    user_id = int(talk.user.id)
    try:
        member = await talk.bot.get_chat_member(talk.chat_id, user_id)
    except BadRequest:
        return user_id in await _listed(talk)
    except Forbidden:
        return False
    return member.status in _ADMINS


async def _listed(talk: Talk) -> frozenset[int]:
    try:
        admins = await talk.bot.get_chat_administrators(talk.chat_id)
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
