"""Test tokens, their price feeds and real Uniswap contracts with liquidity, on any chain."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isqrt

from pydantic import BaseModel, ConfigDict
from web3.contract import AsyncContract

from bot.chain.artifacts import load_artifact, load_published
from bot.chain.deployer import Deployer, chain_errors
from bot.chain.networks import NATIVE_SYMBOL, TokenInfo, VenueInfo, VenueKind
from bot.domain.money import NATIVE
from bot.local.chain.feeds import deploy_feeds

_V2_FACTORY = "@uniswap/v2-core/build/UniswapV2Factory.json"
_V2_ROUTER = "@uniswap/v2-periphery/build/UniswapV2Router02.json"
_V3_FACTORY = "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json"
_PERIPHERY = "@uniswap/v3-periphery/artifacts/contracts"
_V3_POSITIONS = f"{_PERIPHERY}/NonfungiblePositionManager.sol/NonfungiblePositionManager.json"
_V3_QUOTER = f"{_PERIPHERY}/lens/QuoterV2.sol/QuoterV2.json"
_V3_ORIGINAL_ROUTER = f"{_PERIPHERY}/SwapRouter.sol/SwapRouter.json"
_V3_ROUTER = "@uniswap/swap-router-contracts/artifacts/contracts/SwapRouter02.sol/SwapRouter02.json"

_FOREVER = 2**40
_UNLIMITED = 2**256 - 1
_V2_FEE = 3000
_OUTERMOST_TICK = {100: 887272, 500: 887270, 3000: 887220}


@dataclass(frozen=True, slots=True)
class _Asset:
    symbol: str
    name: str
    decimals: int
    coin_id: str


_ASSETS = (
    _Asset("USDC", "USD Coin", 6, "usd-coin"),
    _Asset("WETH", "Wrapped Ether", 18, "ethereum"),
    _Asset("WBTC", "Wrapped Bitcoin", 8, "wrapped-bitcoin"),
    _Asset("iSEI", "Staked SEI", 6, "silo-staked-sei"),
    _Asset("SolvBTC", "Solv BTC", 18, "solv-btc"),
    _Asset("USDT0", "USDT0", 6, "usdt0"),
)

LOCAL_COINS = {NATIVE_SYMBOL: "sei-network"} | {asset.symbol: asset.coin_id for asset in _ASSETS}
"""CoinGecko ids by symbol: what the pools need prices of."""

# iSEI has no pool with USDC: it trades by way of SEI.
_V2_POOLS = (
    ("SEI", "USDC"),
    ("WETH", "USDC"),
    ("WBTC", "USDC"),
    ("USDT0", "USDC"),
    ("SEI", "iSEI"),
    ("SEI", "WETH"),
)
_V3_POOLS = (
    ("SEI", "USDC", 500),
    ("SEI", "USDC", 3000),
    ("WETH", "USDC", 500),
    ("WETH", "USDC", 3000),
    ("WBTC", "USDC", 3000),
    ("USDT0", "USDC", 500),
    ("SEI", "iSEI", 3000),
    ("SEI", "WETH", 3000),
    ("SolvBTC", "USDC", 3000),
    ("WBTC", "SolvBTC", 500),
)
_V3_FEES = (500, 3000)


class Pool(BaseModel):
    """A pool with its tokens in the contract's own order."""

    model_config = ConfigDict(frozen=True)

    address: str
    is_v3: bool
    token0: str
    token1: str


class Exchange(BaseModel):
    """What was deployed. Tokens are SEI first, then USDC; `feeds` publishes their prices."""

    model_config = ConfigDict(frozen=True)

    tokens: tuple[TokenInfo, ...]
    feeds: str
    venues: tuple[VenueInfo, ...]
    pools: tuple[Pool, ...]

    def token(self, symbol: str) -> TokenInfo:
        """A token by symbol; KeyError where there is none."""
        return {token.symbol: token for token in self.tokens}[symbol]


@dataclass(frozen=True, slots=True)
class Depth:
    """USD put into each side of a pool: pools with SEI, whose SEI the deployer pays, and others."""

    with_sei: Decimal = Decimal(500_000)
    others: Decimal = Decimal(500_000)

    def of(self, *symbols: str) -> Decimal:
        """For a pool of these tokens."""
        return self.with_sei if NATIVE_SYMBOL in symbols else self.others


