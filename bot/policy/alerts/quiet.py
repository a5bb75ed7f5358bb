"""Quiet hours: until when a message waits. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.people import QuietHours
from bot.policy.alerts.digest_times import zone_of


def quiet_until(quiet: QuietHours | None, zone: str, now: datetime) -> datetime | None:
    """When the quiet hours that hold now are over, in UTC; None if none hold.

    They hold from their start, their end excluded, by the clock on the wall there. A wall time
    that a change of clocks leaves out counts as much later as it leaves out, one that comes twice
    counts the first time. Equal ends mean no quiet at all.
    """
    if quiet is None or quiet.start == quiet.end:
        return None
    here = zone_of(zone)
    today = now.astimezone(here).date()
    for ahead in (-1, 0):
        first = today + timedelta(days=ahead)
        last = first if quiet.start < quiet.end else first + timedelta(days=1)
        start = _utc(datetime.combine(first, quiet.start), here)
        end = _utc(datetime.combine(last, quiet.end), here)
        if start <= now < end:
            return end
    return None


def _utc(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)
