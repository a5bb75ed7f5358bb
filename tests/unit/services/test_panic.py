"""The emergency stop: here first and at once, then on the chain; what stays open is named."""

from typing import Any

import pytest

from bot.domain.mandate import SignedMandate
from bot.domain.money import Amount
from bot.domain.people import Agent, AgentId, AgentState
from bot.domain.trade import Intent, IntentKind, IntentState
from bot.services.execute import AGENT_PAUSED_REASON
from bot.services.panic import Panic
from bot.services.signing_links import Draft, Purpose
from tests.fakes.contracts import fake_signature
from tests.fakes.escrows import wide_mandate
from tests.unit.services.faults import Faulty, Kill, KilledError, failing
from tests.unit.services.office import ANN, BO, CHAT, USDC, Office


@pytest.fixture
async def agent(office: Office) -> Agent:
    return await office.agent(USDC="100")


async def offer(office: Office, agent: Agent) -> Intent:
    origin = await office.origin(agent.user_id)
    return (await office.propose.propose(office.request(agent), origin)).intent


def drops(office: Office) -> list[Intent]:
    return [i for i in office.ledger.intents.values() if i.kind is IntentKind.DROP_MANDATE]


async def test_every_agent_is_paused_and_its_mandate_dropped(office: Office, agent: Agent):
    second, others = await office.agent("Beta"), await office.agent("Gamma", BO)
    done = await office.panic.stop(await office.origin())
    assert [a.name for a in done.stopped] == ["Alpha", "Beta"]
    assert [i.agent_id for i in done.dropping] == [agent.id, second.id]
    assert (done.flying, done.cancelled) == ([], 0)
    await office.settle()
    for stopped in (agent, second):
        assert office.agent_now(stopped).state is AgentState.PAUSED
        assert office.book(stopped).dropped
    assert office.agent_now(others).state is AgentState.ACTIVE
    assert not office.book(others).dropped
    assert office.held(agent, USDC) == 100


async def test_it_stops_here_before_it_asks_the_chain_anything(office: Office, agent: Agent):
    office.chain.down = True
    done = await office.panic.stop(await office.origin())
    assert office.agent_now(agent).state is AgentState.PAUSED
    assert [i.state for i in done.dropping] == [IntentState.CONFIRMED]
    await office.clock.advance(3_600)
    assert not office.book(agent).dropped
    office.chain.down = False
    await office.settle()
    assert office.book(agent).dropped


async def test_open_offers_can_no_longer_be_confirmed(office: Office, agent: Agent):
    second = await office.agent("Beta", USDC="50")
    offers = [await offer(office, agent), await offer(office, agent), await offer(office, second)]
    done = await office.panic.stop(await office.origin())
    assert done.cancelled == 3
    assert [office.now_of(o).state for o in offers] == [IntentState.DECLINED] * 3


async def test_offers_of_withdrawals_stay(office: Office, agent: Agent):
    [withdrawal] = await office.withdraw.propose_all(agent, await office.origin())
    done = await office.panic.stop(await office.origin())
    assert done.cancelled == 0
    assert office.now_of(withdrawal).state is IntentState.PROPOSED
    confirmed = await office.withdrawal(agent, Amount(USDC, 100))
    assert (await office.run(confirmed)).state is IntentState.SETTLED


async def test_what_is_confirmed_and_not_signed_is_refused_at_once(office: Office, agent: Agent):
    waiting = await office.confirmed(agent)
    done = await office.panic.stop(await office.origin())
    after = office.now_of(waiting)
    assert (after.state, after.reason) == (IntentState.REFUSED, AGENT_PAUSED_REASON)
    assert done.cancelled == 1
    assert [n.data["intent"] for n in office.notices("outcome")] == [waiting.id]
    await office.settle()
    assert office.held(agent, USDC) == 100


async def test_what_waits_for_the_network_is_refused_and_never_signed(office: Office, agent: Agent):
    """It is being driven while the stop comes."""
    waiting = await office.confirmed(agent)
    office.chain.down = True
    task = office.execute.start(waiting)
    await office.clock.advance(5)
    await office.panic.stop(await office.origin())
    office.chain.down = False
    assert (await office.finish(task))[0].state is IntentState.REFUSED
    assert office.executed(waiting) == 0
    assert len([n for n in office.notices("outcome") if n.data["intent"] == waiting.id]) == 1


async def test_a_signed_trade_is_named_and_may_still_run(office: Office, agent: Agent):
    flying = await office.confirmed(agent)
    office.chain.automine = False
    task = office.execute.start(flying)
    await office.clock.advance(1)
    done = await office.panic.stop(await office.origin())
    assert [i.id for i in done.flying] == [flying.id]
    office.chain.automine = True
    office.chain.mine()
    assert (await office.finish(task))[0].state is IntentState.SETTLED
    await office.settle()
    assert office.book(agent).dropped
    assert (await office.panic.stop(await office.origin())).flying == []


