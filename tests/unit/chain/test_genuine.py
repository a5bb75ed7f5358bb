"""Escrows are known by their bytes alone; a real chain says the same in tests/e2e."""

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from bot.chain.artifacts import load_runtime
from bot.chain.genuine import Terms, escrow_address, init_code, is_release, parse_clone

ORCHESTRATOR = "0x04C89607413713Ec9775E14b954286519d836FEf"
IMPLEMENTATION = "0xB5d064b44960FdedA1072f983C3E8f1e123cE154"
OWNER = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"
TERMS = Terms(
    OWNER,
    bytes.fromhex("7b062064095a97578a0f0cf535dd321f48f102ebc87a8ca16dd4b4c5fc6c4da8"),
    0,
)
HEADER = 10
addresses = st.binary(min_size=20, max_size=20).map(lambda raw: to_checksum_address(raw))


def runtime(implementation: str, terms: Terms) -> bytes:
    return init_code(implementation, terms)[HEADER:]


def deployed(contract: str, values: list[bytes]) -> bytes:
    """The runtime code with its immutables filled in."""
    expected = load_runtime(contract)
    code = bytearray(expected.code)
    for places, value in zip(expected.immutables, values, strict=True):
        for place in places:
            code[place] = value
    return bytes(code)


def test_the_address_is_the_one_that_the_chain_and_cast_said() -> None:
    expected = "0x4273E26a612252e0f4CF0300473552b471E96C90"
    assert escrow_address(ORCHESTRATOR, IMPLEMENTATION, TERMS) == expected


@given(addresses, addresses, st.binary(min_size=32, max_size=32), st.integers(0, 2**96 - 1))
def test_a_proxys_code_is_read_back(
    implementation: str, owner: str, exit_hash: bytes, index: int
) -> None:
    terms = Terms(owner, exit_hash, index)
    clone = parse_clone(runtime(implementation, terms))
    assert clone is not None
    assert (clone.implementation, clone.terms) == (implementation, terms)


@pytest.mark.parametrize("index", [-1, 2**96, 2**256])
def test_no_escrow_has_an_index_of_more_than_96_bits(index: int) -> None:
    terms = Terms(OWNER, bytes(32), index)
    assert escrow_address(ORCHESTRATOR, IMPLEMENTATION, terms) is None
    assert init_code(IMPLEMENTATION, terms) == b""


@given(st.binary(max_size=200))
def test_other_code_is_no_escrow(code: bytes) -> None:
    assert parse_clone(code) is None


@given(st.integers(0, 44), st.integers(1, 255))
def test_not_a_byte_of_the_proxy_may_differ(place: int, change: int) -> None:
    code = bytearray(runtime(IMPLEMENTATION, TERMS))
    code[place] ^= change
    clone = parse_clone(bytes(code))
    assert clone is None or clone.implementation != IMPLEMENTATION
    assert parse_clone(bytes(code) + b"\0") is None


def word(byte: int) -> bytes:
    return bytes(12) + bytes([byte]) * 20


@pytest.mark.parametrize("contract", ["CaretEscrow", "CaretOrchestrator"])
def test_this_releases_code_is_known_whatever_its_immutables(contract: str) -> None:
    groups = len(load_runtime(contract).immutables)
    assert groups >= 2
    code = deployed(contract, [word(n + 1) for n in range(groups)])
    assert is_release(contract, code)
    for broken in (b"", code[:-1], code + b"\0", code[:-1] + bytes([code[-1] ^ 1])):
        assert not is_release(contract, broken)
    other = {"CaretEscrow": "CaretOrchestrator", "CaretOrchestrator": "CaretEscrow"}[contract]
    assert not is_release(other, code)


@pytest.mark.parametrize("contract", ["CaretEscrow", "CaretOrchestrator"])
def test_an_immutable_is_one_address_everywhere(contract: str) -> None:
    immutables = load_runtime(contract).immutables
    good = deployed(contract, [word(n + 1) for n in range(len(immutables))])
    for places in immutables:
        for place in places:
            code = bytearray(good)
            code[place] = word(99)
            assert not is_release(contract, bytes(code)) or len(places) == 1
    dirty = deployed(contract, [b"\1" * 32, *(word(n) for n in range(1, len(immutables)))])
    assert not is_release(contract, dirty)
