"""Decisions and trades of public agents reach whoever follows them: once, and in figures."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.alerts import Place
from bot.domain.analysis import Action, TradeDecision
from bot.domain.errors import UserError
from bot.domain.people import Agent, AgentId, AgentState, QuietHours
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

    def trade(self, agent: Agent, side: Side, usd: str, quantity: str = "40") -> None:
        """A trade settles now."""
        number = len(self.office.ledger.fills)
        self.office.ledger.fills.append(
            Fill(
                intent_id=IntentId(f"i{number}"),
                agent_id=agent.id,
                symbol="SEI",
                side=side,
                quantity=Decimal(quantity),
                value_usd=Decimal(usd),
                price_usd=Decimal("0.25"),
                expected_price_usd=Decimal("0.25"),
                gas_sei=Decimal(0),
                gas_usd=Decimal("0.5"),
                venue="Cheap",
                tx_hash=TxHash(f"0x{number}"),
                at=self.office.clock.now() + timedelta(seconds=number),
            )
        )

    async def traded(self) -> list[Notice]:
        await self.service.tick()
        return self.office.notices("signal_trade")


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


async def test_the_record_so_far_goes_with_it(desk: Desk, agent: Agent):
    desk.trade(agent, Side.BUY, "10")
    desk.trade(agent, Side.SELL, "13")
    await desk.follow(agent, TOPIC)
    await desk.decide(agent)
    (notice,) = await desk.passed()
    assert (notice.data["trades"], Decimal(notice.data["realised"])) == ("2", Decimal(2))


async def test_many_decisions_come_in_order(desk: Desk, agent: Agent):
    await desk.follow(agent, TOPIC)
    tokens = [replace(DECISION, symbol=f"T{number}") for number in range(120)]
    made = [str(await desk.decide(agent, decision)) for decision in tokens]
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


async def test_whoever_follows_while_an_agent_is_made_private_is_told_or_refused(
    desk: Desk, office: Office, agent: Agent, monkeypatch: pytest.MonkeyPatch
):
    save_public, drop = office.records.save_public, desk.groups.drop_followers

    async def just_before(agent_id: AgentId, *, public: bool) -> None:
        await desk.follow(agent, TOPIC)
        await save_public(agent_id, public=public)

    async def too_late(*args: Any) -> int:
        with pytest.raises(UserError, match="not public"):
            await desk.follow(agent, PRIVATE)
        return await drop(*args)

    monkeypatch.setattr(office.records, "save_public", just_before)
    monkeypatch.setattr(desk.groups, "drop_followers", too_late)
    assert await desk.service.withdraw(agent) == 1
    assert [(n.chat_id, n.thread_id) for n in office.notices("signals_ended")] == [(-100, 7)]
    assert not desk.groups.followings


async def test_nobody_follows_an_agent_that_was_public_when_they_looked(
    desk: Desk, office: Office, agent: Agent, monkeypatch: pytest.MonkeyPatch
):
    public, load = office.agent_now(agent), office.records.load_agent
    await desk.service.withdraw(agent)
    seen = [public]

    async def load_agent(agent_id: AgentId) -> Agent | None:
        return seen.pop() if seen else await load(agent_id)

    monkeypatch.setattr(office.records, "load_agent", load_agent)
    with pytest.raises(UserError, match="not public"):
        await desk.follow(agent, TOPIC)
    assert not seen
    assert not desk.groups.followings


async def test_a_place_follows_so_many_at_most(desk: Desk, office: Office, agent: Agent):
    user = await office.user(ANN)
    for number in range(MOST_FOLLOWED):
        other = await office.records.create_agent(ANN, f"Agent {number}", "", "0x")
        await desk.service.publish(other)
        await desk.service.follow(user, TOPIC, other.id)
    with pytest.raises(UserError, match="as many as"):
        await desk.service.follow(user, TOPIC, agent.id)


@pytest.mark.parametrize("ticks_between", [0, 1])
async def test_the_same_again_is_told_once_an_hour(
    desk: Desk, office: Office, agent: Agent, ticks_between: int
):
    await desk.follow(agent, TOPIC, PRIVATE)
    for _ in range(3):
        await desk.decide(agent)
        for _ in range(ticks_between):
            await desk.service.tick()
    assert len(await desk.passed()) == 2
    office.clock.jump(3_599)
    await desk.decide(agent)
    assert len(await desk.passed()) == 2
    office.clock.jump(1)
    await desk.decide(agent)
    assert len(await desk.passed()) == 4


@pytest.mark.parametrize(
    ("change", "times"),
    [
        ({"entry": Decimal("0.2525")}, 1),
        ({"entry": Decimal("0.2526")}, 2),
        ({"entry": Decimal("0.247")}, 2),
        ({"stop_loss": Decimal("0.2223")}, 2),
        ({"stop_loss": None}, 2),
        ({"take_profit": Decimal("0.3")}, 2),
        ({"confidence": 10}, 1),
        ({"symbol": "USDC"}, 2),
        ({"action": Action.SELL}, 2),
    ],
)
async def test_it_is_told_again_if_it_is_another(
    desk: Desk, agent: Agent, change: dict[str, Any], times: int
):
    await desk.follow(agent, TOPIC)
    await desk.decide(agent)
    await desk.decide(agent, replace(DECISION, **change))
    assert len(await desk.passed()) == times


async def test_small_steps_are_measured_from_what_was_told(desk: Desk, agent: Agent):
    await desk.follow(agent, TOPIC)
    for entry in ("0.2500", "0.2515", "0.2530", "0.2545"):
        await desk.decide(agent, replace(DECISION, entry=Decimal(entry)))
    assert [n.data["entry"] for n in await desk.passed()] == ["0.2500", "0.2530"]


async def test_who_changes_its_mind_and_back_is_told_each_time(desk: Desk, agent: Agent):
    await desk.follow(agent, TOPIC)
    for action in (Action.BUY, Action.SELL, Action.BUY):
        await desk.decide(agent, replace(DECISION, action=action))
    assert [n.data["action"] for n in await desk.passed()] == ["BUY", "SELL", "BUY"]


async def test_what_nobody_heard_was_not_told(desk: Desk, agent: Agent):
    await desk.decide(agent)
    await desk.service.tick()
    await desk.follow(agent, TOPIC)
    await desk.decide(agent)
    assert len(await desk.passed()) == 1


async def test_a_paused_agent_is_silent_for_good(desk: Desk, office: Office, agent: Agent):
    await desk.follow(agent, TOPIC)
    await office.records.save_state(agent.id, AgentState.PAUSED)
    await desk.decide(agent)
    desk.trade(agent, Side.BUY, "10")
    await desk.decide(await office.agent("Other"))
    desk.trade(await office.agent("Third"), Side.BUY, "10")
    for state in (AgentState.PAUSED, AgentState.ACTIVE):
        await office.records.save_state(agent.id, state)
        assert not await desk.passed()
        assert not await desk.traded()


async def test_quiet_hours_hold_back_what_a_person_follows(
    desk: Desk, office: Office, agent: Agent
):
    quiet = QuietHours(time(21), time(7))  # it is 12:00 in UTC, 21:00 in Tokyo
    await office.user(BO, time_zone="Asia/Tokyo", quiet=quiet)
    await desk.follow(agent, TOPIC, PRIVATE)
    await desk.decide(agent)
    desk.trade(agent, Side.BUY, "10")
    await desk.service.tick()
    await desk.service.withdraw(agent)
    morning = datetime.fromisoformat("2026-11-20T22:00:00Z")
    for kind in ("signal", "signal_trade", "signals_ended"):
        waits = {n.chat_id: n.not_before for n in office.notices(kind)}
        assert waits == {-100: None, BO: morning}, kind


async def test_a_trade_is_told_once_with_what_it_led_to(desk: Desk, office: Office, agent: Agent):
    await desk.follow(agent, TOPIC, PRIVATE)
    desk.trade(agent, Side.BUY, "1000.04", "4000")
    desk.trade(agent, Side.SELL, "600", "1000")
    desk.trade(agent, Side.SELL, "1800", "3000")
    told = await desk.traded()
    assert await desk.traded() == told, "and no more of them"
    here = [n.data for n in told if n.chat_id == -100]
    assert [(d["side"], d["symbol"], d["price"], d["share"], d["trades"]) for d in here] == [
        ("BUY", "SEI", "0.25", "", "1"),
        ("SELL", "SEI", "0.25", "25", "2"),
        ("SELL", "SEI", "0.25", "100", "3"),
    ]
    assert [round(Decimal(d["realised"]), 2) for d in here] == [
        Decimal("-0.50"),
        Decimal("348.99"),
        Decimal("1398.46"),
    ]
    assert {n.key for n in told if n.chat_id == BO} == {
        f"signal_trade:{number}:{BO}:0" for number in (1, 2, 3)
    }
    assert {n.priority for n in told} == {Priority.ALERT}
    words = {word for n in told for word in n.data.values()}
    assert not words & {"4000", "1000", "3000", "1000.04", "600", "1800"}, "no amounts"
    assert office.wakes


async def test_trades_of_before_it_was_public_are_never_told(
    desk: Desk, office: Office, agent: Agent
):
    await desk.follow(agent, TOPIC)
    desk.trade(agent, Side.BUY, "10")
    await desk.service.withdraw(agent)
    desk.trade(agent, Side.BUY, "10")
    await desk.service.publish(agent)
    await desk.follow(agent, TOPIC)
    desk.trade(await office.agent("Private"), Side.BUY, "10")
    assert not await desk.traded()
    desk.trade(agent, Side.SELL, "10")
    (notice,) = await desk.traded()
    assert (notice.data["side"], notice.data["trades"]) == ("SELL", "3")


async def test_many_trades_come_in_order(desk: Desk, agent: Agent):
    await desk.follow(agent, TOPIC)
    for _ in range(60):
        desk.trade(agent, Side.BUY, "1")
    told = await desk.traded()
    assert [n.data["trades"] for n in told] == [str(number) for number in range(1, 61)]
