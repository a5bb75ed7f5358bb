"""Where the bot is let in and shown the door: told once, stopped, or moved along."""

from typing import Any

import pytest
from telegram.error import ChatMigrated, Forbidden

from bot.chat.notices import render_notice
from bot.chat.view import bare
from bot.domain.alerts import Place
from bot.ports.groups import Group
from tests.unit.chat.groups.test_door import alerts_of, is_set
from tests.unit.chat.groups.town import CY, GROUP, TOPIC, Town, group, private
from tests.unit.services.office import ANN, Office

NEW = -100_500


@pytest.fixture
async def town(office: Office) -> Town:
    return await Town(office).move_in()


async def test_a_group_that_adds_it_is_greeted_once(town: Town) -> None:
    await town.stands("left", "member")
    assert "/subscribe" in town.last
    assert "administrator" in town.last
    assert await town.room.groups.load_group(GROUP) == Group(GROUP, "Traders")
    said = len(town.bot.sent)
    await town.stands("left", "member")
    await town.stands("member", "administrator")
    await town.stands("administrator", "member")
    assert len(town.bot.sent) == said, "promotions are not worth a word"
    await town.stands("member", "kicked")
    await town.stands("kicked", "member")
    assert len(town.bot.sent) == said + 1, "it was gone, and is back"
    assert "Welcome back" in town.last
    assert "administrator has to set it again" in town.last
    await town.stands("member", "restricted")
    await town.stands("restricted", "member")
    assert len(town.bot.sent) == said + 2, "nor could it say what had ended"
    assert "Welcome back" in town.last


@pytest.mark.parametrize(
    ("now", "rights", "reason"),
    [
        ("kicked", {}, "kicked"),
        ("left", {}, "kicked"),
        ("restricted", {}, "no_rights"),
        ("restricted", {"is_member": False}, "kicked"),
    ],
)
async def test_a_lost_group_is_told_to_who_set_it_up(
    town: Town, now: str, rights: dict[str, Any], reason: str
) -> None:
    await town.stands("left", "member")
    await is_set(town)
    for _ in range(2):
        await town.stands("member", now, **rights)
    (notice,) = town.notices("place_lost")
    assert (notice.chat_id, notice.data["reason"]) == (ANN, reason)
    text = bare((await render_notice(town.room.services, notice)).text)
    assert "1 alert that you set up in Traders ended" in text
    assert not alerts_of(town)


async def test_a_restriction_that_lets_it_write_loses_nothing(town: Town) -> None:
    await is_set(town)
    await town.stands("member", "restricted", can_send_messages=True)
    assert len(alerts_of(town)) == 1
    assert not town.notices("place_lost")


async def test_a_group_becomes_a_supergroup_once(town: Town) -> None:
    await is_set(town)
    said = len(town.bot.sent)
    old = town.message(ANN, "", 0) | {"migrate_to_chat_id": NEW}
    new = town.message(ANN, "", 0, chat=NEW) | {"migrate_from_chat_id": GROUP}
    for message in (old, new, old):
        await town.update(message={k: v for k, v in message.items() if k != "text"})
    (alert,) = alerts_of(town)
    assert alert.place == Place(NEW, TOPIC)
    assert not town.notices("place_lost")
    assert len(town.bot.sent) == said


async def test_leaving_an_old_group_that_has_moved_loses_nothing(town: Town) -> None:
    await is_set(town)
    town.bot.fails = ChatMigrated(NEW)
    await town.stands("member", "left", group(kind="group"))
    (alert,) = alerts_of(town)
    assert alert.place == Place(NEW, TOPIC)


async def test_leaving_an_old_group_that_has_not_moved_loses_it(town: Town) -> None:
    await is_set(town)
    town.bot.fails = Forbidden("bot was kicked from the group chat")
    await town.stands("member", "kicked", group(kind="group"))
    assert not alerts_of(town)
    assert len(town.notices("place_lost")) == 1


