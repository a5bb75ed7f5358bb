"""Public facts about the networks: ids, endpoints, tokens, exchanges.

Collected from public documentation. Whoever uses an address checks it on the chain first:
deploying and starting both do.
"""

from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from bot.domain.money import Token

LOCAL_CHAIN_ID = 31337
QUOTE_SYMBOL = "USDC"
NATIVE_SYMBOL = "SEI"
EPSILON_MARGIN_BPS = 15
"""What a feed may be off the market by, on top of the deviation that makes it publish."""


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class FeedTerms(_Fact):
    """A token's price feed, and how far the escrows believe it.

    Its answer may be `max_age_s` old, inclusive, must lie within the band of `low_usd` and
    `high_usd`, widened to the orchestrator's next codes, and the market's price within
    `epsilon_bps` of it.
    """

    feed: str
    max_age_s: int
    epsilon_bps: int
    low_usd: Decimal
    high_usd: Decimal

    @property
    def deviation_bps(self) -> int:
        """The deviation of the market's price that makes the feed publish."""
        return self.epsilon_bps - EPSILON_MARGIN_BPS


class TokenInfo(_Fact):
    """A token users may hold. `symbol` is ours; `contract_symbol` is what the contract says.

    Without a `feed` no escrow trades it: it can be withdrawn, and be a hop of a route.
    """

    symbol: str
    address: str
    decimals: int
    coin_id: str
    contract_symbol: str
    feed: FeedTerms | None = None

    def to_token(self) -> Token:
        """As the domain knows it."""
        native = self.symbol == NATIVE_SYMBOL
        return Token(self.symbol, self.address, self.decimals, self.coin_id, native)


class VenueKind(StrEnum):
    """How a venue is quoted, and which adapter encodes its swaps.

    UNISWAP_V3 has the router called SwapRouter02, UNISWAP_V3_DEADLINE the original one.
    """

    UNISWAP_V2 = "uniswap_v2"
    UNISWAP_V3 = "uniswap_v3"
    UNISWAP_V3_DEADLINE = "uniswap_v3_deadline"


class VenueInfo(_Fact):
    """An exchange. `fees` are its pools' fee tiers in hundredths of a basis point."""

    name: str
    kind: VenueKind
    router: str
    factory: str
    quoter: str | None = None
    fees: tuple[int, ...]


class Network(_Fact):
    """`tokens` and `venues` are empty where we bring our own."""

    name: str
    chain_id: int
    rpc_url: str
    explorer: str
    tokens: tuple[TokenInfo, ...] = ()
    venues: tuple[VenueInfo, ...] = ()


_MAX_AGE_S = 22_000
"""A feed publishes every six hours at the latest; some minutes to spare."""


def volatile_feed(feed: str, low_usd: str | Decimal, high_usd: str | Decimal) -> FeedTerms:
    """Terms of a feed that publishes at a deviation of 0.5 %."""
    return FeedTerms(
        feed=feed,
        max_age_s=_MAX_AGE_S,
        epsilon_bps=50 + EPSILON_MARGIN_BPS,
        low_usd=Decimal(low_usd),
        high_usd=Decimal(high_usd),
    )


def stable_feed(feed: str) -> FeedTerms:
    """Terms of a dollar token's feed, which publishes at a deviation of 0.2 %."""
    return FeedTerms(
        feed=feed,
        max_age_s=_MAX_AGE_S,
        epsilon_bps=20 + EPSILON_MARGIN_BPS,
        low_usd=Decimal("0.9"),
        high_usd=Decimal("1.1"),
    )


