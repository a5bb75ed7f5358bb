"""The outbox: notices that must arrive, kept until they did."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.ports.ledger import Notice, OutboxState, Queued
from db.schema import outbox
from db.store import Store, insert

_WAITING = outbox.alias("waiting")
_HEADS = (
    sa.select(sa.func.min(_WAITING.c.id))
    .where(_WAITING.c.state.in_([OutboxState.PENDING, OutboxState.SENDING]))
    .group_by(_WAITING.c.chat_id)
)
_DUE = (
    sa.select(outbox)
    .where(
        outbox.c.id.in_(_HEADS),
        outbox.c.state == OutboxState.PENDING,
        outbox.c.due_at <= sa.bindparam("now"),
    )
    .order_by(outbox.c.id)
    .limit(sa.bindparam("at_most", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)


async def queue_notice(tx: AsyncConnection, notice: Notice, now: datetime) -> bool:
    """Queue a notice within somebody's transaction; one with the same key is ignored: False."""
    statement = insert(tx, outbox).values(
        chat_id=notice.chat_id,
        kind=notice.kind,
        key=notice.key,
        data=dict(notice.data),
        state=OutboxState.PENDING,
        attempts=0,
        repeat=False,
        reason="",
        created_at=now,
        due_at=now,
    )
    added = statement.on_conflict_do_nothing(index_elements=["key"]).returning(outbox.c.id)
    return (await tx.execute(added)).first() is not None


class SqlOutbox:
    """Within a chat notices keep their order: one that waits holds back those behind it.

    `Queued.attempts` counts the present attempt.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def queue(self, notice: Notice, now: datetime) -> None:
        """Add a notice; one with the same key is ignored."""
        await self._store.transact(lambda tx: queue_notice(tx, notice, now))

    async def claim(self, now: datetime, limit: int) -> Sequence[Queued]:
        """Mark due notices as being sent and return them, oldest first, one a chat at a time."""

        async def work(tx: AsyncConnection) -> Sequence[Queued]:
            rows = (await tx.execute(_DUE, {"now": now, "at_most": limit})).all()
            if rows:
                await tx.execute(
                    sa.update(outbox)
                    .where(outbox.c.id.in_([row.id for row in rows]))
                    .values(state=OutboxState.SENDING, attempts=outbox.c.attempts + 1)
                )
            return [_queued(row) for row in rows]

        return await self._store.transact(work)

    async def mark_sent(self, queued_id: int, now: datetime) -> None:
        """It arrived."""
        await self._change(queued_id, state=OutboxState.SENT, sent_at=now)

    async def mark_retry(self, queued_id: int, due_at: datetime, *, ambiguous: bool) -> None:
        """Try again at `due_at`; `ambiguous` if this attempt may have arrived."""
        repeat = outbox.c.repeat | sa.literal(ambiguous)
        await self._change(queued_id, state=OutboxState.PENDING, due_at=due_at, repeat=repeat)

    async def mark_failed(self, queued_id: int, reason: str) -> None:
        """Give up for good (blocked, gone)."""
        await self._change(queued_id, state=OutboxState.FAILED, reason=reason)

    async def release_claims(self) -> int:
        """At start: what was being sent when the process ended is pending again, as a repeat."""
        result = await self._store.execute(
            sa.update(outbox)
            .where(outbox.c.state == OutboxState.SENDING)
            .values(state=OutboxState.PENDING, repeat=True)
        )
        return result.rowcount

    async def _change(self, queued_id: int, **values: object) -> None:
        await self._store.execute(
            sa.update(outbox)
            .where(outbox.c.id == queued_id, outbox.c.state == OutboxState.SENDING)
            .values(values)
        )


def _queued(row: Any) -> Queued:  # noqa: ANN401
    notice = Notice(row.chat_id, row.kind, row.key, row.data)
    return Queued(row.id, notice, row.attempts + 1, row.repeat)