async def test_who_blocks_it_loses_their_own_and_hears_so_when_back(town: Town) -> None:
    shared = await is_set(town)
    await town.write(CY, f"/start sub_{shared.share}")
    assert len(alerts_of(town)) == 2
    await town.stands("member", "kicked", private(CY))
    assert alerts_of(town) == [shared]
    assert not town.notices("place_lost")
    await town.stands("kicked", "member", private(CY))
    assert "Welcome back" in town.last
    assert town.bot.sent[-1]["chat_id"] == CY


async def test_who_comes_back_and_has_lost_nothing_hears_nothing(town: Town) -> None:
    said = len(town.bot.sent)
    for before, after in (("member", "kicked"), ("kicked", "member")):
        await town.stands(before, after, private(CY))
    assert len(town.bot.sent) == said


async def test_channels_are_none_of_its_business(town: Town) -> None:
    said = len(town.bot.sent)
    channel = {"id": -300, "type": "channel", "title": "News"}
    await town.stands("left", "administrator", channel)
    await town.stands("administrator", "kicked", channel)
    assert len(town.bot.sent) == said
    assert not town.room.groups.groups


async def test_a_lost_topic_and_unknown_titles_read_well(town: Town) -> None:
    await is_set(town)
    await is_set(town, "SEI below 0.2")
    town.room.groups.groups.clear()
    await town.room.services.lose_chat.lose(GROUP, TOPIC, "topic_gone")
    (notice,) = town.notices("place_lost")
    text = bare((await render_notice(town.room.services, notice)).text)
    assert "2 alerts that you set up in a topic of a group ended: that topic is gone" in text


async def test_what_ended_is_named_with_its_topics(town: Town) -> None:
    created = {"name": "<Calls>", "icon_color": 1}
    made = town.message(ANN, "", 8) | {"forum_topic_created": created}
    answered = {**made, "message_id": 8, "message_thread_id": TOPIC}
    answered["forum_topic_created"] = created | {"name": "Signals"}
    await town.update(message={k: v for k, v in made.items() if k != "text"})
    asked = await town.say(ANN, "/alert SEI above 0.25", reply_to_message=answered)
    await town.tap(ANN, town.buttons()["✅ Set it"], town.card(asked))
    asked = await town.say(ANN, "/alert daily digest at 08:00", 8)
    await town.tap(ANN, town.buttons()["✅ Set it"], town.card(asked, 8))
    renamed = town.message(ANN, "", 8) | {"forum_topic_edited": {"name": "Calls"}}
    await town.update(message={k: v for k, v in renamed.items() if k != "text"})
    for line in range(5):
        asked = await town.say(ANN, f"/alert SEI below 0.1{line}", 0)
        await town.tap(ANN, town.buttons()["✅ Set it"], town.card(asked, 0))
    await town.stands("member", "kicked")
    (notice,) = town.notices("place_lost")
    text = bare((await render_notice(town.room.services, notice)).text)
    assert "6 alerts and 1 market summary that you set up in Traders ended" in text
    assert "• SEI above $0.25, in Signals\n• Daily digest at 08:00, in Calls\n" in text
    assert "• SEI below $0.1\n" in text
    assert "• and 2 more" in text


async def test_a_lost_topic_is_called_by_its_name(town: Town) -> None:
    await is_set(town)
    await town.room.services.lose_chat.note_topic(GROUP, TOPIC, "Sig<nals")
    await town.room.services.lose_chat.lose(GROUP, TOPIC, "topic_gone")
    (notice,) = town.notices("place_lost")
    view = await render_notice(town.room.services, notice)
    assert "Sig&lt;nals" in view.text
    text = bare(view.text)
    assert "1 alert that you set up in the topic Sig<nals of Traders ended" in text
    assert "• SEI above $0.25\n" in text


async def test_titles_are_kept_up(town: Town) -> None:
    await town.say(ANN, "/alerts")
    assert await town.room.groups.load_group(GROUP) == Group(GROUP, "Traders")
    renamed = {"id": GROUP, "type": "supergroup", "title": "<Sei> Traders"}
    await town.say(ANN, "/alerts", chat=renamed)
    assert await town.room.groups.load_group(GROUP) == Group(GROUP, "<Sei> Traders")
