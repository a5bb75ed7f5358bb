"""The worth of one agent's escrow at or beyond a line, in USD."""

from decimal import Decimal

from bot.domain.alerts import Condition, Direction, rounded
from bot.domain.errors import UserError
from bot.domain.money import exact
from bot.policy.alerts.kind import AlertKind, Watch
from bot.policy.alerts.kinds._meters import PORTFOLIO as METER
from bot.policy.alerts.kinds._reading import (
    agent_of,
    check_line,
    no_agent,
    no_span,
    one_number,
    plain,
    way,
)
from bot.policy.alerts.phrases import Phrase
from bot.policy.alerts.vocabulary import PORTFOLIO

_ABOVE, _BELOW = "PORTFOLIO_ABOVE", "PORTFOLIO_BELOW"
_EXAMPLE = "portfolio above $500"
_LOWEST, _HIGHEST = "0.01", "1E12"
_SLACK = Decimal("0.005")
_CENT = Decimal("0.01")


def _parse(phrase: Phrase) -> Condition | None:
    if not phrase.says(PORTFOLIO) or phrase.is_digest:
        return None
    if phrase.percents:
        raise UserError(f"A portfolio is watched in USD, not in per cent. Write: {_EXAMPLE}.")
    turn = way(phrase)
    if not turn:
        raise UserError(f"Above or below which worth? Write it like: {_EXAMPLE}.")
    kind = _ABOVE if turn > 0 else _BELOW
    worth = one_number(phrase, _EXAMPLE)
    no_span(phrase, _EXAMPLE)
    if set(phrase.symbols) - set(phrase.units):
        raise UserError(
            f"A portfolio is all that an escrow holds: {_EXAMPLE}. For one token write: "
            "SEI balance below 10."
        )
    return Condition(kind, "", worth, agent_id=agent_of(phrase))


def _check(condition: Condition) -> None:
    if condition.agent_id <= 0:
        raise no_agent()
    check_line(condition, _LOWEST, _HIGHEST, _EXAMPLE)


def _describe(condition: Condition) -> str:
    side = "above" if condition.type == _ABOVE else "below"
    return f"Portfolio {side} ${plain(condition.threshold)}"


def _figure(value: Decimal) -> str:
    return f"${value.quantize(_CENT):,f}" if abs(value) < 10**20 else f"${plain(value)}"


def _watch(condition: Condition) -> Watch:
    with exact():
        slack = rounded(condition.threshold * _SLACK)
    return Watch(
        series=METER.series(condition.agent_id),
        direction=Direction.UP if condition.type == _ABOVE else Direction.DOWN,
        line=condition.threshold,
        slack=slack,
    )


ALERT = AlertKind(
    name="portfolio_value",
    conditions=(_ABOVE, _BELOW),
    title="Portfolio value",
    example=_EXAMPLE,
    order=70,
    parse=_parse,
    check=_check,
    describe=_describe,
    figure=_figure,
    watch=_watch,
    meters=(METER,),
    asks=("threshold",),
)
