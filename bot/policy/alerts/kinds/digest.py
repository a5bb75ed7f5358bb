"""A summary of the market at a local time of the day: every day, on workdays or once a week."""

import re
from datetime import time
from decimal import Decimal

from bot.domain.alerts import Condition
from bot.domain.errors import UserError
from bot.policy.alerts.clock_words import names_zone
from bot.policy.alerts.digest_times import DAYS, WORKDAYS, digest_window, read_digest_window
from bot.policy.alerts.kind import AlertKind
from bot.policy.alerts.phrases import Phrase
from bot.policy.alerts.vocabulary import WEEKDAYS, WORKDAY

DAILY, WEEKLY = "DIGEST_DAILY", "DIGEST_WEEKLY"

_EXAMPLE = "daily digest at 08:00"
_MORNING, _EVENING = time(8), time(18)
_WEEK_WORDS = frozenset({"weekly", "week"})
_WORK_WEEK = re.compile(
    r"\bmon(?:days?)?\s*(?:-|to|through|thru|till|until)\s*fri(?:days?)?\b", re.ASCII
)
"""`Monday to friday`; a digest on just these two days is not offered."""
_OTHER = re.compile(
    r"\b(?:hour|hours|hourly|minutes?|month|monthly|months|years?|yearly|weekends?|twice|thrice"
    r"|tomorrow|tonight|today|yesterday|every\s+(?:other|second)|alternate|fortnight\w*|quarterly"
    r"|not|never|except|unless|without)\b"
    r"|\b(?:digest|summary|report|briefing|recap|news)s?\b.*\b(?:if|when|whenever)\b|\bonly\s+(?:if|when)\b"
)
"""Other times than those, or a condition."""
_SPANS = frozenset({"1d", "7d"})
_FILLERS = frozenset(
    {
        "afternoon", "afternoons", "local", "nice", "short", "brief", "quick", "full", "complete",
        "sharp", "around", "starting", "myself", "own",
    }
)  # fmt: skip
"""Words unknown to alerts that change nothing in a digest."""
_LATE = frozenset({"evening", "evenings", "night", "nights"})


def _parse(phrase: Phrase) -> Condition | None:
    if not phrase.is_digest:
        return None
    if len(set(phrase.times)) > 1 or _is_other(phrase):
        raise UserError(
            f"Digests come every day, on weekdays or once a week, at one time. Write {_EXAMPLE}, "
            "weekday digest 08:00 or weekly digest monday 08:00."
        )
    _check_rest(phrase)
    at = phrase.at or (_EVENING if phrase.says(_LATE) else _MORNING)
    days = {DAYS[day] for day in phrase.weekdays}
    weekly = bool(days) or "7d" in phrase.spans or phrase.says(_WEEK_WORDS)
    if (phrase.says(WORKDAY) and not days) or _WORK_WEEK.search(phrase.plain):
        return Condition(DAILY, "", Decimal(0), digest_window(at, WORKDAYS))
    if (weekly and "daily" in phrase.words) or len(days) + phrase.says(WORKDAY) > 1:
        raise UserError(
            f"Every day or once a week? Write {_EXAMPLE}, weekday digest 08:00 or weekly digest "
            "monday 08:00."
        )
    if weekly:
        return Condition(WEEKLY, "", Decimal(0), digest_window(at, next(iter(days), DAYS[0])))
    return Condition(DAILY, "", Decimal(0), digest_window(at))


def _check_rest(phrase: Phrase) -> None:
    """Refuse what a digest cannot heed: the clock of a place, one token, a subject."""
    if names_zone(phrase.plain):
        raise UserError(
            f"Times are by your own clock; /settings changes it. Write it like: {_EXAMPLE}."
        )
    if phrase.symbols or any(word.lower() not in _FILLERS for word in phrase.strangers):
        raise UserError(
            "A digest is about the whole market, at a time by your own clock (see /settings). "
            f"Write it like: {_EXAMPLE}."
        )


def _is_other(phrase: Phrase) -> bool:
    """Whether another rhythm is asked for than digests have."""
    odd_span = any(span not in _SPANS for span in phrase.spans)
    return odd_span or bool(phrase.factors) or bool(_OTHER.search(phrase.plain))


def _check(condition: Condition) -> None:
    when = read_digest_window(condition.window)
    if when is None or condition.threshold or when.is_weekly != (condition.type == WEEKLY):
        raise UserError(f"I cannot read that time. Write it like: {_EXAMPLE}.")


def _describe(condition: Condition) -> str:
    when = read_digest_window(condition.window)
    if when is None or not when.days:
        return f"Daily digest at {condition.window}"
    if when.days == WORKDAYS:
        return f"Digest on weekdays at {when.at:%H:%M}"
    return f"Weekly digest on {WEEKDAYS[DAYS.index(when.days)].capitalize()} at {when.at:%H:%M}"


def _figure(value: Decimal) -> str:
    return f"{value:f}"


def _watch(_: Condition) -> None:
    return None


ALERT = AlertKind(
    name="digest",
    conditions=(DAILY, WEEKLY),
    title="Digest",
    example=_EXAMPLE,
    order=10,
    parse=_parse,
    check=_check,
    describe=_describe,
    figure=_figure,
    watch=_watch,
    asks=("window", "time"),
    windows=("daily", WORKDAYS, *DAYS),
)
