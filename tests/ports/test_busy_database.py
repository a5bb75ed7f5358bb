"""A database that is busy or out of reach says so in our words, and writes nothing of it."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

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


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StorageBusyError),
        (sqlite3.SQLITE_LOCKED, StorageBusyError),
        (sqlite3.SQLITE_FULL, StorageBusyError),
        (sqlite3.SQLITE_IOERR_READ, StorageBusyError),
        (sqlite3.SQLITE_CORRUPT, sqlite3.DatabaseError),
    ],
)
async def test_a_read_that_could_not_be_made_now_is_told_apart(
    sqlite_template: Path,
    tmp_path: Path,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    expected: type[Exception],
) -> None:
    async def fail(*_: object) -> Any:
        error = sqlite3.DatabaseError("not now")
        error.sqlite_errorcode = code
        raise error

    async with opened(copy_sqlite(sqlite_template, tmp_path), clock) as database:
        monkeypatch.setattr("aiosqlite.Connection.execute_fetchall", fail)
        with pytest.raises(expected, match="not now"):
            await database.switches.load_switch("trading")


_RAISE = "DO $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{}'; END $$"
_PASSING = ("08006", "40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "57P03")


@pytest.mark.parametrize("state", [*_PASSING, "22012", "55000", "XX000"])
async def test_what_passes_is_told_apart_by_its_code(
    postgres_url: str, clock: FakeClock, state: str
) -> None:
    """Of a server: deadlocks, restarts, too many connections, and no fault of a statement."""
    async with opened(postgres_url, clock) as database:
        passes = state in _PASSING
        with pytest.raises(StorageBusyError if passes else sa.exc.DBAPIError, match="not now"):
            await database.store.execute(sa.text(_RAISE.format(state)))


async def test_a_connection_that_is_ended_passes(postgres_url: str, clock: FakeClock) -> None:
    async with opened(postgres_url, clock) as database:

        async def work(tx: AsyncConnection) -> None:
            own = await tx.scalar(sa.text("SELECT pg_backend_pid()"))
            other = await asyncpg.connect(postgres_url)
            await other.execute(f"SELECT pg_terminate_backend({own}, 5000)")
            await other.close()
            await tx.execute(sa.text("SELECT 1"))

        with pytest.raises(StorageBusyError):
            await database.store.transact(work)
        await database.switches.save_switch("trading", "paused")


@pytest.mark.parametrize(
    "refusal",
    [
        asyncpg.CannotConnectNowError("not now: the database system is starting up"),
        asyncpg.TooManyConnectionsError("not now: too many clients"),
        asyncpg.InterfaceError("not now: the connection went away"),
        ConnectionRefusedError("not now"),
        TimeoutError("not now"),
    ],
    ids=lambda refusal: type(refusal).__name__,
)
async def test_a_server_that_is_not_reached_passes(
    postgres_url: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    async def refuse(*_: object, **__: object) -> Any:
        raise refusal

    async with opened(postgres_url, clock) as database:
        await database.store._engine.dispose()
        monkeypatch.setattr(asyncpg, "connect", refuse)
        with pytest.raises(StorageBusyError, match="not now"):
            await database.switches.save_switch("trading", "paused")
        with pytest.raises(StorageBusyError, match="not now"):
            await database.switches.load_switch("trading")


async def test_a_pool_that_is_used_up_passes(postgres_url: str, clock: FakeClock) -> None:
    async with opened(postgres_url, clock) as database:
        pool: Any = database.store._engine.pool
        pool._timeout, pool._max_overflow = 0.01, 0
        all_held, release = asyncio.Barrier(pool.size() + 1), asyncio.Event()

        async def hold(_: AsyncConnection) -> None:
            await all_held.wait()
            await release.wait()

        holding = [asyncio.create_task(database.store.transact(hold)) for _ in range(pool.size())]
        await all_held.wait()
        try:
            with pytest.raises(StorageBusyError, match="QueuePool"):
                await database.switches.load_switch("trading")
        finally:
            release.set()
            await asyncio.gather(*holding)
