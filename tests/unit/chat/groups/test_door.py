"""Groups: who may do what there, by word and by tap."""

from datetime import timedelta
from decimal import Decimal

import pytest
from telegram.error import TimedOut

from bot.domain.alerts import Alert, AlertState, Place, Repeat
from tests.unit.chat.groups.town import CY, GROUP, OTHER_GROUP, TOPIC, Json, Town
from tests.unit.services.office import ANN, BO, Office

HERE = Place(GROUP, TOPIC)


@pytest.fixture
async def town(office: Office) -> Town:
    return await Town(office).move_in()


def alerts_of(town: Town) -> list[Alert]:
    return [alert for alert in town.room.alerts.alerts.values() if alert.is_active]


async def ask(town: Town, person: int = ANN, words: str = "SEI above 0.25") -> tuple[Json, str]:
    """An administrator asks for an alert: the card, and what its Set it sends."""
    asked = await town.say(person, f"/alert {words}")
    return town.card(asked), town.buttons()["✅ Set it"]


async def is_set(town: Town, words: str = "SEI above 0.25") -> Alert:
    card, data = await ask(town, words=words)
    await town.tap(ANN, data, card)
    return alerts_of(town)[-1]


async def test_an_administrator_sets_an_alert_in_a_topic(town: Town) -> None:
    card, data = await ask(town)
    assert "SEI above $0.25" in town.last
    assert town.bot.sent[-1]["message_thread_id"] == TOPIC
    assert (
        town.bot.sent[-1]["reply_parameters"].message_id == card["reply_to_message"]["message_id"]
    )
    assert not alerts_of(town), "it is only a card yet"
    await town.tap(ANN, data, card)
    (alert,) = alerts_of(town)
    assert (alert.place, alert.user_id) == (HERE, ANN)
    assert "Set by Ann" in town.last_edit
    share = town.buttons(edited=True)["🔔 Tell me privately"]
    assert share == f"https://t.me/SeiTraderBot?start=sub_{alert.share}"
    await town.tap(ANN, data, card)
    assert len(alerts_of(town)) == 1, "a double tap sets one"


async def test_groups_are_told_every_time_unless_once_is_said(town: Town) -> None:
    assert (await is_set(town)).repeat is Repeat.EVERY
    assert "Rings every time" in town.last
    assert (await is_set(town, "SEI below 0.2 once")).repeat is Repeat.ONCE


@pytest.mark.parametrize("text", ["/alert SEI above 0.25", "/alert"])
async def test_a_member_sets_nothing(town: Town, text: str) -> None:
    await town.say(CY, text)
    assert "Only administrators" in town.last
    assert not town.buttons()


async def test_a_member_taps_nothing(town: Town) -> None:
    card, data = await ask(town)
    alert = await is_set(town, "SEI below 0.2")
    edited = len(town.bot.edited)
    taps = [data, "alert:gno", "subscribe:daily", "subscribe:at:08:00", "subscribe:menu"]
    taps += [f"alerts:{what}:{alert.id}:0" for what in ("pause", "resume", "delete", "off")]
    taps += [f"alerts:snooze:{alert.id}:60", "alerts:manage:0", "subscribe:follow:1:0"]
    for tap in taps:
        assert "Only administrators" in await town.tap(CY, tap, card), tap
    assert [a.standing.state for a in alerts_of(town)] == [AlertState.ARMED]
    assert len(town.bot.edited) == edited


async def test_only_who_asked_confirms_and_only_while_in_office(town: Town) -> None:
    card, data = await ask(town)
    assert "Only whoever asked" in await town.tap(BO, data, card)
    assert "Only whoever asked" in await town.tap(BO, "alert:gno", card)
    town.bot.statuses[GROUP, ANN] = "member"
    assert "Only administrators" in await town.tap(ANN, data, card)
    assert not alerts_of(town)
    town.bot.statuses[GROUP, ANN] = "administrator"
    await town.tap(ANN, data, card)
    assert len(alerts_of(town)) == 1


async def test_rights_are_asked_at_every_action(town: Town) -> None:
    alert = await is_set(town)
    for expected in range(3):
        before = town.bot.asked
        await town.tap(ANN, f"alerts:pause:{alert.id}:0", town.card())
        assert town.bot.asked > before, expected


