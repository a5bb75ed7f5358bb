"""A summary of the market at a local time of the day, every day or every week."""

from datetime import time
from decimal import Decimal

from bot.domain.alerts import Condition
from bot.domain.errors import UserError
from bot.policy.alerts.digest_times import DAYS, digest_window, read_digest_window
from bot.policy.alerts.kind import AlertKind
from bot.policy.alerts.phrases import Phrase
from bot.policy.alerts.vocabulary import WEEKDAYS

DAILY, WEEKLY = "DIGEST_DAILY", "DIGEST_WEEKLY"

_EXAMPLE = "daily digest at 08:00"
_MORNING, _EVENING = time(8), time(18)
_WEEK_WORDS = frozenset({"weekly", "week"})
_DAY_WORDS = frozenset({"daily", "day", "morning", "evening", "night"})
_LATE = frozenset({"evening", "evenings", "night", "nights"})


def _parse(phrase: Phrase) -> Condition | None:
    if not phrase.is_digest:
        return None
    at = phrase.at or (_EVENING if phrase.says(_LATE) else _MORNING)
    weekly = phrase.weekday is not None or "7d" in phrase.spans or phrase.says(_WEEK_WORDS)
    if weekly and "daily" in phrase.words:
        raise UserError(f"Every day or every week? Write {_EXAMPLE} or weekly digest monday 08:00.")
    if weekly:
        return Condition(WEEKLY, "", Decimal(0), digest_window(at, phrase.weekday or 0))
    return Condition(DAILY, "", Decimal(0), digest_window(at))


def _check(condition: Condition) -> None:
    when = read_digest_window(condition.window)
    if when is None or (when.weekday is None) != (condition.type == DAILY):
        raise UserError(f"I cannot read that time. Write it like: {_EXAMPLE}.")


def _describe(condition: Condition) -> str:
    when = read_digest_window(condition.window)
    if when is None or when.weekday is None:
        return f"Daily digest at {condition.window}"
    return f"Weekly digest on {WEEKDAYS[when.weekday].capitalize()} at {when.at:%H:%M}"


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
    windows=("daily", *DAYS),
)
