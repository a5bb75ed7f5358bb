"""Chats and their members."""

from bot.local.telegram.errors import Json, bad_request
from bot.local.telegram.members import member_json, status_of
from bot.local.telegram.methods.targets import Method, find_chat, writable_chat
from bot.local.telegram.params import Params
from bot.local.telegram.world import Chat, World


def get_chat(world: World, params: Params) -> Json:
    """GetChat."""
    chat = _seen_chat(world, params)
    full = {
        **chat.as_json(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }
    if chat.pinned:
        full["pinned_message"] = chat.messages[chat.pinned[-1]]
    return full


def _seen_chat(world: World, params: Params) -> Chat:
    """A person who never wrote to the bot does not exist for it."""
    chat = find_chat(world, params)
    if chat.person is not None and not chat.person.started:
        raise bad_request("chat not found")
    return chat


def get_chat_member(world: World, params: Params) -> Json:
    """GetChatMember."""
    chat = _seen_chat(world, params)
    user_id = params.integer("user_id")
    known = user_id == world.bot.id or user_id in world.persons
    if not known or (chat.person is not None and user_id not in (chat.id, world.bot.id)):
        raise bad_request("member not found")
    return member_json(world, user_id, status_of(chat, user_id))


def get_chat_administrators(world: World, params: Params) -> list[Json]:
    """GetChatAdministrators."""
    chat = _seen_chat(world, params)
    if chat.is_private:
        raise bad_request("there are no administrators in the private chat")
    return [
        member_json(world, user_id, status)
        for user_id, status in chat.members.items()
        if status in ("creator", "administrator")
    ]


def get_chat_member_count(world: World, params: Params) -> int:
    """GetChatMemberCount."""
    chat = _seen_chat(world, params)
    if chat.is_private:
        return 2
    return sum(status not in ("left", "kicked") for status in chat.members.values())


def leave_chat(world: World, params: Params) -> bool:
    """LeaveChat."""
    chat = writable_chat(world, params)
    if chat.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    chat.members[world.bot.id] = "left"
    world.changes.publish("members", chat.id)
    return True


def pin_chat_message(world: World, params: Params) -> bool:
    """PinChatMessage; in groups the bot must be an administrator."""
    chat = _pinning_chat(world, params)
    message_id = params.integer("message_id")
    if message_id not in chat.messages:
        raise bad_request("message to pin not found")
    if message_id in chat.pinned:
        chat.pinned.remove(message_id)
    chat.pinned.append(message_id)
    world.changes.publish("pinned", chat.id, message_id=message_id)
    return True


def unpin_chat_message(world: World, params: Params) -> bool:
    """UnpinChatMessage; the latest one when no message is named."""
    chat = _pinning_chat(world, params)
    message_id = params.integer("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(message_id)
    world.changes.publish("pinned", chat.id, message_id=chat.pinned[-1] if chat.pinned else 0)
    return True


def _pinning_chat(world: World, params: Params) -> Chat:
    chat = writable_chat(world, params)
    if not chat.is_private and world.bot_status(chat) != "administrator":
        raise bad_request("not enough rights to manage pinned messages in the chat")
    return chat


METHODS: dict[str, Method] = {
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "getChatMemberCount": get_chat_member_count,
    "leaveChat": leave_chat,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
}
