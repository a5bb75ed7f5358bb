"""Making and keeping alerts in the private chat: cards, dialogues, lists."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.chat.view import MAX_TEXT, length
from bot.domain.alerts import Alert, AlertState, AlertWords, Repeat
from bot.domain.analysis import GuardVerdict
from bot.domain.errors import UpstreamError
from bot.domain.people import QuietHours
from tests.unit.chat.chatroom import KINDS, Chatroom
from tests.unit.chat.groups.visitor import Visitor
from tests.unit.services.office import ANN, BO, Office

FIGURES = {
    "price:SEI:": "0.2",
    "price:WBTC:": "60000",
    "price:iSEI:": "0.3",
    "price:USDC:": "1",
    "gas::": "10",
    "rsi:SEI:4h": "52",
    "rise:SEI:1h": "1.5",
    "fall:SEI:1h": "-0.5",
    "volume:SEI:": "1.1",
    "high:SEI:30d": "-3",
    "low:SEI:30d": "4",
    "ma:SEI:1d": "-2",
}


@pytest.fixture
async def room(office: Office) -> Chatroom:
    room = Chatroom(office)
    room.figures.known = {series: Decimal(figure) for series, figure in FIGURES.items()}
    await office.user()
    await office.user(BO)
    return room


@pytest.fixture
def ann(room: Chatroom) -> Visitor:
    return Visitor(room)


def alerts_of(room: Chatroom) -> list[Alert]:
    return [alert for alert in room.alerts.alerts.values() if alert.is_active]


async def test_one_line_a_card_and_one_message_after_it(room: Chatroom, ann: Visitor):
    said = await ann.say("/alert SEI above 0.25")
    assert "SEI above $0.25" in said
    assert "Now $0.2, 25.0 % to go" in said
    assert "Rings once" in said
    assert "until it rings" in said
    assert not alerts_of(room)
    said = await ann.tap("Set it")
    assert "Set: SEI above $0.25" in said
    (alert,) = alerts_of(room)
    assert alert.standing.state is AlertState.ARMED
    assert len(room.bot.sent) == 1, "the card became the message"


async def test_however_often_it_is_tapped_one_alert_is_set(room: Chatroom, ann: Visitor):
    await ann.say("/alert SEI above 0.25")
    tap = ann.buttons["✅ Set it"]
    for _ in range(3):
        assert "refused" not in await ann.send(tap)
    assert len(alerts_of(room)) == 1
    assert ann.toast is not None
    assert "was answered, replaced by a newer one, or has run out" in ann.toast


async def test_the_button_of_an_older_card_sets_nothing(room: Chatroom, ann: Visitor):
    await ann.say("/alert SEI above 0.25")
    old = dict(ann.buttons)
    await ann.say("/alert SEI above 0.3")
    for tap in old.values():
        await ann.send(tap)
    assert not alerts_of(room)
    await ann.tap("Set it")
    assert [alert.condition.threshold for alert in alerts_of(room)] == [Decimal("0.3")]


async def test_a_card_survives_a_restart(room: Chatroom, ann: Visitor, office: Office):
    await ann.say("/alert SEI above 0.25 every time at most every 4h until friday, urgent")
    again = Chatroom(office)
    again.figures.known = room.figures.known
    visitor = Visitor(again)
    visitor.buttons = ann.buttons
    await visitor.tap("Set it")
    (alert,) = alerts_of(again)
    assert (alert.repeat, alert.cooldown) == (Repeat.EVERY, timedelta(hours=4))
    assert alert.urgent
    assert alert.expires_at is not None


async def test_the_card_changes_how_it_rings(room: Chatroom, ann: Visitor):
    await ann.say("/alert SEI above 0.25")
    assert "at most once in 1 h" in await ann.tap("Every time")
    await ann.tap("Urgent")
    await ann.tap("Change")
    assert "once in 4 h" in await ann.say("every 4h")
    await ann.tap("Change")
    assert "SEI above $0.26" in await ann.say("0.26")
    await ann.tap("Set it")
    (alert,) = alerts_of(room)
    assert (alert.repeat, alert.cooldown, alert.urgent) == (
        Repeat.EVERY,
        timedelta(hours=4),
        True,
    )
    assert alert.condition.threshold == Decimal("0.26")


async def test_what_is_so_already_is_said_and_may_ring_at_once(room: Chatroom, ann: Visitor):
    assert "It holds already" in await ann.say("/alert SEI above 0.15")
    assert "It holds already: it rings at the next look." in await ann.tap("Ring at once")
    await ann.tap("Set it")
    (alert,) = alerts_of(room)
    assert alert.standing.state is AlertState.ARMED


async def test_yes_no_and_something_else(room: Chatroom, ann: Visitor):
    await ann.say("/alert SEI above 0.25")
    assert "Cancelled" in await ann.say("no")
    await ann.say("/alert SEI above 0.25")
    assert "Set:" in await ann.say("Yes!")
    await ann.say("/alert SEI above 0.3")
    assert "agent" in await ann.say("how is the market?"), "a question is one"
    assert len(alerts_of(room)) == 1


@pytest.mark.parametrize(
    ("taps", "words"),
    [
        (["Price above", "SEI", "$0.21"], "SEI above $0.21"),
        (["Price below", "SEI", "write 0.1"], "SEI below $0.1"),
        (["Price crosses", "WBTC", "write 65k"], "WBTC crosses $65,000"),
        (["Percent", "SEI", "1h", "-5 %"], "SEI falls 5 % within 1h"),
        (["Percent", "SEI", "1h", "write 5%", "rises"], "SEI rises 5 % within 1h"),
        (["Percent", "write sei", "write 1 H", "write -2%"], "SEI falls 2 % within 1h"),
        (["New high", "SEI", "30d", "new low"], "new low of 30 days"),
        (["Volume", "SEI", "write 3x"], "SEI volume 3x"),
        (["RSI", "SEI", "4h", "write 70", "above"], "RSI above 70 (4h)"),
        (["Moving", "SEI", "1d", "golden"], "golden cross"),
        (["Gas", "write 20", "above"], "Gas above 20"),
        (["Digest", "daily", "08:00"], "Daily digest at 08:00"),
        (["Digest", "weekdays", "08:00"], "Digest on weekdays at 08:00"),
        (["Digest", "fri", "write 8:30pm"], "Weekly digest on Friday at 20:30"),
        (["Portfolio", "write 500", "above"], "Portfolio above $500"),
        (["Escrow", "USDC", "write 25", "Deposit"], "Deposit of at least 25 USDC"),
    ],
)
async def test_step_by_step(
    room: Chatroom, ann: Visitor, office: Office, taps: list[str], words: str
):
    await office.agent()
    await ann.say("/alert")
    for tap in taps:
        typed = tap.startswith("write ")
        said = await (ann.say(tap.removeprefix("write ")) if typed else ann.tap(tap))
        assert "refused" not in said
    assert words in ann.text
    await ann.tap("Set it")
    (alert,) = alerts_of(room)
    assert words in KINDS.describe(alert.condition)


async def test_every_kind_can_be_made_step_by_step(room: Chatroom, ann: Visitor):
    await ann.say("/alert")
    assert {kind.title for kind in KINDS.kinds} <= set(ann.buttons)


async def test_a_bad_answer_is_asked_for_once_more(room: Chatroom, ann: Visitor):
    await ann.say("/alert")
    await ann.tap("RSI")
    assert "do not know" in await ann.say("doge")
    await ann.say("sei")
    assert "4h" in await ann.say("9 years")
    await ann.tap("4h")
    for word in ("abc", "700", "-5", "", "1 2", "9" * 250):
        assert "refused" in await ann.say(word)
    await ann.say("70")
    await ann.tap("above")
    assert "RSI above 70" in await ann.tap("Set it")


async def test_a_sentence_at_the_first_question_is_taken(room: Chatroom, ann: Visitor):
    await ann.say("/alert")
    assert "SEI above $0.25" in await ann.say("SEI above 0.25")


@pytest.mark.parametrize(
    "tap",
    [
        "alert:kind:nonsense",
        "alert:answer:abc:token:0",
        "alert:answer::",
        "alert:answer",
        "alert:every:ffff",
        "alert:ask:DOGE",
        "alert:levels:12",
        "alert:levels:x",
        "alerts:open:77",
        "alerts:open:x:y",
        "alerts:snooze:1",
        "alerts:snooze:1:0",
        "alerts:snooze::::",
        "alerts:off:",
        "alerts:chosen:1:level:0",
        "alerts:delete:99999999999999999999999",
        "quiet:from:25",
        "quiet:zone:99",
        "quiet:pick:0",
        "quiet:lets:everything",
    ],
)
async def test_forged_taps_change_nothing(room: Chatroom, ann: Visitor, tap: str):
    await ann.say("/alert SEI above 0.25")
    await ann.tap("Set it")
    before = dict(room.alerts.alerts)
    assert "refused" in await ann.send(tap)
    assert room.alerts.alerts == before


async def test_others_do_not_reach_ones_alerts(room: Chatroom, ann: Visitor):
    await ann.say("/alert SEI above 0.25")
    await ann.tap("Set it")
    await ann.say("/alerts")
    await ann.tap("1")
    before = dict(room.alerts.alerts)
    bo = Visitor(room, BO)
    for data in ann.buttons.values():
        if data.count(":") > 2 or "open" in data:
            assert "not yours" in await bo.send(data), data
    assert room.alerts.alerts == before
    assert "no alerts" in await bo.say("/alerts")


async def test_plain_words_need_neither_agent_nor_model(room: Chatroom, ann: Visitor):
    said = await ann.say("wake me if bitcoin loses 5% in an hour")
    assert "WBTC falls 5 % within 1h" in said
    assert "Set it" in str(ann.buttons)
    assert not room.office.brain.questions


WISH = "please alert me when the coin of this chain gets really, really cheap"


async def test_words_beyond_the_rules_go_to_the_analyst(room: Chatroom, ann: Visitor):
    room.office.brain.alert = AlertWords("SEI below 0.15, every time")
    said = await ann.say(WISH)
    assert "SEI below $0.15" in said
    assert "every time" in said
    assert room.office.brain.questions == [WISH, WISH], "the guard, and then what it means"


async def test_the_analysts_sentence_rings_as_the_person_said(room: Chatroom, ann: Visitor):
    room.office.brain.alert = AlertWords("SEI below 0.15")
    await ann.say(f"{WISH}, every time, wake me")
    await ann.tap("Set it")
    (alert,) = alerts_of(room)
    assert alert.urgent
    assert alert.repeat is Repeat.EVERY


@pytest.mark.parametrize(
    "alert",
    [
        None,
        AlertWords("nothing that any rule can read"),
        AlertWords("SEI below 0"),
        UpstreamError("gemini", "down", retryable=True),
    ],
)
async def test_what_nobody_understands_gets_examples(
    room: Chatroom, ann: Visitor, alert: AlertWords | UpstreamError | None
):
    room.office.brain.alert = alert
    said = await ann.say(WISH)
    assert "Write it like: SEI above 0.25" in said
    assert not alerts_of(room)


async def test_the_guard_may_decline(room: Chatroom, ann: Visitor):
    room.office.brain.verdict = GuardVerdict(allowed=False, reason="not about trading")
    room.office.brain.alert = AlertWords("SEI below 0.15")
    assert "not about trading" in await ann.say(WISH)
    assert "Set it" not in str(ann.buttons)
    assert room.office.brain.questions == [WISH]


async def test_the_list_has_pages_and_fits_into_a_message(room: Chatroom, ann: Visitor):
    services = room.services
    user = await room.office.user()
    for number in range(100):
        room.office.clock.jump(10)
        await ann.say(f"/alert SEI above 0.{200 + number}1")
        await ann.tap("Set it")
    assert len(alerts_of(room)) == 100
    assert "100 alerts already" in await ann.say("/alert SEI above 0.9") + await ann.tap("Set it")
    await ann.say("/alerts")
    assert "1/17" in ann.buttons
    assert ann.text.splitlines()[2].startswith("1. 🔔 SEI above $0.2001")
    for _ in range(16):
        await ann.tap("Next")
        assert length(ann.text) < MAX_TEXT
    assert "17/17" in ann.buttons
    await ann.send("alerts:page:99999")
    assert "17/17" in ann.buttons
    assert len(await services.set_alerts.nearest(user)) == 100


async def test_everything_on_the_card_of_one(room: Chatroom, ann: Visitor):
    await ann.say("/alert SEI above 0.25")
    await ann.tap("Set it")
    await ann.say("/alerts")
    await ann.tap("1")
    await ann.tap("Figure")
    assert "SEI above $0.3" in await ann.say("0.3")
    assert "every time, at most once in 1 h" in await ann.tap("Every time")
    await ann.tap("Rest")
    assert "once in 2 h" in await ann.say("2h")
    await ann.tap("Rest")
    assert "once in 15 min" in await ann.tap("15 min")
    await ann.tap("Urgent")
    await ann.tap("Until")
    assert "Kept until Thu 31 Dec" in await ann.say("31 dec")
    await ann.tap("Until")
    assert "refused" in await ann.say("yesterday")
    assert "you delete it" in await ann.tap("For good")
    assert "Paused" in await ann.tap("Pause")
    assert "Now $0.2" in await ann.tap("Resume")
    assert "Snoozed until 13:00 UTC" in await ann.tap("1 h")
    await ann.tap("Delete")
    assert not alerts_of(room)
    await ann.tap("Undo")
    (alert,) = alerts_of(room)
    assert alert.urgent


async def test_going_back_leaves_the_question(room: Chatroom, ann: Visitor):
    await ann.say("/alert SEI above 0.25")
    await ann.tap("Set it")
    await ann.say("/alerts")
    await ann.tap("1")
    await ann.tap("Figure")
    await ann.tap("Back")
    await ann.say("0.4")
    assert alerts_of(room)[0].condition.threshold == Decimal("0.25")


async def test_a_weekly_digest_keeps_its_day(room: Chatroom, ann: Visitor):
    said = await ann.say("/alert weekly digest friday 08:00")
    assert "By your clock (UTC); /settings changes your time zone." in said
    await ann.tap("Set it")
    await ann.say("/alerts")
    await ann.tap("1")
    await ann.tap("Time")
    assert "Friday at 18:00" in await ann.tap("18:00")
    await ann.tap("Time")
    assert "Monday at 07:30" in await ann.say("monday 7:30")
    await ann.tap("Time")
    assert "refused" in await ann.say("noonish")


async def test_pausing_all_and_back(room: Chatroom, ann: Visitor):
    for usd in ("0.25", "0.26"):
        await ann.say(f"/alert SEI above {usd}")
        await ann.tap("Set it")
    await ann.say("/alerts")
    assert (await ann.tap("Pause all")).count("Paused") == 2
    assert "Paused" not in await ann.tap("Resume all")


async def test_quiet_hours_are_said_where_they_matter(room: Chatroom, ann: Visitor):
    await ann.say("/settings")
    await ann.tap("Quiet hours")
    await ann.say("22:00-07:00")
    user = room.office.records.users[ANN]
    assert user.quiet is not None
    assert user.quiet.lets_urgent
    said = await ann.say("/alert SEI above 0.25")
    assert "quiet hours (22:00–07:00) it waits" in said
    assert "comes in your quiet hours" in await ann.tap("Urgent")
    await ann.say("/settings")
    await ann.tap("Quiet hours")
    await ann.tap("only money")
    await ann.tap("23")
    await ann.tap("09")
    quiet = room.office.records.users[ANN].quiet
    assert quiet is not None
    assert (quiet.start.hour, quiet.end.hour, quiet.lets_urgent) == (23, 9, False)
    await ann.tap("Write them")
    for garbage in ("22:00", "25:00-07:00", "7-7", "22:00-07:00-09:00"):
        assert "refused" in await ann.say(garbage)
    await ann.say("off")
    assert room.office.records.users[ANN].quiet is None


async def test_other_settings_keep_zone_and_quiet_hours(room: Chatroom, ann: Visitor):
    await ann.say("/settings")
    await ann.tap("Time zone")
    assert "Berlin" in await ann.say("berlin")
    await ann.tap("Quiet hours")
    await ann.say("22-7")
    await ann.say("/settings")
    await ann.tap("Slippage")
    await ann.say("0.8%")
    user = room.office.records.users[ANN]
    assert user.time_zone == "Europe/Berlin"
    assert isinstance(user.quiet, QuietHours)
    assert user.slippage == 80


async def test_the_time_on_ones_clock_names_the_zone_and_digests_follow(
    room: Chatroom, ann: Visitor
):
    await ann.say("/alert daily digest at 08:00")
    await ann.tap("Set it")
    await ann.say("/settings")
    await ann.tap("Time zone")
    assert "refused" in await ann.say("atlantis")
    await ann.say("21:02")
    assert "digests follow" in await ann.tap("Seoul")
    (alert,) = alerts_of(room)
    assert alert.standing.due_at is not None
    assert alert.standing.due_at.hour == 23
