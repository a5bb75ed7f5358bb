"""The RSI of 14 candles at or beyond a level."""

from decimal import Decimal

from bot.domain.alerts import Condition, Direction
from bot.domain.errors import UserError
from bot.policy.alerts.kind import AlertKind, Watch
from bot.policy.alerts.kinds._meters import RSI as METER
from bot.policy.alerts.kinds._meters import TIMEFRAMES
from bot.policy.alerts.kinds._reading import (
    both_ways,
    check_line,
    check_symbol,
    check_window,
    in_weeks,
    one_number,
    one_symbol,
    one_window,
    plain,
    shown,
    way,
)
from bot.policy.alerts.phrases import Phrase
from bot.policy.alerts.vocabulary import RSI

_ABOVE, _BELOW = "RSI_ABOVE", "RSI_BELOW"
_EXAMPLE = "SEI RSI below 30 4h"
_USUAL = "4h"
_LOWEST, _HIGHEST = "1", "99"
_SLACK = Decimal(2)
_PERIOD = Decimal(14)
_DAILY = frozenset({"daily", "today"})
_TURNS = {_ABOVE: 1, _BELOW: -1}
_NAMED = {"overbought": (_ABOVE, Decimal(70)), "oversold": (_BELOW, Decimal(30))}


def _parse(phrase: Phrase) -> Condition | None:
    if not phrase.says(RSI) or phrase.is_digest:
        return None
    if phrase.percents or phrase.factors:
        raise UserError(f"An RSI is watched by its level. Write it like: {_EXAMPLE}.")
    kind, level = _level(phrase)
    usual = "1d" if phrase.says(_DAILY) else _USUAL
    window = one_window(in_weeks(phrase), TIMEFRAMES, usual, _EXAMPLE)
    return Condition(kind, one_symbol(phrase, _EXAMPLE), level, window)


def _level(phrase: Phrase) -> tuple[str, Decimal]:
    """`RSI 14 below 30` is at 30; `oversold` is below 30 where nothing else is said."""
    named = [found for word, found in _NAMED.items() if word in phrase.words]
    if named and not phrase.numbers:
        return named[0]
    if len(named) > 1 or (named and way(phrase) not in {0, _TURNS[named[0][0]]}):
        raise both_ways()
    turn = way(phrase) or (named and _TURNS[named[0][0]])
    if not turn:
        raise UserError(f"Above or below which RSI? Write it like: {_EXAMPLE}.")
    kind = _ABOVE if turn > 0 else _BELOW
    if len(phrase.numbers) > 1 and phrase.numbers[0] == _PERIOD:
        return kind, phrase.numbers[1]
    return kind, one_number(phrase, _EXAMPLE)


def _check(condition: Condition) -> None:
    check_symbol(condition, _EXAMPLE)
    check_window(condition, TIMEFRAMES, _EXAMPLE)
    check_line(condition, _LOWEST, _HIGHEST, _EXAMPLE)


def _describe(condition: Condition) -> str:
    side = "above" if condition.type == _ABOVE else "below"
    return f"{condition.symbol} RSI {side} {plain(condition.threshold)} ({condition.window})"


def _figure(value: Decimal) -> str:
    return f"RSI {shown(value, 3)}"


def _watch(condition: Condition) -> Watch:
    return Watch(
        series=METER.series(condition.symbol, condition.window),
        direction=Direction.UP if condition.type == _ABOVE else Direction.DOWN,
        line=condition.threshold,
        slack=_SLACK,
    )


ALERT = AlertKind(
    name="rsi_level",
    conditions=(_ABOVE, _BELOW),
    title="RSI level",
    example=_EXAMPLE,
    order=30,
    parse=_parse,
    check=_check,
    describe=_describe,
    figure=_figure,
    watch=_watch,
    meters=(METER,),
    asks=("token", "window", "threshold"),
    windows=TIMEFRAMES,
)
