"""Groups on the running service: rights, topics, kicks, moves, forged taps, two administrators."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.domain.alerts import Alert, AlertState, Place
from bot.local.telegram.world import GROUP, SIGNALS_TOPIC
from tests.e2e.hall import Hall, link_of
from tests.e2e.scene import Scene, scene
from tests.e2e.stage import PATIENCE_S, Message, buttons_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on(tmp_path_factory) -> AsyncIterator[Scene]:
    async with scene(tmp_path_factory.mktemp("groups")) as on:
        await on.ada.comes_in()
        yield on


@pytest_asyncio.fixture(loop_scope="module")
async def hall(on: Scene) -> AsyncIterator[Hall]:
    """The topic "Signals", with nothing set up, the bot a member and Ada alone in charge."""
    yield Hall(on)
    hall, groups = Hall(on), on.telegram.groups
    for alert in await hall.alerts():
        await on.service.services.alerts.stop_place(alert.place, topic_only=False)
    for person in (on.ann, on.bo):
        await on.service.services.alerts.stop_place(Place(person.id), topic_only=False)
        groups.set_member(on.ada.id, GROUP, person.id, "member")
    if on.telegram.world.chats[GROUP].members[on.telegram.world.bot.id] != "member":
        groups.set_bot(on.ada.id, GROUP, "member")


async def until_left(hall: Hall, *kept: Alert) -> None:
    """Wait until nothing but these is set up in the group; people are told just before."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if [alert.id for alert in await hall.alerts()] == [alert.id for alert in kept]:
                return
            await asyncio.sleep(0.02)


async def told_of_loss(on: Scene, after: int) -> Message:
    return await on.ada.sees("📪", after=after)


async def test_an_alert_rings_in_its_topic_and_goes_along_in_private(on: Scene, hall: Hall) -> None:
    _, alert = await hall.subscribes(on.ada, "1.02")
    assert alert.place == Place(GROUP, SIGNALS_TOPIC)
    card = await hall.sees("Set by Ada")
    link = link_of(card, "Tell me privately")
    confirmed = await on.bo.say(f"/start {link}")
    assert "SEI above" in text_of(confirmed)
    (mine,) = await hall.alerts_of(on.bo)
    assert (mine.condition, mine.place) == (alert.condition, Place(on.bo.id))
    await hall.moves("1.03")
    rung = await hall.sees("SEI $", "When armed", after=card["message_id"])
    await on.bo.sees("SEI $", "When armed", after=confirmed["message_id"])
    assert link_of(rung, "Also to me") == link
    assert len([m for m in hall.messages if "When armed" in text_of(m)]) == 1
    (after,) = await hall.alerts()
    assert after.standing.state is AlertState.RESTING, "groups are told every time"


async def test_members_and_forged_taps_change_nothing(on: Scene, hall: Hall) -> None:
    assert "Only administrators" in text_of(await hall.ask(on.bo, "/alert SEI above 1"))
    card, alert = await hall.subscribes(on.ada, "1.5")
    for data in (
        f"alerts:off:{alert.id}",
        f"alerts:delete:{alert.id}:0",
        f"alerts:pause:{alert.id}:0",
        f"alerts:snooze:{alert.id}:60",
        "subscribe:at:08:00",
        "alert:gno",
    ):
        assert "Only administrators" in await hall.forge(on.bo, card, data), data
    elsewhere = on.telegram.groups.create_group(on.bo.id, "Bo's own")["id"]
    on.telegram.groups.set_bot(on.bo.id, elsewhere, "member")
    own = Hall(on, elsewhere, None)
    greeting = await own.sees("/subscribe")
    for data in (f"alerts:off:{alert.id}", f"alerts:snooze:{alert.id}:60"):
        assert "not yours" in await own.forge(on.bo, greeting, data)
    assert await hall.alerts() == [alert]
    in_private = await on.bo.say("/help")
    on.telegram.persons.press_data(on.bo.id, in_private["message_id"], f"alerts:off:{alert.id}")
    await on.bo.sees("not yours", after=in_private["message_id"])
    assert await hall.alerts() == [alert]


async def test_two_administrators_each_confirm_their_own(on: Scene, hall: Hall) -> None:
    on.telegram.groups.set_member(on.ada.id, GROUP, on.ann.id, "administrator")
    card = await hall.ask(on.ada, "/alert SEI above 1")
    assert "Only whoever asked" in await hall.tap(on.ann, card, "Set it")
    await hall.tap(on.ada, card, "Set it")
    listed = await hall.ask(on.ann, "/alerts")
    await hall.tap(on.ann, listed, "Manage")
    await hall.tap(on.ann, listed, "⏸ 1")
    (alert,) = await hall.alerts()
    assert alert.standing.state is AlertState.PAUSED
    on.telegram.groups.set_member(on.ada.id, GROUP, on.ann.id, "member")
    assert "Only administrators" in await hall.tap(on.ann, listed, "🗑 1")
    await hall.tap(on.ada, listed, "🗑 1")
    assert not await hall.alerts()


async def test_an_anonymous_administrator_is_asked_to_be_themselves(on: Scene, hall: Hall) -> None:
    sent = on.telegram.groups.send_anonymously(on.ada.id, "/alerts", GROUP, SIGNALS_TOPIC)
    await hall.sees("post as yourself", after=sent["message_id"])


