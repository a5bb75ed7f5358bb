"""Quiet hours, over midnight and where clocks are changed; digests there too."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts import Condition
from bot.domain.people import QuietHours
from bot.policy.alerts.digest_times import next_due
from bot.policy.alerts.quiet import quiet_until

NIGHT = QuietHours(time(22), time(7))
NOON = QuietHours(time(12), time(13, 30))
BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "zone", "now", "until"),
    [
        (NIGHT, "UTC", "2026-11-20 21:59:59", None),
        (NIGHT, "UTC", "2026-11-20 22:00", "2026-11-21 07:00"),
        (NIGHT, "UTC", "2026-11-21 03:00", "2026-11-21 07:00"),
        (NIGHT, "UTC", "2026-11-21 07:00", None),
        (NOON, "UTC", "2026-11-21 12:00", "2026-11-21 13:30"),
        (NOON, "UTC", "2026-11-21 13:30", None),
        (NIGHT, "Asia/Kolkata", "2026-11-20 17:00", "2026-11-21 01:30"),
        (NIGHT, "Pacific/Auckland", "2026-11-20 10:00", "2026-11-20 18:00"),
        (NIGHT, "nowhere", "2026-11-20 23:00", "2026-11-21 07:00"),
        # Clocks in Berlin go forward in this night, and back in that one.
        (NIGHT, BERLIN, "2026-03-28 21:30", "2026-03-29 05:00"),
        (NIGHT, BERLIN, "2026-10-24 21:00", "2026-10-25 06:00"),
        # 02:30 does not exist: it is an hour later; 02:30 exists twice: it is the first.
        (QuietHours(time(1), time(2, 30)), BERLIN, "2026-03-29 00:30", "2026-03-29 01:30"),
        (QuietHours(time(1), time(2, 30)), BERLIN, "2026-10-25 00:00", "2026-10-25 00:30"),
        (QuietHours(time(1), time(2, 30)), BERLIN, "2026-10-25 01:15", None),
        (QuietHours(time(8), time(8)), "UTC", "2026-10-25 08:00", None),
        (None, "UTC", "2026-10-25 08:00", None),
    ],
)
def test_quiet_hours_end(quiet: QuietHours | None, zone: str, now: str, until: str | None) -> None:
    assert quiet_until(quiet, zone, utc(now)) == (until and utc(until))


@given(
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(["UTC", BERLIN, "America/St_Johns", "Australia/Lord_Howe", "Asia/Tokyo"]),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001
)
def test_what_waits_waits_for_less_than_a_day_and_then_goes(
    start: time, end: time, zone: str, now: datetime
) -> None:
    at = now.replace(tzinfo=UTC)
    quiet = QuietHours(start, end)
    until = quiet_until(quiet, zone, at)
    wall = at.astimezone(ZoneInfo(zone)).time()
    if until is None:
        return
    assert at < until <= at + timedelta(hours=25)
    assert quiet_until(quiet, zone, until) is None
    assert start < end or wall >= start or wall < end or until - at <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("window", "zone", "now", "due"),
    [
        ("08:00", "UTC", "2026-11-20 07:59", "2026-11-20 08:00"),
        ("08:00", "UTC", "2026-11-20 08:00", "2026-11-21 08:00"),
        ("mon 08:00", "UTC", "2026-11-20 08:00", "2026-11-23 08:00"),
        ("fri 08:00", "UTC", "2026-11-20 08:00", "2026-11-27 08:00"),
        ("weekdays 08:00", "UTC", "2026-11-20 08:00", "2026-11-23 08:00"),
        ("weekdays 08:00", "UTC", "2026-11-23 08:00", "2026-11-24 08:00"),
        ("weekdays 08:00", "Asia/Tokyo", "2026-11-20 08:00", "2026-11-22 23:00"),
        ("mon 08:00", "Asia/Tokyo", "2026-11-20 08:00", "2026-11-22 23:00"),
        ("02:30", BERLIN, "2026-03-28 12:00", "2026-03-29 01:30"),
        ("02:30", BERLIN, "2026-03-29 01:30", "2026-03-30 00:30"),
        ("02:30", BERLIN, "2026-10-24 12:00", "2026-10-25 00:30"),
        ("02:30", BERLIN, "2026-10-25 00:30", "2026-10-26 01:30"),
    ],
)
def test_a_digest_has_one_time_a_day(window: str, zone: str, now: str, due: str) -> None:
    condition = Condition("DIGEST_DAILY", "", Decimal(0), window)
    assert next_due(condition, zone, utc(now)) == utc(due)
