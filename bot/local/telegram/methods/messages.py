"""Sending, editing and deleting text; drafts; answers to presses."""

from bot.local.telegram.contents import formatted, read_markup, read_text
from bot.local.telegram.entities import utf16_length
from bot.local.telegram.errors import NOT_MODIFIED, QUERY_TOO_OLD, Json, bad_request
from bot.local.telegram.methods.targets import (
    Method,
    find_chat,
    own_message,
    send,
    topic,
    writable_chat,
)
from bot.local.telegram.params import Params
from bot.local.telegram.world import Chat, World

DELETE_WITHIN_S = 48 * 3600
TEXT_FIELDS = ("text", "entities", "reply_markup")
CAPTION_FIELDS = ("caption", "caption_entities", "reply_markup")
CHAT_ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


def send_message(world: World, params: Params) -> Json:
    """SendMessage."""
    return send(world, params, read_text(params))


def edit_message_text(world: World, params: Params) -> Json:
    """EditMessageText; a keyboard that is not sent again goes away."""
    chat, message = own_message(world, params, "edit")
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    return apply_edit(world, chat, message, TEXT_FIELDS, read_text(params) | read_markup(params))


def edit_message_reply_markup(world: World, params: Params) -> Json:
    """EditMessageReplyMarkup."""
    chat, message = own_message(world, params, "edit")
    return apply_edit(world, chat, message, ("reply_markup",), read_markup(params))


def apply_edit(world: World, chat: Chat, message: Json, fields: tuple[str, ...], new: Json) -> Json:
    """Replace `fields` of a message by what `new` has of them; refuses to change nothing."""
    if all(message.get(name) == new.get(name) for name in fields):
        raise bad_request(NOT_MODIFIED)
    world.limits.spend(chat.id)
    edited = {name: value for name, value in message.items() if name not in fields}
    edited |= {**new, "edit_date": world.now_s()}
    world.replace_message(chat, edited)
    return edited


def send_message_draft(world: World, params: Params) -> bool:
    """SendMessageDraft: a preview for private chats, gone with the next message."""
    chat = writable_chat(world, params)
    if not chat.is_private:
        raise bad_request("message drafts can be sent only to private chats")
    if params.integer("draft_id") == 0:
        raise bad_request("draft_id must be non-zero")
    text, entities = formatted(params, "text", "entities")
    if utf16_length(text) > 4096:
        raise bad_request("message is too long")
    world.limits.spend(chat.id, "draft")
    draft = {"draft_id": params.integer("draft_id"), "text": text, "entities": entities}
    world.changes.publish("draft", chat.id, **draft)
    return True


def send_chat_action(world: World, params: Params) -> bool:
    """SendChatAction; clients show it for five seconds."""
    chat = writable_chat(world, params)
    action = params.text("action")
    if action not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    thread = topic(chat, params.integer("message_thread_id"))
    world.changes.publish("typing", chat.id, action=action, **thread)
    return True


def answer_callback_query(world: World, params: Params) -> bool:
    """AnswerCallbackQuery, once for each press and within a minute."""
    text = params.text("text")
    if len(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    query_id = params.text("callback_query_id")
    callback = world.close_callback(query_id)
    if callback is None:
        raise bad_request(QUERY_TOO_OLD)
    world.changes.publish(
        "callback_answer",
        callback.chat_id,
        callback_query_id=query_id,
        person_id=callback.person_id,
        message_id=callback.message_id,
        text=text,
        show_alert=params.flag("show_alert"),
        url=params.text("url"),
    )
    return True


def delete_message(world: World, params: Params) -> bool:
    """DeleteMessage, of the last 48 hours."""
    chat = find_chat(world, params)
    message = chat.messages.get(params.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if not _may_delete(world, chat, message):
        raise bad_request("message can't be deleted for everyone")
    world.delete_message(chat, message["message_id"])
    return True


def delete_messages(world: World, params: Params) -> bool:
    """DeleteMessages; those that cannot be found or deleted are skipped."""
    chat = find_chat(world, params)
    ids = params.array("message_ids")
    if not 1 <= len(ids) <= 100:
        raise bad_request("wrong number of message identifiers specified")
    for message_id in ids:
        message = chat.messages.get(int(message_id))
        if message is not None and _may_delete(world, chat, message):
            world.delete_message(chat, message["message_id"])
    return True


def _may_delete(world: World, chat: Chat, message: Json) -> bool:
    own = message.get("from", {}).get("id") == world.bot.id
    allowed = own or chat.is_private or world.bot_status(chat) == "administrator"
    return allowed and world.now_s() - int(message["date"]) <= DELETE_WITHIN_S


METHODS: dict[str, Method] = {
    "sendMessage": send_message,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "sendMessageDraft": send_message_draft,
    "sendChatAction": send_chat_action,
    "answerCallbackQuery": answer_callback_query,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
}
