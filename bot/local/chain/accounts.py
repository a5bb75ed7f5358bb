"""The local chain's accounts: the well-known ones every anvil has. Worthless anywhere else."""

from collections.abc import Mapping
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data

DEPLOYER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
MAKER_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
FAUCET_KEY = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"

TEST_WALLET_KEY = "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"
"""A wallet to withdraw to, for people who only try the bot."""
TEST_WALLET = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"

GENESIS_SEI = 1_000_000_000
"""Whole SEI each of these accounts starts with."""


def sign_as_test_wallet(message: Mapping[str, Any]) -> bytes:
    """The test wallet's signature of an EIP-712 message, as its owner's wallet would give it."""
    signable = encode_typed_data(full_message=dict(message))
    signature: bytes = Account.sign_message(signable, TEST_WALLET_KEY).signature
    return signature
