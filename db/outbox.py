"""The outbox: notices that must arrive, kept until they did."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.ports.ledger import FailedNotice, Notice, OutboxState, Priority, Queued
from db.gathered import Gathered
from db.schema import outbox
from db.store import Store, insert

_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""Due at any time, even if the clock was ahead when it was queued."""

_FIRST_LOOK = 8
"""Rows looked at first, a head that is wanted: most often each is the head of its chat."""


def _is(column: Any, *states: str) -> sa.ColumnElement[bool]:  # noqa: ANN401
    """`column IN (...)`, spelt out: SQLite picks a partial index by the text of its condition."""
    condition: sa.ColumnElement[bool] = column.in_(
        [sa.literal_column(f"'{state}'") for state in states]
    )
    return condition


def _waiting(table: Any) -> sa.ColumnElement[bool]:  # noqa: ANN401
    return _is(table.c.state, OutboxState.PENDING, OutboxState.SENDING)


def _pending(table: Any) -> sa.ColumnElement[bool]:  # noqa: ANN401
    """The first condition is that of the index."""
    return sa.and_(_waiting(table), _is(table.c.state, OutboxState.PENDING))


_NOW: sa.BindParameter[datetime] = sa.bindparam("now", type_=outbox.c.due_at.type)
_SINCE: sa.BindParameter[datetime] = sa.bindparam("since", type_=outbox.c.created_at.type)
_UPTO: sa.BindParameter[datetime] = sa.bindparam("upto", type_=outbox.c.sent_at.type)
_LIMIT = sa.bindparam("at_most", type_=sa.Integer)
_SENDING = outbox.alias("being_sent")
_BEFORE = outbox.alias("before")
_FREE = ~sa.exists().where(
    _SENDING.c.chat_id == outbox.c.chat_id, _is(_SENDING.c.state, OutboxState.SENDING)
)


def _in_line(table: Any) -> sa.ColumnElement[bool]:  # noqa: ANN401
    """What waits for its own time (quiet hours) holds nobody back."""
    return sa.or_(table.c.not_before.is_(None), table.c.not_before <= _NOW)


def _due(table: Any) -> sa.ColumnElement[bool]:  # noqa: ANN401
    return sa.and_(_in_line(table), table.c.due_at <= _NOW)


_FIRST = ~sa.exists().where(
    _waiting(_BEFORE),
    _BEFORE.c.chat_id == outbox.c.chat_id,
    _in_line(_BEFORE),
    sa.or_(
        _BEFORE.c.priority < outbox.c.priority,
        sa.and_(_BEFORE.c.priority == outbox.c.priority, _BEFORE.c.id < outbox.c.id),
    ),
)

# The few first that are due, most of them heads; `head` says which.
_LOOK = (
    sa.select(outbox, sa.and_(_FIRST, _FREE).label("head"))
    .where(_pending(outbox), _due(outbox))
    .order_by(outbox.c.priority, outbox.c.id)
    .limit(_LIMIT)
)


def _leap() -> sa.Select[Any]:
    """Heads of all chats, from chat to chat: the cost is by chats, not by what waits in them."""
    one = outbox.alias("one")
    lowest = sa.select(sa.func.min(one.c.chat_id)).where(_waiting(one)).scalar_subquery()
    chats = sa.select(lowest.label("chat_id")).cte("chats", recursive=True)
    more = outbox.alias("more")
    following = (
        sa.select(sa.func.min(more.c.chat_id))
        .where(_waiting(more), more.c.chat_id > chats.c.chat_id)
        .scalar_subquery()
    )
    chats = chats.union_all(sa.select(following).where(chats.c.chat_id.is_not(None)))
    head = outbox.alias("head_of_chat")
    first = (
        sa.select(head.c.id)
        .where(_waiting(head), head.c.chat_id == chats.c.chat_id, _in_line(head))
        .order_by(head.c.priority, head.c.id)
        .limit(1)
        .scalar_subquery()
    )
    heads = sa.select(first.label("id")).where(chats.c.chat_id.is_not(None)).cte("heads")
    return (
        sa.select(outbox)
        .join(heads, heads.c.id == outbox.c.id)
        .where(_pending(outbox), _due(outbox), _FREE)
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(_LIMIT)
    )


