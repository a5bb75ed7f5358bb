"""Whether an alert that an analyst made of a sentence can be what the sentence says. Pure."""

import re
from dataclasses import replace

from bot.domain.alerts import Condition, Direction
from bot.domain.errors import UserError
from bot.policy.alerts.doubts import doubt_about
from bot.policy.alerts.kind import AlertKinds
from bot.policy.alerts.orders import refusal_of_order
from bot.policy.alerts.phrases import Phrase
from bot.policy.alerts.vocabulary import ABOVE, BELOW, FALLS, HIGH, LOW, RISES

_CHANGE = "PERCENT_CHANGE"
_PRICES = frozenset({"PRICE_ABOVE", "PRICE_BELOW", "PRICE_CROSSES"})
_UP = RISES | ABOVE | HIGH
_DOWN = FALLS | BELOW | LOW | {"halve", "halves", "halved", "half"}


def check_heard(condition: Condition, phrase: Phrase, kinds: AlertKinds) -> None:
    """Refuse an alert that goes the other way, has another figure, or leaves out what is said.

    Raises:
        UserError: with what to write instead.
    """
    kind = kinds.of(condition)
    watch = kind.watch(condition)
    if order := refusal_of_order(phrase.plain):
        raise UserError(order)
    if watch is None:
        kind.parse(replace(phrase, strangers=_subjects(phrase)))
        if phrase.numbers or phrase.percents:
            raise _unsure(kind.example)
        return
    if doubt := doubt_about(phrase, kind.name):
        raise doubt
    up, down = phrase.says(_UP), phrase.says(_DOWN)
    against = down if watch.direction is Direction.UP else up
    along = up if watch.direction is Direction.UP else down
    if (against and not along and not watch.both_ways) or not _has_figure(condition, phrase):
        raise _unsure(kind.example)


def _subjects(phrase: Phrase) -> tuple[str, ...]:
    """Strangers that a summary would be about: `of bitcoin`; not those of `with my coffee`."""
    found = re.findall(r"\b(?:about|of|for|on)\s+(?:the\s+)?(\w+)", phrase.plain)
    return tuple(word for word in phrase.strangers if word.lower() in found)


def _has_figure(condition: Condition, phrase: Phrase) -> bool:
    if phrase.odd or condition.threshold in phrase.amounts:
        return False
    if condition.type in _PRICES:
        return not phrase.percents
    if condition.type == _CHANGE and phrase.percents:
        return abs(condition.threshold) in {abs(percent) for percent in phrase.percents}
    return True


def _unsure(example: str) -> UserError:
    return UserError(f"I am not sure what you mean. Write it like: {example}.")
