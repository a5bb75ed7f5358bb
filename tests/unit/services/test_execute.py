"""Driving intents: what happens at each step when it fails, and that it happens once."""

from decimal import Decimal

import pytest

from bot.domain.errors import UpstreamError
from bot.domain.mandate import MICRO
from bot.domain.money import Bps
from bot.domain.people import Agent, AgentState
from bot.domain.trade import Intent, IntentId, IntentState
from bot.ports.chain import ChainRefusedError
from bot.services.execute import refusal_reason
from bot.services.switches import pause_trading
from tests.fakes.chain import GAS, GAS_PRICE, SERVER
from tests.fakes.escrows import wide_mandate
from tests.unit.services.faults import Faulty, failing
from tests.unit.services.office import BO, CHAT, USDC, Office

WHOLE_WAY = [
    IntentState.PROPOSED,
    IntentState.CONFIRMED,
    IntentState.SIGNED,
    IntentState.SENT,
    IntentState.MINED,
    IntentState.SETTLED,
]
REFUSED_FOR_GOOD = ChainRefusedError("InsufficientFunds")


@pytest.fixture
async def agent(office: Office) -> Agent:
    return await office.agent(USDC="100", SEI="10")


def outcome_of(office: Office, intent: Intent) -> list[dict[str, str]]:
    return [
        dict(notice.data)
        for notice in office.notices("outcome")
        if notice.data["intent"] == intent.id
    ]


async def test_a_confirmed_swap_runs_once_and_is_told_once(office: Office, agent: Agent):
    intent = await office.confirmed(agent)

    done = await office.run(intent)

    assert done.state is IntentState.SETTLED
    assert office.path_of(intent) == WHOLE_WAY
    assert done.receipt is not None
    assert (done.receipt.spent, done.receipt.got) == (10 * 10**6, office.chain.fill(intent))
    assert office.held(agent, USDC) == 90
    assert office.executed(intent) == 1
    assert [(n.chat_id, n.kind, dict(n.data)) for n in office.notices()] == [
        (CHAT, "outcome", {"intent": intent.id})
    ]
    assert office.wakes == 1
    assert [fill.intent_id for fill in office.ledger.fills] == [intent.id]


