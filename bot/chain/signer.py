"""Keys: the server's, and the actors' derived from ACTOR_SEED. None is ever stored or shown.

An actor's key is HKDF-SHA256 over the seed of its version, without salt, with the version, the
user id and the agent id as info, 48 bytes long and reduced to a secp256k1 key: 128 bits more than
the curve's order, so that every key is as likely as any other. Losing a seed loses the actors,
not the money: owners are paid by the server.
"""

import struct
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eth_account import Account
from eth_account.signers.local import LocalAccount
from typing_extensions import override

from bot.domain.errors import SettingsError
from bot.domain.people import Agent
from bot.domain.trade import SignedTx, TxHash
from bot.ports.chain import ChainRefusedError

_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_MATERIAL_BYTES = 48
_KEY_BYTES = 32
_INFO = struct.Struct(">IQQ")
"""Version, user id, agent id, big-endian and of fixed width: no two actors share an info."""


class Signer:
    """Signs for the server and for actors; `seeds` are secrets by version, the highest is used."""

    __slots__ = ("_seeds", "_server_key", "server", "version")

    def __init__(self, server_key: bytes, seeds: Mapping[int, bytes]) -> None:
        if not seeds or any(len(seed) < _KEY_BYTES for seed in seeds.values()):
            raise SettingsError(f"ACTOR_SEED needs at least {_KEY_BYTES} bytes")
        if not 0 < int.from_bytes(server_key) < _CURVE_ORDER or len(server_key) != _KEY_BYTES:
            raise SettingsError("PVT_KEY is not a private key: 32 bytes in hexadecimal")
        self._server_key = server_key
        self._seeds = dict(seeds)
        self.version = max(seeds)
        self.server: str = Account.from_key(server_key).address

    @override
    def __repr__(self) -> str:
        """Without any secret."""
        return f"Signer(server={self.server}, seed versions={sorted(self._seeds)})"

    @override
    def __reduce__(self) -> str:
        """Keys are never serialised."""
        raise TypeError("a Signer holds keys and cannot be pickled or copied")

    def actor_address(self, user_id: int, agent_id: int, version: int) -> str:
        """The checksummed address of an agent's actor.

        Raises:
            ChainRefusedError: there is no seed of that version.
        """
        return self._actor(user_id, agent_id, version).address

    def sign(self, sender: str, agent: Agent, transaction: Mapping[str, Any]) -> SignedTx:
        """Sign as `sender`: the server, or the agent's actor.

        Raises:
            ChainRefusedError: the seed is gone or another one; no key of ours is `sender`'s.
        """
        key = self._key_of(sender, agent)
        signed = key.sign_transaction({**transaction})
        return SignedTx(
            account=sender,
            nonce=transaction["nonce"],
            tx_hash=TxHash(signed.hash.to_0x_hex()),
            raw=bytes(signed.raw_transaction),
        )

    def require_key(self, sender: str, agent: Agent) -> None:
        """Make sure that `sign` would find a key, before anything else is asked.

        Raises:
            ChainRefusedError: as `sign` does.
        """
        self._key_of(sender, agent)

    def _key_of(self, sender: str, agent: Agent) -> LocalAccount:
        if sender == self.server:
            return _account(self._server_key)
        if sender != agent.actor:
            # What the contracts would say to an account that was the server once.
            raise ChainRefusedError("NotServer", (sender,))
        actor = self._actor(agent.user_id, agent.id, agent.seed_version)
        if actor.address != sender:
            raise ChainRefusedError("WrongActorSeed", (sender,))
        return actor

    def _actor(self, user_id: int, agent_id: int, version: int) -> LocalAccount:
        seed = self._seeds.get(version)
        if seed is None:
            raise ChainRefusedError("NoActorSeed", (version,))
        info = _INFO.pack(version, user_id, agent_id)
        material = HKDF(SHA256(), length=_MATERIAL_BYTES, salt=None, info=info).derive(seed)
        number = int.from_bytes(material) % (_CURVE_ORDER - 1) + 1
        return _account(number.to_bytes(_KEY_BYTES))


def _account(key: bytes) -> LocalAccount:
    account: LocalAccount = Account.from_key(key)
    return account


def address_of(key: str) -> str:
    """The checksummed address of a private key in hexadecimal."""
    address: str = Account.from_key(key).address
    return address
