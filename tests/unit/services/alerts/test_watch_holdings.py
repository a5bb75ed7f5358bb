"""Escrows and gas: one read, no history, and each deposit told once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.alerts import AlertState
from bot.domain.errors import UpstreamError
from bot.domain.people import Agent
from bot.ports.ledger import DepositRow
from tests.unit.services.alerts.lookout import Lookout
from tests.unit.services.office import SEI, USDC, Office


@pytest.fixture
async def lookout(office: Office) -> Lookout:
    made = Lookout(office)
    await made.prices.tick()
    return made


async def look(lookout: Lookout) -> None:
    await lookout.minute()
    await lookout.holdings.tick()


def deposit(lookout: Lookout, agent: Agent, units: str, age_s: float = 0) -> None:
    rows = lookout.office.ledger.came_in
    at = lookout.clock.now() - timedelta(seconds=age_s)
    raw = USDC.amount(Decimal(units)).raw
    rows.append(DepositRow(len(rows) + 1, int(agent.id), "USDC", raw, at))


async def test_balances_of_all_agents_come_in_one_read(lookout: Lookout) -> None:
    agents = [await lookout.office.agent(name, SEI="10") for name in ("Alpha", "Beta")]
    for agent in agents:
        await lookout.add("BALANCE_ABOVE", "SEI", "20", agent=agent.id)
        lookout.office.give(agent.escrow, SEI="15")
    lookout.office.chain.calls.clear()
    await look(lookout)
    assert lookout.office.chain.calls.count("read_balances") == 1
    assert lookout.values == [Decimal(25), Decimal(25)]
    assert {notice.data["late"] for notice in lookout.told} == {""}
    assert lookout.prices.figure(f"balance:{agents[0].id}:SEI") == 25
    assert lookout.office.wakes == 1


async def test_a_portfolio_is_worth_what_believed_prices_say(lookout: Lookout) -> None:
    agent = await lookout.office.agent(SEI="100", USDC="10")
    await lookout.add("PORTFOLIO_ABOVE", "", "40", agent=agent.id)
    await look(lookout)
    assert lookout.prices.figure(f"portfolio:{agent.id}:") == 35
    await lookout.minute("25")
    await lookout.holdings.tick()
    assert lookout.told == [], "an absurd price makes nobody rich"
    await lookout.minute("0.31")
    await lookout.holdings.tick()
    assert lookout.values == [Decimal(41)]


async def test_a_portfolio_without_fresh_prices_says_nothing(lookout: Lookout) -> None:
    agent = await lookout.office.agent(SEI="100")
    await lookout.add("PORTFOLIO_BELOW", "", "20", agent=agent.id)
    lookout.office.chain.balances.clear()
    lookout.office.give(agent.escrow, SEI="10")
    lookout.clock.jump(181)
    await lookout.holdings.tick()
    assert lookout.told == []
    await look(lookout)
    assert lookout.values == [Decimal("2.5")]


async def test_gas_is_counted_in_nsei(lookout: Lookout) -> None:
    await lookout.add("GAS_BELOW", "", "50", at_once=True)
    await look(lookout)
    assert lookout.values == [Decimal(50)]


async def test_the_largest_deposit_rings_once(lookout: Lookout) -> None:
    agent = await lookout.office.agent()
    alert = await lookout.add("DEPOSIT", "USDC", "20", agent=agent.id, cooldown=timedelta(0))
    await look(lookout)
    for units in ("5", "30", "25"):
        deposit(lookout, agent, units)
    await look(lookout)
    await look(lookout)
    assert lookout.values == [Decimal(30)]
    for _ in range(7):
        await look(lookout)
    assert lookout.now(alert).standing.state is AlertState.ARMED
    deposit(lookout, agent, "40")
    await look(lookout)
    assert lookout.values == [Decimal(30), Decimal(40)]


async def test_a_restart_neither_loses_nor_repeats_a_deposit(lookout: Lookout) -> None:
    agent = await lookout.office.agent()
    await lookout.add("DEPOSIT", "USDC", "20", agent=agent.id, cooldown=timedelta(0))
    deposit(lookout, agent, "50", age_s=60)
    await look(lookout)
    lookout.start()
    await look(lookout)
    assert lookout.told == [], "it came in before the alert was set"
    lookout.clock.jump(1)
    deposit(lookout, agent, "30")
    lookout.start()
    await look(lookout)
    lookout.start()
    await look(lookout)
    assert lookout.values == [Decimal(30)]


async def test_a_deposit_before_an_alert_is_not_its_business(lookout: Lookout) -> None:
    agent = await lookout.office.agent()
    await look(lookout)
    deposit(lookout, agent, "30")
    lookout.clock.jump(10)
    await lookout.add("DEPOSIT", "USDC", "20", agent=agent.id)
    await look(lookout)
    assert lookout.told == []


async def test_a_chain_that_is_down_is_said(lookout: Lookout) -> None:
    agent = await lookout.office.agent(SEI="10")
    await lookout.add("BALANCE_ABOVE", "SEI", "20", agent=agent.id)
    lookout.office.chain.down = True
    with pytest.raises(UpstreamError):
        await look(lookout)
    lookout.office.chain.down = False
    lookout.office.give(agent.escrow, SEI=str(SEI.decimals))
    await look(lookout)
    assert len(lookout.told) == 1


async def test_a_deposit_right_after_the_rest_is_told(lookout: Lookout) -> None:
    """Whoever wakes the alert: no look without a deposit has to come in between."""
    agent = await lookout.office.agent("Alpha", USDC="10")
    alert = await lookout.add("DEPOSIT", "USDC", "5", agent=agent.id, cooldown=timedelta(0))
    await look(lookout)
    for units in ("10", "20", "30"):
        deposit(lookout, agent, units)
        await lookout.holdings.tick()
        assert lookout.values[-1] == Decimal(units)
        assert lookout.now(alert).standing.state is AlertState.RESTING
        lookout.clock.jump(301)
    assert len(lookout.told) == 3


async def test_a_clock_that_was_ahead_lets_deposits_be_told(lookout: Lookout) -> None:
    agent = await lookout.office.agent("Alpha", USDC="10")
    lookout.clock.jump(3600)
    lookout.ticks.ticks.clear()
    lookout.start()
    lookout.office.refresh_prices()
    await lookout.prices.tick()
    await lookout.add("DEPOSIT", "USDC", "5", agent=agent.id)
    lookout.clock.jump(-3600)
    await look(lookout)
    deposit(lookout, agent, "10")
    await look(lookout)
    assert lookout.values == [Decimal(10)]
