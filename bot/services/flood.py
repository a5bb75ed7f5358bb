"""How often something may be done within a minute."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cachetools import LRUCache

from bot.ports.clock import Clock

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Flood:
    """Counts by who does it and where, in memory: after a restart everybody begins anew."""

    clock: Clock
    most: int
    _done: LRUCache[Hashable, deque[datetime]] = field(default_factory=lambda: LRUCache(10_000))

    def wait_s(self, *who: Hashable) -> int:
        """0 and counted if they may do it now; else how many seconds to wait."""
        now = self.clock.now()
        done = self._done.setdefault(who, deque())
        while done and now - done[0] >= _MINUTE:
            done.popleft()
        if len(done) >= self.most:
            return int((_MINUTE - (now - done[0])).total_seconds()) + 1
        done.append(now)
        return 0
