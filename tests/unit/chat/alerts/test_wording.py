"""How alerts say where they stand, in their cards and in their messages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.chat.alerts.drafts import pack_standing, unpack_standing
from bot.chat.alerts.lines import state_line
from bot.chat.notices import render_notice
from bot.chat.view import bare
from bot.domain.alerts import (
    Alert,
    AlertDraft,
    AlertState,
    Condition,
    Place,
    Reading,
    Repeat,
    Standing,
)
from bot.policy.alerts.states import look, wake
from bot.ports.alerts import Look
from bot.services.alerts.ring import Ring
from tests.unit.chat.chatroom import KINDS, Chatroom
from tests.unit.chat.groups.visitor import Visitor
from tests.unit.services.office import ANN, Office

HOME, GROUP = Place(int(ANN)), Place(-100, 4)
FIGURES = {"price:SEI:": "0.2", "rsi:SEI:4h": "52", "volume:SEI:": "1.1"}


@pytest.fixture
async def room(office: Office) -> Chatroom:
    room = Chatroom(office)
    room.figures.known = {series: Decimal(figure) for series, figure in FIGURES.items()}
    await office.user()
    return room


@pytest.fixture
def ann(room: Chatroom) -> Visitor:
    return Visitor(room)


async def sets(room: Chatroom, condition: Condition, place: Place = HOME) -> Alert:
    draft = AlertDraft(condition, Repeat.EVERY, timedelta(hours=1))
    return await room.services.set_alerts.create(await room.office.user(), place, draft)


async def told(room: Chatroom, alert: Alert, reading: Reading) -> str:
    """Rings by a look; what its message says."""
    ring = Ring(room.office.clock, KINDS)
    await room.alerts.apply(Look(reading.at, {alert.series: reading}), ring.looking())
    return await shown(room)


async def shown(room: Chatroom) -> str:
    notice = room.office.notices("alert")[-1]
    return bare((await render_notice(room.services, notice)).text)


async def stands(room: Chatroom, alert: Alert) -> str:
    user = await room.office.user()
    return state_line(room.services, user, room.services.set_alerts.look_at(alert))


def now_at(room: Chatroom, value: str) -> Reading:
    now = room.office.clock.now()
    return Reading(Decimal(value), now, now)


@pytest.mark.parametrize(
    ("kind", "line", "value", "back"),
    [
        ("PRICE_ABOVE", "0.25", "0.26", "$0.24875"),
        ("PRICE_BELOW", "0.18", "0.17", "$0.1809"),
    ],
)
async def test_after_a_ring_it_says_where_it_must_come_back_to(
    room: Chatroom, kind: str, line: str, value: str, back: str
):
    alert = await sets(room, Condition(kind, "SEI", Decimal(line)))
    watch = KINDS.watch(alert.condition)
    assert watch is not None
    rung = look(alert, watch, now_at(room, value), missed_from=None).alert
    waits = wake(rung, watch)
    assert waits.standing.state is AlertState.DISARMED
    said = await stands(room, waits)
    assert said.startswith(f"Rings again once it has come back to {back}. Now $0.2")
    assert f"at the earliest, once it has come back to {back}." in await told(
        room, alert, now_at(room, value)
    )


async def test_before_the_first_ring_and_after_a_resume_it_holds_already(room: Chatroom):
    alert = await sets(room, Condition("PRICE_ABOVE", "SEI", Decimal("0.15")))
    for rings in (0, 2):
        said = await stands(room, replace(alert, rings=rings))
        assert said.startswith("Holds already, rings the next time it comes true.")


async def test_nothing_is_said_to_hold_while_no_figure_is_known(room: Chatroom):
    known = room.figures.known.pop("price:SEI:")
    alert = await sets(room, Condition("PRICE_ABOVE", "SEI", Decimal("0.25")))
    assert alert.standing.state is AlertState.DISARMED
    assert await stands(room, alert) == "Not measured yet"
    room.figures.known["price:SEI:"] = known
    assert await stands(room, alert) == "Now $0.2, 25.0 % to go"


async def test_one_that_ends_before_its_rest_is_over_does_not_say_that_it_rings_again(
    room: Chatroom, ann: Visitor
):
    alert = await sets(room, Condition("PRICE_ABOVE", "SEI", Decimal("0.25")))
    end = room.office.clock.now() + timedelta(hours=1)
    room.alerts.alerts[alert.id] = replace(alert, expires_at=end)
    said = await told(room, alert, now_at(room, "0.26"))
    assert "That was all: it ends before its rest of 1 h is over." in said
    assert "rings again" not in said
    assert "ends before its rest is over" in await ann.send(f"alerts:open:{alert.id}:0")
    now = room.alerts.alerts[alert.id]
    room.alerts.alerts[alert.id] = replace(now, expires_at=end + timedelta(seconds=1))
    assert "It rings again after 1 h at the earliest" in await shown(room)
    assert "rests until 13:00 UTC" in await ann.send(f"alerts:open:{alert.id}:0")


async def test_one_that_ran_out_can_be_set_again_without_its_end(room: Chatroom, ann: Visitor):
    alert = await sets(room, Condition("PRICE_ABOVE", "SEI", Decimal("0.25")))
    end = room.office.clock.now() + timedelta(hours=1)
    room.alerts.alerts[alert.id] = replace(alert, expires_at=end)
    room.office.clock.jump(3_600)
    now = room.office.clock.now()
    await room.alerts.expire(now, now, Ring(room.office.clock, KINDS).ended)
    said = await ann.send(f"alerts:open:{alert.id}:0")
    assert "Ended" in said
    assert "Kept until" not in said
    assert "Kept until you delete it" in await ann.tap("Set it again, without its end date")
    assert room.alerts.alerts[alert.id].is_active
    await ann.tap("Delete")
    await ann.send(f"alerts:open:{alert.id}:0")
    assert "🔁 Set it again" in ann.buttons


async def test_how_often_it_rang_is_said_after_a_snooze_too(room: Chatroom, ann: Visitor):
    alert = await sets(room, Condition("PRICE_ABOVE", "SEI", Decimal("0.25")))
    await told(room, alert, now_at(room, "0.26"))
    assert "Rang 1 time, last 12:00 UTC" in await ann.send(f"alerts:open:{alert.id}:0")
    assert "Rang 1 time" in await ann.tap("1 h")


async def test_one_that_goes_both_ways_must_cross_back(room: Chatroom):
    alert = await sets(room, Condition("PRICE_CROSSES", "SEI", Decimal("0.25")))
    said = await told(room, alert, now_at(room, "0.26"))
    assert "It rings again after 1 h at the earliest, once it has crossed back." in said
    unknown = replace(alert, standing=Standing(AlertState.DISARMED), rings=1)
    assert (await stands(room, unknown)).startswith("Now $0.2")


@pytest.mark.parametrize(("place", "offered"), [(HOME, True), (GROUP, False)])
async def test_only_who_gets_the_button_is_told_of_it(
    room: Chatroom, place: Place, *, offered: bool
):
    condition = Condition("PRICE_ABOVE", "SEI", Decimal("0.25"))
    user = await room.office.user()
    alert = await room.services.set_alerts.create(user, place, AlertDraft(condition))
    said = await told(room, alert, now_at(room, "0.26"))
    assert "this alert is over." in said
    assert ("🔁" in said) == offered


async def test_by_candles_it_names_the_candle_and_the_age_of_now(room: Chatroom):
    alert = await sets(room, Condition("RSI_ABOVE", "SEI", Decimal(70), "4h"))
    closed = room.office.clock.now()
    room.office.clock.jump(3 * 3_600 + 420)
    now = room.office.clock.now()
    room.alerts.alerts[alert.id] = replace(alert, seen_at=now - timedelta(seconds=60))
    said = await told(room, alert, Reading(Decimal(75), now, closed))
    assert "SEI RSI above 70 (4h): RSI 75, candle closed 12:00 UTC" in said
    assert "When armed: RSI 52\n" in said, "it was armed after that candle"
    assert "Data 3 h old now" in said


async def test_armed_before_the_candle_is_said(room: Chatroom):
    alert = await sets(room, Condition("RSI_ABOVE", "SEI", Decimal(70), "4h"))
    room.office.clock.jump(4 * 3_600)
    said = await told(room, alert, now_at(room, "75"))
    assert "candle closed 16:00 UTC" in said
    assert "When armed: RSI 52, 12:00 UTC" in said


async def test_nothing_is_no_figure_of_a_deposit(room: Chatroom, ann: Visitor):
    agent = await room.office.agent()
    series = f"deposit:{agent.id}:USDC"
    room.figures.known[series] = Decimal(0)
    alert = await sets(room, Condition("DEPOSIT", "USDC", Decimal(25), "", int(agent.id)))
    assert await stands(room, alert) == "Waits for a deposit"
    said = await told(room, alert, now_at(room, "30"))
    assert said.startswith("🔔 Deposit of at least 25 USDC: 30 USDC, at 12:00 UTC")
    assert "Now: 0" not in said
    assert "Data" not in said
    assert "Price of" not in said
    assert "When armed" not in said
    assert "with the next deposit" in said


async def test_what_was_paused_or_snoozed_is_so_after_undo(room: Chatroom, ann: Visitor):
    await ann.say("/alert SEI above 0.25")
    await ann.tap("Set it")
    await ann.say("/alerts")
    await ann.tap("1")
    await ann.tap("Pause")
    delete = ann.buttons["🗑 Delete"]
    await ann.send(delete)
    await ann.send(delete)
    assert "Paused" in await ann.tap("Undo"), "a second tap leaves the first one's undo"
    await ann.tap("1 h")
    await ann.tap("Delete")
    room.office.clock.jump(60)
    assert "Snoozed until 13:00 UTC" in await ann.tap("Undo")
    assert "Now $0.2" in await ann.tap("Wake it now")
    assert "▶️ Wake it now" not in ann.buttons


@pytest.mark.parametrize(
    ("was", "back"),
    [
        (Standing(AlertState.PAUSED), Standing(AlertState.PAUSED)),
        (Standing(AlertState.ARMED), None),
        (
            Standing(AlertState.SNOOZED, None, datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)),
            Standing(AlertState.SNOOZED, None, datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)),
        ),
    ],
)
def test_how_it_stood_fits_into_a_button(was: Standing, back: Standing | None):
    assert unpack_standing("".join(pack_standing(was))) == back


@pytest.mark.parametrize("word", ["", "x", "s", "s-1", "s99999999999", "sx", "pp", "s\uff11"])
def test_a_forged_button_says_nothing(word: str):
    assert unpack_standing(word) is None


async def test_the_next_digest_is_at_a_time_today_and_on_a_day_later(room: Chatroom):
    alert = await sets(room, Condition("DIGEST_DAILY", "", Decimal(0), "13:00"))
    assert await stands(room, alert) == "Next at 13:00 UTC"
    later = await sets(room, Condition("DIGEST_DAILY", "", Decimal(0), "11:00"))
    assert (await stands(room, later)).startswith("Next on ")


async def test_usual_lines_are_offered_and_tap_is_said_where_there_are_some(
    room: Chatroom, ann: Visitor
):
    await ann.say("/alert")
    await ann.tap("Volume")
    assert "Tap, or write one." in await ann.tap("SEI")
    assert "SEI volume 3x" in await ann.tap("3x")
    await ann.say("/alert")
    await ann.tap("RSI")
    await ann.tap("SEI")
    await ann.tap("4h")
    assert {"RSI 30", "RSI 70"} <= set(ann.buttons)
    await ann.say("/alert")
    said = await ann.tap("Gas")
    assert "Write one." in said
    assert "Tap" not in said
