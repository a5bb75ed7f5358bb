"""Money as integers in base units; Decimal only where people read it.

Decimal's default context of 28 digits corrupts large balances of 18-decimal tokens, so every
conversion runs under 80 digits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal, localcontext
from typing import NewType

Wei = NewType("Wei", int)
"""Native SEI in base units, 10^-18 SEI."""

Bps = NewType("Bps", int)
"""Hundredths of a percent."""

Usd = NewType("Usd", Decimal)
"""US dollars."""

NATIVE = "0x0000000000000000000000000000000000000000"
"""The address that stands for native SEI in contract calls."""

BPS = 10_000
NO_BPS = Bps(0)
_PRECISION = 80


@contextmanager
def exact() -> Iterator[None]:
    """Run Decimal arithmetic with 80 digits, enough for any uint256."""
    with localcontext() as context:
        context.prec = _PRECISION
        yield


@dataclass(frozen=True, slots=True)
class Token:
    """A listed token. `address` is checksummed; `coin_id` is CoinGecko's id, None if unpriced.

    `is_wrapped_native` marks the one token users know as SEI: its balance is native plus wrapped,
    and the escrow wraps or unwraps as needed.
    """

    symbol: str
    address: str
    decimals: int
    coin_id: str | None = None
    is_wrapped_native: bool = False

    def amount(self, value: Decimal) -> "Amount":
        """Turn token units into base units, rounding down."""
        with exact():
            scaled = value.scaleb(self.decimals)
            return Amount(self, int(scaled.to_integral_value(rounding=ROUND_DOWN)))


@dataclass(frozen=True, slots=True)
class Amount:
    """`raw` base units of a token, never negative."""

    token: Token
    raw: int

    def __post_init__(self) -> None:
        if self.raw < 0:
            raise ValueError(f"negative amount of {self.token.symbol}: {self.raw}")

    @property
    def value(self) -> Decimal:
        """Token units, exact."""
        with exact():
            return Decimal(self.raw).scaleb(-self.token.decimals)

    def share(self, bps: Bps) -> "Amount":
        """`bps` of this amount, rounded down."""
        return Amount(self.token, self.raw * bps // BPS)

    def less(self, bps: Bps) -> "Amount":
        """This amount reduced by `bps`, rounded up: the minimum a slippage limit leaves."""
        return Amount(self.token, -(-self.raw * (BPS - bps) // BPS))

    def worth(self, price: "Price") -> Usd:
        """USD at `price`, unrounded."""
        if price.symbol != self.token.symbol:
            raise ValueError(f"price of {price.symbol} used for {self.token.symbol}")
        with exact():
            return Usd(self.value * price.usd)


@dataclass(frozen=True, slots=True)
class Price:
    """USD for one unit of `symbol`, as the feed knew it at `as_of` (aware UTC)."""

    symbol: str
    usd: Decimal
    as_of: datetime
    source: str
    change_24h_pct: Decimal | None = None

    def amount_of(self, token: Token, usd: Decimal) -> Amount:
        """As much of `token` as `usd` buys at this price, rounded down to base units."""
        with exact():
            return token.amount(usd / self.usd)
