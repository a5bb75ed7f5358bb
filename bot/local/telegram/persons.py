"""What persons do: write, press, edit, forward, block. Each tells the bot by an update."""

from bot.local.telegram.contents import keep_upload, media_json
from bot.local.telegram.entities import trim, with_found
from bot.local.telegram.errors import Json
from bot.local.telegram.members import GONE, member_json
from bot.local.telegram.methods.targets import reply_fields
from bot.local.telegram.params import Upload
from bot.local.telegram.world import CHANNEL, Chat, Person, World

TEXT_LIMIT = 4096
_SERVICE = frozenset(
    {
        "new_chat_members",
        "forum_topic_created",
        "migrate_to_chat_id",
        "migrate_from_chat_id",
    }
)


class NotPossible(Exception):  # noqa: N818 (it is a refusal to a person, not a fault)
    """Something Telegram's clients do not let a person do; the text says why."""


class Persons:
    """The hands of all persons."""

    def __init__(self, world: World) -> None:
        self._world = world

    def send(
        self,
        person_id: int,
        text: str,
        chat_id: int | None = None,
        thread_id: int | None = None,
        reply_to: int | None = None,
    ) -> Json:
        """Write a message (longer ones are split, as clients do) and return the last part."""
        person, chat = self._place(person_id, chat_id)
        text, _ = trim(text, [])
        if not text:
            raise NotPossible("there is nothing to send")
        message: Json = {}
        for start in range(0, len(text), TEXT_LIMIT):
            part = text[start : start + TEXT_LIMIT]
            content = {"text": part, **self._framing(chat, thread_id, reply_to)}
            if entities := with_found(part, []):
                content["entities"] = entities
            message = self._post(person, chat, content)
        return message

    def send_sticker(
        self,
        person_id: int,
        emoji: str = "🚀",
        chat_id: int | None = None,
        thread_id: int | None = None,
    ) -> Json:
        """Send a sticker; its file is not kept, only its emoji."""
        person, chat = self._place(person_id, chat_id)
        sticker = {
            "file_id": "sticker",
            "file_unique_id": "sticker",
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": emoji,
        }
        return self._post(person, chat, {"sticker": sticker, **self._framing(chat, thread_id)})

    def send_file(
        self,
        person_id: int,
        name: str,
        content: bytes,
        chat_id: int | None = None,
        thread_id: int | None = None,
    ) -> Json:
        """Send a document, or a photo when the name says it is a picture."""
        person, chat = self._place(person_id, chat_id)
        is_photo = name.lower().endswith((".png", ".jpg", ".jpeg"))
        kind = "photo" if is_photo else "document"
        upload = Upload(name, "application/octet-stream", content)
        media = media_json(keep_upload(self._world, upload, kind), kind)
        return self._post(person, chat, {**media, **self._framing(chat, thread_id)})

    def forward(
        self,
        person_id: int,
        message_id: int,
        chat_id: int | None = None,
        thread_id: int | None = None,
    ) -> Json:
        """Forward a message the person can see, by default to the bot."""
        person, chat = self._place(person_id, chat_id)
        _, original = self._visible(person_id, message_id)
        origin: Json = {"type": "user", "date": original["date"]}
        origin["sender_user"] = original.get("from", self._world.bot.as_user())
        kept = ("text", "entities", "photo", "document", "sticker", "caption", "caption_entities")
        content = {name: original[name] for name in kept if name in original}
        content |= {"forward_origin": origin, **self._framing(chat, thread_id)}
        return self._post(person, chat, content)

    def edit(self, person_id: int, message_id: int, text: str) -> Json:
        """Change the text of one's own message."""
        chat, message = self._visible(person_id, message_id)
        if message.get("from", {}).get("id") != person_id or "text" not in message:
            raise NotPossible("only one's own text can be edited")
        text, _ = trim(text, [])
        if not text or text == message["text"]:
            raise NotPossible("the text is empty or unchanged")
        edited = {name: value for name, value in message.items() if name != "entities"}
        edited |= {"text": text[:TEXT_LIMIT], "edit_date": self._world.now_s()}
        if entities := with_found(edited["text"], []):
            edited["entities"] = entities
        self._world.replace_message(chat, edited)
        self.tell(chat, "edited_message", edited)
        return edited

    def delete(self, person_id: int, message_id: int) -> None:
        """Delete a message in the private chat, or one's own elsewhere; bots are not told."""
        chat, message = self._visible(person_id, message_id)
        if not chat.is_private and message.get("from", {}).get("id") != person_id:
            raise NotPossible("only one's own messages can be deleted here")
        self._world.delete_message(chat, message_id)

    def press(self, person_id: int, message_id: int, text_or_data: str) -> str | None:
        """Press a button by its text or its data; the callback's id, None for other buttons."""
        _, message = self._visible(person_id, message_id)
        button = _find_button(message, text_or_data)
        if "callback_data" not in button:
            return None
        return self.press_data(person_id, message_id, button["callback_data"])

    def press_data(self, person_id: int, message_id: int, data: str) -> str:
        """Send a press with any data and on any message, as a forged client can."""
        _, message = self._world.find_message(message_id)
        query_id = self._world.open_callback(person_id, message)
        query = {
            "id": query_id,
            "from": self._world.persons[person_id].as_user(),
            "message": message,
            "chat_instance": str(abs(message["chat"]["id"]) + 7_000_000),
            "data": data,
        }
        self._world.updates.put("callback_query", query)
        return query_id

    def set_blocked(self, person_id: int, *, blocked: bool) -> None:
        """Block or unblock the bot; it gets a my_chat_member update."""
        person = self._world.persons[person_id]
        if person.blocked == blocked:
            return
        person.blocked = blocked
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        self._member_update(person, self._world.chats[person_id], before, after)
        self._world.changes.publish("person", person_id, person_id=person_id, blocked=blocked)

    def set_bot_status(self, person_id: int, chat_id: int, status: str) -> None:
        """Let a person make the bot administrator, member, restricted, kicked or left."""
        person, chat = self._world.persons[person_id], self._world.chats[chat_id]
        before = self._world.bot_status(chat)
        chat.members[self._world.bot.id] = status
        self._member_update(person, chat, before, status)
        self._world.changes.publish("members", chat_id)
        bot = self._world.bot.as_user()
        if (before in GONE) and status not in GONE:
            self._post(person, chat, {"new_chat_members": [bot]})
        elif before not in GONE and status in GONE:
            self._post(person, chat, {"left_chat_member": bot})

    def post_in_channel(self, text: str) -> Json:
        """A post of the channel "Sei News", whose administrator the bot is."""
        channel = self._world.chats[CHANNEL]
        content: Json = {"text": text, "entities": with_found(text, [])}
        message = self._world.new_message(channel, None, content)
        self._world.updates.put("channel_post", message)
        return message

    def _member_update(self, person: Person, chat: Chat, before: str, after: str) -> None:
        update = {
            "chat": chat.as_json(),
            "from": person.as_user(),
            "date": self._world.now_s(),
            "old_chat_member": member_json(self._world, self._world.bot.id, before),
            "new_chat_member": member_json(self._world, self._world.bot.id, after),
        }
        self._world.updates.put("my_chat_member", update)

    def _place(self, person_id: int, chat_id: int | None) -> tuple[Person, Chat]:
        """The person and the chat they write in; their chat with the bot by default."""
        person = self._world.persons.get(person_id)
        chat = self._world.chats.get(chat_id or person_id)
        if person is None or chat is None:
            raise NotPossible("no such person or chat")
        if chat.is_private and chat.person is not person:
            raise NotPossible("this is somebody else's chat")
        if chat.kind == "channel":
            raise NotPossible("the channel has posts, not messages")
        if chat.moved_to:
            raise NotPossible("this group has become a supergroup")
        if chat.is_private and person.blocked:
            raise NotPossible("the bot is blocked: unblock it first")
        return person, chat

    def _framing(self, chat: Chat, thread_id: int | None, reply_to: int | None = None) -> Json:
        """The topic and the reply of a new message."""
        fields: Json = {}
        if thread_id:
            if thread_id not in chat.topics:
                raise NotPossible("no such topic")
            fields = {"message_thread_id": thread_id, "is_topic_message": True}
        if reply_to and reply_to in chat.messages:
            fields |= reply_fields(chat.messages[reply_to])
        return fields

    def _visible(self, person_id: int, message_id: int) -> tuple[Chat, Json]:
        try:
            chat, message = self._world.find_message(message_id)
        except LookupError as error:
            raise NotPossible(str(error)) from None
        if chat.is_private and chat.id != person_id:
            raise NotPossible("this is somebody else's chat")
        return chat, message

    def _post(self, person: Person, chat: Chat, content: Json) -> Json:
        if chat.is_private and not person.started:
            person.started = True
            self._world.changes.publish("person", person.id, person_id=person.id, started=True)
        message = self._world.new_message(chat, person.as_user(), content)
        self.tell(chat, "message", message)
        return message

    def tell(self, chat: Chat, kind: str, message: Json) -> None:
        """Queue the update, unless the bot is not there or may not read this."""
        if chat.is_private or self._bot_reads(chat, message):
            self._world.updates.put(kind, message)

    def _bot_reads(self, chat: Chat, message: Json) -> bool:
        """Telegram's group privacy: commands, mentions and replies only, except for admins."""
        status = self._world.bot_status(chat)
        if status in GONE:
            return False
        if status == "administrator" or not self._world.group_privacy or _is_service(message):
            return True
        text = message.get("text", "")
        own = f"@{self._world.bot.username}".lower()
        if text.startswith("/"):
            command = text.split()[0].lower()
            return "@" not in command or command.endswith(own)
        replied = message.get("reply_to_message", {}).get("from", {}).get("id")
        return replied == self._world.bot.id or own in text.lower()


def _is_service(message: Json) -> bool:
    """What a group says of itself; bots read that whatever their privacy."""
    return not _SERVICE.isdisjoint(message)


def _find_button(message: Json, text_or_data: str) -> Json:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    buttons: list[Json] = [button for row in rows for button in row]
    for key in ("callback_data", "text"):
        for button in buttons:
            if button.get(key) == text_or_data:
                return button
    there = ", ".join(repr(button["text"]) for button in buttons) or "none"
    raise NotPossible(f"no button {text_or_data!r} on this message; there are: {there}")
