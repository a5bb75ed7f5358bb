"""An owner without a wallet: the default mandate, and the code that ends everything."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from bot.domain.money import NATIVE
from bot.domain.people import Agent
from bot.domain.trade import IntentState, Side
from bot.ports.chain import ChainRefusedError
from tests.e2e.hands import STRANGER, STRANGER_KEY, hands_of, smuggle
from tests.e2e.scene import Scene, scene
from tests.e2e.stage import Person, buttons_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXCHANGE = "0x00000000219ab540356cBB839Cbe05303d7705Fa"
"""Somebody's deposit address, whose key nobody here has."""


@dataclass
class Kept:
    """An agent with an exit code, and the code as its owner wrote it down."""

    on: Scene
    code: bytes
    shown: int
    """The id of the message with the code."""

    async def agent(self) -> Agent:
        return await self.on.agent_of(self.on.ada)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kept(tmp_path_factory) -> AsyncIterator[Kept]:
    async with scene(tmp_path_factory.mktemp("exit")) as on:
        ada = on.ada
        await ada.comes_in()
        await ada.press(await ada.say("/agents"), "Open my first agent")
        question = await ada.say(EXCHANGE)
        for part in ("$50 a trade", "$10", "exit code", "shown once", "may not credit"):
            assert part in text_of(question)
        await ada.press(question, "No wallet: an exit code")
        await ada.say("Kept")
        sent = on.telegram.send(ada.id, "careful")
        shown = await ada.sees("The exit code of Kept", after=sent["message_id"])
        (spoiler,) = [e for e in shown["entities"] if e["type"] == "spoiler"]
        text = text_of(shown).encode("utf-16-le")
        start, end = 2 * spoiler["offset"], 2 * (spoiler["offset"] + spoiler["length"])
        code = bytes.fromhex(text[start:end].decode("utf-16-le").removeprefix("0x"))
        assert len(code) == 32
        opened = await ada.sees("is open", after=sent["message_id"])
        assert "The default mandate is in force" in text_of(opened)
        assert EXCHANGE in text_of(opened)
        assert not any("test wallet" in label for label in buttons_of(opened))
        yield Kept(on, code, shown["message_id"])


def told(person: Person, *words: str) -> list[str]:
    texts = [text_of(m) for m in person.messages]
    return [text for text in texts if "I did not do" in text and all(w in text for w in words)]


async def test_the_code_is_in_one_message_and_nowhere_else(kept: Kept) -> None:
    on, ada = kept.on, kept.on.ada
    holding = [m for m in ada.messages if kept.code.hex() in text_of(m).lower()]
    assert [m["message_id"] for m in holding] == [kept.shown]
    assert "outside of Telegram" in text_of(holding[0])
    assert EXCHANGE in text_of(holding[0])
    on.telegram.press(ada.id, kept.shown, "🗑 I have it, delete this message")
    await on.until(lambda: kept.code.hex() not in str(ada.messages).lower())
    on_disk = b"".join(path.read_bytes() for path in on.folder.glob("bot.db*"))
    assert kept.code.hex().encode() not in on_disk.lower()
    assert kept.code not in on_disk
    assert (await kept.agent()).exit_hash.removeprefix("0x").encode() in on_disk


async def test_a_code_written_to_the_bot_is_deleted_like_any_secret(kept: Kept) -> None:
    said = text_of(await kept.on.ada.say(f"0x{kept.code.hex()}"))
    assert "so I deleted the message" in said
    assert not [m for m in kept.on.ada.messages if kept.code.hex() in text_of(m)]


async def test_the_default_mandate_trades_within_its_limits(kept: Kept) -> None:
    on, ada = kept.on, kept.on.ada
    screen = await ada.say("/mandate")
    for part in ("In force", "all listed tokens", "up to $50 a trade", "$200 a day", "$10 a day"):
        assert part in text_of(screen)
    await ada.is_funded("USDC", "SEI")
    offer = await ada.say("/buy SEI $10")
    await ada.press(offer, "Confirm")
    await ada.sees("Bought", after=offer["message_id"])
    done = await smuggle(on, ada, Side.BUY, "SEI", "$55")
    assert (done.state, done.reason.split()[0]) == (IntentState.REFUSED, "TradeCapExceeded")


