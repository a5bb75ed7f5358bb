"""The price of gas at or beyond a line, in nsei: 1e-9 SEI a unit."""

from decimal import Decimal

from bot.domain.alerts import Condition, Direction, rounded
from bot.domain.errors import UserError
from bot.domain.money import exact
from bot.policy.alerts.kind import AlertKind, Watch
from bot.policy.alerts.kinds._meters import GAS as METER
from bot.policy.alerts.kinds._reading import check_line, no_span, one_number, plain, shown, way
from bot.policy.alerts.phrases import Phrase
from bot.policy.alerts.vocabulary import GAS

_ABOVE, _BELOW = "GAS_ABOVE", "GAS_BELOW"
_EXAMPLE = "gas above 50"
_LOWEST, _HIGHEST = "0.001", "1E6"
_SLACK = Decimal("0.05")


def _parse(phrase: Phrase) -> Condition | None:
    if not phrase.says(GAS) or phrase.is_digest:
        return None
    if phrase.percents:
        raise UserError(f"Gas is watched in nsei, not in per cent. Write it like: {_EXAMPLE}.")
    turn = way(phrase)
    if not turn:
        raise UserError(f"Above or below which price of gas? Write it like: {_EXAMPLE}.")
    price = one_number(phrase, _EXAMPLE)
    no_span(phrase, _EXAMPLE)
    return Condition(_ABOVE if turn > 0 else _BELOW, "", price)


def _check(condition: Condition) -> None:
    check_line(condition, _LOWEST, _HIGHEST, _EXAMPLE)


def _describe(condition: Condition) -> str:
    side = "above" if condition.type == _ABOVE else "below"
    return f"Gas {side} {plain(condition.threshold)} nsei"


def _figure(value: Decimal) -> str:
    return f"{shown(value)} nsei"


def _watch(condition: Condition) -> Watch:
    with exact():
        slack = rounded(condition.threshold * _SLACK)
    return Watch(
        series=METER.series(""),
        direction=Direction.UP if condition.type == _ABOVE else Direction.DOWN,
        line=condition.threshold,
        slack=slack,
    )


ALERT = AlertKind(
    name="gas_price",
    conditions=(_ABOVE, _BELOW),
    title="Gas price",
    example=_EXAMPLE,
    order=20,
    parse=_parse,
    check=_check,
    describe=_describe,
    figure=_figure,
    watch=_watch,
    meters=(METER,),
    asks=("threshold",),
)
