"""Chat history on disk: one JSON file, and a journal of what has happened since it was written."""

import asyncio
import base64
import json
from collections import deque
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path

from starlette.types import Message, Send

from bot.local.telegram.errors import Json
from bot.local.telegram.journal import Journal
from bot.local.telegram.updates import QueuedUpdate
from bot.local.telegram.webhook import Webhook
from bot.local.telegram.world import BotProfile, Chat, Person, StoredFile, World

VERSION = 1
SAVED_MESSAGES = 500
LOOK_EVERY_S = 1.0
LONGEST_JOURNAL = 4_000_000
"""Bytes, a few dozen charts; then the file is written anew."""


def dump(world: World, webhook: Webhook) -> Json:
    """Everything that outlives a restart: the last 500 messages a chat and their files."""
    chats = [
        {**_dump_chat(chat), "messages": _last_messages(chat)} for chat in world.chats.values()
    ]
    text = json.dumps(chats)
    files = [_dump_file(f) for f in world.files.values() if f.file_id in text]
    return {**_sections(world, webhook), "chats": chats, "files": files}


def _sections(world: World, webhook: Webhook) -> Json:
    """All but messages and files, which are many."""
    return {
        "version": VERSION,
        "last_message_id": world.last_message_id,
        "next_update_id": world.updates.next_id,
        "allowed_updates": world.updates.allowed,
        "pending": [[u.update_id, u.body, u.at.isoformat()] for u in world.updates.pending],
        "bot": vars(world.bot),
        "persons": [vars(person) for person in world.persons.values()],
        "chats": [_dump_chat(chat) for chat in world.chats.values()],
        "webhook": {"url": webhook.url, "secret": webhook.secret},
    }


def _dump_chat(chat: Chat) -> Json:
    return {
        "id": chat.id,
        "kind": chat.kind,
        "title": chat.title,
        "topics": list(chat.topics.items()),
        "members": list(chat.members.items()),
        "pinned": chat.pinned,
        "closed": chat.closed,
        "moved_to": chat.moved_to,
    }


def _last_messages(chat: Chat) -> list[Json]:
    skipped = max(0, len(chat.messages) - SAVED_MESSAGES)
    return list(islice(chat.messages.values(), skipped, None))


def _dump_file(stored: StoredFile) -> Json:
    return {**asdict(stored), "content": base64.b64encode(stored.content).decode()}


def load(state: Json, world: World, webhook: Webhook) -> None:
    """Put a dump back; raises ValueError for a file of another version."""
    if state.get("version") != VERSION:
        raise ValueError("the chat history was written by another version: delete the file")
    _restore(state, world, webhook)
    for saved in state["chats"]:
        chat = world.chats[saved["id"]]
        chat.messages = {message["message_id"]: message for message in saved["messages"]}
        chat.pinned = [message_id for message_id in chat.pinned if message_id in chat.messages]
    _load_files(state["files"], world)


def _replay(record: Json, world: World, webhook: Webhook) -> None:
    """Let one thing of the journal happen again; twice is as good as once."""
    _restore(record, world, webhook)
    for chat_id, message_id, message in record["messages"]:
        chat = world.chats.get(chat_id)
        if chat is None:
            continue
        if message is None:
            chat.messages.pop(message_id, None)
        else:
            chat.messages[message_id] = message
    _load_files(record["files"], world)


def _restore(saved: Json, world: World, webhook: Webhook) -> None:
    """Put back those sections that are in `saved`; chats keep the messages they have."""
    world.last_message_id = saved.get("last_message_id", world.last_message_id)
    world.updates.next_id = max(world.updates.next_id, saved.get("next_update_id", 0))
    world.updates.allowed = saved.get("allowed_updates", world.updates.allowed)
    if "pending" in saved:
        world.updates.pending = deque(
            QueuedUpdate(number, body, datetime.fromisoformat(at), 0.0)
            for number, body, at in saved["pending"]
        )
    if "bot" in saved:
        world.bot = BotProfile(**saved["bot"])
    if "persons" in saved:
        world.persons = {p["id"]: Person(**p) for p in saved["persons"]}
    if "chats" in saved:
        world.chats = {c["id"]: _load_chat(c, world) for c in saved["chats"]}
    for chat in world.chats.values():
        chat.person = world.persons.get(chat.id)
    if "webhook" in saved:
        webhook.url, webhook.secret = saved["webhook"]["url"], saved["webhook"]["secret"]
        world.updates.webhook_active = bool(webhook.url)


