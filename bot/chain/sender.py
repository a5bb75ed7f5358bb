"""The only maker of transactions: simulate, sign, send, and what became of it. MOVES MONEY.

Each method is one round trip to the node. Waiting and repeating is the caller's.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from bot.chain.errors import (
    NodeError,
    is_final,
    is_known_or_spent,
    not_answered,
    refusal,
    refused_for_good,
    upstream,
)
from bot.chain.receipts import parse_receipt
from bot.chain.rpc import Ask, Rpc, parse_bytes, parse_quantity
from bot.chain.signer import Signer
from bot.chain.transactions import Outgoing, outgoing_of
from bot.domain.errors import SettingsError
from bot.domain.people import Agent
from bot.domain.trade import Intent, Receipt, SignedTx
from bot.ports.chain import ChainRefusedError
from bot.ports.clock import Clock

BLOCK_GAS = 12_500_000
"""Sei's limit for a block, and so for one transaction."""

_GWEI = 10**9
_LOWEST_PRICE = 50 * _GWEI
_TIP = 1 * _GWEI
_FEE_HEADROOM = 2
_GAS_MARGIN_PCT = 20
_PRICE_LIFE = timedelta(seconds=2)
_NOT_MINED = "not yet available"
"""Sei, of a receipt whose block is still to come."""


