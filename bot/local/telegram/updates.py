"""The updates that wait for the bot, and long polling."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.local.telegram.errors import Json, conflict
from bot.ports.clock import Clock

KEPT_FOR = timedelta(hours=24)
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
TAKEN_OVER = (
    "terminated by other getUpdates request; make sure that only one bot instance is running"
)
WEBHOOK_ACTIVE = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook"
    " first"
)


@dataclass
class QueuedUpdate:
    """An update with its times; the `_s` ones are monotonic, for benchmarks."""

    update_id: int
    body: Json
    at: datetime
    queued_s: float
    delivered_s: float | None = None


class UpdateQueue:
    """Updates in order, kept until confirmed by an offset or delivered to a webhook."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # Seconds of the epoch: ids go on growing for a bot that remembers them while this
        # process starts afresh.
        self.next_id = int(clock.now().timestamp())
        self.pending: deque[QueuedUpdate] = deque()
        self.log: deque[QueuedUpdate] = deque(maxlen=50_000)
        self.allowed: list[str] = []
        self.webhook_active = False
        self._again: list[QueuedUpdate] = []
        self._arrived = asyncio.Event()
        self._poll: asyncio.Event | None = None
        self._opened = asyncio.Event()
        self._closed = False

    def put(self, kind: str, payload: Json) -> int | None:
        """Queue an update; None when the bot did not ask for this kind."""
        wanted = kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT
        if not wanted:
            return None
        body = {"update_id": self.next_id, kind: payload}
        queued = QueuedUpdate(self.next_id, body, self._clock.now(), time.perf_counter())
        self.next_id += 1
        self.pending.append(queued)
        self.log.append(queued)
        self._arrived.set()
        return queued.update_id

    def redeliver(self, update_id: int) -> None:
        """Deliver an update once more, confirmed or not; raises LookupError."""
        for queued in self.log:
            if queued.update_id == update_id:
                self._again.append(queued)
                self._arrived.set()
                return
        raise LookupError(f"no update {update_id}")

    def drop_all(self) -> None:
        """Forget everything that waits."""
        self.pending.clear()

    def confirm(self, offset: int) -> None:
        """Drop what is below the offset; a negative one keeps that many from the end."""
        if offset < 0:
            while len(self.pending) > -offset:
                self.pending.popleft()
        while offset > 0 and self.pending and self.pending[0].update_id < offset:
            self.pending.popleft()

    def take(self, limit: int) -> list[QueuedUpdate]:
        """What waits, at most `limit`, without confirming it."""
        oldest = self._clock.now() - KEPT_FOR
        while self.pending and self.pending[0].at < oldest:
            self.pending.popleft()
        again, self._again = self._again, []
        ready = again + [self.pending[i] for i in range(min(limit, len(self.pending)))]
        now = time.perf_counter()
        for queued in ready:
            if queued.delivered_s is None:
                queued.delivered_s = now
        return ready

    async def poll(self, offset: int, limit: int, timeout_s: int) -> list[Json]:
        """GetUpdates; a later call ends an earlier one with 409.

        The timeout runs in the event loop's time, because the other end's does.
        """
        if self.webhook_active:
            raise conflict(WEBHOOK_ACTIVE)
        if self._poll is not None:
            self._poll.set()
        taken_over = self._poll = asyncio.Event()
        self._opened.set()
        self.confirm(offset)
        try:
            ready = self.take(limit)
            if not ready and timeout_s > 0 and not self._closed:
                await self._wait(taken_over, timeout_s)
                ready = self.take(limit)
            return [queued.body for queued in ready]
        finally:
            if self._poll is taken_over:
                self._poll = None

    async def polled(self) -> None:
        """Return while a long poll is open."""
        while self._poll is None:
            self._opened.clear()
            await self._opened.wait()

    async def _wait(self, taken_over: asyncio.Event, timeout_s: int) -> None:
        self._arrived.clear()
        waits = {
            asyncio.create_task(self._arrived.wait()),
            asyncio.create_task(taken_over.wait()),
        }
        try:
            await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if taken_over.is_set():
            raise conflict(WEBHOOK_ACTIVE if self.webhook_active else TAKEN_OVER)

    async def next_for_webhook(self) -> QueuedUpdate:
        """The first update that waits; it stays until `delivered`."""
        while True:
            self._arrived.clear()
            ready = self.take(1)
            if ready:
                return ready[0]
            await self._arrived.wait()

    def delivered(self, update_id: int) -> None:
        """A webhook accepted this update."""
        if self.pending and self.pending[0].update_id == update_id:
            self.pending.popleft()

    def interrupt_poll(self) -> None:
        """End the open getUpdates call, if any."""
        if self._poll is not None:
            self._poll.set()

    def close(self) -> None:
        """Let an open call return empty, and later ones at once."""
        self._closed = True
        self._arrived.set()