async def test_it_is_safe_to_repeat(office: Office, agent: Agent):
    office.chain.down = True
    first = await office.panic.stop(await office.origin())
    await office.clock.advance(5)
    again = await office.panic.stop(await office.origin())
    assert [i.id for i in again.dropping] == [i.id for i in first.dropping]
    office.chain.down = False
    await office.settle()
    assert [intent.state for intent in drops(office)] == [IntentState.SETTLED]
    assert office.agent_now(agent).state is AgentState.PAUSED
    later = await office.panic.stop(await office.origin())
    assert [a.id for a in later.stopped] == [agent.id]
    assert [i.id for i in later.dropping] != [i.id for i in first.dropping]


async def test_a_paused_agents_mandate_is_dropped_too(office: Office, agent: Agent):
    await office.set_state(agent, AgentState.PAUSED)
    done = await office.panic.stop(await office.origin())
    assert [i.agent_id for i in done.dropping] == [agent.id]


async def test_an_agent_that_is_opening_has_no_mandate_to_drop(office: Office):
    opening = await office.records.create_agent((await office.user()).id, "New", "", "0xowner")
    done = await office.panic.stop(await office.origin())
    assert [a.id for a in done.stopped] == [a.id for a in done.opening] == [opening.id]
    assert office.agent_now(opening).state is AgentState.PAUSED
    assert done.dropping == []
    assert drops(office) == []


async def test_an_agent_that_is_opening_opens_paused(office: Office):
    office.chain.down = True
    opening = await office.open_agent.open(await office.origin(), "New", "", "0xowner")
    await office.panic.stop(await office.origin())
    office.chain.down = False
    await office.settle()
    opened = office.agent_now(opening)
    assert (opened.state, bool(opened.escrow)) == (AgentState.PAUSED, True)


async def test_nobodys_agents_are_nothing_to_stop(office: Office):
    done = await office.panic.stop(await office.origin())
    assert (done.stopped, done.dropping, done.flying, done.cancelled) == ([], [], [], 0)


@pytest.mark.parametrize("method", ["save_state", "load_agents"])
async def test_cut_short_it_is_repeated_to_the_end(office: Office, agent: Agent, method: str):
    """The process dies in between: what was paused stays so, and once more does the rest."""
    second = await office.agent("Beta")
    kill = Kill(method)
    records: Any = kill.of(office.records)
    panic = Panic(office.clock, records, office.ledger, office.change_mandate, office.links)
    with pytest.raises(KilledError):
        await panic.stop(await office.origin())
    assert drops(office) == []
    await office.restart()
    await office.panic.stop(await office.origin())
    await office.settle()
    for stopped in (agent, second):
        assert office.agent_now(stopped).state is AgentState.PAUSED
        assert office.book(stopped).dropped


async def test_a_drop_that_was_journalled_survives_the_process(office: Office, agent: Agent):
    await office.panic.stop(await office.origin())
    assert await office.restart() == 1
    await office.settle()
    assert office.book(agent).dropped
    assert [n.data["recovered"] for n in office.notices("outcome")] == ["yes"]


async def test_one_agent_that_cannot_be_read_keeps_no_other_from_stopping(
    office: Office, agent: Agent
):
    """A failure after the local stop leaves everybody paused."""
    second = await office.agent("Beta")
    fault = failing(KilledError(), "load_recent")
    journal: Any = Faulty(office.ledger, fault)
    panic = Panic(office.clock, office.records, journal, office.change_mandate, office.links)
    with pytest.raises(KilledError):
        await panic.stop(await office.origin(ANN))
    for stopped in (agent, second):
        assert office.agent_now(stopped).state is AgentState.PAUSED


async def test_what_was_given_out_to_be_signed_is_taken_back(office: Office, agent: Agent):
    token = office.links.open(Purpose.MANDATE, ANN, CHAT, AgentId(agent.id))
    office.links.find(token).draft = Draft(7)
    await office.panic.stop(await office.origin())
    assert office.links.find(token).draft is None


async def test_a_mandate_on_its_way_in_does_not_outlive_the_stop(office: Office, agent: Agent):
    """A drop is under way, a mandate queues behind it, then comes the panic."""
    origin = await office.origin()
    office.chain.automine = False
    first = await office.change_mandate.drop(agent, origin)
    await office.clock.advance(1)
    mandate = wide_mandate(office.chain.contracts, nonce=office.book(agent).nonce + 1)
    message = office.signatures.type_mandate(agent.escrow, mandate)
    signed = SignedMandate(mandate, fake_signature(agent.owner, message))
    coming = await office.change_mandate.set(agent, signed, origin)
    await office.panic.stop(origin)
    office.chain.automine = True
    office.chain.mine()
    await office.settle()
    assert office.book(agent).dropped
    assert office.now_of(first).state is IntentState.SETTLED
    assert office.now_of(coming).state is IntentState.REFUSED
