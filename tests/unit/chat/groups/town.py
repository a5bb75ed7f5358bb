"""A group called Traders with people in it, and the updates Telegram makes of what they do."""

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from types import SimpleNamespace
from typing import Any

from telegram import Update
from telegram.error import BadRequest, TelegramError
from typing_extensions import override

from bot.chat.router import Router
from bot.chat.view import bare
from bot.domain.people import UserId
from bot.ports.ledger import Notice
from tests.unit.chat.chatroom import Chatroom, FakeBot
from tests.unit.chat.groups.visitor import COMMANDS
from tests.unit.services.office import ANN, BO, Office

GROUP, TOPIC, OTHER_GROUP = -100, 7, -200
CY = UserId(9)
NAMES = {ANN: "Ann", BO: "Bo", CY: "Cy"}
USERNAME = "SeiTraderBot"
Json = dict[str, Any]
_SENT = ("messages", "polls", "other_messages", "audios", "documents", "photos", "videos")
_RESTRICTIONS = (
    *(f"can_send_{what}" for what in (*_SENT, "video_notes", "voice_notes")),
    *("can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics"),
    *("can_add_web_page_previews", "can_edit_tag", "can_react_to_messages"),
)
_RIGHTS = (
    *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages"),
    *("can_manage_video_chats", "can_restrict_members", "can_promote_members"),
    *("can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories"),
    "can_delete_stories",
)


@dataclass
class TownBot(FakeBot):
    """Knows who administrates which group; `asked` counts how often it was asked."""

    username: str = USERNAME
    statuses: dict[tuple[int, int], str] = field(default_factory=dict)
    toasts: list[str] = field(default_factory=list)
    asked: int = 0
    hidden: bool = False
    fails: TelegramError | None = None

    async def get_chat_member(self, chat_id: int, user_id: int) -> SimpleNamespace:
        self.asked += 1
        if self.fails:
            raise self.fails
        if self.hidden:
            raise BadRequest("Chat_admin_required")
        return SimpleNamespace(status=self.statuses.get((chat_id, user_id), "member"))

    async def get_chat_administrators(self, chat_id: int) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(user=SimpleNamespace(id=user_id))
            for (chat, user_id), status in self.statuses.items()
            if chat == chat_id and status in ("creator", "administrator")
        ]

    async def answer_callback_query(self, query_id: str, text: str | None = None) -> None:
        self.toasts.append(text or "")

    @override
    async def send_chat_action(self, chat_id: int, action: str) -> bool:
        if self.fails:
            raise self.fails
        return True

    @override
    async def send_message(self, chat_id: int, text: str, **options: Any) -> SimpleNamespace:
        await super().send_message(chat_id, text, **options)
        return SimpleNamespace(message_id=1_000 + len(self.sent))


class Town:
    """Ann founded the group and Bo helps her; Cy is a member. All have accepted the terms."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.room = Chatroom(office)
        self.bot = TownBot()
        self.room.bot = self.bot
        self.bot.statuses = {
            (GROUP, ANN): "creator",
            (GROUP, BO): "administrator",
            (OTHER_GROUP, CY): "creator",
        }
        self.room.figures.known["price:SEI:"] = Decimal("0.24")
        self.router = Router(self.room.services, COMMANDS, _plain)
        self.ids = count(1)

    async def move_in(self) -> "Town":
        for person in NAMES:
            await self.office.user(person)
            await self.office.records.accept_terms(person, "1", self.office.clock.now())
        return self

    async def say(self, person: int, text: str, thread: int = TOPIC, **more: Any) -> Json:
        """Somebody writes in the group; the message."""
        message = self.message(person, text, thread) | more
        await self.update(message=message)
        return message

    async def write(self, person: int, text: str) -> None:
        """Somebody writes in private."""
        message = self.message(person, text, 0)
        await self.update(message=message | {"chat": private(person)})

    async def tap(self, person: int, data: str, message: Json) -> str:
        """Somebody taps a button of a message; what shows to them alone."""
        before = len(self.bot.toasts)
        query = {"id": "1", "from": user(person), "chat_instance": "1", "data": data}
        await self.update(callback_query=query | {"message": message})
        for _ in range(5):
            if len(self.bot.toasts) > before:
                break
            await self.office.clock.sleep(0)
        return self.bot.toasts[-1] if len(self.bot.toasts) > before else ""

    async def stands(self, before: str, now: str, chat: Json | None = None, **rights: Any) -> None:
        """The bot's own standing changes."""
        me = {"id": 1, "is_bot": True, "first_name": "Sei Trader"}
        change = {
            "chat": chat or group(),
            "from": user(ANN),
            "date": self._now(),
            "old_chat_member": _member(me, before),
            "new_chat_member": _member(me, now, **rights),
        }
        await self.update(my_chat_member=change)

    async def update(self, **content: Json) -> None:
        update = Update.de_json({"update_id": next(self.ids), **content}, None)
        bot: Any = self.bot
        await self.router.handle(update, bot)

    def message(self, person: int, text: str, thread: int = TOPIC, chat: int = GROUP) -> Json:
        place = {"message_thread_id": thread, "is_topic_message": True} if thread else {}
        return {
            "message_id": next(self.ids),
            "from": user(person),
            "chat": group(chat),
            "date": self._now(),
            "text": text,
            **place,
        }

    def card(self, asked: Json | None = None, thread: int = TOPIC, chat: int = GROUP) -> Json:
        """A message of the bot's in the group, perhaps as the answer to another."""
        me = {"id": 1, "is_bot": True, "first_name": "Sei Trader", "username": USERNAME}
        card = self.message(ANN, "a card", thread, chat) | {"from": me}
        return card | ({"reply_to_message": asked} if asked else {})

    @property
    def last(self) -> str:
        """What the bot said last, without markup."""
        return bare(self.bot.sent[-1]["text"])

    @property
    def last_edit(self) -> str:
        return bare(self.bot.edited[-1]["text"])

    def buttons(self, at: int = -1, *, edited: bool = False) -> dict[str, str]:
        """Labels and what they send or open, of a message the bot sent or edited."""
        shown = (self.bot.edited if edited else self.bot.sent)[at]
        markup = shown.get("reply_markup")
        rows = markup.inline_keyboard if markup else ()
        return {b.text: str(b.callback_data or b.url) for row in rows for b in row}

    def notices(self, kind: str) -> list[Notice]:
        return self.office.notices(kind)

    def _now(self) -> int:
        return int(self.office.clock.now().timestamp())


def user(person: int) -> Json:
    return {"id": int(person), "is_bot": False, "first_name": NAMES.get(UserId(person), "Dee")}


def group(chat_id: int = GROUP, kind: str = "supergroup") -> Json:
    return {"id": chat_id, "type": kind, "title": "Traders"}


def private(person: int) -> Json:
    return {"id": int(person), "type": "private", "first_name": "x"}


def _member(me: Json, status: str, **rights: Any) -> Json:
    more: Json = {"until_date": 0}
    if status == "restricted":
        more |= {"is_member": True, **dict.fromkeys(_RESTRICTIONS, False), **rights}
    if status == "administrator":
        more |= {**dict.fromkeys(_RIGHTS, False), **rights}
    return {"user": me, "status": status, **more}


async def _plain(*_: object) -> None:
    return
