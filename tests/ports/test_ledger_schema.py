"""The migrated database is the one `db.schema` describes, and opening it is safe."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncConnection

import db
from bot.domain.errors import SettingsError
from bot.domain.mandate import EscrowEvent
from bot.domain.people import AgentId
from bot.domain.trade import IntentState
from bot.ports.ledger import Step
from db.columns import UtcTime
from db.migrate import downgrade, upgrade
from db.schema import metadata, user_agents
from tests.fakes.clock import FakeClock
from tests.ports.databases import USER, add_agent, notice, opened, receipt

_INDEXES = {
    "sqlite": """
        SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type = 'index'
        UNION SELECT name, 'AUTOINCREMENT' FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'
    """,
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}


def _differences(connection: sa.Connection) -> Any:
    opts = {"include_object": lambda _, name, *__: name != "idx_trade_history_timestamp"}
    return compare_metadata(MigrationContext.configure(connection, opts=opts), metadata)


def _indexes(connection: sa.Connection) -> dict[str, str]:
    rows = connection.execute(sa.text(_INDEXES[connection.dialect.name]))
    found = {name: " ".join(sql.split()) for name, sql in rows}
    found.pop("alembic_version_pkc", None)
    return found


def _in_sync(work: Callable[[sa.Connection], Any]) -> Callable[[AsyncConnection], Awaitable[Any]]:
    return lambda tx: tx.run_sync(work)


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based")
async def test_migrations_lead_to_the_schema(database: db.Database) -> None:
    assert await database.store.transact(_in_sync(_differences)) == []


async def test_indexes_are_the_schemas(database: db.Database) -> None:
    """alembic compares no conditions, descending columns or AUTOINCREMENT: so definitions are."""
    store = database.store
    migrated = await store.transact(_in_sync(_indexes))
    try:
        await store.transact(_in_sync(downgrade))
        await store.transact(_in_sync(metadata.create_all))
        assert migrated == await store.transact(_in_sync(_indexes))
        named = ("idx_user_agents_user_id", "idx_trade_history_agent_id")
        assert set(named) < set(migrated)
        assert "timestamp desc" in migrated["idx_trade_history_timestamp"].lower().replace('"', "")
    finally:
        await store.transact(_in_sync(metadata.drop_all))
        await store.transact(_in_sync(upgrade))


async def test_down_and_up_again(database: db.Database) -> None:
    await add_agent(database)
    await database.store.transact(_in_sync(downgrade))
    left = await database.store.transact(_in_sync(lambda c: sa.inspect(c).get_table_names()))
    assert left == ["alembic_version"]
    await database.store.transact(_in_sync(upgrade))
    assert await database.people.load_user(USER) is None
    await add_agent(database)


def _insert(connection: sa.Connection, table: str, **values: object) -> None:
    """A row as the first version wrote it: its tables had other columns than there are now."""
    known = sa.Table(table, sa.MetaData(), autoload_with=connection)
    connection.execute(sa.insert(known).values(values))


def _rows_of_before(connection: sa.Connection) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    if connection.dialect.name == "sqlite":
        at = at.replace(tzinfo=None)
    times = {"created_at": at, "updated_at": at}
    _insert(
        connection,
        "users",
        id=USER,
        name="Ann",
        slippage_bps=50,
        trade_cap_usd="50",
        day_cap_usd="50",
        language="en",
        **times,
    )
    _insert(
        connection,
        "user_agents",
        id=7,
        user_id=USER,
        agent_name="Alpha",
        name_key="alpha",
        instructions="",
        owner_address="0xowner",
        escrow_address="0xescrow",
        actor_address="0xactor",
        seed_version=1,
        state="active",
        **times,
    )
    order: dict[str, object] = {
        "sell": {"token": {"symbol": "USDC", "address": "0x2", "decimals": 6}, "raw": "5"},
        **dict.fromkeys(("expected_buy", "min_buy")),
        **dict.fromkeys(("venue", "adapter", "data"), ""),
        **dict.fromkeys(("price_impact", "fee"), 0),
        **dict.fromkeys(("native_usd", "buy_price_usd"), "0"),
        "path": [],
    }
    signed = {"account": "0xserver", "nonce": 3, "tx_hash": "0xaa", "raw": "02"}
    _insert(
        connection,
        "intents",
        id="old",
        kind="withdraw",
        state="sent",
        user_id=USER,
        agent_id=7,
        chat_id=1,
        account="0xserver",
        sequence=0,
        order=json.dumps(order),
        notional_usd="50",
        expires_at=at,
        confirmed_at=at,
        correlation_id="c0ffee",
        nonce=3,
        signed=json.dumps(signed),
        reason="",
        **times,
    )


async def test_a_database_of_the_first_version_is_carried_on(database: db.Database) -> None:
    store = database.store
    await store.transact(_in_sync(lambda connection: downgrade(connection, "0001")))
    try:
        await store.transact(_in_sync(_rows_of_before))
    finally:
        await store.transact(_in_sync(upgrade))

    agent = await database.agents.load_agent(AgentId(7))
    assert agent is not None
    assert (agent.name, agent.escrow, agent.exit_hash, agent.index) == ("Alpha", "0xescrow", "", 0)
    [intent] = await database.journal.load_open()
    assert (intent.id, intent.state, intent.order.mandate) == ("old", IntentState.SENT, None)
    assert (intent.order.signature, intent.order.nonce) == (b"", 0)
    assert intent.signed is not None
    assert await database.escrow_events.load_from() is None
    event = EscrowEvent("0xescrow", "Dropped", {}, 5, "0xbb", 0)
    await database.escrow_events.save_events([(7, event)], [], 5)
    assert await database.escrow_events.load_from() == 6
    step = Step(IntentState.SENT, IntentState.MINED, intent.updated_at, receipt=receipt(intent))
    assert await database.journal.advance(intent.id, step) is not None


async def test_down_to_the_first_version_forgets_mandates_and_no_agent(
    database: db.Database,
) -> None:
    agent = await add_agent(database)
    store = database.store
    await store.transact(_in_sync(lambda connection: downgrade(connection, "0001")))
    await store.transact(_in_sync(upgrade))
    assert await database.agents.load_agent(agent.id) == agent


async def test_down_to_the_second_version_quiet_hours_still_count(
    database: db.Database, clock: FakeClock
) -> None:
    morning = clock.now() + timedelta(hours=8)
    await database.outbox.queue(replace(notice("quiet"), not_before=morning), clock.now())
    due_at = sa.select(sa.column("due_at", UtcTime)).select_from(sa.table("outbox"))

    async def read(tx: AsyncConnection) -> Any:
        return await tx.scalar(due_at)

    store = database.store
    await store.transact(_in_sync(lambda connection: downgrade(connection, "0002")))
    try:
        assert await store.transact(read) == morning
    finally:
        await store.transact(_in_sync(upgrade))


async def test_an_id_is_never_handed_out_again(database: db.Database) -> None:
    """An actor's key hangs on it, and its account on the chain outlives the row."""
    agent = await add_agent(database)
    await database.store.execute(sa.delete(user_agents))
    assert (await add_agent(database)).id > agent.id


