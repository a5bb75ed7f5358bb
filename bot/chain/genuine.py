"""Whether code on the chain is this release's, and where escrows are: from bytes alone. Pure.

An escrow is OpenZeppelin's minimal proxy with immutable arguments, created with CREATE2 and salt
zero by the orchestrator. So its address follows from the orchestrator, the implementation and
the arguments, and whoever has this release's artifacts can check all of it.
"""

from dataclasses import dataclass

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from bot.chain.artifacts import load_runtime

_BEFORE = bytes.fromhex("363d3d373d3d3d363d73")
_AFTER = bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
_COPY = bytes.fromhex("3d81600a3d39f3")
_PUSH_2 = b"\x61"
_CREATE_2 = b"\xff"
_SALT = bytes(32)

_ADDRESS = 20
_HASH = 32
_INDEX = 12
_WORD = 32
_ARGUMENTS = _ADDRESS + _HASH + _INDEX
_INDEXES = 1 << 8 * _INDEX


@dataclass(frozen=True, slots=True)
class Terms:
    """What an escrow's address follows from; `exit_hash` is zero where there is no exit code."""

    owner: str
    exit_hash: bytes
    index: int


@dataclass(frozen=True, slots=True)
class Clone:
    """A minimal proxy with an escrow's arguments behind its code."""

    implementation: str
    terms: Terms


def parse_clone(code: bytes) -> Clone | None:
    """What a proxy's runtime code says; None if it is anything else, to the byte."""
    implementation = code[len(_BEFORE) : len(_BEFORE) + _ADDRESS]
    packed = code[len(_BEFORE) + _ADDRESS + len(_AFTER) :]
    if len(packed) != _ARGUMENTS or code != _runtime(implementation, packed):
        return None
    exit_hash, index = packed[_ADDRESS : _ADDRESS + _HASH], packed[_ADDRESS + _HASH :]
    terms = Terms(_address(packed[:_ADDRESS]), exit_hash, int.from_bytes(index))
    return Clone(_address(implementation), terms)


def init_code(implementation: str, terms: Terms) -> bytes:
    """The creation code of an escrow, as the orchestrator passes it to CREATE2.

    Empty where there can be no such escrow: the index has 96 bits.
    """
    if not 0 <= terms.index < _INDEXES:
        return b""
    runtime = _runtime(_bytes(implementation), _packed(terms))
    return _PUSH_2 + len(runtime).to_bytes(2) + _COPY + runtime


def escrow_address(orchestrator: str, implementation: str, terms: Terms) -> str | None:
    """Where the escrow is, or would be once deployed; checksummed. None where none can be."""
    code = init_code(implementation, terms)
    if not code:
        return None
    code_hash = keccak(code)
    return _address(keccak(_CREATE_2 + _bytes(orchestrator) + _SALT + code_hash)[-_ADDRESS:])


def is_release(contract: str, code: bytes) -> bool:
    """Whether runtime code is that of our contract in this release, immutables aside.

    An immutable is an address, the same wherever it stands in the code.
    """
    expected = load_runtime(contract)
    if len(code) != len(expected.code):
        return False
    masked = bytearray(code)
    for places in expected.immutables:
        values = {code[place] for place in places}
        if len(values) != 1 or any(values.pop()[: _WORD - _ADDRESS]):
            return False
        for place in places:
            masked[place] = bytes(_WORD)
    return bytes(masked) == expected.code


def _runtime(implementation: bytes, packed: bytes) -> bytes:
    return _BEFORE + implementation + _AFTER + packed


def _packed(terms: Terms) -> bytes:
    return _bytes(terms.owner) + terms.exit_hash + terms.index.to_bytes(_INDEX)


def _bytes(address: str) -> bytes:
    return bytes.fromhex(address.removeprefix("0x"))


def _address(raw: bytes) -> str:
    return to_checksum_address(f"0x{raw.hex()}")
