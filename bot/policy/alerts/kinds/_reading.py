"""What kinds ask a phrase for, and what they tell people who left it out."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Context, Decimal

from bot.domain.alerts import SIGNIFICANT, Condition
from bot.domain.errors import UserError
from bot.domain.symbols import Ambiguous, resolve
from bot.policy.alerts.guesses import meant_token
from bot.policy.alerts.phrases import NoFigureError, Phrase
from bot.policy.alerts.vocabulary import ABOVE, BELOW, FALLS, LESS, MORE, RISES

SMALLEST = Decimal("1E-10")
"""The least figure that is more than nothing."""

_MOST_NAMES = 12
_LONGEST_NAME = 12
_WIDE = Context(prec=600)
_WEEK_WORDS = frozenset({"weekly", "week"})
_ALL = frozenset({"everything", "anything"})
_TODAY = frozenset({"today", "daily"})


def one_symbol(phrase: Phrase, example: str) -> str:
    """The token that is meant; raises UserError for none, one that is not listed, or several."""
    named = _named(phrase)
    if len(named) > 1:
        names = " and ".join(named[:2])
        raise UserError(f"One alert watches one token. Make one for each: {names}.")
    if named:
        return named[0]
    for word in phrase.words:
        meant = resolve(word, phrase.listed)
        if isinstance(meant, Ambiguous):
            raise UserError(f"Several tokens go by that name. Say {_either(meant.candidates)}.")
    if phrase.says(_ALL):
        raise UserError(f"One alert watches one token. Name one, like: {example}.")
    if not phrase.strangers:
        raise UserError(f"Name the token, like: {example}.")
    if meant := meant_token(phrase.strangers, phrase.listed):
        raise UserError(f"{_unlisted(phrase.strangers)} Did you mean {meant}?")
    raise UserError(f"{_unlisted(phrase.strangers)} I watch {_listing(phrase.listed)}.")


def one_number(phrase: Phrase, example: str, amount: str = "") -> Decimal:
    """The figure of the line; raises UserError for none or several.

    A single unit of the token (`1 eth above 3000`) is no figure. `amount` is what to say where
    the figure is by how much something moves, and so no line.
    """
    if phrase.odd:
        raise UserError(f"I cannot read {phrase.odd[0]} as a figure. Write it like: {example}.")
    pairs = tuple(zip(phrase.numbers, phrase.units or [""] * len(phrase.numbers), strict=True))
    numbers = phrase.numbers
    if len(numbers) > 1:
        numbers = tuple(n for n, unit in pairs if n != 1 or unit not in phrase.symbols)
    if not numbers:
        raise NoFigureError(f"Say at which figure, like: {example}.")
    if len(set(numbers)) > 1:
        first, second = numbers[:2]
        raise UserError(
            f"I read two figures, {plain(first)} and {plain(second)}. Write one, like: {example}."
        )
    if numbers[0] in phrase.amounts:
        raise UserError(amount or f"To which figure? Write the one to reach, like: {example}.")
    return numbers[0]


def way(phrase: Phrase) -> int:
    """1 up, -1 down, 0 where nothing says; raises UserError where it says both."""
    level = phrase.says(ABOVE) - phrase.says(BELOW)
    move = moved(phrase)
    if (phrase.says(ABOVE) and phrase.says(BELOW)) or level * move < 0:
        raise both_ways()
    weak = phrase.says(MORE) - phrase.says(LESS)
    return level or move or weak


def moved(phrase: Phrase) -> int:
    """The same by verbs of movement alone: `rises`, `drops`."""
    rises, falls = phrase.says(RISES), phrase.says(FALLS)
    if rises and falls:
        raise both_ways()
    return rises - falls


def both_ways() -> UserError:
    """Contradicting words."""
    return UserError(
        "That says up and down at once. Make two alerts, one for each way, "
        "or write crosses for a price that may come from either side."
    )


def one_window(phrase: Phrase, windows: Sequence[str], usual: str, example: str) -> str:
    """The span that is meant, `usual` where none is said; raises UserError for another one."""
    spans = tuple(dict.fromkeys(phrase.spans))
    if len(spans) > 1:
        raise UserError(f"I read two spans, {spans[0]} and {spans[1]}. Write one: {example}.")
    if not spans:
        return usual
    if spans[0] not in windows:
        raise UserError(f"I can watch {_either(windows)}, not {spans[0]}. Write: {example}.")
    return spans[0]


def in_weeks(phrase: Phrase) -> Phrase:
    """The phrase with `weekly` for a span, where it has no other."""
    said = phrase.says(_WEEK_WORDS) and not phrase.spans
    return replace(phrase, spans=("7d",)) if said else phrase


def no_span(phrase: Phrase, example: str) -> None:
    """Refuse a span where a level is watched all the time."""
    if phrase.spans or phrase.says(_TODAY):
        raise UserError(
            f"A level is watched all the time. Say until when: {example} until friday, "
            "or for 2 hours."
        )


def agent_of(phrase: Phrase) -> int:
    """The agent whose escrow is meant; raises UserError where the chat looks at none."""
    if phrase.agent_id <= 0:
        raise no_agent()
    return phrase.agent_id


def no_agent() -> UserError:
    """Escrow balances without an agent."""
    return UserError(
        "Portfolio and balance alerts are about one agent. Choose or open one with /agents first."
    )


def check_line(condition: Condition, lowest: str, highest: str, example: str) -> None:
    """Refuse a threshold out of bounds (both inclusive) or with too many digits."""
    value = condition.threshold
    if value.is_finite() and value <= 0 < Decimal(lowest):
        raise UserError(f"The figure must be more than zero. Write it like: {example}.")
    if not value.is_finite() or not Decimal(lowest) <= value <= Decimal(highest):
        low, high = plain(Decimal(lowest)), plain(Decimal(highest))
        raise UserError(f"The figure must be from {low} to {high}. Write it like: {example}.")
    check_digits(value, example)


def check_digits(value: Decimal, example: str) -> None:
    """Refuse more digits than a series has."""
    if len(value.normalize(_WIDE).as_tuple().digits) > SIGNIFICANT:
        raise UserError(
            f"That has more than {SIGNIFICANT} digits. Round it a little, like: {example}."
        )


def check_window(condition: Condition, windows: Sequence[str], example: str) -> None:
    """Refuse a span that is not watched."""
    if condition.window not in windows:
        raise UserError(f"I can watch {_either(windows)}. Write it like: {example}.")


def check_symbol(condition: Condition, example: str) -> None:
    """Refuse a condition without a token."""
    if not condition.symbol:
        raise UserError(f"Name the token, like: {example}.")


def plain(value: Decimal) -> str:
    """Exact, with commas between thousands, without trailing zeros or an exponent."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(value: Decimal, digits: int = 5) -> str:
    """The same with so many significant digits, whole numbers whole: for figures of now."""
    if not value:
        return "0"
    kept = value.normalize(Context(prec=max(digits, value.adjusted() + 1)))
    return plain(kept)


