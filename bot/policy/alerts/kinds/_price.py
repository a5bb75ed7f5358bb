"""The line on a price that three kinds share."""

from decimal import Decimal

from bot.domain.alerts import Condition, Direction, rounded
from bot.domain.errors import UserError
from bot.domain.money import exact
from bot.policy.alerts.kind import Watch
from bot.policy.alerts.kinds._meters import PRICE
from bot.policy.alerts.kinds._reading import (
    check_line,
    check_symbol,
    no_span,
    one_number,
    one_symbol,
    plain,
    way,
)
from bot.policy.alerts.phrases import Phrase
from bot.policy.alerts.vocabulary import CROSSES

ABOVE, BELOW, CROSSING = "PRICE_ABOVE", "PRICE_BELOW", "PRICE_CROSSES"

_EXAMPLES = {ABOVE: "SEI above 0.25", BELOW: "SEI below 0.25", CROSSING: "SEI crosses 0.25"}
_WORDS = {ABOVE: "above", BELOW: "below", CROSSING: "crosses"}
_AMOUNT = "By how many per cent, or to which price? Write SEI -5% 1h or SEI below 0.25."
_LOWEST, _HIGHEST = "1E-15", "1E9"
"""USD, as the market data has it."""
_SLACK = Decimal("0.005")


def read_price(phrase: Phrase, kind: str) -> Condition | None:
    """The condition of this kind, if the phrase means it."""
    meant = _meant(phrase)
    if meant != kind:
        return None
    if phrase.nouns:
        return None
    example = _EXAMPLES[kind]
    line = one_number(phrase, example, _AMOUNT)
    no_span(phrase, example)
    symbol = one_symbol(phrase, example)
    if _is_in_units(phrase, symbol, line):
        side = "above" if kind == ABOVE else "below"
        raise UserError(
            f"Its price in USD, or how much of it you hold? Write {symbol} {_WORDS[kind]} "
            f"${plain(line)}, or {symbol} balance {side} {plain(line)}."
        )
    return Condition(kind, symbol, line)


def _is_in_units(phrase: Phrase, symbol: str, line: Decimal) -> bool:
    """`Below 10 sei` counts the token itself, so that it may be meant as a balance."""
    pairs = zip(phrase.numbers, phrase.units, strict=False)
    return (line, symbol) in pairs and "$" not in phrase.plain


def check_price(condition: Condition) -> None:
    """Bounds of a price in USD."""
    example = _EXAMPLES[condition.type]
    check_symbol(condition, example)
    check_line(condition, _LOWEST, _HIGHEST, example)


def describe_price(condition: Condition) -> str:
    """`SEI above $0.25`."""
    return f"{condition.symbol} {_WORDS[condition.type]} ${plain(condition.threshold)}"


def watch_price(condition: Condition) -> Watch:
    """The line: it arms again half a per cent away from it."""
    with exact():
        slack = rounded(condition.threshold * _SLACK)
    return Watch(
        series=PRICE.series(condition.symbol),
        direction=Direction.DOWN if condition.type == BELOW else Direction.UP,
        line=condition.threshold,
        slack=slack,
        both_ways=condition.type == CROSSING,
    )


def _meant(phrase: Phrase) -> str | None:
    if phrase.percents or phrase.is_digest:
        return None
    if turn := way(phrase):
        return ABOVE if turn > 0 else BELOW
    bare = phrase.symbols and phrase.numbers and not phrase.strangers
    if phrase.says(CROSSES) or bare:
        return CROSSING
    return None
