"""Uniswap V3 and its forks with the original router, which takes a deadline; Sailor among them."""

from bot.venues import VenueKind
from bot.venues._uniswap_v3 import UniswapV3

VENUE = VenueKind("uniswap_v3_deadline", UniswapV3)
