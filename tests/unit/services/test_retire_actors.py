"""Retiring actors whose seed has leaked."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.money import Bps
from bot.domain.people import Agent, AgentId, AgentState, UserId
from bot.domain.trade import IntentKind, IntentState
from bot.ports.ledger import Step
from bot.ports.records import UserSettings
from bot.services.retire_actors import RetireActors
from tests.fakes.clock import FakeClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.records import FakeRecords

SERVER = "0x" + "5" * 40
ANN = UserId(7)
NEW = 3


@pytest.fixture
def records(clock: FakeClock) -> FakeRecords:
    return FakeRecords(clock)


@pytest.fixture
def ledger(records: FakeRecords) -> FakeLedger:
    return FakeLedger(records)


@pytest.fixture
def retire(clock: FakeClock, records: FakeRecords, ledger: FakeLedger) -> RetireActors:
    return RetireActors(clock, records, ledger, ledger, SERVER)


async def agent(
    records: FakeRecords, name: str, version: int, state: AgentState = AgentState.ACTIVE
) -> Agent:
    await records.save_user(ANN, "Ann", None, UserSettings(Bps(1), Decimal(1), Decimal(1), "en"))
    made = await records.create_agent(ANN, name, "", "0x" + "A" * 40)
    if version:
        await records.save_actor(made.id, f"0x{made.id:040x}", version)
    if state is not AgentState.OPENING:
        records.open_escrow(made.id, f"0x{made.id + 100:040x}")
        await records.save_state(made.id, state)
    found = await records.load_agent(made.id)
    assert found
    return found


async def test_older_agents_are_paused_dropped_and_told(
    records: FakeRecords, ledger: FakeLedger, retire: RetireActors
) -> None:
    first, second = await agent(records, "a", 1), await agent(records, "b", 2)
    resting = await agent(records, "c", 2, AgentState.PAUSED)
    opening = await agent(records, "d", 2, AgentState.OPENING)
    fresh = await agent(records, "e", NEW)
    nameless = await agent(records, "f", 0, AgentState.OPENING)
    closed = await agent(records, "g", 1, AgentState.CLOSED)

    retired = await retire.retire(NEW)
    assert [a.id for a in retired] == [first.id, second.id, resting.id, opening.id]
    states = {a.name: a.state for a in records.agents.values()}
    assert [states[name] for name in "abc"] == [AgentState.PAUSED] * 3
    assert (states["d"], states["e"]) == (AgentState.OPENING, AgentState.ACTIVE)
    intents = list(ledger.intents.values())
    assert {i.agent_id for i in intents} == {a.id for a in retired}
    for intent in intents:
        assert (intent.kind, intent.state) == (IntentKind.DROP_MANDATE, IntentState.CONFIRMED)
        assert (intent.account, intent.chat_id) == (SERVER, ANN)
    notices = [waiting.notice for waiting in ledger.notices]
    assert [(n.kind, n.chat_id, n.data["agent"]) for n in notices] == [
        ("seed_leaked", ANN, str(a.id)) for a in retired
    ]
    told = {notice.data["agent"] for notice in notices}
    assert not {str(a.id) for a in (fresh, nameless, closed)} & told


async def test_it_may_be_repeated_and_tries_again_what_failed(
    clock: FakeClock, records: FakeRecords, ledger: FakeLedger, retire: RetireActors
) -> None:
    one = await agent(records, "a", 1)
    await retire.retire(NEW)
    await retire.retire(NEW)
    (intent,) = ledger.intents.values()
    assert len(ledger.notices) == 1

    step = Step(IntentState.CONFIRMED, IntentState.REFUSED, clock.now(), reason="network")
    await ledger.advance(intent.id, step)
    await retire.retire(NEW)
    again = [i for i in ledger.intents.values() if i.state is IntentState.CONFIRMED]
    assert [i.agent_id for i in again] == [one.id]

    ledger.intents[again[0].id] = replace(again[0], state=IntentState.SETTLED)
    await retire.retire(NEW)
    assert len(ledger.intents) == 2
    assert records.agents[AgentId(one.id)].state is AgentState.PAUSED
