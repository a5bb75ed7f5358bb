"""Mandates between three shapes: the domain's, the contract's struct, the wallet's EIP-712 message.

Pure. Times are whole Unix seconds outside the domain.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.address import to_checksum_address

from bot.domain.mandate import Mandate, MandateWord, MicroUsd
from bot.domain.money import Bps

_DOMAIN_NAME = "Sei Trader Escrow"
_DOMAIN_VERSION = "1"
_UNTIL_BITS = 40

_DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
_MANDATE_TYPE = [
    {"name": "nonce", "type": "uint32"},
    {"name": "issuedAt", "type": "uint40"},
    {"name": "validUntil", "type": "uint40"},
    {"name": "signBy", "type": "uint40"},
    {"name": "slippageBps", "type": "uint16"},
    {"name": "tradeCap", "type": "uint48"},
    {"name": "dailyVolume", "type": "uint48"},
    {"name": "dailyLoss", "type": "uint48"},
    {"name": "tokens", "type": "address[]"},
    {"name": "adapters", "type": "address[]"},
]
_REVOKE_TYPE = [{"name": "nonce", "type": "uint32"}]

NO_MANDATE: tuple[object, ...] = (0, 0, 0, 0, 0, 0, 0, 0, (), ())
"""The struct passed where the default mandate is in force: it is not looked at."""


def mandate_struct(mandate: Mandate | None) -> tuple[object, ...]:
    """As the contract's functions take it."""
    if mandate is None:
        return NO_MANDATE
    fields = _fields(mandate)
    return tuple(fields[entry["name"]] for entry in _MANDATE_TYPE)


def mandate_of(struct: Sequence[Any]) -> Mandate:
    """A struct from an event or a call, in the contract's order."""
    nonce, issued, until, sign_by, slippage, cap, volume, loss, tokens, adapters = struct
    return Mandate(
        nonce=nonce,
        issued_at=datetime.fromtimestamp(issued, UTC),
        valid_until=datetime.fromtimestamp(until, UTC),
        sign_by=datetime.fromtimestamp(sign_by, UTC),
        slippage=Bps(slippage),
        trade_cap=MicroUsd(cap),
        daily_volume=MicroUsd(volume),
        daily_loss=MicroUsd(loss),
        tokens=tuple(to_checksum_address(token) for token in tokens),
        adapters=tuple(to_checksum_address(adapter) for adapter in adapters),
    )


def type_mandate(chain_id: int, escrow: str, mandate: Mandate) -> dict[str, Any]:
    """The message a wallet signs to put a mandate in force at an escrow."""
    fields = _fields(mandate)
    message = {**fields, "tokens": list(mandate.tokens), "adapters": list(mandate.adapters)}
    return _typed(chain_id, escrow, "Mandate", _MANDATE_TYPE, message)


def type_revocation(chain_id: int, escrow: str, nonce: int) -> dict[str, Any]:
    """The message a wallet signs to void everything up to `nonce`."""
    return _typed(chain_id, escrow, "Revoke", _REVOKE_TYPE, {"nonce": nonce})


def word_of(mandate: Mandate) -> MandateWord:
    """What the escrow keeps: the upper 216 bits of the struct's hash, and its end."""
    # The struct's hash does not depend on the domain.
    zero = "0x" + "00" * 20
    struct_hash = int.from_bytes(encode(type_mandate(0, zero, mandate)).body)
    until = int(mandate.valid_until.timestamp())
    return MandateWord(struct_hash >> _UNTIL_BITS << _UNTIL_BITS | until)


def encode(message: Mapping[str, Any]) -> SignableMessage:
    """A typed message, ready to be hashed."""
    return encode_typed_data(full_message=dict(message))


def _fields(mandate: Mandate) -> dict[str, Any]:
    return {
        "nonce": mandate.nonce,
        "issuedAt": int(mandate.issued_at.timestamp()),
        "validUntil": int(mandate.valid_until.timestamp()),
        "signBy": int(mandate.sign_by.timestamp()),
        "slippageBps": mandate.slippage,
        "tradeCap": mandate.trade_cap,
        "dailyVolume": mandate.daily_volume,
        "dailyLoss": mandate.daily_loss,
        "tokens": mandate.tokens,
        "adapters": mandate.adapters,
    }


def _typed(
    chain_id: int, escrow: str, name: str, kind: list[dict[str, str]], message: dict[str, Any]
) -> dict[str, Any]:
    return {
        "types": {"EIP712Domain": _DOMAIN_TYPE, name: kind},
        "primaryType": name,
        "domain": {
            "name": _DOMAIN_NAME,
            "version": _DOMAIN_VERSION,
            "chainId": chain_id,
            "verifyingContract": escrow,
        },
        "message": message,
    }