async def test_a_card_commits_to_the_words_it_shows(town: Town) -> None:
    card, data = await ask(town)
    changed = {**card["reply_to_message"], "text": "/alert SEI above 0.01"}
    forged = {**card, "reply_to_message": changed}
    assert "has changed" in await town.tap(ANN, data, forged)
    gone = {name: value for name, value in card.items() if name != "reply_to_message"}
    assert "is gone" in await town.tap(ANN, data, gone)
    assert not alerts_of(town)


WRITTEN = (
    "/Alert SEI above 0.25",
    "/ALERT@seitraderbot  SEI above .25 ",
    "/alert\nSEI above 0.25",
)


@pytest.mark.parametrize("text", WRITTEN)
async def test_a_card_knows_its_message_however_it_is_written(town: Town, text: str) -> None:
    card = town.card(await town.say(ANN, text))
    data = town.buttons()["✅ Set it"]
    await town.tap(ANN, "alert:gno", card)
    assert "Nothing was set" in town.last_edit
    await town.tap(ANN, data, card)
    (alert,) = alerts_of(town)
    assert alert.condition.threshold == Decimal("0.25")


async def test_a_card_does_not_answer_another_command(town: Town) -> None:
    _, data = await ask(town)
    other = await town.say(ANN, "/alerts SEI above 0.25")
    assert "is gone" in await town.tap(ANN, data, town.card(other))
    assert not alerts_of(town)


async def test_cancelling_sets_nothing(town: Town) -> None:
    card, _ = await ask(town)
    await town.tap(ANN, "alert:gno", card)
    assert "Nothing was set" in town.last_edit
    assert not alerts_of(town)


async def test_another_groups_alert_obeys_nobody_here(town: Town) -> None:
    alert = await is_set(town)
    there = town.card(chat=OTHER_GROUP)
    for what in ("pause", "delete", "off"):
        toast = await town.tap(CY, f"alerts:{what}:{alert.id}", there)
        assert "not yours" in toast, "Cy owns the other group"
    assert "not yours" in await town.tap(CY, f"alerts:snooze:{alert.id}:60", there)
    assert alerts_of(town) == [alert]
    await town.write(CY, "/start")
    for tap in (f"alerts:delete:{alert.id}:0", f"alerts:open:{alert.id}:0"):
        query = {"id": "1", "from": {"id": CY, "is_bot": False, "first_name": "Cy"}, "data": tap}
        message = town.message(CY, "x", 0) | {"chat": {"id": CY, "type": "private"}}
        await town.update(callback_query={**query, "chat_instance": "1", "message": message})
        assert "not yours" in town.last
    assert alerts_of(town) == [alert]


FORGED = (
    *("", ":", "alerts", "alerts:pause", "alerts:pause:x", "alerts:pause:-1", "alerts:snooze:1"),
    *("alerts:pause:99999999999999999999999", "alerts:manage:99", "alert:set:deadbeef"),
    *("agents:publish:1", "buy:ask:SEI", "start:accept:1", "nonsense:at:all"),
    *("subscribe:at:25:00", "subscribe:at:", "subscribe:follow:", "subscribe:agents:x"),
)


@pytest.mark.parametrize("data", FORGED)
async def test_forged_taps_change_nothing_and_break_nothing(town: Town, data: str) -> None:
    alert = await is_set(town)
    said = len(town.bot.sent)
    await town.tap(ANN, data, town.card())
    assert alerts_of(town) == [alert]
    assert not town.room.groups.followings
    assert len(town.bot.sent) == said, "nothing is said to the whole group"


async def test_anonymous_administrators_are_asked_to_be_themselves(town: Town) -> None:
    bot = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    chat = {"id": GROUP, "type": "supergroup", "title": "Traders"}
    anonymous: Json = {"from": bot, "sender_chat": chat}
    for text in ("/alert SEI above 0.25", "/subscribe", "/alerts"):
        await town.say(ANN, text, **anonymous)
        assert "post as yourself" in town.last
        assert town.bot.sent[-1]["message_thread_id"] == TOPIC
    assert not alerts_of(town)
    assert 1087968824 not in town.office.records.users


async def test_terms_are_accepted_in_private_first(town: Town, office: Office) -> None:
    newcomer = 77
    town.bot.statuses[GROUP, newcomer] = "administrator"
    await town.say(newcomer, "/alert SEI above 0.25")
    assert "accept my terms" in town.last
    assert town.buttons() == {"Open our private chat": "https://t.me/SeiTraderBot"}
    card, data = await ask(town)
    assert "accept my terms" in await town.tap(newcomer, data, card)
    assert not alerts_of(town)


