"""Connections: how statements reach SQLite and PostgreSQL, and what one transaction is.

SQLite has one writer, held open behind a lock and begun IMMEDIATE, and one reader that runs
queries compiled once (a menu tap makes several, so their price is what counts). PostgreSQL has a
pool and row locks.
"""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import sqlalchemy as sa
from cachetools import LRUCache
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, CursorResult, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from typing_extensions import override

from bot.domain.errors import SettingsError, StorageBusyError
from db.plan import Plan

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

_PRAGMAS = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)
_POOL_SIZE = 10
_PASSING = ("locked", "busy", "connection", "timeout", "shutting down")
_PASSING_STATES = ("08", "40001", "40P01", "53", "55P03", "57")
"""SQLSTATEs, or classes of them: no connection, lost a race, out of room, a lock, an operator."""

_PASSING_CODES = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
)
_RECALLED = 4_096


class Store(ABC):
    """Where the repositories read and write."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._running: set[asyncio.Task[Any]] = set()

    @abstractmethod
    async def fetch(self, query: sa.Select[Any], /, **values: object) -> Sequence[Any]:
        """Rows of a query kept at module level, read outside any transaction.

        Raises:
            StorageBusyError: as in `transact`.
        """

    async def fetch_one(self, query: sa.Select[Any], /, **values: object) -> Any:  # noqa: ANN401
        """The first row of such a query, or None."""
        rows = await self.fetch(query, **values)
        return rows[0] if rows else None

    async def recall(self, query: sa.Select[Any], /, **values: object) -> Sequence[Any]:
        """As `fetch`, perhaps from memory: for the few rows that every message needs.

        Only as good as knowing of all writes: not for what another process may change.
        """
        return await self.fetch(query, **values)

    async def transact(self, work: Work[T]) -> T:
        """Run `work` in one transaction: committed and on disk when this returns.

        Cancelling the caller does not break the transaction off; it still ends one way or the
        other.

        Raises:
            StorageBusyError: somebody else held the database too long, or it is not reached.
        """
        task = asyncio.create_task(self._attempt(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def execute(self, statement: sa.Executable) -> CursorResult[Any]:
        """Run one statement as its own transaction."""

        async def work(tx: AsyncConnection) -> CursorResult[Any]:
            return await tx.execute(statement)

        return await self.transact(work)

    async def _attempt(self, work: Work[T]) -> T:
        with _told_apart():
            return await self._transact(work)

    @abstractmethod
    async def _transact(self, work: Work[T]) -> T: ...

    async def close(self) -> None:
        """Wait for the transactions that are running, then let go of the database."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._engine.dispose()


class SqliteStore(Store):
    """One file, one writer at a time."""

    def __init__(
        self,
        engine: AsyncEngine,
        writer: AsyncConnection,
        reader: AsyncConnection,
        driver: aiosqlite.Connection,
    ) -> None:
        super().__init__(engine)
        self._writer = writer
        self._reader = reader
        self._driver = driver
        self._lock = asyncio.Lock()
        self._plans: dict[sa.Select[Any], Plan | None] = {}
        self._recalled: LRUCache[tuple[object, ...], Sequence[Any]] = LRUCache(_RECALLED)
        self._writes = 0

    @classmethod
    async def connect(cls, url: URL) -> "SqliteStore":
        """Open the file, creating it and its folder if need be.

        Raises:
            SettingsError: the URL names no file.
            sqlite3.Error: the file cannot be opened.
        """
        if not url.database or url.database == ":memory:":
            raise SettingsError("DATABASE_URL: SQLite needs a file, as in sqlite:///data/bot.db")
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        # Fails here rather than in the driver, which would leave a thread behind.
        sqlite3.connect(url.database).close()
        # None leaves BEGIN to us: the driver would begin late, and not IMMEDIATE.
        engine = create_async_engine(url, connect_args={"isolation_level": None})
        sa.event.listen(engine.sync_engine, "connect", _set_pragmas)
        writer, reader = await engine.connect(), await engine.connect()
        driver = (await reader.get_raw_connection()).driver_connection
        return cls(engine, writer, reader, driver=driver)  # type: ignore[arg-type]

    @override
    async def fetch(self, query: sa.Select[Any], /, **values: object) -> Sequence[Any]:
        if query not in self._plans:
            self._plans[query] = Plan.of(query, self._engine.dialect)
        plan = self._plans[query]
        with _told_apart():
            if plan is None:
                async with self._engine.connect() as connection:
                    return list(await connection.execute(query, values))
            return plan.rows(await self._driver.execute_fetchall(plan.sql, plan.bind(values)))

    @override
    async def recall(self, query: sa.Select[Any], /, **values: object) -> Sequence[Any]:
        key = query, *values.values()
        if (rows := self._recalled.get(key)) is None:
            writes = self._writes
            rows = await self.fetch(query, **values)
            if writes == self._writes:
                self._recalled[key] = rows
        return rows

    @override
    async def _transact(self, work: Work[T]) -> T:
        async with self._lock:
            try:
                await self._writer.exec_driver_sql("BEGIN IMMEDIATE")
                result = await work(self._writer)
                await self._writer.commit()
            except BaseException:
                await self._writer.rollback()
                raise
            finally:
                self._writes += 1
                self._recalled.clear()
            return result

    @override
    async def close(self) -> None:
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._reader.close()
        await self._writer.close()
        await super().close()


