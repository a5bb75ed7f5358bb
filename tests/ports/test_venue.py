"""What every `Venue` owes its callers: the fake, and each kind over real exchange contracts."""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from eth_abi.abi import decode, encode
from eth_utils.abi import function_signature_to_4byte_selector as selector

import bot.venues
from bot.catalogue import discover
from bot.chain.reader import RpcReader
from bot.chain.rpc import Rpc
from bot.domain.errors import UpstreamError
from bot.domain.money import Bps, Token
from bot.ports.chain import Call, ChainCalls, Venue
from tests.fakes.chain import FakeChain, FakeVenue
from tests.fakes.clock import FakeClock
from tests.ports.chain_world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAIRS = [("SEI", "USDC"), ("USDC", "SEI"), ("iSEI", "USDC"), ("USDC", "iSEI"), ("WETH", "SEI")]


@dataclass
class Counting:
    """Counts the round trips of another `ChainCalls`."""

    calls: ChainCalls
    batches: list[int] = field(default_factory=list)

    async def call_many(self, calls: Sequence[Call]) -> list[bytes | None]:
        self.batches.append(len(calls))
        return await self.calls.call_many(calls)


def kinds_of(world: World) -> dict[str, Venue]:
    return {venue.name: venue for venue in world.venues}


async def test_every_kind_in_the_catalogue_is_put_to_the_test(local_world: World) -> None:
    assert local_world.local is not None
    tested = {str(venue.kind) for venue in local_world.local.deployment.venues}
    assert tested == set(discover(bot.venues, "VENUE"))


@pytest.mark.parametrize(("sold", "bought"), PAIRS)
async def test_quotes_say_what_was_asked_and_how(world: World, sold: str, bought: str) -> None:
    sell, buy, sei = world.amount(sold, "3.5"), world.tokens[bought], world.tokens["SEI"]
    for venue in world.venues:
        quotes = await venue.read_quotes(sell, buy, [sei])
        assert quotes, venue.name
        for quote in quotes:
            assert quote.venue == venue.name
            assert quote.sell == sell
            assert quote.buy.token == buy
            assert quote.buy.raw > 0
            assert (quote.path[0], quote.path[-1]) == (sell.token, buy)
            assert quote.path in ((sell.token, buy), (sell.token, sei, buy))
            assert quote.adapter.startswith("0x")
            assert quote.data
            assert 0 <= quote.price_impact < 500
            assert 0 < quote.fee < 300
        assert len({quote.data for quote in quotes}) == len(quotes)


async def test_a_token_without_a_direct_pool_goes_by_way_of_another(world: World) -> None:
    sell, usdc = world.amount("iSEI", 10), world.tokens["USDC"]
    for venue in world.venues:
        assert await venue.read_quotes(sell, usdc, []) == []
        by_sei = await venue.read_quotes(sell, usdc, [world.tokens["SEI"]])
        assert {tuple(t.symbol for t in quote.path) for quote in by_sei} == {
            ("iSEI", "SEI", "USDC")
        }
        direct = await venue.read_quotes(world.amount("SEI", 10), usdc, [])
        assert min(q.fee for q in by_sei) > min(q.fee for q in direct)


async def test_a_token_is_not_quoted_against_itself_or_by_way_of_an_end(world: World) -> None:
    sei, usdc = world.tokens["SEI"], world.tokens["USDC"]
    for venue in world.venues:
        assert await venue.read_quotes(world.amount("SEI", 10), sei, [usdc]) == []
        quotes = await venue.read_quotes(world.amount("SEI", 10), usdc, [sei, usdc])
        assert {len(quote.path) for quote in quotes} == {2}


async def test_what_nobody_trades_has_no_quote(world: World) -> None:
    unknown = Token("NONE", "0x00000000000000000000000000000000000000F1", 18)
    for venue in world.venues:
        for via in ([], [world.tokens["SEI"]]):
            assert await venue.read_quotes(world.amount("SEI", 1), unknown, via) == []
            assert (
                await venue.read_quotes(unknown.amount(Decimal(1)), world.tokens["SEI"], via) == []
            )


async def test_dust_that_buys_nothing_has_no_quote(world: World) -> None:
    dust = world.tokens["SEI"].amount(Decimal("0.000000000001"))
    for venue in world.venues:
        assert await venue.read_quotes(dust, world.tokens["USDC"], []) == []


async def test_more_gives_more_but_never_a_better_price(world: World) -> None:
    for venue, (sold, bought) in itertools.product(world.venues, PAIRS):
        quoted = [
            max(
                await venue.read_quotes(
                    world.amount(sold, units), world.tokens[bought], [world.tokens["SEI"]]
                ),
                key=lambda quote: quote.buy.raw,
            )
            for units in ("1", "10", "100")
        ]
        outs = [quote.buy.raw for quote in quoted]
        assert outs == sorted(outs)
        assert outs[2] <= 100 * (outs[0] + 1)
        assert [q.price_impact for q in quoted] == sorted(q.price_impact for q in quoted)


async def test_every_quote_is_what_the_swap_gives(world: World) -> None:
    sei = world.tokens["SEI"]
    for venue, (sold, bought) in itertools.product(world.venues, PAIRS[:3]):
        agent = await world.open_agent(**{sold: "500"})
        routes = await venue.read_quotes(world.amount(sold, 20), world.tokens[bought], [sei])
        for sequence, route in enumerate(routes, start=1):
            fresh = await venue.read_quotes(route.sell, route.buy.token, [sei])
            quote = next(quote for quote in fresh if quote.data == route.data)
            receipt = await world.run(world.swap_of(agent, quote, sequence), agent)
            assert (receipt.spent, receipt.got) == (quote.sell.raw, quote.buy.raw)