async def test_a_swap_that_would_revert_is_refused_unsigned(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    office.chain.slip = Bps(200)

    done = await office.run(intent)
    least = intent.order.min_buy.raw if intent.order.min_buy else 0
    got = office.chain.fill(intent)

    assert (done.state, done.reason) == (IntentState.REFUSED, f"TooLittleReceived {got} {least}")
    assert done.signed is None
    assert office.chain.signed == {}
    assert len(outcome_of(office, intent)) == 1
    assert office.held(agent, USDC) == 100


@pytest.mark.parametrize("outage_s", [5, 45])
async def test_a_dead_chain_before_signing_is_waited_out(
    office: Office, agent: Agent, outage_s: int
):
    intent = await office.confirmed(agent)
    office.chain.down = True
    task = office.execute.start(intent)
    await office.clock.advance(outage_s)
    assert office.now_of(intent).state is IntentState.CONFIRMED
    assert office.notices() == []

    office.chain.down = False

    assert (await office.finish(task))[0].state is IntentState.SETTLED
    assert office.executed(intent) == 1


async def test_a_swap_nobody_could_sign_in_time_expires(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    office.chain.down = True
    task = office.execute.start(intent)

    done = (await office.finish(task, seconds=70))[0]

    assert done.state is IntentState.EXPIRED
    assert done.signed is None
    assert len(outcome_of(office, intent)) == 1
    assert done.updated_at - intent.expires_at < done.expires_at - done.created_at


async def test_an_offer_that_ran_out_before_it_is_driven_expires(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    office.clock.jump(60)
    assert (await office.run(intent)).state is IntentState.EXPIRED
    assert office.chain.calls.count("sign") == 0


async def test_a_withdrawal_waits_as_long_as_it_takes(office: Office, agent: Agent):
    intent = await office.withdrawal(agent, USDC.amount(Decimal(100)))
    office.chain.down = True
    task = office.execute.start(intent)
    await office.clock.advance(3_600)
    office.chain.down = False
    assert (await office.finish(task))[0].state is IntentState.SETTLED
    assert office.chain.held(agent.owner, USDC) == 100 * 10**6


@pytest.mark.parametrize("method", ["simulate", "read_nonce", "sign"])
async def test_a_chain_that_is_closed_to_us_refuses_the_unsigned(
    office: Office, agent: Agent, method: str
):
    intent = await office.confirmed(agent)
    closed = failing(UpstreamError("chain", "401", retryable=False), method)
    office.execute = office.new_execute(executor=Faulty(office.executor, closed))

    done = await office.run(intent)

    assert (done.state, done.reason) == (IntentState.REFUSED, "network")
    assert len(outcome_of(office, intent)) == 1
    assert office.chain.sent == []


@pytest.mark.parametrize("method", ["send", "read_receipt"])
async def test_what_is_signed_is_never_called_refused(office: Office, agent: Agent, method: str):
    intent = await office.confirmed(agent)
    closed = failing(UpstreamError("chain", "401", retryable=False), method, times=20)
    office.execute = office.new_execute(executor=Faulty(office.executor, closed))
    task = office.execute.start(intent)
    await office.clock.advance(20)
    assert office.now_of(intent).state in (IntentState.SIGNED, IntentState.SENT)
    assert [n.kind for n in office.notices()] == ["pending"]

    assert (await office.finish(task))[0].state is IntentState.SETTLED
    assert office.executed(intent) == 1


@pytest.mark.parametrize("method", ["simulate", "read_nonce", "sign", "send", "read_receipt"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_answer_that_is_lost_delays_and_repeats_nothing(
    office: Office, agent: Agent, method: str, when: str
):
    lost = failing(UpstreamError("chain", "no answer", retryable=True), method, times=3)
    flaky = Faulty(office.executor, **{when: lost})
    intent = await office.confirmed(agent)
    office.execute = office.new_execute(executor=flaky)

    done = await office.run(intent)

    assert done.state is IntentState.SETTLED
    assert office.executed(intent) == len(office.chain.sent) == 1
    assert office.held(agent, USDC) == 90
    assert len(outcome_of(office, intent)) == 1


async def test_a_send_refused_for_good_drops_it_and_frees_the_nonce(office: Office, agent: Agent):
    first, second = await office.confirmed(agent), await office.confirmed(agent)
    office.chain.send_refusal = REFUSED_FOR_GOOD

    dropped = await office.run(first)

    assert (dropped.state, dropped.reason) == (IntentState.DROPPED, "InsufficientFunds")
    assert office.executed(first) == 0
    assert len(outcome_of(office, first)) == 1
    assert await office.ledger.load_nonce(agent.actor) == 0

    office.chain.send_refusal = None
    done = await office.run(second)

    assert done.state is IntentState.SETTLED
    assert done.signed is not None
    assert done.signed.nonce == 0


async def test_a_refusal_after_it_was_mined_is_no_refusal(office: Office, agent: Agent):
    """The first send arrived unheard; the node then refuses the same transaction again."""
    intent = await office.confirmed(agent)
    office.chain.lose_answers = 1
    task = office.execute.start(intent)
    await office.clock.advance(1)
    office.chain.send_refusal = REFUSED_FOR_GOOD

    assert (await office.finish(task))[0].state is IntentState.SETTLED


async def test_a_dropped_transaction_whose_nonce_is_used_keeps_it_used(
    office: Office, agent: Agent
):
    intent = await office.confirmed(agent)
    office.chain.lose_sends = 1
    task = office.execute.start(intent)
    await office.clock.advance(1)
    office.chain.nonces[agent.actor] = 1
    office.chain.send_refusal = REFUSED_FOR_GOOD

    assert (await office.finish(task))[0].state is IntentState.DROPPED
    assert await office.ledger.load_nonce(agent.actor) == 1


async def test_what_is_not_mined_is_told_once_and_sent_again(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    office.chain.automine = False
    task = office.execute.start(intent)
    await office.clock.advance(10)
    assert office.notices() == []
    await office.clock.advance(60)
    assert office.chain.calls.count("send") == 5
    assert [(n.chat_id, n.kind, n.data["intent"]) for n in office.notices()] == [
        (CHAT, "pending", intent.id)
    ]

    office.chain.mine()

    assert (await office.finish(task))[0].state is IntentState.SETTLED
    assert [n.kind for n in office.notices()] == ["pending", "outcome"]
    assert len(office.chain.sent) == 1


async def test_what_a_node_forgot_arrives_again(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    office.chain.automine = False
    task = office.execute.start(intent)
    await office.clock.advance(5)
    office.chain.pending.clear()
    office.chain.automine = True

    assert (await office.finish(task))[0].state is IntentState.SETTLED
    assert office.executed(intent) == 1


async def test_a_chain_that_comes_and_goes_does_not_put_off_the_resend(
    office: Office, agent: Agent
):
    """An outage every ten seconds starts no new fifteen."""
    intent = await office.confirmed(agent)
    office.chain.automine = False
    task = office.execute.start(intent)
    await office.clock.advance(1)
    office.chain.pending.clear()
    office.chain.automine = True
    for _ in range(3):
        await office.clock.advance(9)
        office.chain.down = True
        await office.clock.advance(1)
        office.chain.down = False

    assert (await office.finish(task, seconds=5))[0].state is IntentState.SETTLED


async def test_a_nonce_overtaken_by_another_transaction_drops_it(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    office.chain.automine = False
    task = office.execute.start(intent)
    await office.clock.advance(5)
    office.chain.nonces[agent.actor] = 1
    office.chain.mine()

    done = (await office.finish(task))[0]

    assert (done.state, office.executed(intent)) == (IntentState.DROPPED, 0)
    assert await office.ledger.load_nonce(agent.actor) == 1
    assert len(outcome_of(office, intent)) == 1


async def test_a_nonce_that_looks_overtaken_gets_a_second_look(office: Office, agent: Agent):
    """Behind a load balancer the nonce may be known before the receipt is."""
    intent = await office.confirmed(agent)
    office.chain.automine = False
    task = office.execute.start(intent)
    await office.clock.advance(5)
    kept = office.chain.receipts
    office.chain.receipts = {}
    office.chain.mine()
    mined, office.chain.receipts = office.chain.receipts, kept
    while office.chain.calls.count("read_nonce") < 2:
        await office.clock.advance(0.5)
    office.chain.receipts.update(mined)

    assert (await office.finish(task))[0].state is IntentState.SETTLED


async def test_a_resend_refused_soon_waits_and_one_refused_for_long_drops(
    office: Office, agent: Agent
):
    intent = await office.confirmed(agent)
    office.chain.automine = False
    task = office.execute.start(intent)
    await office.clock.advance(5)
    office.chain.pending.clear()
    office.chain.send_refusal = REFUSED_FOR_GOOD
    await office.clock.advance(500)
    assert office.now_of(intent).state is IntentState.SENT

    done = (await office.finish(task, seconds=200))[0]

    assert (done.state, done.reason) == (IntentState.DROPPED, "InsufficientFunds")
    assert await office.ledger.load_nonce(agent.actor) == 0


async def test_a_resend_refused_and_then_mined_after_all_is_settled(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    office.chain.automine = False
    task = office.execute.start(intent)
    await office.clock.advance(5)
    office.chain.send_refusal = REFUSED_FOR_GOOD
    await office.clock.advance(300)
    office.chain.mine()
    assert (await office.finish(task))[0].state is IntentState.SETTLED


async def test_a_revert_says_so_with_its_gas_and_moves_nothing(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    office.chain.reverts.append("TooLittleReceived")

    done = await office.run(intent)

    assert (done.state, done.reason) == (IntentState.REVERTED, "TooLittleReceived")
    assert done.receipt is not None
    assert done.receipt.gas_paid == GAS * GAS_PRICE
    assert office.held(agent, USDC) == 100
    assert office.ledger.fills == []
    assert office.ledger.seen.get(agent.id) is None or not office.ledger.seen[agent.id].raw
    assert len(outcome_of(office, intent)) == 1


async def test_trading_paused_between_tap_and_signature_signs_nothing(office: Office, agent: Agent):
    swap = await office.confirmed(agent)
    withdrawal = await office.withdrawal(agent, USDC.amount(Decimal(50)))
    await pause_trading(office.records, paused=True)

    assert (await office.run(swap)).reason == "trading_paused"
    assert (await office.run(withdrawal)).state is IntentState.SETTLED
    assert office.executed(swap) == 0
    await pause_trading(office.records, paused=False)
    assert (await office.run(await office.confirmed(agent))).state is IntentState.SETTLED


async def test_intents_of_one_account_run_one_after_another(office: Office, agent: Agent):
    intents = [await office.confirmed(agent, "10") for _ in range(3)]
    office.chain.automine = False
    tasks = [office.execute.start(intent) for intent in intents]
    await office.clock.advance(1)
    assert len(office.chain.signed) == 1
    office.chain.automine = True
    office.chain.mine()

    done = await office.finish(*tasks)

    assert [one.state for one in done] == [IntentState.SETTLED] * 3
    assert [one.signed.nonce for one in done if one.signed] == [0, 1, 2]
    assert office.held(agent, USDC) == 70
    assert office.path_of(intents[1]).index(IntentState.SIGNED) == 2


async def test_accounts_do_not_wait_for_each_other(office: Office, agent: Agent):
    other = await office.agent("Beta", BO, USDC="100")
    first, second = await office.confirmed(agent), await office.confirmed(other)
    withdrawal = await office.withdrawal(agent, USDC.amount(Decimal(5)))
    office.chain.automine = False
    tasks = [office.execute.start(intent) for intent in (first, second, withdrawal)]
    await office.clock.advance(1)
    assert {signed.account for signed, _, _ in office.chain.signed.values()} == {
        agent.actor,
        other.actor,
        SERVER,
    }
    office.chain.mine()
    done = await office.finish(*tasks)
    assert {one.state for one in done} == {IntentState.SETTLED}


async def test_an_intent_is_driven_once_however_often_it_is_started(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    done = await office.finish(*(office.execute.start(intent) for _ in range(3)))
    assert [one.state for one in done] == [IntentState.SETTLED] * 3
    assert len(office.chain.signed) == 1


async def test_an_agent_that_cannot_be_opened_is_closed(office: Office):
    agent = await office.open_agent.open(await office.origin(), "Gamma", "", "0x" + "b" * 40)
    office.chain.refusal = ChainRefusedError("OwnerZero")
    await office.settle()
    assert office.agent_now(agent).state is AgentState.CLOSED
    assert len(office.notices("outcome")) == 1


async def test_an_intent_without_an_agent_is_a_bug_that_blocks_nobody(office: Office, agent: Agent):
    lost = await office.withdrawal(agent, USDC.amount(Decimal(1)))
    office.ledger.intents[lost.id] = Intent(
        **{name: getattr(lost, name) for name in Intent.__slots__} | {"agent_id": 99}
    )
    later = await office.withdrawal(agent, USDC.amount(Decimal(2)))
    task = office.execute.start(lost)
    assert (await office.run(later)).state is IntentState.SETTLED
    assert isinstance(task.exception(), LookupError)
    with pytest.raises(LookupError):
        await office.execute.drive(IntentId("unheard of"), "0x")


async def test_a_node_that_lags_behind_does_not_hold_up_the_next(office: Office, agent: Agent):
    """It still tells the nonce of the trade before."""

    class Lagging(Faulty):
        async def read_nonce(self, account: str) -> int:
            return 0

    office.execute = office.new_execute(executor=Lagging(office.executor))
    for nonce in (0, 1):
        done = await office.run(await office.confirmed(agent), seconds=1)
        assert done.signed is not None
        assert (done.state, done.signed.nonce) == (IntentState.SETTLED, nonce)


async def test_waiting_is_counted_from_the_sending(office: Office, agent: Agent):
    """Not from the offer, which may have been looked at for long."""
    origin = await office.origin()
    offer = (await office.propose.propose(office.request(agent), origin)).intent
    office.clock.jump(50)
    intent = await office.confirm.confirm(offer.id, origin.user)
    office.chain.automine = False
    task = office.execute.start(intent)
    await office.clock.advance(14)
    assert office.notices() == []
    office.chain.mine()
    await office.finish(task)


async def test_a_paused_agent_signs_no_swap_that_was_confirmed_before(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    await office.set_state(agent, AgentState.PAUSED)
    done = await office.run(intent)
    assert (done.state, done.reason) == (IntentState.REFUSED, "agent_paused")
    assert office.chain.signed == {}
    assert len(outcome_of(office, intent)) == 1


async def test_a_paused_agent_still_pays_out_and_changes_its_mandate(office: Office, agent: Agent):
    await office.set_state(agent, AgentState.PAUSED)
    withdrawal = await office.withdrawal(agent, USDC.amount(Decimal(5)))
    assert (await office.run(withdrawal)).state is IntentState.SETTLED
    dropped = await office.change_mandate.drop(agent, await office.origin())
    await office.settle()
    assert office.now_of(dropped).state is IntentState.SETTLED


async def test_a_mandate_dropped_after_the_tap_refuses_the_swap(office: Office, agent: Agent):
    intent = await office.confirmed(agent)
    office.book(agent).dropped = True
    done = await office.run(intent)
    assert (done.state, done.reason) == (IntentState.REFUSED, "NoMandate")
    assert office.chain.signed == {}


async def test_room_used_up_after_the_tap_refuses_it_with_figures(office: Office, agent: Agent):
    mandate = wide_mandate(office.chain.contracts, nonce=2, daily_volume=30 * MICRO)
    await office.adopt(agent, mandate)
    first, second = await office.confirmed(agent, "10"), await office.confirmed(agent, "10")
    assert (await office.run(first)).state is IntentState.SETTLED
    done = await office.run(second)
    assert done.state is IntentState.REFUSED
    name, asked, allowed = done.reason.split()
    assert (name, asked) == ("VolumeExceeded", "10000000")
    assert 5_000_000 <= int(allowed) < 5_100_000


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ((), "NoMandate"),
        ((5, 7), "NoMandate 5 7"),
        (("0xabc", 7), "NoMandate 7"),
        ((b"\1", "text"), "NoMandate"),
        ((2**256 - 1,), f"NoMandate {2**256 - 1}"),
    ],
)
def test_figures_of_a_refusal_are_journalled_where_they_are_numbers(
    figures: tuple[object, ...], reason: str
):
    assert refusal_reason(ChainRefusedError("NoMandate", figures)) == reason
