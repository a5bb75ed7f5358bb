"""Uniswap V2 and its forks, DragonSwap V1 among them: one pool a pair, x * y = k."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from eth_abi.abi import encode

from bot.domain.money import Amount, Token
from bot.domain.trade import Quote
from bot.ports.chain import ChainCalls
from bot.venues import (
    FEE_UNIT,
    Pools,
    Route,
    VenueKind,
    VenueListing,
    View,
    after_fee,
    fee_in_bps,
    hops_of,
    impact_of,
    routes_between,
)

_GET_PAIR = View.of("getPair", ["address", "address"], ["address"])
_GET_RESERVES = View.of("getReserves", [], ["uint112", "uint112", "uint32"])

Pair = tuple[str, str]
"""Lower and higher token address of a pool."""


@dataclass(frozen=True, slots=True)
class Reserves:
    """A pool's holdings in the direction of a trade, base units."""

    sold: int
    bought: int

    def amount_out(self, amount_in: int, fee: int) -> int:
        """The pair contract's own formula, rounded down. `fee` as in `FEE_UNIT`."""
        taken = amount_in * (FEE_UNIT - fee)
        return taken * self.bought // (self.sold * FEE_UNIT + taken)


class UniswapV2:
    """Quotes from the pairs' reserves; a known pair costs one read, in one round trip for all."""

    def __init__(self, listing: VenueListing, calls: ChainCalls) -> None:
        self._listing = listing
        self._calls = calls
        self._fee = listing.fees[0]
        self._pools: Pools[Pair] = Pools(calls, listing.factory, _GET_PAIR)

    @property
    def name(self) -> str:
        """As users know it."""
        return self._listing.name

    async def read_quotes(self, sell: Amount, buy: Token, via: Sequence[Token]) -> Sequence[Quote]:
        """A quote for every route whose pools exist and give anything."""
        routes = list(routes_between(sell.token, buy, via))
        pools = await self._pools.find(_pair(*hop) for route in routes for hop in hops_of(route))
        held = await self._read_reserves(pools)
        quotes = (self._quote(sell, route, held) for route in routes)
        return [quote for quote in quotes if quote is not None]

    async def _read_reserves(self, pools: dict[Pair, str]) -> dict[Pair, tuple[int, int]]:
        asked = [_GET_RESERVES.call(address) for address in pools.values()]
        answers = await self._calls.call_many(asked) if asked else []
        read = zip(pools, map(_GET_RESERVES.read, answers), strict=True)
        return {pair: (held[0], held[1]) for pair, held in read if held}

    def _quote(self, sell: Amount, route: Route, held: dict[Pair, tuple[int, int]]) -> Quote | None:
        out, without_impact = sell.raw, Fraction(sell.raw)
        for sold, bought in hops_of(route):
            reserves = _directed(held.get(_pair(sold, bought)), sold, bought)
            if reserves is None:
                return None
            out = reserves.amount_out(out, self._fee)
            price = Fraction(reserves.bought, reserves.sold)
            without_impact *= after_fee(self._fee) * price
        if out == 0:
            return None
        return Quote(
            venue=self.name,
            adapter=self._listing.adapter,
            path=route,
            data=encode(["address[]"], [[token.address for token in route]]),
            sell=sell,
            buy=Amount(route[-1], out),
            price_impact=impact_of(out, without_impact),
            fee=fee_in_bps([self._fee] * (len(route) - 1)),
        )


def _pair(a: Token, b: Token) -> Pair:
    lower, higher = sorted((a.address.lower(), b.address.lower()))
    return lower, higher


def _directed(held: tuple[int, int] | None, sold: Token, bought: Token) -> Reserves | None:
    if held is None or not all(held):
        return None
    ascending = _pair(sold, bought)[0] == sold.address.lower()
    return Reserves(*held) if ascending else Reserves(*reversed(held))


VENUE = VenueKind("uniswap_v2", UniswapV2)
