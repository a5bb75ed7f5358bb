"""Chat history on disk: one JSON file, replaced as a whole, a moment after a change."""

import asyncio
import base64
import json
from collections import deque
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path

from bot.local.telegram.errors import Json
from bot.local.telegram.updates import QueuedUpdate
from bot.local.telegram.webhook import Webhook
from bot.local.telegram.world import BotProfile, Chat, Person, StoredFile, World

VERSION = 1
SAVED_MESSAGES = 500
SETTLE_S = 1.0


def dump(world: World, webhook: Webhook) -> Json:
    """Everything that outlives a restart: the last 500 messages a chat and their files."""
    chats = [_dump_chat(chat) for chat in world.chats.values()]
    text = json.dumps(chats)
    return {
        "version": VERSION,
        "last_message_id": world.last_message_id,
        "next_update_id": world.updates.next_id,
        "allowed_updates": world.updates.allowed,
        "pending": [[u.update_id, u.body, u.at.isoformat()] for u in world.updates.pending],
        "bot": asdict(world.bot),
        "persons": [asdict(person) for person in world.persons.values()],
        "chats": chats,
        "files": [_dump_file(f) for f in world.files.values() if f.file_id in text],
        "webhook": {"url": webhook.url, "secret": webhook.secret},
    }


def _dump_chat(chat: Chat) -> Json:
    skipped = max(0, len(chat.messages) - SAVED_MESSAGES)
    return {
        "id": chat.id,
        "kind": chat.kind,
        "title": chat.title,
        "topics": list(chat.topics.items()),
        "members": list(chat.members.items()),
        "pinned": chat.pinned,
        "closed": chat.closed,
        "moved_to": chat.moved_to,
        "messages": list(islice(chat.messages.values(), skipped, None)),
    }


def _dump_file(stored: StoredFile) -> Json:
    return {**asdict(stored), "content": base64.b64encode(stored.content).decode()}


def load(state: Json, world: World, webhook: Webhook) -> None:
    """Put a dump back; raises ValueError for a file of another version."""
    if state.get("version") != VERSION:
        raise ValueError("the chat history was written by another version: delete the file")
    world.last_message_id = state["last_message_id"]
    world.updates.next_id = max(world.updates.next_id, state["next_update_id"])
    world.updates.allowed = state["allowed_updates"]
    world.updates.pending = deque(
        QueuedUpdate(number, body, datetime.fromisoformat(at), 0.0)
        for number, body, at in state["pending"]
    )
    world.bot = BotProfile(**state["bot"])
    world.persons = {p["id"]: Person(**p) for p in state["persons"]}
    world.chats = {c["id"]: _load_chat(c, world.persons) for c in state["chats"]}
    files = (StoredFile(**{**f, "content": base64.b64decode(f["content"])}) for f in state["files"])
    world.files = {stored.file_id: stored for stored in files}
    webhook.url, webhook.secret = state["webhook"]["url"], state["webhook"]["secret"]
    world.updates.webhook_active = bool(webhook.url)


def _load_chat(saved: Json, persons: dict[int, Person]) -> Chat:
    messages = {message["message_id"]: message for message in saved["messages"]}
    pinned = [message_id for message_id in saved["pinned"] if message_id in messages]
    return Chat(
        id=saved["id"],
        kind=saved["kind"],
        title=saved["title"],
        person=persons.get(saved["id"]),
        topics=dict(saved["topics"]),
        members=dict(saved["members"]),
        messages=messages,
        pinned=pinned,
        closed=saved.get("closed", []),
        moved_to=saved.get("moved_to", 0),
    )


class Saver:
    """Writes the file when something has changed, at most once a second, and at the end."""

    def __init__(self, path: Path, world: World, webhook: Webhook) -> None:
        self._path = path
        self._world = world
        self._webhook = webhook
        self._saved_at: tuple[int, int, int] | None = None
        self._task: asyncio.Task[None] | None = None

    def load(self) -> None:
        """Take up the saved history, if there is one."""
        if not self._path.exists():
            return
        try:
            state = json.loads(self._path.read_text())
        except ValueError:
            # Play chats are not worth a refusal to start; the damaged file is kept for the curious.
            self._path.replace(self._path.with_suffix(".damaged"))
            return
        load(state, self._world, self._webhook)
        self._saved_at = self._mark()

    def start(self) -> None:
        """Begin to watch for changes."""
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def close(self) -> None:
        """Write what is not written yet."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.save()

    async def _watch(self) -> None:
        # The loop's time, not the clock's: this is about sparing the disk.
        while True:
            await asyncio.sleep(SETTLE_S)
            self.save()

    def _mark(self) -> tuple[int, int, int]:
        updates = self._world.updates
        return self._world.changes.count, updates.next_id, len(updates.pending)

    def save(self) -> None:
        """Write the file unless nothing has changed; a crash leaves the old or the new one."""
        mark = self._mark()
        if mark == self._saved_at:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(dump(self._world, self._webhook), ensure_ascii=False))
        fresh.replace(self._path)
        self._saved_at = mark
