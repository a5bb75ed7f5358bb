"""What a node says went wrong, in our own terms: `ChainRefusedError` or `UpstreamError`."""

import re
from dataclasses import dataclass

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from bot.chain.bindings import load_errors
from bot.domain.errors import UpstreamError
from bot.ports.chain import ChainRefusedError

_REVERTED = 3
_FINAL_CODES = frozenset({-32600, -32601, -32602, -32700})
_ERROR_STRING = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")
_REVERT_WORDS = ("execution reverted", "evm error", "vm execution error")
_REASONS = (
    (re.compile(r"insufficient funds|insufficient balance"), "InsufficientFunds"),
    (re.compile(r"out of gas|gas required exceeds|gas too high|gas limit"), "OutOfGas"),
    (re.compile(r"invalid opcode|invalid jump|stack (under|over)flow"), "InvalidCode"),
)
"""Failures of a call itself which nodes report in words, without the code for a revert."""

_KNOWN = ("already known", "already imported", "already exists", "already in mempool", "duplicate")
_SPENT = ("nonce too low", "nonce too old", "incorrect account sequence")
_FINAL = (
    "insufficient fund",
    "insufficient fee",
    "intrinsic gas",
    "exceeds block gas limit",
    "exceeds block max gas",
    "out of gas",
    "max fee per gas less than",
    "max priority fee per gas higher",
    "invalid chain",
    "invalid sender",
    "invalid signature",
)
"""Words of geth, anvil and Sei (new ones, and its older Cosmos CheckTx ones) on sending."""


@dataclass(frozen=True, slots=True)
class NodeError:
    """The error object of one JSON-RPC answer."""

    code: int
    message: str
    data: bytes = b""

    @property
    def is_revert(self) -> bool:
        """Whether the call was run and failed, as opposed to not being run."""
        words = self.message.lower()
        return self.code == _REVERTED or bool(self.data) or words.startswith(_REVERT_WORDS)


def refusal(error: NodeError) -> ChainRefusedError | UpstreamError:
    """What a failed call or simulation means: refused by the chain, or not answered at all."""
    if error.is_revert:
        return name_revert(error.data, error.message)
    words = error.message.lower()
    for pattern, name in _REASONS:
        if pattern.search(words):
            return ChainRefusedError(name)
    return not_answered(error)


def not_answered(error: NodeError) -> UpstreamError:
    """The node did not do what it was asked, whatever it says."""
    reason = f"node error {error.code}: {error.message[:200]}"
    return upstream(reason, retryable=error.code not in _FINAL_CODES)


def is_known_or_spent(error: NodeError) -> bool:
    """On sending: the node has the transaction, or its nonce is used; the receipt decides."""
    words = error.message.lower()
    return any(known in words for known in (*_KNOWN, *_SPENT))


def is_final(error: NodeError) -> bool:
    """On sending: repeating would not help. What says nothing we know counts as not final."""
    words = error.message.lower()
    return any(final in words for final in _FINAL)


def refused_for_good(error: NodeError) -> ChainRefusedError:
    """A final refusal with a name of ours, or the node's own words."""
    named = refusal(error)
    if isinstance(named, ChainRefusedError):
        return named
    return ChainRefusedError("NodeRefused", (error.message[:100],))


def upstream(reason: str, *, retryable: bool = True) -> UpstreamError:
    """An `UpstreamError` of this edge; `reason` never holds the URL, which may hold a key."""
    return UpstreamError("chain", reason, retryable=retryable)


def name_revert(data: bytes, message: str = "") -> ChainRefusedError:
    """Name a revert by its data: a custom error with figures, a revert string, or a panic code."""
    selector, arguments = data[:4], data[4:]
    try:
        if selector == _ERROR_STRING:
            return ChainRefusedError(decode(["string"], arguments)[0])
        if selector == _PANIC:
            return ChainRefusedError("Panic", decode(["uint256"], arguments))
        if custom := load_errors().get(selector):
            return ChainRefusedError(custom.name, decode(custom.inputs, arguments))
    except (DecodingError, UnicodeDecodeError):
        return ChainRefusedError("UnreadableRevert", (data[:64].hex(),))
    if data:
        return ChainRefusedError("UnknownRevert", (data[:64].hex(),))
    return ChainRefusedError(_worded(message))


def _worded(message: str) -> str:
    reason = message.partition("execution reverted")[2].strip(" :")
    return reason[:100] or "Reverted"
