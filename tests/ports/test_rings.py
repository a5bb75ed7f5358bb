"""What rang lately with what became of its messages, and what ends along with an agent."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.alerts import Alert, Place, Repeat
from bot.domain.people import Agent, AgentState, UserId
from bot.policy.alerts.states import finish
from bot.ports.alerts import Hit, Outcome
from bot.ports.ledger import OutboxState
from tests.fakes.clock import FakeClock
from tests.ports.alert_desk import GROUP, AlertDesk, decide, draft, prices, ring
from tests.ports.databases import USER, Stores

OTHER = UserId(7)
DAY = timedelta(days=1)
OWNER = "0x" + "A" * 40


@pytest.fixture
async def desk(stores: Stores, clock: FakeClock) -> AlertDesk:
    made = AlertDesk(stores, clock.now())
    await made.meet(USER, OTHER)
    return made


async def test_rings_come_latest_first_with_their_figures(desk: AlertDesk, clock: FakeClock):
    first = await desk.added()
    await desk.alerts.apply(prices(clock.now(), SEI="0.26"), decide)
    clock.jump(60)
    second = await desk.added(draft("0.28", repeat=Repeat.EVERY))
    await desk.alerts.apply(prices(clock.now(), SEI="0.29"), decide)
    since = clock.now() - DAY
    found = await desk.alerts.load_rings(USER, since, 5)
    assert [(rung.alert.id, rung.number, rung.value) for rung in found] == [
        (second.id, 1, Decimal("0.29")),
        (first.id, 1, Decimal("0.26")),
    ]
    assert [rung.met_at for rung in found] == [clock.now(), clock.now() - timedelta(seconds=60)]
    assert not found[1].alert.is_active
    assert found[0].data == {"ring": "1"}
    assert [rung.alert.id for rung in await desk.alerts.load_rings(USER, since, 1)] == [second.id]
    late = clock.now() - timedelta(seconds=30)
    assert [r.alert.id for r in await desk.alerts.load_rings(USER, late, 5)] == [second.id]


async def test_they_are_those_of_the_person_in_private(desk: AlertDesk, clock: FakeClock):
    await desk.added(place=GROUP)
    await desk.added(user=OTHER, place=Place(int(OTHER)))
    await desk.alerts.apply(prices(clock.now(), SEI="0.26"), decide)
    assert not await desk.alerts.load_rings(USER, clock.now() - DAY, 5)
    assert len(await desk.alerts.load_rings(OTHER, clock.now() - DAY, 5)) == 1


async def test_they_tell_how_their_message_stands(desk: AlertDesk, clock: FakeClock):
    await desk.added()
    until = clock.now() + timedelta(hours=8)

    def held(hit: Hit) -> Outcome:
        outcome = decide(hit)
        notice = outcome.notice and replace(outcome.notice, not_before=until)
        return Outcome(outcome.alert, notice)

    await desk.alerts.apply(prices(clock.now(), SEI="0.26"), held)
    (waits,) = await desk.alerts.load_rings(USER, clock.now() - DAY, 5)
    assert (waits.state, waits.not_before) == (OutboxState.PENDING, until)
    (queued,) = await desk.stores.outbox.load_due(until, 9, ())
    await desk.stores.outbox.mark_sending(queued.id)
    await desk.stores.outbox.mark_retry(queued.id, until, ambiguous=True)
    (lost,) = await desk.alerts.load_rings(USER, clock.now() - DAY, 5)
    assert lost.state == OutboxState.AMBIGUOUS


async def test_a_digest_rang_without_a_figure(desk: AlertDesk, clock: FakeClock):
    digest = await desk.digest(clock.now())

    def told(hit: Hit) -> Outcome:
        rung = replace(finish(hit.alert), rings=1, rang_at=clock.now())
        return Outcome(rung, ring(rung))

    await desk.alerts.apply_due(clock.now(), told)
    (rung,) = await desk.alerts.load_rings(USER, clock.now() - DAY, 5)
    assert (rung.alert.id, rung.value, rung.met_at) == (digest.id, None, clock.now())


async def opened(desk: AlertDesk, name: str, user: UserId = USER) -> Agent:
    return await desk.stores.agents.create_agent(user, name, "", OWNER)


async def watching(desk: AlertDesk, agent: Agent, user: UserId = USER) -> Alert:
    made = draft()
    made = replace(made, condition=replace(made.condition, agent_id=int(agent.id)))
    return await desk.added(made, user=user, place=Place(int(user)))


async def test_alerts_end_with_the_agent_that_they_watch(desk: AlertDesk):
    agent, other = await opened(desk, "Alpha"), await opened(desk, "Beta")
    ended = [await watching(desk, agent) for _ in range(2)]
    over = await watching(desk, agent)
    assert await desk.alerts.save_alert(finish(over))
    kept = [await watching(desk, other), await desk.added()]
    assert list(await desk.alerts.close_agent(agent.id)) == ended
    assert list(await desk.alerts.load_of_person(USER)) == kept
    found = await desk.stores.agents.load_agent(agent.id)
    assert found is not None
    assert found.state is AgentState.CLOSED
    assert list(await desk.alerts.close_agent(agent.id)) == []
    assert [a.id for a in await desk.stores.agents.load_agents(USER)] == [other.id]
