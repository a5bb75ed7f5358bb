"""Groups the bot is in, who follows which public agent, and what was passed on of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import Place
from bot.domain.analysis import Action
from bot.domain.people import AgentId, AgentState, UserId
from bot.ports.groups import Following, Group, PassedSignal, PublicTrade, Signal
from bot.ports.ledger import Notice
from db.alert_schema import followings, groups, passed_signals
from db.intents import fill_of
from db.outbox import queue_notice, queue_notices
from db.people import quiet_of
from db.schema import decisions, switches, trade_history, user_agents, users
from db.store import Store, insert, upsert

_GROUP = sa.select(groups).where(groups.c.chat_id == sa.bindparam("chat"))
_ALL = sa.select(followings).order_by(followings.c.id)
_OF_PLACE = _ALL.where(
    followings.c.chat_id == sa.bindparam("chat"), followings.c.thread_id == sa.bindparam("thread")
)
_OF_CHAT = _ALL.where(followings.c.chat_id == sa.bindparam("chat"))
_OF_AGENT = (
    sa.select(followings, users.c.quiet_hours, users.c.time_zone)
    .join(users, users.c.id == followings.c.user_id)
    .where(followings.c.agent_id == sa.bindparam("agent"))
    .order_by(followings.c.id)
)
_UPTO = sa.select(switches.c.value).where(switches.c.name == sa.bindparam("cursor"))
_is_public = sa.and_(
    user_agents.c.public_from.is_not(None), user_agents.c.state != AgentState.CLOSED
)
# Held while somebody begins to follow, so that it does not become private meanwhile.
_PUBLIC = (
    sa.select(user_agents.c.id)
    .where(user_agents.c.id == sa.bindparam("agent"), _is_public)
    .with_for_update(read=True)
)
_PASSED = sa.select(passed_signals).where(
    passed_signals.c.agent_id == sa.bindparam("agent"),
    passed_signals.c.symbol == sa.bindparam("symbol"),
)


@dataclass(frozen=True, slots=True)
class _Stream:
    """What public agents do, row by row; the switch `cursor` has the last id looked at."""

    cursor: str
    table: sa.Table
    rows: sa.Select[Any]
    last: sa.Select[Any]


def _stream(cursor: str, table: sa.Table, since: sa.Column[Any]) -> _Stream:
    """Rows of agents that are public since, and are not paused."""
    rows = (
        sa.select(table)
        .join(user_agents, user_agents.c.id == table.c.agent_id)
        .where(
            table.c.id > sa.bindparam("upto", type_=sa.BigInteger),
            table.c.id > since,
            _is_public,
            user_agents.c.state != AgentState.PAUSED,
        )
        .order_by(table.c.id)
        .limit(sa.bindparam("at_most", type_=sa.Integer))
    )
    return _Stream(cursor, table, rows, sa.select(sa.func.max(table.c.id).label("id")))


_DECISIONS = _stream("signals", decisions, user_agents.c.public_from)
_TRADES = _stream("signal_trades", trade_history, user_agents.c.public_from_trade)


class SqlGroups:
    """What groups subscribe to beside alerts; the cursors of signals and trades are switches."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def save_group(self, group: Group) -> None:
        """Add a group, or replace what is known of it."""
        row = {
            "chat_id": group.chat_id,
            "title": group.title,
            "lost": group.lost,
            "topics": {str(thread_id): name for thread_id, name in group.topics.items()},
        }
        await self._store.transact(lambda tx: upsert(tx, groups, row))

    async def load_group(self, chat_id: int) -> Group | None:
        """A group by its present id."""
        row = await self._store.fetch_one(_GROUP, chat=chat_id)
        topics = {int(thread_id): name for thread_id, name in row.topics.items()} if row else {}
        return row and Group(row.chat_id, row.title, row.lost, topics)

    async def follow(
        self, place: Place, agent_id: AgentId, user_id: UserId, now: datetime, most: int
    ) -> bool:
        """Follow an agent in a place, once; False if it follows `most` others already.

        False for an agent that is not public, too: nobody follows one behind `drop_followers`.
        """
        row = {
            "chat_id": place.chat_id,
            "thread_id": place.thread_id,
            "agent_id": agent_id,
            "user_id": user_id,
            "created_at": now,
        }

        async def work(tx: AsyncConnection) -> bool:
            if (await tx.execute(_PUBLIC, {"agent": agent_id})).first() is None:
                return False
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
        """Who follows an agent, oldest first, with their quiet hours."""
        return [_follower(row) for row in await self._store.fetch(_OF_AGENT, agent=agent_id)]

    async def drop_followers(
        self, agent_id: AgentId, tell: Callable[[Following], Notice], now: datetime
    ) -> int:
        """Nobody follows an agent any more, and all who did are told; all or nothing; how many.

        `tell` gets them as `load_followers` does. The agent is not public any more, so nobody
        begins to follow it meanwhile.
        """
        gone = sa.delete(followings).where(followings.c.agent_id == agent_id)

        async def work(tx: AsyncConnection) -> int:
            followers = [_follower(row) for row in await tx.execute(_OF_AGENT, {"agent": agent_id})]
            dropped = set((await tx.execute(gone.returning(followings.c.id))).scalars())
            notices = [tell(follower) for follower in followers if follower.id in dropped]
            await queue_notices(tx, notices, now)
            return len(dropped)

        return await self._store.transact(work)

    async def load_signals(self, limit: int) -> Sequence[Signal]:
        """Decisions of public agents behind the last one passed on, oldest first.

        Decisions of before an agent became public are never among them, nor those of a paused
        one. Where there are none, what has been looked at is not looked at again.
        """
        return [
            Signal(row.id, AgentId(row.agent_id), row.created_at)
            for row in await self._behind(_DECISIONS, limit)
        ]

    async def pass_signals(
        self,
        upto: int,
        notices: Sequence[Notice],
        now: datetime,
        passed: Sequence[PassedSignal] = (),
    ) -> int:
        """Queue the notices and go on behind decision `upto`; all or nothing; how many were new.

        What was `passed` on takes the place of what was before, of the same agent and token.
        """

        async def work(tx: AsyncConnection) -> int:
            new = [await queue_notice(tx, notice, now) for notice in notices]
            for signal in passed:
                await upsert(tx, passed_signals, _passed_values(signal))
            await _go_on(tx, _DECISIONS, upto)
            return sum(new)

        return await self._store.transact(work)

    async def load_passed(self, agent_id: AgentId, symbol: str) -> PassedSignal | None:
        """The last signal that was passed on of an agent about a token."""
        row = await self._store.fetch_one(_PASSED, agent=agent_id, symbol=symbol)
        return row and PassedSignal(
            agent_id=AgentId(row.agent_id),
            symbol=row.symbol,
            action=Action(row.action),
            entry=row.entry,
            stop_loss=row.stop_loss,
            take_profit=row.take_profit,
            decided_at=row.decided_at,
        )

    async def load_trades(self, limit: int) -> Sequence[PublicTrade]:
        """Settled trades of public agents behind the last one told, oldest first.

        As for `load_signals`: none of before it became public, none while it is paused.
        """
        return [PublicTrade(row.id, fill_of(row)) for row in await self._behind(_TRADES, limit)]

    async def pass_trades(self, upto: int, notices: Sequence[Notice], now: datetime) -> int:
        """Queue the notices and go on behind trade `upto`; all or nothing; how many were new."""

        async def work(tx: AsyncConnection) -> int:
            new = [await queue_notice(tx, notice, now) for notice in notices]
            await _go_on(tx, _TRADES, upto)
            return sum(new)

        return await self._store.transact(work)

    async def _behind(self, stream: _Stream, limit: int) -> Sequence[Any]:
        """Rows behind the cursor; where none is for followers, the cursor goes on to the last."""
        passed = await self._store.fetch_one(_UPTO, cursor=stream.cursor)
        upto = int(passed.value) if passed else 0
        last = (await self._store.fetch_one(stream.last)).id or 0
        if last <= upto:
            return []

        async def work(tx: AsyncConnection) -> Sequence[Any]:
            if tx.dialect.name == "postgresql":
                # Ids are handed out before they are committed: wait for those behind.
                await tx.execute(sa.text(f"LOCK TABLE {stream.table.name} IN SHARE MODE"))
            found = list(await tx.execute(stream.rows, {"upto": upto, "at_most": limit}))
            if not found:
                # None of them is told later: agents are public from their next one on.
                await _go_on(tx, stream, (await tx.execute(stream.last)).scalar_one())
            return found

        return await self._store.transact(work)

    async def move_chat(self, old: int, new: int) -> None:
        """A group has become a supergroup: what is known of it goes to its new id."""

        async def work(tx: AsyncConnection) -> None:
            known = (await tx.execute(_GROUP, {"chat": old})).first()
            if known is not None:
                row = {**known._mapping, "chat_id": new}
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
        return _by_age(await self._store.execute(gone))


