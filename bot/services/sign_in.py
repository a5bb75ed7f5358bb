"""Sign-In with Ethereum (EIP-4361): that a person can sign with an address. Moves no money.

Written here and not by PyPI's `siwe`: that one needs web3 below 8, and its worth is in reading
messages that others wrote. The server writes this one, keeps it, and compares signatures with it.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.domain.errors import UserError
from bot.ports.chain import Signatures
from bot.ports.clock import Clock

LIFE = timedelta(minutes=10)
_NONCE_BYTES = 16
_STATEMENT = (
    "Sei Trader asks whether this address is yours. Signing proves that and nothing else: "
    "it moves no money, costs no gas and allows no trade."
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A message to be signed by `address`, once, until `expires_at`."""

    address: str
    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignIn:
    """Writes challenges for the page at `url`, on the chain `chain_id`, and checks answers."""

    clock: Clock
    signatures: Signatures
    url: str
    chain_id: int

    def challenge(self, address: str) -> Challenge:
        """A new message for a checksummed address."""
        now = self.clock.now().replace(microsecond=0)
        expires_at = now + LIFE
        text = (
            f"{urlsplit(self.url).netloc} wants you to sign in with your Ethereum account:\n"
            f"{address}\n"
            "\n"
            f"{_STATEMENT}\n"
            "\n"
            f"URI: {self.url}\n"
            "Version: 1\n"
            f"Chain ID: {self.chain_id}\n"
            f"Nonce: {secrets.token_hex(_NONCE_BYTES)}\n"
            f"Issued At: {_stamp(now)}\n"
            f"Expiration Time: {_stamp(expires_at)}"
        )
        return Challenge(address, text, expires_at)

    async def verify(self, challenge: Challenge, signature: bytes) -> None:
        """Check an answer. The caller forgets the challenge first: it counts once.

        Raises:
            UserError: too late, or not signed by that address.
            UpstreamError: a contract's signature could not be checked.
        """
        if self.clock.now() > challenge.expires_at:
            raise UserError("That took longer than ten minutes. Sign in again.")
        signed = await self.signatures.is_text_signed(challenge.address, challenge.text, signature)
        if not signed:
            raise UserError("That signature is not of the address you connected. Sign in again.")


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
