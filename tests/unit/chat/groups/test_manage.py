"""What administrators do to a group's alerts: nothing moves under the finger, all can be undone."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.alerts import Alert, AlertState
from bot.policy.alerts.states import finish
from tests.unit.chat.groups.test_door import alerts_of, is_set
from tests.unit.chat.groups.town import CY, Town
from tests.unit.services.office import ANN, BO, Office


@pytest.fixture
async def town(office: Office) -> Town:
    return await Town(office).move_in()


def state(town: Town, alert: Alert) -> AlertState:
    return town.room.alerts.alerts[alert.id].standing.state


async def test_no_alert_moves_when_another_is_changed(town: Town) -> None:
    far = await is_set(town, "SEI above 0.9")
    near = await is_set(town, "SEI above 0.25")
    card = town.card()
    await town.tap(ANN, "alerts:manage:0", card)
    before = town.buttons(edited=True)
    assert before["🗑 1"] == f"alerts:delete:{far.id}:0", "by age, whatever is nearest"
    for action in ("pause", "resume"):
        await town.tap(ANN, f"alerts:{action}:{far.id}:0", card)
        after = town.buttons(edited=True)
        assert {name: after[name] for name in ("🗑 1", "🗑 2")} == {
            "🗑 1": f"alerts:delete:{far.id}:0",
            "🗑 2": f"alerts:delete:{near.id}:0",
        }


async def test_a_deletion_is_undone_from_the_list(town: Town) -> None:
    alert, other = await is_set(town), await is_set(town, "SEI below 0.2")
    card = town.card()
    await town.tap(ANN, f"alerts:pause:{alert.id}:0", card)
    await town.tap(BO, f"alerts:delete:{alert.id}:0", card)
    assert "Bo has deleted SEI above $0.25" in town.last_edit
    assert set(town.buttons(edited=True)) == {"↩️ Undo", "‹ Alerts"}, "nothing else to hit"
    edited = len(town.bot.edited)
    assert "Deleted" in await town.tap(BO, f"alerts:delete:{alert.id}:0", card)
    assert len(town.bot.edited) == edited, "a second tap leaves the way back"
    assert alerts_of(town) == [other]
    undo = town.buttons(edited=True)["↩️ Undo"]
    assert "Only administrators" in await town.tap(CY, undo, card)
    assert "It is back" in await town.tap(ANN, undo, card)
    assert "Ann has brought SEI above $0.25 back" in town.last_edit
    assert state(town, alert) is AlertState.PAUSED, "as it was"
    assert len(alerts_of(town)) == 2


async def test_a_deletion_is_undone_from_its_message(town: Town) -> None:
    alert = await is_set(town)
    await town.tap(BO, f"alerts:off:{alert.id}", town.card())
    assert "Bo has deleted SEI above $0.25" in town.last
    await town.tap(ANN, town.buttons()["↩️ Undo"], town.card())
    assert state(town, alert) is AlertState.ARMED


@pytest.mark.parametrize("data", ["alerts:restore:", "alerts:restore:x", "alerts:restore:999:p"])
async def test_a_forged_undo_brings_nothing(town: Town, data: str) -> None:
    alert = await is_set(town)
    await town.tap(ANN, data, town.card())
    assert alerts_of(town) == [alert]


async def test_a_double_tap_on_snooze_is_said_once(town: Town, office: Office) -> None:
    alert = await is_set(town)
    said = len(town.bot.sent)
    for _ in range(2):
        assert "Snoozed" in await town.tap(BO, f"alerts:snooze:{alert.id}:60", town.card())
        office.clock.jump(2)
    assert len(town.bot.sent) == said + 1
    await town.tap(ANN, f"alerts:snooze:{alert.id}:1440", town.card())
    assert len(town.bot.sent) == said + 2, "another span is news"
    await town.tap(ANN, f"alerts:snooze:{alert.id}:15", town.card())
    assert len(town.bot.sent) == said + 3


async def test_a_snooze_says_what_comes_after(town: Town, office: Office) -> None:
    alert = await is_set(town, "SEI above 0.25 once")
    rung_out = replace(finish(alert), rings=1, rang_at=office.clock.now())
    town.room.alerts.alerts[alert.id] = rung_out
    town.room.figures.known["price:SEI:"] = Decimal("0.26")
    await town.tap(BO, f"alerts:snooze:{alert.id}:60", town.card())
    assert "until 13:00 UTC. If it is so then, I ring." in town.last
    assert state(town, alert) is AlertState.SNOOZED
    (after,) = alerts_of(town)
    assert after.standing.due_at == office.clock.now() + timedelta(hours=1)