async def _go_on(tx: AsyncConnection, stream: _Stream, upto: int) -> None:
    """Look behind `upto` from now on; it never goes back."""
    passed = (await tx.execute(_UPTO, {"cursor": stream.cursor})).scalar_one_or_none()
    if passed is None or int(passed) < upto:
        await upsert(tx, switches, {"name": stream.cursor, "value": str(upto)})


def _passed_values(signal: PassedSignal) -> dict[str, Any]:
    return {
        "agent_id": signal.agent_id,
        "symbol": signal.symbol,
        "action": signal.action,
        "entry": signal.entry,
        "stop_loss": signal.stop_loss,
        "take_profit": signal.take_profit,
        "decided_at": signal.decided_at,
    }


def _by_age(rows: Iterable[Any]) -> list[Following]:
    return sorted((_following(row) for row in rows), key=lambda following: following.id)


def _place(place: Place) -> dict[str, int]:
    return {"chat": place.chat_id, "thread": place.thread_id}


def _is_at(place: Place) -> sa.ColumnElement[bool]:
    at_chat = followings.c.chat_id == place.chat_id
    return sa.and_(at_chat, followings.c.thread_id == place.thread_id)


def _following(row: Any) -> Following:  # noqa: ANN401
    place = Place(row.chat_id, row.thread_id)
    return Following(row.id, place, AgentId(row.agent_id), UserId(row.user_id))


def _follower(row: Any) -> Following:  # noqa: ANN401
    """With the quiet hours of its person, who is the one that it tells; groups have none."""
    following = _following(row)
    if following.place.is_group:
        return following
    return replace(following, quiet=quiet_of(row.quiet_hours), time_zone=row.time_zone)
