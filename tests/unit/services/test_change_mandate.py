"""What an owner signed is brought in once, and nothing else; the server may only say no."""

from dataclasses import replace

import pytest

from bot.domain.errors import UpstreamError, UserError
from bot.domain.mandate import Mandate, MandateWord, SignedMandate, SignedRevocation
from bot.domain.money import Bps
from bot.domain.people import Agent
from bot.domain.trade import IntentKind, IntentState
from tests.fakes.chain import SERVER
from tests.fakes.contracts import ORCHESTRATOR, fake_signature
from tests.fakes.escrows import wide_mandate
from tests.unit.services.office import BO, CHAT, OWNER, USDC, Office


@pytest.fixture
async def agent(office: Office) -> Agent:
    return await office.bare_agent()


def signed(office: Office, agent: Agent, owner: str = OWNER, **changes: object) -> SignedMandate:
    mandate = wide_mandate(office.chain.contracts, **changes)
    message = office.signatures.type_mandate(agent.escrow, mandate)
    return SignedMandate(mandate, fake_signature(owner, message))


def revocation(office: Office, agent: Agent, nonce: int, owner: str = OWNER) -> SignedRevocation:
    message = office.signatures.type_revocation(agent.escrow, nonce)
    return SignedRevocation(nonce, fake_signature(owner, message))


# ---------------------------------------------------------------- bringing in


async def test_a_signed_mandate_is_brought_in_and_told(office: Office, agent: Agent):
    offered = signed(office, agent)
    intent = await office.change_mandate.set(agent, offered, await office.origin())
    assert (intent.kind, intent.state) == (IntentKind.SET_MANDATE, IntentState.CONFIRMED)
    assert (intent.account, intent.agent_id, intent.chat_id) == (SERVER, agent.id, CHAT)
    assert (intent.order.mandate, intent.order.signature) == (offered.mandate, offered.signature)
    assert intent.notional_usd == 0
    assert (intent.order.sell.raw, intent.sequence) == (0, 0)

    await office.settle()

    assert office.now_of(intent).state is IntentState.SETTLED
    assert office.book(agent).mandate == offered.mandate
    word = office.signatures.word_of(offered.mandate)
    assert await office.records.load_mandate(agent.id, word) == offered.mandate
    assert [(n.chat_id, n.data["intent"]) for n in office.notices("outcome")] == [(CHAT, intent.id)]


async def test_a_mandate_takes_as_long_as_the_chain_does(office: Office, agent: Agent):
    await office.change_mandate.set(agent, signed(office, agent), await office.origin())
    office.chain.down = True
    await office.clock.advance(1_800)
    office.chain.down = False
    await office.settle()
    assert office.book(agent).mandate is not None


async def test_a_mandate_too_late_is_refused_by_the_chain_with_figures(
    office: Office, agent: Agent
):
    await office.change_mandate.set(agent, signed(office, agent), await office.origin())
    office.chain.down = True
    await office.clock.advance(3_700)
    office.chain.down = False
    await office.settle()
    [intent] = office.ledger.intents.values()
    assert intent.state is IntentState.REFUSED
    assert intent.reason.startswith("SignatureTooLate 1")
    assert office.book(agent).mandate is None


@pytest.mark.parametrize("wrong", ["stranger", "other escrow", "other terms", "empty"])
async def test_what_its_owner_did_not_sign_is_not_brought_in(
    office: Office, agent: Agent, wrong: str
):
    other = await office.bare_agent("Beta")
    offered = signed(office, agent)
    offered = {
        "stranger": signed(office, agent, "0x" + "B" * 40),
        "other escrow": replace(offered, signature=signed(office, other).signature),
        "other terms": replace(offered, mandate=replace(offered.mandate, slippage=Bps(7))),
        "empty": replace(offered, signature=b""),
    }[wrong]
    with pytest.raises(UserError, match=f"not the signature of {OWNER}, the owner of Alpha"):
        await office.change_mandate.set(agent, offered, await office.origin())
    assert office.ledger.intents == {}
    assert office.records.mandates == {}
    assert office.chain.sent == []


async def test_a_signature_that_cannot_be_checked_sends_nothing(office: Office, agent: Agent):
    office.chain.down = True
    offered = signed(office, agent, "0x" + "B" * 40)
    with pytest.raises(UpstreamError):
        await office.change_mandate.set(agent, offered, await office.origin())
    assert office.ledger.intents == {}


async def test_the_same_mandate_twice_is_in_force_once(office: Office, agent: Agent):
    offered = signed(office, agent)
    for _ in range(2):
        await office.change_mandate.set(agent, offered, await office.origin())
    await office.settle()
    first, second = office.ledger.intents.values()
    assert (first.state, second.state) == (IntentState.SETTLED, IntentState.REFUSED)
    assert second.reason == "NonceTooLow 1 1"


async def test_a_replacement_counts_from_the_next_offer_on(office: Office):
    agent = await office.agent(USDC="100")
    await office.change_mandate.set(
        agent, signed(office, agent, nonce=2, slippage=Bps(300)), await office.origin()
    )
    waiting = await office.confirmed(agent)
    await office.clock.advance(5)
    fresh = await office.confirmed(agent)
    assert (await office.run(waiting)).reason == "NotTheMandate"
    assert (await office.run(fresh)).state is IntentState.SETTLED


# ---------------------------------------------------------------- revoking and dropping


async def test_a_signed_revocation_ends_it(office: Office):
    agent = await office.agent(USDC="100")
    intent = await office.change_mandate.revoke(
        agent, revocation(office, agent, 3), await office.origin()
    )
    assert (intent.kind, intent.order.nonce) == (IntentKind.REVOKE_MANDATE, 3)
    await office.settle()
    assert (office.book(agent).dropped, office.book(agent).nonce) == (True, 3)
    assert [n.data["intent"] for n in office.notices("outcome")] == [intent.id]


