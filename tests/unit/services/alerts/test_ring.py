"""What becomes of alerts that nobody knows how to look at, and when an end is told."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from bot.domain.alerts import AlertState, Place, Reading
from bot.domain.people import QuietHours
from bot.ports.alerts import Hit, Outcome
from bot.services.alerts.ring import Ring
from tests.unit.services.alerts.lookout import KINDS, Lookout
from tests.unit.services.office import ANN, Office


@pytest.mark.parametrize("kind", ["PRICE_ABOVE", "DIGEST_DAILY"])
async def test_one_of_a_kind_that_is_gone_is_left_alone(office: Office, kind: str) -> None:
    lookout = Lookout(office)
    clock = lookout.clock
    if kind == "DIGEST_DAILY":
        known = await lookout.add(kind, window="13:00")
    else:
        known = await lookout.add(kind, "SEI", "9")
    alert = replace(known, condition=replace(known.condition, type="MOON_PHASE", window="full"))
    ring = Ring(clock, KINDS)
    snoozed = replace(alert, standing=replace(alert.standing, state=AlertState.SNOOZED))
    reading = Reading(known.condition.threshold, clock.now(), clock.now())
    for gone, seen in ((alert, reading), (snoozed, None)):
        hit = Hit(gone, seen, None, "UTC")
        assert ring.looking()(hit) == Outcome(gone)
        assert ring.due()(hit) == Outcome(gone)


@pytest.mark.parametrize("lets_urgent", [True, False])
@pytest.mark.parametrize("place", [Place(int(ANN)), Place(-100)])
async def test_what_runs_out_in_quiet_hours_is_told_after_them(
    office: Office, place: Place, *, lets_urgent: bool
) -> None:
    lookout = Lookout(office)  # At 12:00.
    await office.user()
    await office.user(quiet=QuietHours(time(12), time(20), lets_urgent))
    end = lookout.clock.now() + timedelta(hours=1)
    await lookout.add("PRICE_ABOVE", "SEI", "0.3", expires_at=end, urgent=True, place=place)
    assert await lookout.alerts.expire(end, end, Ring(lookout.clock, KINDS).ended) == 1
    [notice] = lookout.told
    waits = None if place.is_group else end.replace(hour=20)
    assert (notice.kind, notice.not_before) == ("alert_ended", waits)
