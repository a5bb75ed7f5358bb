"""Sei Trader: a self-hosted Telegram agent that trades on Sei from its users' own escrows."""
