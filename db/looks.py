"""Steps of many alerts at once, within one transaction: what a look hits, what is due, what ends.

A look finds the numbers of what it hits by an index alone and then takes them in batches, so its
cost is that of what it hits. Numbers first also means that nothing is stepped twice, whatever a
step leads to.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import Alert, AlertState, Reading, Standing, sortable
from bot.ports.alerts import Counts, Decide, Hit, Look, Outcome
from bot.ports.ledger import Notice
from db.alert_rows import FOUND, SILENT, alert_of, moved_values
from db.alert_schema import alert_firings, market_alerts, series_marks
from db.outbox import queue_notices
from db.people import quiet_of
from db.schema import users
from db.store import insert
from db.ticks import save_tick

Pick = Callable[[Alert], bool]

MANY = 0
"""Nobody's number: who changes many rows holds this first, so that no two wait for each other."""

BATCH = 500
"""Alerts decided at a stretch, during which nothing else runs."""

ACTIVE = sa.text("market_alerts.is_active")
"""In the words of the indexes' own condition: SQLite compares them."""

_REACHED = """
    SELECT a.id FROM {readings} CROSS JOIN market_alerts AS a
    WHERE a.series = r.key AND a.direction = 1 AND a.level <= r.value
    UNION ALL
    SELECT a.id FROM {readings} CROSS JOIN market_alerts AS a
    WHERE a.series = r.key AND a.direction = -1 AND a.level >= r.value
"""
# CROSS keeps SQLite to the order: each reading seeks, twice.
REACHED = {
    "sqlite": sa.text(_REACHED.format(readings="json_each(:readings) AS r")),
    "postgresql": sa.text(
        _REACHED.format(readings="unnest(:series, :levels) AS r (key, value)")
    ).bindparams(
        sa.bindparam("series", type_=postgresql.ARRAY(sa.Text)),
        sa.bindparam("levels", type_=postgresql.ARRAY(sa.BigInteger)),
    ),
}
# Sorted by us: SQLite would rather scan all rows in the order asked for than use the index.
_DUE = sa.select(market_alerts.c.id).where(market_alerts.c.due_at <= sa.bindparam("now"))
WAKING = _DUE.where(market_alerts.c.state.in_(SILENT))
DIGESTS = _DUE.where(market_alerts.c.state == AlertState.ARMED).order_by(
    market_alerts.c.due_at, market_alerts.c.id
)
OVER = sa.select(market_alerts.c.id).where(
    ACTIVE,
    market_alerts.c.expires_at <= sa.bindparam("now"),
    sa.or_(market_alerts.c.series == "", market_alerts.c.expires_at <= sa.bindparam("looked_at")),
)
_AHEAD = sa.select(market_alerts.c.id).where(
    ACTIVE,
    sa.or_(
        *(
            market_alerts.c[name] > sa.bindparam("now")
            for name in ("due_at", "seen_at", "rang_at", "created_at")
        )
    ),
)
_ROWS = (
    sa.select(market_alerts, users.c.time_zone, users.c.quiet_hours)
    .join(users, users.c.id == market_alerts.c.user_id)
    .where(market_alerts.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(market_alerts.c.id)
    .with_for_update(of=market_alerts)
)
_MOVED = ("state", "is_active", "direction", "level", "due_at")
_CHANGED = (*_MOVED, "seen_value", "seen_at", "rang_at", "rings")
_WRITE = (
    sa.update(market_alerts)
    .where(market_alerts.c.id == sa.bindparam("number"))
    .values({name: sa.bindparam(name) for name in _CHANGED})
    .values(version=market_alerts.c.version + 1)
)


async def look_at(tx: AsyncConnection, look: Look, decide: Decide, now: datetime) -> Counts:
    """Store what comes with a look, then step what it wakes and what it hits."""
    await hold(tx, MANY)
    if look.tick:
        await save_tick(tx, look.tick)
    if look.marks:
        await _mark(tx, look.marks)
    steps = _Steps(tx, decide, now)
    waking = sorted(await tx.scalars(WAKING, {"now": look.at}))
    reached = await find_reached(tx, look.readings)
    await steps.take(waking, _still(look.at, _is_waking(look.at)))
    await steps.take(reached, _still(look.at, _is_reached(look)), look.readings)
    return Counts(steps.moved, steps.rang)


async def ring_due(tx: AsyncConnection, now: datetime, decide: Decide) -> Counts:
    """Step the digests whose time has come."""
    await hold(tx, MANY)
    steps = _Steps(tx, decide, now)
    due = (await tx.scalars(DIGESTS, {"now": now})).all()
    await steps.take(due, _still(now, _is_ready(now)))
    return Counts(steps.moved, steps.rang)


async def end_expired(
    tx: AsyncConnection,
    now: datetime,
    looked_at: datetime,
    tell: Callable[[Hit], Notice | None],
) -> int:
    """End what has run out, telling of it."""
    await hold(tx, MANY)
    over = sorted(await tx.scalars(OVER, {"now": now, "looked_at": looked_at}))
    ended = 0
    for ids in _batches(over):
        hits = [_hit(row, {}) for row in (await _load(tx, ids)).values()]
        hits = [hit for hit in hits if _is_over(hit.alert, now)]
        told = [tell(hit) for hit in hits]
        await finish_all(tx, [hit.alert for hit in hits])
        await queue_notices(tx, [notice for notice in told if notice], now)
        ended += len(hits)
    return ended


async def step_back(tx: AsyncConnection, now: datetime, decide: Decide) -> int:
    """Step what has a time that is still to come, by a clock that was set back."""
    await hold(tx, MANY)
    steps = _Steps(tx, decide, now)
    await steps.take(sorted(await tx.scalars(_AHEAD, {"now": now})), lambda alert: alert.is_active)
    return steps.moved


async def finish_all(tx: AsyncConnection, alerts: Iterable[Alert]) -> None:
    """End alerts whose rows the transaction holds."""
    done = Standing(AlertState.DONE)
    await _write(tx, [replace(alert, standing=done) for alert in alerts])


async def hold(tx: AsyncConnection, owner: int) -> None:
    """Let one at a time work on what belongs to a place, or on `MANY` alerts of any place.

    SQLite has one writer anyway.
    """
    if tx.dialect.name == "postgresql":
        await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(owner)))


