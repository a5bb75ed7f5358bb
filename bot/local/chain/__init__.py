"""The local chain: anvil with real exchange contracts, for trying the bot and for tests."""