def sqrt_price_x96(token0: TokenInfo, token1: TokenInfo, prices: Mapping[str, Decimal]) -> int:
    """Square root of token1 per token0 in base units, times 2^96, rounded down."""
    usd0, usd1 = Fraction(prices[token0.symbol]), Fraction(prices[token1.symbol])
    ratio = (usd0 * 10**token1.decimals) / (usd1 * 10**token0.decimals)
    return isqrt((ratio.numerator << 192) // ratio.denominator)


@chain_errors("deploying the exchange")
async def deploy_exchange(
    deployer: Deployer, prices: Mapping[str, Decimal], keeper: str, depth: Depth | None = None
) -> Exchange:
    """Deploy tokens, their feeds, Uniswap V2 and V3; fund every pool at `prices` (USD by symbol).

    Spends the deployer's gas and, for the pools with SEI, its SEI. Safe to run again with the same
    step log and depth; the prices of the first run count. The feeds go stale within hours unless
    `keeper` publishes: `FeedKeeper` does.
    """
    prices = _settled(deployer, prices)
    market = _Market(deployer, prices, depth or Depth())
    await market.deploy_tokens()
    feeds, tokens = await deploy_feeds(deployer, tuple(market.tokens.values()), prices, keeper)
    venues = await market.deploy_v2(), *await market.deploy_v3()
    await market.fund_deployer()
    v2 = [await market.open_v2(a, b) for a, b in _V2_POOLS]
    v3 = [await market.open_v3(a, b, fee) for a, b, fee in _V3_POOLS]
    return Exchange(tokens=tokens, feeds=feeds, venues=venues, pools=(*v2, *v3))


def _settled(deployer: Deployer, prices: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    """The prices of the run that began this deployment: what it obtained must fit every pool."""
    texts = {symbol: str(price) for symbol, price in prices.items()}
    first: dict[str, str] = json.loads(deployer.log.settle("prices", json.dumps(texts)))
    return {symbol: Decimal(text) for symbol, text in first.items()}


class _Market:
    """One run of `deploy_exchange`; the methods build on each other in the order above."""

    def __init__(self, deployer: Deployer, prices: Mapping[str, Decimal], depth: Depth) -> None:
        self._deployer = deployer
        self._prices = prices
        self._depth = depth
        self.tokens: dict[str, TokenInfo] = {}
        self._contracts: dict[str, AsyncContract] = {}

    async def deploy_tokens(self) -> None:
        wsei = await self._deployer.deploy("token SEI", load_artifact("WSEI"))
        self._add(_Asset(NATIVE_SYMBOL, "Wrapped SEI", 18, "sei-network"), wsei, "WSEI")
        code = load_artifact("TestToken")
        for asset in _ASSETS:
            named = asset.name, asset.symbol, asset.decimals, self._deployer.address
            contract = await self._deployer.deploy(f"token {asset.symbol}", code, *named)
            self._add(asset, contract, asset.symbol)

    async def deploy_v2(self) -> VenueInfo:
        factory = await self._published("v2 factory", _V2_FACTORY, self._deployer.address)
        router = await self._published("v2 router", _V2_ROUTER, factory.address, self._wsei)
        return VenueInfo(
            name="Uniswap V2",
            kind=VenueKind.UNISWAP_V2,
            router=router.address,
            factory=factory.address,
            fees=(_V2_FEE,),
        )

    async def deploy_v3(self) -> tuple[VenueInfo, VenueInfo]:
        """One exchange behind either of its routers."""
        factory = await self._published("v3 factory", _V3_FACTORY)
        positions = await self._published(
            "v3 positions", _V3_POSITIONS, factory.address, self._wsei, NATIVE
        )
        v2_factory = self._contracts["v2 factory"].address
        places = v2_factory, factory.address, positions.address, self._wsei
        router = await self._published("v3 router", _V3_ROUTER, *places)
        original = await self._published(
            "v3 original router", _V3_ORIGINAL_ROUTER, factory.address, self._wsei
        )
        quoter = await self._published("v3 quoter", _V3_QUOTER, factory.address, self._wsei)
        venue = VenueInfo(
            name="Uniswap V3",
            kind=VenueKind.UNISWAP_V3,
            router=router.address,
            factory=factory.address,
            quoter=quoter.address,
            fees=_V3_FEES,
        )
        change = {
            "name": "Uniswap V3 (original router)",
            "kind": VenueKind.UNISWAP_V3_DEADLINE,
            "router": original.address,
        }
        return venue, venue.model_copy(update=change)

    async def fund_deployer(self) -> None:
        """Make or wrap what all pools take, and let the two routers take it."""
        pools = [*_V2_POOLS, *((a, b) for a, b, _ in _V3_POOLS)]
        for symbol in self.tokens:
            # Pools take a base unit more or less than half of what they are offered of each side.
            needed = sum(self._side(symbol, a, b) for a, b in pools if symbol in (a, b)) + len(
                pools
            )
            await self._obtain(symbol, needed)
            for spender in ("v2 router", "v3 positions"):
                await self._deployer.call(
                    f"approve {symbol} to {spender}",
                    self._contracts[symbol],
                    "approve",
                    self._contracts[spender].address,
                    _UNLIMITED,
                )

    async def open_v2(self, a: str, b: str) -> Pool:
        token0, token1 = self._sorted(a, b)
        amounts = self._side(token0.symbol, a, b), self._side(token1.symbol, a, b)
        await self._deployer.call(
            f"v2 pool {a} {b}",
            self._contracts["v2 router"],
            "addLiquidity",
            *(token0.address, token1.address),
            *(*amounts, 0, 0, self._deployer.address, _FOREVER),
        )
        find = self._contracts["v2 factory"].functions.getPair(token0.address, token1.address)
        return self._pool(await find.call(), token0, token1, is_v3=False)

    async def open_v3(self, a: str, b: str, fee: int) -> Pool:
        token0, token1 = self._sorted(a, b)
        key = token0.address, token1.address, fee
        tick = _OUTERMOST_TICK[fee]
        amounts = self._side(token0.symbol, a, b), self._side(token1.symbol, a, b)
        positions = self._contracts["v3 positions"]
        price = sqrt_price_x96(token0, token1, self._prices)
        terms = (*key, -tick, tick, *amounts, 0, 0, self._deployer.address, _FOREVER)
        create = positions.encode_abi("createAndInitializePoolIfNecessary", args=[*key, price])
        mint = positions.encode_abi("mint", args=[terms])
        step = f"v3 pool {a} {b} {fee}"
        await self._deployer.call(step, positions, "multicall", [create, mint])
        find = self._contracts["v3 factory"].functions.getPool(*key)
        return self._pool(await find.call(), token0, token1, is_v3=True)

    async def _obtain(self, symbol: str, needed: int) -> None:
        step, contract = f"obtain {symbol}", self._contracts[symbol]
        if symbol == NATIVE_SYMBOL:
            await self._deployer.call(step, contract, "deposit", value=needed)
        else:
            await self._deployer.call(step, contract, "mint", self._deployer.address, needed)

    async def _published(self, name: str, path: str, *args: object) -> AsyncContract:
        contract = await self._deployer.deploy(name, load_published(path), *args)
        self._contracts[name] = contract
        return contract

    def _add(self, asset: _Asset, contract: AsyncContract, contract_symbol: str) -> None:
        self._contracts[asset.symbol] = contract
        self.tokens[asset.symbol] = TokenInfo(
            symbol=asset.symbol,
            address=contract.address,
            decimals=asset.decimals,
            coin_id=asset.coin_id,
            contract_symbol=contract_symbol,
        )

    @property
    def _wsei(self) -> str:
        return self.tokens[NATIVE_SYMBOL].address

    def _side(self, symbol: str, a: str, b: str) -> int:
        """Base units of `symbol` that go into the pool of `a` and `b`."""
        units = Fraction(self._depth.of(a, b)) / Fraction(self._prices[symbol])
        return int(units * 10 ** self.tokens[symbol].decimals)

    def _sorted(self, a: str, b: str) -> tuple[TokenInfo, TokenInfo]:
        first, second = sorted((self.tokens[a], self.tokens[b]), key=lambda t: int(t.address, 16))
        return first, second

    @staticmethod
    def _pool(address: str, token0: TokenInfo, token1: TokenInfo, *, is_v3: bool) -> Pool:
        return Pool(address=address, is_v3=is_v3, token0=token0.symbol, token1=token1.symbol)
