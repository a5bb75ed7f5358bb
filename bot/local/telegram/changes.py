"""What happened in the chats, for whoever watches: the page, tests, the saver."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.local.telegram.errors import Json


class Changes:
    """A stream of events; each subscriber gets every one from the moment it subscribed."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Json]] = set()
        self.count = 0

    def publish(self, kind: str, chat_id: int, **detail: object) -> None:
        """Tell all subscribers; `kind` is message, edited, deleted, typing, draft, ..."""
        self.count += 1
        if self._queues:
            event = {"type": kind, "chat_id": chat_id, **detail}
            for queue in self._queues:
                queue.put_nowait(event)

    @contextmanager
    def subscribed(self) -> Iterator[asyncio.Queue[Json]]:
        """A queue of the events to come."""
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)
