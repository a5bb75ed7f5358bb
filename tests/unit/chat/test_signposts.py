"""Plain words about alerts, and plain words where there is no agent to answer them."""

from decimal import Decimal

import pytest

from tests.unit.chat.chatroom import Chatroom
from tests.unit.chat.groups.visitor import COMMANDS, Visitor
from tests.unit.services.office import Office


@pytest.fixture
async def room(office: Office) -> Chatroom:
    room = Chatroom(office)
    room.figures.known = {"price:SEI:": Decimal("0.2")}
    await office.user()
    return room


@pytest.fixture
def ann(room: Chatroom) -> Visitor:
    return Visitor(room)


def all_buttons_work(ann: Visitor) -> bool:
    names = [data.split(":")[:2] for data in ann.buttons.values()]
    return bool(names) and all(action in COMMANDS[name].taps for name, action in names)


@pytest.mark.parametrize(
    "said",
    [
        "9",
        "22:16",
        "22:00 to 22:00",
        "23-7",
        "$0.25",
        "2 hours",
        "don't alert me if sei falls below 0.2",
        "don\u2019t ping me about SEI",
        "stop alerting me about SEI",
        "tell me the price of SEI every day at 9",
        "Sag mir Bescheid, wenn SEI unter 0,2 fällt",
        "Weck mich, wenn Bitcoin fällt",
        "avísame cuando SEI baje de 0.2",
    ],
)
async def test_without_an_agent_words_about_alerts_lead_to_them(
    room: Chatroom, ann: Visitor, said: str
):
    text = await ann.say(said)
    assert "/alert " in text
    assert "/alerts" in text
    assert {"alert:new", "alerts:page:0"} <= set(ann.buttons.values())
    assert all_buttons_work(ann)
    assert not room.alerts.alerts


@pytest.mark.parametrize("said", ["should I buy SEI?", "hello there", "buy 100 SEI"])
async def test_without_an_agent_it_says_what_works(ann: Visitor, said: str):
    text = await ann.say(said)
    assert "You have no agent yet" in text
    assert "/alert" in text
    assert "/price" in text
    assert "agents:new" in ann.buttons.values()
    assert all_buttons_work(ann)


MANAGING = [
    "pause all my alerts",
    "what alerts do I have?",
    "snooze my alerts for 2 hours",
    "please delete the SEI alert",
    "stop the daily digest",
    "stop alerting me about SEI",
]


@pytest.mark.parametrize("said", MANAGING)
@pytest.mark.parametrize("before", ["", "/alert", "/alert SEI above 0.25", "/quiet"])
@pytest.mark.parametrize("agent", [True, False])
async def test_what_shall_become_of_alerts_leads_to_the_list(
    room: Chatroom, ann: Visitor, said: str, before: str, *, agent: bool
):
    if agent:
        await room.office.agent()
    if before:
        await ann.say(before)
    assert "/alerts shows yours" in await ann.say(said)
    assert "alerts:page:0" in ann.buttons.values()
    assert not room.office.brain.questions
    assert not room.alerts.alerts


@pytest.mark.parametrize(
    "said",
    [
        "what moves SEI today?",
        "should I sell?",
        "what warnings are there about SEI?",
        "show me a digest of the market",
        "stop the losses of SEI",
        "22:16",
    ],
)
async def test_other_questions_are_for_the_analyst(room: Chatroom, ann: Visitor, said: str):
    await room.office.agent()
    await ann.say(said)
    assert room.office.brain.questions == [said]