@pytest.mark.parametrize("name", ["Uniswap V2", "Uniswap V3"])
async def test_impact_is_what_a_trade_moves_the_price_by(local_world: World, name: str) -> None:
    """Half of what a pool over the whole range holds costs a third of the price, without fees."""
    assert local_world.local
    pool = next(
        pool
        for pool in local_world.local.exchange.pools
        if f"Uniswap V{2 + pool.is_v3}" == name and {pool.token0, pool.token1} == {"USDC", "WBTC"}
    )
    wbtc, usdc = local_world.tokens["WBTC"], local_world.tokens["USDC"]
    held = (await local_world.reader.read_balances([pool.address], [wbtc]))[pool.address]["WBTC"]
    venue = kinds_of(local_world)[name]

    (half,) = await venue.read_quotes(held.share(Bps(5015)), usdc, [])
    (little,) = await venue.read_quotes(held.share(Bps(1)), usdc, [])
    (back,) = await venue.read_quotes(little.buy, wbtc, [])

    assert 3333 <= half.price_impact <= 3335
    assert 1 <= little.price_impact <= 2
    assert 1 <= back.price_impact <= 2
    assert half.fee == 30


async def test_tiers_and_routes_are_all_quoted(local_world: World) -> None:
    v3 = kinds_of(local_world)["Uniswap V3"]
    sei, usdc = local_world.tokens["SEI"], local_world.tokens["USDC"]
    direct = await v3.read_quotes(local_world.amount("SEI", 10), usdc, [])
    hops = await v3.read_quotes(local_world.amount("iSEI", 10), usdc, [sei])
    both = await v3.read_quotes(local_world.amount("WETH", "0.01"), usdc, [sei])
    assert sorted(quote.fee for quote in direct) == [5, 30]
    assert sorted(quote.fee for quote in hops) == [35, 60]
    assert sorted(quote.fee for quote in both) == [5, 30, 35, 60]


async def test_an_exchange_quotes_the_same_whichever_router_it_is_traded_by(
    local_world: World,
) -> None:
    venues, usdc = kinds_of(local_world), local_world.tokens["USDC"]
    sei = local_world.tokens["SEI"]
    quoted = [
        await venues[name].read_quotes(local_world.amount("WETH", 1), usdc, [sei])
        for name in ("Uniswap V3", "Uniswap V3 (original router)")
    ]
    one, other = ([(q.buy, q.data, q.fee, q.price_impact) for q in quotes] for quotes in quoted)
    assert one == other
    assert {q.adapter for q in quoted[0]}.isdisjoint(q.adapter for q in quoted[1])


async def test_v2_quotes_are_the_routers(local_world: World) -> None:
    assert local_world.local
    router = local_world.local.deployment.venues[0].router
    v2 = kinds_of(local_world)["Uniswap V2"]
    ask = selector("getAmountsOut(uint256,address[])")
    sei = local_world.tokens["SEI"]
    for units, (sold, bought) in itertools.product(("0.001", "7", "12345.6"), PAIRS):
        sell = local_world.amount(sold, units)
        for quote in await v2.read_quotes(sell, local_world.tokens[bought], [sei]):
            path = [token.address for token in quote.path]
            data = ask + encode(["uint256", "address[]"], [sell.raw, path])
            (answer,) = await _calls(local_world).call_many([Call(router, data)])
            assert answer is not None
            assert decode(["uint256[]"], answer)[0][-1] == quote.buy.raw


async def test_pools_are_looked_up_once(local_world: World) -> None:
    assert local_world.local
    sei, usdc = local_world.tokens["SEI"], local_world.tokens["USDC"]
    for listing in local_world.local.deployment.venues:
        calls = Counting(_calls(local_world))
        venue = discover(bot.venues, "VENUE")[listing.kind].build(listing, calls)
        first = await venue.read_quotes(local_world.amount("iSEI", 10), usdc, [sei])
        assert len(calls.batches) == 2
        calls.batches.clear()
        assert await venue.read_quotes(local_world.amount("iSEI", 10), usdc, [sei]) == first
        assert len(calls.batches) == 1


async def test_without_an_answer_there_is_no_quote_and_no_empty_list_either(world: World) -> None:
    async with aclosing_rpc("http://127.0.0.1:9") as dead:
        for venue in _cut_off(world, dead):
            with pytest.raises(UpstreamError):
                await venue.read_quotes(world.amount("SEI", 1), world.tokens["USDC"], [])


@asynccontextmanager
async def aclosing_rpc(url: str) -> AsyncIterator[Rpc]:
    rpc = Rpc(url)
    yield rpc
    await rpc.close()


def _cut_off(world: World, dead: Rpc) -> list[Venue]:
    """The same venues behind a node that is dead."""
    if world.local is None:
        chain = FakeChain(FakeClock(), down=True)
        return [replace(each, chain=chain) for each in world.venues if isinstance(each, FakeVenue)]
    calls = RpcReader(dead, world.local.deployment.lens)
    kinds = discover(bot.venues, "VENUE")
    return [kinds[each.kind].build(each, calls) for each in world.local.deployment.venues]


def _calls(world: World) -> ChainCalls:
    assert isinstance(world.reader, RpcReader)
    return world.reader
