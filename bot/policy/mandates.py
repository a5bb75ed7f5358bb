"""What the chain would say to a swap, said first. Pure; the arithmetic is the contracts' own.

`Buckets.sol`, `Valuation.sol` and the checks of `CaretEscrow.swap`, in integers and with the same
rounding: what passes here passes there, if the fill is the one quoted and nothing moves meanwhile.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.mandate import (
    MICRO,
    EscrowState,
    Mandate,
    MicroUsd,
    Standing,
    TokenTerms,
    usd_of,
)
from bot.domain.money import BPS, Amount, Bps, exact
from bot.domain.trade import Approved, Denied, DeniedReason, Verdict

DAY_S = 86_400
_FEED_SCALE = 2
_DEFAULT_LISTING_AGE = timedelta(days=7)

DEFAULT_TRADE_CAP = MicroUsd(50 * MICRO)
DEFAULT_DAILY_VOLUME = MicroUsd(200 * MICRO)
DEFAULT_DAILY_LOSS = MicroUsd(10 * MICRO)
DEFAULT_SLIPPAGE = Bps(150)
DAILY_GAS_SEI = Decimal(2)
"""Constants of `CaretEscrow`; a test compares them with the contract's."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a swap is held to: a signed mandate, or the contract's default one (no lists then)."""

    trade_cap: MicroUsd
    daily_volume: MicroUsd
    daily_loss: MicroUsd
    slippage: Bps
    listed_by: datetime
    valid_until: datetime | None = None
    tokens: frozenset[str] | None = None
    adapters: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of the daily limits now; micro-USD."""

    loss: MicroUsd
    volume: MicroUsd


@dataclass(frozen=True, slots=True)
class Appraisal:
    """What a swap counts as by the feeds; micro-USD, against us where rounded."""

    value_in: int
    value_out: int
    charge: int


def bounds_of(mandate: Mandate | None, now: datetime) -> Bounds:
    """What a mandate bounds; None is the default one."""
    if mandate is None:
        return Bounds(
            DEFAULT_TRADE_CAP,
            DEFAULT_DAILY_VOLUME,
            DEFAULT_DAILY_LOSS,
            DEFAULT_SLIPPAGE,
            now - _DEFAULT_LISTING_AGE,
        )
    return Bounds(
        mandate.trade_cap,
        mandate.daily_volume,
        mandate.daily_loss,
        mandate.slippage,
        mandate.issued_at,
        mandate.valid_until,
        frozenset(mandate.tokens),
        frozenset(mandate.adapters),
    )


def room_of(state: EscrowState, bounds: Bounds, now: datetime) -> Room:
    """What fits into the daily buckets at `now`, by the chain's clock."""
    elapsed_s = max(0, int((now - state.since).total_seconds()))
    return Room(
        MicroUsd(_room(state.loss, bounds.daily_loss, elapsed_s)),
        MicroUsd(_room(state.volume, bounds.daily_volume, elapsed_s)),
    )


def appraise(sell: TokenTerms, spent: int, buy: TokenTerms, got: int) -> Appraisal:
    """What spending and receiving these base units counts as."""
    scale_in, scale_out = 10 ** (sell.decimals + _FEED_SCALE), 10 ** (buy.decimals + _FEED_SCALE)
    exact_in, exact_out = spent * sell.price, got * buy.price
    most = _divide_up(exact_in * (BPS + sell.epsilon), scale_in * BPS)
    least = exact_out * (BPS - buy.epsilon) // (scale_out * BPS)
    return Appraisal(
        value_in=_divide_up(exact_in, scale_in),
        value_out=exact_out // scale_out,
        charge=max(0, most - least),
    )


