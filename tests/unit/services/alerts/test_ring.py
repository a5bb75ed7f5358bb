"""What becomes of alerts that nobody knows how to look at."""

from dataclasses import replace

import pytest

from bot.domain.alerts import AlertState, Reading
from bot.ports.alerts import Hit, Outcome
from bot.services.alerts.ring import Ring
from tests.unit.services.alerts.lookout import KINDS, Lookout
from tests.unit.services.office import Office


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
