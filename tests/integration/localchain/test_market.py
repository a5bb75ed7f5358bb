"""What trades on the local chain, near which prices, and play money for it."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from eth_account import Account
from web3.types import RPCEndpoint

from bot.chain.artifacts import load_artifact, load_published
from bot.chain.deployer import connected
from bot.domain.errors import UpstreamError
from bot.domain.money import NATIVE, exact
from bot.local.chain.accounts import TEST_WALLET, TEST_WALLET_KEY
from bot.local.chain.feeds import HEARTBEAT_S
from bot.local.chain.world import LocalChain
from tests.integration.localchain.setting import PRICES, SERVER

pytestmark = pytest.mark.asyncio(loop_scope="module")

_PAIR = "@uniswap/v2-core/build/UniswapV2Pair.json"
_V3_POOL = "@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json"


async def read_prices(chain: LocalChain) -> dict[str, Decimal]:
    """USD of token0 by pool, as read from the exchanges themselves given the USD of token1."""
    found = {}
    async with connected(chain.rpc_url) as w3:
        for pool in chain.exchange.pools:
            abi = load_published(_V3_POOL if pool.is_v3 else _PAIR).abi
            functions = w3.eth.contract(
                address=w3.to_checksum_address(pool.address), abi=abi
            ).functions
            with exact():
                if pool.is_v3:
                    root = Decimal((await functions.slot0().call())[0]) / 2**96
                    found[pool.address] = root * root
                else:
                    reserve0, reserve1, _ = await functions.getReserves().call()
                    found[pool.address] = Decimal(reserve1) / Decimal(reserve0)
    return found


def wanted(chain: LocalChain, usd: Mapping[str, Decimal]) -> dict[str, Decimal]:
    token = chain.exchange.token
    with exact():
        return {
            pool.address: (usd[pool.token0] / usd[pool.token1]).scaleb(
                token(pool.token1).decimals - token(pool.token0).decimals
            )
            for pool in chain.exchange.pools
        }


def worst_bps(found: Mapping[str, Decimal], expected: Mapping[str, Decimal]) -> Decimal:
    assert found.keys() == expected.keys()
    return max(abs(found[pool] / expected[pool] - 1) for pool in found) * 10_000


async def test_pools_open_at_the_prices_given(chain: LocalChain) -> None:
    assert len(chain.exchange.pools) == 16
    assert worst_bps(await read_prices(chain), wanted(chain, PRICES)) < 1


@pytest.mark.parametrize(
    "moves",
    [
        {"SEI": "1.004"},
        {"SEI": "0.99", "WETH": "1.02"},
        {"USDT0": "1.002", "SolvBTC": "0.98", "iSEI": "1.05"},
        {"SEI": "0.1", "WBTC": "3"},
        {"SEI": "12"},
        {},
    ],
)
async def test_the_maker_brings_every_pool_to_the_market(
    chain: LocalChain, moves: dict[str, str]
) -> None:
    usd = PRICES | {symbol: PRICES[symbol] * Decimal(by) for symbol, by in moves.items()}
    await chain.maker.step(usd)
    assert worst_bps(await read_prices(chain), wanted(chain, usd)) <= 10
    assert await chain.maker.step(usd) == 0


async def test_the_maker_leaves_alone_what_is_near_enough_or_unpriced(chain: LocalChain) -> None:
    await chain.maker.step(PRICES)
    before = await read_prices(chain)
    assert await chain.maker.step(PRICES | {"WBTC": PRICES["WBTC"] * Decimal("1.0009")}) == 0
    assert await chain.maker.step({"SEI": Decimal(9), "WETH": Decimal(9)}) == 2
    after = await read_prices(chain)
    moved = {pool for pool in before if before[pool] != after[pool]}
    pairs = {
        frozenset((pool.token0, pool.token1))
        for pool in chain.exchange.pools
        if pool.address in moved
    }
    assert pairs == {frozenset(("SEI", "WETH"))}
    await chain.maker.step(PRICES)


async def read_feeds(chain: LocalChain) -> dict[str, tuple[int, int]]:
    """Answer and time of each token's feed."""
    async with connected(chain.rpc_url) as w3:
        abi, found = load_artifact("TestFeed").abi, {}
        for token in chain.deployment.tokens:
            assert token.feed is not None
            place = w3.to_checksum_address(token.feed.feed)
            round_ = await w3.eth.contract(place, abi=abi).functions.latestRoundData().call()
            found[token.symbol] = round_[1], round_[3]
        return found


