"""A mandate in plain words, for the chat and the wallet page. Pure.

The page's `words.js` says the same sentence while its owner types; a test compares the two.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time
from decimal import Decimal

from bot.domain.mandate import Mandate, usd_of
from bot.domain.money import Bps
from bot.policy.mandates import Bounds, bounds_of

PAUSED = (
    "Trading is paused on the chain for everybody right now; what follows counts again when it is "
    "resumed."
)

_DAY_ENDS = time(23, 59, 59)


def describe(
    mandate: Mandate | Bounds | None,
    symbol_of: Callable[[str], str],
    venue_of: Callable[[str], str],
    now: datetime,
) -> str:
    """What a mandate allows, as the rest of a sentence that begins with an agent's name.

    Args:
        mandate: a signed one, its bounds, or None for the contract's default.
        symbol_of: a token's symbol by its address.
        venue_of: an exchange's name by its adapter.
        now: the year is named when it is another one.
    """
    bounds = mandate if isinstance(mandate, Bounds) else bounds_of(mandate, now)
    tokens: Iterable[str] | None = bounds.tokens
    adapters: Iterable[str] | None = bounds.adapters
    if isinstance(mandate, Mandate):
        tokens, adapters = mandate.tokens, mandate.adapters
    until = bounds.valid_until
    return (
        f"may trade {_names(tokens, symbol_of, 'all listed tokens')} "
        f"on {_names(adapters, venue_of, 'all listed exchanges')}, "
        f"up to {dollars(usd_of(bounds.trade_cap))} a trade "
        f"and {dollars(usd_of(bounds.daily_volume))} a day, "
        f"losing at most {percent(bounds.slippage)} a trade "
        f"and {dollars(usd_of(bounds.daily_loss))} a day, "
        f"{f'until {day(until, now)}' if until else 'without an end'}"
    )


def dollars(value: Decimal) -> str:
    """`$50`, `$1,234.50`, rounded to cents."""
    text = f"{value:,.2f}"
    return f"${text.removesuffix('.00')}"


def percent(bps: Bps) -> str:
    """`1.5 %`."""
    return f"{Decimal(bps) / 100:f} %"


def day(at: datetime, now: datetime) -> str:
    """`1 March`, with the year when it is another one and the time when it is not the day's end."""
    text = f"{at.day} {at:%B}"
    if at.year != now.year:
        text += f" {at.year}"
    return text if at.time() == _DAY_ENDS else f"{text} {at:%H:%M} UTC"


def listed(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _names(addresses: Iterable[str] | None, name_of: Callable[[str], str], everything: str) -> str:
    if addresses is None:
        return everything
    names = [name_of(address) for address in addresses]
    if isinstance(addresses, frozenset):
        names.sort()
    return listed(names) if names else "nothing"
