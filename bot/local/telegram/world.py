"""The state of the pretended Telegram: persons, chats, messages, the bot's profile, files."""

import secrets
from dataclasses import asdict, dataclass, field

from bot.local.telegram.changes import Changes
from bot.local.telegram.errors import Json
from bot.local.telegram.limits import Limits
from bot.local.telegram.updates import UpdateQueue
from bot.ports.clock import Clock

ANN, BO, ADA = 1001, 1002, 1003
GROUP = -1001000000001
CHANNEL = -1001000000002
SIGNALS_TOPIC = 7
KEPT_MESSAGES = 20_000
KEPT_FILES = 300
CALLBACK_LIFE_S = 60


@dataclass
class Person:
    """A user of Telegram; `started` and `blocked` are about their chat with the bot."""

    id: int
    first_name: str
    username: str | None = None
    last_name: str | None = None
    language_code: str = "en"
    started: bool = False
    blocked: bool = False

    def as_user(self) -> Json:
        """The Bot API's User."""
        user: Json = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        if self.last_name:
            user["last_name"] = self.last_name
        if self.username:
            user["username"] = self.username
        return {**user, "language_code": self.language_code}


@dataclass
class Chat:
    """A private chat, a group with topics, or a channel, and what was said in it.

    `closed` are topics in which only administrators write (0: General). `moved_to` is the
    supergroup that a group has become.
    """

    id: int
    kind: str
    title: str = ""
    person: Person | None = None
    topics: dict[int, str] = field(default_factory=dict)
    members: dict[int, str] = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    moved_to: int = 0

    @property
    def is_private(self) -> bool:
        """Whether this is a person's chat with the bot."""
        return self.person is not None

    def as_json(self) -> Json:
        """The Bot API's Chat."""
        if self.person is None:
            head: Json = {"id": self.id, "title": self.title, "type": self.kind}
            return {**head, "is_forum": True} if self.topics else head
        user = self.person.as_user()
        chat: Json = {"id": self.id, "type": "private"}
        for name in ("first_name", "last_name", "username"):
            if name in user:
                chat[name] = user[name]
        return chat


@dataclass
class BotProfile:
    """How the bot presents itself; commands are kept by scope and language."""

    id: int
    first_name: str
    username: str
    description: str = ""
    short_description: str = ""
    commands: dict[str, list[Json]] = field(default_factory=dict)
    menu_buttons: dict[str, Json] = field(default_factory=dict)

    def as_user(self) -> Json:
        """The Bot API's User."""
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.first_name,
            "username": self.username,
        }


