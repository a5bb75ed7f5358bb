"""What people type at a card, in the guided dialogue and when they change an alert."""

from decimal import Decimal

import pytest

from bot.domain.alerts import Alert, Repeat
from tests.unit.chat.chatroom import KINDS, Chatroom
from tests.unit.chat.groups.visitor import Visitor
from tests.unit.services.office import Office

FIGURES = {
    "price:SEI:": "0.2",
    "price:WBTC:": "60000",
    "gas::": "10",
    "volume:SEI:": "1.1",
    "rsi:SEI:4h": "52",
}


@pytest.fixture
async def room(office: Office) -> Chatroom:
    room = Chatroom(office)
    room.figures.known = {series: Decimal(figure) for series, figure in FIGURES.items()}
    await office.user()
    return room


@pytest.fixture
def ann(room: Chatroom) -> Visitor:
    return Visitor(room)


def held(room: Chatroom) -> list[str]:
    return [KINDS.describe(a.condition) for a in room.alerts.alerts.values() if a.is_active]


async def sets(room: Chatroom, ann: Visitor, words: str) -> Alert:
    await ann.say(f"/alert {words}")
    await ann.tap("Set it")
    return next(reversed(room.alerts.alerts.values()))


@pytest.mark.parametrize(
    ("words", "typed", "after"),
    [
        ("SEI above 0.25", "0.3", "SEI above $0.3"),
        ("SEI above 0.25", "above $0.3", "SEI above $0.3"),
        ("SEI -5% 1h", "8% in 4h", "SEI falls 8 % within 4h"),
        ("SEI volume 3x", "+50%", "SEI volume 1.5x the usual"),
        ("daily digest at 08:00", "9", "Daily digest at 09:00"),
        ("daily digest at 08:00", "8.30", "Daily digest at 08:30"),
        ("daily digest at 08:00", "weekdays 9:00", "Digest on weekdays at 09:00"),
    ],
)
async def test_an_edit_says_what_was_before_and_can_be_undone(
    room: Chatroom, ann: Visitor, words: str, typed: str, after: str
):
    alert = await sets(room, ann, words)
    before = KINDS.describe(alert.condition)
    await ann.send(f"alerts:level:{alert.id}:0")
    said = await ann.say(typed)
    assert held(room) == [after]
    assert f"Before: {before}" in said
    assert before in await ann.tap("Undo")
    assert held(room) == [before]


@pytest.mark.parametrize(
    ("words", "typed", "hint"),
    [
        ("SEI above 0.25", "5%", "not per cent"),
        ("SEI above 0.25", "2x", "not per cent or times"),
        ("SEI above 0.25", "below 0.15", "another way"),
        ("SEI above 0.25", "25", "hundredfold"),
        ("SEI above 0.25", "0.3 every time", "alone"),
        ("SEI -5% 1h", "0.15", "Is that per cent?"),
        ("SEI volume 3x", "150%", "like 3x"),
        ("daily digest at 08:00", "friday 9:00", "/alert weekly digest on friday at 09:00"),
        ("daily digest at 08:00", "9:00 on monday and thursday", "weekdays 9:00"),
        ("daily digest at 08:00", "soon", "like 08:00 or weekdays 9:00."),
        ("daily digest at 08:00", "weekly", "/alert weekly digest on friday at 9:00"),
        ("weekly digest on monday at 08:00", "soon", "like 08:00 or friday 9:00."),
    ],
)
async def test_an_edit_that_is_not_surely_understood_changes_nothing(
    room: Chatroom, ann: Visitor, words: str, typed: str, hint: str
):
    alert = await sets(room, ann, words)
    await ann.send(f"alerts:level:{alert.id}:0")
    said = await ann.say(typed)
    assert said.startswith("refused")
    assert hint in said
    assert list(room.alerts.alerts.values()) == [alert]


async def test_suggested_figures_can_be_tapped_whatever_their_size(room: Chatroom, ann: Visitor):
    alert = await sets(room, ann, "btc above 70000")
    await ann.send(f"alerts:level:{alert.id}:0")
    await ann.tap("$61,200")
    assert held(room) == ["WBTC above $61,200"]


