"""What else must be true together with a transition, within its transaction."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import AgentState
from bot.domain.trade import IN_FLIGHT, Intent, IntentState, SignedTx
from bot.ports.ledger import Step
from db.codec import dump_receipt, dump_signed
from db.deposits import change_seen, lock_agent
from db.intents import fill_values
from db.outbox import queue_notice
from db.schema import intent_events, intents, nonces, trade_history, user_agents
from db.store import insert


async def take_nonce(tx: AsyncConnection, intent: Intent, signed: SignedTx) -> bool:
    """Raise the account's ledger past `signed.nonce`; False if it is taken or another is in flight.

    Raises:
        ValueError: somebody else signed it.
    """
    if signed.account != intent.account:
        raise ValueError(f"{intent.id} is signed by {signed.account}, not {intent.account}")
    row = {"account": signed.account, "next": 0}
    await tx.execute(insert(tx, nonces).values(row).on_conflict_do_nothing())
    ledger = await tx.execute(
        sa.select(nonces.c.next).where(nonces.c.account == signed.account).with_for_update()
    )
    if ledger.scalar_one() > signed.nonce:
        return False
    busy = await tx.execute(
        sa.select(intents.c.id).where(
            intents.c.account == signed.account, intents.c.state.in_(sorted(IN_FLIGHT))
        )
    )
    if busy.first():
        return False
    await _set_nonce(tx, signed.account, signed.nonce + 1)
    return True


async def apply_step(tx: AsyncConnection, intent: Intent, step: Step) -> None:
    """Write a transition and all that belongs to it; the caller holds the intent's row."""
    facts: dict[str, Any] = {"state": step.to, "updated_at": step.now}
    if step.reason:
        facts["reason"] = step.reason
    if step.signed:
        signed = step.signed
        facts |= {"signed": dump_signed(signed), "nonce": signed.nonce, "tx_hash": signed.tx_hash}
    if step.receipt:
        facts["receipt"] = dump_receipt(step.receipt)
    await tx.execute(sa.update(intents).where(intents.c.id == intent.id).values(facts))
    await record_event(tx, intent, step.to, step.now, step.reason)
    if step.frees_nonce and intent.signed:
        await _set_nonce(tx, intent.signed.account, intent.signed.nonce)
    if step.fill:
        await tx.execute(sa.insert(trade_history).values(fill_values(step.fill)))
    await _change_agent(tx, intent, step)
    if step.notice:
        await queue_notice(tx, step.notice, step.now)


async def record_event(
    tx: AsyncConnection, intent: Intent, to: IntentState, now: datetime, reason: str = ""
) -> None:
    """Append a transition to the history; the first one comes from nowhere."""
    before = None if to is intent.state else intent.state
    await tx.execute(
        sa.insert(intent_events).values(
            intent_id=intent.id, from_state=before, to_state=to, reason=reason, at=now
        )
    )


async def _change_agent(tx: AsyncConnection, intent: Intent, step: Step) -> None:
    flies = (intent.state in IN_FLIGHT) != (step.to in IN_FLIGHT)
    if not (flies or step.balance_changes or step.escrow):
        return
    await lock_agent(tx, intent.agent_id)
    if flies or step.balance_changes:
        await change_seen(tx, intent.agent_id, step.balance_changes)
    if step.escrow:
        opened = sa.case(
            (user_agents.c.state == AgentState.OPENING, AgentState.ACTIVE.value),
            else_=user_agents.c.state,
        )
        await tx.execute(
            sa.update(user_agents)
            .where(user_agents.c.id == intent.agent_id)
            .values(
                escrow_address=step.escrow,
                escrow_index=step.escrow_index,
                state=opened,
                updated_at=step.now,
            )
        )


async def _set_nonce(tx: AsyncConnection, account: str, following: int) -> None:
    await tx.execute(sa.update(nonces).where(nonces.c.account == account).values(next=following))
