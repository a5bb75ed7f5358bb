"""The chain as the services see it: reads, quotes, and the one way to send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.mandate import EscrowEvent, EscrowState, Mandate, MandateWord, Standing
from bot.domain.money import Amount, Token, Wei
from bot.domain.people import Agent
from bot.domain.trade import Intent, Quote, Receipt, SignedTx


@dataclass(frozen=True, slots=True)
class Call:
    """A read: `data` is ABI-encoded."""

    to: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The latest block."""

    block: int
    at: datetime


class ChainRefusedError(Exception):
    """The chain would revert this transaction, or has.

    Args:
        name: the custom error's name, or the revert string.
        figures: its arguments, in the contract's units.
    """

    def __init__(self, name: str, figures: tuple[object, ...] = ()) -> None:
        super().__init__(f"{name}{figures}")
        self.name = name
        self.figures = figures


class ChainCalls(Protocol):
    """Batched reads for venues."""

    async def call_many(self, calls: Sequence[Call]) -> list[bytes | None]:
        """Answers in order, None where the call reverted.

        Raises:
            UpstreamError: the RPC did not answer; nothing is ever guessed.
        """
        ...


class ChainReader(Protocol):
    """Raises `UpstreamError("chain")` when the RPC does not answer: never a false zero."""

    async def read_balances(
        self, holders: Sequence[str], tokens: Sequence[Token]
    ) -> Mapping[str, Mapping[str, Amount]]:
        """Amounts by holder and symbol in one call; SEI is native plus wrapped."""
        ...

    async def read_native(self, holder: str) -> Wei:
        """Native SEI alone, as gas is paid from."""
        ...

    async def read_gas_price(self) -> Wei:
        """Wei for one unit of gas now."""
        ...

    async def read_head(self) -> Head:
        """The latest block's number and time."""
        ...


class EscrowReader(Protocol):
    """How escrows stand; raises `UpstreamError("chain")` when the RPC does not answer."""

    async def read_escrow(self, escrow: str) -> EscrowState:
        """Buckets, mandate, flags and the deployment's pause, of one block."""
        ...

    async def read_standing(self, escrow: str, sell: str, buy: str) -> Standing:
        """The same with the feeds of these tokens, and the listings of them and of all venues."""
        ...

    async def find_mandate(self, escrow: str, word: MandateWord) -> Mandate | None:
        """A mandate that somebody brought in, from the chain's own events; None if not found."""
        ...


class EscrowLogs(Protocol):
    """What contracts said on the chain; raises `UpstreamError("chain")` without an answer."""

    async def read_events(
        self, emitters: Sequence[str], first: int, last: int
    ) -> Sequence[EscrowEvent]:
        """Every event of ours from these contracts in some blocks, ends included, oldest first."""
        ...


class Signatures(Protocol):
    """Messages of owners: what they sign, and whether they did."""

    def type_mandate(self, escrow: str, mandate: Mandate) -> Mapping[str, object]:
        """The EIP-712 message as wallets take it (`eth_signTypedData_v4`)."""
        ...

    def type_revocation(self, escrow: str, nonce: int) -> Mapping[str, object]:
        """The same for "all up to `nonce` is void"."""
        ...

    def word_of(self, mandate: Mandate) -> MandateWord:
        """What the escrow keeps of it."""
        ...

    async def is_signed(self, owner: str, message: Mapping[str, object], signature: bytes) -> bool:
        """Whether a typed message is signed by `owner`: plainly, or by its contract (ERC-1271).

        Raises:
            UpstreamError: the RPC did not answer.
        """
        ...

    async def is_text_signed(self, owner: str, text: str, signature: bytes) -> bool:
        """The same for a plain text (`personal_sign`)."""
        ...


class Venue(Protocol):
    """An exchange that can be quoted; it never sends anything."""

    @property
    def name(self) -> str:
        """As users know it, e.g. `DragonSwap V2`."""
        ...

    async def read_quotes(self, sell: Amount, buy: Token, via: Sequence[Token]) -> Sequence[Quote]:
        """Every route from `sell` to `buy`, directly or by way of one of `via`; none is fine."""
        ...


class Executor(Protocol):
    """Signs and sends intents. The only maker of transactions in the product."""

    @property
    def server(self) -> str:
        """The account that opens agents and releases withdrawals."""
        ...

    def derive_actor(self, user_id: int, agent_id: int) -> tuple[str, int]:
        """The address of an agent's actor under the present seed, and that seed's version."""
        ...

    def holds_key_of(self, agent: Agent) -> bool:
        """Whether the agent's actor is still ours: its seed is here, and not retired."""
        ...

    async def simulate(self, intent: Intent, agent: Agent) -> int:
        """Run the intent against the latest block; returns the gas limit to send it with.

        Raises:
            ChainRefusedError: it would revert now; nothing was sent.
            UpstreamError: the RPC did not answer.
        """
        ...

    async def read_nonce(self, account: str) -> int:
        """The next nonce the chain expects, counting mined transactions only."""
        ...

    async def sign(self, intent: Intent, agent: Agent, nonce: int, gas_limit: int) -> SignedTx:
        """Sign without sending. Moves no money until `send`."""
        ...

    async def send(self, signed: SignedTx) -> None:
        """Hand the transaction to the chain. MOVES MONEY. Safe to repeat: it can run only once.

        Raises:
            ChainRefusedError: the node refuses it for good.
            UpstreamError: unknown whether it arrived; ask `read_receipt`, then repeat.
        """
        ...

    async def read_receipt(self, intent: Intent, agent: Agent) -> Receipt | None:
        """What became of `intent.signed`; None while unknown."""
        ...