_LEAP = _leap()
_ENDED = _is(outbox.c.state, OutboxState.AMBIGUOUS, OutboxState.FAILED, OutboxState.LOST)
_FAILED = (
    sa.select(outbox)
    .where(_ENDED, outbox.c.state == OutboxState.FAILED)
    .order_by(outbox.c.id.desc())
    .limit(_LIMIT)
)
_AMBIGUOUS = (
    sa.select(outbox)
    .where(_ENDED, outbox.c.state == OutboxState.AMBIGUOUS, outbox.c.created_at >= _SINCE)
    .order_by(outbox.c.id.desc())
    .limit(_LIMIT)
)
_IN_CHAT = (
    sa.select(outbox)
    .where(_waiting(outbox), outbox.c.chat_id == sa.bindparam("chat"))
    .order_by(outbox.c.id)
)
_COUNT = sa.select(outbox.c.priority, sa.func.count()).where(_waiting(outbox))
_COUNTS = _COUNT.group_by(outbox.c.priority)
_OLDEST = sa.select(sa.func.min(outbox.c.created_at).label("at")).where(
    _waiting(outbox), _due(outbox)
)
TO_GROUPS = (
    sa.select(outbox.c.chat_id, outbox.c.sent_at)
    .where(sa.text("chat_id < 0"), outbox.c.sent_at.between(_SINCE, _UPTO))
    .order_by(outbox.c.sent_at, outbox.c.id)
)
_ENDS = (
    sa.select(outbox.c.state, sa.func.count())
    .where(_ENDED, outbox.c.created_at >= _SINCE)
    .group_by(outbox.c.state)
)


async def queue_notice(tx: AsyncConnection, notice: Notice, now: datetime) -> bool:
    """Queue a notice within somebody's transaction; one with the same key is ignored: False."""
    statement = insert(tx, outbox).values(_values(notice, now))
    added = statement.on_conflict_do_nothing(index_elements=["key"]).returning(outbox.c.id)
    return (await tx.execute(added)).first() is not None


async def queue_notices(tx: AsyncConnection, notices: Sequence[Notice], now: datetime) -> None:
    """Queue many at once, in order, within somebody's transaction; known keys are ignored."""
    if notices:
        added = insert(tx, outbox).on_conflict_do_nothing(index_elements=["key"])
        await tx.execute(added, [_values(notice, now) for notice in notices])


def _values(notice: Notice, now: datetime) -> dict[str, object]:
    return {
        "chat_id": notice.chat_id,
        "thread_id": notice.thread_id,
        "kind": notice.kind,
        "key": notice.key,
        "data": dict(notice.data),
        "priority": int(notice.priority),
        "state": OutboxState.PENDING,
        "attempts": 0,
        "repeat": False,
        "reason": "",
        "created_at": now,
        "due_at": _AT_ONCE,
        "not_before": notice.not_before,
    }


