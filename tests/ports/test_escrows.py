"""What `EscrowReader`, `EscrowLogs` and `Executor` owe about mandates: the fake, and real escrows.

What a chain of its own clock is needed for is in `test_mandate_limits.py`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.chain.bindings import load_abi
from bot.chain.errors import NodeError, refusal
from bot.chain.rpc import read_call
from bot.domain.errors import UpstreamError
from bot.domain.mandate import EscrowEvent, MandateWord, MicroUsd
from bot.domain.money import NATIVE, Bps
from bot.domain.people import Agent
from bot.domain.trade import Approved, Denied, DeniedReason, IntentKind, Order
from bot.policy.exit_codes import exit_hash_of
from bot.policy.mandates import bounds_of, check_standing, check_swap, room_of
from bot.ports.chain import Call, ChainRefusedError
from tests.ports.chain_world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = b"\x07" * 32
EXIT_HASH = exit_hash_of(CODE)
NOTHING = "0x" + "00" * 20


async def refused(world: World, intent: object, agent: Agent) -> ChainRefusedError:
    with pytest.raises(ChainRefusedError) as caught:
        await world.executor.simulate(intent, agent)  # type: ignore[arg-type]
    return caught.value


async def events_of(world: World, *emitters: str, first: int = 0) -> list[EscrowEvent]:
    head = await world.reader.read_head()
    return list(await world.logs.read_events(emitters, first, head.block))


async def verdict_on(world: World, agent: Agent) -> object:
    """What our own guard makes of an escrow, with the mandate the chain names."""
    state = await world.escrows.read_escrow(agent.escrow)
    mandate = await world.escrows.find_mandate(agent.escrow, state.word)
    return check_standing(state, mandate, has_exit=bool(agent.exit_hash))


# ---------------------------------------------------------------- how escrows stand


async def test_a_new_escrow_may_trade_nothing(world: World) -> None:
    agent = await world.register(world.new_agent())
    state = await world.escrows.read_escrow(agent.escrow)
    assert (state.paused, state.dropped, state.exited) == (False, False, False)
    assert (state.nonce, state.sequence, state.word) == (0, 0, 0)
    assert (state.loss, state.volume) == (0, 0)
    assert state.gas_available == world.amount("SEI", 1).raw
    assert state.at.tzinfo is not None
    assert abs(state.at - world.now()) < timedelta(minutes=1)
    assert await verdict_on(world, agent) == Denied(DeniedReason.NO_MANDATE)


async def test_an_escrow_with_an_exit_code_has_the_default_mandate(world: World) -> None:
    agent = await world.register(world.new_agent(EXIT_HASH), USDC="100")
    state = await world.escrows.read_escrow(agent.escrow)
    assert (state.word, state.nonce) == (0, 0)
    assert await verdict_on(world, agent) == Approved()
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
    assert (await world.run(swap, agent)).succeeded


async def test_a_mandate_is_known_by_its_word(world: World) -> None:
    agent = await world.register(world.new_agent())
    mandate = world.mandate(nonce=7, slippage=Bps(123))
    receipt = await world.adopt(agent, mandate)
    state = await world.escrows.read_escrow(agent.escrow)
    assert receipt.succeeded
    assert state.nonce == 7
    assert state.word == world.signatures.word_of(mandate) != 0
    assert await world.escrows.find_mandate(agent.escrow, state.word) == mandate
    assert await verdict_on(world, agent) == Approved()


async def test_a_word_nobody_brought_in_is_not_found(world: World) -> None:
    agent = await world.open_agent()
    other = await world.open_agent()
    stranger = world.mandate(nonce=9)
    await world.adopt(other, stranger)
    word = world.signatures.word_of(stranger)
    assert await world.escrows.find_mandate(agent.escrow, word) is None
    assert await world.escrows.find_mandate(agent.escrow, MandateWord(0)) is None


async def test_a_replaced_mandate_is_still_found(world: World) -> None:
    agent = await world.open_agent()
    first = world.mandates[agent.escrow]
    await world.adopt(agent, world.mandate(nonce=2))
    word = world.signatures.word_of(first)
    assert await world.escrows.find_mandate(agent.escrow, word) == first
    assert (await world.escrows.read_escrow(agent.escrow)).word != word


async def test_a_swap_fills_the_buckets(world: World) -> None:
    agent = await world.open_agent(USDC="100")
    mandate = world.mandates[agent.escrow]
    swap = await world.swap(agent, world.amount("USDC", 40), "SEI", sequence=5)
    await world.run(swap, agent)
    state = await world.escrows.read_escrow(agent.escrow)
    room = room_of(state, bounds_of(mandate, state.at), state.at)
    assert state.sequence == 5
    assert state.volume == 40_000_000
    assert 0 < state.loss < 40_000_000
    assert state.at - state.since < timedelta(minutes=1)
    assert room.volume >= mandate.daily_volume // 2 - 40_000_000
    assert room.loss >= mandate.daily_loss // 2 - state.loss


async def test_gas_drawn_is_gone_for_the_day(world: World) -> None:
    agent = await world.open_agent(SEI="5")
    drawn = world.amount("SEI", "0.75")
    await world.run(world.intent(agent, IntentKind.FUND_ACTOR, Order(drawn)), agent)
    left = (await world.escrows.read_escrow(agent.escrow)).gas_available
    quarter = world.amount("SEI", "0.25").raw
    assert quarter <= left < quarter + world.amount("SEI", "0.01").raw
    error = await refused(world, world.intent(agent, IntentKind.FUND_ACTOR, Order(drawn)), agent)
    assert (error.name, error.figures[0]) == ("GasLimitExceeded", drawn.raw)


async def test_no_escrow_is_no_answer(world: World) -> None:
    for address in ("0x" + "77" * 20, world.orchestrator):
        with pytest.raises(UpstreamError, match="chain"):
            await world.escrows.read_escrow(address)


async def test_a_standing_has_feeds_and_lists(world: World) -> None:
    agent = await world.open_agent()
    usdc, sei = world.tokens["USDC"], world.tokens["SEI"]
    standing = await world.escrows.read_standing(agent.escrow, usdc.address, sei.address)
    assert standing.escrow.word == world.signatures.word_of(world.mandates[agent.escrow])
    assert [standing.sell.address, standing.buy.address] == [usdc.address, sei.address]
    assert (standing.sell.price, standing.buy.price) == (10**8, 25 * 10**6)
    for token, terms in ((usdc, standing.sell), (sei, standing.buy)):
        assert (terms.on, terms.usable, terms.decimals) == (True, True, token.decimals)
        assert terms.feed
        assert terms.epsilon > 0
        assert terms.listed_at <= standing.escrow.at
        assert terms.updated_at <= standing.escrow.at <= terms.updated_at + terms.max_age
    assert set(standing.venues) == set(world.adapters)
    for adapter, venue in standing.venues.items():
        assert (venue.adapter, venue.on) == (adapter, True)


async def test_a_token_that_was_never_listed_has_no_terms(world: World) -> None:
    agent = await world.open_agent()
    unknown = "0x" + "77" * 20
    standing = await world.escrows.read_standing(agent.escrow, unknown, world.tokens["SEI"].address)
    terms = standing.sell
    assert (terms.on, terms.feed, terms.price, terms.usable) == (False, "", 0, False)
    bounds = bounds_of(None, standing.escrow.at)
    verdict = check_swap(
        standing,
        bounds,
        world.adapters[0],
        replace(world.amount("USDC", 1), token=replace(world.tokens["USDC"], address=unknown)),
        world.amount("SEI", 4),
    )
    assert verdict == Denied(DeniedReason.TOKEN_NOT_LISTED, subject=unknown)


# ---------------------------------------------------------------- the new kinds of intents


async def test_without_a_mandate_nothing_is_swapped_and_no_gas_drawn(world: World) -> None:
    agent = await world.register(world.new_agent(), USDC="40", SEI="3")
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
    draw = world.intent(agent, IntentKind.FUND_ACTOR, Order(world.amount("SEI", "0.1")))
    assert (await refused(world, swap, agent)).name == "NoMandate"
    assert (await refused(world, draw, agent)).name == "NoMandate"
    pay = world.intent(agent, IntentKind.WITHDRAW, Order(world.amount("USDC", 40)))
    assert (await world.run(pay, agent)).succeeded


async def test_a_dropped_mandate_trades_nothing_until_a_new_one(world: World) -> None:
    agent = await world.open_agent(USDC="40")
    nothing = Order(world.amount("SEI", 0))
    receipt = await world.run(world.intent(agent, IntentKind.DROP_MANDATE, nothing), agent)
    state = await world.escrows.read_escrow(agent.escrow)
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
    assert receipt.succeeded
    assert (state.dropped, state.nonce) == (True, 1)
    assert await verdict_on(world, agent) == Denied(DeniedReason.NO_MANDATE)
    assert (await refused(world, swap, agent)).name == "NoMandate"
    again = world.intent(agent, IntentKind.DROP_MANDATE, nothing)
    assert (await world.run(again, agent)).succeeded, "dropping is safe to repeat"

    await world.adopt(agent, world.mandate(nonce=2))
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
    assert not (await world.escrows.read_escrow(agent.escrow)).dropped
    assert (await world.run(swap, agent)).succeeded


async def test_the_default_mandate_dropped_never_comes_back(world: World) -> None:
    agent = await world.register(world.new_agent(EXIT_HASH), USDC="40")
    nothing = Order(world.amount("SEI", 0))
    await world.run(world.intent(agent, IntentKind.DROP_MANDATE, nothing), agent)
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
    assert (await refused(world, swap, agent)).name == "NoMandate"
    assert await verdict_on(world, agent) == Denied(DeniedReason.NO_MANDATE)


async def test_a_revocation_voids_what_was_signed_before(world: World) -> None:
    agent = await world.open_agent(USDC="40")
    withheld = world.setting(agent, world.mandate(nonce=3))
    assert (await world.run(world.revoking(agent, 3), agent)).succeeded
    state = await world.escrows.read_escrow(agent.escrow)
    assert (state.dropped, state.nonce) == (True, 3)
    error = await refused(world, withheld, agent)
    assert (error.name, error.figures) == ("NonceTooLow", (3, 3))
    error = await refused(world, world.revoking(agent, 2), agent)
    assert (error.name, error.figures) == ("NonceTooLow", (2, 3))
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
    assert (await refused(world, swap, agent)).name == "NoMandate"


async def test_a_mandate_is_brought_in_once(world: World) -> None:
    agent = await world.open_agent()
    error = await refused(world, world.setting(agent, world.mandates[agent.escrow]), agent)
    assert (error.name, error.figures) == ("NonceTooLow", (1, 1))


async def test_what_the_owner_did_not_sign_is_refused(world: World) -> None:
    agent, other = await world.open_agent(), await world.open_agent()
    mandate = world.mandate(nonce=2)
    elsewhere = world.owner_signs(world.signatures.type_mandate(other.escrow, mandate))
    wider = replace(mandate, daily_loss=MicroUsd(mandate.daily_loss * 2))
    narrow = world.owner_signs(world.signatures.type_mandate(agent.escrow, mandate))
    for offered, signature in ((mandate, elsewhere), (wider, narrow), (mandate, b"\1" * 65)):
        error = await refused(world, world.setting(agent, offered, signature), agent)
        assert error.name == "NotSignedByOwner"
    forged = replace(
        world.revoking(agent, 5), order=replace(world.revoking(agent, 4).order, nonce=5)
    )
    assert (await refused(world, forged, agent)).name == "NotSignedByOwner"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sign_by": -2}, "SignatureTooLate"),
        ({"issued_at": 3_600}, "MandateNotIssuedYet"),
        ({"valid_until": -2}, "MandateExpired"),
        ({"slippage": 10_000}, "SlippageNotAllowed"),
    ],
)
async def test_a_mandate_that_cannot_be(
    world: World, changes: Mapping[str, int], reason: str
) -> None:
    agent = await world.open_agent()
    now = world.now().replace(microsecond=0)
    odd = {
        name: value if name == "slippage" else now + timedelta(seconds=value)
        for name, value in changes.items()
    }
    intent = world.setting(agent, world.mandate(nonce=2, **odd))
    assert (await refused(world, intent, agent)).name == reason


async def test_a_swap_carries_the_mandate_in_force(world: World) -> None:
    agent = await world.open_agent(USDC="40")
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
    replaced = world.mandate(nonce=2, slippage=Bps(400))
    for wrong in (None, replaced, world.mandate(nonce=1, slippage=Bps(501))):
        error = await refused(world, replace(swap, order=replace(swap.order, mandate=wrong)), agent)
        assert error.name == "NotTheMandate"
    await world.adopt(agent, replaced)
    assert (await refused(world, swap, agent)).name == "NotTheMandate"


async def test_tokens_and_venues_outside_of_the_mandate_are_refused(world: World) -> None:
    agent = await world.register(world.new_agent(), USDC="40")
    usdc, sei, weth = (world.tokens[s].address for s in ("USDC", "SEI", "WETH"))
    for nonce, tokens, missing in ((1, (usdc, weth), sei), (2, (sei, weth), usdc)):
        await world.adopt(agent, world.mandate(nonce=nonce, tokens=tokens))
        swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
        error = await refused(world, swap, agent)
        assert error.name == "TokenNotInMandate"
        assert str(error.figures[0]).lower() == missing.lower()
    await world.adopt(agent, world.mandate(nonce=3, adapters=(NOTHING,)))
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI")
    assert (await refused(world, swap, agent)).name == "VenueNotInMandate"


async def test_a_pause_of_the_chain_is_for_all(world: World) -> None:
    agent, other = await world.open_agent(), await world.open_agent(USDC="40")
    nothing = Order(world.amount("SEI", 0))
    try:
        receipt = await world.run(world.intent(agent, IntentKind.PAUSE_CHAIN, nothing), agent)
        assert receipt.succeeded
        assert (await world.escrows.read_escrow(other.escrow)).paused
        assert await verdict_on(world, other) == Denied(DeniedReason.CHAIN_PAUSED)
        swap = await world.swap(other, world.amount("USDC", 10), "SEI")
        assert (await refused(world, swap, other)).name == "TradingPaused"
    finally:
        await world.pause(paused=False)
    assert not (await world.escrows.read_escrow(other.escrow)).paused


@pytest.mark.parametrize(
    "kind", [IntentKind.SET_MANDATE, IntentKind.REVOKE_MANDATE, IntentKind.DROP_MANDATE]
)
async def test_there_must_be_an_escrow(world: World, kind: IntentKind) -> None:
    agent = world.new_agent()
    order = Order(world.amount("SEI", 0), mandate=world.mandate(), signature=b"\1" * 65)
    error = await refused(world, world.intent(agent, kind, order), agent)
    assert error.name == "NoEscrow"


async def test_an_owner_has_many_escrows_by_number(world: World) -> None:
    first = await world.register(world.new_agent())
    second = await world.register(world.new_agent(EXIT_HASH))
    assert (first.owner, second.index) == (second.owner, first.index + 1)
    assert first.escrow != second.escrow


# ---------------------------------------------------------------- what is said on the chain


async def test_every_change_is_said_once_and_in_order(world: World) -> None:
    start = (await world.reader.read_head()).block + 1
    agent = await world.register(world.new_agent(), USDC="40", SEI="3")
    other = await world.open_agent()
    mandate = world.mandate(nonce=4)
    await world.adopt(agent, mandate)
    swap = await world.swap(agent, world.amount("USDC", 10), "SEI", sequence=6)
    swapped = await world.run(swap, agent)
    drawn, paid = Order(world.amount("SEI", "0.5")), Order(world.amount("USDC", 7))
    await world.run(world.intent(agent, IntentKind.FUND_ACTOR, drawn), agent)
    await world.run(world.intent(agent, IntentKind.WITHDRAW, paid), agent)
    await world.run(world.revoking(agent, 5), agent)
    nothing = Order(world.amount("SEI", 0))
    await world.run(world.intent(agent, IntentKind.DROP_MANDATE, nothing), agent)

    said = [e for e in await events_of(world, agent.escrow, first=start) if e.name != "Received"]

    assert [event.name for event in said] == [
        "MandateSet",
        "Swapped",
        "ActorFunded",
        "Released",
        "Revoked",
        "Dropped",
    ]
    fields = {event.name: dict(event.fields) for event in said}
    value, charge = fields["Swapped"].pop("valueIn"), fields["Swapped"].pop("charge")
    assert (value, 0 < int(charge) < 10_000_000) == ("10000000", True)
    assert fields["Swapped"] == {
        "id": "6",
        "adapter": swap.order.adapter,
        "tokenIn": world.tokens["USDC"].address,
        "tokenOut": world.tokens["SEI"].address,
        "spent": str(swapped.spent),
        "got": str(swapped.got),
    }
    assert fields["MandateSet"].pop("mandateHash").startswith("0x")
    assert fields["MandateSet"] == {"nonce": "4"}
    assert fields["ActorFunded"] == {"amount": str(drawn.sell.raw)}
    assert fields["Released"] == {
        "token": world.tokens["USDC"].address,
        "to": agent.owner,
        "amount": "7000000",
    }
    assert fields["Revoked"] == {"nonce": "5"}
    assert fields["Dropped"] == {"by": world.executor.server}
    assert {event.emitter for event in said} == {agent.escrow}
    assert [event.mandate for event in said] == [mandate, *[None] * 5]
    assert said[1].tx_hash == swapped.tx_hash
    assert said[1].block == swapped.block
    assert other.escrow not in {event.emitter for event in said}


async def test_the_mandates_hash_is_the_words_upper_part(world: World) -> None:
    agent = await world.open_agent()
    [said] = await events_of(world, agent.escrow)
    word = world.signatures.word_of(world.mandates[agent.escrow])
    assert int(said.fields["mandateHash"], 16) >> 40 == word >> 40
    until = world.mandates[agent.escrow].valid_until
    assert word % (1 << 40) == int(until.timestamp())


async def test_sei_paid_out_is_called_native(world: World) -> None:
    agent = await world.open_agent(SEI="3")
    paid = world.amount("SEI", 2)
    await world.run(world.intent(agent, IntentKind.WITHDRAW, Order(paid)), agent)
    *_, said = await events_of(world, agent.escrow)
    assert dict(said.fields) == {"token": NATIVE, "to": agent.owner, "amount": str(paid.raw)}


async def test_the_orchestrator_says_who_was_registered(world: World) -> None:
    start = (await world.reader.read_head()).block + 1
    agent = await world.register(world.new_agent(EXIT_HASH))
    deployed, registered = await events_of(world, world.orchestrator, first=start)
    index = {"index": str(agent.index), "owner": agent.owner, "escrow": agent.escrow}
    assert deployed.name == "EscrowDeployed"
    assert dict(deployed.fields) == {**index, "exitHash": EXIT_HASH}
    assert registered.name == "ActorRegistered"
    gas = str(world.first_gas.sell.raw)
    assert dict(registered.fields) == {**index, "actor": agent.actor, "gas": gas}
    assert (deployed.block, deployed.tx_hash) == (registered.block, registered.tx_hash)
    assert deployed.log_index < registered.log_index


async def test_blocks_asked_for_are_ends_included(world: World) -> None:
    agent = await world.open_agent()
    [said] = await events_of(world, agent.escrow)
    read = world.logs.read_events
    assert await read([agent.escrow], said.block, said.block) == [said]
    await world.register(world.new_agent())
    assert not await read([agent.escrow], said.block + 1, said.block + 1)
    assert not await read([agent.escrow], 0, said.block - 1)
    assert not await read([], 0, said.block)
    assert not await read(["0x" + "77" * 20], 0, said.block)
    assert not await read([agent.escrow], said.block, said.block - 1)


# ---------------------------------------------------------------- exit codes, as the contract reads


async def test_an_exit_code_opens_its_own_escrow_only(local_world: World) -> None:
    """`exit_hash_of` is the contract's own hash: with the code, anybody ends the trading."""
    world = local_world
    agent = await world.register(world.new_agent(EXIT_HASH), USDC="40")
    plain = await world.register(world.new_agent(), USDC="40")
    for code, escrow, fine in (
        (CODE, agent.escrow, True),
        (CODE[::-1], agent.escrow, True),
        (b"\x08" * 32, agent.escrow, False),
        (CODE, plain.escrow, False),
        (b"\0" * 32, plain.escrow, False),
    ):
        answer = await exit_call(world, escrow, code)
        assert answer == ("" if fine else "WrongExitCode"), (code, escrow)


async def exit_call(world: World, escrow: str, code: bytes) -> str:
    """What `exit` would say now: an error's name, or nothing."""
    assert world.rpc
    data = load_abi("CaretEscrow").methods["exit"].encode(code, world.tokens["USDC"].address)
    answer = (await world.rpc.batch([read_call(Call(escrow, data), bytes)]))[0]
    if not isinstance(answer, NodeError):
        return ""
    error = refusal(answer)
    assert isinstance(error, ChainRefusedError)
    return error.name
