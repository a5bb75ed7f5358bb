"""Mandates that were ever in force, and what happened to escrows on the chain."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.mandate import EscrowEvent, Mandate, MandateWord
from bot.ports.clock import Clock
from bot.ports.ledger import Notice
from db.codec import dump_mandate, load_mandate
from db.outbox import queue_notice
from db.schema import escrow_events, intents, mandates, switches
from db.store import Store, insert, upsert

_MANDATE = sa.select(mandates.c.mandate).where(
    mandates.c.agent_id == sa.bindparam("agent_id"), mandates.c.word == sa.bindparam("kept_word")
)
_OURS = sa.select(intents.c.tx_hash).where(
    intents.c.tx_hash.in_(sa.bindparam("hashes", expanding=True))
)
_MOST_HASHES = 1_000
"""In one question; PostgreSQL takes no more than 32,767 arguments."""
_CURSOR = "escrow_events_from"
_FROM = sa.select(switches.c.value).where(switches.c.name == _CURSOR)


class SqlMandates:
    """By what the escrow keeps of them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def save_mandate(self, agent_id: int, word: MandateWord, mandate: Mandate) -> None:
        """Keep one; the same word again changes nothing."""
        row = {
            "agent_id": agent_id,
            "word": hex(word),
            "mandate": dump_mandate(mandate),
            "created_at": self._clock.now(),
        }

        async def work(tx: AsyncConnection) -> None:
            await tx.execute(insert(tx, mandates).values(row).on_conflict_do_nothing())

        await self._store.transact(work)

    async def load_mandate(self, agent_id: int, word: MandateWord) -> Mandate | None:
        """The one an escrow's word stands for."""
        row = await self._store.fetch_one(_MANDATE, agent_id=agent_id, kept_word=hex(word))
        return load_mandate(row.mandate) if row else None


class SqlEscrowEvents:
    """Each event once, together with the word to its owner and how far we have looked."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def load_from(self) -> int | None:
        """The first block not looked at yet; None before the first look."""
        row = await self._store.fetch_one(_FROM)
        return int(row.value) if row else None

    async def load_ours(self, hashes: Sequence[str]) -> frozenset[str]:
        """Those of some transactions that the journal has signed."""
        asked = sorted(set(hashes))
        found: set[str] = set()
        for start in range(0, len(asked), _MOST_HASHES):
            rows = await self._store.fetch(_OURS, hashes=asked[start : start + _MOST_HASHES])
            found |= {row.tx_hash for row in rows}
        return frozenset(found)

    async def save_events(
        self, events: Sequence[tuple[int, EscrowEvent]], notices: Sequence[Notice], upto: int
    ) -> int:
        """Keep agents' events, queue the notices, and go on behind block `upto`; all or nothing.

        Returns how many notices were new.
        """
        now = self._clock.now()
        rows = [
            {
                "tx_hash": event.tx_hash,
                "log_index": event.log_index,
                "agent_id": agent_id,
                "block": event.block,
                "name": event.name,
                "fields": dict(event.fields),
                "seen_at": now,
            }
            for agent_id, event in events
        ]

        async def work(tx: AsyncConnection) -> int:
            for row in rows:
                await tx.execute(insert(tx, escrow_events).values(row).on_conflict_do_nothing())
            queued = [await queue_notice(tx, notice, now) for notice in notices]
            await upsert(tx, switches, {"name": _CURSOR, "value": str(upto + 1)})
            return sum(queued)

        return await self._store.transact(work)