class PostgresStore(Store):
    """A server that several processes may share."""

    def __init__(self, url: URL) -> None:
        query = {"ssl" if name == "sslmode" else name: value for name, value in url.query.items()}
        url = url.set(query=query)
        engine = create_async_engine(url, pool_size=_POOL_SIZE, pool_pre_ping=True)
        super().__init__(engine)
        self._reads = engine.execution_options(isolation_level="AUTOCOMMIT")

    @override
    async def fetch(self, query: sa.Select[Any], /, **values: object) -> Sequence[Any]:
        with _told_apart():
            async with self._reads.connect() as connection:
                return list(await connection.execute(query, values))

    @override
    async def _transact(self, work: Work[T]) -> T:
        async with self._engine.begin() as tx:
            return await work(tx)


async def connect(url: str) -> Store:
    """Connect to `sqlite:///path` or `postgresql://...`.

    Raises:
        SettingsError: the URL is neither.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError("DATABASE_URL is not a database URL") from None
    match parsed.get_backend_name():
        case "sqlite":
            return await SqliteStore.connect(parsed.set(drivername="sqlite+aiosqlite"))
        case "postgresql" | "postgres":
            return PostgresStore(parsed.set(drivername="postgresql+asyncpg"))
        case other:
            raise SettingsError(f"DATABASE_URL: {other} is not supported, use sqlite or postgresql")


def insert(tx: AsyncConnection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT."""
    return sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)


async def upsert(tx: AsyncConnection, table: sa.Table, values: dict[str, Any]) -> None:
    """Insert a row, or replace these values of the one with the same primary key."""
    keys = [column.name for column in table.primary_key]
    changes = {name: value for name, value in values.items() if name not in keys}
    statement = insert(tx, table).values(values)
    await tx.execute(statement.on_conflict_do_update(index_elements=keys, set_=changes))


@contextmanager
def _told_apart() -> Iterator[None]:
    """Locks, and connections that broke, pass; statements that are wrong do not."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated or _passes(error.orig) or _says_that_it_passes(error):
            raise StorageBusyError(str(error.orig)) from error
        raise
    except sqlite3.Error as error:
        if _passes(error):
            raise StorageBusyError(str(error)) from error
        raise
    except (PoolTimeoutError, OSError) as error:
        raise StorageBusyError(str(error)) from error


def _passes(error: BaseException | None) -> bool:
    """By the code that the database gives; SQLite's further bits only say more about it."""
    state = getattr(error, "sqlstate", None) or ""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return state.startswith(_PASSING_STATES) or code in _PASSING_CODES


def _says_that_it_passes(error: DBAPIError) -> bool:
    """The driver's own complaints have no code."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    words = str(error.orig).lower()
    return any(sign in words for sign in _PASSING)


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()
