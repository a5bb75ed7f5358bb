"""The coins of the stand-in market and what moves each of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """How one coin's price is made, and the figures that only decorate it.

    Price = `base` (USD, or units of the parent coin) x e^(tide + swing + beta x market + own
    walk), growing by `growth` a year from 2026 on. A tide lifts it by `tide` from low to high and
    is ahead of the first coin's by `turn`, a part of the cycle; `swing` is how far it swings
    within a day. The own walk is free with `volatility` a year, or held near zero with the
    deviation `peg`. `turnover` is the part of the market cap that trades in a day.
    """

    coin_id: str
    symbol: str
    name: str
    rank: int
    supply: float
    turnover: float
    base: float = 1.0
    parent: str | None = None
    tide: float = 0.0
    turn: float = 0.0
    swing: float = 0.0
    beta: float = 0.0
    volatility: float = 0.0
    peg: float = 0.0
    growth: float = 0.0


MARKET_VOLATILITY = 0.27
"""Annual, of the factor all free coins share."""

_COINS = (
    Coin(
        coin_id="bitcoin",
        symbol="btc",
        name="Bitcoin",
        rank=1,
        supply=2.0e7,
        turnover=0.025,
        base=95_000.0,
        tide=0.19,
        swing=0.0055,
        beta=1.0,
        volatility=0.07,
    ),
    Coin(
        coin_id="ethereum",
        symbol="eth",
        name="Ethereum",
        rank=2,
        supply=1.21e8,
        turnover=0.05,
        base=3_200.0,
        tide=0.25,
        turn=1 / 3,
        swing=0.0073,
        beta=1.2,
        volatility=0.18,
    ),
    Coin(
        coin_id="sei-network",
        symbol="sei",
        name="Sei",
        rank=78,
        supply=6.5e9,
        turnover=0.06,
        base=0.21,
        tide=0.33,
        turn=2 / 3,
        swing=0.0098,
        beta=1.35,
        volatility=0.34,
    ),
    Coin(
        coin_id="tether",
        symbol="usdt",
        name="Tether",
        rank=3,
        supply=1.8e11,
        turnover=0.5,
        peg=0.0004,
    ),
    Coin(
        coin_id="usd-coin",
        symbol="usdc",
        name="USDC",
        rank=6,
        supply=7.5e10,
        turnover=0.2,
        peg=0.0003,
    ),
    Coin(
        coin_id="usdt0",
        symbol="usdt0",
        name="USDT0",
        rank=60,
        supply=3.0e9,
        turnover=0.3,
        parent="tether",
        peg=0.0004,
    ),
    Coin(
        coin_id="wrapped-bitcoin",
        symbol="wbtc",
        name="Wrapped Bitcoin",
        rank=17,
        supply=1.25e5,
        turnover=0.03,
        parent="bitcoin",
        peg=0.0005,
    ),
    Coin(
        coin_id="solv-btc",
        symbol="solvbtc",
        name="Solv Protocol BTC",
        rank=120,
        supply=9.0e3,
        turnover=0.01,
        parent="bitcoin",
        peg=0.001,
    ),
    Coin(
        coin_id="silo-staked-sei",
        symbol="isei",
        name="Silo Staked SEI",
        rank=900,
        supply=1.4e8,
        turnover=0.01,
        base=1.08,
        parent="sei-network",
        peg=0.0008,
        growth=0.055,
    ),
)

COINS: dict[str, Coin] = {coin.coin_id: coin for coin in _COINS}
"""By CoinGecko id."""
