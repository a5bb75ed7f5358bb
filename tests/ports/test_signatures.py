"""What `Signatures` owes its callers; on a real chain it says what the escrow would say."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from bot.chain.rpc import Ask, Rpc
from bot.chain.signatures import RpcSignatures
from bot.domain.errors import UpstreamError
from bot.domain.mandate import Mandate, MicroUsd
from bot.domain.people import Agent
from bot.local.chain.accounts import TEST_WALLET, TEST_WALLET_KEY
from bot.ports.chain import ChainRefusedError
from tests.ports.chain_world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

STRANGER_KEY = "0x" + "77" * 32
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of secp256k1: a signature (r, s, v) is also one as (r, ORDER - s, the other v)."""

TEXT = "sei-trader wants you to sign in\nwith your äccount"


def sign(message: Mapping[str, Any], key: str = TEST_WALLET_KEY) -> bytes:
    return bytes(Account.sign_message(encode_typed_data(full_message=dict(message)), key).signature)


# ---------------------------------------------------------------- fake and real


async def test_an_owners_signature_of_a_mandate(world: World) -> None:
    agent = await world.register(world.new_agent())
    mandate = world.mandate()
    message = world.signatures.type_mandate(agent.escrow, mandate)
    signature = world.owner_signs(message)
    assert await world.signatures.is_signed(agent.owner, message, signature)
    other = (
        world.signatures.type_mandate(agent.actor, mandate),
        world.signatures.type_mandate(agent.escrow, replace(mandate, nonce=2)),
        world.signatures.type_revocation(agent.escrow, 1),
    )
    for message in other:
        assert not await world.signatures.is_signed(agent.owner, message, signature)


async def test_an_owners_signature_of_a_revocation(world: World) -> None:
    agent = await world.register(world.new_agent())
    message = world.signatures.type_revocation(agent.escrow, 3)
    signature = world.owner_signs(message)
    assert await world.signatures.is_signed(agent.owner, message, signature)
    assert not await world.signatures.is_signed(
        agent.owner, world.signatures.type_revocation(agent.escrow, 4), signature
    )


async def test_somebody_elses_signature_is_not_the_owners(world: World) -> None:
    agent = await world.register(world.new_agent())
    message = world.signatures.type_mandate(agent.escrow, world.mandate())
    signature = world.owner_signs(message)
    for stranger in (agent.actor, agent.escrow, world.executor.server, "0x" + "77" * 20):
        assert not await world.signatures.is_signed(stranger, message, signature)


@pytest.mark.parametrize("signature", [b"", b"\0" * 65, b"\xff" * 65, b"\1" * 64, b"x" * 1_000])
async def test_what_is_no_signature_is_nobodys(world: World, signature: bytes) -> None:
    agent = await world.register(world.new_agent())
    message = world.signatures.type_mandate(agent.escrow, world.mandate())
    assert not await world.signatures.is_signed(agent.owner, message, signature)
    assert not await world.signatures.is_text_signed(agent.owner, TEXT, signature)


async def test_the_word_follows_from_the_mandate_alone(world: World) -> None:
    mandate = world.mandate()
    word = world.signatures.word_of(mandate)
    assert word == world.signatures.word_of(replace(mandate))
    others = [
        replace(mandate, nonce=2),
        replace(mandate, daily_loss=MicroUsd(1)),
        replace(mandate, tokens=mandate.tokens[::-1]),
        replace(mandate, adapters=()),
        replace(mandate, valid_until=mandate.sign_by),
    ]
    assert len({word, *(world.signatures.word_of(other) for other in others)}) == 6


# ---------------------------------------------------------------- the real one


async def test_a_text_is_signed_as_wallets_sign_it(local_world: World) -> None:
    signature = bytes(Account.sign_message(encode_defunct(text=TEXT), TEST_WALLET_KEY).signature)
    is_signed = local_world.signatures.is_text_signed
    assert await is_signed(TEST_WALLET, TEXT, signature)
    assert not await is_signed(TEST_WALLET, TEXT + " ", signature)
    assert not await is_signed(local_world.executor.server, TEXT, signature)


def forms(signature: bytes) -> dict[str, bytes]:
    """One signature, written in ways that recover to the same signer, or do not."""
    r, s, v = signature[:32], int.from_bytes(signature[32:64]), signature[64]
    flipped = (ORDER - s).to_bytes(32)
    return {
        "as it is": signature,
        "v from 0": r + s.to_bytes(32) + bytes([v - 27]),
        "the other v": r + s.to_bytes(32) + bytes([55 - v]),
        "high s": r + flipped + bytes([55 - v]),
        "v of a chain": r + s.to_bytes(32) + bytes([v + 8]),
        "compact": r + (s | (v - 27) << 255).to_bytes(32),
        "too long": signature + b"\0",
        "too short": signature[:64],
        "empty": b"",
    }


