"""Digests by the clock, and alerts that run out."""

from datetime import datetime, timedelta

import pytest

from bot.domain.alerts import AlertState, Place, Repeat, Standing
from bot.ports.ledger import Priority
from tests.unit.services.alerts.lookout import Lookout
from tests.unit.services.office import Office


@pytest.fixture
def lookout(office: Office) -> Lookout:
    return Lookout(office)  # At 12:00 on a Friday.


async def test_a_digest_comes_at_its_time_every_day(lookout: Lookout) -> None:
    alert = await lookout.add("DIGEST_DAILY", window="13:00")
    lookout.clock.jump(3599)
    assert await lookout.digests.tick() == 0
    lookout.clock.jump(1)
    assert await lookout.digests.tick() == 1
    [notice] = lookout.told
    now = lookout.clock.now()
    assert (notice.kind, notice.key, notice.priority) == (
        "digest",
        f"alert:{alert.id}:1",
        Priority.DIGEST,
    )
    assert notice.data == {
        "alert": str(alert.id),
        "due_at": now.isoformat(),
        "weekly": "",
        "window": "13:00",
        "late": "",
        "held": "",
    }
    assert lookout.now(alert).standing.due_at == now + timedelta(days=1)
    assert lookout.office.wakes == 1
    assert await lookout.digests.tick() == 0


async def test_after_a_downtime_it_comes_once_and_late(lookout: Lookout) -> None:
    alert = await lookout.add("DIGEST_WEEKLY", window="fri 13:00")
    due_at = lookout.now(alert).standing.due_at
    assert due_at
    lookout.clock.jump(15 * 86_400)
    await lookout.digests.tick()
    await lookout.digests.tick()
    [notice] = lookout.told
    assert (notice.data["weekly"], notice.data["late"]) == ("yes", "yes")
    assert notice.data["due_at"] == due_at.isoformat()
    after = lookout.now(alert).standing.due_at
    assert after == due_at + timedelta(days=21)


async def test_one_that_shall_come_once_is_over_then(lookout: Lookout) -> None:
    alert = await lookout.add("DIGEST_DAILY", window="13:00", repeat=Repeat.ONCE)
    for _ in range(3):
        lookout.clock.jump(86_400)
        await lookout.digests.tick()
    [notice] = lookout.told
    assert (notice.kind, notice.key) == ("digest", f"alert:{alert.id}:1")
    assert lookout.now(alert).standing == Standing(AlertState.DONE)
    assert lookout.now(alert).rings == 1


async def test_in_groups_the_zone_is_that_of_who_set_it_up(lookout: Lookout) -> None:
    alert = await lookout.add("DIGEST_DAILY", window="13:00", place=Place(-100, 2))
    await lookout.office.user(time_zone="America/New_York")
    lookout.clock.jump(3600)
    await lookout.digests.tick()
    due_at = lookout.now(alert).standing.due_at
    assert due_at == datetime.fromisoformat("2026-11-20T18:00:00+00:00")


async def test_what_runs_out_is_told_without_a_hurry(lookout: Lookout) -> None:
    await lookout.office.user()
    await lookout.prices.tick()
    end = lookout.clock.now() + timedelta(hours=1)
    alert = await lookout.add("PRICE_ABOVE", "SEI", "0.3", expires_at=end)
    await lookout.minute(minutes=60)
    await lookout.candles.tick()
    await lookout.holdings.tick()
    assert await lookout.digests.tick() == 1
    [notice] = lookout.told
    assert (notice.kind, notice.priority) == ("alert_ended", Priority.DIGEST)
    assert notice.data["type"] == "PRICE_ABOVE"
    assert lookout.now(alert).standing.state is AlertState.DONE
    assert await lookout.digests.tick() == 0
