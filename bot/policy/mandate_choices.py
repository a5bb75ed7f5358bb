"""What an owner chooses for a mandate, and whether it makes sense. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.errors import UserError
from bot.domain.mandate import MICRO, MicroUsd
from bot.domain.money import Bps, Token, exact
from bot.policy.mandate_words import dollars

SHORTEST = timedelta(hours=1)
LONGEST = timedelta(days=366)
LEAST_SLIPPAGE = Bps(10)
MOST_SLIPPAGE = Bps(1_000)
MOST_USD = Decimal((1 << 48) // MICRO)
"""What the contract's 48 bits of micro-USD can say."""

LEAST_USD = Decimal(1)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a mandate may name: tokens with a price feed, exchanges by their adapter.

    `quote` is what every trade starts from or returns to.
    """

    tokens: tuple[Token, ...]
    quote: Token
    venues: dict[str, str]


@dataclass(frozen=True, slots=True)
class Choices:
    """As chosen on the page; USD to the cent, percent to the basis point."""

    tokens: Sequence[str]
    adapters: Sequence[str]
    trade_usd: Decimal
    volume_usd: Decimal
    loss_usd: Decimal
    slippage_pct: Decimal
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """Checked choices in the contract's units; lists in the offer's order."""

    tokens: tuple[str, ...]
    adapters: tuple[str, ...]
    trade_cap: MicroUsd
    daily_volume: MicroUsd
    daily_loss: MicroUsd
    slippage: Bps
    valid_until: datetime


def check_choices(choices: Choices, offer: Offer, now: datetime) -> Terms:
    """Choices that can be signed.

    Raises:
        UserError: the first thing that is wrong with them.
    """
    chosen = frozenset(choices.tokens)
    tokens = tuple(token.address for token in offer.tokens if token.address in chosen)
    adapters = tuple(adapter for adapter in offer.venues if adapter in frozenset(choices.adapters))
    if len(tokens) != len(choices.tokens) or len(adapters) != len(choices.adapters):
        raise UserError("A token or exchange in that choice is not listed. Reload the page.")
    if offer.quote.address not in tokens:
        raise UserError(f"Every trade goes from or to {offer.quote.symbol}: it must be included.")
    if tokens == (offer.quote.address,):
        raise UserError(f"Choose at least one token besides {offer.quote.symbol}.")
    if not adapters:
        raise UserError("Choose at least one exchange.")
    _check_amounts(choices)
    _check_time(choices.valid_until, now)
    return Terms(
        tokens=tokens,
        adapters=adapters,
        trade_cap=_micro(choices.trade_usd),
        daily_volume=_micro(choices.volume_usd),
        daily_loss=_micro(choices.loss_usd),
        slippage=_slippage(choices.slippage_pct),
        valid_until=choices.valid_until.replace(microsecond=0),
    )


def _check_amounts(choices: Choices) -> None:
    named = {
        "limit of a trade": choices.trade_usd,
        "volume of a day": choices.volume_usd,
        "loss of a day": choices.loss_usd,
    }
    for name, value in named.items():
        if value < LEAST_USD:
            raise UserError(f"The {name} must be at least {dollars(LEAST_USD)}.")
        if value >= MOST_USD:
            raise UserError(f"The {name} must be below {dollars(MOST_USD)}.")
    if choices.trade_usd * 2 > choices.volume_usd:
        raise UserError(
            "A trade can be at most half of the day's volume: half of it is there at once, the "
            f"other half comes back over 24 hours. Allow {dollars(choices.trade_usd * 2)} a day, "
            "or less a trade."
        )
    if choices.loss_usd > choices.volume_usd:
        raise UserError("The loss of a day cannot be more than its volume.")


def _check_time(valid_until: datetime, now: datetime) -> None:
    if valid_until < now + SHORTEST:
        raise UserError("The end must be at least an hour from now.")
    if valid_until > now + LONGEST:
        raise UserError("The end can be at most one year from now.")


def _slippage(pct: Decimal) -> Bps:
    bps = Bps(int(pct * 100))
    if not LEAST_SLIPPAGE <= bps <= MOST_SLIPPAGE:
        raise UserError("The loss of a single trade must be between 0.1 % and 10 %.")
    return bps


def _micro(value: Decimal) -> MicroUsd:
    with exact():
        return MicroUsd(int(value * MICRO))
