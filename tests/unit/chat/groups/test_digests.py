"""The market summary of a topic: set, moved, paused and ended, and by whose clock it comes."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.alerts import AlertState, Place
from tests.unit.chat.groups.test_door import alerts_of, is_set
from tests.unit.chat.groups.town import GROUP, TOPIC, Town
from tests.unit.services.office import ANN, BO, Office

HERE = Place(GROUP, TOPIC)


@pytest.fixture
async def town(office: Office) -> Town:
    """Ann lives in Berlin, Bo in Tokyo."""
    town = await Town(office).move_in()
    await office.user(ANN, time_zone="Europe/Berlin")
    await office.user(BO, time_zone="Asia/Tokyo")
    return town


async def tap(town: Town, person: int, data: str) -> str:
    return await town.tap(person, data, town.card())


def windows(town: Town) -> list[str]:
    return [alert.condition.window for alert in alerts_of(town)]


async def test_a_daily_summary_is_set_moved_and_ended(town: Town) -> None:
    await tap(town, ANN, "subscribe:daily")
    await tap(town, ANN, town.buttons(edited=True)["08:00"])
    (digest,) = alerts_of(town)
    assert (digest.place, digest.condition.window) == (HERE, "08:00")
    assert "Daily digest at 08:00" in town.last_edit
    await tap(town, BO, "subscribe:daily")
    assert "✅ 08:00" in town.buttons(edited=True)
    await tap(town, BO, "subscribe:at:18:00")
    (moved,) = alerts_of(town)
    assert (moved.id, moved.condition.window) == (digest.id, "18:00")
    await tap(town, BO, "subscribe:nodaily")
    assert not alerts_of(town)
    assert "Market summary: none" in town.last_edit


async def test_times_are_said_by_the_clock_that_counts(town: Town) -> None:
    await tap(town, BO, "subscribe:daily")
    assert "by the clock of whoever taps it: for Bo, Tokyo time" in town.last_edit
    assert await tap(town, ANN, "subscribe:at:08:00") == "Daily digest at 08:00, Berlin time."
    assert "Market summary: Daily digest at 08:00, Berlin time" in town.last_edit
    await tap(town, BO, "subscribe:daily")
    assert "• Daily digest at 08:00, Berlin time" in town.last_edit
    assert "by the clock of whoever set it up: Berlin time" in town.last_edit
    assert "Tokyo" not in town.last_edit
    assert await tap(town, BO, "subscribe:at:09:00") == "Daily digest at 09:00, Berlin time."
    (digest,) = alerts_of(town)
    assert digest.standing.due_at
    assert digest.standing.due_at.astimezone(UTC).hour == 8, "nine in Berlin"


async def test_lists_say_a_summary_by_the_same_clock(town: Town) -> None:
    await is_set(town, "weekday digest 08:00")
    assert "Set by Ann: Digest on weekdays at 08:00, Berlin time" in town.last_edit
    await town.say(BO, "/alerts")
    assert "Digest on weekdays at 08:00, Berlin time" in town.last
    assert "08:00 Berlin" in town.last, "and so is the next one"
    assert "Tokyo" not in town.last
    await tap(town, BO, "alerts:manage:0")
    assert "Digest on weekdays at 08:00, Berlin time" in town.last_edit


async def test_a_zone_of_hours_is_no_time_of_a_city(town: Town, office: Office) -> None:
    for zone, words in (("Etc/GMT-2", "UTC+2"), ("UTC", "UTC")):
        await office.user(ANN, time_zone=zone)
        assert await tap(town, ANN, "subscribe:at:08:00") == f"Daily digest at 08:00, {words}."


@pytest.mark.parametrize("time", ["08:00", "09:00"])
async def test_a_tapped_time_lets_a_paused_summary_come_again(town: Town, time: str) -> None:
    await tap(town, ANN, "subscribe:at:08:00")
    (digest,) = alerts_of(town)
    await tap(town, BO, f"alerts:pause:{digest.id}:0")
    await tap(town, BO, "subscribe:menu")
    assert "Daily digest at 08:00, Berlin time (paused)" in town.last_edit
    await tap(town, BO, "subscribe:daily")
    assert "⏸ 08:00" in town.buttons(edited=True)
    assert "a paused one lets it come again" in town.last_edit
    assert await tap(town, BO, f"subscribe:at:{time}") == f"Daily digest at {time}, Berlin time."
    assert "paused" not in town.last_edit
    (again,) = alerts_of(town)
    assert again.standing.state is AlertState.ARMED
    hour = int(time[:2]) - 1
    assert again.standing.due_at == _next(town.office.clock.now(), hour)


async def test_no_daily_summary_ends_all_of_them(town: Town) -> None:
    for words in ("daily digest at 08:00", "weekday digest 18:00", "weekly digest monday 09:00"):
        await is_set(town, words)
    await tap(town, BO, "subscribe:daily")
    assert {"✅ 08:00", "✅ 18:00"} <= set(town.buttons(edited=True))
    assert "• Digest on weekdays at 18:00, Berlin time" in town.last_edit
    assert "A time moves the first one" in town.last_edit
    await tap(town, BO, "subscribe:nodaily")
    assert windows(town) == ["mon 09:00"], "which is not a daily one"


async def test_one_of_two_moves_and_none_comes_twice(town: Town) -> None:
    for words in ("daily digest at 08:00", "daily digest at 18:00"):
        await is_set(town, words)
    await tap(town, ANN, "subscribe:at:18:00")
    assert windows(town) == ["08:00", "18:00"]
    await tap(town, ANN, "subscribe:at:07:00")
    assert windows(town) == ["07:00", "18:00"]


async def test_a_summary_on_weekdays_keeps_its_days(town: Town) -> None:
    await is_set(town, "weekday digest 08:00")
    await tap(town, BO, "subscribe:daily")
    assert "✅ 08:00" in town.buttons(edited=True)
    assert "Daily" not in "".join(town.last_edit.splitlines()[1:])
    words = "Digest on weekdays at 18:00, Berlin time"
    assert await tap(town, BO, "subscribe:at:18:00") == f"{words}."
    assert f"Market summary: {words}" in town.last_edit
    assert windows(town) == ["weekdays 18:00"]


def _next(now: datetime, hour: int) -> datetime:
    due = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return due if due > now else due + timedelta(days=1)
