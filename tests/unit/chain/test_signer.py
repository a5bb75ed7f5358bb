"""Keys are recomputed here by RFC 5869's own steps, with nothing but hmac."""

import copy
import hashlib
import hmac
import pickle
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from bot.chain.signer import Signer
from bot.domain.errors import SettingsError
from bot.domain.people import Agent, AgentId, AgentState, UserId
from bot.ports.chain import ChainRefusedError

SERVER_KEY = bytes.fromhex("22" * 32)
SEED = b"an actor seed of at least 32 bytes"
ORDER = 2**256 - 432420386565659656852420866394968145599
PLAIN = {
    "type": 2,
    "chainId": 31337,
    "nonce": 3,
    "to": "0x" + "11" * 20,
    "value": 0,
    "data": b"",
    "gas": 21000,
    "maxFeePerGas": 10**11,
    "maxPriorityFeePerGas": 10**9,
}


def hkdf(seed: bytes, info: bytes, length: int) -> bytes:
    extracted = hmac.new(b"\x00" * 32, seed, hashlib.sha256).digest()
    okm, block = b"", b""
    for counter in range(1, length // 32 + 2):
        block = hmac.new(extracted, block + info + bytes([counter]), hashlib.sha256).digest()
        okm += block
    return okm[:length]


def expected_key(seed: bytes, version: int, user_id: int, agent_id: int) -> bytes:
    info = version.to_bytes(4, "big") + user_id.to_bytes(8, "big") + agent_id.to_bytes(8, "big")
    number = int.from_bytes(hkdf(seed, info, 48), "big") % (ORDER - 1) + 1
    return number.to_bytes(32, "big")


def agent_of(signer: Signer, user_id: int = 1, agent_id: int = 2, version: int = 1) -> Agent:
    return Agent(
        id=AgentId(agent_id),
        user_id=UserId(user_id),
        name="a",
        instructions="",
        owner="0x" + "33" * 20,
        actor=signer.actor_address(user_id, agent_id, version),
        escrow="",
        seed_version=version,
        state=AgentState.OPENING,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_the_hkdf_above_is_the_one_of_rfc_5869() -> None:
    """Test case 3 of the RFC: no salt, no info."""
    okm = hkdf(b"\x0b" * 22, b"", 42)
    assert okm.hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


@given(
    seed=st.binary(min_size=32, max_size=80),
    version=st.integers(0, 2**32 - 1),
    user_id=st.integers(0, 2**63),
    agent_id=st.integers(0, 2**63),
)
def test_actors_follow_from_the_seed(
    seed: bytes, version: int, user_id: int, agent_id: int
) -> None:
    signer = Signer(SERVER_KEY, {version: seed})
    expected = Account.from_key(expected_key(seed, version, user_id, agent_id)).address
    assert signer.actor_address(user_id, agent_id, version) == expected


def test_one_actor_for_good() -> None:
    """If this changes, every agent out there loses its actor."""
    signer = Signer(SERVER_KEY, {1: SEED})
    assert signer.actor_address(123456789, 42, 1) == "0x3482aBeF361fC089f7d17f607C2815184BcF60aC"


def test_every_part_of_the_info_counts() -> None:
    signer = Signer(SERVER_KEY, {1: SEED, 2: SEED, 3: SEED + b"x"})
    ids = [(1, 2, 1), (2, 1, 1), (1, 2, 2), (1, 2, 3), (12, 0, 1), (1, 20, 1), (0, 12, 1)]
    assert len({signer.actor_address(*each) for each in ids}) == len(ids)


def test_the_newest_seed_is_used_and_older_ones_still_sign() -> None:
    old = Signer(SERVER_KEY, {1: SEED})
    agent = agent_of(old)
    both = Signer(SERVER_KEY, {1: SEED, 2: SEED[::-1]})
    assert (old.version, both.version) == (1, 2)
    assert both.sign(agent.actor, agent, PLAIN) == old.sign(agent.actor, agent, PLAIN)


def test_what_is_signed_can_be_checked_by_anybody() -> None:
    signer = Signer(SERVER_KEY, {1: SEED})
    agent = agent_of(signer)
    for sender in (signer.server, agent.actor):
        signed = signer.sign(sender, agent, PLAIN)
        assert Account.recover_transaction(signed.raw) == sender == signed.account
        assert signed.nonce == 3


def test_a_seed_that_is_gone_signs_nothing() -> None:
    agent = agent_of(Signer(SERVER_KEY, {1: SEED}))
    with pytest.raises(ChainRefusedError) as refused:
        Signer(SERVER_KEY, {2: SEED}).sign(agent.actor, agent, PLAIN)
    assert (refused.value.name, refused.value.figures) == ("NoActorSeed", (1,))


def test_another_seed_signs_nothing_in_an_actors_name() -> None:
    agent = agent_of(Signer(SERVER_KEY, {1: SEED}))
    with pytest.raises(ChainRefusedError, match="WrongActorSeed"):
        Signer(SERVER_KEY, {1: SEED[::-1]}).sign(agent.actor, agent, PLAIN)


def test_one_agents_actor_is_not_anothers() -> None:
    signer = Signer(SERVER_KEY, {1: SEED})
    mine, other = agent_of(signer), agent_of(signer, agent_id=9)
    with pytest.raises(ChainRefusedError, match="NotServer"):
        signer.sign(mine.actor, replace(other), PLAIN)


def test_an_account_that_was_the_server_once_is_told_so() -> None:
    old, rotated = Signer(SERVER_KEY, {1: SEED}), Signer(b"\x23" * 32, {1: SEED})
    agent = agent_of(old)
    for key_of in (rotated.require_key, lambda sender, of: rotated.sign(sender, of, PLAIN)):
        key_of(rotated.server, agent)
        key_of(agent.actor, agent)
        with pytest.raises(ChainRefusedError) as refused:
            key_of(old.server, agent)
        assert (refused.value.name, refused.value.figures) == ("NotServer", (old.server,))


@pytest.mark.parametrize("seeds", [{}, {1: b""}, {1: b"x" * 31}, {1: SEED, 2: b"short"}])
def test_a_weak_seed_stops_the_start(seeds: dict[int, bytes]) -> None:
    with pytest.raises(SettingsError, match="ACTOR_SEED"):
        Signer(SERVER_KEY, seeds)


@pytest.mark.parametrize("key", [b"", b"\x00" * 32, b"\xff" * 32, b"\x01" * 31, b"\x01" * 33])
def test_a_server_key_that_is_none_stops_the_start(key: bytes) -> None:
    with pytest.raises(SettingsError, match="PVT_KEY"):
        Signer(key, {1: SEED})


def test_secrets_are_not_shown_or_copied() -> None:
    signer = Signer(SERVER_KEY, {1: SEED})
    shown = f"{signer} {signer!r} {signer.__dict__ if hasattr(signer, '__dict__') else ''}"
    assert SERVER_KEY.hex() not in shown
    assert SEED.decode() not in shown
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="holds keys"):
            take(signer)
