"""Stand-in of CoinGecko: a seeded market that moves, behind the same REST."""

from bot.local.market.standin import MarketStandIn, Seen

__all__ = ["MarketStandIn", "Seen"]
