"""What is looked for at every tick is found by an index, however many alerts wait."""

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db
from bot.domain.alerts import Reading
from db.alerts import (
    DIGESTS_BY,
    MOVE_ACTIVE,
    MOVE_ENDED,
    OF_GROUP,
    OF_PERSON,
    RINGS,
    SERIES,
    SHARED,
)
from db.looks import DIGESTS, OVER, REACHED, WAKING, reached_values
from tests.fakes.clock import START

NOW = {"now": START}
MOVE = {"old": -1, "new": -2}
QUERIES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "waking": (WAKING, NOW, "idx_market_alerts_due"),
    "digests": (DIGESTS, NOW, "idx_market_alerts_due"),
    "over": (OVER, {**NOW, "looked_at": START}, "idx_market_alerts_end"),
    "series": (SERIES, {"start": "price:", "end": "price;"}, "idx_market_alerts_trigger"),
    "of a person": (OF_PERSON, {"owner": 1}, "idx_market_alerts_user_token"),
    "digests by a person": (DIGESTS_BY, {"owner": 1}, "idx_market_alerts_user_token"),
    "of a group": (OF_GROUP, {"owner": -1}, "idx_market_alerts_place"),
    "active in a group that moves": (MOVE_ACTIVE, MOVE, "idx_market_alerts_place"),
    "ended in a group that moves": (MOVE_ENDED, MOVE, "idx_market_alerts_ended"),
    "shared": (SHARED, {"share": "x"}, "uq_market_alerts_share"),
}
READINGS = {f"price:T{number}:": Reading(Decimal(number), START, START) for number in range(40)}


async def plan(database: db.Database, query: sa.Executable, values: dict[str, Any]) -> list[str]:
    """What the database says it does with `market_alerts`, a line an access.

    PostgreSQL would rather scan a table that is empty; what matters is whether it can do else.
    """

    async def work(tx: AsyncConnection) -> list[str]:
        sent: list[Any] = []
        sa.event.listen(tx.sync_connection, "before_cursor_execute", lambda *a: sent.append(a[2:4]))
        explain = "EXPLAIN QUERY PLAN"
        if tx.dialect.name == "postgresql":
            explain = "EXPLAIN"
            await tx.execute(sa.text("SET LOCAL enable_seqscan = off"))
            await tx.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
        await tx.execute(query, values)
        text, parameters = sent[-1]
        rows = (await tx.exec_driver_sql(f"{explain} {text}", parameters)).all()
        return [str(row[-1]) for row in rows if any(way in str(row[-1]) for way in _ACCESS)]

    return await database.store.transact(work)


_ACCESS = ("SCAN market_alerts", "SCAN a", "SEARCH", "Seq Scan", "Index Scan", "Index Only Scan")


@pytest.mark.parametrize("name", QUERIES)
async def test_it_searches_by_its_index(database: db.Database, name: str):
    query, values, index = QUERIES[name]
    lines = await plan(database, query, values)
    assert lines
    assert all(index in line for line in lines)
    assert not any("SCAN" in line for line in lines)


async def test_each_reading_seeks_its_lines(database: db.Database):
    """By series, direction and level, and without a look at any row."""
    kind = database.store._engine.dialect.name
    lines = await plan(database, REACHED[kind], reached_values(kind, READINGS))
    assert len(lines) == 2
    assert all("idx_market_alerts_trigger" in line for line in lines)
    if kind == "sqlite":
        for line, way in zip(lines, "<>", strict=True):
            assert "COVERING INDEX" in line
            assert f"(series=? AND direction=? AND level{way}?)" in line


async def test_what_rang_lately_is_found_by_the_persons_alerts(database: db.Database):
    """And by the time of each one's rings: not by all that ever rang."""
    lines = await plan(database, RINGS, {"owner": 1, "since": START, "at_most": 5})
    for index in ("idx_market_alerts_user_token", "idx_alert_firings_recorded", "outbox"):
        assert any(index in line for line in lines), lines
    assert not any("SCAN" in line or "Seq Scan" in line for line in lines)
