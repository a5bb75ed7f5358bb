"""Figures as people write them."""

from collections.abc import Sequence
from decimal import Decimal

from bot.llm.inputs import number

_LARGE = (
    (Decimal(10) ** 12, "trillion"),
    (Decimal(10) ** 9, "billion"),
    (Decimal(10) ** 6, "million"),
)


def dollars(value: Decimal) -> str:
    """`$0.31234`, `$1,234.50`, `$3.1 trillion`; small prices keep five digits."""
    for size, name in _LARGE:
        if value >= size:
            return f"${number(round(value / size, 2))} {name}"
    return f"${value:,.2f}" if value >= 10 else f"${number(value)}"


def percent(fraction: Decimal | float) -> str:
    """A fraction as a percentage with one digit: 0.052 is `5.2%`."""
    return f"{number(round(Decimal(str(fraction)) * 100, 1))}%"


def listing(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
