"""How often, how loud and how long: what an alert says besides its condition. Pure."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.alerts import Repeat
from bot.domain.errors import UserError
from bot.policy.alerts.digest_times import zone_of
from bot.policy.alerts.phrases import LONGEST, read_phrase, seconds_of, too_long
from bot.policy.alerts.states import SHORTEST_COOLDOWN
from bot.policy.alerts.vocabulary import weekday_of

USUAL_COOLDOWN = timedelta(hours=1)
"""Between two rings of an alert that rings every time, where nobody says."""

LONGEST_COOLDOWN = timedelta(days=30)
LONGEST_LIFE = timedelta(days=5 * 366)

_FLAGS = re.IGNORECASE | re.ASCII
_SPAN = (
    r"(?P<span>(?:[0-9]{1,4}[\s-]?|(?:an?|one|two|three|four|five|six|ten|twelve)\s+|)"
    r"(?:seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|months?|years?))\b"
)
_LIMIT = re.compile(
    r"[,;]?\s*(?:\b(?:and|but|then)\s+)?\b(?:at most|not more(?: often)?(?: than)?|no more"
    r"(?: often)? than|max(?:imum|imally)?\.?)\s+(?:once\s+)?(?:every|each|per|in|a(?=\s))?\s*"
    + _SPAN,
    _FLAGS,
)
_RATE = re.compile(rf"[,;]?\s*\bonce\s+(?:every|each|per|an?(?=\s))\s*{_SPAN}", _FLAGS)
_TIMES = re.compile(
    rf"[,;]?\s*\b(?:(?:at most|up to|max(?:imum)?)\s+)?(?P<times>[2-9]|[1-9][0-9])\s+times\s+"
    rf"(?:every|each|per|an?(?=\s))\s*{_SPAN}",
    _FLAGS,
)
_COOLDOWN = re.compile(
    rf"[,;]?\s*(?:\bwith\s+)?(?:\ba\s+)?\bcool-?\s?down(?:\s+of)?\s+{_SPAN}", _FLAGS
)
_PERIOD = re.compile(rf"[,;]?\s*\bevery\s+{_SPAN}", _FLAGS)
_EVERY = re.compile(
    r"[,;]?\s*\b(?:(?:every|each)\s+(?:single\s+)?time(?:\s+(?:it|this|that)\s+happens)?"
    r"|repeatedly|again and again|repeat(?:ing|ed)?|recurring|always)\b",
    _FLAGS,
)
_WHENEVER = re.compile(r"\bwhenever\b", _FLAGS)
_ONCE = re.compile(
    r"[,;]?\s*(?:\b(?:only|just)\s+(?:once|one time)\b|\b(?:once|one time)\s+only\b"
    r"|\bonce(?=\s*(?:$|[,.;!]|until\b|till\b|for\b|urgent)))",
    _FLAGS,
)
_URGENT = re.compile(
    r"[,;]?\s*\b(?:urgent(?:ly)?|wake\s+me(?:\s+up)?|even\s+(?:at\s+night|if\s+i\s+(?:am\s+a)?sleep))\b",
    _FLAGS,
)
_AT_ONCE = re.compile(
    r"[,;]?\s*\b(?:(?:now|today)\s+(?:too|already)|also\s+now|even\s+now|at\s+once|right\s+away"
    r"|(?:even\s+if|even\s+when|or)\s+(?:it\s+|that\s+)?(?:is\s+|has\s+)?already"
    r"(?:\s+(?:is|has|does|did|true|there|so|the\s+case|happened|reached))?)\b",
    _FLAGS,
)
_FOR = re.compile(
    rf"[,;]?\s*(?<!high )(?<!low )(?<!highs )(?<!lows )\bfor\s+(?:the\s+)?(?:next\s+)?{_SPAN}",
    _FLAGS,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]*"
_CLOCK = r"(?:[,t\s]+(?:at\s+)?(?P<h>[0-9]{1,2}):(?P<min>[0-9]{2}))?"
_DATES = (
    rf"(?P<iso>(?P<y1>[0-9]{{4}})-(?P<m1>[0-9]{{1,2}})-(?P<d1>[0-9]{{1,2}}))(?![0-9]){_CLOCK}",
    rf"(?P<d2>[0-9]{{1,2}})\.(?P<m2>[0-9]{{1,2}})\.(?P<y2>[0-9]{{4}})?(?![0-9]){_CLOCK}",
    rf"(?P<d3>[0-9]{{1,2}})(?:st|nd|rd|th)?\.?\s+(?:of\s+)?(?P<m3>{_MONTH})(?:,?\s+(?P<y3>[0-9]{{4}}))?"
    rf"\b{_CLOCK}",
    rf"(?P<m4>{_MONTH})\.?\s+(?P<d4>[0-9]{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y4>[0-9]{{4}}))?\b{_CLOCK}",
    rf"(?:(?:on|next|this)\s+)?(?P<day>(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)\b{_CLOCK}",
    rf"(?P<word>today|tonight|tomorrow)\b{_CLOCK}",
    r"(?:the\s+)?end\s+of\s+(?:the\s+)?(?P<end>day|week|month|year)\b",
    r"(?P<hh>[0-9]{1,2}):(?P<mm>[0-9]{2})\b",
)
_UNTIL = re.compile(r"[,;]?\s*\b(?P<lead>until|till|til|by|before|expires?(?:\s+on)?)\s+", _FLAGS)
_SOFT = frozenset({"by", "before"})
"""`by 5%` and `before lunch` are no dates; `until lunch` is meant to be one."""
_PATTERNS = tuple(re.compile(pattern, _FLAGS) for pattern in _DATES)
_HELP = "Write until friday, until 2030-12-31 or for 3 days."


@dataclass(frozen=True, slots=True)
class Manner:
    """How an alert shall ring; `rest` is what is left of the sentence.

    `repeat` and `cooldown` are None where nothing is said.
    """

    rest: str
    repeat: Repeat | None = None
    cooldown: timedelta | None = None
    expires_at: datetime | None = None
    urgent: bool = False
    at_once: bool = False


def read_manner(text: str, now: datetime, zone: str) -> Manner:
    """Take the words about ringing out of a sentence.

    Args:
        text: the sentence.
        now: UTC.
        zone: IANA name; dates and times of the day are local there.

    Raises:
        UserError: a date that is past, too far or no date; a cooldown out of bounds; both once
            and every time.
    """
    if len(text) > LONGEST:
        raise too_long()
    manner, at_once = _drop(Manner(text), _AT_ONCE)
    manner, urgent = _drop(manner, _URGENT)
    manner = _read_until(_read_repeat(manner, now), now, zone_of(zone))
    return replace(manner, urgent=urgent, at_once=at_once)


def _read_repeat(manner: Manner, now: datetime) -> Manner:
    every, cooldown = False, None
    patterns = [_TIMES, _LIMIT, _COOLDOWN, _RATE]
    if not read_phrase(manner.rest, ()).is_digest:
        patterns.append(_PERIOD)
    for pattern in patterns:
        if match := pattern.search(manner.rest):
            times = int(match.groupdict().get("times") or 1)
            cooldown = _bounded(_length(match["span"]) / times)
            manner, every = _cut(manner, match), True
    manner, once = _drop(manner, _ONCE)
    manner, each = _drop(manner, _EVERY)
    whenever = bool(_WHENEVER.search(manner.rest)) and not once
    if once and (every or each):
        raise UserError("Once or every time? Leave one of them out.")
    lasting = _FOR.search(manner.rest)
    if lasting:
        manner = replace(_cut(manner, lasting), expires_at=now + _life(_length(lasting["span"])))
    repeat = Repeat.EVERY if every or each or whenever else Repeat.ONCE if once else None
    return replace(manner, repeat=repeat, cooldown=cooldown)


def _read_until(manner: Manner, now: datetime, zone: ZoneInfo) -> Manner:
    lead = _UNTIL.search(manner.rest)
    if not lead:
        return manner
    for pattern in _PATTERNS:
        if match := pattern.match(manner.rest, lead.end()):
            until = _end(match, now.astimezone(zone))
            rest = f"{manner.rest[: lead.start()]} {manner.rest[match.end() :]}"
            return replace(manner, rest=rest, expires_at=_future(until, now))
    if lead["lead"].lower() in _SOFT:
        return manner
    raise UserError(f"I cannot read until when. {_HELP}")


def _end(match: re.Match[str], local: datetime) -> datetime:
    """The moment a date means: its time of the day, or its last second."""
    parts = {name: value for name, value in match.groupdict().items() if value}
    if "hh" in parts:
        at = _at(parts["hh"], parts["mm"], local.date(), local)
        return at if at > local else at + timedelta(days=1)
    day = _day(parts, local)
    if "h" in parts:
        return _at(parts["h"], parts["min"], day, local)
    return datetime.combine(day, time(23, 59, 59), local.tzinfo)


def _day(parts: dict[str, str], local: datetime) -> date:
    today = local.date()
    if "word" in parts:
        return today + timedelta(days=parts["word"].lower() == "tomorrow")
    if "end" in parts:
        return _last_day(today, parts["end"].lower())
    if "day" in parts:
        weekday = weekday_of(parts["day"].lower())
        if weekday is None:
            raise UserError(f"I cannot read until when. {_HELP}")
        return today + timedelta(days=(weekday - today.weekday()) % 7)
    found = {name[0]: value for name, value in parts.items() if name[:-1] in {"y", "m", "d"}}
    return _date(found, today)


def _date(parts: dict[str, str], today: date) -> date:
    name = parts["m"]
    month = int(name) if name.isdigit() else _MONTHS.index(name[:3].lower()) + 1
    year = int(parts["y"]) if "y" in parts else today.year
    try:
        day = date(year, month, int(parts["d"]))
        if "y" not in parts and day < today:
            day = date(year + 1, month, int(parts["d"]))
    except ValueError:
        raise UserError(f"There is no such date. {_HELP}") from None
    return day


def _last_day(today: date, span: str) -> date:
    if span == "week":
        return today + timedelta(days=6 - today.weekday())
    if span == "day":
        return today
    month = 12 if span == "year" else today.month
    first_after = date(today.year + (month == 12), month % 12 + 1, 1)
    return first_after - timedelta(days=1)


def _at(hour: str, minute: str, day: date, local: datetime) -> datetime:
    if int(hour) > 23 or int(minute) > 59:
        raise UserError(f"{hour}:{minute} is no time of the day. {_HELP}")
    return datetime.combine(day, time(int(hour), int(minute)), local.tzinfo)


def _future(until: datetime, now: datetime) -> datetime:
    try:
        until = until.astimezone(UTC)
    except OverflowError:
        raise UserError(f"That date is too far away. {_HELP}") from None
    if until <= now:
        raise UserError(f"That time is past already. {_HELP}")
    _life(until - now)
    return until


def _life(span: timedelta) -> timedelta:
    if not timedelta(0) < span <= LONGEST_LIFE:
        raise UserError(f"An alert can wait for up to five years. {_HELP}")
    return span


def _length(words: str) -> timedelta:
    """Of `4h`, `an hour`, `day`."""
    counted = words if words[:1].isdigit() or " " in words else f"one {words}"
    spans = read_phrase(f"in {counted}", ()).spans
    if not spans:
        raise UserError(f"I cannot read the span {words}. Write it like 4h or 3 days.")
    return timedelta(seconds=seconds_of(spans[0]))


def _bounded(span: timedelta) -> timedelta:
    if not SHORTEST_COOLDOWN <= span <= LONGEST_COOLDOWN:
        raise UserError(
            "Between two rings there can be from 5 minutes to 30 days. Write it like: every 4h."
        )
    return span


def _drop(manner: Manner, pattern: re.Pattern[str]) -> tuple[Manner, bool]:
    match = pattern.search(manner.rest)
    return (_cut(manner, match), True) if match else (manner, False)


def _cut(manner: Manner, match: re.Match[str]) -> Manner:
    return replace(manner, rest=f"{manner.rest[: match.start()]} {manner.rest[match.end() :]}")
