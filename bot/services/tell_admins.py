"""Tell those who run the service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.domain.people import UserId
from bot.ports.clock import Clock
from bot.ports.ledger import Notice, Outbox
from bot.ports.records import People


@dataclass(frozen=True, slots=True)
class TellAdmins:
    """Notices to every admin who is known: Telegram lets nobody be written to unasked."""

    clock: Clock
    people: People
    outbox: Outbox
    admin_ids: frozenset[int]
    wake: Callable[[], None]

    async def tell(self, kind: str, key: str, data: Mapping[str, str]) -> None:
        """Queue a notice for each; the same `key` again tells nobody twice."""
        for admin_id in sorted(self.admin_ids):
            if await self.people.load_user(UserId(admin_id)) is not None:
                notice = Notice(admin_id, kind, f"{kind}:{key}:{admin_id}", data)
                await self.outbox.queue(notice, self.clock.now())
        self.wake()
