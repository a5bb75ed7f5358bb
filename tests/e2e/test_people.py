"""Who may do what, and once: foreign buttons, double taps, terms, admins, odd names."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.domain.people import AgentState
from bot.domain.trade import IntentState
from bot.local.telegram.world import ADA
from tests.e2e.scene import Scene, scene
from tests.e2e.stage import Message, Person, buttons_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

HTML_ID, BLANK_ID = 2001, 2002


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on(tmp_path_factory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("people")) as on:
        yield on


def data_of(message: Message, label: str) -> str:
    """What a button would send."""
    for row in message["reply_markup"]["inline_keyboard"]:
        for button in row:
            if label in button["text"]:
                return str(button["callback_data"])
    raise LookupError(label)


def taps_of(on: Scene, message: Message) -> list[str]:
    return [
        button["callback_data"]
        for row in message["reply_markup"]["inline_keyboard"]
        for button in row
        if "callback_data" in button
    ]


async def settles(on: Scene, person: Person, count: int) -> None:
    """Wait until so many trades of a person are done, and nothing is under way."""
    async with asyncio.timeout(15):
        while True:
            states = list((await on.trades_of(person)).values())
            if states.count(IntentState.SETTLED) >= count and not open_ones(states):
                return
            await asyncio.sleep(0.02)


def open_ones(states: list[IntentState]) -> list[IntentState]:
    under_way = {"confirmed", "signed", "sent", "mined"}
    return [state for state in states if state in under_way]


def settled(trades: dict[str, IntentState]) -> int:
    return list(trades.values()).count(IntentState.SETTLED)


def refusals(person: Person, since: Message) -> list[str]:
    """What a person was told off for after a message."""
    after = since["message_id"]
    texts = [text_of(m) for m in person.messages if m["message_id"] > after]
    return [text for text in texts if text.startswith("⚠️")]


async def test_everybody_is_known_by_id_and_shown_as_text(on: Scene) -> None:
    on.telegram.add_person(HTML_ID, "<b>x</b> & \u202eevil")
    person = Person(on.telegram, HTML_ID)
    assert "Hello <b>x</b> & evil," in text_of(await person.say("/start"))
    await person.press(person.last, "Accept")
    assert "Welcome" not in text_of(person.last)
    on.telegram.add_person(BLANK_ID, "\u202e", "blank")
    blank = Person(on.telegram, BLANK_ID)
    assert "Hello friend, I am" in text_of(await blank.say("/start"))
    assert "Alpha" in text_of(await on.bo.say("/portfolio")), "Bo has no @username"


async def test_nothing_of_anns_obeys_bo(on: Scene) -> None:
    """Every button Ann has ever been shown, pressed by Bo, in his chat and in hers."""
    offers = [await on.ann.say("/buy SEI $5"), await on.ann.say("/withdraw USDC 1")]
    card = await on.ann.say("Should I buy SEI now?")
    agent = await on.agent_of(on.ann)
    screens = [*offers, card]
    for command in ("/agents", "/mandate", "/deposit", "/portfolio", "/history", "/withdraw"):
        screens.append(await on.ann.say(command))
    opened = await on.ann.press(screens[3], "Alpha")
    screens += [opened, await on.ann.say("/withdraw SEI")]
    taps = {data for screen in screens for data in taps_of(on, screen)}
    taps |= {f"agents:deleted:{agent.id}", f"agents:delete:{agent.id}", "buy:quick:SEI:$5:1"}
    taps |= {f"mandate:{tap}:{agent.id}" for tap in ("show", "page", "test", "drop", "dropped")}
    harmless = {tap for tap in taps if tap.startswith(("agents:new", "agents:list", "start:"))}
    harmless |= {"cancel:now", "history:page:0", "price:list"}
    mine = await on.ann.say("/help")
    async with on.nothing_moves():
        before_ann = len(on.ann.messages)
        for tap in sorted(taps - harmless):
            seen = await on.bo.say("/help")
            on.telegram.persons.press_data(on.bo.id, seen["message_id"], tap)
            said = text_of(await on.bo.sees("⚠️", after=seen["message_id"]))
            assert "not yours" in said or "no longer works" in said, (tap, said)
            on.telegram.persons.press_data(on.bo.id, mine["message_id"], tap)
        await on.bo.say("/help")
        assert len(on.ann.messages) == before_ann, "Bo's taps say nothing in Ann's chat"
        assert on.telegram.message(mine["message_id"]) == mine
    assert "Buy SEI?" in text_of(await on.ann.press(card, "✅ Buy"))
    await on.ann.press(offers[0], "Decline")
    await on.ann.press(offers[1], "Decline")


async def test_bo_cannot_hang_his_trade_on_anns_decision(on: Scene) -> None:
    card = await on.ann.say("Should I buy SEI now?")
    decision_id = data_of(card, "No thanks").rpartition(":")[2]
    seen = await on.bo.say("/help")
    on.telegram.persons.press_data(on.bo.id, seen["message_id"], f"ask:no:{decision_id}")
    await on.bo.sees("not yours", after=seen["message_id"])
    await on.ann.press(card, "No thanks")
    assert not buttons_of(on.telegram.message(card["message_id"]))


async def test_two_devices_a_double_tap_and_a_redelivery_make_one_trade(on: Scene) -> None:
    before = settled(await on.trades_of(on.ann))
    offer = await on.ann.say("/buy SEI $5")
    data = data_of(offer, "Confirm")
    for _ in range(3):
        on.telegram.persons.press_data(on.ann.id, offer["message_id"], data)
    first = on.telegram.updates.log[-3].update_id
    await on.ann.sees("Bought", after=offer["message_id"])
    on.telegram.updates.redeliver(first)
    on.telegram.persons.press_data(on.ann.id, offer["message_id"], data)
    await on.until(lambda: len(refusals(on.ann, offer)) == 4)
    assert "done already" in refusals(on.ann, offer)[-1]
    await settles(on, on.ann, before + 1)
    assert settled(await on.trades_of(on.ann)) == before + 1
    receipts = [m for m in on.ann.messages if "Bought" in text_of(m)]
    assert len([m for m in receipts if m["message_id"] > offer["message_id"]]) == 1


async def test_a_withdrawal_runs_once_too(on: Scene) -> None:
    question = await on.ann.say("/withdraw USDC 2")
    data = data_of(question, "Confirm")
    escrow = (await on.agent_of(on.ann)).escrow
    held = (await on.wealth())[escrow]["USDC"]
    for _ in range(3):
        on.telegram.persons.press_data(on.ann.id, question["message_id"], data)
    await on.ann.sees("left", "USDC", after=question["message_id"])
    await on.until(lambda: len(refusals(on.ann, question)) == 2)
    assert (await on.wealth())[escrow]["USDC"] == held - 2_000_000


async def test_an_offer_runs_out(on: Scene) -> None:
    offer = await on.ann.say("/buy SEI $5")
    question = await on.ann.say("/withdraw USDC 1")
    async with on.nothing_moves():
        on.clock.jump(seconds=61)
        assert "expired" in text_of(await on.ann.press(offer, "Confirm"))
        on.clock.jump(minutes=10)
        assert "expired" in text_of(await on.ann.press(question, "Confirm"))
        assert "expired" in text_of(await on.ann.press(offer, "Decline"))


async def test_a_decision_can_be_turned_down_once(on: Scene) -> None:
    card = await on.ann.say("Should I buy SEI now?")
    async with on.nothing_moves():
        await on.ann.press(card, "No thanks")
        on.telegram.persons.press_data(on.ann.id, card["message_id"], data_of(card, "No thanks"))
        await on.until(lambda: answered(on, "Answered already."))


def answered(on: Scene, text: str) -> bool:
    calls = on.telegram.calls("answerCallbackQuery")
    return any(call.params.get("text") == text for call in calls)


async def test_a_new_version_of_the_terms_asks_again(on: Scene) -> None:
    people, now = on.service.services.people, on.clock.now()
    offer = await on.ann.say("/buy SEI $5")
    await people.accept_terms(on.ann.id, "1999-01", now)
    before = await on.trades_of(on.ann)
    for words in ("/portfolio", "should I buy SEI?", "/buy SEI 25"):
        assert "terms have changed" in text_of(await on.ann.say(words))
    assert "terms have changed" in text_of(await on.ann.press(offer, "Confirm"))
    on.telegram.persons.press_data(on.ann.id, offer["message_id"], "start:accept:1999-01")
    await on.ann.sees("terms have changed", after=on.ann.last["message_id"])
    assert await on.trades_of(on.ann) == before
    await on.ann.press(on.ann.last, "Accept")
    assert "Alpha" in text_of(await on.ann.say("/portfolio"))


async def test_a_stranger_has_no_admin_menu(on: Scene) -> None:
    assert "do not know that command" in text_of(await on.bo.say("/admin"))
    screen = await on.ada.say("/admin")
    for data in ("pause", "resume", "show", "chain", "chained"):
        seen = await on.bo.say("/help")
        on.telegram.persons.press_data(on.bo.id, seen["message_id"], f"admin:{data}:")
        await on.bo.sees("no longer works", after=seen["message_id"])
    assert "running" in text_of(on.telegram.message(screen["message_id"]))
    menus = on.telegram.world.bot.commands
    listed = [scope for scope, names in menus.items() if "admin" in str(names)]
    assert all(str(ADA) in scope for scope in listed)


async def test_a_pause_stops_trades_and_no_withdrawal(on: Scene) -> None:
    offer = await on.ann.say("/buy SEI $5")
    screen = await on.ada.press(await on.ada.say("/admin"), "Pause trading")
    assert "paused" in text_of(screen)
    before = await on.trades_of(on.ann)
    assert "Trading is paused" in text_of(await on.ann.press(offer, "Confirm"))
    assert "Trading is paused" in text_of(await on.ann.say("/buy SEI $5"))
    assert await on.trades_of(on.ann) == before
    question = await on.ann.say("/withdraw USDC 1")
    await on.ann.press(question, "Confirm")
    await on.ann.sees("left", "USDC", after=question["message_id"])
    await on.ada.press(screen, "Resume trading")
    await on.ann.press(offer, "Confirm")
    await on.ann.sees("Bought", after=offer["message_id"])


async def test_a_paused_agent_answers_and_trades_nothing(on: Scene) -> None:
    offer = await on.ann.say("/buy SEI $5")
    card = await on.ann.press(await on.ann.say("/agents"), "Alpha")
    card = await on.ann.press(card, "Pause")
    before = await on.trades_of(on.ann)
    assert "agent is paused" in text_of(await on.ann.press(offer, "Confirm"))
    assert "agent is paused" in text_of(await on.ann.say("/sell SEI $5"))
    assert (await on.ann.say("Should I buy SEI now?")).get("photo")
    assert await on.trades_of(on.ann) == before
    await on.ann.press(card, "Resume")
    assert (await on.agent_of(on.ann)).state is AgentState.ACTIVE


async def test_an_agent_with_money_is_not_deleted(on: Scene) -> None:
    card = await on.ann.press(await on.ann.say("/agents"), "Alpha")
    async with on.nothing_moves():
        said = await on.ann.press(await on.ann.press(card, "Delete"), "Delete")
        assert "still holds" in text_of(said)
        assert "Withdraw everything" in " ".join(buttons_of(said))


async def test_turns_are_context_for_a_day_only(on: Scene) -> None:
    assert on.gemini
    await on.ann.say("Should I buy SEI now?")
    on.gemini.calls.clear()
    await on.ann.say("And is SEI still fine?")
    assert any("Should I buy SEI now?" in call.prompt for call in on.gemini.calls)
    await on.time_passes(hours=24)
    on.gemini.calls.clear()
    await on.ann.say("Is SEI fine?")
    assert not any("Should I buy SEI now?" in call.prompt for call in on.gemini.calls)
