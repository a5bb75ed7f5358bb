"""The chain falls silent, Telegram refuses or drops: nothing lost, nothing twice, nothing false."""

import sqlite3
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.domain.trade import IntentState
from bot.local.telegram.faults import Fault
from bot.ports.ledger import Notice, OutboxState
from tests.e2e.scene import Scene, scene
from tests.e2e.stage import Person, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPEATED = "Repeated: I was not sure"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on(tmp_path_factory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("lines")) as on:
        yield on


async def later(on: Scene, seconds: float) -> None:
    """Time passes, and the outbox looks what is due."""
    on.clock.jump(seconds=seconds)
    on.service.door.sender.wake()


def outbox(on: Scene, key: str) -> tuple[str, str]:
    """State and reason of a notice once something was made of it; empty before that."""
    query = (
        "select state, reason from outbox where key = ? and (attempts > 0 or state <> 'pending')"
    )
    with sqlite3.connect(on.folder / "bot.db") as books:
        state, reason = books.execute(query, (key,)).fetchone() or ("", "")
    return state, reason


async def drips(on: Scene, person: Person, symbol: str) -> None:
    """Test money arrives without a word to the bot."""
    faucet = on.service.services.facts.faucet
    await faucet.give((await on.agent_of(person)).escrow, symbol)
    await on.service.deposits.tick()


async def test_a_silent_chain_is_no_empty_portfolio_and_no_trade(on: Scene) -> None:
    async with on.nothing_moves():
        with on.chain_silent():
            for words in ("/portfolio", "/buy SEI $5"):
                said = text_of(await on.ann.say(words))
                assert "network does not answer right now" in said
                assert "Nothing was moved" in said
                assert "0 SEI" not in said
            card = text_of(await on.ann.say("Should I buy SEI now?"))
            assert "I do not know what you hold" in card
        portfolio = text_of(await on.ann.say("/portfolio"))
        assert "500 USDC" in portfolio
        assert "200 SEI" in portfolio


async def test_a_confirmed_trade_that_is_not_signed_in_time_is_void(on: Scene) -> None:
    offer = await on.ann.say("/buy SEI $5")
    before = await on.wealth()
    with on.chain_silent():
        await on.ann.press(offer, "Confirm")
        on.clock.jump(seconds=61)
        said = text_of(await on.ann.sees("Nothing was traded", after=offer["message_id"]))
        assert "ran out before it was signed" in said
    assert await on.wealth() == before
    assert (await on.intents_of(on.ann))[0].state is IntentState.EXPIRED


@pytest.mark.parametrize("moment", ["before_send", "after_send"])
async def test_a_trade_under_way_waits_for_the_chain_and_runs_once(on: Scene, moment: str) -> None:
    offer = await on.ann.say("/buy SEI $5")
    escrow = (await on.agent_of(on.ann)).escrow
    before = (await on.wealth())[escrow]["USDC"]
    with on.chain_silent():
        on.wake_chain()
        setattr(on.gate, moment, on.silence_chain)
        await on.ann.press(offer, "Confirm")
        await on.soon(lambda: getattr(on.gate, moment) is None)
        await later(on, 20)
        on.service.door.sender.wake()
        waits = await on.ann.sees("⏳ Your transaction", after=offer["message_id"])
        assert "can run only once" in text_of(waits)
        assert not [m for m in on.ann.messages if "Nothing was traded" in text_of(m)
                    and m["message_id"] > offer["message_id"]]  # fmt: skip
    await on.ann.sees("Bought", after=offer["message_id"])
    done = (await on.intents_of(on.ann))[0]
    assert done.state is IntentState.SETTLED
    assert (await on.wealth())[escrow]["USDC"] == before - done.order.sell.raw


async def test_a_withdrawal_outlives_a_silent_chain(on: Scene) -> None:
    question = await on.ann.say("/withdraw USDC 1")
    before = await on.wealth()
    with on.chain_silent():
        await on.ann.press(question, "Confirm")
        on.clock.jump(minutes=2)
    await on.ann.sees("left", "USDC", after=question["message_id"])
    escrow = (await on.agent_of(on.ann)).escrow
    assert (await on.wealth())[escrow]["USDC"] == before[escrow]["USDC"] - 1_000_000


