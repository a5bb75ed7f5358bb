"""A small market maker: keeps the test pools near given prices, with tokens it makes itself.

It keeps the price feeds as well, which would be an oracle's work.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from web3 import AsyncHTTPProvider, AsyncWeb3

from bot.chain.artifacts import load_artifact
from bot.chain.deployer import Deployer, KeyedAccount, chain_errors
from bot.chain.networks import NATIVE_SYMBOL
from bot.local.chain.exchange import Exchange, sqrt_price_x96
from bot.local.chain.feeds import FeedKeeper

BAND_BPS = 10
"""How far a pool's price may stray before it is traded back, exclusive."""

_FLOAT_SEI = 100_000_000
"""Whole SEI the maker starts with; what it sells it buys back as prices turn."""


async def deploy_maker(deployer: Deployer, exchange: Exchange, keeper: str) -> str:
    """Deploy the maker's contract, let it make every test token, and return its address."""
    code = load_artifact("PoolMaker")
    contract = await deployer.deploy("maker", code, exchange.token(NATIVE_SYMBOL).address, keeper)
    await deployer.pay("maker's float", contract.address, _FLOAT_SEI * 10**18)
    test_token = load_artifact("TestToken")
    for token in exchange.tokens:
        if token.symbol == NATIVE_SYMBOL:
            continue
        at = deployer.at(test_token, deployer.w3.to_checksum_address(token.address))
        await deployer.call(
            f"minter of {token.symbol}",
            at,
            "setMinter",
            contract.address,
            True,  # noqa: FBT003
        )
    return contract.address


class MarketMaker:
    """Publishes prices and trades stray pools back.

    `key` is that of the keeper `deploy_maker` and `deploy_exchange` were told.
    """

    def __init__(
        self, w3: AsyncWeb3[AsyncHTTPProvider], key: str, contract: str, exchange: Exchange
    ) -> None:
        self._account = KeyedAccount(w3, key, gas_margin_pct=100)
        self._exchange = exchange
        self._feeds = FeedKeeper(self._account, exchange.feeds, exchange.tokens)
        self._contract = w3.eth.contract(
            address=w3.to_checksum_address(contract), abi=load_artifact("PoolMaker").abi
        )

    async def step(self, prices: Mapping[str, Decimal]) -> int:
        """Bring every pool within `BAND_BPS` of `prices` (USD by symbol); how many were moved.

        The feeds come first, as an oracle would be no slower than the pools. Two reads when nothing
        is to be done, a transaction each for feeds and pools that are. A symbol without a price
        leaves its feed and its pools alone.

        Raises:
            UpstreamError: the chain refused or did not answer; safe to repeat.
        """
        await self._feeds.step(prices)
        targets = self._targets(prices)
        async with chain_errors("reading the pools"):
            stray = await self._contract.functions.countStray(targets, BAND_BPS).call()
        if stray:
            data = self._contract.encode_abi("restore", args=[targets, BAND_BPS])
            await self._account.transact(self._contract.address, data)
        return cast("int", stray)

    def _targets(self, prices: Mapping[str, Decimal]) -> list[tuple[str, bool, int]]:
        token = self._exchange.token
        return [
            (
                pool.address,
                pool.is_v3,
                sqrt_price_x96(token(pool.token0), token(pool.token1), prices),
            )
            for pool in self._exchange.pools
            if pool.token0 in prices and pool.token1 in prices
        ]
