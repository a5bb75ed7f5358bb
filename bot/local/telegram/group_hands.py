"""What persons do with groups: found them, let the bot in and out, keep topics, upgrade them."""

from bot.local.telegram.entities import trim, with_found
from bot.local.telegram.errors import Json
from bot.local.telegram.members import ADMINS, GONE, status_of
from bot.local.telegram.persons import NotPossible, Persons
from bot.local.telegram.world import Chat, Person, World

TITLE_LIMIT = 128
ANONYMOUS: Json = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
_FIRST_GROUP = -4_000_000_001
_FIRST_SUPERGROUP = -1_001_000_000_101
_COLOR = 7322096


class GroupHands:
    """The hands of persons in groups; Telegram's clients show most of it to administrators only."""

    def __init__(self, world: World, persons: Persons) -> None:
        self._world = world
        self._persons = persons

    def create_group(self, person_id: int, title: str) -> Json:
        """Found a plain group with everybody in it but the bot; its chat."""
        title = _title(title)
        members = dict.fromkeys(self._world.persons, "member") | {person_id: "creator"}
        chat = Chat(self._free_id(_FIRST_GROUP), "group", title, members=members)
        self._world.chats[chat.id] = chat
        self._world.changes.publish("members", chat.id)
        content = {"group_chat_created": True}
        self._world.new_message(chat, self._person(person_id).as_user(), content)
        return chat.as_json()

    def set_bot(self, person_id: int, chat_id: int, status: str) -> bool:
        """Add or remove the bot, make it administrator or take that back, let it write or not."""
        chat = self._group(chat_id)
        adds = status == "member" and self._world.bot_status(chat) in GONE
        self._require(chat, person_id, anybody=adds)
        if self._world.bot_status(chat) == status:
            raise NotPossible("that is so already")
        self._persons.set_bot_status(person_id, chat_id, status)
        return True

    def add_by_link(self, person_id: int, chat_id: int, payload: str) -> Json:
        """Add the bot by a `startgroup` link: it comes in and reads `/start@bot payload`."""
        self.set_bot(person_id, chat_id, "member")
        text = f"/start@{self._world.bot.username} {payload}".strip()
        return self._persons.send(person_id, text, chat_id)

    def set_member(self, person_id: int, chat_id: int, member_id: int, status: str) -> bool:
        """Make somebody administrator or member, or remove them; the bot is not told."""
        chat = self._group(chat_id)
        self._require(chat, person_id)
        self._person(member_id)
        if chat.members.get(member_id) == "creator":
            raise NotPossible("the founder stays")
        chat.members[member_id] = status
        self._world.changes.publish("members", chat_id)
        return True

    def create_topic(self, person_id: int, chat_id: int, title: str) -> Json:
        """Open a topic; the message that says so carries its id."""
        chat = self._group(chat_id)
        self._require(chat, person_id)
        if chat.kind != "supergroup":
            raise NotPossible("only supergroups have topics: upgrade the group first")
        title = _title(title)
        thread_id = self._world.last_message_id + 1
        chat.topics[thread_id] = title
        self._world.changes.publish("members", chat_id)
        created = {"name": title, "icon_color": _COLOR}
        place = {"message_thread_id": thread_id, "is_topic_message": True}
        return self._service(person_id, chat, {"forum_topic_created": created, **place})

    def delete_topic(self, person_id: int, chat_id: int, thread_id: int) -> bool:
        """Delete a topic with all messages in it; bots are not told."""
        chat = self._group(chat_id)
        self._require(chat, person_id)
        if thread_id not in chat.topics:
            raise NotPossible("no such topic")
        self._world.delete_topic(chat_id, thread_id)
        self._world.changes.publish("members", chat_id)
        return True

    def upgrade(self, person_id: int, chat_id: int) -> Json:
        """Turn a plain group into a supergroup, which is another chat; both say so to the bot."""
        chat = self._group(chat_id)
        self._require(chat, person_id)
        if chat.kind != "group":
            raise NotPossible("it is a supergroup already")
        new = self._world.upgrade_group(chat_id, self._free_id(_FIRST_SUPERGROUP))
        self._world.changes.publish("members", chat_id, moved_to=new.id)
        self._service(person_id, chat, {"migrate_to_chat_id": new.id})
        self._service(person_id, new, {"migrate_from_chat_id": chat_id})
        return new.as_json()

    def send_anonymously(
        self, person_id: int, text: str, chat_id: int, thread_id: int | None = None
    ) -> Json:
        """Write as the group itself, as an anonymous administrator does."""
        chat = self._group(chat_id)
        self._require(chat, person_id)
        text, _ = trim(text, [])
        content: Json = {"text": text, "entities": with_found(text, [])}
        if thread_id:
            content |= {"message_thread_id": thread_id, "is_topic_message": True}
        content["sender_chat"] = chat.as_json()
        message = self._world.new_message(chat, ANONYMOUS, content)
        self._persons.tell(chat, "message", message)
        return message

    def _service(self, person_id: int, chat: Chat, content: Json) -> Json:
        message = self._world.new_message(chat, self._person(person_id).as_user(), content)
        self._persons.tell(chat, "message", message)
        return message

    def _person(self, person_id: int) -> Person:
        person = self._world.persons.get(person_id)
        if person is None:
            raise NotPossible("no such person")
        return person

    def _group(self, chat_id: int) -> Chat:
        chat = self._world.chats.get(chat_id)
        if chat is None or chat.kind not in ("group", "supergroup"):
            raise NotPossible("no such group")
        if chat.moved_to:
            raise NotPossible("this group has become a supergroup")
        return chat

    def _require(self, chat: Chat, person_id: int, *, anybody: bool = False) -> None:
        status = status_of(chat, person_id)
        if status in GONE or not (anybody or status in ADMINS):
            raise NotPossible("only administrators of the group can do that")

    def _free_id(self, first: int) -> int:
        chat_id = first
        while chat_id in self._world.chats:
            chat_id -= 1
        return chat_id


def _title(title: str) -> str:
    title = title.strip()[:TITLE_LIMIT]
    if not title:
        raise NotPossible("it needs a name")
    return title
