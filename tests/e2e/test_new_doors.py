"""Mandates, exit codes, /panic and the pause on the chain, for who does not keep to the script."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.domain.mandate import EscrowState
from bot.domain.trade import IntentKind, IntentState
from bot.local.chain.accounts import TEST_WALLET
from bot.ports.chain import EscrowReader
from tests.e2e.scene import Scene, scene
from tests.e2e.stage import Message, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on(tmp_path_factory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("doors")) as on:
        yield on


async def standing(on: Scene) -> EscrowState:
    escrows: EscrowReader = on.service.services.escrows
    return await escrows.read_escrow((await on.agent_of(on.ann)).escrow)


async def changes(on: Scene) -> list[str]:
    """What was ever started for Ann's mandate, or for everybody's."""
    return [i.id for i in await on.intents_of(on.ann) if i.kind is not IntentKind.SWAP]


@pytest.mark.parametrize("tap", ["show", "page", "test", "drop", "dropped"])
async def test_nobody_touches_anothers_mandate(on: Scene, tap: str) -> None:
    agent, before, started = await on.agent_of(on.ann), await standing(on), await changes(on)
    async with on.nothing_moves():
        for who in (on.bo, on.ada):
            await who.comes_in() if who is on.ada and not who.messages else None
            seen = await who.say("/help")
            on.telegram.persons.press_data(who.id, seen["message_id"], f"mandate:{tap}:{agent.id}")
            said = text_of(await who.sees("⚠️", after=seen["message_id"]))
            assert "not yours" in said
    after = await standing(on)
    assert (after.word, after.dropped, after.nonce) == (before.word, before.dropped, before.nonce)
    assert await changes(on) == started


@pytest.mark.parametrize("typed", ["/mandate {id}", "/deposit {id}"])
async def test_nobody_reads_anothers_by_number(on: Scene, typed: str) -> None:
    agent = await on.agent_of(on.ann)
    said = text_of(await on.bo.say(typed.format(id=agent.id)))
    assert agent.escrow not in said


@pytest.mark.parametrize("tap", ["chain", "chained", "pause", "resume"])
async def test_who_is_no_admin_pauses_nothing(on: Scene, tap: str) -> None:
    async with on.nothing_moves():
        for who in (on.ann, on.bo):
            seen = await who.say("/help")
            on.telegram.persons.press_data(who.id, seen["message_id"], f"admin:{tap}:")
            said = text_of(await who.sees("⚠️", after=seen["message_id"]))
            assert "no longer works" in said
        assert not (await standing(on)).paused
        assert "Buy SEI?" in text_of(await on.ann.say("/buy SEI $5"))
        await on.ann.press(on.ann.last, "Decline")


async def test_without_an_agent_there_is_no_mandate(on: Scene) -> None:
    on.telegram.add_person(3001, "Eve")
    eve = type(on.ann)(on.telegram, 3001)
    assert "terms" in text_of(await eve.say("/mandate"))
    await eve.press(eve.last, "Accept")
    for words in ("/mandate", "/mandate 1", "/deposit"):
        said = text_of(await eve.say(words))
        assert "no agent yet" in said or "not yours" in said


async def to_control(on: Scene) -> Message:
    """Ann is asked whether she can sign with the address she named."""
    screen = await on.ann.press(await on.ann.say("/agents"), "New agent")
    return await on.ann.press(screen, f"Use {TEST_WALLET}")


@pytest.mark.parametrize(
    "typed",
    [
        "maybe",
        "yes and no",
        "1",
        "🦊",
        "<b>yes</b>",
        "y\u200bes",
        "\u202eyes",
        "\uff39\uff25\uff33!",
        "0x" + "0" * 40,
        "x" * 1_900,
        "yes " * 1_000,
        "x" * 5_000,
    ],
    ids=lambda typed: typed[:12],
)
async def test_the_question_of_control_takes_yes_and_no_only(on: Scene, typed: str) -> None:
    async with on.nothing_moves():
        await to_control(on)
        said = text_of(await on.ann.say(typed))
        assert "yes or no" in said or "characters" in said
        on.clock.jump(seconds=3)
        assert "shall the agent be called" in text_of(await on.ann.say(" Yes "))
        assert "Cancelled" in text_of(await on.ann.say("/cancel"))


@pytest.mark.parametrize(("typed", "how"), [("no", "an exit code"), ("sign", "It signs")])
async def test_control_may_be_answered_in_words(on: Scene, typed: str, how: str) -> None:
    async with on.nothing_moves():
        await to_control(on)
        asked = text_of(await on.ann.say(typed))
        assert how in asked
        assert "shall the agent be called" in asked
        await on.ann.say("/cancel")


@pytest.mark.parametrize("label", ["I sign with it", "an exit code"])
async def test_an_old_answer_about_control_opens_nothing(on: Scene, label: str) -> None:
    """Its buttons stay in the chat; the question they belong to is over."""
    async with on.nothing_moves():
        asked = await to_control(on)
        await on.ann.say("/cancel")
        assert "too long ago" in text_of(await on.ann.press(asked, label))
        asked = await to_control(on)
        on.clock.jump(minutes=16)
        assert "too long ago" in text_of(await on.ann.press(asked, label))


async def test_changing_ones_mind_about_control_makes_no_code(on: Scene) -> None:
    """First the exit code, then the wallet: what counts is the last answer."""
    asked = await to_control(on)
    data = {b["text"]: b["callback_data"] for row in asked["reply_markup"]["inline_keyboard"]
            for b in row}  # fmt: skip
    for label in ("🔑 No wallet: an exit code", "🦊 I sign with it"):
        on.telegram.persons.press_data(on.ann.id, asked["message_id"], data[label])
        await on.until(
            lambda: "shall the agent be called" in text_of(
                on.telegram.message(asked["message_id"])
            )
        )  # fmt: skip
    await on.until(
        lambda: (
            "It signs what the agent may do" in text_of(on.telegram.message(asked["message_id"]))
        )
    )
    await on.ann.say("Second")
    last = await on.ann.say("careful")
    await on.ann.sees("Second is open", after=last["message_id"])
    assert not [m for m in on.ann.messages if "The exit code of" in text_of(m)]
    agents = await on.service.services.agents.load_agents(on.ann.id)
    assert agents[-1].exit_hash == ""
    await on.ann.press(await on.ann.say("/agents"), "Alpha")


async def test_an_agent_that_is_still_opening_has_no_mandate_yet(on: Scene) -> None:
    bo, said = on.bo, list[str]()
    await bo.press(await bo.say("/agents"), "New agent")
    await bo.press(await bo.say(TEST_WALLET), "I sign with it")
    await bo.say("Slow")

    async def meanwhile() -> None:
        agents = await on.service.services.agents.load_agents(bo.id)
        for words in ("/mandate", "/deposit", "/withdraw", "/buy SEI $5"):
            said.append(text_of(await bo.say(words)))
        for tap in ("show", "page", "test", "drop", "dropped"):
            seen = on.telegram.send(bo.id, "/help")
            seen = await bo.sees("Ask me", after=seen["message_id"])
            data = f"mandate:{tap}:{agents[-1].id}"
            on.telegram.persons.press_data(bo.id, seen["message_id"], data)
            said.append(text_of(await bo.sees("⚠️", after=seen["message_id"])))

    on.gate.before_send = meanwhile
    sent = on.telegram.send(bo.id, "careful")
    await bo.sees("Slow is open", after=sent["message_id"])
    assert len(said) == 9
    assert all("still being opened" in text for text in said), said


async def test_a_double_tap_drops_once(on: Scene) -> None:
    question = await on.ann.press(await on.ann.say("/mandate"), "Drop")
    agent = await on.agent_of(on.ann)
    for _ in range(3):
        data = f"mandate:dropped:{agent.id}"
        on.telegram.persons.press_data(on.ann.id, question["message_id"], data)
    await on.ann.sees("Dropped.", after=question["message_id"])
    await on.ann.say("/help")
    drops = [i for i in await on.intents_of(on.ann) if i.kind is IntentKind.DROP_MANDATE]
    assert {drop.state for drop in drops} == {IntentState.SETTLED}
    await on.allow(on.ann)
    assert "In force" in text_of(await on.ann.say("/mandate"))
