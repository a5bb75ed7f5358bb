"""Groups the bot is in, who follows which public agent, and what was passed on of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import Place
from bot.domain.people import AgentId, AgentState, UserId
from bot.ports.groups import Following, Group, Signal
from bot.ports.ledger import Notice
from db.alert_schema import followings, groups
from db.outbox import queue_notice
from db.schema import decisions, switches, user_agents
from db.store import Store, insert, upsert

_CURSOR = "signals"
_GROUP = sa.select(groups).where(groups.c.chat_id == sa.bindparam("chat"))
_ALL = sa.select(followings).order_by(followings.c.id)
_OF_PLACE = _ALL.where(
    followings.c.chat_id == sa.bindparam("chat"), followings.c.thread_id == sa.bindparam("thread")
)
_OF_CHAT = _ALL.where(followings.c.chat_id == sa.bindparam("chat"))
_OF_AGENT = _ALL.where(followings.c.agent_id == sa.bindparam("agent"))
_UPTO = sa.select(switches.c.value).where(switches.c.name == _CURSOR)
_SIGNALS = (
    sa.select(decisions.c.id, decisions.c.agent_id, decisions.c.created_at)
    .join(user_agents, user_agents.c.id == decisions.c.agent_id)
    .where(
        decisions.c.id > sa.bindparam("upto", type_=sa.BigInteger),
        decisions.c.id > user_agents.c.public_from,
        user_agents.c.state != AgentState.CLOSED,
    )
    .order_by(decisions.c.id)
    .limit(sa.bindparam("at_most", type_=sa.Integer))
)


class SqlGroups:
    """What groups subscribe to beside alerts; the cursor of signals is a switch."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def save_group(self, group: Group) -> None:
        """Add a group, or replace what is known of it."""
        row = {"chat_id": group.chat_id, "title": group.title, "lost": group.lost}
        await self._store.transact(lambda tx: upsert(tx, groups, row))

    async def load_group(self, chat_id: int) -> Group | None:
        """A group by its present id."""
        row = await self._store.fetch_one(_GROUP, chat=chat_id)
        return row and Group(row.chat_id, row.title, row.lost)

    async def follow(
        self, place: Place, agent_id: AgentId, user_id: UserId, now: datetime, most: int
    ) -> bool:
        """Follow an agent in a place, once; False if it follows `most` others already."""
        row = {
            "chat_id": place.chat_id,
            "thread_id": place.thread_id,
            "agent_id": agent_id,
            "user_id": user_id,
            "created_at": now,
        }

        async def work(tx: AsyncConnection) -> bool:
            held = (await tx.execute(_OF_PLACE, _place(place))).all()
            if any(following.agent_id == agent_id for following in held):
                return True
            if len(held) >= most:
                return False
            await tx.execute(insert(tx, followings).values(row).on_conflict_do_nothing())
            return True

        return await self._store.transact(work)

    async def unfollow(self, place: Place, agent_id: AgentId) -> bool:
        """Follow it no more; False if it did not."""
        where = sa.and_(_is_at(place), followings.c.agent_id == agent_id)
        return (await self._store.execute(sa.delete(followings).where(where))).rowcount > 0

    async def load_followings(self, place: Place) -> Sequence[Following]:
        """What a place follows, oldest first."""
        return [_following(row) for row in await self._store.fetch(_OF_PLACE, **_place(place))]

    async def load_chat_followings(self, chat_id: int) -> Sequence[Following]:
        """What a chat follows with all its topics, oldest first."""
        return [_following(row) for row in await self._store.fetch(_OF_CHAT, chat=chat_id)]

    async def load_followers(self, agent_id: AgentId) -> Sequence[Following]:
        """Who follows an agent, oldest first."""
        return [_following(row) for row in await self._store.fetch(_OF_AGENT, agent=agent_id)]

    async def drop_followers(
        self, agent_id: AgentId, notices: Sequence[Notice], now: datetime
    ) -> int:
        """Nobody follows an agent any more, and these are told; all or nothing; how many did."""
        gone = sa.delete(followings).where(followings.c.agent_id == agent_id)

        async def work(tx: AsyncConnection) -> int:
            for notice in notices:
                await queue_notice(tx, notice, now)
            return (await tx.execute(gone)).rowcount

        return await self._store.transact(work)

    async def load_signals(self, limit: int) -> Sequence[Signal]:
        """Decisions of public agents behind the last one passed on, oldest first.

        Decisions of before an agent became public are never among them.
        """
        upto = await self._store.fetch_one(_UPTO)
        asked = {"upto": int(upto.value) if upto else 0, "at_most": limit}
        if not await self._store.fetch(_SIGNALS, **asked):
            return []

        async def work(tx: AsyncConnection) -> Sequence[Signal]:
            if tx.dialect.name == "postgresql":
                # Ids are handed out before they are committed: wait for those behind.
                await tx.execute(sa.text("LOCK TABLE decisions IN SHARE MODE"))
            found = await tx.execute(_SIGNALS, asked)
            return [Signal(row.id, AgentId(row.agent_id), row.created_at) for row in found]

        return await self._store.transact(work)

    async def pass_signals(self, upto: int, notices: Sequence[Notice], now: datetime) -> int:
        """Queue the notices and go on behind decision `upto`; all or nothing; how many were new."""

        async def work(tx: AsyncConnection) -> int:
            passed = (await tx.execute(_UPTO)).scalar_one_or_none()
            new = [await queue_notice(tx, notice, now) for notice in notices]
            if passed is None or int(passed) < upto:
                await upsert(tx, switches, {"name": _CURSOR, "value": str(upto)})
            return sum(new)

        return await self._store.transact(work)

    async def move_chat(self, old: int, new: int) -> None:
        """A group has become a supergroup: what is known of it goes to its new id."""

        async def work(tx: AsyncConnection) -> None:
            known = (await tx.execute(_GROUP, {"chat": old})).first()
            if known is not None:
                row = {"chat_id": new, "title": known.title, "lost": known.lost}
                await tx.execute(insert(tx, groups).values(row).on_conflict_do_nothing())
                await tx.execute(sa.delete(groups).where(groups.c.chat_id == old))
            there = followings.alias("there")
            twice = sa.exists().where(
                there.c.chat_id == new,
                there.c.thread_id == followings.c.thread_id,
                there.c.agent_id == followings.c.agent_id,
            )
            here = followings.c.chat_id == old
            await tx.execute(sa.delete(followings).where(here, twice))
            await tx.execute(sa.update(followings).where(here).values(chat_id=new))

        await self._store.transact(work)

    async def stop_place(self, place: Place, *, topic_only: bool) -> Sequence[Following]:
        """Follow nothing there any more; returns what was followed."""
        where = _is_at(place) if topic_only else followings.c.chat_id == place.chat_id
        gone = sa.delete(followings).where(where).returning(*followings.c)
        rows = (await self._store.execute(gone)).all()
        return sorted((_following(row) for row in rows), key=lambda following: following.id)


def _place(place: Place) -> dict[str, int]:
    return {"chat": place.chat_id, "thread": place.thread_id}


def _is_at(place: Place) -> sa.ColumnElement[bool]:
    at_chat = followings.c.chat_id == place.chat_id
    return sa.and_(at_chat, followings.c.thread_id == place.thread_id)


def _following(row: Any) -> Following:  # noqa: ANN401
    place = Place(row.chat_id, row.thread_id)
    return Following(row.id, place, AgentId(row.agent_id), UserId(row.user_id))
