"""Nobody uses up what a group may be told: to one who asks on and on the bot is silent."""

import pytest

from tests.unit.chat.groups.test_door import alerts_of
from tests.unit.chat.groups.town import CY, GROUP, OTHER_GROUP, Town
from tests.unit.services.office import ANN, BO, Office


@pytest.fixture
async def town(office: Office) -> Town:
    return await Town(office).move_in()


PROVOKED = (
    ("/alert SEI above 0.3{}", "Only administrators"),
    ("/alert", "Only administrators"),
    ("/alerts", "Nothing is set up"),
    ("/subscribe", "What I tell"),
    ("/buy SEI 2{}", "in private only"),
    ("@SeiTraderBot shall I buy {}?", "in private only"),
    ("@SeiTraderBot tell us when SEI is above 0.3{}", "set one for yourself"),
    ("/alert 0x" + "ab" * 31 + "a{}", "everybody here can read it"),
)


@pytest.mark.parametrize(("text", "answer"), PROVOKED)
async def test_a_member_is_answered_once_a_minute(town: Town, text: str, answer: str) -> None:
    for number in range(40):
        await town.say(CY, text.format(number % 10))
    assert len(town.bot.sent) == 1
    assert answer in town.last
    town.office.clock.jump(59)
    await town.say(CY, text.format(0))
    assert len(town.bot.sent) == 1
    town.office.clock.jump(1)
    await town.say(CY, text.format(0))
    assert len(town.bot.sent) == 2


async def test_a_channel_is_answered_once_a_minute(town: Town) -> None:
    channel = {"id": -900, "type": "channel", "title": "News"}
    for _ in range(40):
        await town.say(CY, "/alert SEI above 0.3", sender_chat=channel)
    assert len(town.bot.sent) == 1
    assert "post as yourself" in town.last


async def test_a_newcomer_is_asked_for_the_terms_once_a_minute(town: Town) -> None:
    for _ in range(40):
        await town.say(77, "/alerts")
    assert len(town.bot.sent) == 1
    assert "accept my terms" in town.last


async def test_others_and_other_groups_are_answered_meanwhile(town: Town) -> None:
    for _ in range(40):
        await town.say(CY, "/alert SEI above 0.3")
    await town.say(CY, "/subscribe")
    assert "What I tell this topic" in town.last
    await town.say(BO, "/alerts")
    assert "Nothing is set up" in town.last
    message = town.message(CY, "/alerts", chat=OTHER_GROUP)
    await town.update(message=message)
    assert town.bot.sent[-1]["chat_id"] == OTHER_GROUP


async def test_administrators_are_always_answered(town: Town) -> None:
    for _ in range(40):
        await town.say(CY, "/alert SEI above 0.3")
    for number in range(11, 26):
        asked = await town.say(ANN, f"/alert SEI above 0.3{number}")
        assert f"SEI above $0.3{number}".rstrip("0") in town.last
        await town.tap(ANN, town.buttons()["✅ Set it"], town.card(asked))
    assert len(alerts_of(town)) == 15
    for _ in range(3):
        said = len(town.bot.sent)
        await town.say(ANN, "@SeiTraderBot shall I buy?")
        assert len(town.bot.sent) == said + 1


async def test_anonymous_administrators_are_always_told_why(town: Town) -> None:
    group = {"id": GROUP, "type": "supergroup", "title": "Traders"}
    for number in range(1, 4):
        await town.say(ANN, "/alerts", sender_chat=group)
        assert len(town.bot.sent) == number


async def test_many_members_together_leave_room_for_others(town: Town) -> None:
    for person in range(1_000, 1_040):
        await town.say(person, "/alert SEI above 0.3")
        await town.say(person, "/buy SEI 25")
    assert len(town.bot.sent) == 10
    await town.say(ANN, "/alert SEI above 0.3")
    assert "SEI above $0.3" in town.last
