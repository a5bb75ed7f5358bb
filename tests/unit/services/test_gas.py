"""Gas money: taken from the escrow before a swap that needs it, once, within what there is."""

from decimal import Decimal

import pytest

from bot.domain.money import NATIVE
from bot.domain.people import Agent
from bot.domain.trade import Intent, IntentId, IntentKind, IntentState
from bot.ports.chain import ChainRefusedError
from tests.fakes.chain import GAS, GAS_PRICE
from tests.unit.services.faults import Faulty, Kill, failing
from tests.unit.services.office import SEI, USDC, Office

PENNY = Decimal("0.06")


@pytest.fixture
async def agent(office: Office) -> Agent:
    """Gas for a transaction or two, below what counts as low."""
    agent = await office.agent(USDC="100", SEI="10")
    office.chain.balances[agent.actor, NATIVE] = SEI.amount(PENNY).raw
    return agent


def top_up_of(intent: Intent) -> IntentId:
    return IntentId(f"{intent.id}.gas")


async def test_a_low_actor_is_refilled_before_the_swap(office: Office, agent: Agent):
    intent = await office.confirmed(agent)

    done = await office.run(intent)

    top_up = office.ledger.intents[top_up_of(intent)]
    assert (done.state, top_up.state) == (IntentState.SETTLED, IntentState.SETTLED)
    assert (top_up.kind, top_up.account) == (IntentKind.FUND_ACTOR, agent.actor)
    assert (top_up.notional_usd, top_up.side, top_up.sequence) == (Decimal(0), None, 0)
    paid = 2 * GAS * GAS_PRICE
    refill = office.limits.gas_top_up_sei
    assert office.chain.balances[agent.actor, NATIVE] == SEI.amount(PENNY + refill).raw - paid
    assert office.held(agent, SEI) == 10 - refill + done_sei(done)
    assert top_up.signed is not None
    assert done.signed is not None
    assert (top_up.signed.nonce, done.signed.nonce) == (0, 1)


def done_sei(intent: Intent) -> Decimal:
    assert intent.receipt is not None
    return Decimal(intent.receipt.got).scaleb(-18)


