"""Figures and names as people read them. Everything foreign is escaped here."""

from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from html import escape

from bot.domain.money import Amount, exact
from bot.domain.people import Agent

_SMALL = Decimal("0.01")
_BIG = Decimal(1000)
_HEAD, _TAIL = 6, 4


def esc(text: str) -> str:
    """Escape a text that did not come from the code."""
    return escape(text, quote=False)


def usd(value: Decimal) -> str:
    """`$1,234.56`; below a cent either way `about $0.00`; negative `-$3.20`."""
    if value and abs(value) < _SMALL:
        return "about $0.00"
    sign = "-" if value < 0 else ""
    return f"{sign}${abs(value):,.2f}"


def price(value: Decimal) -> str:
    """A USD price with four significant digits or two decimals, whichever says more."""
    if value >= _BIG:
        return f"${value:,.2f}"
    return f"${significant(value, 5)}"


def significant(value: Decimal, digits: int) -> str:
    """Plain notation with at least `digits` significant digits below one."""
    if not value:
        return "0"
    with exact():
        places = max(0, digits - 1 - value.adjusted())
        rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = f"{rounded:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def units(amount: Amount) -> str:
    """`12.345 SEI`, cut (never rounded up) to six significant digits."""
    return f"{quantity(amount.value)} {esc(amount.token.symbol)}"


def quantity(value: Decimal) -> str:
    """A token quantity, rounded down to six significant digits or two decimals."""
    if not value:
        return "0"
    with exact():
        places = max(2, 5 - value.adjusted()) if value.adjusted() < 5 else 2
        rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN)
    text = f"{rounded:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(bps: int | Decimal) -> str:
    """Basis points as `0.30 %`."""
    return f"{Decimal(bps) / 100:.2f} %"


def change_words(percent: Decimal) -> str:
    """`▲ 1.5 %`, `▼ 0.7 %`, of a small one `▲ 0.04 %`, or `unchanged`."""
    size = f"{abs(percent):.1f}"
    if not Decimal(size):
        size = f"{abs(percent):.2f}"
    if not Decimal(size):
        return "unchanged"
    return f"{'▲' if percent > 0 else '▼'} {size} %"


def short(address: str) -> str:
    """`0x1234…abcd`."""
    return f"{address[:_HEAD]}…{address[-_TAIL:]}"


def clock(at: datetime) -> str:
    """`14:02 UTC`."""
    return at.strftime("%H:%M UTC")


def age(span: timedelta) -> str:
    """`just now`, `3 min`, `2 h`, `4 days`."""
    seconds = int(span.total_seconds())
    for unit, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return "just now"


def ago(span: timedelta) -> str:
    """`just now`, `3 min ago`."""
    text = age(span)
    return text if text == "just now" else f"{text} ago"


def agent_line(agent: Agent) -> str:
    """The agent a card is about."""
    return f"🤖 {esc(agent.name)}"