class RpcExecutor:
    """`Executor` over a node. `chain_id` is signed into every transaction: see `check_chain_id`."""

    def __init__(
        self, rpc: Rpc, signer: Signer, clock: Clock, *, chain_id: int, orchestrator: str
    ) -> None:
        self._rpc = rpc
        self._signer = signer
        self._clock = clock
        self._chain_id = chain_id
        self._orchestrator = orchestrator
        self._price: tuple[datetime, int] | None = None

    @property
    def server(self) -> str:
        """The account that opens agents and releases withdrawals."""
        return self._signer.server

    def derive_actor(self, user_id: int, agent_id: int) -> tuple[str, int]:
        """The address of an agent's actor under the newest seed, and that seed's version."""
        version = self._signer.version
        return self._signer.actor_address(user_id, agent_id, version), version

    def holds_key_of(self, agent: Agent) -> bool:
        """Whether the seed of the agent's version is here and its actor comes from it."""
        try:
            actor = self._signer.actor_address(agent.user_id, agent.id, agent.seed_version)
        except ChainRefusedError:
            return False
        return actor == agent.actor

    async def check_chain_id(self) -> None:
        """Make sure the node is on our chain; once, at start.

        Raises:
            SettingsError: it is on another.
            UpstreamError: it did not answer.
        """
        found = await self._rpc.ask(Ask("eth_chainId", (), parse_quantity))
        if found != self._chain_id:
            raise SettingsError(
                f"SEI_RPC_URL is a node of chain {found}, SEI_NETWORK means chain {self._chain_id}"
            )

    async def simulate(self, intent: Intent, agent: Agent) -> int:
        """Run the intent on the latest block; the gas limit to send it with, 20 % above need.

        Raises:
            ChainRefusedError: it would revert, need more than a block's gas, the account cannot
                pay for it, or its key is not here any more. Nothing was sent.
            UpstreamError: the node did not answer.
        """
        outgoing = outgoing_of(intent, agent, self._orchestrator)
        self._signer.require_key(outgoing.sender, agent)
        fields = _fields(outgoing)
        answers = await self._rpc.batch(
            [
                Ask("eth_call", (fields, "latest"), parse_bytes),
                Ask("eth_estimateGas", (fields, "latest"), parse_quantity),
                Ask("eth_gasPrice", (), parse_quantity),
                Ask("eth_getBalance", (outgoing.sender, "latest"), parse_quantity),
            ]
        )
        for answer in answers:
            if isinstance(answer, NodeError):
                raise refusal(answer)
        _, needed, price, balance = answers
        if needed > BLOCK_GAS:
            raise ChainRefusedError("OutOfGas", (needed, BLOCK_GAS))
        self._price = self._clock.now(), price
        limit: int = min(needed + needed * _GAS_MARGIN_PCT // 100, BLOCK_GAS)
        cost = outgoing.value + limit * _max_fee(price)
        if cost > balance:
            raise ChainRefusedError("InsufficientFunds", (balance, cost))
        return limit

    async def read_nonce(self, account: str) -> int:
        """The next nonce, counting mined transactions only: what is pending differs by node."""
        return await self._rpc.ask(_nonce(account))

    async def sign(self, intent: Intent, agent: Agent, nonce: int, gas_limit: int) -> SignedTx:
        """Sign without sending; asks for the gas price unless `simulate` just has.

        Raises:
            ChainRefusedError: no key of ours belongs to the intent's account.
            UpstreamError: the node did not answer.
        """
        outgoing = outgoing_of(intent, agent, self._orchestrator)
        transaction = {
            "type": 2,
            "chainId": self._chain_id,
            "nonce": nonce,
            "to": outgoing.to,
            "value": outgoing.value,
            "data": outgoing.data,
            "gas": gas_limit,
            "maxFeePerGas": _max_fee(await self._read_price()),
            "maxPriorityFeePerGas": _TIP,
        }
        return self._signer.sign(outgoing.sender, agent, transaction)

    async def send(self, signed: SignedTx) -> None:
        """Hand it to the node. MOVES MONEY. Safe to repeat: one nonce runs only once.

        A transaction the node has already, or whose nonce is used, is not an error: the receipt
        decides. Sei checks fees before nonces and so may refuse what has run already; a refusal
        is believed only if the node does not know the transaction and its nonce is unused.

        Raises:
            ChainRefusedError: the node refuses it for good.
            UpstreamError: unknown whether it arrived.
        """
        raw = f"0x{signed.raw.hex()}"
        answer = (await self._rpc.batch([Ask("eth_sendRawTransaction", (raw,), parse_bytes)]))[0]
        if not isinstance(answer, NodeError):
            if answer.hex() != signed.tx_hash[2:]:
                raise upstream("the node answered with another transaction's hash")
            return
        if is_known_or_spent(answer):
            return
        if not is_final(answer):
            raise not_answered(answer)
        if not await self._has_seen(signed):
            raise refused_for_good(answer)

    async def read_receipt(self, intent: Intent, agent: Agent) -> Receipt | None:
        """What became of `intent.signed`; None while the node knows of no receipt.

        A failed transaction is run again to name its reason; that may find none.

        Raises:
            UpstreamError: no answer, or a receipt that is not this intent's.
        """
        signed = intent.signed
        if signed is None:
            return None
        ask: Ask[Receipt | None] = Ask(
            "eth_getTransactionReceipt",
            (signed.tx_hash,),
            lambda raw: (
                raw if raw is None else parse_receipt(raw, intent, agent, self._orchestrator)
            ),
        )
        answer: Receipt | NodeError | None = (await self._rpc.batch([ask]))[0]
        if isinstance(answer, NodeError):
            if _NOT_MINED in answer.message:
                return None
            raise not_answered(answer)
        if answer is None or answer.succeeded:
            return answer
        return replace(answer, reason=await self._explain(intent, agent, signed, answer))

    async def _read_price(self) -> int:
        now = self._clock.now()
        if self._price is None or now - self._price[0] > _PRICE_LIFE:
            self._price = now, await self._rpc.ask(Ask("eth_gasPrice", (), parse_quantity))
        return self._price[1]

    async def _has_seen(self, signed: SignedTx) -> bool:
        by_hash = Ask("eth_getTransactionByHash", (signed.tx_hash,), bool)
        answers = await self._rpc.batch([by_hash, _nonce(signed.account)])
        for answer in answers:
            if isinstance(answer, NodeError):
                raise not_answered(answer)
        found, nonce = answers
        return bool(found) or int(nonce) > signed.nonce

    async def _explain(
        self, intent: Intent, agent: Agent, signed: SignedTx, receipt: Receipt
    ) -> str:
        """The reason of a revert: from its own block, or where that is pruned, from now."""
        outgoing = outgoing_of(intent, agent, self._orchestrator)
        limit = TypedTransaction.from_bytes(HexBytes(signed.raw)).as_dict()["gas"]
        fields = {**_fields(outgoing), "gas": hex(limit)}
        replays: list[Ask[None]] = [
            Ask("eth_call", (fields, block), lambda _: None)
            for block in (hex(receipt.block), "latest")
        ]
        for answer in await self._rpc.batch(replays):
            if isinstance(answer, NodeError):
                error = refusal(answer)
                if isinstance(error, ChainRefusedError):
                    return error.name
        return "OutOfGas" if receipt.gas_used * 64 >= limit * 63 else ""


def _max_fee(price: int) -> int:
    """Room for the base fee to double before the transaction is mined; what is over comes back."""
    return _FEE_HEADROOM * max(price, _LOWEST_PRICE)


def _nonce(account: str) -> Ask[int]:
    return Ask("eth_getTransactionCount", (account, "latest"), parse_quantity)


def _fields(outgoing: Outgoing) -> dict[str, str]:
    return {
        "from": outgoing.sender,
        "to": outgoing.to,
        "value": hex(outgoing.value),
        "data": f"0x{outgoing.data.hex()}",
    }
