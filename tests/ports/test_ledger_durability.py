"""What was saved stays saved, two processes agree, cancelling breaks nothing."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import db
from bot.domain.trade import IN_FLIGHT, IntentKind, IntentState
from bot.ports.ledger import SeenBalances, Step
from db.deposits import change_seen, lock_agent
from db.migrate import downgrade
from db.schema import intent_events
from tests.fakes.clock import FakeClock
from tests.ports.databases import (
    CAP,
    add_agent,
    confirmed,
    copy_sqlite,
    empty,
    notice,
    opened,
    settle,
    signed,
    swap,
)

_WRITER = """
import asyncio, sys, db
from datetime import UTC, datetime

class Clock:
    def now(self): return datetime(2026, 1, 1, tzinfo=UTC)

async def main():
    database = await db.open(sys.argv[1], Clock())
    await database.switches.save_switch("trading", "paused")
    print("saved", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return copy_sqlite(sqlite_template, tmp_path)
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def pair(url: str, clock: FakeClock) -> AsyncIterator[tuple[db.Database, db.Database]]:
    """Two ways into one database, as two processes have them."""
    async with opened(url, clock) as first, opened(url, clock) as second:
        await empty(first)
        yield first, second


async def test_a_killed_process_loses_nothing_it_said_was_saved(url: str, clock: FakeClock) -> None:
    async with opened(url, clock) as database:
        await empty(database)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WRITER, url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"saved\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    async with opened(url, clock) as database:
        assert await database.switches.load_switch("trading") == "paused"


async def test_two_processes_start_at_once(url: str, clock: FakeClock) -> None:
    async with opened(url, clock) as database:
        await database.store.transact(lambda tx: tx.run_sync(downgrade))
    first, second = await asyncio.gather(db.open(url, clock), db.open(url, clock))
    await first.switches.save_switch("trading", "paused")
    assert await second.switches.load_switch("trading") == "paused"
    await asyncio.gather(first.close(), second.close())


async def test_two_processes_confirm_once(
    pair: tuple[db.Database, db.Database], clock: FakeClock
) -> None:
    intent = swap(await add_agent(pair[0]), clock)
    await pair[0].journal.save_proposal(intent)
    answers = await asyncio.gather(
        *(pair[n % 2].journal.confirm(intent.id, clock.now(), CAP) for n in range(20))
    )
    assert [answer.fresh for answer in answers if answer].count(True) == 1


async def test_two_processes_stay_within_the_cap(
    pair: tuple[db.Database, db.Database], clock: FakeClock
) -> None:
    agent = await add_agent(pair[0])
    intents = [swap(agent, clock, "60") for _ in range(8)]
    for intent in intents:
        await pair[0].journal.save_proposal(intent)
    answers = await asyncio.gather(
        *(
            pair[n % 2].journal.confirm(intent.id, clock.now(), CAP)
            for n, intent in enumerate(intents)
        )
    )
    fresh = [answer.intent.sequence for answer in answers if answer and answer.fresh]
    assert sorted(fresh) == [1, 2, 3]
    assert await pair[1].journal.load_day_volume(agent.id, clock.now()) == Decimal(180)


async def test_two_processes_sign_one_at_a_time(
    pair: tuple[db.Database, db.Database], clock: FakeClock
) -> None:
    agents = [await add_agent(pair[0], f"Agent {n}") for n in range(6)]
    intents = [
        await confirmed(
            pair[0],
            swap(agent, clock, kind=IntentKind.WITHDRAW, account="0xserver"),
            clock,
        )
        for agent in agents
    ]
    await settle(pair[0], intents.pop(), clock)
    results = await asyncio.gather(
        *(
            pair[n % 2].journal.advance(
                intent.id,
                Step(
                    IntentState.CONFIRMED,
                    IntentState.SIGNED,
                    clock.now(),
                    signed=signed(intent, 1),
                ),
            )
            for n, intent in enumerate(intents)
        )
    )
    assert [result is not None for result in results].count(True) == 1
    assert await pair[1].journal.load_nonce("0xserver") == 2


async def test_a_deposit_and_a_swap_at_once(
    pair: tuple[db.Database, db.Database], clock: FakeClock
) -> None:
    """Whichever comes first, nothing is written over."""
    agent = await add_agent(pair[0])
    for turn in range(5):
        intent = await confirmed(pair[0], swap(agent, clock, "1"), clock)
        before = (await pair[1].deposits.load_seen([agent.id]))[agent.id]
        units = before.raw.get("SEI", 0)
        settled, saved = await asyncio.gather(
            settle(pair[0], intent, clock, balance_changes={"SEI": 100}),
            pair[1].deposits.save_seen(
                agent.id, SeenBalances(before.version, {"SEI": units + 7}), [notice(f"d{turn}")]
            ),
        )
        assert settled.state not in IN_FLIGHT
        after = (await pair[1].deposits.load_seen([agent.id]))[agent.id]
        assert after.raw["SEI"] == units + 100 + 7 * saved


async def test_a_deposit_waits_for_the_step_under_way(postgres_url: str, clock: FakeClock) -> None:
    """On SQLite no two write at once; on PostgreSQL the agent's row keeps them apart."""
    async with opened(postgres_url, clock) as database:
        await empty(database)
        agent = await add_agent(database)
        waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")

        async def step(tx: AsyncConnection) -> bool:
            await lock_agent(tx, agent.id)
            await change_seen(tx, agent.id, {"SEI": 5})
            unseen = SeenBalances(0, {"SEI": 7})
            deposit = asyncio.ensure_future(database.deposits.save_seen(agent.id, unseen, []))
            started.append(deposit)
            while not (await tx.execute(waits)).scalar_one():
                assert not deposit.done()
            return deposit.done()

        started: list[asyncio.Future[bool]] = []
        assert not await database.store.transact(step)
        assert not await started[0]
        assert (await database.deposits.load_seen([agent.id]))[agent.id].raw == {"SEI": 5}


async def test_a_cancelled_caller_does_not_break_a_step_off(
    pair: tuple[db.Database, db.Database], clock: FakeClock
) -> None:
    database = pair[0]
    agent = await add_agent(database)
    intents = [swap(agent, clock, "0.01") for _ in range(20)]
    for turns, intent in enumerate(intents, start=1):
        task = asyncio.ensure_future(database.journal.save_proposal(intent))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await database.store.close()
    for intent in intents:
        assert await pair[1].journal.load_intent(intent.id) == intent
    events = await pair[1].store.fetch(sa.select(intent_events))
    assert len(events) == len(intents)


async def test_closing_waits_for_what_is_under_way(
    pair: tuple[db.Database, db.Database],
) -> None:
    store, release = pair[0].store, asyncio.Event()
    held = asyncio.ensure_future(store.transact(lambda _: release.wait()))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(store.close())
    for _ in range(50):
        await asyncio.sleep(0)
    assert not closing.done()
    release.set()
    await asyncio.gather(held, closing)


async def test_every_transition_is_in_the_history(
    pair: tuple[db.Database, db.Database], clock: FakeClock
) -> None:
    database = pair[0]
    intent = await confirmed(database, swap(await add_agent(database), clock), clock)
    await settle(database, intent, clock)
    rows = await database.store.fetch(sa.select(intent_events).order_by(intent_events.c.id))
    states = ["proposed", "confirmed", "signed", "sent", "mined", "settled"]
    assert [row.to_state for row in rows] == states
    assert [row.from_state for row in rows] == [None, *states[:-1]]


async def test_a_failed_step_leaves_nothing_behind(
    pair: tuple[db.Database, db.Database], clock: FakeClock
) -> None:
    database = pair[0]
    agent = await add_agent(database)
    first = await confirmed(database, swap(agent, clock), clock)
    await database.journal.save_proposal(swap(agent, clock, id="twice"))
    with pytest.raises(sa.exc.IntegrityError):
        await database.journal.save_proposal(swap(agent, clock, id="twice"))
    with pytest.raises(sa.exc.IntegrityError):
        await database.agents.save_current(1, type(agent.id)(404))
    await settle(database, first, clock)
