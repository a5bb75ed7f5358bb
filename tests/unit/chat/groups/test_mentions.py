"""A sentence with the bot's name, from an administrator: as good as `/alert`."""

from decimal import Decimal

import pytest

from tests.unit.chat.groups.test_door import alerts_of
from tests.unit.chat.groups.town import CY, GROUP, TOPIC, Town
from tests.unit.services.office import ANN, BO, Office

SAID = (
    "@SeiTraderBot wake us if SEI falls 5% in an hour",
    "wake us if SEI falls 5% in an hour, @seitraderbot",
    "@SeiTraderBot, tell us when SEI falls 5% in an hour",
    "@SeiTraderBot\nplease ping us if SEI falls 5% in an hour",
)


@pytest.fixture
async def town(office: Office) -> Town:
    made = await Town(office).move_in()
    made.room.figures.known["fall:SEI:1h"] = Decimal(1)
    return made


@pytest.mark.parametrize("text", SAID)
async def test_it_becomes_the_card_of_the_alert(town: Town, text: str) -> None:
    asked = await town.say(ANN, text)
    assert "5 %" in town.last
    assert town.bot.sent[-1]["message_thread_id"] == TOPIC
    data = town.buttons()["✅ Set it"]
    assert "Only whoever asked" in await town.tap(BO, data, town.card(asked))
    await town.tap(ANN, data, town.card(asked))
    (alert,) = alerts_of(town)
    assert (alert.condition.threshold, alert.condition.window) == (Decimal(-5), "1h")
    assert alert.place.chat_id == GROUP


async def test_a_member_is_pointed_to_the_private_chat(town: Town) -> None:
    await town.say(CY, SAID[0])
    assert "Only administrators of this group can set alerts here" in town.last
    assert "set one for yourself" in town.last
    assert set(town.buttons()) == {"Open our private chat"}


@pytest.mark.parametrize(
    "text",
    [
        "@SeiTraderBot should I buy SEI?",
        "@SeiTraderBot what is the price?",
        "@SeiTraderBot",
    ],
)
async def test_what_is_no_alert_is_for_private(town: Town, text: str) -> None:
    await town.say(ANN, text)
    assert "in private only" in town.last


@pytest.mark.parametrize(
    "text",
    [
        "tell us when SEI falls 5% in an hour",
        "@SeiTraderBot2 wake us if SEI falls 5% in an hour",
        "/ban@OtherBot @SeiTraderBot wake us if SEI falls 5% in an hour",
    ],
)
async def test_what_is_said_to_others_is_left_to_them(town: Town, text: str) -> None:
    await town.say(ANN, text)
    assert not town.bot.sent


async def test_words_that_no_alert_can_be_made_of_are_explained(town: Town) -> None:
    await town.say(ANN, "@SeiTraderBot wake us if NOSUCH falls 5% in an hour")
    assert "NOSUCH" in town.last


async def test_terms_come_first(town: Town) -> None:
    town.bot.statuses[GROUP, 77] = "administrator"
    await town.say(77, SAID[0])
    assert "accept my terms" in town.last
