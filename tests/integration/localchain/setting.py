"""What these tests agree on."""

from decimal import Decimal

SERVER = "0x" + "11" * 20

PRICES = {
    "SEI": Decimal("0.25"),
    "USDC": Decimal(1),
    "WETH": Decimal(4000),
    "WBTC": Decimal(100_000),
    "iSEI": Decimal("0.3"),
    "SolvBTC": Decimal(99_000),
    "USDT0": Decimal("0.999"),
}
