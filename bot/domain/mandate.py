"""What an owner lets an agent do with an escrow, and how an escrow stands: the contracts' terms.

Money is micro-USD by the price feeds (`MICRO` of them are a dollar): integers, as on the chain. A
daily limit X is a bucket of X/2 that refills X/2 in 24 hours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NewType

from bot.domain.money import Bps, Wei, exact

MicroUsd = NewType("MicroUsd", int)
"""Millionths of a US dollar."""

MICRO = 1_000_000

MandateWord = NewType("MandateWord", int)
"""What an escrow keeps of a mandate: 216 bits of its hash and 40 bits of its end; 0 is none."""


def usd_of(value: int) -> Decimal:
    """Dollars of micro-USD, exact."""
    with exact():
        return Decimal(value) / MICRO


@dataclass(frozen=True, slots=True)
class Mandate:
    """Field for field what the owner signs; times are aware UTC in whole seconds, inclusive.

    `tokens` and `adapters` are checksummed addresses. Entries listed after `issued_at` are not
    covered; after `sign_by` the signature can no longer be brought in.
    """

    nonce: int
    issued_at: datetime
    valid_until: datetime
    sign_by: datetime
    slippage: Bps
    trade_cap: MicroUsd
    daily_volume: MicroUsd
    daily_loss: MicroUsd
    tokens: tuple[str, ...]
    adapters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignedMandate:
    """A mandate with its owner's signature, plain or ERC-1271."""

    mandate: Mandate
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedRevocation:
    """The owner's word that everything up to `nonce` is void."""

    nonce: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class EscrowState:
    """An escrow on the chain, as of the block at `at`.

    `loss` and `volume` are what was in the buckets at `since`. `word` 0 with an exit code means
    the default mandate. `paused` is the whole deployment's.
    """

    at: datetime
    paused: bool
    dropped: bool
    exited: bool
    nonce: int
    sequence: int
    word: MandateWord
    loss: MicroUsd
    volume: MicroUsd
    since: datetime
    gas_available: Wei


@dataclass(frozen=True, slots=True)
class TokenTerms:
    """A token's listing and what its price feed says now.

    `price` is USD times 10^8. `feed` is empty where the token has none; `usable` is False where
    the contract would refuse the feed: stale, from the future, zero, negative or out of its band.
    """

    address: str
    on: bool
    listed_at: datetime
    feed: str
    decimals: int
    epsilon: Bps
    price: int
    updated_at: datetime
    max_age: timedelta
    usable: bool


@dataclass(frozen=True, slots=True)
class VenueTerms:
    """A venue's listing."""

    adapter: str
    on: bool
    listed_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """All that decides whether the chain would take a swap now; venues by their adapter."""

    escrow: EscrowState
    sell: TokenTerms
    buy: TokenTerms
    venues: Mapping[str, VenueTerms]


@dataclass(frozen=True, slots=True)
class EscrowEvent:
    """What a contract said on the chain. `emitter` is an escrow or the orchestrator.

    `fields` are the event's, as text: numbers in decimal, addresses checksummed, bytes as 0x.
    `mandate` is that of a MandateSet.
    """

    emitter: str
    name: str
    fields: Mapping[str, str]
    block: int
    tx_hash: str
    log_index: int
    mandate: Mandate | None = None
