"""When a digest is due: a local time, every day, on workdays or once a week. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.alerts import Condition

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKDAYS = "weekdays"
_WINDOW = re.compile(
    rf"(?:(?P<days>{WORKDAYS}|{'|'.join(DAYS)}) )?(?P<h>[0-9]{{2}}):(?P<m>[0-9]{{2}})"
)


@dataclass(frozen=True, slots=True)
class DigestTime:
    """A local time on `days`: one of `DAYS`, `WORKDAYS`, or "" for all of them."""

    at: time
    days: str

    @property
    def is_weekly(self) -> bool:
        """On one day of the week."""
        return self.days in DAYS

    def includes(self, day: date) -> bool:
        """Whether it is due on a local day."""
        if self.days == WORKDAYS:
            return day.weekday() < 5
        return not self.days or DAYS[day.weekday()] == self.days


def digest_window(at: time, days: str = "") -> str:
    """As a condition has it: `08:00`, `mon 08:00`, `weekdays 08:00`."""
    return f"{days} {at:%H:%M}".strip()


def read_digest_window(window: str) -> DigestTime | None:
    """Back from a condition's window; None if it is none."""
    match = _WINDOW.fullmatch(window)
    if not match or int(match["h"]) > 23 or int(match["m"]) > 59:
        return None
    return DigestTime(time(int(match["h"]), int(match["m"])), match["days"] or "")


def next_digest(window: str, zone: str, now: datetime) -> datetime:
    """The first time after `now` (UTC) at which it is due.

    A local time that a clock change skips is due as much later; one that comes twice, at the
    first. So each local day has exactly one.
    """
    when = read_digest_window(window)
    if when is None:
        raise ValueError(f"no digest's window: {window!r}")
    local = zone_of(zone)
    day = now.astimezone(local).date() - timedelta(days=1)
    while True:
        due = datetime.combine(day, when.at, local).astimezone(UTC)
        if due > now and when.includes(day):
            return due
        day += timedelta(days=1)


def next_due(condition: Condition, zone: str, now: datetime) -> datetime:
    """The same for the condition of a digest."""
    return next_digest(condition.window, zone, now)


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its IANA name; UTC for one that is not known here."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
