"""Exit codes: who has one can end an escrow's trading and push everything to its owner. Pure."""

import secrets

from eth_abi.abi import encode
from eth_utils.crypto import keccak

_BYTES = 32


def new_exit_code() -> bytes:
    """32 unguessable bytes. Shown to the owner once and kept nowhere."""
    return secrets.token_bytes(_BYTES)


def exit_hash_of(code: bytes) -> str:
    """What an escrow's address commits to: 0x and the hash, as `CaretEscrow.exit` computes it."""
    return f"0x{keccak(encode(['bytes32'], [code])).hex()}"
