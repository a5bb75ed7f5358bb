"""What an owner signs, replaces and takes back: what the bot says, and what the chain does."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from bot.chain import typed
from bot.domain.trade import IntentState, Side
from bot.local.chain.accounts import TEST_WALLET, TEST_WALLET_KEY
from bot.ports.chain import ChainRefusedError, EscrowReader
from tests.e2e.hands import STRANGER_KEY, days_pass, hands_of, smuggle
from tests.e2e.scene import Scene, scene
from tests.e2e.stage import Message, buttons_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

USD = Decimal


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on(tmp_path_factory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("mandates")) as on:
        yield on


async def escrow_of(on: Scene) -> str:
    return (await on.agent_of(on.ann)).escrow


async def nonce_of(on: Scene) -> int:
    escrows: EscrowReader = on.service.services.escrows
    return (await escrows.read_escrow(await escrow_of(on))).nonce


async def buys(on: Scene, amount: str = "$5") -> Message:
    offer = await on.ann.say(f"/buy SEI {amount}")
    await on.ann.press(offer, "Confirm")
    return await on.ann.sees("Bought", after=offer["message_id"])


async def test_nothing_is_traded_before_the_owner_signs(on: Scene) -> None:
    ada = on.ada
    await ada.opens_agent()
    await ada.is_funded("USDC", "SEI")
    screen = await ada.say("/mandate")
    assert "nothing is traded before the owner signs" in text_of(screen)
    assert not any("Drop" in label for label in buttons_of(screen))
    said = text_of(await ada.say("/buy SEI $5"))
    assert "no mandate that is in force. Sign one under /mandate. Nothing was moved." in said
    card = await ada.say("Should I buy SEI now?")
    assert "/mandate says why" in text_of(card)
    assert not any("✅" in label for label in buttons_of(card))
    done = await smuggle(on, ada, Side.BUY, "SEI", "$5")
    assert (done.state, done.reason) == (IntentState.REFUSED, "NoMandate")

    told = text_of(await ada.signs_mandate())
    for part in ("up to $50 a trade", "$200 a day", "at most 1.5 % a trade", "$10 a day"):
        assert part in told
    in_force = text_of(await ada.say("/mandate"))
    assert "In force" in in_force
    assert "Room now: trades of $100.00, losses of $5.00" in in_force
    assert "lose at most $10.00 in a day, $40.00 in a week" in in_force
    offer = await ada.say("/buy SEI $10")
    await ada.press(offer, "Confirm")
    await ada.sees("Bought", after=offer["message_id"])
    assert re.search(
        r"trades of \$(89|90)\.\d\d, losses of \$4", text_of(await ada.say("/mandate"))
    )


async def test_a_narrower_mandate_ends_the_offers_before_it(on: Scene) -> None:
    offer = await on.ann.say("/buy SEI $20")
    await on.allow(on.ann, trade_usd=USD(10), volume_usd=USD(1_000), loss_usd=USD(500))
    wealth = await on.wealth()
    await on.ann.press(offer, "Confirm")
    told = text_of(await on.ann.sees("Nothing was traded", after=offer["message_id"]))
    assert "the mandate was replaced meanwhile; ask again" in told
    assert await on.wealth() == wealth
    assert "over the mandate's $10.00 a trade" in text_of(await on.ann.say("/buy SEI $20"))
    await buys(on, "$9")
    await on.allow(on.ann)
    await buys(on, "$20")


async def test_a_revocation_in_mid_trade_undoes_the_trade(on: Scene) -> None:
    """It lands between signing and mining: only gas is spent, and the person is told why."""
    await on.allow(on.ann)
    hands, escrow = hands_of(on), await escrow_of(on)
    nonce = await nonce_of(on) + 1
    signature = hands.sign_revocation(escrow, nonce)
    offer = await on.ann.say("/buy SEI $5")
    wealth = await on.wealth()

    async def revoke() -> None:
        await hands.to_escrow(STRANGER_KEY, escrow, "revoke", nonce, signature)

    on.gate.before_send = revoke
    await on.ann.press(offer, "Confirm")
    told = text_of(await on.ann.sees("The chain undid the trade", after=offer["message_id"]))
    assert "no mandate is in force any more (/mandate)" in told
    assert re.search(r"Only 0\.\d+ SEI of gas was spent", told)
    assert await on.wealth() == wealth
    assert (await on.intents_of(on.ann))[0].state is IntentState.REVERTED
    await on.ann.sees("I did not do", "revoked the mandate", after=offer["message_id"])
    assert "no mandate that is in force" in text_of(await on.ann.say("/buy SEI $5"))

    # What was signed before and held back is void too.
    held_back = hands.sign(escrow, await hands.now(), nonce)
    struct = typed.mandate_struct(held_back.mandate)
    with pytest.raises(ChainRefusedError, match="NonceTooLow"):
        await hands.to_escrow(STRANGER_KEY, escrow, "setMandate", struct, held_back.signature)
    await on.allow(on.ann)
    await buys(on)


async def test_what_is_dropped_in_chat_stays_dropped(on: Scene) -> None:
    await on.allow(on.ann)
    question = await on.ann.press(await on.ann.say("/mandate"), "Drop")
    assert "Drop the mandate of Alpha?" in text_of(question)
    assert "In force" in text_of(await on.ann.press(question, "Keep"))
    question = await on.ann.press(await on.ann.say("/mandate"), "Drop")
    await on.ann.press(question, "Drop it")
    await on.ann.sees("Dropped.", "until its owner signs", after=question["message_id"])
    assert not buttons_of(on.telegram.message(question["message_id"])), "a second tap finds none"
    assert "no mandate that is in force" in text_of(await on.ann.say("/buy SEI $5"))
    done = await smuggle(on, on.ann, Side.BUY, "SEI", "$5")
    assert done.reason == "NoMandate"
    # The old signature does not bring it back.
    hands, escrow = hands_of(on), await escrow_of(on)
    old = hands.sign(escrow, await hands.now(), await nonce_of(on))
    struct = typed.mandate_struct(old.mandate)
    with pytest.raises(ChainRefusedError, match="NonceTooLow"):
        await hands.to_escrow(STRANGER_KEY, escrow, "setMandate", struct, old.signature)
    await on.ann.signs_mandate()
    await days_pass(on, hours=25)
    await buys(on)


async def test_a_mandate_ends_when_it_says(on: Scene) -> None:
    until = on.service.services.clock.now() + timedelta(minutes=61)
    await on.allow(on.ann, valid_until=until)
    await buys(on)
    await days_pass(on, hours=2)
    async with on.nothing_moves():
        said = text_of(await on.ann.say("/buy SEI $5"))
        assert "The mandate has run out. Sign a new one under /mandate. Nothing was moved." in said
        assert "has run out" in text_of(await on.ann.say("/mandate"))
    done = await smuggle(on, on.ann, Side.BUY, "SEI", "$5")
    assert (done.state, done.reason.split()[0]) == (IntentState.REFUSED, "MandateExpired")
    await on.allow(on.ann)
    await buys(on)


async def test_a_mandate_that_ends_under_an_offer(on: Scene) -> None:
    hands, escrow = hands_of(on), await escrow_of(on)
    seen = on.ann.last["message_id"]
    now, nonce = await hands.now(), await nonce_of(on) + 1
    await hands.bring_in(escrow, nonce=nonce, lasts=timedelta(seconds=45))
    await on.ann.sees(f"Mandate {nonce}, signed by the owner, is in force", after=seen)
    offer = await on.ann.say("/buy SEI $5")
    wealth = await on.wealth()
    await hands.move_time(now + timedelta(seconds=46) - await hands.now())
    await on.ann.press(offer, "Confirm")
    told = text_of(await on.ann.sees("Nothing was traded", after=offer["message_id"]))
    assert "the mandate has run out (/mandate)" in told
    assert await on.wealth() == wealth
    on.clock.jump(seconds=46)
    await on.allow(on.ann)


async def test_a_pause_on_the_chain_stops_every_trade_and_no_withdrawal(on: Scene) -> None:
    ann, ada, hands = on.ann, on.ada, hands_of(on)
    offer = await ann.say("/buy SEI $5")
    question = await ada.press(await ada.say("/admin"), "Pause on the chain")
    assert "for every escrow?" in text_of(question)
    assert "Trading:" in text_of(await ada.press(question, "Back")), "it asks first"
    question = await ada.press(await ada.say("/admin"), "Pause on the chain")
    await ada.press(question, "Pause on the chain")
    await ada.sees("Trading is paused on the chain", after=question["message_id"])
    await ann.sees("Trading was paused for all escrows", after=offer["message_id"])

    wealth = await on.wealth()
    assert "Trading is paused" in text_of(await ann.press(offer, "Confirm"))
    assert "Trading is paused by an admin" in text_of(await ann.say("/buy SEI $5"))
    screen = await ada.say("/admin")
    assert "On the chain: paused" in text_of(screen)
    assert not any("Pause on the chain" in label for label in buttons_of(screen))
    await ada.press(screen, "Resume trading")
    said = text_of(await ann.say("/buy SEI $5"))
    assert "Trading is paused on the chain, for all escrows. Withdrawals work as always." in said
    assert "paused on the chain" in text_of(await ann.say("/mandate"))
    await ann.press(offer, "Confirm")
    await ann.sees("Nothing was traded", "paused on the chain", after=offer["message_id"])
    done = await smuggle(on, ann, Side.BUY, "SEI", "$5")
    assert (done.state, done.reason) == (IntentState.REFUSED, "TradingPaused")
    assert await on.wealth() == wealth

    question = await ann.say("/withdraw USDC 1")
    await ann.press(question, "Confirm")
    await ann.sees("left", "USDC", "for its owner", after=question["message_id"])
    await hands.to_escrow(
        TEST_WALLET_KEY,
        await escrow_of(on),
        "withdraw",
        hands.deployment.token("USDC").address,
        TEST_WALLET,
        10**6,
    )
    await ann.sees("I did not do", "withdrew 1 USDC", after=question["message_id"])

    with pytest.raises(ChainRefusedError, match="OwnableUnauthorizedAccount"):
        await hands.to_orchestrator(STRANGER_KEY, "unpause")
    seen = ada.last["message_id"]
    screen = await ada.press(await ada.say("/admin"), "Resume on the chain")
    assert "Pause on the chain" in " ".join(buttons_of(screen))
    await ada.sees("Trading was resumed for all escrows", after=seen)
    await ann.sees("Trading was resumed for all escrows", after=question["message_id"])
    await buys(on)
    for person, times in ((ann, 1), (ada, 0)):
        paused = [m for m in person.messages if "Trading was paused for all" in text_of(m)]
        assert len(paused) == times, "owners are told once; who ordered it has the receipt"


async def test_the_test_wallet_signs_for_its_own_escrows_only(on: Scene) -> None:
    """The button is for agents of the test wallet; for others it is not even there."""
    bo = on.bo
    await bo.press(await bo.say("/agents"), "New agent")
    asked = await bo.say("0x00000000219ab540356cBB839Cbe05303d7705Fa")
    await bo.press(asked, "I sign with it")
    await bo.say("Foreign")
    last = await bo.say("careful")
    opened = await bo.sees("is open", after=last["message_id"])
    assert not any("test wallet" in label for label in buttons_of(opened))
    agents = await on.service.services.agents.load_agents(bo.id)
    foreign = next(agent for agent in agents if agent.name == "Foreign")
    on.telegram.persons.press_data(bo.id, opened["message_id"], f"mandate:test:{foreign.id}")
    await bo.sees("Only the owner's own wallet", after=opened["message_id"])


async def test_the_signing_page_is_linked_and_says_for_how_long(on: Scene) -> None:
    link = await on.ann.press(await on.ann.say("/mandate"), "Change or revoke it")
    assert "Good for 30 minutes" in text_of(link)
    assert "/wallet#" in text_of(link)
    assert "Mandate" in " ".join(buttons_of(link))
