"""/panic: nothing new is signed from that moment on, and what cannot be undone is said."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.domain.people import AgentState
from bot.domain.trade import IntentKind, IntentState, Side
from bot.local.chain.accounts import TEST_WALLET
from tests.e2e.hands import smuggle
from tests.e2e.scene import Scene, scene
from tests.e2e.stage import Message, Person, buttons_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on(tmp_path_factory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("panic")) as on:
        yield on


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def trading_again(on: Scene) -> AsyncIterator[None]:
    """Each test begins with an agent that may trade."""
    yield
    on.gate.before_send = on.gate.after_send = on.gate.before_simulate = None
    card = await on.ann.press(await on.ann.say("/agents"), "Alpha")
    if any("Resume" in label for label in buttons_of(card)):
        await on.ann.press(card, "Resume")
    await on.allow(on.ann)


async def panics(person: Person) -> str:
    """What /panic answers."""
    sent = person.telegram.send(person.id, "/panic")
    return text_of(await person.sees("Stopped.", after=sent["message_id"]))


async def dropped(on: Scene, after: Message) -> None:
    await on.ann.sees("Dropped.", "trades nothing", after=after["message_id"])


def receipts(person: Person, since: Message) -> list[str]:
    texts = [text_of(m) for m in person.messages if m["message_id"] > since["message_id"]]
    return [text for text in texts if "Nothing was traded" in text or "Bought" in text]


async def test_who_has_no_agent_has_nothing_to_stop(on: Scene) -> None:
    assert "nothing to stop" in text_of(await on.ada.say("/panic")), "even before the terms"


async def test_an_open_offer_is_void_and_the_chain_refuses(on: Scene) -> None:
    offer, question = await on.ann.say("/buy SEI $5"), await on.ann.say("/withdraw USDC 1")
    asked = await on.ann.say("/buy SEI")
    wealth, bo = await on.wealth(), await on.agent_of(on.bo)
    said = await panics(on.ann)
    assert "🤖 Alpha is paused. Nothing new is signed." in said
    assert "Cancelled: 1 trade not signed yet." in said
    assert "the mandate is being dropped" in said
    assert "/withdraw works as always" in said
    assert "Withdraw from Alpha" in " ".join(buttons_of(on.ann.last))
    await dropped(on, asked)

    assert "turned this one down" in text_of(await on.ann.press(offer, "Confirm"))
    assert "Buy SEI?" not in text_of(await on.ann.say("$5")), "the question is forgotten"
    assert "agent is paused" in text_of(await on.ann.say("/buy SEI $5"))
    assert await on.wealth() == wealth
    assert (await on.agent_of(on.bo)) == bo, "Bo's agent goes on"
    assert "In force" in text_of(await on.bo.say("/mandate"))
    await on.ann.press(question, "Confirm")
    await on.ann.sees("left", "USDC", "for its owner", after=question["message_id"])

    # Resumed here it still may not trade there.
    card = await on.ann.press(await on.ann.say("/agents"), "Alpha")
    await on.ann.press(card, "Resume")
    assert "no mandate that is in force" in text_of(await on.ann.say("/buy SEI $5"))
    done = await smuggle(on, on.ann, Side.BUY, "SEI", "$5")
    assert (done.state, done.reason) == (IntentState.REFUSED, "NoMandate")


async def test_a_confirmed_trade_that_is_not_signed_yet_is_not_signed(on: Scene) -> None:
    """It panics while the trade is being simulated: the last moment before the signature."""
    offer = await on.ann.say("/buy SEI $5")
    wealth, said = await on.wealth(), list[str]()

    async def panic() -> None:
        said.append(await panics(on.ann))

    on.gate.before_simulate = panic
    await on.ann.press(offer, "Confirm")
    told = text_of(await on.ann.sees("Nothing was traded", after=offer["message_id"]))
    assert "the agent is paused" in told
    assert "Cancelled: 1 trade not signed yet." in said[0]
    assert "signed already" not in said[0]
    await dropped(on, offer)
    assert len(receipts(on.ann, offer)) == 1
    assert await on.wealth() == wealth
    trade = next(i for i in await on.intents_of(on.ann) if i.kind is IntentKind.SWAP)
    assert (trade.state, trade.signed) == (IntentState.REFUSED, None)


@pytest.mark.parametrize("faster", ["the drop", "the trade"])
async def test_a_trade_in_flight_is_named_and_told(on: Scene, faster: str) -> None:
    offer = await on.ann.say("/buy SEI $5")
    wealth, said = await on.wealth(), list[str]()

    async def panic() -> None:
        said.append(await panics(on.ann))
        if faster == "the drop":
            await dropped(on, offer)

    if faster == "the drop":
        on.gate.before_send = panic
    else:
        on.gate.after_send = panic
    await on.ann.press(offer, "Confirm")
    told = await on.ann.sees("Transaction", "SEI", "Gas" if faster == "the trade" else "gas",
                             after=offer["message_id"])  # fmt: skip
    assert "signed already" in said[0]
    assert "its receipt follows" in said[0]
    await dropped(on, offer)
    assert len(receipts(on.ann, offer)) == 1
    if faster == "the drop":
        assert "The chain undid the trade: no mandate is in force" in text_of(told)
        assert await on.wealth() == wealth
    else:
        assert "Bought" in text_of(told)
        assert await on.wealth() != wealth
    assert (await on.agent_of(on.ann)).state is AgentState.PAUSED


async def test_panic_again_and_again(on: Scene) -> None:
    """It may be repeated; it sends one drop at a time, and says the same."""
    last = on.ann.last
    for _ in range(5):
        on.telegram.send(on.ann.id, "/panic")
    await on.until(
        lambda: len([m for m in on.ann.messages[-20:] if m["message_id"] > last["message_id"]
                     and "Stopped." in text_of(m)]) == 5
    )  # fmt: skip
    await dropped(on, last)
    assert "In force" not in text_of(await on.ann.say("/mandate"))
    assert not [m for m in on.ann.messages if "Something went wrong" in text_of(m)]
    intents = await on.intents_of(on.ann)
    assert not [i for i in intents if i.kind is IntentKind.DROP_MANDATE
                and i.state not in (IntentState.SETTLED, *_WAITING)]  # fmt: skip


_WAITING = (IntentState.CONFIRMED, IntentState.SIGNED, IntentState.SENT, IntentState.MINED)


async def test_an_agent_that_is_still_being_opened_opens_paused(on: Scene) -> None:
    bo = on.bo
    await bo.press(await bo.say("/agents"), "New agent")
    await bo.press(await bo.say(TEST_WALLET), "an exit code")
    await bo.say("Gamma")
    said = list[str]()

    async def panic() -> None:
        said.append(await panics(bo))

    on.gate.before_send = panic
    sent = on.telegram.send(bo.id, "careful")
    await bo.sees("Gamma is open", after=sent["message_id"])
    assert "🤖 Alpha, 🤖 Gamma are paused" in said[0]
    assert "Gamma is still being opened. Send /panic again when it is open" in said[0]
    agents = await on.service.services.agents.load_agents(bo.id)
    assert {agent.state for agent in agents} == {AgentState.PAUSED}
    await bo.sees("Alpha", "Dropped.", after=sent["message_id"])
    assert "agent is paused" in text_of(await bo.say("/buy SEI $5"))
    second = await bo.say("/panic")
    assert "the mandates are being dropped" in text_of(second)
    assert "has lost its default mandate for good" in text_of(second)
    await bo.sees("Gamma", "Dropped.", after=second["message_id"])
    await bo.sees("Alpha", "Dropped.", after=second["message_id"])
    screen = text_of(await bo.say("/mandate"))
    assert "nothing is traded before the owner signs" in screen
