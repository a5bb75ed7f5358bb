"""A clock the test turns by hand."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

# Loop turns a woken task gets to act and fall asleep again before time moves on.
_TURNS = 20


class FakeClock:
    """Stands still until `advance`; wakes sleepers by due time, then in order of their calls."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._order = count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        due = self._now + timedelta(seconds=seconds)
        heapq.heappush(self._sleepers, (due, next(self._order), woken))
        await woken

    @property
    def sleeping(self) -> int:
        """How many tasks wait for time to pass; cancelled ones do not count."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`, stopping at every due time so that loops of sleeps run in full."""
        until = self._now + timedelta(seconds=seconds)
        await _let_tasks_run()
        while self._sleepers and self._sleepers[0][0] <= until:
            due, _, woken = heapq.heappop(self._sleepers)
            if woken.done():
                continue
            self._now = max(self._now, due)
            woken.set_result(None)
            await _let_tasks_run()
        self._now = until

    def jump(self, seconds: float) -> None:
        """Move `now` without waking anybody, for code that only reads the time."""
        self._now += timedelta(seconds=seconds)


async def _let_tasks_run() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