@pytest.mark.parametrize("status", ["kicked", "left", "restricted"])
async def test_a_lost_group_is_told_once_and_greeted_when_back(
    on: Scene, hall: Hall, status: str
) -> None:
    await hall.subscribes(on.ada, "1.5")
    seen = on.ada.last["message_id"]
    on.telegram.persons.set_bot_status(on.ada.id, GROUP, status)
    notice = await told_of_loss(on, seen)
    reason = "may not write" if status == "restricted" else "was removed"
    assert "1 alert that you set up in Sei Traders ended" in text_of(notice)
    assert reason in text_of(notice)
    await until_left(hall)
    said = len(on.telegram.messages(GROUP))
    on.telegram.persons.set_bot_status(on.ada.id, GROUP, "member")
    if status != "restricted":
        await Hall(on, thread=None).sees("/subscribe", after=notice["message_id"])
    await on.ada.say("/help")
    assert len([m for m in on.ada.messages if "📪" in text_of(m) and m["message_id"] > seen]) == 1
    assert len(on.telegram.messages(GROUP)) <= said + 2


async def test_promotions_and_demotions_lose_nothing(on: Scene, hall: Hall) -> None:
    _, alert = await hall.subscribes(on.ada, "1.5")
    before = len(on.telegram.messages(GROUP))
    for status in ("administrator", "member"):
        on.telegram.groups.set_bot(on.ada.id, GROUP, status)
    await on.ada.say("/help")
    assert await hall.alerts() == [alert]
    assert len(on.telegram.messages(GROUP)) == before


async def test_a_deleted_topic_is_told_once_when_something_should_ring_there(
    on: Scene, hall: Hall
) -> None:
    created = on.telegram.groups.create_topic(on.ada.id, GROUP, "Night shift")
    topic = Hall(on, thread=created["message_thread_id"])
    await topic.subscribes(on.ada, "1.02")
    _, kept = await hall.subscribes(on.ada, "3")
    seen = on.ada.last["message_id"]
    on.telegram.groups.delete_topic(on.ada.id, GROUP, created["message_thread_id"])
    await hall.moves("1.03")
    notice = await told_of_loss(on, seen)
    assert "topic is gone" in text_of(notice)
    await until_left(hall, kept)


async def test_a_supergroup_takes_its_alerts_along(on: Scene, hall: Hall) -> None:
    old = on.telegram.groups.create_group(on.ada.id, "Upwards")["id"]
    on.telegram.groups.set_bot(on.ada.id, old, "member")
    before = Hall(on, old, None)
    await before.sees("/subscribe")
    await before.subscribes(on.ada, "1.02")
    seen = on.ada.last["message_id"]
    new = on.telegram.groups.upgrade(on.ada.id, old)["id"]
    after = Hall(on, new, None)
    await hall.moves("1.03")
    await after.sees("SEI $", "When armed")
    await on.ada.say("/help")
    assert not [m for m in on.ada.messages if "📪" in text_of(m) and m["message_id"] > seen]
    assert len([m for m in after.messages if "When armed" in text_of(m)]) == 1


async def test_who_blocks_the_bot_is_told_when_back(on: Scene, hall: Hall) -> None:
    card, _ = await hall.subscribes(on.ada, "1.5")
    await on.bo.say(f"/start {link_of(card, 'Tell me privately')}")
    assert len(await hall.alerts_of(on.bo)) == 1
    seen = on.bo.last["message_id"]
    on.telegram.block(on.bo.id)
    on.telegram.persons.set_blocked(on.bo.id, blocked=False)
    await on.bo.sees("Welcome back", after=seen)
    assert not await hall.alerts_of(on.bo)
    assert len(await hall.alerts()) == 1


async def test_a_public_agents_decision_reaches_topic_and_follower(on: Scene, hall: Hall) -> None:
    agent = await on.agent_of(on.ann)
    card = await on.ann.press(await on.ann.say("/agents"), "Alpha")
    await on.ann.press(card, "Make public")
    card = await on.ann.press(card, "Make public")
    assert "everybody may follow" in text_of(card)
    menu = await hall.ask(on.ada, "/subscribe")
    await hall.tap(on.ada, menu, "Signals of public agents")
    await hall.tap(on.ada, menu, f"#{agent.id}")
    followed = await on.bo.say(f"/start sig_{agent.id}")
    assert "You follow" in text_of(followed)
    asked = await on.ann.say("Should I buy SEI now?")
    assert asked.get("photo")
    signal = await hall.sees("📣", "Alpha", after=menu["message_id"])
    assert "Should I" not in text_of(signal)
    assert "trade" in text_of(signal)
    await on.bo.sees("📣", "Alpha", "Entry", after=followed["message_id"])
    offer = await on.ann.say("/buy SEI $5")
    await on.ann.press(offer, "Confirm")
    trade = await hall.sees("📣", "Alpha bought SEI at", after=signal["message_id"])
    assert "1 trade" in text_of(trade)
    assert "$5" not in text_of(trade)
    await on.bo.sees("📣", "Alpha bought SEI at", after=followed["message_id"])
    await on.ann.press(card, "Make private")
    await hall.sees("private again", after=signal["message_id"])
    await on.bo.sees("private again", after=followed["message_id"])


async def test_a_daily_summary_comes_to_the_topic(on: Scene, hall: Hall) -> None:
    menu = await hall.ask(on.ada, "/subscribe")
    await hall.tap(on.ada, menu, "Daily summary")
    await hall.tap(on.ada, menu, "08:00")
    assert "Daily digest at 08:00" in text_of(await hall.sees("What I tell", after=0))
    await on.time_passes(hours=25)
    await hall.sees("24", after=menu["message_id"])


async def test_the_menu_of_groups_lists_what_works_there(on: Scene, hall: Hall) -> None:
    listed = on.telegram.world.bot.commands["all_group_chats:"]
    assert [command["command"] for command in listed] == ["alert", "alerts", "subscribe", "start"]
    asked = await hall.ask(on.bo, "/subscribe")
    assert "What I tell this topic" in text_of(asked)
    assert not buttons_of(asked)