def check_standing(state: EscrowState, mandate: Mandate | None, *, has_exit: bool) -> Verdict:
    """Whether the escrow would trade at all now; `mandate` is the one in force, if it is known."""
    if state.paused:
        return Denied(DeniedReason.CHAIN_PAUSED)
    if state.exited:
        return Denied(DeniedReason.EXITED)
    if state.dropped or (not state.word and not has_exit):
        return Denied(DeniedReason.NO_MANDATE)
    if state.word and mandate is None:
        return Denied(DeniedReason.UNKNOWN_MANDATE)
    if mandate is not None and state.at > mandate.valid_until:
        return Denied(DeniedReason.MANDATE_EXPIRED)
    return Approved()


def check_tokens(standing: Standing, bounds: Bounds) -> Verdict:
    """Whether both tokens may be traded: in the mandate, listed in time, with a usable feed."""
    for token in (standing.sell, standing.buy):
        if bounds.tokens is not None and token.address not in bounds.tokens:
            return Denied(DeniedReason.TOKEN_NOT_IN_MANDATE, subject=token.address)
        if not token.on or token.listed_at > bounds.listed_by:
            return Denied(DeniedReason.TOKEN_NOT_LISTED, subject=token.address)
        if not token.feed:
            return Denied(DeniedReason.NO_FEED, subject=token.address)
        if not token.usable:
            return Denied(DeniedReason.FEED_UNUSABLE, subject=token.address)
    return Approved()


def check_venue(standing: Standing, bounds: Bounds, adapter: str) -> Verdict:
    """Whether a venue may be traded on: in the mandate and listed in time."""
    if bounds.adapters is not None and adapter not in bounds.adapters:
        return Denied(DeniedReason.VENUE_NOT_IN_MANDATE, subject=adapter)
    venue = standing.venues.get(adapter)
    if venue is None or not venue.on or venue.listed_at > bounds.listed_by:
        return Denied(DeniedReason.VENUE_NOT_LISTED, subject=adapter)
    return Approved()


def check_swap(
    standing: Standing, bounds: Bounds, adapter: str, sell: Amount, buy: Amount
) -> Verdict:
    """Whether the chain would take a swap of `sell` that brings `buy`; the first limit it is over.

    Figures of a denial are USD, or basis points for slippage.
    """
    for verdict in (check_tokens(standing, bounds), check_venue(standing, bounds, adapter)):
        if isinstance(verdict, Denied):
            return verdict
    worth = appraise(standing.sell, sell.raw, standing.buy, buy.raw)
    room = room_of(standing.escrow, bounds, standing.escrow.at)
    if worth.value_in > bounds.trade_cap:
        return _over(DeniedReason.MANDATE_TRADE_CAP, bounds.trade_cap, worth.value_in)
    if worth.value_out < _divide_up(worth.value_in * (BPS - bounds.slippage), BPS):
        with exact():
            loss = (1 - Decimal(worth.value_out) / max(worth.value_in, 1)) * BPS
        return Denied(DeniedReason.MANDATE_SLIPPAGE, Decimal(bounds.slippage), loss)
    if worth.charge > room.loss:
        return _over(DeniedReason.MANDATE_LOSS, room.loss, worth.charge)
    if worth.value_in > room.volume:
        return _over(DeniedReason.MANDATE_VOLUME, room.volume, worth.value_in)
    return Approved()


def most_lost_usd(bounds: Bounds, days: int) -> Decimal:
    """The published bound: what a thief of every server key can take in trades, in `days` days.

    L (1 + t) / 2; gas (2 SEI a day by the same rule) and the actor's float come on top.
    """
    return usd_of(bounds.daily_loss * (1 + days) // 2)


def _over(reason: DeniedReason, limit: int, actual: int) -> Denied:
    return Denied(reason, usd_of(limit), usd_of(actual))


def _room(drawn: int, daily: int, elapsed_s: int) -> int:
    """A bucket over its capacity, after a lower limit replaced a higher one, empties in a day."""
    capacity = daily // 2
    left = max(0, drawn - elapsed_s * max(drawn, capacity) // DAY_S)
    return max(0, capacity - left)


def _divide_up(a: int, b: int) -> int:
    return -(-a // b)
