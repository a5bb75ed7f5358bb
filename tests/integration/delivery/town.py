"""A town of chats under faults: what is queued, what Telegram accepted, what was lost when."""

import asyncio
import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from random import Random

import sqlalchemy as sa
from telegram.error import TelegramError
from telegram.ext import ExtBot

import db
from bot.chat.delivery.outbox import OutboxSender
from bot.chat.delivery.pace import Pace, PaceLimiter
from bot.local.telegram import Fault, TelegramStandIn
from bot.local.telegram.faults import Call
from bot.local.telegram.world import Chat
from bot.ports.ledger import Notice, OutboxState, Priority
from bot.services.lose_chat import LoseChat
from db.outbox import queue_notices
from db.schema import outbox
from tests.integration.delivery.leaping import DirectRequest, LeapingClock, Process
from tests.unit.chat.chatroom import Chatroom
from tests.unit.services.office import Office

TOKEN = "4242:test-token"  # noqa: S105
REPEATED = "(Repeated: I was not sure that it arrived.)"
FOUNDER = 1
TOPIC, OTHER_TOPIC = 7, 8
DOUBTFUL = (Fault.SERVER_ERROR, Fault.LOSE_ANSWER, Fault.DROP)

_BEING_SENT = sa.select(outbox.c.key).where(outbox.c.state == OutboxState.SENDING)

Where = tuple[int, int]
"""A chat and a topic of it."""


@dataclass
class Told:
    """A notice that was queued, the calls made for it, and how its row ended."""

    notice: Notice
    number: int
    at: datetime
    calls: list[Call] = field(default_factory=list)
    state: str = ""

    @property
    def accepted(self) -> list[Call]:
        """What stands in the chat; an answer that was lost stands there too."""
        return [call for call in self.calls if call.message_id]


