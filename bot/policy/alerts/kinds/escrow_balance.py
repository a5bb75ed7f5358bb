"""A token in one agent's escrow: more or less of it than a line, or some of it coming in."""

import re
from decimal import Decimal

from bot.domain.alerts import Condition, Direction, rounded
from bot.domain.errors import UserError
from bot.domain.money import exact
from bot.policy.alerts.holdings import tells_holdings
from bot.policy.alerts.kind import AlertKind, Watch
from bot.policy.alerts.kinds._meters import BALANCE as METER
from bot.policy.alerts.kinds._meters import DEPOSIT as DEPOSIT_METER
from bot.policy.alerts.kinds._reading import (
    SMALLEST,
    agent_of,
    check_line,
    check_symbol,
    no_agent,
    no_span,
    one_number,
    one_symbol,
    plain,
    shown,
    way,
)
from bot.policy.alerts.phrases import Phrase
from bot.policy.alerts.vocabulary import BALANCE, DEPOSIT

_ABOVE, _BELOW, _DEPOSIT = "BALANCE_ABOVE", "BALANCE_BELOW", "DEPOSIT"
_EXAMPLE = "USDC balance below 10"
_DEPOSIT_EXAMPLE = "deposit of 100 USDC"
_ANY_EXAMPLE = "deposit SEI"
_MOST_NAMES = 12
_LOWEST, _HIGHEST = "1E-18", "1E15"
_SLACK = Decimal("0.005")
_DOLLARS = re.compile(
    r"\$\s?[0-9.,]|[0-9k]\s?(?:dollars?|usd|bucks?|cents?)\b|\bwallets?\s+of\b", re.ASCII
)
"""Worth, not units; or what others hold."""


def _parse(phrase: Phrase) -> Condition | None:
    if phrase.is_digest:
        return None
    if phrase.says(DEPOSIT):
        return _parse_deposit(phrase)
    if not phrase.says(BALANCE) and not _is_held(phrase):
        return None
    if phrase.percents:
        raise UserError(f"Balances are watched in units, not in per cent. Write: {_EXAMPLE}.")
    turn = way(phrase)
    if not turn:
        raise UserError(f"Above or below how many units? Write it like: {_EXAMPLE}.")
    kind = _ABOVE if turn > 0 else _BELOW
    units = one_number(phrase, _EXAMPLE)
    no_span(phrase, _EXAMPLE)
    return Condition(kind, one_symbol(phrase, _EXAMPLE), units, agent_id=agent_of(phrase))


def _is_held(phrase: Phrase) -> bool:
    """Units of one token are meant: `i have less than 10 SEI`, `the sei in my escrow`."""
    units = phrase.symbols and phrase.numbers and not _DOLLARS.search(phrase.plain)
    return bool(units) and not phrase.percents and tells_holdings(phrase.plain)


def _parse_deposit(phrase: Phrase) -> Condition:
    """Without a figure any deposit counts, which is a threshold of 0."""
    tokens = ", ".join(phrase.listed[:_MOST_NAMES])
    symbol = one_symbol(phrase, f"{_DEPOSIT_EXAMPLE}, or {_ANY_EXAMPLE}. I watch {tokens}")
    units = one_number(phrase, _DEPOSIT_EXAMPLE) if phrase.numbers else Decimal(0)
    if phrase.numbers and not units:
        raise UserError(f"A deposit is more than zero. Write it like: {_DEPOSIT_EXAMPLE}.")
    no_span(phrase, _DEPOSIT_EXAMPLE)
    return Condition(_DEPOSIT, symbol, units, agent_id=agent_of(phrase))


def _check(condition: Condition) -> None:
    if condition.agent_id <= 0:
        raise no_agent()
    example = _DEPOSIT_EXAMPLE if condition.type == _DEPOSIT else _EXAMPLE
    check_symbol(condition, example)
    if condition.type != _DEPOSIT or condition.threshold:
        check_line(condition, _LOWEST, _HIGHEST, example)


def _describe(condition: Condition) -> str:
    units = plain(condition.threshold)
    if condition.type == _DEPOSIT:
        return (
            f"Deposit of at least {units} {condition.symbol}"
            if condition.threshold
            else f"Any deposit of {condition.symbol}"
        )
    side = "above" if condition.type == _ABOVE else "below"
    return f"{condition.symbol} balance {side} {units}"


def _figure(value: Decimal) -> str:
    return shown(value, 6)


def _watch(condition: Condition) -> Watch:
    if condition.type == _DEPOSIT:
        line = condition.threshold or SMALLEST
        with exact():
            half = rounded(line / 2)
        series = DEPOSIT_METER.series(condition.agent_id, condition.symbol)
        return Watch(series, Direction.UP, line, half, is_pulse=True)
    with exact():
        slack = rounded(condition.threshold * _SLACK)
    return Watch(
        series=METER.series(condition.agent_id, condition.symbol),
        direction=Direction.UP if condition.type == _ABOVE else Direction.DOWN,
        line=condition.threshold,
        slack=slack,
    )


ALERT = AlertKind(
    name="escrow_balance",
    conditions=(_ABOVE, _BELOW, _DEPOSIT),
    title="Escrow balance",
    example=_EXAMPLE,
    order=80,
    parse=_parse,
    check=_check,
    describe=_describe,
    figure=_figure,
    watch=_watch,
    meters=(METER, DEPOSIT_METER),
)
