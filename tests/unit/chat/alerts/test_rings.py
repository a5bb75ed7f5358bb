"""What rang lately is in the list, with what became of its message; and held figures."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.chat.notices import render_notice
from bot.chat.view import MAX_TEXT, bare, length
from bot.domain.alerts import AlertState, Reading, Tick
from bot.domain.people import QuietHours
from bot.ports.alerts import Look
from bot.ports.ledger import OutboxState
from bot.services.alerts.ring import Ring
from tests.unit.chat.chatroom import KINDS, Chatroom
from tests.unit.chat.groups.visitor import Visitor
from tests.unit.services.office import ANN, Office


@pytest.fixture
async def room(office: Office) -> Chatroom:
    room = Chatroom(office)
    room.figures.known = {"price:SEI:": Decimal("0.2"), "price:USDC:": Decimal(1)}
    await office.user()
    return room


@pytest.fixture
def ann(room: Chatroom) -> Visitor:
    return Visitor(room)


async def sets(ann: Visitor, words: str) -> str:
    await ann.say(f"/alert {words}")
    return await ann.tap("Set it")


async def reads(room: Chatroom, series: str, value: str, *, price: str = "1") -> None:
    """A look at one series; what hits rings."""
    now = room.office.clock.now()
    prices = {"SEI": Decimal(price), "USDC": Decimal(price)}
    look = Look(now, {series: Reading(Decimal(value), now, now)}, Tick(now, prices))
    await room.alerts.apply(look, Ring(room.office.clock, KINDS).looking(prices=prices))


async def message(room: Chatroom) -> str:
    return bare((await render_notice(room.services, room.office.notices("alert")[-1])).text)


async def test_a_once_only_alert_is_still_seen_after_it_rang(room: Chatroom, ann: Visitor):
    await sets(ann, "SEI above 0.25")
    assert "Rang lately" not in await ann.say("/alerts")
    await reads(room, "price:SEI:", "0.2514")
    room.office.ledger.notices[-1].state = OutboxState.SENT
    said = await ann.say("/alerts")
    assert "You have no alerts" in said
    assert said.endswith("Rang lately\n• 12:00 UTC · SEI above $0.25: $0.2514")
    room.office.clock.jump(24 * 3_600 + 1)
    assert "Rang lately" not in await ann.say("/alerts")


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (OutboxState.PENDING, "its message is on its way"),
        (OutboxState.AMBIGUOUS, "its message may not have arrived, and is not repeated"),
        (OutboxState.FAILED, "its message could not be sent"),
        (OutboxState.LOST, "its message did not reach this chat"),
    ],
)
async def test_what_became_of_its_message_is_said(
    room: Chatroom, ann: Visitor, state: str, says: str
):
    await sets(ann, "SEI above 0.25")
    await reads(room, "price:SEI:", "0.2514")
    room.office.ledger.notices[-1].state = state
    assert f"$0.2514 · {says}" in await ann.say("/alerts")


async def test_one_that_quiet_hours_hold_back_is_there(room: Chatroom, ann: Visitor):
    noon = room.office.clock.now().time()
    await room.office.user(quiet=QuietHours(noon, noon.replace(hour=14)))
    await sets(ann, "SEI above 0.25")
    await reads(room, "price:SEI:", "0.2514")
    waits = "its message waits for the end of your quiet hours, 14:00 UTC"
    assert waits in await ann.say("/alerts")


async def test_five_are_shown_as_they_were_then_on_the_first_page(room: Chatroom, ann: Visitor):
    await sets(ann, "SEI above 0.25 every time at most every 5 minutes")
    (alert,) = room.alerts.alerts.values()
    for number in range(7):
        await reads(room, "price:SEI:", f"0.30{number}")
        now = room.alerts.alerts[alert.id]
        room.alerts.alerts[alert.id] = replace(now, standing=alert.standing)
        room.office.clock.jump(301)
    await ann.send(f"alerts:open:{alert.id}:0")
    await ann.tap("Figure")
    await ann.say("0.5")
    for number in range(8):
        await sets(ann, f"SEI above 0.6{number}")
    said = await ann.say("/alerts")
    assert said.count("SEI above $0.25: $0.30") == 5
    assert "$0.306" in said
    assert "$0.301" not in said
    assert length(said) < MAX_TEXT
    assert "Rang lately" not in await ann.tap("Next")


async def test_a_digest_that_rang_has_no_figure(room: Chatroom, ann: Visitor):
    await sets(ann, "daily digest at 12:00")
    room.office.clock.jump(24 * 3_600)
    ring = Ring(room.office.clock, KINDS)
    await room.alerts.apply_due(room.office.clock.now(), ring.due())
    assert "12:00 UTC · Daily digest at 12:00 ·" in await ann.say("/alerts")


async def test_a_deposit_has_its_unit_and_no_price(room: Chatroom, ann: Visitor):
    agent = await room.office.agent()
    room.figures.known[f"deposit:{agent.id}:USDC"] = Decimal(0)
    said = await sets(ann, "deposit of 25 USDC")
    assert "🤖 Alpha" in said
    await reads(room, f"deposit:{agent.id}:USDC", "500")
    told = await message(room)
    assert told.startswith("🔔 Deposit of at least 25 USDC: 500 USDC, at 12:00 UTC")
    assert "Price of" not in told
    assert "Data" not in told
    assert "🤖 Alpha" in told
    view = await render_notice(room.services, room.office.notices("alert")[-1])
    assert view.photo is None


async def test_balances_have_their_unit_wherever_they_are_shown(room: Chatroom, ann: Visitor):
    agent = await room.office.agent()
    series = f"balance:{agent.id}:SEI"
    room.figures.known[series] = Decimal(10)
    said = await sets(ann, "SEI balance above 20 every time")
    assert "Now 10 SEI, 100.0 % to go" in said
    await reads(room, series, "25")
    told = await message(room)
    assert "SEI balance above 20: 25 SEI" in told
    assert "When armed: 10 SEI, 12:00 UTC" in told
    assert "once it has come back to 19.9 SEI" in told
    listed = await ann.say("/alerts")
    assert "1. 💤 SEI balance above 20 · 🤖 Alpha" in listed
    assert "SEI balance above 20: 25 SEI" in listed


async def test_a_held_balance_is_measured_anew(room: Chatroom, ann: Visitor):
    noon = room.office.clock.now().time()
    await room.office.user(ANN, quiet=QuietHours(noon, noon.replace(hour=14)))
    agent = await room.office.agent()
    series = f"balance:{agent.id}:SEI"
    room.figures.known[series] = Decimal(10)
    await sets(ann, "SEI balance above 20")
    await reads(room, series, "25")
    room.office.clock.jump(2 * 3_600)
    room.figures.known[series] = Decimal(3)
    told = await message(room)
    assert "It waited for the end of your quiet hours." in told
    assert "Now: 3 SEI" in told


async def test_a_restored_one_whose_end_has_passed_says_so(room: Chatroom, ann: Visitor):
    await sets(ann, "SEI above 0.25 for 1h")
    (alert,) = room.alerts.alerts.values()
    room.office.clock.jump(timedelta(hours=2).total_seconds())
    await room.services.set_alerts.delete(await room.office.user(), alert.id)
    await ann.send(f"alerts:restore:{alert.id}:0")
    assert ann.toast == "It is back, without its end date: that has passed."
    await ann.send(f"alerts:delete:{alert.id}:0")
    await ann.send(f"alerts:restore:{alert.id}:0")
    assert ann.toast == "It is back."
    assert room.alerts.alerts[alert.id].standing.state is AlertState.ARMED


class Titles:
    """Draws nothing, and remembers what the pictures were to be called."""

    def __init__(self) -> None:
        self.drawn: list[str] = []

    async def draw(self, *_: object, title: str, **__: object) -> bytes:
        self.drawn.append(title)
        return b"picture"


async def test_the_times_of_a_chart_have_their_zone(room: Chatroom, ann: Visitor):
    sparks: Any = Titles()
    room.services = replace(room.services, sparks=sparks)
    await sets(ann, "SEI above 0.25")
    await reads(room, "price:SEI:", "0.2514")
    await message(room)
    assert sparks.drawn == ["SEI · 24 h, UTC"]
