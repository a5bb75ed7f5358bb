"""A database that is held by somebody else says so in our words, and writes nothing of it."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.domain.errors import StorageBusyError
from tests.fakes.clock import FakeClock
from tests.ports.databases import copy_sqlite, opened


async def test_a_database_held_by_somebody_else_is_busy_and_nothing_is_lost(
    sqlite_template: Path, tmp_path: Path, clock: FakeClock
) -> None:
    url = copy_sqlite(sqlite_template, tmp_path)
    async with opened(url, clock) as database:
        await database.store.execute(sa.text("PRAGMA busy_timeout=1"))
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageBusyError, match="locked"):
            await database.switches.save_switch("trading", "paused")
        other.execute("ROLLBACK")
        other.close()
        assert await database.switches.load_switch("trading") is None
        await database.switches.save_switch("trading", "paused")
        assert await database.switches.load_switch("trading") == "paused"


async def test_a_wrong_statement_is_not_taken_for_a_busy_database(
    sqlite_template: Path, tmp_path: Path, clock: FakeClock
) -> None:
    async with opened(copy_sqlite(sqlite_template, tmp_path), clock) as database:
        with pytest.raises(sa.exc.OperationalError, match="no such table"):
            await database.store.execute(sa.text("DELETE FROM nowhere"))
