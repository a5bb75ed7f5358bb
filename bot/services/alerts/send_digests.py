"""Digests by the clock, and the end of alerts that were set until a date."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.ports.alerts import Alerts
from bot.ports.clock import Clock
from bot.services.alerts.ring import Ring


@dataclass(frozen=True, slots=True)
class SendDigests:
    """Queues what is due; `wake` tells the outbox."""

    clock: Clock
    alerts: Alerts
    ring: Ring
    wake: Callable[[], None]

    async def tick(self) -> int:
        """Queue each digest that is due, once, and end what has run out; how many were told."""
        now = self.clock.now()
        counts = await self.alerts.apply_due(now, self.ring.due())
        ended = await self.alerts.expire(now, self.ring.ended)
        if counts.rang or ended:
            self.wake()
        return counts.rang + ended
