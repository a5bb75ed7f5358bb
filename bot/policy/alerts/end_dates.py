"""Until when: a date, a day or a time of the day behind `until`, `by` or `before`. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.errors import UserError
from bot.policy.alerts.vocabulary import weekday_of

HELP = "Write until friday, until 2030-12-31 or for 3 days."

_FLAGS = re.IGNORECASE | re.ASCII
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_HOUR = (
    r"(?:(?P<h>[0-9]{1,2}):(?P<min>[0-9]{2})(?:\s*(?P<half>[ap]\.?m)\b)?"
    r"|(?P<h2>[0-9]{1,2})\s*(?P<half2>[ap]\.?m)\b|(?P<noon>noon|midday)\b)"
)
_CLOCK = rf"(?:(?:[,t\s]|\s+at\s)+{_HOUR})?"
_DATES = (
    rf"(?P<iso>(?P<y1>[0-9]{{4}})-(?P<m1>[0-9]{{1,2}})-(?P<d1>[0-9]{{1,2}}))(?![0-9]){_CLOCK}",
    rf"(?P<d2>[0-9]{{1,2}})\.(?P<m2>[0-9]{{1,2}})\.(?P<y2>[0-9]{{4}})?(?![0-9]){_CLOCK}",
    rf"(?P<d3>[0-9]{{1,2}})(?:st|nd|rd|th)?\.?\s+(?:of\s+)?(?P<m3>{_MONTH})(?:,?\s+(?P<y3>[0-9]{{4}}))?"
    rf"\b{_CLOCK}",
    rf"(?P<m4>{_MONTH})\.?\s+(?P<d4>[0-9]{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y4>[0-9]{{4}}))?\b{_CLOCK}",
    rf"(?:(?:on|this|(?P<next>next))\s+)?(?P<day>(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)\b"
    rf"(?:\s+night\b)?{_CLOCK}",
    rf"(?P<word>today|tonight|tomorrow)\b(?:\s+night\b)?{_CLOCK}",
    r"(?:(?:the\s+)?end\s+of\s+(?:the\s+)?(?P<end>day|week|month|year)|eo(?P<short>[dwmy]))\b",
    rf"(?:at\s+)?(?P<midnight>midnight\b)|(?:at\s+)?{_HOUR}",
)
_PATTERNS = tuple(re.compile(pattern, _FLAGS) for pattern in _DATES)
_UNTIL = re.compile(r"[,;]?\s*\b(?P<lead>until|till|til|by|before|expires?(?:\s+on)?)\s+", _FLAGS)
_SOFT = frozenset({"by", "before"})
"""`by 5%` and `before lunch` are no dates; `until lunch` is meant to be one."""
_VAGUE = re.compile(
    r"\s*(?:(?:in\s+the\s+)?(?:early|late|morning|afternoon|evening|lunch\w*)\b"
    r"|,?\s*at\s+[0-9]{1,2}(?![0-9.,:k%])|[0-9]{1,2}\s*o'?clock\b)",
    _FLAGS,
)
_DATED = re.compile(
    rf"(?:the\s+)?(?:{_MONTH}|christmas|easter|new\s+year\S*|xmas|next|noon|night|morning|evening"
    r"|lunch\w*|dinner|summer|winter|spring|autumn|(?:20[2-9][0-9])|q[1-4])\b",
    _FLAGS,
)
"""Behind `by` or `before`: a date is meant, if none that can be read."""
_RANGE = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?\s*$", _FLAGS
)
_SPANS = {"d": "day", "w": "week", "m": "month", "y": "year"}


@dataclass(frozen=True, slots=True)
class EndDate:
    """The moment that words mean, which stand from `start` to `end` of a sentence."""

    until: datetime
    start: int
    end: int


def find_end(text: str, now: datetime, zone: ZoneInfo) -> EndDate | None:
    """The end that a sentence names; None if it names none.

    Args:
        text: the sentence.
        now: UTC.
        zone: dates and times of the day are local there; a date without a time is its last second.

    Raises:
        UserError: a date that is past, or none that can be read.
    """
    lead = _UNTIL.search(text)
    while lead and _RANGE.search(text[: lead.start()]):
        lead = _UNTIL.search(text, lead.end())
    if not lead:
        return None
    for pattern in _PATTERNS:
        if match := pattern.match(text, lead.end()):
            if _VAGUE.match(text, match.end()):
                raise UserError("Until which time? Write it like: until friday 17:00.")
            until = _future(_moment(match, now.astimezone(zone)), now)
            return EndDate(until, lead.start(), match.end())
    if lead["lead"].lower() in _SOFT and not _DATED.match(text, lead.end()):
        return None
    raise UserError(f"I cannot read until when. {HELP}")


def _moment(match: re.Match[str], local: datetime) -> datetime:
    parts = {name: value for name, value in match.groupdict().items() if value}
    at = _time(parts)
    if not parts.keys() - {"h", "min", "half", "h2", "half2", "noon", "midnight"}:
        if at is None:
            return datetime.combine(local.date(), time(23, 59, 59), local.tzinfo)
        moment = datetime.combine(local.date(), at, local.tzinfo)
        return moment if moment > local else moment + timedelta(days=1)
    return datetime.combine(_day(parts, local), at or time(23, 59, 59), local.tzinfo)


def _time(parts: dict[str, str]) -> time | None:
    if "noon" in parts:
        return time(12)
    hour = parts.get("h") or parts.get("h2")
    if hour is None:
        return None
    minute = parts.get("min", "00")
    half = (parts.get("half") or parts.get("half2") or "").lower()[:1]
    number = int(hour)
    if half and not 1 <= number <= 12:
        raise UserError(f"{hour}:{minute} {half}m is no time of the day. {HELP}")
    if half:
        number = number % 12 + 12 * (half == "p")
    if number > 23 or int(minute) > 59:
        raise UserError(f"{hour}:{minute} is no time of the day. {HELP}")
    return time(number, int(minute))


def _day(parts: dict[str, str], local: datetime) -> date:
    today = local.date()
    if "word" in parts:
        return today + timedelta(days=parts["word"].lower() == "tomorrow")
    if span := parts.get("end") or _SPANS.get(parts.get("short", "").lower()):
        return _last_day(today, span.lower())
    if "day" in parts:
        weekday = weekday_of(parts["day"].lower())
        if weekday is None:
            raise UserError(f"I cannot read until when. {HELP}")
        ahead = (weekday - today.weekday()) % 7
        return today + timedelta(days=ahead or (7 if "next" in parts else 0))
    found = {name[0]: value for name, value in parts.items() if name in _NUMBERED}
    return _date(found, today)


_NUMBERED = frozenset(f"{part}{number}" for part in "ymd" for number in range(1, 5))


def _date(parts: dict[str, str], today: date) -> date:
    name = parts["m"]
    month = int(name) if name.isdigit() else _MONTHS.index(name[:3].lower()) + 1
    year = int(parts["y"]) if "y" in parts else today.year
    try:
        day = date(year, month, int(parts["d"]))
        if "y" not in parts and day < today:
            day = date(year + 1, month, int(parts["d"]))
    except ValueError:
        raise UserError(f"There is no such date. {HELP}") from None
    return day


def _last_day(today: date, span: str) -> date:
    if span == "week":
        return today + timedelta(days=6 - today.weekday())
    if span == "day":
        return today
    month = 12 if span == "year" else today.month
    first_after = date(today.year + (month == 12), month % 12 + 1, 1)
    return first_after - timedelta(days=1)


def _future(until: datetime, now: datetime) -> datetime:
    try:
        until = until.astimezone(UTC)
    except OverflowError:
        raise UserError(f"That date is too far away. {HELP}") from None
    if until <= now:
        raise UserError(f"That time is past already. {HELP}")
    return until
