"""A stop at any step, and what the next start makes of it."""

import pytest

from bot.domain.people import Agent
from bot.domain.trade import Intent, IntentState
from tests.unit.services.faults import Faulty, failing
from tests.unit.services.office import USDC, Office

LATER = [IntentState.CONFIRMED, IntentState.SIGNED, IntentState.SENT, IntentState.MINED]


@pytest.fixture
async def agent(office: Office) -> Agent:
    return await office.agent(USDC="100", SEI="10")


def outcome_of(office: Office, intent: Intent) -> list[dict[str, str]]:
    return [
        dict(notice.data)
        for notice in office.notices("outcome")
        if notice.data["intent"] == intent.id
    ]


async def test_stop_cancels_and_recovery_goes_on(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    office.chain.down = True
    task = office.execute.start(intent)
    await office.clock.advance(1)
    await office.execute.stop()
    assert task.cancelled()
    office.chain.down = False
    await office.clock.advance(5)
    assert office.now_of(intent).state is IntentState.CONFIRMED

    assert await office.restart() == 1
    await office.settle()

    assert office.now_of(intent).state is IntentState.SETTLED
    assert outcome_of(office, intent) == [{"intent": intent.id, "recovered": "yes"}]


async def test_only_what_was_recovered_is_called_recovered(office: Office, agent: Agent):
    first = await office.confirmed(agent)
    assert await office.restart() == 1
    await office.settle()
    second = await office.confirmed(agent)
    await office.run(second)
    assert outcome_of(office, first) == [{"intent": first.id, "recovered": "yes"}]
    assert outcome_of(office, second) == [{"intent": second.id}]
    assert await office.restart() == 0


@pytest.mark.parametrize("state", LATER)
async def test_recovery_resumes_every_state(office: Office, agent: Agent, state: IntentState):
    """The process dies as soon as a state is written, and again at every later one."""
    intent = await office.confirmed(agent)
    dying = Faulty(office.ledger, after=failing(RuntimeError("killed"), "advance"))
    office.execute = office.new_execute(journal=dying)
    while office.now_of(intent).state is not state:
        task = office.execute.start(intent)
        await office.clock.advance(1)
        assert isinstance(task.exception(), RuntimeError)

    await office.restart()
    await office.settle()

    assert office.now_of(intent).state is IntentState.SETTLED
    assert office.executed(intent) == len(office.chain.sent) == 1
    assert len(outcome_of(office, intent)) == 1
    assert len(office.ledger.fills) == 1


async def test_what_was_sent_while_nobody_looked_is_found(office: Office, agent: Agent):
    """Killed between the send and writing SENT: found mined, not sent for a second swap."""
    intent = await office.confirmed(agent)
    dying = Faulty(office.executor, after=failing(RuntimeError("killed"), "send"))
    office.execute = office.new_execute(executor=dying)
    task = office.execute.start(intent)
    await office.clock.advance(1)
    assert isinstance(task.exception(), RuntimeError)
    assert (office.now_of(intent).state, office.executed(intent)) == (IntentState.SIGNED, 1)

    await office.restart()
    await office.settle()

    assert office.now_of(intent).state is IntentState.SETTLED
    assert office.held(agent, USDC) == 90
