"""Open dialogues, what was asked and answered, and what was decided."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.domain.analysis import TradeDecision, Turn
from bot.ports.records import Dialogue
from db.codec import dump_decision, load_decision
from db.schema import decisions, dialogues, turns
from db.store import Store, upsert

_DIALOGUE = sa.select(dialogues).where(dialogues.c.chat_id == sa.bindparam("chat"))
_TURNS = (
    sa.select(turns)
    .where(
        turns.c.chat_id == sa.bindparam("chat"),
        turns.c.agent_id == sa.bindparam("agent"),
        turns.c.at >= sa.bindparam("since"),
    )
    .order_by(turns.c.at.desc(), turns.c.id.desc())
    .limit(sa.bindparam("at_most", type_=sa.Integer))
)
_DECISION = sa.select(decisions).where(decisions.c.id == sa.bindparam("decision_id"))


class SqlDialogues:
    """At most one open question a chat."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load_dialogue(self, chat_id: int, now: datetime) -> Dialogue | None:
        """The open dialogue, unless it expired."""
        rows = await self._store.recall(_DIALOGUE, chat=chat_id)
        if not rows or rows[0].expires_at <= now:
            return None
        return Dialogue(rows[0].command, rows[0].step, dict(rows[0].data))

    async def save_dialogue(self, chat_id: int, dialogue: Dialogue, expires_at: datetime) -> None:
        """Open or move on a dialogue."""
        row = {
            "chat_id": chat_id,
            "command": dialogue.command,
            "step": dialogue.step,
            "data": dict(dialogue.data),
            "expires_at": expires_at,
        }
        await self._store.transact(lambda tx: upsert(tx, dialogues, row))

    async def drop_dialogue(self, chat_id: int) -> bool:
        """End it; True if there was one. Mostly there is none, and looking costs no transaction."""
        if not await self._store.recall(_DIALOGUE, chat=chat_id):
            return False
        result = await self._store.execute(
            sa.delete(dialogues).where(dialogues.c.chat_id == chat_id)
        )
        return result.rowcount > 0


class SqlConversations:
    """Turns are context and are forgotten; decisions are kept for good."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def save_turn(self, chat_id: int, agent_id: int, turn: Turn) -> None:
        """Add an exchange to a chat's context with an agent."""
        await self._store.execute(
            sa.insert(turns).values(
                chat_id=chat_id,
                agent_id=agent_id,
                question=turn.question,
                answer=turn.answer,
                at=turn.at,
            )
        )

    async def load_turns(
        self, chat_id: int, agent_id: int, since: datetime, limit: int
    ) -> Sequence[Turn]:
        """The latest exchanges, oldest first."""
        rows = await self._store.fetch(
            _TURNS, chat=chat_id, agent=agent_id, since=since, at_most=limit
        )
        return [Turn(row.question, row.answer, row.at) for row in reversed(rows)]

    async def forget_turns(self, before: datetime) -> int:
        """Delete older exchanges; returns how many."""
        return (await self._store.execute(sa.delete(turns).where(turns.c.at < before))).rowcount

    async def save_decision(
        self, agent_id: int, question: str, decision: TradeDecision, now: datetime
    ) -> int:
        """Record a decision for good; returns its id."""
        result = await self._store.execute(
            sa.insert(decisions)
            .values(
                agent_id=agent_id,
                question=question,
                decision=dump_decision(decision),
                created_at=now,
            )
            .returning(decisions.c.id)
        )
        return int(result.scalar_one())

    async def load_decision(self, decision_id: int) -> tuple[int, TradeDecision] | None:
        """The agent's id and the decision."""
        row = await self._store.fetch_one(_DECISION, decision_id=decision_id)
        return row and (row.agent_id, load_decision(row.decision))

    async def save_answer(self, decision_id: int, answer: str, now: datetime) -> bool:
        """Record `declined` or `traded` once; False if it was answered before."""
        result = await self._store.execute(
            sa.update(decisions)
            .where(decisions.c.id == decision_id, decisions.c.answer.is_(None))
            .values(answer=answer, answered_at=now)
        )
        return result.rowcount > 0
