"""An owner hears of everything that happens to the escrow, once; of the bot's own doing never."""

import asyncio
from pathlib import Path

import pytest

from bot.chain.typed import mandate_struct
from bot.domain.money import NATIVE
from bot.local.chain.accounts import DEPLOYER_KEY, TEST_WALLET, TEST_WALLET_KEY
from bot.ports.chain import ChainRefusedError
from bot.ports.records import Agents
from tests.e2e.hands import ALL, STRANGER, STRANGER_KEY, Hands
from tests.e2e.stage import PATIENCE_S, Person, Stage, buttons_of, raise_curtain, text_of

FOREIGN = "I did not do"


def hands_of(stage: Stage) -> Hands:
    return Hands(stage.local.edges.rpc_url, stage.local.edges.deployment)


async def escrow_of(stage: Stage) -> str:
    agents: Agents = stage.service.services.agents
    return (await agents.load_live())[0].escrow


def told(person: Person, *words: str) -> list[str]:
    """Alarms that hold all of some words."""
    texts = [text_of(m) for m in person.messages if "🔔" in text_of(m)]
    return [text for text in texts if all(word in text for word in words)]


async def quiet(stage: Stage) -> None:
    """The bot has looked at every block there is, and has sent all it has to say."""
    head = (await stage.service.parts.reader.read_head()).block
    events = stage.service.parts.database.escrow_events
    async with asyncio.timeout(PATIENCE_S):
        while (await events.load_from() or 0) <= head:  # noqa: ASYNC110 - of another process's making
            await asyncio.sleep(0.05)
        while await stage.service.door.sender.deliver():
            pass
    await asyncio.sleep(0.2)


async def test_of_the_bots_own_doing_nothing_is_told_twice(stage: Stage) -> None:
    """A whole life of an agent, and not one alarm."""
    ann, ada = stage.ann, stage.ada
    await ada.comes_in()
    await ann.opens_agent()
    await ann.signs_mandate()
    await ann.is_funded("USDC", "SEI")
    for words in ("/buy SEI $5", "/sell SEI $5"):
        offer = await ann.say(words)
        await ann.press(offer, "Confirm")
        await ann.sees("Transaction", "offered at", after=offer["message_id"])
    question = await ann.say("/withdraw USDC 10")
    await ann.press(question, "Confirm")
    await ann.sees("left", "for its owner", after=question["message_id"])
    panic = await ann.say("/panic")
    await ann.sees("Dropped.", after=panic["message_id"])
    question = await ada.press(await ada.say("/admin"), "Pause on the chain")
    await ada.press(question, "Pause on the chain")
    await ada.sees("Trading is paused on the chain", after=question["message_id"])
    await ann.sees("Trading was paused for all escrows", after=panic["message_id"])
    await quiet(stage)
    assert not told(ada)
    assert len(told(ann)) == 1, "the admin's pause is news to her, all else was her own doing"
    assert len([m for m in ann.messages if "Dropped." in text_of(m)]) == 1
    assert len([m for m in ann.messages if "arrived" in text_of(m)]) == 2
    assert len([m for m in ada.messages if "paused on the chain" in text_of(m)]) == 1