async def test_sqlite_keeps_what_it_confirmed(tmp_path: Path, clock: FakeClock) -> None:
    url = f"sqlite:///{tmp_path}/new/folder/bot.db"
    async with opened(url, clock) as database:
        agent = await add_agent(database)
        settings = await database.store.transact(_in_sync(_pragmas))
        assert settings == {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "busy_timeout": 5000,
        }
    async with opened(url, clock) as database:
        assert await database.agents.load_agent(agent.id) == replace(agent)


def _pragmas(connection: sa.Connection) -> dict[str, Any]:
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}


@pytest.mark.parametrize(
    "url", ["", "bot.db", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "oracle://x"]
)
async def test_a_url_that_cannot_be_is_said_so(url: str, clock: FakeClock) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        await db.open(url, clock)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////",
        "sqlite:////dev/null/bot.db",
        "postgresql://u:secret@127.0.0.1:1/x?sslmode=allow",
    ],
)
async def test_a_database_that_cannot_be_opened(url: str, clock: FakeClock) -> None:
    with pytest.raises(SettingsError, match="cannot be opened") as refusal:
        await db.open(url, clock)
    assert "secret" not in str(refusal.value)


async def test_a_newer_database_is_left_alone(tmp_path: Path, clock: FakeClock) -> None:
    url = f"sqlite:///{tmp_path}/bot.db"
    async with opened(url, clock) as database:
        newer = sa.text("UPDATE alembic_version SET version_num = '9999'")
        await database.store.execute(newer)
    with pytest.raises(SettingsError, match="9999"):
        await db.open(url, clock)
