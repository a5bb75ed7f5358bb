"""The volume of a day is so many times what is usual."""

from decimal import Decimal

from bot.domain.alerts import Condition, Direction, rounded
from bot.domain.errors import UserError
from bot.domain.money import exact
from bot.policy.alerts.kind import AlertKind, Watch
from bot.policy.alerts.kinds._meters import VOLUME as METER
from bot.policy.alerts.kinds._reading import (
    check_line,
    check_symbol,
    moved,
    one_symbol,
    plain,
    shown,
)
from bot.policy.alerts.phrases import NoFigureError, Phrase
from bot.policy.alerts.vocabulary import BELOW, LESS, VOLUME

_TYPE = "VOLUME_SPIKE"
_EXAMPLE = "SEI volume 3x"
_LOWEST, _HIGHEST = "1.1", "100"
_PARTS = 10
_DAY = "1d"
_LESS = BELOW | LESS | {"halve", "halves", "halved", "half"}
_OTHER_SPANS = frozenset({"weekly"})


def _parse(phrase: Phrase) -> Condition | None:
    if not phrase.says(VOLUME) or phrase.is_digest:
        return None
    if moved(phrase) < 0 or phrase.says(_LESS):
        raise UserError(f"I tell when volume is more than usual, not less. Write: {_EXAMPLE}.")
    times = _times(phrase)
    if any(span != _DAY for span in phrase.spans) or phrase.says(_OTHER_SPANS):
        raise UserError(
            "Volume is that of the last 24 hours, against a usual day of the week before. "
            f"Write it without another span, like: {_EXAMPLE}."
        )
    return Condition(_TYPE, one_symbol(phrase, _EXAMPLE), times)


def _times(phrase: Phrase) -> Decimal:
    """`3x`, `triples`, or `+200%`."""
    factors = phrase.factors
    if not factors and phrase.percents:
        with exact():
            factors = tuple(1 + percent / 100 for percent in phrase.percents)
    if not factors:
        raise NoFigureError(f"Say how many times the usual volume, like: {_EXAMPLE}.")
    both = phrase.factors and phrase.percents
    if len(factors) > 1 or phrase.numbers or both:
        raise UserError(f"I read several figures. Write one, like: {_EXAMPLE}.")
    return factors[0]


def _check(condition: Condition) -> None:
    check_symbol(condition, _EXAMPLE)
    check_line(condition, _LOWEST, _HIGHEST, _EXAMPLE)


def _describe(condition: Condition) -> str:
    return f"{condition.symbol} volume {plain(condition.threshold)}x the usual"


def _figure(value: Decimal) -> str:
    return f"{shown(value, 3)}x the usual volume"


def _watch(condition: Condition) -> Watch:
    with exact():
        slack = rounded(condition.threshold / _PARTS)
    return Watch(METER.series(condition.symbol), Direction.UP, condition.threshold, slack)


ALERT = AlertKind(
    name="volume_spike",
    conditions=(_TYPE,),
    title="Volume spike",
    example=_EXAMPLE,
    order=50,
    parse=_parse,
    check=_check,
    describe=_describe,
    figure=_figure,
    watch=_watch,
    meters=(METER,),
)
