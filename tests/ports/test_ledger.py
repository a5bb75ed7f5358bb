"""What every `Journal` and `Deposits` owes its callers: the fake, SQLite and PostgreSQL."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.people import AgentState
from bot.domain.trade import (
    STEPS,
    Fill,
    Intent,
    IntentId,
    IntentKind,
    IntentState,
    Order,
    SignedTx,
    TxHash,
)
from bot.ports.ledger import SeenBalances, Step
from tests.fakes.clock import FakeClock
from tests.ports.databases import (
    CAP,
    CHAT,
    SEI,
    Stores,
    add_agent,
    confirmed,
    fill,
    mine,
    moved,
    notice,
    receipt,
    settle,
    sign,
    signed,
    swap,
)

SERVER = "0xserver"


async def test_a_proposal_is_read_back_whole(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    order = Order(
        SEI.amount(Decimal("1e40")),
        path=("SEI", "USDC"),
        data=bytes(range(256)),
        venue="DragonSwap V1",
        native_usd=Decimal("0.1234567890123456789012345678901234567890"),
    )
    intent = swap(agent, clock, order=order, decision_id=2**40, message_id=9, side=None)
    await stores.journal.save_proposal(intent)
    assert await stores.journal.load_intent(intent.id) == intent
    assert await stores.journal.load_intent(IntentId("no such")) is None


async def test_only_a_beginning_can_be_saved(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    with pytest.raises(ValueError, match="already"):
        await stores.journal.save_proposal(swap(agent, clock, state=IntentState.SIGNED))


async def test_confirm_is_fresh_once(stores: Stores, clock: FakeClock) -> None:
    intent = await confirmed(stores, swap(await add_agent(stores), clock), clock)
    assert intent.state is IntentState.CONFIRMED
    assert await stores.journal.load_intent(intent.id) == intent
    again = await stores.journal.confirm(intent.id, clock.now(), CAP)
    assert again is not None
    assert (again.fresh, again.intent) == (False, intent)
    assert again.spent_usd == Decimal(0)
    assert await stores.journal.confirm(IntentId("forged"), clock.now(), CAP) is None


async def test_of_twenty_taps_one_is_fresh(stores: Stores, clock: FakeClock) -> None:
    intent = swap(await add_agent(stores), clock)
    await stores.journal.save_proposal(intent)
    answers = await asyncio.gather(
        *(stores.journal.confirm(intent.id, clock.now(), CAP) for _ in range(20))
    )
    assert [answer.fresh for answer in answers if answer].count(True) == 1


async def test_an_offer_ends_at_its_expiry(stores: Stores, clock: FakeClock) -> None:
    intent = swap(await add_agent(stores), clock)
    await stores.journal.save_proposal(intent)
    answer = await stores.journal.confirm(intent.id, intent.expires_at, CAP)
    assert answer is not None
    assert (answer.fresh, answer.intent.state) == (False, IntentState.EXPIRED)
    late = await stores.journal.confirm(intent.id, clock.now(), CAP)
    assert late is not None
    assert (late.fresh, late.intent.state) == (False, IntentState.EXPIRED)


async def test_the_day_cap_is_reached_but_not_passed(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    await confirmed(stores, swap(agent, clock, "150"), clock)
    over = swap(agent, clock, "50.01")
    await stores.journal.save_proposal(over)
    refused = await stores.journal.confirm(over.id, clock.now(), CAP)
    assert refused is not None
    assert (refused.fresh, refused.intent.state) == (False, IntentState.PROPOSED)
    assert refused.spent_usd == Decimal(150)
    await confirmed(stores, swap(agent, clock, "50"), clock)
    assert await stores.journal.load_day_volume(agent.id, clock.now()) == CAP


async def test_two_trades_at_once_do_not_pass_the_cap(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    intents = [swap(agent, clock, "120") for _ in range(2)]
    for intent in intents:
        await stores.journal.save_proposal(intent)
    answers = await asyncio.gather(
        *(stores.journal.confirm(intent.id, clock.now(), CAP) for intent in intents)
    )
    assert sorted(answer.fresh for answer in answers if answer) == [False, True]


async def test_what_counts_against_the_day(stores: Stores, clock: FakeClock) -> None:
    agent, other = await add_agent(stores), await add_agent(stores, "Beta")
    settled = await settle(stores, await confirmed(stores, swap(agent, clock, "1"), clock), clock)
    refused = await confirmed(stores, swap(agent, clock, "2"), clock)
    step = Step(IntentState.CONFIRMED, IntentState.REFUSED, clock.now())
    await moved(stores, refused, step)
    withdrawal = swap(agent, clock, "4", kind=IntentKind.WITHDRAW, account=SERVER)
    await confirmed(stores, withdrawal, clock)
    await confirmed(stores, swap(other, clock, "8"), clock)
    stuck = await confirmed(stores, swap(agent, clock, "16"), clock)
    await stores.journal.save_proposal(swap(agent, clock, "32"))
    volume = stores.journal.load_day_volume
    assert await volume(agent.id, clock.now()) == settled.notional_usd + stuck.notional_usd
    tomorrow = clock.now() + timedelta(hours=24)
    assert await volume(agent.id, tomorrow) == stuck.notional_usd
    before = tomorrow - timedelta(microseconds=1)
    assert await volume(agent.id, before) == settled.notional_usd + stuck.notional_usd


async def test_a_withdrawal_knows_no_cap(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    intent = swap(agent, clock, "1000000", kind=IntentKind.WITHDRAW, account=SERVER)
    assert (await confirmed(stores, intent, clock)).sequence == 0


async def test_swaps_are_numbered_by_agent(stores: Stores, clock: FakeClock) -> None:
    agent, other = await add_agent(stores), await add_agent(stores, "Beta")
    late = swap(agent, clock)
    await stores.journal.save_proposal(late)
    assert (await confirmed(stores, swap(agent, clock), clock)).sequence == 1
    untapped = swap(agent, clock, state=IntentState.CONFIRMED)
    await stores.journal.save_proposal(untapped)
    saved = await stores.journal.load_intent(untapped.id)
    assert saved is not None
    assert saved.sequence == 2
    assert (await confirmed(stores, swap(other, clock), clock)).sequence == 1
    gas = swap(agent, clock, kind=IntentKind.FUND_ACTOR, state=IntentState.CONFIRMED)
    await stores.journal.save_proposal(gas)
    answer = await stores.journal.confirm(late.id, clock.now(), CAP)
    assert answer is not None
    assert answer.intent.sequence == 3
    opened = [intent.id for intent in await stores.journal.load_open()]
    assert opened.index(untapped.id) < opened.index(late.id)


async def test_open_intents_are_all_that_a_restart_needs(stores: Stores, clock: FakeClock) -> None:
    agent, other = await add_agent(stores), await add_agent(stores, "Beta")
    await settle(stores, await confirmed(stores, swap(agent, clock), clock), clock)
    flying = await mine(stores, await confirmed(stores, swap(agent, clock), clock), clock)
    clock.jump(1)
    waiting = await confirmed(stores, swap(other, clock), clock)
    await stores.journal.save_proposal(swap(other, clock))
    assert list(await stores.journal.load_open()) == [flying, waiting]


async def test_a_step_applies_only_where_it_was_expected(stores: Stores, clock: FakeClock) -> None:
    intent = await confirmed(stores, swap(await add_agent(stores), clock), clock)
    told = notice("once")
    stale = Step(IntentState.PROPOSED, IntentState.DECLINED, clock.now(), notice=told)
    assert await stores.journal.advance(intent.id, stale) is None
    assert await stores.journal.advance(IntentId("forged"), stale) is None
    assert await stores.journal.load_intent(intent.id) == intent
    assert not await stores.outbox.load_due(clock.now(), 9, ())


@pytest.mark.parametrize("start", IntentState)
def test_no_step_leads_astray(start: IntentState, clock: FakeClock) -> None:
    for to in IntentState:
        if to not in STEPS.get(start, frozenset()):
            with pytest.raises(ValueError, match="no step"):
                Step(start, to, clock.now())


async def test_signing_takes_the_nonce(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    intent = await sign(stores, await confirmed(stores, swap(agent, clock), clock), clock)
    assert intent.signed == signed(intent, 0)
    assert await stores.journal.load_nonce(agent.actor) == 1
    assert await stores.journal.load_nonce(SERVER) == 0


async def test_one_intent_in_flight_an_account(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    first = await sign(stores, await confirmed(stores, swap(agent, clock), clock), clock)
    second = await confirmed(stores, swap(agent, clock), clock)
    step = Step(IntentState.CONFIRMED, IntentState.SIGNED, clock.now(), signed=signed(second, 1))
    assert await stores.journal.advance(second.id, step) is None
    assert await stores.journal.load_nonce(agent.actor) == 1
    sent = await moved(stores, first, Step(first.state, IntentState.SENT, clock.now()))
    assert await stores.journal.advance(second.id, step) is None
    mined = await moved(
        stores, sent, Step(sent.state, IntentState.MINED, clock.now(), receipt=receipt(sent))
    )
    assert await stores.journal.advance(second.id, step) is None
    await moved(stores, mined, Step(mined.state, IntentState.REVERTED, clock.now()))
    assert await stores.journal.advance(second.id, step) is not None


async def test_two_signers_of_one_account(stores: Stores, clock: FakeClock) -> None:
    agents = [await add_agent(stores, name) for name in ("Alpha", "Beta")]
    intents = [
        await confirmed(stores, swap(agent, clock, kind=IntentKind.WITHDRAW, account=SERVER), clock)
        for agent in agents
    ]
    steps = [
        Step(IntentState.CONFIRMED, IntentState.SIGNED, clock.now(), signed=signed(intent, 0))
        for intent in intents
    ]
    results = await asyncio.gather(
        *(
            stores.journal.advance(intent.id, step)
            for intent, step in zip(intents, steps, strict=True)
        )
    )
    assert [result is None for result in results].count(True) == 1
    assert await stores.journal.load_nonce(SERVER) == 1


async def test_a_used_nonce_is_not_signed_again(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    await settle(stores, await confirmed(stores, swap(agent, clock), clock), clock)
    intent = await confirmed(stores, swap(agent, clock), clock)
    again = Step(IntentState.CONFIRMED, IntentState.SIGNED, clock.now(), signed=signed(intent, 0))
    assert await stores.journal.advance(intent.id, again) is None
    ahead = Step(IntentState.CONFIRMED, IntentState.SIGNED, clock.now(), signed=signed(intent, 5))
    assert await stores.journal.advance(intent.id, ahead) is not None
    assert await stores.journal.load_nonce(agent.actor) == 6


async def test_nobody_signs_for_another_account(stores: Stores, clock: FakeClock) -> None:
    intent = await confirmed(stores, swap(await add_agent(stores), clock), clock)
    foreign = SignedTx("0xmallory", 0, TxHash("0x1"), b"")
    step = Step(IntentState.CONFIRMED, IntentState.SIGNED, clock.now(), signed=foreign)
    with pytest.raises(ValueError, match="signed by"):
        await stores.journal.advance(intent.id, step)
    assert await stores.journal.load_intent(intent.id) == intent


@pytest.mark.parametrize(("frees", "following"), [(True, 0), (False, 1)])
async def test_a_dropped_intent_may_give_its_nonce_back(
    stores: Stores, clock: FakeClock, *, frees: bool, following: int
) -> None:
    agent = await add_agent(stores)
    intent = await sign(stores, await confirmed(stores, swap(agent, clock), clock), clock)
    step = Step(
        intent.state, IntentState.DROPPED, clock.now(), reason="never seen", frees_nonce=frees
    )
    dropped = await moved(stores, intent, step)
    assert dropped.reason == "never seen"
    assert await stores.journal.load_nonce(agent.actor) == following
    await sign(stores, await confirmed(stores, swap(agent, clock), clock), clock)


async def test_settling_writes_all_of_it(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    intent = await confirmed(stores, swap(agent, clock), clock)
    trade = fill(intent, clock)
    told = notice("receipt", tx="0x1")
    changes = {"SEI": 2**200, "USDC": -(10**7)}
    settled = await settle(stores, intent, clock, fill=trade, notice=told, balance_changes=changes)
    assert settled.receipt is not None
    assert settled.receipt.got == 2**200 + 1
    assert list(await stores.journal.load_fills(agent.id)) == [trade]
    assert [queued.notice for queued in await stores.outbox.load_due(clock.now(), 9, ())] == [told]
    seen = (await stores.deposits.load_seen([agent.id]))[agent.id]
    assert dict(seen.raw) == changes


async def test_opening_an_agent_gives_it_its_escrow(stores: Stores, clock: FakeClock) -> None:
    agent, other = await add_agent(stores), await add_agent(stores, "Beta")
    assert [found.id for found in await stores.agents.load_opening()] == [agent.id, other.id]
    intent = swap(
        agent, clock, kind=IntentKind.OPEN_AGENT, account=SERVER, state=IntentState.CONFIRMED
    )
    await stores.journal.save_proposal(intent)
    await settle(stores, intent, clock, escrow="0xescrow")
    opened = await stores.agents.load_agent(agent.id)
    assert opened is not None
    assert (opened.escrow, opened.state) == ("0xescrow", AgentState.ACTIVE)
    assert list(await stores.agents.load_live()) == [opened]
    assert [found.id for found in await stores.agents.load_opening()] == [other.id]


async def test_one_paused_before_it_is_open_is_still_to_be_opened(stores: Stores) -> None:
    agent, closed = await add_agent(stores), await add_agent(stores, "Beta")
    await stores.agents.save_state(agent.id, AgentState.PAUSED)
    await stores.agents.save_state(closed.id, AgentState.CLOSED)
    assert [found.id for found in await stores.agents.load_opening()] == [agent.id]
    await stores.agents.save_actor(agent.id, "0xactor", 2)
    found = await stores.agents.load_agent(agent.id)
    assert found is not None
    assert (found.actor, found.seed_version, found.state) == ("0xactor", 2, AgentState.PAUSED)


async def test_opening_does_not_reopen_what_was_closed(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    intent = swap(
        agent, clock, kind=IntentKind.OPEN_AGENT, account=SERVER, state=IntentState.CONFIRMED
    )
    await stores.journal.save_proposal(intent)
    await stores.agents.save_state(agent.id, AgentState.CLOSED)
    await settle(stores, intent, clock, escrow="0xescrow")
    found = await stores.agents.load_agent(agent.id)
    assert found is not None
    assert (found.escrow, found.state) == ("0xescrow", AgentState.CLOSED)


async def test_fills_come_in_pages_newest_first(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    trades: list[Fill] = []
    for _ in range(5):
        intent = await confirmed(stores, swap(agent, clock, "1"), clock)
        trades.insert(0, fill(intent, clock))
        await settle(stores, intent, clock, fill=trades[0])
        clock.jump(1)
    journal = stores.journal
    assert list(await journal.load_fills(agent.id)) == trades
    assert list(await journal.load_fills(agent.id, 2)) == trades[:2]
    assert list(await journal.load_fills(agent.id, 2, 4)) == trades[4:]
    assert list(await journal.load_fills(agent.id, offset=3)) == trades[3:]
    assert await journal.count_fills(agent.id) == 5
    assert await journal.count_fills(agent.id + 1) == 0


async def test_recent_intents_by_state(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    declined: list[Intent] = []
    for _ in range(3):
        intent = swap(agent, clock)
        await stores.journal.save_proposal(intent)
        clock.jump(1)
        step = Step(IntentState.PROPOSED, IntentState.DECLINED, clock.now(), reason="no")
        declined.insert(0, await moved(stores, intent, step))
    await confirmed(stores, swap(agent, clock), clock)
    states = [IntentState.DECLINED, IntentState.REFUSED]
    assert list(await stores.journal.load_recent(agent.id, states, 2)) == declined[:2]
    assert not await stores.journal.load_recent(agent.id, [], 2)


async def test_a_deposit_is_saved_once(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    before = await stores.deposits.load_seen([agent.id])
    assert dict(before) == {agent.id: SeenBalances(0, {})}
    told = [notice("deposit:1", CHAT), notice("deposit:2", 5)]
    save = stores.deposits.save_seen
    assert await save(agent.id, SeenBalances(0, {"SEI": 10**30}), told)
    assert not await save(agent.id, SeenBalances(0, {"SEI": 2}), [notice("deposit:3", 6)])
    after = (await stores.deposits.load_seen([agent.id]))[agent.id]
    assert dict(after.raw) == {"SEI": 10**30}
    assert after.version > 0
    queued = await stores.outbox.load_due(clock.now(), 9, ())
    assert [taken.notice for taken in queued] == told
    assert await save(agent.id, SeenBalances(after.version, {}), [])


async def test_nobody_unknown_has_balances(stores: Stores) -> None:
    assert not await stores.deposits.load_seen([404])
    assert not await stores.deposits.save_seen(404, SeenBalances(0, {"SEI": 1}), [])


async def test_a_flight_holds_deposits_back(stores: Stores, clock: FakeClock) -> None:
    agent, other = await add_agent(stores), await add_agent(stores, "Beta")
    intent = await confirmed(stores, swap(agent, clock), clock)
    stale = (await stores.deposits.load_seen([agent.id]))[agent.id]
    flying = await sign(stores, intent, clock)
    assert list(await stores.deposits.load_seen([agent.id, other.id])) == [other.id]
    save = stores.deposits.save_seen
    assert not await save(agent.id, stale, [])
    assert not await save(agent.id, SeenBalances(stale.version + 1, {}), [])
    step = Step(flying.state, IntentState.DROPPED, clock.now())
    await moved(stores, flying, step)
    assert not await save(agent.id, SeenBalances(stale.version, {"SEI": 1}), [])
    fresh = (await stores.deposits.load_seen([agent.id]))[agent.id]
    assert fresh.version > stale.version
    assert await save(agent.id, fresh, [])


async def test_what_was_spent_unseen_still_counts_as_a_deposit(
    stores: Stores, clock: FakeClock
) -> None:
    agent = await add_agent(stores)
    intent = await confirmed(stores, swap(agent, clock), clock)
    await settle(stores, intent, clock, balance_changes={"USDC": -5})
    seen = (await stores.deposits.load_seen([agent.id]))[agent.id]
    assert dict(seen.raw) == {"USDC": -5}
