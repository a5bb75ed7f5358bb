"""The journal of intents.

A transaction locks the intent first, then the nonce ledger, the agent, the outbox: no deadlocks.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.trade import Fill, Intent, IntentId, IntentKind, IntentState
from bot.ports.ledger import Confirmation, Step
from db import intents as rows
from db.deposits import lock_agent
from db.schema import intents
from db.steps import apply_step, record_event, take_nonce
from db.store import Store


class SqlJournal:
    """Durable before it returns; `advance` and `confirm` hold against several processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def save_proposal(self, intent: Intent) -> None:
        """Write a PROPOSED intent, or a CONFIRMED one; a confirmed swap gets its sequence number.

        Raises:
            ValueError: it is in another state.
        """
        if intent.state not in (IntentState.PROPOSED, IntentState.CONFIRMED):
            raise ValueError(f"{intent.id} is {intent.state} already")
        await self._store.transact(lambda tx: _save_proposal(tx, intent))

    async def load_intent(self, intent_id: IntentId) -> Intent | None:
        """The intent as it stands."""
        row = await self._store.fetch_one(rows.BY_ID, intent_id=intent_id)
        return row and rows.intent_of(row)

    async def load_open(self) -> Sequence[Intent]:
        """Intents a restart must carry on, in the order they were confirmed."""
        return [rows.intent_of(row) for row in await self._store.fetch(rows.OPEN_ONES)]

    async def confirm(
        self, intent_id: IntentId, now: datetime, day_cap_usd: Decimal
    ) -> Confirmation | None:
        """Move PROPOSED to CONFIRMED at most once, within the day's cap."""
        return await self._store.transact(lambda tx: _confirm(tx, intent_id, now, day_cap_usd))

    async def advance(self, intent_id: IntentId, step: Step) -> Intent | None:
        """Apply a step; None if the intent was no longer in `step.expect`.

        Raises:
            ValueError: it is signed by another account.
        """
        return await self._store.transact(lambda tx: _advance(tx, intent_id, step))

    async def load_nonce(self, account: str) -> int:
        """The ledger's next nonce for an account; 0 if it never signed."""
        row = await self._store.fetch_one(rows.NONCE, account=account)
        return row.next if row else 0

    async def load_day_volume(self, agent_id: int, now: datetime) -> Decimal:
        """USD of an agent's swaps that may still run, or settled in the 24 hours before `now`."""
        since = now - rows.DAY
        return rows.total(
            await self._store.fetch(rows.VOLUMES, agent_id=agent_id, but="", since=since)
        )

    async def load_fills(
        self, agent_id: int, limit: int | None = None, offset: int = 0
    ) -> Sequence[Fill]:
        """Settled trades, newest first; all of them without a limit."""
        if limit is None:
            found = (await self._store.fetch(rows.FILLS, agent_id=agent_id))[offset:]
        else:
            found = await self._store.fetch(
                rows.FILLS_PAGE, agent_id=agent_id, at_most=limit, start=offset
            )
        return [rows.fill_of(row) for row in found]

    async def count_fills(self, agent_id: int) -> int:
        """How many trades an agent has settled."""
        row = await self._store.fetch_one(rows.FILL_COUNT, agent_id=agent_id)
        return int(row.fills)

    async def load_recent(
        self, agent_id: int, states: Sequence[IntentState], limit: int
    ) -> Sequence[Intent]:
        """An agent's intents in some states, latest change first."""
        found = await self._store.fetch(
            rows.RECENT, agent_id=agent_id, states=list(states), at_most=limit
        )
        return [rows.intent_of(row) for row in found]


async def _save_proposal(tx: AsyncConnection, intent: Intent) -> None:
    if intent.state is IntentState.CONFIRMED and intent.kind is IntentKind.SWAP:
        await lock_agent(tx, intent.agent_id)
        intent = replace(intent, sequence=await _next_sequence(tx, intent.agent_id))
    await tx.execute(sa.insert(intents).values(rows.intent_values(intent)))
    await record_event(tx, intent, intent.state, intent.updated_at, intent.reason)


async def _confirm(
    tx: AsyncConnection, intent_id: IntentId, now: datetime, day_cap_usd: Decimal
) -> Confirmation | None:
    intent = await _lock(tx, intent_id)
    if intent is None:
        return None
    await lock_agent(tx, intent.agent_id)
    asked = {"agent_id": intent.agent_id, "but": intent.id, "since": now - rows.DAY}
    spent = rows.total((await tx.execute(rows.VOLUMES, asked)).all())
    if intent.state is not IntentState.PROPOSED:
        return Confirmation(intent, fresh=False, spent_usd=spent)
    if now >= intent.expires_at:
        return Confirmation(await _expire(tx, intent, now), fresh=False, spent_usd=spent)
    swap = intent.kind is IntentKind.SWAP
    if swap and spent + intent.notional_usd > day_cap_usd:
        return Confirmation(intent, fresh=False, spent_usd=spent)
    sequence = await _next_sequence(tx, intent.agent_id) if swap else intent.sequence
    confirmed = replace(intent, state=IntentState.CONFIRMED, sequence=sequence, updated_at=now)
    await tx.execute(
        sa.update(intents)
        .where(intents.c.id == intent.id)
        .values(state=confirmed.state, sequence=sequence, updated_at=now, confirmed_at=now)
    )
    await record_event(tx, intent, confirmed.state, now)
    return Confirmation(confirmed, fresh=True, spent_usd=spent)


async def _expire(tx: AsyncConnection, intent: Intent, now: datetime) -> Intent:
    step = Step(IntentState.PROPOSED, IntentState.EXPIRED, now)
    await apply_step(tx, intent, step)
    return replace(intent, state=step.to, updated_at=now)


async def _advance(tx: AsyncConnection, intent_id: IntentId, step: Step) -> Intent | None:
    intent = await _lock(tx, intent_id)
    if intent is None or intent.state is not step.expect:
        return None
    if step.signed and not await take_nonce(tx, intent, step.signed):
        return None
    await apply_step(tx, intent, step)
    return replace(
        intent,
        state=step.to,
        updated_at=step.now,
        reason=step.reason or intent.reason,
        signed=step.signed or intent.signed,
        receipt=step.receipt or intent.receipt,
    )


async def _lock(tx: AsyncConnection, intent_id: IntentId) -> Intent | None:
    query = sa.select(intents).where(intents.c.id == intent_id).with_for_update()
    row = (await tx.execute(query)).first()
    return rows.intent_of(row) if row else None


async def _next_sequence(tx: AsyncConnection, agent_id: int) -> int:
    last = await tx.execute(
        sa.select(sa.func.max(intents.c.sequence)).where(intents.c.agent_id == agent_id)
    )
    return (last.scalar_one() or 0) + 1
