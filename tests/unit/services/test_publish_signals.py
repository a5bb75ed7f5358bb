"""Decisions of public agents reach whoever follows them: once, in figures, and no others."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.alerts import Place
from bot.domain.analysis import Action, TradeDecision
from bot.domain.errors import UserError
from bot.domain.people import Agent, AgentState
from bot.domain.trade import Fill, IntentId, Side, TxHash
from bot.ports.ledger import Notice, Priority
from bot.services.publish_signals import MOST_FOLLOWED, PublishSignals
from tests.fakes.groups import FakeGroups
from tests.unit.services.office import ANN, BO, Office

TOPIC, PRIVATE = Place(-100, 7), Place(BO)
PRIVATELY = "my wife must not know about these 40,000 dollars"
DECISION = TradeDecision(
    action=Action.BUY,
    symbol="SEI",
    entry=Decimal("0.25"),
    stop_loss=Decimal("0.22"),
    take_profit=None,
    confidence=70,
    suggested_usd=Decimal(40_000),
    summary=PRIVATELY,
    reasons=(PRIVATELY,),
    risks=(PRIVATELY,),
    analyst="rules",
)


class Desk:
    def __init__(self, office: Office) -> None:
        self.office = office
        self.groups = FakeGroups(office.records, office.ledger)
        self.service = PublishSignals(
            office.clock, self.groups, office.records, office.records, office.ledger, office.wake
        )

    async def decide(self, agent: Agent, decision: TradeDecision = DECISION) -> int:
        now = self.office.clock.now()
        return await self.office.records.save_decision(agent.id, PRIVATELY, decision, now)

    async def follow(self, agent: Agent, *places: Place) -> None:
        user = await self.office.user(BO)
        for place in places:
            await self.service.follow(user, place, agent.id)

    async def passed(self) -> list[Notice]:
        await self.service.tick()
        return self.office.notices("signal")


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


@pytest.fixture
async def agent(desk: Desk, office: Office) -> Agent:
    """A public one."""
    made = await office.agent()
    await desk.service.publish(made)
    return replace(made, is_public=True)


async def test_a_decision_reaches_every_place_once(desk: Desk, office: Office, agent: Agent):
    await desk.follow(agent, TOPIC, PRIVATE)
    decision_id = await desk.decide(agent)
    notices = await desk.passed()
    assert [(n.chat_id, n.thread_id) for n in notices] == [(-100, 7), (BO, 0)]
    assert await desk.passed() == notices, "and no more of them"
    assert {n.key for n in notices} == {
        f"signal:{decision_id}:-100:7",
        f"signal:{decision_id}:{BO}:0",
    }
    assert {n.priority for n in notices} == {Priority.ALERT}
    assert office.wakes


async def test_figures_only_leave_the_agents_chat(desk: Desk, agent: Agent):
    await desk.follow(agent, TOPIC)
    await desk.decide(agent)
    (notice,) = await desk.passed()
    figures = {k: notice.data[k] for k in ("action", "symbol", "entry", "stop", "target")}
    assert figures == {
        "action": "BUY",
        "symbol": "SEI",
        "entry": "0.25",
        "stop": "0.22",
        "target": "",
    }
    assert notice.data["confidence"] == "70"
    told = " ".join(notice.data.values())
    assert "wife" not in told
    assert "40" not in told, "nor how much it would put in"


async def test_holding_is_no_signal(desk: Desk, agent: Agent):
    await desk.follow(agent, TOPIC)
    await desk.decide(agent, replace(DECISION, action=Action.HOLD))
    assert not await desk.passed()
    await desk.decide(agent, replace(DECISION, action=Action.SELL))
    assert [n.data["action"] for n in await desk.passed()] == ["SELL"]


async def test_the_record_so_far_goes_with_it(desk: Desk, office: Office, agent: Agent):
    now = office.clock.now()
    for n, (side, usd) in enumerate(((Side.BUY, "10"), (Side.SELL, "13"))):
        office.ledger.fills.append(
            Fill(
                intent_id=IntentId(f"i{n}"),
                agent_id=agent.id,
                symbol="SEI",
                side=side,
                quantity=Decimal(40),
                value_usd=Decimal(usd),
                price_usd=Decimal("0.25"),
                expected_price_usd=Decimal("0.25"),
                gas_sei=Decimal(0),
                gas_usd=Decimal("0.5"),
                venue="Cheap",
                tx_hash=TxHash(f"0x{n}"),
                at=now + timedelta(minutes=n),
            )
        )
    await desk.follow(agent, TOPIC)
    await desk.decide(agent)
    (notice,) = await desk.passed()
    assert (notice.data["trades"], Decimal(notice.data["realised"])) == ("2", Decimal(2))


async def test_many_decisions_come_in_order(desk: Desk, agent: Agent):
    await desk.follow(agent, TOPIC)
    made = [str(await desk.decide(agent)) for _ in range(120)]
    assert [n.data["decision"] for n in await desk.passed()] == made


async def test_whoever_follows_later_gets_nothing_of_before(desk: Desk, agent: Agent):
    await desk.decide(agent)
    assert not await desk.passed()
    await desk.follow(agent, TOPIC)
    assert not await desk.passed()


async def test_private_agents_are_not_followed(desk: Desk, office: Office, agent: Agent):
    user = await office.user(BO)
    await desk.service.withdraw(agent)
    with pytest.raises(UserError, match="not public"):
        await desk.service.follow(user, TOPIC, agent.id)
    with pytest.raises(UserError, match="not public"):
        await desk.service.follow(user, TOPIC, 999)
    await desk.service.publish(agent)
    await office.records.save_state(agent.id, AgentState.CLOSED)
    with pytest.raises(UserError, match="not public"):
        await desk.service.follow(user, TOPIC, agent.id)
    assert not desk.groups.followings


async def test_followers_of_an_agent_made_private_are_told(
    desk: Desk, office: Office, agent: Agent
):
    await desk.follow(agent, TOPIC, PRIVATE)
    await desk.decide(agent)
    assert await desk.service.withdraw(agent) == 2
    assert await desk.service.withdraw(agent) == 0
    ended = office.notices("signals_ended")
    assert [(n.chat_id, n.thread_id) for n in ended] == [(-100, 7), (BO, 0)]
    assert not await desk.passed()
    assert not office.records.agents[agent.id].is_public


async def test_a_place_follows_so_many_at_most(desk: Desk, office: Office, agent: Agent):
    user = await office.user(ANN)
    for number in range(MOST_FOLLOWED):
        other = await office.records.create_agent(ANN, f"Agent {number}", "", "0x")
        await desk.service.publish(other)
        await desk.service.follow(user, TOPIC, other.id)
    with pytest.raises(UserError, match="as many as"):
        await desk.service.follow(user, TOPIC, agent.id)
