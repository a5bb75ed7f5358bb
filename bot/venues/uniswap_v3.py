"""Uniswap V3 and its forks with SwapRouter02, DragonSwap V2 and Oku among them."""

from bot.venues import VenueKind
from bot.venues._uniswap_v3 import UniswapV3

VENUE = VenueKind("uniswap_v3", UniswapV3)