async def test_what_is_said_to_others_is_not_for_us(town: Town) -> None:
    before = len(town.bot.sent)
    await town.say(ANN, "/alert@OtherBot SEI above 0.25")
    await town.say(ANN, "SEI above 0.25 would be nice")
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "x"}
    await town.say(ANN, "/alert SEI above 0.25", forward_origin=origin)
    await town.say(ANN, "/alert SEI above 0.25", is_automatic_forward=True)
    await town.say(ANN, "/start@SeiTraderBot subscribe")
    assert len(town.bot.sent) == before
    await town.say(ANN, "/alert@seitraderbot SEI above 0.25")
    assert "SEI above $0.25" in town.last


FOR_PRIVATE = ("/buy SEI 25", "@SeiTraderBot should I buy?", "/start", "/x@SeiTraderBot hello")


@pytest.mark.parametrize("text", FOR_PRIVATE)
async def test_money_is_talked_about_in_private(town: Town, text: str) -> None:
    await town.say(CY, text)
    assert "in private only" in town.last
    assert town.buttons() == {"Open our private chat": "https://t.me/SeiTraderBot"}


FOREIGN = (
    "/weather berlin",
    "/ban @x",
    "/ban @SeiTraderBot",
    "/",
    "/etc/passwd",
    "/admin",
)


@pytest.mark.parametrize("text", FOREIGN)
async def test_commands_of_other_bots_are_left_to_them(town: Town, text: str) -> None:
    await town.say(CY, text)
    assert not town.bot.sent


async def test_words_that_cannot_be_are_explained(town: Town) -> None:
    for words, answer in (
        ("SEI above 900", "hundredfold"),
        ("NOSUCH above 1", "NOSUCH"),
        ("what is the weather", "cannot read"),
        ("portfolio above 100", "private"),
        ("<b>x</b>", "cannot read"),
    ):
        await town.say(ANN, f"/alert {words}")
        assert answer in town.last, (words, town.last)
    await town.say(ANN, "/alert")
    assert "Write it like" in town.last
    assert not alerts_of(town)


async def test_everybody_sees_the_list_and_administrators_its_buttons(town: Town) -> None:
    alert = await is_set(town)
    await is_set(town, "SEI below 0.2")
    await town.say(CY, "/alerts")
    assert "SEI above $0.25" in town.last
    assert "SEI below $0.2" in town.last
    assert set(town.buttons()) == {"🔔 1", "🔔 2"}
    await town.say(BO, "/alerts", thread=0)
    assert "Nothing is set up in this group" in town.last, "other topics have their own"
    await town.say(BO, "/alerts")
    card = town.card()
    await town.tap(BO, town.buttons()["⚙️ Manage"], card)
    await town.tap(BO, f"alerts:pause:{alert.id}:0", card)
    assert "Paused" in town.last_edit
    await town.tap(BO, f"alerts:resume:{alert.id}:0", card)
    await town.tap(BO, f"alerts:delete:{alert.id}:0", card)
    assert [a.condition.type for a in alerts_of(town)] == ["PRICE_BELOW"]


async def test_an_alert_that_rang_is_snoozed_for_all(town: Town, office: Office) -> None:
    alert = await is_set(town)
    assert "Snoozed" in await town.tap(BO, f"alerts:snooze:{alert.id}:60", town.card())
    (after,) = alerts_of(town)
    assert after.standing.state is AlertState.SNOOZED
    assert after.standing.due_at == office.clock.now() + timedelta(hours=1)
    assert "Bo has silenced SEI above $0.25 until 13:00 UTC" in town.last, "and all may know"
    for _ in range(2):
        assert "Deleted" in await town.tap(BO, f"alerts:off:{alert.id}", town.card())
    assert not alerts_of(town)
    deleted = [m["text"] for m in town.bot.sent if "Bo has deleted" in m["text"]]
    assert len(deleted) == 1, "a double tap says it once"


async def test_where_members_are_hidden_administrators_are_listed(town: Town) -> None:
    town.bot.hidden = True
    await ask(town)
    await town.say(CY, "/alert SEI above 0.25")
    assert "Only administrators" in town.last


async def test_without_an_answer_nothing_is_allowed(town: Town) -> None:
    card, data = await ask(town)
    town.bot.fails = TimedOut()
    await town.tap(ANN, data, card)
    assert not alerts_of(town)
    assert "not reachable" in town.last


async def test_a_secret_in_a_group_is_called_out(town: Town) -> None:
    await town.say(CY, "/alert 0x" + "ab" * 32)
    assert "everybody here can read it" in town.last
