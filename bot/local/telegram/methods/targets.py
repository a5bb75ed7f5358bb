"""Whom a call is addressed to: chats, topics, messages, and whether the bot may speak there."""

from collections.abc import Callable

from bot.local.telegram.contents import read_markup
from bot.local.telegram.errors import (
    CHAT_NOT_FOUND,
    THREAD_NOT_FOUND,
    TOPIC_CLOSED,
    Answer,
    Json,
    bad_request,
    forbidden,
    upgraded,
)
from bot.local.telegram.params import Params
from bot.local.telegram.world import Chat, World

Method = Callable[[World, Params], Answer]


def find_chat(world: World, params: Params) -> Chat:
    """The chat of `chat_id`, whether or not the bot may write there."""
    if not params.given("chat_id"):
        raise bad_request("chat_id is empty")
    raw = params.text("chat_id")
    chat = world.chats.get(int(raw)) if raw.removeprefix("-").isdecimal() else None
    if chat is None:
        raise bad_request(CHAT_NOT_FOUND)
    if chat.moved_to:
        raise upgraded(chat.moved_to)
    return chat


def writable_chat(world: World, params: Params) -> Chat:
    """The chat of `chat_id`; raises 403 where the bot is not wanted."""
    chat = find_chat(world, params)
    if chat.person is not None:
        if chat.person.blocked:
            raise forbidden("bot was blocked by the user")
        if not chat.person.started:
            raise forbidden("bot can't initiate conversation with a user")
    elif world.bot_status(chat) == "kicked":
        raise forbidden(f"bot was kicked from the {chat.kind} chat")
    elif world.bot_status(chat) == "left":
        raise forbidden(f"bot is not a member of the {chat.kind} chat")
    elif world.bot_status(chat) == "restricted":
        raise bad_request("not enough rights to send text messages to the chat")
    return chat


def send(world: World, params: Params, content: Json) -> Json:
    """Post content as the bot, in the topic and as the reply that was asked for."""
    chat = writable_chat(world, params)
    extra: Json = topic(chat, params.integer("message_thread_id"))
    if params.integer("message_thread_id") in chat.closed:
        _unless_manager(world, chat)
    extra |= _reply(chat, params)
    extra |= read_markup(params)
    if params.flag("protect_content"):
        extra["has_protected_content"] = True
    world.limits.spend(chat.id)
    sender = None if chat.kind == "channel" else world.bot.as_user()
    return world.new_message(chat, sender, {**content, **extra})


def topic(chat: Chat, thread_id: int) -> Json:
    """The fields that put a message into a topic; General has none."""
    if not thread_id:
        return {}
    if thread_id not in chat.topics:
        raise bad_request(THREAD_NOT_FOUND)
    return {"message_thread_id": thread_id, "is_topic_message": True}


def _unless_manager(world: World, chat: Chat) -> None:
    if world.bot_status(chat) != "administrator":
        raise bad_request(TOPIC_CLOSED)


def _reply(chat: Chat, params: Params) -> Json:
    reply = params.document("reply_parameters")
    message_id = int(reply.get("message_id") or params.integer("reply_to_message_id"))
    if not message_id:
        return {}
    original = chat.messages.get(message_id)
    if original is None:
        lenient = reply.get("allow_sending_without_reply")
        if lenient or params.flag("allow_sending_without_reply"):
            return {}
        raise bad_request("message to be replied not found")
    return reply_fields(original)


def reply_fields(original: Json) -> Json:
    """The fields of a reply; the original comes without what it replied to itself."""
    fields: Json = {
        "reply_to_message": {k: v for k, v in original.items() if k != "reply_to_message"}
    }
    if "message_thread_id" in original:
        fields |= {
            "message_thread_id": original["message_thread_id"],
            "is_topic_message": True,
        }
    return fields


def own_message(world: World, params: Params, action: str) -> tuple[Chat, Json]:
    """The bot's message that is to be edited."""
    chat = writable_chat(world, params)
    message = chat.messages.get(params.integer("message_id"))
    if message is None:
        raise bad_request(f"message to {action} not found")
    if message.get("from", {}).get("id", world.bot.id) != world.bot.id:
        raise bad_request("message can't be edited")
    return chat, message