@pytest.mark.parametrize(
    "undo",
    ["x:0:1:", "{id}:0:x:", "{id}:0:NaN:", "{id}:0:-1:", "{id}:0:1e99:", "{id}:0:0.25:4h:", "{id}"],
)
async def test_a_forged_undo_makes_no_other_alert(room: Chatroom, ann: Visitor, undo: str):
    alert = await sets(room, ann, "SEI above 0.25")
    await ann.send(f"alerts:undo:{undo.format(id=alert.id)}")
    (after,) = room.alerts.alerts.values()
    assert after.condition == alert.condition


@pytest.mark.parametrize(
    ("words", "typed", "after"),
    [
        ("SEI above 0.25 every 4h", "SEI above 0.3", "SEI above $0.3"),
        ("SEI above 0.25 every 4h", "0.3", "SEI above $0.3"),
        ("SEI above 0.25", "below 0.15", "SEI below $0.15"),
        ("SEI above 0.25", "btc -5% 1h", "WBTC falls 5 % within 1h"),
        ("SEI above 0.25", "gas above 20", "Gas above 20 nsei"),
        ("SEI -5% 1h", "rises 3%", "SEI rises 3 % within 1h"),
        ("SEI -5% 1h", "-5% 4h", "SEI falls 5 % within 4h"),
        ("SEI RSI below 30", "above 70", "SEI RSI above 70 (4h)"),
        ("daily digest at 09:00", "8", "Daily digest at 08:00"),
        ("daily digest at 08:00", "friday 9:00", "Weekly digest on Friday at 09:00"),
    ],
)
@pytest.mark.parametrize("button", ["Change", ""])
async def test_a_card_changes_by_what_is_typed(
    room: Chatroom, ann: Visitor, words: str, typed: str, after: str, button: str
):
    await ann.say(f"/alert {words}")
    if button:
        await ann.tap(button)
    assert after in await ann.say(typed)
    assert not held(room), "nothing is set before the tap"
    await ann.tap("Set it")
    assert held(room) == [after]
    (alert,) = room.alerts.alerts.values()
    assert (alert.repeat is Repeat.EVERY) == ("every 4h" in words or "igest" in words)
    assert alert.condition.threshold == 0 or "igest" not in words


@pytest.mark.parametrize(
    ("words", "typed", "hint"),
    [
        ("SEI above 0.25", "10%", "not per cent"),
        ("SEI above 0.25", "2x", "not per cent"),
        ("SEI above 0.25", "higher", "alone"),
        ("SEI above 0.25", "DOGE above 3", "alone"),
        ("daily digest at 08:00", "once", "A digest comes at its time"),
        ("daily digest at 08:00", "every 4h", "A digest comes at its time"),
        ("daily digest at 08:00", "urgent", "A digest comes at its time"),
    ],
)
async def test_a_change_that_is_not_understood_is_refused(
    room: Chatroom, ann: Visitor, words: str, typed: str, hint: str
):
    await ann.say(f"/alert {words}")
    await ann.tap("Change")
    said = await ann.say(typed)
    assert said.startswith("refused")
    assert hint in said
    if "Set it" not in str(ann.buttons):
        await ann.tap("Back")
    await ann.tap("Set it")
    assert len(held(room)) == 1


async def test_a_digest_by_a_number_is_no_second_one(room: Chatroom, ann: Visitor):
    await sets(room, ann, "daily digest at 08:00")
    await ann.say("/alert daily digest at 09:00")
    await ann.tap("Change")
    assert "You have that one already" in await ann.say("8")


async def test_how_it_rings_is_changed_at_the_card(room: Chatroom, ann: Visitor):
    await ann.say("/alert SEI above 0.25")
    assert "once in 4 h" in await ann.say("every 4h")
    assert "SEI above $0.25" in ann.text
    for said, urgent in (("urgent", True), ("once", True), ("not urgent", False)):
        await ann.say(said)
        await ann.tap("Set it")
        alert = list(room.alerts.alerts.values())[-1]
        assert alert.urgent == urgent
        await room.services.alerts.stop_place(alert.place, topic_only=False)
        await ann.say(f"/alert SEI above 0.25{' urgent' if urgent else ''}")


@pytest.mark.parametrize("typed", ["buy 100 SEI", "should I hold SEI above 0.3?", "thanks a lot"])
async def test_other_words_leave_the_card(room: Chatroom, ann: Visitor, typed: str):
    await ann.say("/alert SEI above 0.25")
    assert "You have no agent yet" in await ann.say(typed), "the analyst is asked"
    assert "replaced by a newer one, or has run out" in await ann.say("/alerts") + str(
        await ann.send("alert:drop:ffff")
    )
    assert not held(room)


