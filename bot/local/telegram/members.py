"""Members of chats, as the Bot API shows them."""

from bot.local.telegram.errors import Json
from bot.local.telegram.world import Chat, World

ADMINS = frozenset({"creator", "administrator"})
GONE = frozenset({"left", "kicked"})

_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
_RESTRICTIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
    "can_edit_tag",
    "can_react_to_messages",
)
_MORE: dict[str, Json] = {
    "creator": {"is_anonymous": False},
    "administrator": {
        "can_be_edited": False,
        "is_anonymous": False,
        **dict.fromkeys(_RIGHTS, True),
    },
    "restricted": {"is_member": True, "until_date": 0, **dict.fromkeys(_RESTRICTIONS, False)},
    "kicked": {"until_date": 0},
}


def member_json(world: World, user_id: int, status: str) -> Json:
    """The Bot API's ChatMember of a known person or the bot."""
    user = world.bot.as_user() if user_id == world.bot.id else world.persons[user_id].as_user()
    return {"user": user, "status": status, **_MORE.get(status, {})}


def status_of(chat: Chat, user_id: int) -> str:
    """A user's membership."""
    return "member" if chat.is_private else chat.members.get(user_id, "left")