async def publish_exactly(chain: LocalChain, usd: Mapping[str, Decimal]) -> None:
    """Not only nearly, as feeds are that deviate too little to be told."""
    await chain.maker.step({symbol: price * 2 for symbol, price in usd.items()})
    await chain.maker.step(usd)


async def test_the_feeds_say_what_the_market_does(chain: LocalChain) -> None:
    await publish_exactly(chain, PRICES)
    before = await read_feeds(chain)
    usd = PRICES | {
        "SEI": PRICES["SEI"] * Decimal("1.004"),
        "WETH": PRICES["WETH"] * Decimal("0.995"),
        "USDC": Decimal("1.0019"),
        "USDT0": PRICES["USDT0"] * Decimal("1.002"),
    }
    await chain.maker.step(usd)
    after = await read_feeds(chain)
    moved = {symbol for symbol in before if before[symbol][0] != after[symbol][0]}
    assert moved == {"WETH", "USDT0"}
    assert {symbol: after[symbol][0] for symbol in moved} == {
        symbol: int(usd[symbol] * 10**8) for symbol in moved
    }
    await chain.maker.step({"SEI": Decimal(9)})
    assert (await read_feeds(chain))["SEI"][0] == 9 * 10**8
    await chain.maker.step(PRICES)


async def test_a_feed_is_told_again_after_half_an_hour(chain: LocalChain) -> None:
    await publish_exactly(chain, PRICES)
    before = await read_feeds(chain)
    async with connected(chain.rpc_url) as w3:
        await w3.provider.make_request(RPCEndpoint("evm_increaseTime"), [HEARTBEAT_S])
        await chain.maker.step(PRICES)
        now = (await w3.eth.get_block("latest"))["timestamp"]
    after = await read_feeds(chain)
    assert {symbol: answer for symbol, (answer, _) in after.items()} == {
        symbol: answer for symbol, (answer, _) in before.items()
    }
    assert {at for _, at in after.values()} == {now}


async def test_the_record_names_every_token_and_venue(chain: LocalChain, tmp_path: Path) -> None:
    deployment = chain.deployment
    assert {token.symbol for token in deployment.all_tokens()} == set(PRICES)
    assert deployment.quote.decimals == 6
    assert deployment.sei.is_wrapped_native
    assert [token.symbol for token in deployment.all_tokens() if token.is_wrapped_native] == ["SEI"]
    assert [(venue.kind, venue.fees) for venue in deployment.venues] == [
        ("uniswap_v2", (3000,)),
        ("uniswap_v3", (500, 3000)),
        ("uniswap_v3_deadline", (500, 3000)),
    ]
    deployment.save(tmp_path / "deployment.json")
    assert type(deployment).load(tmp_path / "deployment.json") == deployment
    with pytest.raises(KeyError):
        deployment.token("DOGE")


async def test_the_faucet_gives_sei_and_tokens_to_anybody(chain: LocalChain) -> None:
    deployment = chain.deployment
    receiver = Account.create().address
    await chain.faucet.give(receiver, deployment.sei.amount(Decimal("2.5")))
    await chain.faucet.give(receiver, deployment.quote.amount(Decimal(10_000)))
    async with connected(chain.rpc_url) as w3:
        assert await w3.eth.get_balance(receiver) == 25 * 10**17
        lens = w3.eth.contract(
            address=w3.to_checksum_address(deployment.lens), abi=load_artifact("BalanceLens").abi
        )
        read = lens.functions.balances([receiver], [NATIVE, deployment.quote.address])
        assert await read.call() == [25 * 10**17, 10_000 * 10**6]


async def test_the_faucet_has_a_limit(chain: LocalChain) -> None:
    with pytest.raises(UpstreamError) as caught:
        await chain.faucet.give(TEST_WALLET, chain.deployment.quote.amount(Decimal(10_001)))
    assert not caught.value.retryable


async def test_the_test_wallet_is_owned_by_its_key() -> None:
    assert Account.from_key(TEST_WALLET_KEY).address == TEST_WALLET


async def test_the_server_has_gas(chain: LocalChain) -> None:
    async with connected(chain.rpc_url) as w3:
        assert await w3.eth.get_balance(w3.to_checksum_address(SERVER)) == 10_000 * 10**18