async def test_a_revocation_of_somebody_else_is_none(office: Office):
    agent = await office.agent()
    with pytest.raises(UserError, match="not the signature"):
        await office.change_mandate.revoke(
            agent, revocation(office, agent, 3, "0x" + "B" * 40), await office.origin()
        )
    other = replace(revocation(office, agent, 3), nonce=4)
    with pytest.raises(UserError, match="not the signature"):
        await office.change_mandate.revoke(agent, other, await office.origin())
    assert office.ledger.intents == {}


async def test_dropping_needs_nobodys_signature(office: Office):
    agent = await office.agent(USDC="100")
    intent = await office.change_mandate.drop(agent, await office.origin())
    assert (intent.kind, intent.account) == (IntentKind.DROP_MANDATE, SERVER)
    await office.settle()
    assert office.book(agent).dropped
    assert office.held(agent, USDC) == 100


async def test_a_drop_under_way_is_enough(office: Office):
    agent, other = await office.agent(), await office.agent("Beta")
    office.chain.down = True
    first = await office.change_mandate.drop(agent, await office.origin())
    await office.clock.advance(5)
    assert (await office.change_mandate.drop(agent, await office.origin())).id == first.id
    assert (await office.change_mandate.drop(other, await office.origin())).id != first.id
    office.chain.down = False
    await office.settle()
    again = await office.change_mandate.drop(agent, await office.origin())
    assert again.id != first.id, "a mandate may have been signed since"
    await office.settle()


async def test_what_was_started_goes_on_after_a_restart(office: Office, agent: Agent):
    await office.change_mandate.set(agent, signed(office, agent), await office.origin())
    assert await office.restart() == 1
    await office.settle()
    assert office.book(agent).mandate is not None
    [notice] = office.notices("outcome")
    assert notice.data["recovered"] == "yes"


# ---------------------------------------------------------------- the whole chain


async def test_the_chain_is_paused_for_all_in_the_oldest_agents_name(office: Office):
    first, second = await office.agent(), await office.agent("Beta", BO)
    intent = await office.change_mandate.pause_chain(await office.origin(BO))
    assert (intent.kind, intent.agent_id, intent.user_id) == (IntentKind.PAUSE_CHAIN, first.id, BO)
    await office.settle()
    assert office.chain.contracts.paused
    assert not office.book(second).dropped
    assert [e.name for e in office.chain.contracts.events if e.emitter == ORCHESTRATOR] == [
        "Paused"
    ]


async def test_a_pause_under_way_is_enough(office: Office):
    await office.agent()
    office.chain.down = True
    first = await office.change_mandate.pause_chain(await office.origin())
    await office.clock.advance(5)
    assert (await office.change_mandate.pause_chain(await office.origin())).id == first.id
    office.chain.down = False
    await office.settle()


async def test_without_an_escrow_there_is_nothing_to_pause(office: Office):
    await office.records.create_agent((await office.user()).id, "New", "", OWNER)
    with pytest.raises(UserError, match="No escrow is open yet"):
        await office.change_mandate.pause_chain(await office.origin())
    assert office.ledger.intents == {}


# ---------------------------------------------------------------- finding the one in force


async def found(office: Office, agent: Agent) -> Mandate | None:
    state = await office.escrows.read_escrow(agent.escrow)
    return await office.change_mandate.find(agent, state)


async def test_without_a_word_there_is_none(office: Office, agent: Agent):
    assert await found(office, agent) is None
    assert "find_mandate" not in office.chain.calls


async def test_a_mandate_of_ours_needs_no_look_at_the_chain(office: Office):
    agent = await office.agent()
    assert await found(office, agent) == office.book(agent).mandate
    assert "find_mandate" not in office.chain.calls


async def test_a_mandate_somebody_else_brought_in_is_looked_up_once(office: Office, agent: Agent):
    mandate = wide_mandate(office.chain.contracts, nonce=9)
    await office.adopt(agent, mandate, known=False)
    office.chain.happen(agent.escrow, "MandateSet", mandate, nonce=9)
    for _ in range(3):
        assert await found(office, agent) == mandate
    assert office.chain.calls.count("find_mandate") == 1
    word = office.signatures.word_of(mandate)
    assert await office.records.load_mandate(agent.id, word) == mandate


async def test_a_mandate_nobody_finds_is_unknown_and_not_remembered(office: Office, agent: Agent):
    await office.adopt(agent, wide_mandate(office.chain.contracts), known=False)
    assert await found(office, agent) is None
    assert office.records.mandates == {}
    assert MandateWord(0) not in [word for _, word in office.records.mandates]


async def test_another_agents_mandate_is_not_taken_for_it(office: Office, agent: Agent):
    other = await office.bare_agent("Beta")
    mandate = wide_mandate(office.chain.contracts)
    await office.adopt(other, mandate)
    await office.adopt(agent, mandate, known=False)
    assert await found(office, agent) is None


# ---------------------------------------------------------------- retired keys


async def test_nothing_leads_on_with_a_retired_key(office: Office):
    """After a leaked seed its agents take no mandate and make no offers; drops go on."""
    agent = await office.agent(USDC="100")
    office.records.agents[agent.id] = retired = replace(agent, seed_version=0)
    with pytest.raises(UserError, match="retired"):
        await office.change_mandate.set(retired, signed(office, retired), await office.origin())
    with pytest.raises(UserError, match="retired"):
        await office.propose.propose(office.request(retired), await office.origin())
    await office.change_mandate.drop(retired, await office.origin())
    await office.settle()
    assert office.book(retired).dropped
