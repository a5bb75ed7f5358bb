"""Digests by the clock, and the end of alerts that were set until a date."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.ports.alerts import Alerts
from bot.ports.clock import Clock
from bot.services.alerts.ring import Ring

_LONGEST_WAIT = timedelta(days=1)
"""An alert outlives its end for so long where what happened before cannot be looked at."""


class Watcher(Protocol):
    """Looks at series; `looked_at` is up to when it has, None for a process that has not yet."""

    @property
    def looked_at(self) -> datetime | None:
        """By the clock; what was missed before has been made up for."""
        ...


@dataclass(frozen=True, slots=True)
class SendDigests:
    """Queues what is due; `wake` tells the outbox.

    An alert ends once everything before its end has been looked at by all `watchers`.
    """

    clock: Clock
    alerts: Alerts
    ring: Ring
    watchers: Sequence[Watcher]
    wake: Callable[[], None]

    async def tick(self) -> int:
        """Queue each digest that is due, once, and end what has run out; how many were told."""
        now = self.clock.now()
        counts = await self.alerts.apply_due(now, self.ring.due())
        ended = await self.alerts.expire(now, self._looked_at(now), self.ring.ended)
        if counts.rang or ended:
            self.wake()
        return counts.rang + ended

    def _looked_at(self, now: datetime) -> datetime:
        longest = now - _LONGEST_WAIT
        return max(longest, min((w.looked_at or longest for w in self.watchers), default=now))
