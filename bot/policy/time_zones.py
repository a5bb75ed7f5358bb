"""Which time zone a person means, by a city, a zone's name, or what their clock says now. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.domain.errors import UserError
from bot.policy.alerts.digest_times import zone_of

COMMON = (
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Istanbul",
    "Africa/Lagos",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Seoul",
    "Australia/Sydney",
)
"""Offered as buttons."""

_CITIES: Mapping[str, str] = {
    "America/New_York": "washington boston miami philadelphia atlanta nyc orlando",
    "America/Chicago": "houston dallas austin san_antonio new_orleans minneapolis",
    "America/Los_Angeles": "san_francisco seattle san_diego las_vegas portland la california",
    "America/Toronto": "ottawa",
    "America/Sao_Paulo": "rio rio_de_janeiro brasilia brazil",
    "America/Argentina/Buenos_Aires": "argentina",
    "Europe/London": "uk england manchester edinburgh britain",
    "Europe/Berlin": "munich muenchen frankfurt hamburg cologne stuttgart germany",
    "Europe/Zurich": "geneva basel bern switzerland",
    "Europe/Madrid": "barcelona valencia seville spain",
    "Europe/Paris": "lyon marseille france",
    "Europe/Rome": "milan naples turin italy",
    "Europe/Amsterdam": "rotterdam netherlands",
    "Europe/Istanbul": "ankara izmir turkey",
    "Europe/Moscow": "st_petersburg saint_petersburg",
    "Europe/Warsaw": "krakow poland",
    "Africa/Lagos": "abuja nigeria",
    "Africa/Johannesburg": "cape_town durban pretoria",
    "Asia/Kolkata": "mumbai delhi new_delhi bangalore bengaluru chennai hyderabad pune india",
    "Asia/Shanghai": "beijing shenzhen guangzhou hangzhou china",
    "Asia/Tokyo": "osaka kyoto japan",
    "Asia/Seoul": "busan incheon korea",
    "Asia/Dubai": "abu_dhabi",
    "Asia/Ho_Chi_Minh": "hanoi danang vietnam",
    "Asia/Bangkok": "phuket thailand",
    "Asia/Manila": "cebu philippines",
    "Australia/Sydney": "canberra",
}
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-])\s*(\d{1,2})(?::?00)?")
_CLOCK = re.compile(r"(\d{1,2})[:.h ]?(\d{2})?\s*(am|pm)?")
_SPAN = re.compile(r"(.+?)\s*(?:-|–|—|\bto\b|\buntil\b|\btill\b)\s*(.+)")
_EAST, _WEST = 14, 12
_QUARTER = timedelta(minutes=15)
_HALF_DAY, _MIDNIGHT = 12, 24
_LONGEST = 40


def parse_zone(text: str) -> str:
    """An IANA name from a city, a zone or an offset like `UTC+2`.

    Raises:
        UserError: it is none of these.
    """
    word = " ".join(text.strip().lower().split())[:_LONGEST]
    if match := _OFFSET.fullmatch(word):
        hours = int(match[2])
        if hours <= (_EAST if match[1] == "+" else _WEST):
            # POSIX signs: Etc/GMT-2 is two hours east of Greenwich.
            return f"Etc/GMT{'-' if match[1] == '+' else '+'}{hours}" if hours else "UTC"
    name = _names().get(re.sub(r"[\s-]+", "_", word.replace(".", "")))
    if name is None:
        raise UserError(
            "I do not know that place. Write a large city of your time zone, like Berlin or New "
            "York, or an offset like UTC+2, or what your clock says now, like 14:35."
        )
    return name


def parse_time(text: str) -> time:
    """A time of the day: `8`, `8:30`, `22:00`, `10pm`.

    Raises:
        UserError: it is none.
    """
    match = _CLOCK.fullmatch(text.strip().lower()[:_LONGEST])
    if match:
        hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
        if half:
            hour = hour % _HALF_DAY + (_HALF_DAY if half == "pm" else 0) if hour <= 12 else 99
        hour = 0 if hour == _MIDNIGHT and not minute else hour
        if hour < _MIDNIGHT and minute < 60:
            return time(hour, minute)
    raise UserError("I cannot read that as a time. Write it like 22:00.")


def parse_span(text: str) -> tuple[time, time]:
    """From and until: `22:00-07:00`, `22 to 7`, `10pm-7am`.

    Raises:
        UserError: it is none, or both are the same.
    """
    match = _SPAN.fullmatch(text.strip().lower()[:_LONGEST])
    if not match:
        raise UserError("Write from when until when, like 22:00-07:00, or off.")
    start, end = parse_time(match[1].removeprefix("from ")), parse_time(match[2])
    if start == end:
        raise UserError("From and until are the same. Write two times, like 22:00-07:00.")
    return start, end


def zones_of_clock(says: time, now: datetime) -> Sequence[str]:
    """Zones in which a clock says this at `now`, best known first; at most eight.

    To the quarter of an hour, as zones go.
    """
    today = datetime.combine(now.date(), says, tzinfo=UTC)
    found: list[str] = []
    for day in (-1, 0, 1):
        shift = today + timedelta(days=day) - now
        offset = round(shift / _QUARTER) * _QUARTER
        if -timedelta(hours=_WEST) <= offset <= timedelta(hours=_EAST):
            found += [name for name in _known() if ZoneInfo(name).utcoffset(now) == offset]
    return found[:8]


def label_of(zone: str) -> str:
    """`Europe/Berlin` as `Berlin`, `Etc/GMT-2` as `UTC+2`."""
    if zone.startswith("Etc/GMT") and len(zone) > len("Etc/GMT"):
        sign, hours = zone[len("Etc/GMT")], zone[len("Etc/GMT") + 1 :]
        return f"UTC{'+' if sign == '-' else '-'}{hours}"
    return zone.rpartition("/")[2].replace("_", " ")


def local(at: datetime, zone: str) -> datetime:
    """A moment by a zone's clocks."""
    return at.astimezone(zone_of(zone))


@cache
def _names() -> Mapping[str, str]:
    """Zones by what people write, in lower case with underscores."""
    names: dict[str, str] = {}
    for zone in sorted(available_timezones(), key=lambda zone: (zone.count("/") != 1, zone)):
        names.setdefault(zone.rpartition("/")[2].lower().replace("-", "_"), zone)
    names |= {zone.lower().replace("-", "_"): zone for zone in available_timezones()}
    names |= {city: zone for zone, cities in _CITIES.items() for city in cities.split()}
    return names | {"utc": "UTC", "gmt": "UTC", "z": "UTC"}


@cache
def _known() -> Sequence[str]:
    """Zones worth offering: common ones, then those of cities we know, then whole hours."""
    hours = [f"Etc/GMT{-shift:+d}" for shift in range(-_WEST, _EAST + 1) if shift]
    named = [*COMMON, *_CITIES, "Asia/Kathmandu", "Asia/Tehran", "Australia/Adelaide", "UTC"]
    return [*dict.fromkeys(named), *hours]