async def escrow_takes(world: World, agent: Agent, mandate: Mandate, signature: bytes) -> bool:
    """What the escrow says to a mandate with that signature."""
    try:
        await world.executor.simulate(world.setting(agent, mandate, signature), agent)
    except ChainRefusedError as error:
        if error.name != "NotSignedByOwner":
            raise
        return False
    return True


@pytest.mark.parametrize("form", forms(b"\1" * 64 + bytes([27])))
async def test_it_takes_what_the_escrow_takes(local_world: World, form: str) -> None:
    world = local_world
    agent = await world.register(world.new_agent())
    mandate = world.mandate()
    message = world.signatures.type_mandate(agent.escrow, mandate)
    signature = forms(sign(message))[form]
    ours = await world.signatures.is_signed(agent.owner, message, signature)
    assert ours == await escrow_takes(world, agent, mandate, signature)
    assert ours == (form == "as it is")


def wallet_of(signer: str) -> str:
    """A contract that answers ERC-1271 for one signer's plain signatures."""
    recover = "6004355f5260a43560f81c602052606435604052608435606052"
    return (
        f"0x{recover}60205f60805f60015afa505f5173{signer[2:].lower()}14"
        "631626ba7e60e01b025f5260205ff3"
    )


WALLETS = {
    "a wallet of the signer": (wallet_of(TEST_WALLET), True),
    "a wallet of another signer": (wallet_of(Account.from_key(STRANGER_KEY).address), False),
    "one that takes anything": ("0x631626ba7e60e01b5f5260205ff3", True),
    "one that says more than it must": ("0x631626ba7e60e01b5f5260405ff3", True),
    "one that says too little": ("0x631626ba7e60e01b5f5260045ff3", False),
    "one that is not left-aligned": ("0x631626ba7e5f5260205ff3", False),
    "one that says true": ("0x60015f5260205ff3", False),
    "one that says nothing": ("0x00", False),
    "one that reverts": ("0x5f5ffd", False),
    "one that never ends": ("0x5b5f56", False),
    "one that is broken": ("0xfe", False),
}


@pytest.mark.parametrize("wallet", WALLETS)
async def test_a_contract_signs_for_itself(local_world: World, wallet: str) -> None:
    world = local_world
    code, fine = WALLETS[wallet]
    owner = Account.create(wallet).address
    agent = await world.register(replace(world.new_agent(), owner=owner))
    await set_code(world.rpc, owner, code)
    mandate = world.mandate()
    message = world.signatures.type_mandate(agent.escrow, mandate)
    signature = sign(message)
    assert await world.signatures.is_signed(owner, message, signature) == fine
    assert await escrow_takes(world, agent, mandate, signature) == fine
    text = bytes(Account.sign_message(encode_defunct(text=TEXT), TEST_WALLET_KEY).signature)
    assert await world.signatures.is_text_signed(owner, TEXT, text) == fine


async def test_an_owner_with_code_still_signs_with_its_key(local_world: World) -> None:
    """EIP-7702 gives plain accounts code that may know nothing of ERC-1271."""
    world = local_world
    owner = Account.from_key(STRANGER_KEY).address
    agent = await world.register(replace(world.new_agent(), owner=owner))
    await set_code(world.rpc, owner, "0x5f5ffd")
    mandate = world.mandate()
    message = world.signatures.type_mandate(agent.escrow, mandate)
    signature = sign(message, STRANGER_KEY)
    assert await world.signatures.is_signed(owner, message, signature)
    assert await escrow_takes(world, agent, mandate, signature)


async def test_a_dead_node_is_no_verdict(local_world: World) -> None:
    """A plain signature needs no node; whether a contract signed is unknown without one."""
    dead = Rpc("http://127.0.0.1:9", timeout_s=0.2)
    signatures = RpcSignatures(dead, 31337)
    message = signatures.type_revocation("0x" + "11" * 20, 1)
    assert await signatures.is_signed(TEST_WALLET, message, sign(message))
    with pytest.raises(UpstreamError, match="chain"):
        await signatures.is_signed(TEST_WALLET, message, sign(message, STRANGER_KEY))
    await dead.close()


async def set_code(rpc: Rpc | None, address: str, code: str) -> None:
    assert rpc
    await rpc.ask(Ask("anvil_setCode", (address, code), lambda answer: answer))