async def test_a_receipt_waits_as_long_as_telegram_asks(on: Scene) -> None:
    offer = await on.ann.say("/buy SEI $5")
    on.telegram.faults.plan("sendMessage", Fault.TOO_MANY_REQUESTS, retry_after_s=30)
    await on.ann.press(offer, "Confirm")
    intent = (await on.intents_of(on.ann))[0]
    await on.soon(lambda: outbox(on, f"outcome:{intent.id}")[0] == OutboxState.PENDING)
    on.clock.jump(seconds=20)
    assert await on.service.door.sender.deliver() == 0
    await later(on, 11)
    receipt = await on.ann.sees("Bought", after=offer["message_id"])
    assert REPEATED not in text_of(receipt), "Telegram said that it did not arrive"


def bought(on: Scene, after: int) -> list[str]:
    texts = [text_of(m) for m in on.ann.messages if m["message_id"] > after]
    return [text for text in texts if "Bought" in text]


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.SERVER_ERROR])
async def test_a_receipt_that_may_have_arrived_is_repeated_and_says_so(
    on: Scene, fault: Fault
) -> None:
    offer = await on.ann.say("/buy SEI $5")
    on.telegram.faults.plan("sendMessage", fault)
    await on.ann.press(offer, "Confirm")
    intent = (await on.intents_of(on.ann))[0]
    await on.soon(lambda: outbox(on, f"outcome:{intent.id}")[0] == OutboxState.PENDING)
    await later(on, 10)
    receipt = await on.ann.sees("Bought", after=offer["message_id"])
    assert REPEATED in text_of(receipt)
    assert len(bought(on, offer["message_id"])) == 1


async def test_who_blocked_the_bot_holds_nobody_up(on: Scene) -> None:
    on.telegram.block(on.bo.id)
    await drips(on, on.bo, "USDC")
    seen = on.ann.last["message_id"]
    await drips(on, on.ann, "USDC")
    await on.ann.sees("500 USDC", "arrived", after=seen)
    with sqlite3.connect(on.folder / "bot.db") as books:
        rows = books.execute(
            "select state, reason from outbox where chat_id = ? order by id desc", (on.bo.id,)
        ).fetchall()
    assert rows[0][0] == OutboxState.LOST
    assert "blocked" in rows[0][1]
    on.telegram.persons.set_blocked(on.bo.id, blocked=False)
    assert "500 USDC" in text_of(await on.bo.say("/portfolio"))


async def test_a_notice_nobody_can_get_is_given_up(on: Scene) -> None:
    data = {"version": "<b>1</b>", "network": "&", "recovered": "0"}
    queue = on.service.parts.outbox.queue
    await queue(Notice(999_999, "boot", "nowhere", data), on.clock.now())
    await queue(Notice(on.ann.id, "sonnet", "unheard of", {}), on.clock.now())
    await queue(Notice(on.ann.id, "boot", "fine", data), on.clock.now())
    on.service.door.sender.wake()
    await on.ann.sees("Sei Trader <b>1</b> is up on &")
    await on.soon(lambda: outbox(on, "nowhere")[0] == OutboxState.LOST)
    assert outbox(on, "nowhere")[1] == "chat_gone"
    assert outbox(on, "unheard of")[0] == OutboxState.FAILED


async def test_a_reply_waits_too_and_says_when_it_may_be_lost(on: Scene) -> None:
    on.telegram.faults.plan("sendMessage", Fault.TOO_MANY_REQUESTS)
    assert "Ask me anything" in text_of(await on.ann.say("/help"))
    on.telegram.faults.plan("sendMessage", Fault.DROP)
    said = text_of(await on.ann.say("/help"))
    assert "my last answer may be missing" in said
    assert "Ask me anything" in text_of(await on.ann.say("/help"))


async def test_a_lost_edit_confirms_all_the_same_and_once(on: Scene) -> None:
    offer = await on.ann.say("/buy SEI $5")
    before = len(await on.trades_of(on.ann))
    on.telegram.faults.plan("editMessageText", Fault.DROP)
    await on.ann.press(offer, "Confirm")
    await on.ann.sees("Bought", after=offer["message_id"])
    await on.ann.press(offer, "Confirm")
    await on.ann.sees("done already", after=offer["message_id"])
    assert len(await on.trades_of(on.ann)) == before + 1


async def test_the_market_goes_on_where_it_was(on: Scene) -> None:
    """After all of the above the bot still trades."""
    on.clock.jump(minutes=2)
    await on.settle_pools()
    offer = await on.ann.say("/sell SEI $5")
    await on.ann.press(offer, "Confirm")
    await on.ann.sees("Sold", after=offer["message_id"])
