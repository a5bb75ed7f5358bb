"""What people type for an amount, and what it comes to.

`$25`, `50%`, `half`, `1.5k`, `all`, `12.5`: parsed into a wish first, then measured against what
is held and what things cost. Nothing here moves money.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from bot.domain.errors import UserError
from bot.domain.money import Amount, Price, exact

MAX_LENGTH = 40
_MAX_UNITS = Decimal(10) ** 15
_WORDS = {
    "half": Decimal("0.5"),
    "quarter": Decimal("0.25"),
    "third": Decimal(1) / 3,
    "all": Decimal(1),
    "max": Decimal(1),
    "everything": Decimal(1),
}
_SCALES = {"": Decimal(1), "k": Decimal(10) ** 3, "m": Decimal(10) ** 6}
_GROUPED = re.compile(r"\$?[0-9]{1,3}(,[0-9]{3})+(?![0-9,])[^,]*")
_NUMBER = re.compile(r"(?P<digits>[0-9]{1,30}|[0-9]{1,30}\.[0-9]+|\.[0-9]+)(?P<scale>[km]?)")
_HELP = "Write an amount like 25, $25, 1.5k, 50%, half or all."


@dataclass(frozen=True, slots=True)
class Units:
    """So many units of whatever is given away."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Dollars:
    """As much as is worth this many USD."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """A fraction of what is held, above 0 up to 1."""

    fraction: Decimal


Wish = Units | Dollars | Share


def parse_amount(text: str) -> Wish:
    """Read an amount as people type it.

    Raises:
        UserError: anything but a positive, finite, sane amount; the text says what is wrong.
    """
    word = text.strip().lower()
    if not word or len(word) > MAX_LENGTH:
        raise UserError(_HELP)
    if "," in word:
        if not _GROUPED.fullmatch(word):
            raise UserError(f"Write decimals with a point, like 2.5. {_HELP}")
        word = word.replace(",", "")
    if word in _WORDS:
        return Share(_WORDS[word])
    if word.startswith("-"):
        raise UserError(f"An amount cannot be negative. {_HELP}")
    if word.endswith("%"):
        return _parse_share(word[:-1])
    dollars = word.startswith("$") or word.endswith("$")
    value = _parse_number(word.removeprefix("$").removesuffix("$").strip())
    return Dollars(value) if dollars else Units(value)


def _parse_share(word: str) -> Share:
    percent = _parse_number(word.strip())
    if percent > 100:
        raise UserError("That is more than 100 %. Write a share up to 100%, or all.")
    with exact():
        return Share(percent / 100)


def _parse_number(word: str) -> Decimal:
    match = _NUMBER.fullmatch(word)
    if not match or not word.isascii():
        raise UserError(f"I cannot read that as an amount. {_HELP}")
    with exact():
        value = Decimal(match["digits"]) * _SCALES[match["scale"]]
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -18:
        raise UserError("That has more than 18 decimals, more than any token has.")
    if value <= 0:
        raise UserError(f"An amount must be more than zero. {_HELP}")
    if value > _MAX_UNITS:
        raise UserError("That amount is larger than anything that is traded here.")
    return value


def measure(wish: Wish, held: Amount, price: Price | None) -> Amount:
    """What a wish comes to in the token that is given away, rounded down to base units.

    Args:
        wish: as parsed.
        held: what may be given away (gas reserve already taken off).
        price: of the token that is given away; needed for a wish in dollars only.

    Raises:
        UserError: it comes to nothing.
    """
    amount = _scale(wish, held, price)
    if amount.raw == 0:
        raise UserError(f"That comes to no {held.token.symbol} at all. Nothing was moved.")
    return amount


def _scale(wish: Wish, held: Amount, price: Price | None) -> Amount:
    match wish:
        case Share(fraction):
            with exact():
                raw = (Decimal(held.raw) * fraction).to_integral_value(rounding=ROUND_DOWN)
            return Amount(held.token, int(raw))
        case Dollars(value):
            if price is None:
                raise UserError(
                    f"I have no price for {held.token.symbol} now. Write units instead."
                )
            return price.amount_of(held.token, value)
        case Units(value):
            return held.token.amount(value)


def plain(value: Decimal) -> str:
    """A decimal string without exponent or trailing zeros, exact."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