async def test_what_others_do_is_told_once_also_over_a_restart(tmp_path: Path) -> None:
    async with raise_curtain(tmp_path, gemini=False) as stage:
        ann, ada, hands = stage.ann, stage.ada, hands_of(stage)
        await ada.comes_in()
        await ann.opens_agent()
        await ann.is_funded("USDC", "SEI")
        escrow = await escrow_of(stage)
        usdc = hands.deployment.token("USDC").address

        await hands.bring_in(escrow)
        await ann.sees(FOREIGN, "Mandate 1, signed by the owner", "up to $50,000 a trade")
        offer = await ann.say("/buy SEI $5")
        await ann.press(offer, "Confirm")
        await ann.sees("Bought", after=offer["message_id"])

        await hands.to_escrow(TEST_WALLET_KEY, escrow, "withdraw", usdc, STRANGER, 7 * 10**6)
        await ann.sees(FOREIGN, "The owner withdrew 7 USDC", STRANGER)
        await hands.to_escrow(TEST_WALLET_KEY, escrow, "releaseFunds", usdc, TEST_WALLET, 10**6)
        await ann.sees(FOREIGN, "1 USDC was paid out to the owner", TEST_WALLET)
        await hands.to_escrow(TEST_WALLET_KEY, escrow, "drop")
        alarm = await ann.sees(FOREIGN, f"{TEST_WALLET} dropped the mandate")
        assert "/panic stops the agent" in text_of(alarm)
        assert any("Mandate" in label for label in buttons_of(alarm))
        await hands.bring_in(escrow, nonce=2)
        await ann.sees(FOREIGN, "Mandate 2")
        signature = hands.sign_revocation(escrow, 5)
        await hands.to_escrow(STRANGER_KEY, escrow, "revoke", 5, signature)
        await ann.sees(FOREIGN, "revoked the mandate", "number 5")
        await hands.to_orchestrator(DEPLOYER_KEY, "pause")
        await ann.sees("Trading was paused for all escrows", "Withdrawals and exits go on")
        await ada.sees("Trading was paused for all escrows")
        await hands.to_orchestrator(DEPLOYER_KEY, "setGuardian", STRANGER)
        await ada.sees(f"The guardian is {STRANGER}")
        await hands.to_orchestrator(DEPLOYER_KEY, "setGuardian", NATIVE)
        await ada.sees("There is no guardian any more")
        await hands.give(DEPLOYER_KEY, escrow, "SEI", "3")
        await ann.sees("3 SEI", "arrived")
        await quiet(stage)
        seen = {person.id: told(person) for person in (ann, ada)}
        assert [len(alarms) for alarms in seen.values()] == [7, 3]
        for alarms in seen.values():
            assert len(set(alarms)) == len(alarms)

        # What happens while the bot does not look is told when it looks again.
        await stage.service.jobs.stop()
        await hands.to_orchestrator(DEPLOYER_KEY, "unpause")
        await hands.to_escrow(TEST_WALLET_KEY, escrow, "withdraw", NATIVE, TEST_WALLET, ALL)

    async with raise_curtain(tmp_path, gemini=False) as stage:
        ann, ada = stage.ann, stage.ada
        await ann.sees(FOREIGN, "The owner withdrew", "SEI", TEST_WALLET)
        await ann.sees("Trading was resumed for all escrows")
        await ada.sees("Trading was resumed for all escrows")
        await quiet(stage)
        assert told(ann)[:7] == seen[ann.id]
        assert len(told(ann)) == 9
        assert len(told(ada)) == 4

    async with raise_curtain(tmp_path, gemini=False) as stage:
        await quiet(stage)
        assert len(told(stage.ann)) == 9
        assert len(told(stage.ada)) == 4
        assert not told(stage.bo)


async def test_a_mandate_signed_elsewhere_before_the_bot_looked_is_traded_with(
    stage: Stage,
) -> None:
    """Between two looks the bot finds its text on the chain."""
    ann, hands = stage.ann, hands_of(stage)
    await ann.opens_agent()
    await ann.is_funded("USDC", "SEI")
    await stage.service.jobs.stop()
    await hands.bring_in(await escrow_of(stage))
    assert "up to $50,000 a trade" in text_of(await ann.say("/mandate"))
    offer = await ann.say("/buy SEI $5")
    await ann.press(offer, "Confirm")
    await ann.sees("Bought", after=offer["message_id"])


async def test_a_trade_of_a_stolen_key_is_told(stage: Stage) -> None:
    """The actor's own key, used past the journal: the owner hears of it at once."""
    ann, hands = stage.ann, hands_of(stage)
    await ann.opens_agent()
    await ann.is_funded("SEI")
    escrow = await escrow_of(stage)
    await hands.bring_in(escrow)
    agent = (await stage.service.services.agents.load_live())[0]
    signer = stage.service.parts.executor._signer
    key = signer._actor(agent.user_id, int(agent.id), agent.seed_version).key.to_0x_hex()
    await hands.to_escrow(key, escrow, "fundActor", NATIVE, 10**17)
    await ann.sees(FOREIGN, "The agent's account drew 0.1 SEI for gas")


async def test_a_stranger_changes_nothing(stage: Stage) -> None:
    """Neither with a key of its own nor with a signature that is not the owner's."""
    ann, hands = stage.ann, hands_of(stage)
    await ann.opens_agent()
    await ann.signs_mandate()
    await ann.is_funded("USDC")
    escrow, now = await escrow_of(stage), await hands.now()
    usdc = hands.deployment.token("USDC").address
    forged = hands.sign(STRANGER, now, 2)
    struct = mandate_struct(forged.mandate)
    for name, arguments, error in (
        ("drop", (), "NotServerOrOwner"),
        ("withdraw", (usdc, STRANGER, 1), "NotOwner"),
        ("releaseFunds", (usdc, TEST_WALLET, 1), "NotServerOrOwner"),
        ("fundActor", (NATIVE, 1), "NotActor"),
        ("revoke", (7, hands.sign_revocation(STRANGER, 7)), "NotSignedByOwner"),
        ("setMandate", (struct, forged.signature), "NotSignedByOwner"),
    ):
        with pytest.raises(ChainRefusedError, match=error):
            await hands.to_escrow(STRANGER_KEY, escrow, name, *arguments)
    with pytest.raises(ChainRefusedError, match="NotPauser"):
        await hands.to_orchestrator(STRANGER_KEY, "pause")
    await quiet(stage)
    assert not told(ann)
    assert "In force" in text_of(await ann.say("/mandate"))
