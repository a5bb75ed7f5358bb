"""Alerts and their firings. What one look does to many of them is in `db.looks`."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import Alert, AlertDraft, AlertId, Place, Standing
from bot.domain.people import AgentId, AgentState, UserId
from bot.ports.alerts import Counts, Decide, Hit, Look, Rung
from bot.ports.clock import Clock
from bot.ports.ledger import Notice, OutboxState
from db.alert_rows import alert_of, changed_values, draft_values, rung_of
from db.alert_schema import alert_firings, market_alerts, series_marks
from db.base import listed
from db.looks import (
    ACTIVE,
    MANY,
    end_expired,
    finish_all,
    hold,
    look_at,
    ring_due,
    step_back,
)
from db.schema import outbox, user_agents
from db.store import Store

_SHARE_BYTES = 8
_WAITING = listed("state", (OutboxState.PENDING, OutboxState.SENDING))
_ALL = sa.select(market_alerts).order_by(market_alerts.c.id)
_of_person = sa.and_(
    market_alerts.c.user_id == sa.bindparam("owner"), market_alerts.c.chat_id > 0, ACTIVE
)
_of_group = sa.and_(market_alerts.c.chat_id == sa.bindparam("owner"), ACTIVE)
_ONE = sa.select(market_alerts).where(market_alerts.c.id == sa.bindparam("alert_id"))
SHARED = sa.select(market_alerts).where(market_alerts.c.share == sa.bindparam("share"), ACTIVE)
OF_PERSON = _ALL.where(_of_person)
OF_GROUP = _ALL.where(_of_group)
DIGESTS_BY = _ALL.where(
    market_alerts.c.user_id == sa.bindparam("owner"), market_alerts.c.series == "", ACTIVE
)
_KEY = sa.literal("alert:", sa.Text).concat(
    sa.cast(alert_firings.c.alert_id, sa.Text)
    .concat(sa.literal(":", sa.Text))
    .concat(sa.cast(alert_firings.c.number, sa.Text))
)
RINGS = (
    sa.select(
        market_alerts,
        alert_firings.c.number,
        alert_firings.c.met_at,
        alert_firings.c.value,
        outbox.c.state.label("message_state"),
        outbox.c.not_before,
        outbox.c.data,
    )
    .join(alert_firings, alert_firings.c.alert_id == market_alerts.c.id)
    .outerjoin(outbox, outbox.c.key == _KEY)
    .where(
        market_alerts.c.user_id == sa.bindparam("owner"),
        market_alerts.c.chat_id > 0,
        alert_firings.c.recorded_at
        >= sa.bindparam("since", type_=alert_firings.c.recorded_at.type),
    )
    .order_by(
        alert_firings.c.recorded_at.desc(),
        alert_firings.c.alert_id.desc(),
        alert_firings.c.number.desc(),
    )
    .limit(sa.bindparam("at_most", type_=sa.Integer))
)
_MOVE = (
    sa.update(market_alerts)
    .where(market_alerts.c.chat_id == sa.bindparam("old"))
    .values(chat_id=sa.bindparam("new"), version=market_alerts.c.version + 1)
)
MOVE_ACTIVE = _MOVE.where(ACTIVE)
# In the words of the index's own condition, as with `ACTIVE`.
MOVE_ENDED = _MOVE.where(sa.text("NOT market_alerts.is_active AND market_alerts.chat_id < 0"))
_COUNT = sa.select(sa.func.count().label("alerts")).select_from(market_alerts)
_ACTIVE_ONES = _COUNT.where(ACTIVE)
_MARKS = sa.select(series_marks).where(
    series_marks.c.series.in_(sa.bindparam("names", expanding=True))
)


def _next_series(behind: sa.ColumnElement[bool]) -> sa.ScalarSelect[str]:
    series = market_alerts.c.series
    return (
        sa.select(sa.func.min(series))
        .where(market_alerts.c.level.is_not(None), behind, series < sa.bindparam("end"))
        .scalar_subquery()
    )


# From one name to the next by the index: alerts of the same series cost nothing.
_first = sa.select(
    _next_series(market_alerts.c.series >= sa.bindparam("start")).label("series")
).cte("found", recursive=True)
_found = _first.union_all(
    sa.select(_next_series(market_alerts.c.series > _first.c.series)).where(
        _first.c.series.is_not(None)
    )
)
SERIES = sa.select(_found.c.series).where(_found.c.series.is_not(None))


class SqlAlerts:
    """Every change of a row raises its version."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def create(  # noqa: PLR0913
        self,
        user_id: UserId,
        place: Place,
        draft: AlertDraft,
        *,
        series: str,
        standing: Standing,
        seen: Decimal | None,
        now: datetime,
        most: int,
    ) -> Alert | None:
        """Add an alert unless its place has `most` active ones already."""
        row = {
            **draft_values(draft, place, standing),
            "user_id": user_id,
            "series": series,
            "seen_value": seen,
            "seen_at": None if seen is None else now,
            "created_at": now,
            "rings": 0,
            "share": secrets.token_hex(_SHARE_BYTES) if place.is_group else None,
            "version": 1,
        }
        owner = place.chat_id if place.is_group else user_id
        peers = _COUNT.where(_of_group if place.is_group else _of_person)

        async def work(tx: AsyncConnection) -> Alert | None:
            await hold(tx, owner)
            if (await tx.execute(peers, {"owner": owner})).scalar_one() >= most:
                return None
            added = sa.insert(market_alerts).values(row).returning(*market_alerts.c)
            return alert_of((await tx.execute(added)).one())

        return await self._store.transact(work)

    async def load_alert(self, alert_id: AlertId) -> Alert | None:
        """One alert, in any state."""
        row = await self._store.fetch_one(_ONE, alert_id=alert_id)
        return row and alert_of(row)

    async def load_shared(self, share: str) -> Alert | None:
        """A group's alert by its word for sharing, while it is active."""
        row = await self._store.fetch_one(SHARED, share=share)
        return row and alert_of(row)

    async def load_of_person(self, user_id: UserId) -> Sequence[Alert]:
        """A person's active alerts in their private chat, oldest first."""
        return [alert_of(row) for row in await self._store.fetch(OF_PERSON, owner=user_id)]

    async def load_digests_by(self, user_id: UserId) -> Sequence[Alert]:
        """Active digests that a person set up, in private and in groups, oldest first."""
        return [alert_of(row) for row in await self._store.fetch(DIGESTS_BY, owner=user_id)]

    async def load_of_group(self, chat_id: int) -> Sequence[Alert]:
        """A group's active alerts with those of its topics, oldest first."""
        return [alert_of(row) for row in await self._store.fetch(OF_GROUP, owner=chat_id)]

    async def load_rings(self, user_id: UserId, since: datetime, most: int) -> Sequence[Rung]:
        """The last rings of a person's private alerts, recorded since then, latest first."""
        rows = await self._store.fetch(RINGS, owner=user_id, since=since, at_most=most)
        return [rung_of(row) for row in rows]

    async def save_alert(self, alert: Alert) -> bool:
        """Write back a changed alert; False if it has changed since it was loaded."""
        table = market_alerts.c
        result = await self._store.execute(
            sa.update(market_alerts)
            .where(table.id == alert.id, table.version == alert.version)
            .values(version=alert.version + 1, **changed_values(alert))
        )
        return result.rowcount == 1

    async def apply(self, look: Look, decide: Decide) -> Counts:
        """Look at everything these readings hit, in one transaction."""
        return await self._store.transact(lambda tx: look_at(tx, look, decide, self._clock.now()))

    async def apply_due(self, now: datetime, decide: Decide) -> Counts:
        """The same for digests whose time has come."""
        return await self._store.transact(lambda tx: ring_due(tx, now, decide))

    async def expire(
        self, now: datetime, looked_at: datetime, tell: Callable[[Hit], Notice | None]
    ) -> int:
        """End alerts that have run out, queueing what `tell` says."""
        return await self._store.transact(lambda tx: end_expired(tx, now, looked_at, tell))

    async def set_back(self, now: datetime, decide: Decide) -> int:
        """Step all that has a time after `now`; how many changed."""
        return await self._store.transact(lambda tx: step_back(tx, now, decide))

    async def load_series(self, meters: Sequence[str]) -> frozenset[str]:
        """Series of these meters that some trigger waits on."""
        found: set[str] = set()
        for meter in meters:
            # A name is `meter:...`; the character behind ":" ends them.
            rows = await self._store.fetch(SERIES, start=f"{meter}:", end=f"{meter};")
            found.update(row.series for row in rows)
        return frozenset(found)

    async def load_marks(self, series: Sequence[str]) -> Mapping[str, datetime]:
        """Up to which candle series have been looked at."""
        rows = await self._store.fetch(_MARKS, names=list(series))
        return {row.series: row.upto for row in rows}

    async def move_chat(self, old: int, new: int) -> int:
        """A group has become a supergroup: its alerts and what waits in the queue go along."""

        async def work(tx: AsyncConnection) -> int:
            await hold(tx, MANY)
            ids = {"old": old, "new": new}
            moved = [(await tx.execute(move, ids)).rowcount for move in (MOVE_ACTIVE, MOVE_ENDED)]
            queued = sa.update(outbox).where(outbox.c.chat_id == old, _WAITING)
            await tx.execute(queued.values(chat_id=new))
            return sum(moved)

        return await self._store.transact(work)

    async def stop_place(self, place: Place, *, topic_only: bool) -> Sequence[Alert]:
        """End all alerts of a chat, or of one topic; returns those that were active, as before."""
        query = OF_GROUP.with_for_update()
        if topic_only:
            query = query.where(market_alerts.c.thread_id == place.thread_id)

        async def work(tx: AsyncConnection) -> Sequence[Alert]:
            await hold(tx, MANY)
            rows = await tx.execute(query, {"owner": place.chat_id})
            alerts = [alert_of(row) for row in rows]
            await finish_all(tx, alerts)
            return alerts

        return await self._store.transact(work)

    async def close_agent(self, agent_id: AgentId) -> Sequence[Alert]:
        """Close an agent for good, and end the alerts that watch it, in one transaction."""
        closed = (
            sa.update(user_agents)
            .where(user_agents.c.id == agent_id)
            .values(state=AgentState.CLOSED, updated_at=self._clock.now())
            .returning(user_agents.c.user_id)
        )
        query = OF_PERSON.where(market_alerts.c.agent_id == agent_id).with_for_update()

        async def work(tx: AsyncConnection) -> Sequence[Alert]:
            await hold(tx, MANY)
            owner = (await tx.execute(closed)).scalar_one()
            watching = [alert_of(row) for row in await tx.execute(query, {"owner": owner})]
            await finish_all(tx, watching)
            return watching

        return await self._store.transact(work)

    async def count_active(self) -> int:
        """How many alerts are active."""
        row = await self._store.fetch_one(_ACTIVE_ONES)
        return int(row.alerts)
