"""A fall from the highest, or a rise from the lowest price of a window."""

import re
from decimal import Decimal

from bot.domain.alerts import Condition, Direction, rounded
from bot.domain.errors import UserError
from bot.domain.money import exact
from bot.policy.alerts.kind import AlertKind, Watch
from bot.policy.alerts.kinds._meters import FALL, RISE
from bot.policy.alerts.kinds._reading import (
    both_ways,
    check_digits,
    check_symbol,
    check_window,
    in_weeks,
    moved,
    one_symbol,
    one_window,
    percent,
    plain,
    way,
)
from bot.policy.alerts.phrases import Phrase
from bot.policy.alerts.tape import WINDOWS
from bot.policy.alerts.vocabulary import EVER, HIGH, LOW, MOVES

_TYPE = "PERCENT_CHANGE"
_EXAMPLE = "SEI -5% 1h"
_USUAL, _LONG = "1h", "1d"
_LEAST, _MOST, _ALL = Decimal("0.1"), Decimal(10_000), Decimal(-100)
_DAY_WORDS = frozenset({"daily", "today", "overnight"})
_FROM = re.compile(r"\bfrom\s+(?:here|now|current|(?:the\s+)?(?:current|present|start)|[0-9$.])")
_EITHER_WAY = re.compile(r"\+\s*/?\s*-|\xb1")
_HALVES = frozenset({"halve", "halves", "halved"})
_PARTS = 5
"""It arms again when it has come back by a fifth of the change."""


def _parse(phrase: Phrase) -> Condition | None:
    if phrase.is_digest or phrase.nouns:
        return None
    change = _change(phrase)
    if change is None:
        return None
    if phrase.odd:
        raise UserError(f"I cannot read {phrase.odd[0]} as a change. Write it like: {_EXAMPLE}.")
    phrase = in_weeks(phrase)
    of_extreme = phrase.says(HIGH | LOW | EVER) and not (phrase.spans or phrase.says(_DAY_WORDS))
    if of_extreme or _FROM.search(phrase.plain):
        raise UserError(
            f"A change is watched within {', '.join(WINDOWS)}. Write it like: {_EXAMPLE}."
        )
    usual = _LONG if phrase.says(_DAY_WORDS) or not phrase.percents else _USUAL
    window = one_window(phrase, tuple(WINDOWS), usual, _EXAMPLE)
    return Condition(_TYPE, one_symbol(phrase, _EXAMPLE), change, window)


def _change(phrase: Phrase) -> Decimal | None:
    if not phrase.percents:
        if phrase.says(_HALVES):
            return Decimal(-50)
        grown = len(phrase.factors) == 1 and not phrase.numbers
        return (phrase.factors[0] - 1) * 100 if grown else None
    if len(set(phrase.percents)) > 1 or phrase.numbers:
        raise UserError(f"I read two figures. Write one change in per cent, like: {_EXAMPLE}.")
    if _EITHER_WAY.search(phrase.plain):
        raise both_ways()
    value = phrase.percents[0]
    signed = "+" in phrase.text or value < 0
    move = moved(phrase)
    if signed and move and (value > 0) != (move > 0) and not (value < 0 and move < 0):
        raise both_ways()
    turn = move or (0 if signed or phrase.says(MOVES) else way(phrase))
    if not signed and not turn:
        raise UserError(
            f"Up or down? Write SEI +{plain(value)}% 1h or SEI -{plain(value)}% 1h, "
            "or make an alert for each."
        )
    return abs(value).copy_negate() if turn < 0 else value


def _check(condition: Condition) -> None:
    value = condition.threshold
    check_symbol(condition, _EXAMPLE)
    check_window(condition, tuple(WINDOWS), _EXAMPLE)
    if not value.is_finite() or abs(value) < _LEAST:
        raise UserError(f"A change must be at least 0.1 %. Write it like: {_EXAMPLE}.")
    if value <= _ALL:
        raise UserError(f"Nothing can fall by 100 % or more. Write it like: {_EXAMPLE}.")
    if value > _MOST:
        raise UserError(f"A rise of over 10,000 % is not watched. Write it like: {_EXAMPLE}.")
    check_digits(value, _EXAMPLE)


def _describe(condition: Condition) -> str:
    verb = "falls" if condition.threshold < 0 else "rises"
    size = plain(abs(condition.threshold))
    return f"{condition.symbol} {verb} {size} % within {condition.window}"


def _watch(condition: Condition) -> Watch:
    down = condition.threshold < 0
    with exact():
        slack = rounded(abs(condition.threshold) / _PARTS)
    return Watch(
        series=(FALL if down else RISE).series(condition.symbol, condition.window),
        direction=Direction.DOWN if down else Direction.UP,
        line=condition.threshold,
        slack=slack,
    )


ALERT = AlertKind(
    name="percent_change",
    conditions=(_TYPE,),
    title="Percent change",
    example=_EXAMPLE,
    order=90,
    parse=_parse,
    check=_check,
    describe=_describe,
    figure=percent,
    watch=_watch,
    meters=(FALL, RISE),
    asks=("token", "window", "threshold"),
    windows=tuple(WINDOWS),
)
