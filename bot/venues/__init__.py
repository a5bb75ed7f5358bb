"""Exchanges: what every venue shares. One module a kind, which declares itself as `VENUE`.

What only some kinds share is in a module whose name starts with an underscore.

A venue only reads; the orders it quotes are carried out by the escrow through the venue's adapter.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any, Generic, Protocol, TypeVar

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector

from bot.domain.errors import UpstreamError
from bot.domain.money import BPS, NATIVE, Bps, Token
from bot.ports.chain import Call, ChainCalls, Venue

FEE_UNIT = 1_000_000
"""Pool fees are in hundredths of a basis point."""

Route = tuple[Token, ...]
K = TypeVar("K", bound=tuple[object, ...])


class VenueListing(Protocol):
    """A deployment's record of one exchange."""

    @property
    def name(self) -> str:
        """As users know it."""
        ...

    @property
    def factory(self) -> str:
        """Knows the pools."""
        ...

    @property
    def quoter(self) -> str | None:
        """Uniswap V3 only."""
        ...

    @property
    def adapter(self) -> str:
        """Ours, listed at the orchestrator."""
        ...

    @property
    def fees(self) -> Sequence[int]:
        """Tiers of its pools, see `FEE_UNIT`."""
        ...


@dataclass(frozen=True, slots=True)
class VenueKind:
    """How to quote one kind of exchange; `name` is what a deployment's record says."""

    name: str
    build: Callable[[VenueListing, ChainCalls], Venue]


@dataclass(frozen=True, slots=True)
class View:
    """A view function of an exchange's contracts, by its signature and what it returns."""

    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @classmethod
    def of(cls, name: str, inputs: Sequence[str], outputs: Sequence[str]) -> "View":
        """E.g. `View.of("getPair", ["address", "address"], ["address"])`."""
        selector = function_signature_to_4byte_selector(f"{name}({','.join(inputs)})")
        return cls(selector, tuple(inputs), tuple(outputs))

    def call(self, to: str, *arguments: object) -> Call:
        """The call to make."""
        return Call(to, self.selector + encode(self.inputs, arguments))

    def read(self, answer: bytes | None) -> tuple[Any, ...] | None:
        """What it returned; None where it reverted.

        Raises:
            UpstreamError: it returned something else: the listed address is no such contract.
        """
        if answer is None:
            return None
        try:
            return decode(self.outputs, answer)
        except DecodingError:
            raise UpstreamError("chain", "an exchange answered oddly", retryable=False) from None


class Pools(Generic[K]):
    """Where an exchange's pools are, by the arguments its factory's view `locate` takes.

    Each is looked up once: a pool opened later shows after a restart.
    """

    def __init__(self, calls: ChainCalls, factory: str, locate: View) -> None:
        self._calls = calls
        self._factory = factory
        self._locate = locate
        self._addresses: dict[K, str] = {}

    async def find(self, keys: Iterable[K]) -> dict[K, str]:
        """Addresses of those that exist; one round trip if some were never asked for."""
        wanted = list(dict.fromkeys(keys))
        unknown = [key for key in wanted if key not in self._addresses]
        if unknown:
            asked = [self._locate.call(self._factory, *key) for key in unknown]
            for key, answer in zip(unknown, await self._calls.call_many(asked), strict=True):
                if address := self._locate.read(answer):
                    self._addresses[key] = address[0]
        found = {key: self._addresses.get(key, NATIVE) for key in wanted}
        return {key: address for key, address in found.items() if address != NATIVE}


def routes_between(sell: Token, buy: Token, via: Sequence[Token]) -> Iterator[Route]:
    """The direct route, then those by way of one other token."""
    if sell.address == buy.address:
        return
    yield sell, buy
    for middle in via:
        if middle.address not in (sell.address, buy.address):
            yield sell, middle, buy


def hops_of(route: Route) -> Iterator[tuple[Token, Token]]:
    """Its pairs, in the order they are traded."""
    return pairwise(route)


def after_fee(fee: int) -> Fraction:
    """What a pool's fee leaves of one."""
    return Fraction(FEE_UNIT - fee, FEE_UNIT)


def impact_of(out: int, without_impact: Fraction) -> Bps:
    """How far a fill stays behind what it would be at the marginal price, rounded up.

    `without_impact` is the exact output of an infinitely deep pool, after fees.
    """
    if without_impact <= out:
        return Bps(0)
    return Bps(ceil((without_impact - out) * BPS / without_impact))


def fee_in_bps(fees: Sequence[int]) -> Bps:
    """The sum of pool fees, rounded up to whole basis points."""
    return Bps(-(-sum(fees) * BPS // FEE_UNIT))