def _load_chat(saved: Json, world: World) -> Chat:
    known = world.chats.get(saved["id"])
    return Chat(
        id=saved["id"],
        kind=saved["kind"],
        title=saved["title"],
        topics=dict(saved["topics"]),
        members=dict(saved["members"]),
        messages=known.messages if known else {},
        pinned=saved["pinned"],
        closed=saved.get("closed", []),
        moved_to=saved.get("moved_to", 0),
    )


def _load_files(saved: list[Json], world: World) -> None:
    for file in saved:
        stored = StoredFile(**{**file, "content": base64.b64decode(file["content"])})
        world.files[stored.file_id] = stored


class Saver:
    """Keeps the world on disk: whatever a caller was told is done outlives a kill.

    What changes goes into the journal before it is answered; the file is written, and the journal
    emptied, at the end, at the next start, and when the journal is long.
    """

    def __init__(self, path: Path, world: World, webhook: Webhook) -> None:
        self._path = path
        self._world = world
        self._webhook = webhook
        self._journal = Journal(path.with_suffix(".journal"))
        self._task: asyncio.Task[None] | None = None
        self._kept: dict[str, str] = {}
        self._kept_files: set[str] = set()
        self._listening = ExitStack()
        self._events = self._listening.enter_context(world.changes.subscribed())

    def load(self) -> None:
        """Take up the saved history, if there is one."""
        if self._path.exists():
            try:
                state = json.loads(self._path.read_text())
            except ValueError:
                # Play chats are not worth a refusal to start; the file is kept for the curious.
                self._path.replace(self._path.with_suffix(".damaged"))
            else:
                load(state, self._world, self._webhook)
        for record in self._journal.read():
            _replay(record, self._world, self._webhook)
        self._remember()
        if self._journal.size:
            self._write()

    def start(self) -> None:
        """Begin to look for changes that no answer waits for."""
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def close(self) -> None:
        """Write what is not written yet."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.save()
        self._listening.close()

    async def _watch(self) -> None:
        # The loop's time, not the clock's: this is about sparing the disk.
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            self.keep()
            if self._journal.size > LONGEST_JOURNAL:
                self._write()

    def keeping(self, send: Send) -> Send:
        """An answer's way out that nothing takes before it is kept."""

        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.keep()
            await send(message)

        return kept

    def keep(self) -> None:
        """Write what has changed into the journal."""
        messages = self._said()
        files = [f for f in self._world.files.values() if f.file_id not in self._kept_files]
        sections = _sections(self._world, self._webhook)
        texts = {name: json.dumps(section) for name, section in sections.items()}
        changed = {n: sections[n] for n, text in texts.items() if self._kept.get(n) != text}
        if not (messages or files or changed):
            return
        dumped = [_dump_file(stored) for stored in files]
        self._journal.write({**changed, "messages": messages, "files": dumped})
        self._kept = texts
        self._kept_files = set(self._world.files)

    def _said(self) -> list[tuple[int, int, Json | None]]:
        """What was written, edited and deleted since the last look: chat, number, message."""
        said: list[tuple[int, int, Json | None]] = []
        while not self._events.empty():
            event = self._events.get_nowait()
            if event["type"] in ("message", "edited"):
                said.append((event["chat_id"], event["message"]["message_id"], event["message"]))
            elif event["type"] == "deleted":
                said.append((event["chat_id"], event["message_id"], None))
        return said

    def save(self) -> None:
        """Write the file unless nothing has changed."""
        self.keep()
        if self._journal.size:
            self._write()

    def _write(self) -> None:
        """Write the file; a crash leaves the old or the new one, with the journal or without."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(dump(self._world, self._webhook), ensure_ascii=False))
        fresh.replace(self._path)
        self._journal.clear()

    def _remember(self) -> None:
        """Take the present for kept."""
        sections = _sections(self._world, self._webhook)
        self._kept = {name: json.dumps(section) for name, section in sections.items()}
        self._kept_files = set(self._world.files)