def usd(value: Decimal) -> str:
    """A price: `$0.2514`, `$95,000`."""
    return f"${shown(value)}"


def percent(value: Decimal) -> str:
    """`-5.2 %`, `+3 %`."""
    kept = value.quantize(Decimal("0.01")) if abs(value) < 10**9 else value
    return f"{'+' if kept > 0 else ''}{plain(kept)} %"


def _named(phrase: Phrase) -> Sequence[str]:
    """Tokens but for those that only count money: `SEI above 0.25 USDC`."""
    if len(phrase.symbols) < 2:
        return phrase.symbols
    dollars = resolve("dollar", phrase.listed)
    paying = dollars.candidates if isinstance(dollars, Ambiguous) else (dollars,)
    counted = {unit for unit in phrase.units if unit in paying}
    return tuple(s for s in phrase.symbols if s not in counted) or phrase.symbols


def _unlisted(strangers: Sequence[str]) -> str:
    written = [word for word in strangers if word.startswith("$")] or list(strangers)
    name = written[0].removeprefix("$").upper()
    if not name.isascii() or len(name) > _LONGEST_NAME:
        return "I do not know that token."
    return f"I do not know a token called {name}."


def _listing(listed: Sequence[str]) -> str:
    more = len(listed) - _MOST_NAMES
    names = ", ".join(listed[:_MOST_NAMES])
    return f"{names} and {more} more" if more > 0 else names


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
