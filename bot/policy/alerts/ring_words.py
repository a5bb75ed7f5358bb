"""How often, how loud and how long: what an alert says besides its condition. Pure."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.alerts import Repeat
from bot.domain.errors import UserError
from bot.policy.alerts.digest_times import zone_of
from bot.policy.alerts.end_dates import HELP, find_end
from bot.policy.alerts.phrases import LONGEST, read_phrase, seconds_of, too_long
from bot.policy.alerts.span_words import tidy_spans
from bot.policy.alerts.states import SHORTEST_COOLDOWN

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
    rf"[,;]?\s*(?:\bwith\s+)?(?:\ba\s+)?\b(?:cool-?\s?down|rest)(?:\s+of)?\s+{_SPAN}", _FLAGS
)
_COOLDOWN_OF = re.compile(
    rf"[,;]?\s*(?:\bwith\s+)?(?:\ban?\s+)?\b{_SPAN}\s+(?:of\s+)?(?:cool-?\s?down|rest)\b", _FLAGS
)
_PERIOD = re.compile(rf"[,;]?\s*\b(?:every|each)\s+{_SPAN}", _FLAGS)
_EVERY = re.compile(
    r"[,;]?\s*\b(?:(?:every|each)\s+(?:single\s+)?time(?:\s+(?:it|this|that)\s+happens)?"
    r"|repeatedly|again and again|repeat(?:ing|ed)?|recurring|always)\b",
    _FLAGS,
)
_DAILY = re.compile(r"\bdaily\s+(?=(?:if|when(?:ever)?|once|as\s+soon)\b)", _FLAGS)
_NOT_EVERY = re.compile(r"[,;]?\s*\bnot\s+(?:every|each)(?:\s+single)?\s+time\b", _FLAGS)
_NOT_ONCE = re.compile(
    r"[,;]?\s*\b(?:not\s+(?:only|just)\s+once|more\s+than\s+once"
    r"|not\s+(?:only\s+|just\s+)?once,?\s+but)\b",
    _FLAGS,
)
_WHENEVER = re.compile(r"\bwhenever\b", _FLAGS)
_ONCE = re.compile(
    r"[,;]?\s*(?:\b(?:only|just)\s+(?:once|one time)\b|\b(?:once|one time)\s+only\b"
    r"|\b(?:only\s+)?the\s+first\s+time(?:\s+only)?\b|\bonly\s+the\s+first\s+time\b"
    r"|\bonce(?=\s*(?:$|[,.;!]|until\b|till\b|for\b|urgent)))",
    _FLAGS,
)
_URGENT = re.compile(
    r"[,;]?\s*\b(?:urgent(?:ly)?|wake\s+me(?:\s+up)?|even\s+(?:at\s+night|if\s+i\s+(?:am\s+a)?sleep))\b",
    _FLAGS,
)
_NO_WAKING = (
    r"(?:(?:i\s+)?(?:do\s+not|don'?t)|never|no\s+need\s+to|without|not(?:\s+to)?|please\s+not)"
    r"(?:\s+(?:ever|need\s+to|have\s+to|want\s+to\s+be))?"
)
_CALM = re.compile(
    rf"[,;]?\s*(?:\b(?:but|and|so)\s+)?\b(?:(?:please|you)\s+)?(?:{_NO_WAKING}\s+"
    r"(?:woken|wak(?:e|ing)\s+(?:me|us)|even\s+at\s+night)"
    r"(?:\s+up)?(?:\s+(?:for|over)\s+(?:it|this|that))?(?:\s+at\s+night)?"
    r"(?!\s+(?:up|for|over|at|if|when|whenever|once|unless|as|until)\b)"
    r"|silently|quietly|without\s+(?:a\s+|any\s+)?(?:sound|noise)"
    r"|(?:(?:it|this|that)(?:'s|\s+is)\s+|is\s+)?(?:not|isn'?t)\s+(?:that\s+|very\s+|so\s+|really\s+)?"
    r"urgent(?:ly)?|non[\s-]?urgent)\b",
    _FLAGS,
)
"""It must not wake anybody."""
_AT_ONCE = re.compile(
    r"[,;]?\s*\b(?:(?:now|today)\s+(?:too|already)|also\s+now|even\s+now|at\s+once|right\s+away"
    r"|(?:even\s+if|even\s+when|or)\s+(?:it\s+|that\s+)?(?:is\s+|has\s+)?already"
    r"(?:\s+(?:is|has|does|did|true|there|so|the\s+case|happened|reached))?)\b",
    _FLAGS,
)
_FOR = re.compile(
    r"[,;]?\s*\b(?:for\s+(?P<the>the\s+)?(?P<next>next\s+)?"
    rf"|(?:in|within|over|during)\s+the\s+(?P<ahead>next\s+)){_SPAN}",
    _FLAGS,
)
_EXTREME = re.compile(
    r"\b(?:highs?|lows?|highest|lowest|maximum|minimum|peak|bottom)"
    r"(?:\s+(?:price|level|value|point))?\s*$",
    _FLAGS,
)
"""Before `for 7 days`: those are the days of the high, not of the alert."""
_LEVEL = re.compile(r"[0-9][\w.,]*(?:\s*(?:%|[a-z]+))?\s*$", _FLAGS)
_BEING = re.compile(
    r"\b(?:is|are|trades|trading|closes|sits|keeps)\s+(?:\w+\s+)?[\w<>=]+\s*\S+\s*$", _FLAGS
)
"""A line that something is at, not one that it gets to."""
_SHORTEST_LIFE = timedelta(hours=1)
_HELD = (
    "I tell when a line is reached, not how long it is held. For an alert that ends write: "
    "SEI above 0.25 for the next 3 days."
)
_LONG_ENOUGH = re.compile(r"\b(?:stay|remain|hold)(?:s|ing)?\b", _FLAGS)
"""With `for 2h`: that long the figure has to be so."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How an alert shall ring; `rest` is what is left of the sentence.

    `repeat`, `cooldown` and `urgent` are None where nothing is said.
    """

    rest: str
    repeat: Repeat | None = None
    cooldown: timedelta | None = None
    expires_at: datetime | None = None
    urgent: bool | None = None
    at_once: bool = False

    def is_urgent(self, otherwise: bool) -> bool:  # noqa: FBT001
        """As it is said, or as it is otherwise."""
        return otherwise if self.urgent is None else self.urgent


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
    whole = Manner(tidy_spans(text.replace("\u2019", "'")))
    manner, at_once = _drop(whole, _AT_ONCE)
    manner, calm = _drop(manner, _CALM)
    manner, loud = _drop(manner, _URGENT)
    urgent = False if calm else loud or None
    manner = _read_until(_read_repeat(manner, now), now, zone_of(zone))
    return replace(manner, urgent=urgent, at_once=at_once)


def without_calm(text: str) -> str:
    """A sentence without the words that it must not wake anybody."""
    return _CALM.sub(" ", text)


def _read_repeat(manner: Manner, now: datetime) -> Manner:
    every, cooldown = False, None
    patterns = [_TIMES, _LIMIT, _COOLDOWN, _COOLDOWN_OF, _RATE, _PERIOD]
    if read_phrase(manner.rest, ()).is_digest:
        patterns = [_LIMIT, _COOLDOWN, _COOLDOWN_OF]
    for pattern in patterns:
        if match := pattern.search(manner.rest):
            times = int(match.groupdict().get("times") or 1)
            cooldown = _bounded(_length(match["span"]) / times)
            manner, every = _cut(manner, match), True
    if not every and (match := _DAILY.search(manner.rest)):
        cooldown = timedelta(days=1)
        manner, every = _cut(manner, match), True
    manner, often = _drop(manner, _NOT_ONCE)
    manner, seldom = _drop(manner, _NOT_EVERY)
    manner, once = _drop(manner, _ONCE)
    manner, each = _drop(manner, _EVERY)
    whenever = bool(_WHENEVER.search(manner.rest)) and not once
    once, each = once or seldom, each or often
    if once and (every or each):
        raise UserError("Once or every time? Leave one of them out.")
    manner = _read_life(manner, now)
    repeat = Repeat.EVERY if every or each or whenever else Repeat.ONCE if once else None
    return replace(manner, repeat=repeat, cooldown=cooldown)


def _read_life(manner: Manner, now: datetime) -> Manner:
    """`For 3 days`, unless it says how long a high is, or `5 % for the day`."""
    lasting = _FOR.search(manner.rest)
    if not lasting or _EXTREME.search(manner.rest[: lasting.start()]):
        return manner
    in_percent = "%" in manner.rest
    of_change = in_percent and (lasting["ahead"] or (lasting["the"] and not lasting["next"]))
    coming = lasting["next"] or lasting["ahead"]
    if of_change or (not coming and _LONG_ENOUGH.search(manner.rest)):
        return manner
    if not coming and _lasts(manner.rest[: lasting.start()], lasting["span"]):
        raise UserError(_HELD)
    return replace(_cut(manner, lasting), expires_at=now + _life(_length(lasting["span"])))


def _lasts(before: str, span: str) -> bool:
    """Whether `for 10 minutes` says how long a line is held, rather than how long to watch it."""
    return bool(_LEVEL.search(before)) and (
        _length(span) < _SHORTEST_LIFE or bool(_BEING.search(before))
    )


def _read_until(manner: Manner, now: datetime, zone: ZoneInfo) -> Manner:
    found = find_end(manner.rest, now, zone)
    if found is None:
        return manner
    _life(found.until - now)
    rest = f"{manner.rest[: found.start]} {manner.rest[found.end :]}"
    return replace(manner, rest=rest, expires_at=found.until)


def _life(span: timedelta) -> timedelta:
    if not timedelta(0) < span <= LONGEST_LIFE:
        raise UserError(f"An alert can wait for up to five years. {HELP}")
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
