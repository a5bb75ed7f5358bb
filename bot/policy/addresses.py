"""Read an address as a person types it. Pure."""

import re

from eth_utils.address import is_checksum_address, to_checksum_address

from bot.domain.errors import UserError

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_SMALLEST = 1 << 64


def parse_owner(text: str, reserved: frozenset[str] = frozenset()) -> str:
    """A checksummed address that can own an escrow.

    Args:
        text: what was typed.
        reserved: addresses of contracts and accounts of the service, which own nothing.

    Raises:
        UserError: not an address, a wrong checksum, or one that nobody can hold.
    """
    word = text.strip()
    if not _ADDRESS.fullmatch(word):
        raise UserError(
            "That is not a Sei EVM address. It starts with 0x and has 40 more digits (0-9, a-f)."
        )
    digits = word[2:]
    mixed = digits.lower() != digits and digits.upper() != digits
    if mixed and not is_checksum_address(word):
        raise UserError("That address has a typing error: its checksum is wrong. Copy it again.")
    address = to_checksum_address(word)
    if int(address, 16) < _SMALLEST:
        raise UserError("Nobody can hold that address. Money sent there would be lost.")
    if address in reserved:
        raise UserError("That address belongs to this service or a token, not to you.")
    return address


def shortened(address: str) -> str:
    """`0x1234…abcd`, for sentences."""
    return f"{address[:6]}…{address[-4:]}"