class SqlOutbox:
    """One sender at a time; what it loads stays in the queue until it marks it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sending = Gathered(self._mark_all_sending)
        self._sent = Gathered(self._mark_all_sent)

    async def queue(self, notice: Notice, now: datetime) -> None:
        """Add a notice; one with the same key is ignored."""
        await self._store.transact(lambda tx: queue_notice(tx, notice, now))

    async def load_due(self, now: datetime, limit: int, busy: Collection[int]) -> Sequence[Queued]:
        """What may be sent now, one a chat, in order; nothing for chats in `busy`."""
        wanted = limit + len(busy)
        most = _FIRST_LOOK * wanted
        rows = await self._store.fetch(_LOOK, now=now, at_most=most)
        heads = [row for row in rows if row.head and row.chat_id not in busy]
        if len(rows) == most and len(heads) < limit:
            found = await self._store.fetch(_LEAP, now=now, at_most=wanted)
            heads = [row for row in found if row.chat_id not in busy]
        return [_queued(row) for row in heads[:limit]]

    async def mark_sending(self, queued_id: int) -> bool:
        """About to hand it to Telegram: counts the attempt. False if it is no longer pending."""
        return await self._sending.add(queued_id, None)

    async def mark_sent(self, queued_id: int, now: datetime) -> None:
        """It arrived."""
        await self._sent.add(queued_id, now)

    async def mark_retry(self, queued_id: int, due_at: datetime, *, ambiguous: bool) -> None:
        """Try again at `due_at`; `ambiguous` if this attempt may have arrived."""
        again: sa.ColumnElement[str] = sa.literal(OutboxState.PENDING)
        if ambiguous:
            again = _after_doubt()
        unmarked = sa.case((outbox.c.state == OutboxState.PENDING, 1), else_=0)
        await self._change(
            queued_id,
            state=again,
            due_at=due_at,
            not_before=None,
            repeat=outbox.c.repeat | sa.literal(ambiguous),
            attempts=outbox.c.attempts + unmarked,
        )

    async def put_aside(self, queued_id: int, due_at: datetime | None, reason: str) -> None:
        """It could not be put into words: try again at `due_at`; None gives up, as FAILED."""
        changes: dict[str, object] = {"attempts": outbox.c.attempts + 1, "not_before": None}
        if due_at is None:
            changes |= {"state": OutboxState.FAILED, "reason": reason}
        else:
            changes["due_at"] = due_at
        pending = sa.update(outbox).where(
            outbox.c.id == queued_id, outbox.c.state == OutboxState.PENDING
        )
        await self._store.execute(pending.values(changes))

    async def hasten(self, now: datetime) -> None:
        """The clock was set back to `now`: nothing is tried again, or held, later than that."""
        await self._store.execute(
            sa.update(outbox).where(_pending(outbox), outbox.c.due_at > now).values(due_at=now)
        )

    async def hold_chat(self, chat_id: int, until: datetime) -> None:
        """Nothing pending in this chat is due before `until` (flood control)."""
        await self._store.execute(
            sa.update(outbox)
            .where(_pending(outbox), outbox.c.chat_id == chat_id, outbox.c.due_at < until)
            .values(due_at=until)
        )

    async def redate(
        self, chat_id: int, priorities: Collection[Priority], now: datetime, not_before: datetime
    ) -> int:
        """What waits for its own time in this chat comes at another one; how many."""
        result = await self._store.execute(
            sa.update(outbox)
            .where(
                _pending(outbox),
                outbox.c.chat_id == chat_id,
                outbox.c.priority.in_([int(priority) for priority in priorities]),
                outbox.c.not_before > now,
            )
            .values(not_before=not_before)
        )
        return result.rowcount

    async def mark_failed(self, queued_id: int, reason: str) -> None:
        """Give up for good, for a fault of ours."""
        await self._change(queued_id, state=OutboxState.FAILED, reason=reason)

    async def load_sent_to_groups(
        self, since: datetime, upto: datetime
    ) -> Sequence[tuple[int, datetime]]:
        """Which group got something between the two, both inclusive, and when: oldest first."""
        rows = await self._store.fetch(TO_GROUPS, since=since, upto=upto)
        return [(row.chat_id, row.sent_at) for row in rows]

    async def load_waiting(self, chat_id: int, thread_id: int | None) -> Sequence[Notice]:
        """What waits for a chat, or for one topic of it, or is being sent there."""
        waiting = [_notice(row) for row in await self._store.fetch(_IN_CHAT, chat=chat_id)]
        return [notice for notice in waiting if thread_id in (None, notice.thread_id)]

    async def lose_chat(self, chat_id: int, thread_id: int | None, reason: str) -> int:
        """The chat (or one topic of it) is gone: all that waits there ends as LOST; how many."""
        lost = sa.update(outbox).where(_waiting(outbox), outbox.c.chat_id == chat_id)
        if thread_id is not None:
            lost = lost.where(outbox.c.thread_id == thread_id)
        result = await self._store.execute(lost.values(state=OutboxState.LOST, reason=reason))
        return result.rowcount

    async def release_claims(self) -> int:
        """At start: what was being sent when the process ended may have arrived."""
        result = await self._store.execute(
            sa.update(outbox)
            .where(_is(outbox.c.state, OutboxState.SENDING))
            .values(state=_after_doubt(), repeat=True)
        )
        return result.rowcount

    async def load_failed(self, limit: int) -> Sequence[FailedNotice]:
        """FAILED ones, latest first."""
        rows = await self._store.fetch(_FAILED, at_most=limit)
        return [FailedNotice(row.id, _notice(row), row.reason, row.created_at) for row in rows]

    async def load_ambiguous(self, since: datetime, limit: int) -> Sequence[Queued]:
        """Those queued since then that ended as AMBIGUOUS, latest first."""
        rows = await self._store.fetch(_AMBIGUOUS, since=since, at_most=limit)
        return [_queued(row) for row in rows]

    async def retry_failed(self, queued_id: int, now: datetime) -> bool:
        """Put a FAILED one back in the queue."""
        result = await self._store.execute(
            sa.update(outbox)
            .where(outbox.c.id == queued_id, outbox.c.state == OutboxState.FAILED)
            .values(state=OutboxState.PENDING, due_at=now, not_before=None, attempts=0, reason="")
        )
        return result.rowcount > 0

    async def count_waiting(self) -> Mapping[Priority, int]:
        """How many wait, by precedence."""
        rows = await self._store.fetch(_COUNTS)
        return {Priority(priority): number for priority, number in rows}

    async def load_oldest(self, now: datetime) -> datetime | None:
        """When the oldest of those that are due was queued; None if nothing is due."""
        (row,) = await self._store.fetch(_OLDEST, now=now)
        at: datetime | None = row.at
        return at

    async def count_ends(self, since: datetime) -> Mapping[str, int]:
        """How many of those queued since then ended as AMBIGUOUS, LOST or FAILED, by state."""
        rows = await self._store.fetch(_ENDS, since=since)
        return {state: number for state, number in rows}

    async def _mark_all_sending(self, marks: Mapping[int, None]) -> Collection[int]:
        statement = (
            sa.update(outbox)
            .where(outbox.c.id.in_(marks), outbox.c.state == OutboxState.PENDING)
            .values(state=OutboxState.SENDING, attempts=outbox.c.attempts + 1)
            .returning(outbox.c.id)
        )

        async def work(tx: AsyncConnection) -> Collection[int]:
            return set((await tx.execute(statement)).scalars())

        return await self._store.transact(work)

    async def _mark_all_sent(self, marks: Mapping[int, datetime]) -> Collection[int]:
        await self._store.execute(
            sa.update(outbox)
            .where(outbox.c.id.in_(marks), outbox.c.state == OutboxState.SENDING)
            .values(state=OutboxState.SENT, sent_at=max(marks.values()))
        )
        return marks

    async def _change(self, queued_id: int, **values: object) -> None:
        """Of one that is being sent, or about to be."""
        await self._store.execute(
            sa.update(outbox)
            .where(
                outbox.c.id == queued_id,
                outbox.c.state.in_([OutboxState.PENDING, OutboxState.SENDING]),
            )
            .values(values)
        )


def _after_doubt() -> sa.ColumnElement[str]:
    """Where one that may have arrived goes."""
    again = (outbox.c.priority == int(Priority.MONEY), OutboxState.PENDING)
    return sa.case(again, else_=OutboxState.AMBIGUOUS)


def _notice(row: Any) -> Notice:  # noqa: ANN401
    """As queued, but for `not_before`: that has become the time it is due."""
    return Notice(
        row.chat_id,
        row.kind,
        row.key,
        row.data,
        priority=Priority(row.priority),
        thread_id=row.thread_id,
    )


def _queued(row: Any) -> Queued:  # noqa: ANN401
    return Queued(row.id, _notice(row), row.attempts, row.repeat, row.created_at)
