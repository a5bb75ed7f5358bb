"""Cards that are over lose their buttons; and which agent an alert is about."""

import pytest

from bot.domain.alerts import Alert
from bot.domain.people import AgentState
from tests.unit.chat.chatroom import Chatroom
from tests.unit.chat.groups.visitor import Visitor
from tests.unit.services.office import BO, Office


@pytest.fixture
async def room(office: Office) -> Chatroom:
    await office.user()
    return Chatroom(office)


@pytest.fixture
def ann(room: Chatroom) -> Visitor:
    return Visitor(room)


def alerts_of(room: Chatroom) -> list[Alert]:
    return [alert for alert in room.alerts.alerts.values() if alert.is_active]


@pytest.mark.parametrize(
    "then",
    ["/alert SEI above 0.3", "SEI above 0.3", "0.3", "yes", "no", "/alerts", "how are you today?"],
)
async def test_the_card_loses_its_buttons_when_it_is_over(
    room: Chatroom, ann: Visitor, office: Office, then: str
):
    await office.agent()
    await ann.say("/help")
    await ann.say("/alert SEI above 0.25")
    card = len(room.bot.sent)
    assert not room.bot.disarmed
    await ann.say(then)
    assert room.bot.disarmed[0] == card
    assert room.bot.disarmed.count(card) == 1


async def test_the_card_that_is_tapped_keeps_its_place(room: Chatroom, ann: Visitor):
    await ann.say("/alert SEI above 0.25")
    await ann.tap("Every time")
    await ann.tap("Change")
    await ann.tap("Back")
    await ann.tap("Set it")
    assert not room.bot.disarmed
    assert len(alerts_of(room)) == 1


async def test_one_that_has_run_out_loses_them_too(room: Chatroom, ann: Visitor, office: Office):
    await ann.say("/alert SEI above 0.25")
    office.clock.jump(16 * 60)
    await ann.say("/alert SEI above 0.3")
    assert room.bot.disarmed == [1]


@pytest.mark.parametrize(
    ("words", "about"),
    [
        ("balance of SEI above 1 for agent Bobot", "Bobot"),
        ("balance of SEI above 1 in bobot", "Bobot"),
        ("balance of SEI above 1", "Alpha"),
        ("balance of SEI above 1 for agent alpha", "Alpha"),
    ],
)
async def test_an_alert_is_about_the_agent_that_is_named(
    room: Chatroom, ann: Visitor, office: Office, words: str, about: str
):
    made = {agent.name: agent for agent in [await office.agent(), await office.agent("Bobot")]}
    assert f"🤖 {about}" in await ann.say(f"/alert {words}")
    assert f"🤖 {about}" in await ann.tap("Set it")
    (alert,) = alerts_of(room)
    assert alert.condition.agent_id == made[about].id


async def test_an_agent_that_is_not_there_is_refused(room: Chatroom, ann: Visitor, office: Office):
    await office.agent()
    await office.agent("Bobot", BO)
    said = await ann.say("/alert balance of SEI above 1 for agent Bobot")
    assert said == "refused: You have no agent called Bobot. Yours: Alpha."
    assert not alerts_of(room)


async def test_alerts_end_with_the_agent_that_they_watch(
    room: Chatroom, ann: Visitor, office: Office
):
    agent, other = await office.agent(), await office.agent("Bobot")
    for words in ("any deposit of SEI", "SEI balance above 5", "SEI balance above 5 in Bobot"):
        await ann.say(f"/alert {words}")
        await ann.tap("Set it")
    first = alerts_of(room)[0]
    await ann.send(f"agents:delete:{agent.id}")
    said = await ann.tap("Delete")
    assert said == "🗑 🤖 Alpha is deleted. Its escrow stays its owner's. 2 alerts on it ended."
    assert office.agent_now(agent).state is AgentState.CLOSED
    (left,) = alerts_of(room)
    assert left.condition.agent_id == other.id
    assert "Any deposit" not in await ann.say("/alerts")
    assert "it was deleted" in await ann.send(f"alerts:restore:{first.id}:0")
    await ann.send(f"agents:delete:{other.id}")
    assert (await ann.tap("Delete")).endswith("1 alert on it ended.")