async def test_a_refill_is_no_news_and_no_trade(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    await office.run(intent)
    assert [n.data["intent"] for n in office.notices()] == [intent.id]
    assert [fill.intent_id for fill in office.ledger.fills] == [intent.id]
    assert await office.ledger.load_day_volume(agent.id, office.clock.now()) == 10


async def test_a_refill_that_takes_long_is_no_news_either(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    office.chain.automine = False
    task = office.execute.start(intent)
    await office.clock.advance(40)
    assert office.ledger.intents[top_up_of(intent)].state is IntentState.SENT
    assert office.notices() == []
    office.chain.automine = True
    office.chain.mine()
    assert (await office.finish(task))[0].state is IntentState.SETTLED


async def test_enough_gas_is_left_alone(office: Office, agent: Agent):
    office.chain.balances[agent.actor, NATIVE] = SEI.amount(office.limits.low_gas_sei).raw
    intent = await office.confirmed(agent)
    assert (await office.run(intent)).state is IntentState.SETTLED
    assert top_up_of(intent) not in office.ledger.intents


async def test_a_refused_refill_trades_with_what_is_there(office: Office, agent: Agent):
    """0.06 SEI is low, yet a swap's worth."""
    escrow_sei = office.chain.held(agent.escrow, SEI)
    office.chain._take(agent.escrow, SEI.amount(Decimal(escrow_sei).scaleb(-18)))
    intent = await office.confirmed(agent)
    assert (await office.run(intent)).state is IntentState.SETTLED
    top_up = office.ledger.intents[top_up_of(intent)]
    wanted = SEI.amount(office.limits.gas_top_up_sei).raw
    assert top_up.state is IntentState.REFUSED
    assert top_up.reason == f"InsufficientBalance 0 {wanted}"


@pytest.mark.parametrize("held", ["0", "0.005", "0.03"])
async def test_too_little_gas_and_no_refill_refuses_the_swap(
    office: Office, agent: Agent, held: str
):
    office.chain.balances[agent.actor, NATIVE] = SEI.amount(Decimal(held)).raw
    office.chain._take(agent.escrow, SEI.amount(office.held(agent, SEI)))
    intent = await office.confirmed(agent)

    done = await office.run(intent)

    assert (done.state, done.reason) == (IntentState.REFUSED, "gas")
    assert [n.data["intent"] for n in office.notices("outcome")] == [intent.id]
    assert office.held(agent, USDC) == 100


async def test_a_reverted_refill_is_tried_once_a_swap(office: Office, agent: Agent):
    office.chain.balances[agent.actor, NATIVE] = SEI.amount(Decimal("0.04")).raw
    office.chain.reverts.append("DailyLimit")
    intent = await office.confirmed(agent)
    assert (await office.run(intent)).reason == "gas"
    assert office.ledger.intents[top_up_of(intent)].state is IntentState.REVERTED
    assert len(office.chain.sent) == 1

    assert (await office.run(await office.confirmed(agent))).state is IntentState.SETTLED


async def test_withdrawals_and_openings_need_no_refill(office: Office, agent: Agent):
    withdrawal = await office.withdrawal(agent, USDC.amount(Decimal(5)))
    assert (await office.run(withdrawal)).state is IntentState.SETTLED
    assert list(office.ledger.intents) == [withdrawal.id]


@pytest.mark.parametrize(
    ("gwei", "refills", "state"),
    [
        (50, 0, IntentState.SETTLED),
        (149, 0, IntentState.SETTLED),
        (160, 1, IntentState.SETTLED),
        (389, 1, IntentState.SETTLED),
        (400, 1, IntentState.REFUSED),
    ],
)
async def test_what_counts_as_enough_follows_the_gas_price(
    office: Office, agent: Agent, gwei: int, refills: int, state: IntentState
):
    """A swap needs 2 x 500,000 gas at the price of now; the refill adds 0.25 less its own gas."""
    office.chain.balances[agent.actor, NATIVE] = SEI.amount(Decimal("0.15")).raw
    intent = await office.confirmed(agent)
    office.execute = office.new_execute(reader=DearGas(office.reader, gwei))
    done = await office.run(intent)
    assert (top_up_of(intent) in office.ledger.intents) == refills
    assert done.state is state


class DearGas(Faulty):
    """A reader of a chain where gas costs this much."""

    def __init__(self, port: object, gwei: int) -> None:
        super().__init__(port)
        self._gwei = gwei

    async def read_gas_price(self) -> int:
        return self._gwei * 10**9


@pytest.mark.parametrize(
    "state",
    [
        IntentState.CONFIRMED,
        IntentState.SIGNED,
        IntentState.SENT,
        IntentState.MINED,
        IntentState.SETTLED,
    ],
)
async def test_a_restart_in_a_refill_goes_on_with_refill_and_swap(
    office: Office, agent: Agent, state: IntentState
):
    intent = await office.confirmed(agent)
    key = top_up_of(intent)
    while key not in office.ledger.intents or office.ledger.intents[key].state is not state:
        dying = Kill("save_proposal", "advance")
        office.execute = office.new_execute(journal=dying.of(office.ledger))
        await office.execute.recover()
        await office.clock.advance(0.1)
        await office.execute.stop()

    await office.restart()
    await office.settle(seconds=20)

    assert office.now_of(intent).state is IntentState.SETTLED
    assert office.ledger.intents[key].state is IntentState.SETTLED
    assert (office.executed(intent), len(office.chain.sent)) == (1, 2)
    assert len(office.notices("outcome")) == 1


async def test_a_refill_mined_while_the_process_was_down_does_not_block_the_swap(
    office: Office, agent: Agent
):
    """The actor is rich again, but the refill still holds the account's nonce."""
    intent = await office.confirmed(agent)
    dying = Faulty(office.executor, after=failing(RuntimeError("killed"), "send"))
    office.execute = office.new_execute(executor=dying)
    office.execute.start(intent)
    await office.clock.advance(1)
    assert office.ledger.intents[top_up_of(intent)].state is IntentState.SIGNED
    assert office.chain.balances[agent.actor, NATIVE] > SEI.amount(Decimal("0.2")).raw

    await office.restart()
    await office.settle(seconds=20)

    assert office.now_of(intent).state is IntentState.SETTLED


async def test_a_refill_the_node_refuses_leaves_the_nonce_to_the_swap(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    refused = failing(ChainRefusedError("NodeRefused"), "send", times=1)
    office.execute = office.new_execute(executor=Faulty(office.executor, refused))

    done = await office.run(intent)

    assert office.ledger.intents[top_up_of(intent)].state is IntentState.DROPPED
    assert done.state is IntentState.SETTLED
    assert done.signed is not None
    assert done.signed.nonce == 0
