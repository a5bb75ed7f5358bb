"""How often a person may do a thing within a minute."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cachetools import LRUCache

from bot.domain.people import UserId
from bot.ports.clock import Clock

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Flood:
    """Counts by person, in memory: after a restart everybody begins anew."""

    clock: Clock
    most: int
    _done: LRUCache[int, deque[datetime]] = field(default_factory=lambda: LRUCache(10_000))

    def wait_s(self, user_id: UserId) -> int:
        """0 and counted if it may be done now; else how many seconds to wait."""
        now = self.clock.now()
        done = self._done.setdefault(int(user_id), deque())
        while done and now - done[0] >= _MINUTE:
            done.popleft()
        if len(done) >= self.most:
            return int((_MINUTE - (now - done[0])).total_seconds()) + 1
        done.append(now)
        return 0
