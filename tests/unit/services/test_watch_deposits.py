"""Money that arrives is noticed once; money that trades moved is not money that arrived."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.errors import UpstreamError
from bot.domain.money import Bps
from bot.domain.people import Agent, AgentState
from bot.domain.trade import IntentState, Side
from tests.unit.services.faults import Faulty
from tests.unit.services.office import ANN, BO, SEI, USDC, Office


@pytest.fixture
async def agent(office: Office) -> Agent:
    return await office.agent()


def seen(office: Office) -> list[tuple[int, str, str, str]]:
    """Deposit notices: to whom, for which agent, what."""
    return [
        (n.chat_id, n.data["agent"], n.data["symbol"], n.data["raw"])
        for n in office.notices("deposit")
    ]


async def test_native_sei_and_tokens_are_noticed_once(office: Office, agent: Agent):
    office.give(agent.escrow, SEI="1.5", USDC="20")
    assert await office.deposits.tick() == 2
    assert sorted(seen(office)) == [
        (ANN, str(agent.id), "SEI", "1500000000000000000"),
        (ANN, str(agent.id), "USDC", "20000000"),
    ]
    assert office.wakes == 1
    assert await office.deposits.tick() == 0
    assert office.wakes == 1


async def test_the_same_sum_again_is_another_deposit(office: Office, agent: Agent):
    for _ in range(2):
        office.give(agent.escrow, USDC="20")
        assert await office.deposits.tick() == 1
    assert len(seen(office)) == 2


async def test_several_agents_are_read_at_once(office: Office, agent: Agent):
    other = await office.agent("Beta", BO)
    for escrow in (agent.escrow, other.escrow):
        office.give(escrow, USDC="5")
    office.chain.calls.clear()
    assert await office.deposits.tick() == 2
    assert office.chain.calls == ["read_balances"]
    assert {(chat, who) for chat, who, _, _ in seen(office)} == {
        (ANN, str(agent.id)),
        (BO, str(other.id)),
    }


async def test_wrapped_sei_counts_as_sei(office: Office, agent: Agent):
    office.chain.balances[agent.escrow, SEI.address] = 7 * 10**18
    assert await office.deposits.tick() == 1
    assert seen(office)[0][2:] == ("SEI", str(7 * 10**18))


async def test_a_trade_is_no_deposit(office: Office, agent: Agent):
    office.give(agent.escrow, USDC="100", SEI="100")
    await office.deposits.tick()
    await office.run(await office.confirmed(agent))
    sale = await office.propose.propose(
        office.request(agent, Side.SELL, amount="40"), await office.origin()
    )
    await office.run(await office.confirm.confirm(sale.intent.id, await office.user()))
    await office.run(await office.withdrawal(agent, USDC.amount(Decimal(50))))
    assert await office.deposits.tick() == 0
    assert len(seen(office)) == 2


async def test_a_better_fill_than_offered_is_no_deposit(office: Office, agent: Agent):
    office.give(agent.escrow, USDC="100")
    await office.deposits.tick()
    intent = await office.confirmed(agent)
    office.chain.slip = Bps(-50)
    assert (await office.run(intent)).state is IntentState.SETTLED
    assert await office.deposits.tick() == 0


async def test_a_reverted_trade_is_no_deposit(office: Office, agent: Agent):
    office.give(agent.escrow, USDC="100")
    await office.deposits.tick()
    office.chain.reverts.append("Paused")
    await office.run(await office.confirmed(agent))
    assert await office.deposits.tick() == 0


async def test_a_deposit_during_a_trade_is_noticed_after_it(office: Office, agent: Agent):
    office.give(agent.escrow, USDC="100")
    await office.deposits.tick()
    intent = await office.confirmed(agent)
    office.chain.automine = False
    task = office.execute.start(intent)
    await office.clock.advance(1)
    office.give(agent.escrow, USDC="3", SEI="2")
    assert await office.deposits.tick() == 0
    office.chain.mine()
    assert await office.deposits.tick() == 0
    await office.finish(task)
    assert await office.deposits.tick() == 2
    assert sorted(n[2:] for n in seen(office)[1:]) == [
        ("SEI", "2000000000000000000"),
        ("USDC", "3000000"),
    ]


async def test_an_agent_in_flight_does_not_hide_the_others(office: Office, agent: Agent):
    office.give(agent.escrow, USDC="100")
    other = await office.agent("Beta", BO, USDC="7")
    intent = await office.confirmed(agent)
    office.chain.automine = False
    office.execute.start(intent)
    await office.clock.advance(1)
    assert await office.deposits.tick() == 1
    assert seen(office)[0][1] == str(other.id)
    await office.execute.stop()


async def test_a_trade_while_balances_are_read_voids_the_look(office: Office, agent: Agent):
    """It is mined after the versions were loaded and before the balances are."""
    office.give(agent.escrow, USDC="100")
    await office.deposits.tick()
    intent = await office.confirmed(agent)
    reader, deposits = office.reader, office.deposits

    class Slow(Faulty):
        async def read_balances(self, *args: object) -> object:
            await office.run(intent)
            return await reader.read_balances(*args)  # type: ignore[arg-type]

    watch = replace(deposits, reader=Slow(reader))  # type: ignore[arg-type]
    assert await watch.tick() == 0
    assert await office.deposits.tick() == 0
    assert len(seen(office)) == 1


async def test_a_dead_chain_changes_nothing(office: Office, agent: Agent):
    office.give(agent.escrow, USDC="100")
    await office.deposits.tick()
    before = dict(office.ledger.seen)
    office.chain.down = True
    with pytest.raises(UpstreamError):
        await office.deposits.tick()
    assert office.ledger.seen == before
    office.chain.down = False
    assert await office.deposits.tick() == 0


async def test_what_the_owner_takes_out_lowers_what_was_seen_silently(office: Office, agent: Agent):
    office.give(agent.escrow, USDC="100")
    await office.deposits.tick()
    office.chain._take(agent.escrow, USDC.amount(Decimal(60)))
    assert await office.deposits.tick() == 0
    assert office.wakes == 1
    office.give(agent.escrow, USDC="60")
    assert await office.deposits.tick() == 1
    assert seen(office)[-1][2:] == ("USDC", "60000000")


async def test_paused_agents_are_watched_and_closed_ones_are_not(office: Office, agent: Agent):
    closed = await office.agent("Closed")
    await office.set_state(agent, AgentState.PAUSED)
    await office.set_state(closed, AgentState.CLOSED)
    for escrow in (agent.escrow, closed.escrow):
        office.give(escrow, USDC="5")
    assert await office.deposits.tick() == 1


async def test_without_agents_the_chain_is_not_asked(office: Office):
    await office.records.create_agent(ANN, "Opening", "", "0x" + "b" * 40)
    assert await office.deposits.tick() == 0
    assert office.chain.calls == []


async def test_dust_counts_but_is_not_told(office: Office, agent: Agent):
    office.give(agent.escrow, USDC="0.000001")
    assert await office.deposits.tick() == 0
    assert seen(office) == []
    office.give(agent.escrow, USDC="5")
    assert await office.deposits.tick() == 1