@pytest.mark.parametrize(
    ("kind", "taps", "typed", "after"),
    [
        ("Price above", ["SEI"], "above 0.3", "SEI above $0.3"),
        ("Price above", ["SEI"], "SEI below 0.15", "SEI below $0.15"),
        ("Price above", [], "SEI above 0.3", "SEI above $0.3"),
        ("Percent", ["SEI", "1h"], "falls 3%", "SEI falls 3 % within 1h"),
        ("Percent", ["SEI", "1h"], "-3% 4h", "SEI falls 3 % within 4h"),
        ("Percent", ["SEI"], "4 hours", "At which figure?"),
        ("RSI", ["SEI", "4h"], "below 25", "SEI RSI below 25 (4h)"),
        ("Gas", [], "above 20", "Gas above 20 nsei"),
        ("Volume", ["SEI"], "+50%", "SEI volume 1.5x the usual"),
        ("Digest", [], "every weekday", "At what time?"),
    ],
)
async def test_a_typed_answer_may_say_more(
    room: Chatroom, ann: Visitor, kind: str, taps: list[str], typed: str, after: str
):
    await ann.say("/alert")
    for tap in (kind, *taps):
        await ann.tap(tap)
    assert after in await ann.say(typed)


@pytest.mark.parametrize("typed", ["below 0.15", "5%", "2x", "0.3 every time", "crosses 0.3"])
async def test_a_figure_that_says_something_else_is_asked_for_again(
    room: Chatroom, ann: Visitor, typed: str
):
    await ann.say("/alert")
    await ann.tap("Price above")
    await ann.tap("SEI")
    assert (await ann.say(typed)).startswith("refused")
    assert "SEI above $0.3" in await ann.say("0.3")


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("2h", "once in 2 h"),
        ("every 2h", "once in 2 h"),
        ("at most once a day", "once in 1 day"),
        ("1 day until friday", "refused"),
        ("2h for SEI", "refused"),
    ],
)
async def test_a_rest_is_all_that_is_read(room: Chatroom, ann: Visitor, typed: str, hint: str):
    alert = await sets(room, ann, "SEI above 0.25 every time")
    await ann.send(f"alerts:rest:{alert.id}:0")
    assert hint in await ann.say(typed)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("friday", "Kept until"),
        ("until 31 dec 17:00", "Kept until"),
        ("3 days", "Kept until"),
        ("2 weeks from now", "Kept until"),
        ("in 2 hours", "Kept until"),
        ("2 hours", "Kept until"),
        ("in 3 days", "Kept until"),
        ("lunch", "like friday, 31 Dec 17:00, in 2 hours or 3 days."),
        ("friday every time", "refused"),
        ("friday if SEI is above 0.3", "refused"),
        ("every day", "refused"),
        ("5", "refused"),
    ],
)
async def test_an_end_is_all_that_is_read(room: Chatroom, ann: Visitor, typed: str, hint: str):
    alert = await sets(room, ann, "SEI above 0.25")
    await ann.send(f"alerts:until:{alert.id}:0")
    assert hint in await ann.say(typed)


async def test_the_question_and_the_refusal_name_the_same_ends(room: Chatroom, ann: Visitor):
    alert = await sets(room, ann, "SEI above 0.25")
    ends = "write it like friday, 31 Dec 17:00, in 2 hours or 3 days."
    assert ends in await ann.send(f"alerts:until:{alert.id}:0")
    for typed in ("lunch", "2020-01-01", "friday every time"):
        assert ends in (await ann.say(typed)).replace("Write", "write")


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        ("daily digest at 08:00", "08:00"),
        ("daily digest at 09:00", "weekdays 9:00"),
        ("weekly digest on monday at 08:00", "08:00"),
        ("weekly digest on monday at 08:00", "friday 9:00"),
    ],
)
async def test_the_examples_of_a_refused_time_work(
    room: Chatroom, ann: Visitor, words: str, typed: str
):
    alert = await sets(room, ann, words)
    await ann.send(f"alerts:level:{alert.id}:0")
    assert typed in await ann.say("soon")
    assert not (await ann.say(typed)).startswith("refused")
