"""What `Mandates` and `EscrowEvents` owe their callers: the fakes, SQLite and PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.domain.mandate import EscrowEvent, Mandate, MandateWord, MicroUsd
from bot.domain.money import Bps
from bot.domain.people import AgentState
from bot.domain.trade import IntentState
from bot.ports.ledger import Step
from tests.fakes.clock import FakeClock
from tests.ports.databases import (
    CHAT,
    USER,
    Stores,
    add_agent,
    confirmed,
    mine,
    moved,
    notice,
    receipt,
    sign,
    swap,
)

LARGEST = MandateWord(2**256 - 1)
EXIT_HASH = "0x" + "ab" * 32


def mandate(clock: FakeClock) -> Mandate:
    now = clock.now().replace(microsecond=0)
    return Mandate(
        nonce=2**32 - 1,
        issued_at=now,
        valid_until=now + timedelta(days=30),
        sign_by=now + timedelta(hours=1),
        slippage=Bps(150),
        trade_cap=MicroUsd(2**48 - 1),
        daily_volume=MicroUsd(200_000_000),
        daily_loss=MicroUsd(1),
        tokens=("0xToken", "0xOther"),
        adapters=("0xAdapter",),
    )


def event(tx_hash: str = "0xaa", log_index: int = 0, **changes: object) -> EscrowEvent:
    made = EscrowEvent("0xEscrow", "Revoked", {"nonce": "7"}, 12, tx_hash, log_index)
    return replace(made, **changes)  # type: ignore[arg-type]


async def told(stores: Stores, clock: FakeClock) -> list[str]:
    """Keys of what waits in the outbox, which is one at a time a chat."""
    keys = []
    while queued := await stores.outbox.load_due(clock.now(), 50, ()):
        keys += [entry.notice.key for entry in queued]
        for entry in queued:
            assert await stores.outbox.mark_sending(entry.id)
            await stores.outbox.mark_sent(entry.id, clock.now())
    return keys


# ---------------------------------------------------------------- mandates


async def test_a_mandate_comes_back_by_agent_and_word(stores: Stores, clock: FakeClock) -> None:
    agent, other = await add_agent(stores), await add_agent(stores, "Beta")
    kept = mandate(clock)
    assert await stores.mandates.load_mandate(agent.id, LARGEST) is None
    await stores.mandates.save_mandate(agent.id, LARGEST, kept)
    assert await stores.mandates.load_mandate(agent.id, LARGEST) == kept
    assert await stores.mandates.load_mandate(agent.id, MandateWord(LARGEST - 1)) is None
    assert await stores.mandates.load_mandate(other.id, LARGEST) is None


async def test_a_word_stands_for_its_first_mandate(stores: Stores, clock: FakeClock) -> None:
    """The word is a hash: another mandate under it is a mistake, and changes nothing."""
    agent = await add_agent(stores)
    first, later = mandate(clock), replace(mandate(clock), nonce=5)
    for offered in (first, first, later):
        await stores.mandates.save_mandate(agent.id, LARGEST, offered)
    assert await stores.mandates.load_mandate(agent.id, LARGEST) == first
    await stores.mandates.save_mandate(agent.id, MandateWord(1), later)
    assert await stores.mandates.load_mandate(agent.id, MandateWord(1)) == later


async def test_a_mandate_saved_twice_at_once_is_saved(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    await asyncio.gather(
        *(stores.mandates.save_mandate(agent.id, LARGEST, mandate(clock)) for _ in range(5))
    )
    assert await stores.mandates.load_mandate(agent.id, LARGEST) == mandate(clock)


# ---------------------------------------------------------------- agents with exit codes


async def test_an_agent_keeps_the_hash_of_its_exit_code(stores: Stores) -> None:
    plain = await add_agent(stores)
    made = await stores.agents.create_agent(USER, "Beta", "", "0xowner", EXIT_HASH)
    assert (plain.exit_hash, made.exit_hash, made.index) == ("", EXIT_HASH, 0)
    assert await stores.agents.load_agent(made.id) == made


async def test_a_registered_escrow_has_its_number(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    intent = await mine(stores, await confirmed(stores, swap(agent, clock), clock), clock)
    step = Step(IntentState.MINED, IntentState.SETTLED, clock.now())
    await moved(stores, intent, replace(step, escrow="0xEscrow", escrow_index=2**40))
    found = await stores.agents.load_agent(agent.id)
    assert found is not None
    assert (found.escrow, found.index, found.state) == ("0xEscrow", 2**40, AgentState.ACTIVE)


# ---------------------------------------------------------------- events


async def test_the_first_look_has_no_beginning(stores: Stores) -> None:
    assert await stores.escrow_events.load_from() is None
    await stores.escrow_events.save_events([], [], 0)
    assert await stores.escrow_events.load_from() == 1


async def test_events_notices_and_how_far_we_looked(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    events = [(int(agent.id), event()), (int(agent.id), event(log_index=1, mandate=mandate(clock)))]
    await stores.escrow_events.save_events(events, [notice("a"), notice("b")], 2**40)
    assert await stores.escrow_events.load_from() == 2**40 + 1
    assert await told(stores, clock) == ["a", "b"]


async def test_an_event_seen_again_is_kept_and_told_once(stores: Stores, clock: FakeClock) -> None:
    """A look whose end was lost is repeated."""
    agent = await add_agent(stores)
    same = int(agent.id), event()
    for upto in (12, 12, 20):
        await stores.escrow_events.save_events([same], [notice("event:0xaa:0")], upto)
    assert await told(stores, clock) == ["event:0xaa:0"]
    assert await stores.escrow_events.load_from() == 21


async def test_all_or_nothing(stores: Stores, clock: FakeClock) -> None:
    """An event that cannot be kept is not told, and the next look begins before it."""
    agent = await add_agent(stores)
    await stores.escrow_events.save_events([], [], 10)
    bad = [(int(agent.id), event()), (404, event("0xbb"))]
    with pytest.raises((IntegrityError, ValueError)):
        await stores.escrow_events.save_events(bad, [notice("a")], 20)
    assert await stores.escrow_events.load_from() == 11
    assert await told(stores, clock) == []
    await stores.escrow_events.save_events(bad[:1], [notice("a")], 20)
    assert await told(stores, clock) == ["a"]


async def test_transactions_of_ours_are_known_once_signed(stores: Stores, clock: FakeClock) -> None:
    agent = await add_agent(stores)
    load = stores.escrow_events.load_ours
    waiting = await confirmed(stores, swap(agent, clock), clock)
    assert await load(["0xaa"]) == frozenset()
    flying = await sign(stores, waiting, clock)
    assert flying.signed
    tx_hash = flying.signed.tx_hash
    assert await load([tx_hash, "0xaa"]) == {tx_hash}
    assert await load([]) == frozenset()
    step = Step(IntentState.SIGNED, IntentState.MINED, clock.now(), receipt=receipt(flying))
    done = await moved(stores, flying, step)
    await moved(stores, done, Step(IntentState.MINED, IntentState.SETTLED, clock.now()))
    assert await load([tx_hash]) == {tx_hash}


async def test_very_many_transactions_are_looked_up(stores: Stores, clock: FakeClock) -> None:
    """After a long absence: thousands of events in one look."""
    agent = await add_agent(stores)
    flying = await sign(stores, await confirmed(stores, swap(agent, clock), clock), clock)
    assert flying.signed
    hashes = [f"0x{n:064x}" for n in range(40_000)]
    ours = await stores.escrow_events.load_ours([*hashes, flying.signed.tx_hash])
    assert ours == {flying.signed.tx_hash}


async def test_notices_go_to_their_chats(stores: Stores, clock: FakeClock) -> None:
    notices = [notice("one"), notice("two", chat=CHAT + 1)]
    await stores.escrow_events.save_events([], notices, 1)
    assert sorted(await told(stores, clock)) == ["one", "two"]