async def find_reached(tx: AsyncConnection, readings: Mapping[str, Reading]) -> Sequence[int]:
    """The numbers of alerts whose trigger is at or beyond the reading of its series, in order."""
    if not readings:
        return []
    kind = tx.dialect.name
    return sorted(await tx.scalars(REACHED[kind], reached_values(kind, readings)))


def reached_values(kind: str, readings: Mapping[str, Reading]) -> dict[str, Any]:
    """What the query for a kind of database is given."""
    levels = {series: sortable(reading.value) for series, reading in readings.items()}
    if kind == "sqlite":
        return {"readings": json.dumps(levels)}
    return {"series": list(levels), "levels": list(levels.values())}


@dataclass(slots=True)
class _Steps:
    """Decides and writes batch by batch, and counts."""

    tx: AsyncConnection
    decide: Decide
    now: datetime
    moved: int = 0
    rang: int = 0

    async def take(
        self, numbers: Sequence[int], pick: Pick, readings: Mapping[str, Reading] | None = None
    ) -> None:
        """Step those alerts that `pick` still wants now that their rows are held."""
        for ids in _batches(numbers):
            rows = await _load(self.tx, ids)
            hits = (_hit(rows[number], readings or {}) for number in ids if number in rows)
            wanted = [hit for hit in hits if pick(hit.alert)]
            outcomes = [(hit, self.decide(hit)) for hit in wanted]
            await self._keep([(hit, o) for hit, o in outcomes if o.alert != hit.alert])

    async def _keep(self, changes: Sequence[tuple[Hit, Outcome]]) -> None:
        await _write(self.tx, [outcome.alert for _, outcome in changes])
        firings = [_firing(hit, out, self.now) for hit, out in changes if out.notice]
        if firings:
            await self.tx.execute(sa.insert(alert_firings), firings)
        notices = [outcome.notice for _, outcome in changes if outcome.notice]
        await queue_notices(self.tx, notices, self.now)
        self.rang += len(firings)
        self.moved += len(changes) - len(firings)


def _still(at: datetime, wanted: Pick) -> Pick:
    """It may have changed since its number was found, and it may have run out."""
    return lambda a: a.is_active and (a.expires_at is None or a.expires_at > at) and wanted(a)


def _is_over(alert: Alert, at: datetime) -> bool:
    return alert.is_active and alert.expires_at is not None and alert.expires_at <= at


def _is_due(alert: Alert, at: datetime) -> bool:
    due_at = alert.standing.due_at
    return due_at is not None and due_at <= at


def _is_waking(at: datetime) -> Pick:
    return lambda a: a.standing.state in SILENT and _is_due(a, at)


def _is_ready(at: datetime) -> Pick:
    return lambda a: a.standing.state is AlertState.ARMED and _is_due(a, at)


def _is_reached(look: Look) -> Pick:
    def wanted(alert: Alert) -> bool:
        reading, trigger = look.readings.get(alert.series), alert.standing.trigger
        if reading is None or trigger is None or alert.standing.state not in FOUND:
            return False
        # History says nothing to an alert that was set or changed after it.
        if reading.late and (alert.seen_at or alert.created_at) > look.at:
            return False
        return trigger.is_hit(reading.value)

    return wanted


async def _load(tx: AsyncConnection, ids: Sequence[int]) -> dict[int, Any]:
    return {row.id: row for row in await tx.execute(_ROWS, {"ids": list(ids)})}


def _hit(row: Any, readings: Mapping[str, Reading]) -> Hit:  # noqa: ANN401
    alert = alert_of(row)
    reading = readings.get(alert.series)
    if alert.place.is_group:
        return Hit(alert, reading, None, row.time_zone)
    return Hit(alert, reading, quiet_of(row.quiet_hours), row.time_zone)


def _firing(hit: Hit, outcome: Outcome, now: datetime) -> dict[str, Any]:
    reading, rang = hit.reading, outcome.alert
    late = bool(outcome.notice and outcome.notice.data.get("late"))
    return {
        "alert_id": rang.id,
        "number": rang.rings,
        "met_at": reading.at if reading else rang.rang_at or now,
        "value": reading.value if reading else None,
        "late": reading.late if reading else late,
        "recorded_at": now,
    }


async def _write(tx: AsyncConnection, alerts: Sequence[Alert]) -> None:
    if alerts:
        rows = [{"number": alert.id, **moved_values(alert)} for alert in alerts]
        await tx.execute(_WRITE, rows)


async def _mark(tx: AsyncConnection, marks: Mapping[str, datetime]) -> None:
    statement = insert(tx, series_marks)
    latest = {"upto": statement.excluded.upto}
    rows = [{"series": series, "upto": upto} for series, upto in marks.items()]
    await tx.execute(statement.on_conflict_do_update(index_elements=["series"], set_=latest), rows)


def _batches(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), BATCH):
        yield numbers[start : start + BATCH]