async def test_a_wrong_code_does_nothing(kept: Kept) -> None:
    on, hands = kept.on, hands_of(kept.on)
    escrow, wealth = (await kept.agent()).escrow, await kept.on.wealth()
    usdc = hands.deployment.token("USDC").address
    for wrong in (bytes(32), kept.code[::-1], kept.code[:-1] + bytes([kept.code[-1] ^ 1])):
        with pytest.raises(ChainRefusedError, match="WrongExitCode"):
            await hands.to_escrow(STRANGER_KEY, escrow, "exit", wrong, usdc)
    other = (await on.agent_of(on.ann)).escrow
    for code in (kept.code, bytes(32)):
        with pytest.raises(ChainRefusedError, match="WrongExitCode"):
            await hands.to_escrow(STRANGER_KEY, other, "exit", code, usdc)
    assert await on.wealth() == wealth
    assert not told(on.ada)


async def test_whoever_has_the_code_sends_everything_to_the_owner(kept: Kept) -> None:
    on, ada, hands = kept.on, kept.on.ada, hands_of(kept.on)
    agent, deployment = await kept.agent(), hands.deployment
    offer = await ada.say("/buy SEI $5")
    held = (await on.wealth())[agent.escrow]
    assert held["USDC"]
    assert held["SEI"]
    for token in (deployment.token("USDC").address, NATIVE):
        await hands.to_escrow(STRANGER_KEY, agent.escrow, "exit", kept.code, token)

    listing, reader = on.service.services.listing, on.service.services.reader
    balances = await reader.read_balances([EXCHANGE, agent.escrow], listing.tokens)
    assert balances[EXCHANGE]["USDC"].raw == held["USDC"]
    assert balances[EXCHANGE]["SEI"].raw == held["SEI"]
    assert not any(amount.raw for amount in balances[agent.escrow].values())

    used = text_of(await ada.sees("The exit code was used", STRANGER))
    assert "never trades again" in used
    await ada.sees("USDC was paid out to the owner")
    await ada.sees("SEI was paid out to the owner")
    await ada.press(offer, "Confirm")
    after = text_of(await ada.sees("Nothing was traded", after=offer["message_id"]))
    assert "the exit code of this escrow was used" in after


async def test_after_the_exit_nothing_trades_again(kept: Kept) -> None:
    on, ada, hands = kept.on, kept.on.ada, hands_of(kept.on)
    await ada.is_funded("USDC", "SEI")
    said = text_of(await ada.say("/buy SEI $5"))
    assert "The exit code of this escrow was used: it trades no more." in said
    screen = await ada.say("/mandate")
    assert "The exit code was used" in text_of(screen)
    assert not any("Drop" in label or "Sign" in label for label in buttons_of(screen))
    done = await smuggle(on, ada, Side.BUY, "SEI", "$5")
    assert (done.state, done.reason) == (IntentState.REFUSED, "Exited")

    # What arrived since then leaves to the owner by either way.
    question = await ada.say("/withdraw USDC 10")
    await ada.press(question, "Confirm")
    await ada.sees("left", "USDC", EXCHANGE, after=question["message_id"])
    escrow = (await kept.agent()).escrow
    usdc = hands.deployment.token("USDC").address
    await hands.to_escrow(STRANGER_KEY, escrow, "exit", kept.code, usdc)
    await on.until(lambda: len(told(ada, "paid out", "USDC")) == 2)
    assert len(told(ada, "exit code was used")) == 1
    assert len(told(ada, "paid out", " SEI")) == 1
    assert len([m for m in ada.messages if re.search("Released|event", text_of(m))]) == 0
