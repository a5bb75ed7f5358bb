"""A price beyond all of the last days."""

import re
from decimal import Decimal

from bot.domain.alerts import Condition, Direction
from bot.domain.errors import UserError
from bot.policy.alerts.kind import AlertKind, Watch
from bot.policy.alerts.kinds._meters import EXTREMES, HIGH, LOW
from bot.policy.alerts.kinds._reading import (
    SMALLEST,
    both_ways,
    check_symbol,
    check_window,
    one_symbol,
    one_window,
    percent,
)
from bot.policy.alerts.phrases import Phrase
from bot.policy.alerts.vocabulary import EVER, FALLS, RISES
from bot.policy.alerts.vocabulary import HIGH as HIGH_WORDS
from bot.policy.alerts.vocabulary import LOW as LOW_WORDS

_HIGH, _LOW = "NEW_HIGH", "NEW_LOW"
_EXAMPLE = "SEI new high 30d"
_USUAL = "30d"
_SINCE = re.compile(r"\b(?:since|yesterday|last|previous|prior)\b")
_SLACK = Decimal("0.5")
_SPANS = {"daily": "1d", "weekly": "7d", "today": "1d"}
_ALIKE = {"364d": "365d", "360d": "365d", "28d": "30d", "31d": "30d"}
"""52 weeks, twelve months, four weeks."""


def _parse(phrase: Phrase) -> Condition | None:
    high = phrase.says(HIGH_WORDS | {"ath"})
    low = phrase.says(LOW_WORDS | {"atl"})
    ever = phrase.says(EVER) or "all time" in " ".join(phrase.words)
    if phrase.is_digest or phrase.percents or not (high or low):
        return None
    if ever:
        raise UserError(
            "I know prices of one year only, not of all time. Write it like: SEI new high 365d."
        )
    if phrase.numbers:
        return None
    if _SINCE.search(phrase.plain):
        raise UserError(f"Say of how many days, like: {_EXAMPLE}.")
    if (high and low) or (high and phrase.says(FALLS)) or (low and phrase.says(RISES)):
        raise both_ways()
    usual = next((span for word, span in _SPANS.items() if word in phrase.words), _USUAL)
    spans = tuple(_ALIKE.get(span, span) for span in phrase.spans)
    window = spans[0] if len(spans) == 1 and spans[0] in EXTREMES else None
    window = window or one_window(phrase, tuple(EXTREMES), usual, _EXAMPLE)
    symbol = one_symbol(phrase, _EXAMPLE)
    return Condition(_HIGH if high else _LOW, symbol, Decimal(0), window)


def _check(condition: Condition) -> None:
    check_symbol(condition, _EXAMPLE)
    check_window(condition, tuple(EXTREMES), _EXAMPLE)
    if condition.threshold:
        raise UserError(f"A new high or low has no figure of its own. Write: {_EXAMPLE}.")


def _describe(condition: Condition) -> str:
    name = "high" if condition.type == _HIGH else "low"
    days = EXTREMES[condition.window]
    return f"{condition.symbol} new {name} of {days} day{'s' if days > 1 else ''}"


def _figure(value: Decimal) -> str:
    return f"{percent(value)} from the last one"


def _watch(condition: Condition) -> Watch:
    high = condition.type == _HIGH
    return Watch(
        series=(HIGH if high else LOW).series(condition.symbol, condition.window),
        direction=Direction.UP if high else Direction.DOWN,
        line=SMALLEST if high else -SMALLEST,
        slack=_SLACK,
    )


ALERT = AlertKind(
    name="new_extreme",
    conditions=(_HIGH, _LOW),
    title="New high or low",
    example=_EXAMPLE,
    order=60,
    parse=_parse,
    check=_check,
    describe=_describe,
    figure=_figure,
    watch=_watch,
    meters=(HIGH, LOW),
    asks=("token", "window"),
    windows=tuple(EXTREMES),
)