_REDSTONE = {
    "SEI": volatile_feed("0x100c8e61aB3BeA812A42976199Fc3daFbcDD7272", "0.042", "1.5"),
    "USDC": stable_feed("0x2eE9A7d22482905e7bb5E0aD832Be0DdB4d5582f"),
    "USDT0": stable_feed("0xfBB68fC1445F73cc3296fb6Cef316EdAC53967b6"),
    "WETH": volatile_feed("0xEFc092F9D1Fd756D6788C5E8c1043Ed7a7F423Df", "670", "24000"),
    "WBTC": volatile_feed("0x49973FA847Fd57d879f48E4B8Fd5F968DafD5774", "16700", "600000"),
}


def _token(
    symbol: str, address: str, decimals: int, coin_id: str, contract_symbol: str | None = None
) -> TokenInfo:
    return TokenInfo(
        symbol=symbol,
        address=address,
        decimals=decimals,
        coin_id=coin_id,
        contract_symbol=contract_symbol or symbol,
        feed=_REDSTONE.get(symbol),
    )


PACIFIC_1 = Network(
    name="pacific-1",
    chain_id=1329,
    rpc_url="https://evm-rpc.sei-apis.com",
    explorer="https://seiscan.io",
    tokens=(
        _token("SEI", "0xE30feDd158A2e3b13e9badaeABaFc5516e95e8C7", 18, "sei-network", "WSEI"),
        _token("USDC", "0xe15fC38F6D8c56aF07bbCBe3BAf5708A2Bf42392", 6, "usd-coin"),
        _token("USDT0", "0x9151434b16b9763660705744891fA906F660EcC5", 6, "usdt0", "USD₮0"),
        _token("WETH", "0x160345fC359604fC6e70E3c5fAcbdE5F7A9342d8", 18, "ethereum"),
        _token("WBTC", "0x0555E30da8f98308EdB960aa94C0Db47230d2B9c", 8, "wrapped-bitcoin"),
        _token("iSEI", "0x5Cf6826140C1C56Ff49C808A1A75407Cd1DF9423", 6, "silo-staked-sei"),
        _token("SolvBTC", "0x541FD749419CA806a8bc7da8ac23D346f2dF8B77", 18, "solv-btc"),
    ),
    venues=(
        VenueInfo(
            name="DragonSwap V1",
            kind=VenueKind.UNISWAP_V2,
            router="0xa4cF2F53D1195aDDdE9e4D3aCa54f556895712f2",
            factory="0x71f6b49ae1558357bBb5A6074f1143c46cBcA03d",
            fees=(3000,),
        ),
        VenueInfo(
            name="DragonSwap V2",
            kind=VenueKind.UNISWAP_V3,
            router="0x11DA6463D6Cb5a03411Dbf5ab6f6bc3997Ac7428",
            factory="0x179D9a5592Bc77050796F7be28058c51cA575df4",
            quoter="0x38F759cf0Af1D0dcAEd723a3967A3B658738eDe9",
            fees=(100, 500, 3000, 10000),
        ),
        VenueInfo(
            name="Sailor",
            kind=VenueKind.UNISWAP_V3_DEADLINE,
            router="0xd1EFe48B71Acd98Db16FcB9E7152B086647Ef544",
            factory="0xA51136931fdd3875902618bF6B3abe38Ab2D703b",
            quoter="0xE40703878aC5d3F76eAc66f8688A8F5652Af85b1",
            fees=(100, 500, 3000, 10000),
        ),
        VenueInfo(
            name="Oku",
            kind=VenueKind.UNISWAP_V3,
            router="0xdD489C75be1039ec7d843A6aC2Fd658350B067Cf",
            factory="0x75FC67473A91335B5b8F8821277262a13B38c9b3",
            quoter="0x807F4E281B7A3B324825C64ca53c69F0b418dE40",
            fees=(100, 500, 3000, 10000),
        ),
    ),
)

ATLANTIC_2 = Network(
    name="atlantic-2",
    chain_id=1328,
    rpc_url="https://evm-rpc-testnet.sei-apis.com",
    explorer="https://testnet.seiscan.io",
)

NETWORKS = {network.name: network for network in (PACIFIC_1, ATLANTIC_2)}
