"""A question that waits does not hold the chat: it ends by a tap elsewhere or a plain sentence."""

from decimal import Decimal

import pytest

from bot.domain.people import QuietHours
from bot.ports.records import Dialogue
from tests.unit.chat.chatroom import KINDS, Chatroom
from tests.unit.chat.groups.town import Town, private
from tests.unit.chat.groups.visitor import Visitor
from tests.unit.services.office import ANN, Office

QUESTION = "should I buy SEI now?"
ALERT = "alert me when sei is above 0.25"


@pytest.fixture
async def room(office: Office) -> Chatroom:
    room = Chatroom(office)
    room.figures.known = {"price:SEI:": Decimal("0.2")}
    await office.user()
    await office.agent()
    return room


@pytest.fixture
def ann(room: Chatroom) -> Visitor:
    return Visitor(room)


async def waiting(room: Chatroom) -> Dialogue | None:
    return await room.services.dialogues.load_dialogue(int(ANN), room.office.clock.now())


QUESTIONS = [
    ["quiet:home"],
    ["quiet:zone"],
    ["settings:slippage"],
    ["settings:cap:trade"],
    ["buy:ask:SEI"],
    ["alert:new", "alert:kind:price_above"],
]


@pytest.mark.parametrize("taps", QUESTIONS)
async def test_a_question_to_the_analyst_is_no_answer(
    room: Chatroom, ann: Visitor, taps: list[str]
):
    for tap in taps:
        await ann.send(tap)
    assert await waiting(room)
    await ann.say(QUESTION)
    assert QUESTION in room.office.brain.questions
    assert any("I leave what I asked; nothing was changed." in t for t in room.bot.texts)
    assert await waiting(room) is None


@pytest.mark.parametrize("taps", QUESTIONS)
async def test_a_wish_for_an_alert_is_no_answer(room: Chatroom, ann: Visitor, taps: list[str]):
    for tap in taps:
        await ann.send(tap)
    assert "SEI above $0.25" in await ann.say(ALERT)
    await ann.tap("Set it")
    (alert,) = room.alerts.alerts.values()
    assert KINDS.describe(alert.condition) == "SEI above $0.25"


@pytest.mark.parametrize("taps", QUESTIONS)
async def test_a_tap_elsewhere_ends_it(room: Chatroom, ann: Visitor, taps: list[str]):
    for tap in taps:
        await ann.send(tap)
    await ann.send("alerts:page:0")
    assert await waiting(room) is None
    await ann.say("20")
    assert room.office.brain.questions == ["20"], "and no answer to anything"


async def test_it_says_that_it_waits_no_longer(ann: Visitor):
    await ann.send("settings:cap:trade")
    await ann.send("price:one:SEI")
    assert ann.toast == "I no longer wait for your answer."
    await ann.send("price:one:SEI")
    assert ann.toast is None


@pytest.mark.parametrize("asks", ["settings:cap:trade", "settings:slippage", "quiet:zone"])
async def test_going_back_to_the_settings_changes_none(room: Chatroom, ann: Visitor, asks: str):
    before = room.office.records.users[ANN]
    await ann.send(asks)
    await ann.tap("Settings")
    assert ann.toast is None
    await ann.say("20")
    await ann.say("14:35")
    assert room.office.records.users[ANN] == before


async def test_quiet_hours_are_asked_for_until_they_are_saved(room: Chatroom, ann: Visitor):
    await ann.send("quiet:home")
    assert "write them like" in ann.text
    await ann.tap("22")
    assert await waiting(room) is None
    assert "write them like" not in ann.text
    await ann.tap("Write them")
    assert "23:00–06:00" in await ann.say("from 23:00 to 6")
    assert isinstance(room.office.records.users[ANN].quiet, QuietHours)
    assert await waiting(room) is None


async def test_a_card_stays_while_other_things_are_looked_at(room: Chatroom, ann: Visitor):
    await ann.say("/alert SEI above 0.25")
    card = dict(ann.buttons)
    await ann.send("price:one:SEI")
    await ann.send("alerts:page:0")
    await ann.send(card["✅ Set it"])
    assert len(room.alerts.alerts) == 1


async def test_a_wrong_answer_is_refused_and_asked_for_still(room: Chatroom, ann: Visitor):
    await ann.send("quiet:zone")
    for typed in ("atlantis", "new york?", "25:00", "middle earth"):
        assert (await ann.say(typed)).startswith("refused")
    assert "Berlin" in await ann.say("berlin")
    assert not room.office.brain.questions


async def test_whoever_insists_is_not_refused_for_ever(room: Chatroom, ann: Visitor):
    await ann.send("quiet:zone")
    said = "I really like this coin a lot"
    assert (await ann.say(said)).startswith("refused")
    await ann.say(said)
    assert room.office.brain.questions[-1] == said
    assert await waiting(room) is None


async def test_a_new_question_may_be_answered_wrongly_once_more(room: Chatroom, ann: Visitor):
    said = "I really like this coin a lot"
    for asks in ("quiet:zone", "settings:cap:trade", "settings:cap:day"):
        await ann.send(asks)
        assert (await ann.say(said)).startswith("refused")
    assert not room.office.brain.questions


async def test_free_words_are_an_answer_whatever_they_say(room: Chatroom, ann: Visitor):
    agent = next(iter(room.office.records.agents.values()))
    await ann.send(f"agents:edit:{agent.id}")
    await ann.say("Should you ever see SEI fall by 5%, alert me?")
    assert not room.office.brain.questions
    kept = next(iter(room.office.records.agents.values()))
    assert kept.instructions == "Should you ever see SEI fall by 5%, alert me?"


async def test_without_an_agent_a_question_changes_nothing(office: Office):
    room = Chatroom(office)
    await office.user()
    ann = Visitor(room)
    await ann.send("quiet:zone")
    assert "I do not know that place" in await ann.say(QUESTION)
    assert "Berlin" in await ann.say("berlin")


async def test_the_router_does_the_same(office: Office):
    town = await Town(office).move_in()
    await office.agent()
    await town.write(ANN, "/alert")
    said = town.message(ANN, "", 0) | {"chat": private(ANN)}
    await town.tap(ANN, "alert:kind:price_above", said)
    assert await waiting(town.room)
    assert await town.tap(ANN, "alerts:page:0", said) == "I no longer wait for your answer."
    assert await waiting(town.room) is None
    await town.tap(ANN, "alert:kind:price_above", said)
    await town.write(ANN, QUESTION)
    assert any("I leave what I asked" in text for text in town.bot.texts)