@dataclass
class Town:
    """Persons, groups and topics, a bot among them, and somebody who plants faults."""

    clock: LeapingClock
    database: db.Database
    random: Random
    stand_in: TelegramStandIn = field(init=False)
    homes: list[Where] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=dict)
    lost: dict[Where, datetime] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    moved_at: dict[int, datetime] = field(default_factory=dict)
    planted: Counter[str] = field(default_factory=Counter)
    doubted: set[str] = field(default_factory=set)
    fault_rate: float = 0.04
    process: Process = field(init=False)
    sender: OutboxSender = field(init=False)
    answers: list[asyncio.Task[None]] = field(default_factory=list)
    _running: asyncio.Task[None] | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.stand_in = TelegramStandIn(TOKEN, self.clock)
        self.services = Chatroom(Office(self.clock)).services

    def settle_down(self, persons: int, groups: int, plain: int) -> None:
        """People who have pressed Start, supergroups with topics, and plain groups."""
        world = self.stand_in.world
        for person_id in range(10_000, 10_000 + persons):
            self.stand_in.add_person(person_id, f"P{person_id}")
            world.persons[person_id].started = True
            self.homes.append((person_id, 0))
        members = {world.bot.id: "member", FOUNDER: "creator"}
        for n in range(groups):
            topics = {TOPIC: "Signals", OTHER_TOPIC: "Talk"}
            chat_id = -1_000_000_000_100 - n
            world.chats[chat_id] = Chat(chat_id, "supergroup", f"G{n}", None, topics, dict(members))
            self.homes += [(chat_id, 0), (chat_id, TOPIC), (chat_id, OTHER_TOPIC)]
        for n in range(plain):
            world.chats[-5_000 - n] = Chat(-5_000 - n, "group", f"S{n}", members=dict(members))
            self.homes.append((-5_000 - n, 0))

    # ------------------------------------------------------------ the bot

    async def start(self) -> None:
        """A process begins: what the last one left is released first."""
        self.process = Process(self.clock)
        with self.clock.under_way():
            self.doubted |= {row.key for row in await self.database.store.fetch(_BEING_SENT)}
            await self.database.outbox.release_claims()
        pace = Pace(self.clock)
        request = DirectRequest(self.stand_in, self.process, self._fault)
        bot = ExtBot(
            TOKEN,
            "http://telegram/bot",
            request=request,
            get_updates_request=request,
            rate_limiter=PaceLimiter(pace),
        )
        books = self.database
        chats = LoseChat(
            self.clock,
            self.process.of(books.people),
            self.process.of(books.alerts),
            self.process.of(books.groups),
            self.process.of(books.outbox),
            lambda: self.sender.wake(),
        )
        self._chats = chats
        self.sender = OutboxSender(
            bot, self.process.of(books.outbox), self.services, pace, self._lose, self._move
        )
        self._running = asyncio.create_task(self.sender.run())

    async def stop(self, *, kill: bool) -> None:
        """It ends: at leisure, or between any two steps."""
        tasks = [self._running, *self.sender._sending.values()]
        tasks += self.answers
        tasks += [ready.rendering for ready in self.sender._ready.values()]
        if kill:
            self.process.dead = True
        for task in tasks if kill else tasks[:1]:
            if task:
                task.cancel()
        ends = asyncio.gather(*(task for task in tasks if task), return_exceptions=True)
        while not ends.done():
            await self.clock.advance(0.01)

    async def _lose(self, chat_id: int, thread_id: int | None, reason: str) -> None:
        await self._chats.lose(chat_id, thread_id, reason)
        for home in [home for home in self.homes if home[0] == chat_id]:
            if thread_id in (None, home[1]):
                self.homes.remove(home)
                self.lost[home] = self.clock.now()

    async def _move(self, old: int, new: int) -> None:
        await self._chats.move(old, new)
        self.moved[old], self.moved_at[old] = new, self.clock.now()
        self.homes = [
            (new, thread) if chat == old else (chat, thread) for chat, thread in self.homes
        ]

    # ------------------------------------------------------------ what goes on

    async def tell(self, priority: Priority, homes: list[Where]) -> None:
        """Queue one notice for each of these places."""
        notices = []
        for chat_id, thread_id in homes:
            key = f"{priority.name}-{next(self._numbers)}"
            data = {"version": key, "network": "test", "recovered": "0"}
            notices.append(Notice(chat_id, "boot", key, data, priority, thread_id))
        now = self.clock.now()
        for notice in notices:
            self.told[notice.key] = Told(notice, len(self.told), now)
        with self.clock.under_way():
            await self.database.store.transact(lambda tx: queue_notices(tx, notices, now))
        self.sender.wake()

    def some(self, number: int) -> list[Where]:
        """Places that are not lost yet."""
        return self.random.sample(self.homes, min(number, len(self.homes)))

    def answer(self) -> None:
        """A conversation goes on beside the outbox, and waits for nobody."""
        persons = [chat for chat, _ in self.homes if chat > 0]

        async def say(chat_id: int) -> None:
            with contextlib.suppress(TelegramError):
                await self.sender.bot.send_message(chat_id, "an answer")

        self.answers.append(asyncio.create_task(say(self.random.choice(persons))))

    def misfortune(self) -> None:
        """Somebody blocks the bot, throws it out, mutes it, deletes a topic, upgrades a group."""
        world = self.stand_in.world
        plain = [home for home in self.homes if world.chats[home[0]].kind == "group"]
        chosen = plain if plain and self.random.random() < 0.2 else self.homes
        chat_id, thread_id = self.random.choice(chosen)
        chat = world.chats[chat_id]
        if chat.person is not None:
            chat.person.blocked = True
        elif thread_id in chat.topics:
            world.delete_topic(chat_id, thread_id)
        elif chat.kind == "group":
            world.upgrade_group(chat_id, -1_000_000_900_000 + chat_id)
        else:
            chat.members[world.bot.id] = self.random.choice(["kicked", "left", "restricted"])

    def _fault(self, method: str, body: bytes) -> bool:
        """Plant a fault for the call that is about to be made; True if it does not even leave."""
        if method != "sendMessage" or self.random.random() > self.fault_rate:
            return False
        key = key_of(json.loads(body)["text"])
        kind = self.random.choice([*Fault, None])
        if kind is None:
            self.planted["not connected"] += 1
            return True
        if kind in DOUBTFUL:
            self.doubted.add(key)
        self.planted[kind.value] += 1
        pause_s = self.random.choice([1, 3, 20])
        self.stand_in.faults.plan(method, kind, retry_after_s=pause_s)
        return False

    # ------------------------------------------------------------ what came of it

    async def look_back(self) -> list[Told]:
        """Everything that was told, with its calls and its end."""
        rows = await self.database.store.fetch(sa.select(outbox.c.key, outbox.c.state))
        for row in rows:
            if row.key in self.told:
                self.told[row.key].state = row.state
        for call in self.stand_in.calls("sendMessage"):
            if told := self.told.get(key_of(call.params["text"])):
                told.calls.append(call)
        return list(self.told.values())

    async def waiting(self) -> int:
        """How many rows are not in an end state."""
        with self.clock.under_way():
            return sum((await self.database.outbox.count_waiting()).values())


def key_of(text: str) -> str:
    """The key that a message carries."""
    words = text.split()
    return words[3].removeprefix("<b>").removesuffix("</b>") if len(words) > 3 else ""


def by_chat(told: list[Told], moved: dict[int, int]) -> dict[int, list[Told]]:
    """By the chat as it is called at the end."""
    chats: defaultdict[int, list[Told]] = defaultdict(list)
    for one in told:
        chat_id = one.notice.chat_id
        chats[moved.get(chat_id, chat_id)].append(one)
    return chats


def ended(told: list[Told]) -> Counter[str]:
    """How many rows ended how."""
    return Counter(one.state for one in told)


ENDS = {OutboxState.SENT, OutboxState.AMBIGUOUS, OutboxState.LOST}
