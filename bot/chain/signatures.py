"""Whether an owner signed: by recovering the signer, or by asking the owner's own contract."""

from collections.abc import Mapping
from typing import Any

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import SignableMessage, encode_defunct
from eth_keys.exceptions import BadSignature
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from bot.chain import typed
from bot.chain.errors import NodeError, not_answered, refusal
from bot.chain.rpc import Rpc, read_call
from bot.domain.mandate import Mandate, MandateWord
from bot.ports.chain import Call, ChainRefusedError

_IS_VALID = function_signature_to_4byte_selector("isValidSignature(bytes32,bytes)")
_MAGIC = _IS_VALID.ljust(32, b"\0")
_LENGTH, _PARITIES = 65, (27, 28)
_MOST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half the order of secp256k1. What recovers to the same signer in other forms, the contract's
`ECDSA` refuses: so do we, or the owner would be told of it only by a failed transaction."""


class RpcSignatures:
    """`Signatures` of one chain. A plain signature is tried first, as the contract does."""

    def __init__(self, rpc: Rpc, chain_id: int) -> None:
        self._rpc = rpc
        self._chain_id = chain_id

    def type_mandate(self, escrow: str, mandate: Mandate) -> Mapping[str, Any]:
        """The EIP-712 message as wallets take it."""
        return typed.type_mandate(self._chain_id, escrow, mandate)

    def type_revocation(self, escrow: str, nonce: int) -> Mapping[str, Any]:
        """The same for "all up to `nonce` is void"."""
        return typed.type_revocation(self._chain_id, escrow, nonce)

    def word_of(self, mandate: Mandate) -> MandateWord:
        """What the escrow keeps of it."""
        return typed.word_of(mandate)

    async def is_signed(self, owner: str, message: Mapping[str, Any], signature: bytes) -> bool:
        """Whether a typed message is signed by `owner`."""
        return await self._is_signed(owner, typed.encode(message), signature)

    async def is_text_signed(self, owner: str, text: str, signature: bytes) -> bool:
        """The same for a plain text (`personal_sign`)."""
        return await self._is_signed(owner, encode_defunct(text=text), signature)

    async def _is_signed(self, owner: str, message: SignableMessage, signature: bytes) -> bool:
        if _signer_of(message, signature) == owner:
            return True
        return await self._accepts(owner, message, signature)

    async def _accepts(self, owner: str, message: SignableMessage, signature: bytes) -> bool:
        """What the owner's contract says; one that is no contract, or reverts, accepts nothing."""
        digest = keccak(b"\x19" + message.version + message.header + message.body)
        call = Call(owner, _IS_VALID + encode(["bytes32", "bytes"], [digest, signature]))
        answer = (await self._rpc.batch([read_call(call, bytes)]))[0]
        if isinstance(answer, NodeError):
            if isinstance(refusal(answer), ChainRefusedError):
                return False
            raise not_answered(answer)
        return bool(answer[: len(_MAGIC)] == _MAGIC)


def _signer_of(message: SignableMessage, signature: bytes) -> str | None:
    """Who signed plainly, in the one form that the contract takes."""
    low = int.from_bytes(signature[32:64]) <= _MOST_S
    if len(signature) != _LENGTH or signature[-1] not in _PARITIES or not low:
        return None
    try:
        return str(Account.recover_message(message, signature=signature))
    except (BadSignature, ValidationError, ValueError):
        return None
