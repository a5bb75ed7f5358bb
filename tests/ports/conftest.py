"""The chain and the databases for the suites of the ports."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import db
from tests.fakes.clock import FakeClock
from tests.ports.chain_world import World, anvil, fake
from tests.ports.databases import FakeStores, Stores, copy_sqlite, empty, opened, start_postgres


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=[fake, anvil], ids=lambda make: make.__name__
)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """The fake and the real thing: what holds for one must hold for the other."""
    async with request.param() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def local_world() -> AsyncIterator[World]:
    """anvil alone, for what only a real chain has."""
    async with anvil() as made:
        yield made


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One embedded PostgreSQL for the whole run."""
    yield from start_postgres()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "bot.db"

    async def make() -> None:
        async with opened(f"sqlite:///{path}", FakeClock()):
            pass

    asyncio.run(make())
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path, clock: FakeClock
) -> AsyncIterator[db.Database]:
    """An empty database of each kind."""
    async with opened(_url(request, sqlite_template, tmp_path), clock) as made:
        await empty(made)
        yield made


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
async def stores(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path, clock: FakeClock
) -> AsyncIterator[Stores]:
    """Every storage port: what holds for the fakes must hold for the databases."""
    if request.param == "fake":
        yield FakeStores.make(clock)
        return
    async with opened(_url(request, sqlite_template, tmp_path), clock) as made:
        await empty(made)
        yield made


def _url(request: pytest.FixtureRequest, sqlite_template: Path, folder: Path) -> str:
    if request.param == "sqlite":
        return copy_sqlite(sqlite_template, folder)
    return str(request.getfixturevalue("postgres_url"))
