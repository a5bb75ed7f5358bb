"""Quotes of Uniswap V3 and its forks with a QuoterV2, whichever router they trade by."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from bot.domain.errors import SettingsError
from bot.domain.money import Amount, Token
from bot.domain.trade import Quote
from bot.ports.chain import ChainCalls
from bot.venues import (
    Pools,
    Route,
    VenueListing,
    View,
    after_fee,
    fee_in_bps,
    hops_of,
    impact_of,
    routes_between,
)

_GET_POOL = View.of("getPool", ["address", "address", "uint24"], ["address"])
_SLOT0 = View.of("slot0", [], ["uint256"])
"""Only its first word, the square root of the price: forks differ in the rest."""
_QUOTE = View.of("quoteExactInput", ["bytes", "uint256"], ["uint256"])
"""Only the amount out of what the quoter returns."""

PoolKey = tuple[str, str, int]
"""Lower and higher token address, fee."""


@dataclass(frozen=True, slots=True)
class Path:
    """A route with the fee tier of each of its pools."""

    route: Route
    fees: tuple[int, ...]

    @property
    def packed(self) -> bytes:
        """As router, quoter and adapter take it: token, then (fee, token) for every hop."""
        first, *rest = (bytes.fromhex(token.address[2:]) for token in self.route)
        hops = zip(self.fees, rest, strict=True)
        return first + b"".join(fee.to_bytes(3) + token for fee, token in hops)

    @property
    def pools(self) -> list[PoolKey]:
        """One for every hop."""
        return [_key(*hop, fee) for hop, fee in zip(hops_of(self.route), self.fees, strict=True)]


class UniswapV3:
    """Quotes by the quoter, for every combination of fee tiers, in one round trip for all."""

    def __init__(self, listing: VenueListing, calls: ChainCalls) -> None:
        if listing.quoter is None:
            raise SettingsError(f"the deployment names no quoter for {listing.name}")
        self._listing = listing
        self._quoter = listing.quoter
        self._calls = calls
        self._pools: Pools[PoolKey] = Pools(calls, listing.factory, _GET_POOL)

    @property
    def name(self) -> str:
        """As users know it."""
        return self._listing.name

    async def read_quotes(self, sell: Amount, buy: Token, via: Sequence[Token]) -> Sequence[Quote]:
        """A quote for every path whose pools exist and give anything."""
        routes = routes_between(sell.token, buy, via)
        possible = [path for route in routes for path in self._paths(route)]
        pools = await self._pools.find(key for path in possible for key in path.pools)
        paths = [path for path in possible if all(key in pools for key in path.pools)]
        if not paths:
            return []
        slots = [_SLOT0.call(address) for address in pools.values()]
        fills = [_QUOTE.call(self._quoter, path.packed, sell.raw) for path in paths]
        answers = await self._calls.call_many([*slots, *fills])
        roots = dict(zip(pools, map(_first(_SLOT0), answers), strict=False))
        outs = map(_first(_QUOTE), answers[len(slots) :])
        quotes = (self._quote(sell, *found, roots) for found in zip(paths, outs, strict=True))
        return [quote for quote in quotes if quote is not None]

    def _paths(self, route: Route) -> Iterator[Path]:
        for fees in product(self._listing.fees, repeat=len(route) - 1):
            yield Path(route, fees)

    def _quote(self, sell: Amount, path: Path, out: int, roots: dict[PoolKey, int]) -> Quote | None:
        without_impact = Fraction(sell.raw)
        for hop, fee in zip(hops_of(path.route), path.fees, strict=True):
            root = roots[_key(*hop, fee)]
            if out == 0 or root == 0:
                return None
            without_impact *= after_fee(fee) * marginal_price(root, *hop)
        return Quote(
            venue=self.name,
            adapter=self._listing.adapter,
            path=path.route,
            data=path.packed,
            sell=sell,
            buy=Amount(path.route[-1], out),
            price_impact=impact_of(out, without_impact),
            fee=fee_in_bps(path.fees),
        )


def marginal_price(root: int, sold: Token, bought: Token) -> Fraction:
    """Base units of `bought` for one of `sold`, from a pool's sqrtPriceX96."""
    price = Fraction(root * root, 1 << 192)
    return price if int(sold.address, 16) < int(bought.address, 16) else 1 / price


def _first(view: View) -> Callable[[bytes | None], int]:
    """Reads a view's first number, 0 where it reverted."""
    return lambda answer: (view.read(answer) or (0,))[0]


def _key(a: Token, b: Token, fee: int) -> PoolKey:
    lower, higher = sorted((a.address.lower(), b.address.lower()))
    return lower, higher, fee