@dataclass
class StoredFile:
    """A picture or document somebody sent; width and height are 0 when it is no picture."""

    file_id: str
    name: str
    mime: str
    content: bytes
    width: int = 0
    height: int = 0

    @property
    def path(self) -> str:
        """Where the bot downloads it, as getFile tells."""
        return f"{'photos' if self.width else 'documents'}/{self.file_id}/{self.name}"

    def as_json(self) -> Json:
        """What PhotoSize, Document and File have in common."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.file_id[:16],
            "file_size": len(self.content),
        }


@dataclass
class Callback:
    """A press that waits for answerCallbackQuery."""

    person_id: int
    chat_id: int
    message_id: int
    at_s: float


class World:
    """Everything that can be said, seen or sent; the methods of both sides work on it."""

    def __init__(self, token: str, clock: Clock, *, limits: bool = True) -> None:
        self.token = token
        self.clock = clock
        self.changes = Changes()
        self.limits = Limits(clock, enabled=limits)
        self.updates = UpdateQueue(clock)
        head = token.partition(":")[0]
        self.bot = BotProfile(
            int(head) if head.isdecimal() else 1, "Sei Trader", "SeiTraderLocalBot"
        )
        self.persons: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.callbacks: dict[str, Callback] = {}
        self.last_message_id = 0
        self.group_privacy = True
        self._people()

    def _people(self) -> None:
        self.add_person(Person(ANN, "Ann", "ann_trades"))
        self.add_person(Person(BO, "Bo"))
        self.add_person(Person(ADA, "Ada", "ada_admin"))
        members = {ADA: "creator", ANN: "member", BO: "member", self.bot.id: "member"}
        topics = {SIGNALS_TOPIC: "Signals"}
        self.chats[GROUP] = Chat(GROUP, "supergroup", "Sei Traders", None, topics, members)
        owners = {ADA: "creator", self.bot.id: "administrator"}
        self.chats[CHANNEL] = Chat(CHANNEL, "channel", "Sei News", members=owners)

    def add_person(self, person: Person) -> None:
        """Let one more person use Telegram."""
        self.persons[person.id] = person
        self.chats[person.id] = Chat(person.id, "private", person=person)

    def upgrade_group(self, chat_id: int, new_id: int) -> Chat:
        """Turn a group into a supergroup: another chat, with the same members."""
        old = self.chats[chat_id]
        new = Chat(new_id, "supergroup", old.title, None, dict(old.topics), dict(old.members))
        self.chats[new_id] = new
        old.moved_to = new_id
        return new

    def delete_topic(self, chat_id: int, thread_id: int) -> None:
        """A topic goes, with all that was said in it."""
        chat = self.chats[chat_id]
        del chat.topics[thread_id]
        gone = [
            m for m, said in chat.messages.items() if said.get("message_thread_id") == thread_id
        ]
        for message_id in gone:
            self.delete_message(chat, message_id)

    def now_s(self) -> int:
        """Unix seconds."""
        return int(self.clock.now().timestamp())

    def new_message(self, chat: Chat, sender: Json | None, content: Json) -> Json:
        """Write a message into a chat and publish it; ids are unique over all chats."""
        self.last_message_id += 1
        message: Json = {"message_id": self.last_message_id}
        if sender is not None:
            message["from"] = sender
        else:
            message["sender_chat"] = chat.as_json()
        message |= {"chat": chat.as_json(), "date": self.now_s(), **content}
        chat.messages[self.last_message_id] = message
        if len(chat.messages) > KEPT_MESSAGES:
            del chat.messages[next(iter(chat.messages))]
        self.changes.publish("message", chat.id, message=message)
        return message

    def replace_message(self, chat: Chat, message: Json) -> None:
        """Write the new version of a message and publish it."""
        chat.messages[message["message_id"]] = message
        self.changes.publish("edited", chat.id, message=message)

    def delete_message(self, chat: Chat, message_id: int) -> None:
        """Take a message away from everybody."""
        chat.messages.pop(message_id, None)
        if message_id in chat.pinned:
            chat.pinned.remove(message_id)
        self.changes.publish("deleted", chat.id, message_id=message_id)

    def find_message(self, message_id: int) -> tuple[Chat, Json]:
        """A message wherever it is; raises LookupError."""
        for chat in self.chats.values():
            if message_id in chat.messages:
                return chat, chat.messages[message_id]
        raise LookupError(f"no message {message_id}")

    def store_file(
        self, name: str, mime: str, content: bytes, size: tuple[int, int] = (0, 0)
    ) -> StoredFile:
        """Keep a file; the oldest is forgotten when there are too many."""
        stored = StoredFile(secrets.token_urlsafe(24), name, mime, content, *size)
        self.files[stored.file_id] = stored
        if len(self.files) > KEPT_FILES:
            del self.files[next(iter(self.files))]
        return stored

    def open_callback(self, person_id: int, message: Json) -> str:
        """Note a press; the id is what answerCallbackQuery must name within a minute."""
        query_id = str(secrets.randbits(62))
        self.callbacks[query_id] = Callback(
            person_id, message["chat"]["id"], message["message_id"], self.clock.now().timestamp()
        )
        return query_id

    def close_callback(self, query_id: str) -> Callback | None:
        """The press behind an id, once and while it is fresh."""
        now_s = self.clock.now().timestamp()
        while self.callbacks:
            oldest = next(iter(self.callbacks))
            if now_s - self.callbacks[oldest].at_s <= CALLBACK_LIFE_S:
                break
            del self.callbacks[oldest]
        return self.callbacks.pop(query_id, None)

    def bot_status(self, chat: Chat) -> str:
        """The bot's membership: creator, administrator, member, left or kicked."""
        return "member" if chat.is_private else chat.members.get(self.bot.id, "left")

    def person_as_json(self, person: Person) -> Json:
        """For the page."""
        return asdict(person)
