"""Agents, and which one a chat is looking at."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.people import Agent, AgentId, AgentState, UserId
from bot.ports.clock import Clock
from bot.ports.records import NameTakenError
from db.schema import chats, decisions, trade_history, user_agents
from db.store import Store, insert, upsert

_kept = user_agents.c.state != AgentState.CLOSED
_ALL = sa.select(user_agents).order_by(user_agents.c.id)
_ONE = sa.select(user_agents).where(user_agents.c.id == sa.bindparam("agent_id"))
_OF_USER = _ALL.where(user_agents.c.user_id == sa.bindparam("user_id"), _kept)
_LIVE = _ALL.where(user_agents.c.escrow_address != "", _kept)
_OPENING = _ALL.where(user_agents.c.escrow_address == "", _kept)
_PUBLIC = _ALL.where(user_agents.c.public_from.is_not(None), _kept)
_OURS = sa.select(user_agents.c.id).where(
    sa.or_(
        user_agents.c.escrow_address == sa.bindparam("escrow"),
        user_agents.c.actor_address == sa.bindparam("actor"),
    )
)
_CURRENT = sa.select(chats.c.agent_id).where(chats.c.chat_id == sa.bindparam("chat"))


class SqlAgents:
    """Agents are never deleted; a CLOSED one stays closed and frees its name."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def create_agent(
        self, user_id: UserId, name: str, instructions: str, owner: str, exit_hash: str = ""
    ) -> Agent:
        """Add an OPENING agent; its actor is set by `save_actor`.

        Raises:
            NameTakenError: the person has an agent of that name (case-insensitively, not closed).
        """
        now = self._clock.now()
        values = {
            "user_id": user_id,
            "agent_name": name,
            "name_key": name.casefold(),
            "instructions": instructions,
            "owner_address": owner,
            "escrow_address": "",
            "actor_address": "",
            "seed_version": 0,
            "state": AgentState.OPENING,
            "exit_hash": exit_hash,
            "created_at": now,
            "updated_at": now,
        }

        async def work(tx: AsyncConnection) -> Agent:
            statement = insert(tx, user_agents).values(values).on_conflict_do_nothing()
            row = (await tx.execute(statement.returning(*user_agents.c))).first()
            if row is None:
                raise NameTakenError(name)
            return _agent(row)

        return await self._store.transact(work)

    async def save_actor(self, agent_id: AgentId, actor: str, seed_version: int) -> None:
        """Record the derived account of an OPENING agent."""
        await self._change(
            agent_id,
            sa.and_(user_agents.c.escrow_address == "", _kept),
            actor_address=actor,
            seed_version=seed_version,
        )

    async def load_agent(self, agent_id: AgentId) -> Agent | None:
        """One agent, closed ones included."""
        row = await self._store.fetch_one(_ONE, agent_id=agent_id)
        return row and _agent(row)

    async def load_agents(self, user_id: UserId) -> Sequence[Agent]:
        """A person's agents that are not closed, oldest first."""
        return [_agent(row) for row in await self._store.recall(_OF_USER, user_id=user_id)]

    async def load_live(self) -> Sequence[Agent]:
        """All agents with an escrow that are not closed, for the deposit watcher."""
        return [_agent(row) for row in await self._store.fetch(_LIVE)]

    async def load_opening(self) -> Sequence[Agent]:
        """Agents whose escrow is not registered yet, for recovery."""
        return [_agent(row) for row in await self._store.fetch(_OPENING)]

    async def is_ours(self, address: str) -> bool:
        """Whether a checksummed address is an escrow or an actor of any agent, closed or not."""
        return bool(await self._store.fetch(_OURS, escrow=address, actor=address))

    async def save_instructions(self, agent_id: AgentId, instructions: str) -> None:
        """Replace an agent's instructions."""
        await self._change(agent_id, _kept, instructions=instructions)

    async def save_state(self, agent_id: AgentId, state: AgentState) -> None:
        """Pause, resume or close an agent; nothing reopens a closed one."""
        await self._change(agent_id, _kept, state=state)

    async def save_public(self, agent_id: AgentId, *, public: bool) -> None:
        """Let everybody follow an agent's decisions and trades from now on, or nobody any more."""
        if public:
            since = {
                "public_from": _last(decisions.c.id),
                "public_from_trade": _last(trade_history.c.id),
            }
            private = user_agents.c.public_from.is_(None)
            await self._change(agent_id, sa.and_(private, _kept), **since)
        else:
            await self._change(agent_id, _kept, public_from=None, public_from_trade=None)

    async def load_public(self) -> Sequence[Agent]:
        """Public agents that are not closed, oldest first."""
        return [_agent(row) for row in await self._store.fetch(_PUBLIC)]

    async def load_current(self, chat_id: int) -> AgentId | None:
        """The agent a chat is looking at."""
        rows = await self._store.recall(_CURRENT, chat=chat_id)
        return AgentId(rows[0].agent_id) if rows and rows[0].agent_id else None

    async def save_current(self, chat_id: int, agent_id: AgentId | None) -> None:
        """Choose the agent a chat is looking at."""
        row = {"chat_id": chat_id, "agent_id": agent_id}
        await self._store.transact(lambda tx: upsert(tx, chats, row))

    async def _change(
        self, agent_id: AgentId, allowed: sa.ColumnElement[bool], **values: object
    ) -> None:
        await self._store.execute(
            sa.update(user_agents)
            .where(user_agents.c.id == agent_id, allowed)
            .values(updated_at=self._clock.now(), **values)
        )


def _last(number: sa.Column[Any]) -> sa.ScalarSelect[Any]:
    return sa.select(sa.func.coalesce(sa.func.max(number), 0)).scalar_subquery()


def _agent(row: Any) -> Agent:  # noqa: ANN401
    return Agent(
        id=AgentId(row.id),
        user_id=UserId(row.user_id),
        name=row.agent_name,
        instructions=row.instructions,
        owner=row.owner_address,
        actor=row.actor_address,
        escrow=row.escrow_address,
        seed_version=row.seed_version,
        state=AgentState(row.state),
        created_at=row.created_at,
        exit_hash=row.exit_hash,
        index=row.escrow_index,
        is_public=row.public_from is not None,
    )
