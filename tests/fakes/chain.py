"""A chain in memory, as small twins of the ports `ChainReader`, `Executor` and `Venue`.

What our contracts make of it is in `tests/fakes/contracts.py`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from bot.domain.errors import UpstreamError
from bot.domain.mandate import EscrowEvent, Mandate
from bot.domain.money import BPS, NATIVE, Amount, Bps, Token, Wei
from bot.domain.people import Agent
from bot.domain.trade import Intent, IntentKind, Quote, Receipt, SignedTx, TxHash
from bot.ports.chain import ChainRefusedError, Head
from bot.ports.clock import Clock
from tests.fakes.contracts import (
    ORCHESTRATOR,
    FakeContracts,
    fake_address,
    mandate_hash,
    paid_as,
    swapped,
)

GAS = 150_000
GAS_PRICE = Wei(50 * 10**9)
SERVER = "0x" + "5e" * 20
SEED_VERSION = 1
RICH = 10_000 * 10**18
NO_HASH = "0x" + "00" * 32
_Said = dict[str, dict[str, object]]
"""Fields of events by their names."""


@dataclass
class FakeChain:
    """What is on the chain, and what is wrong with it.

    Args:
        down: nothing answers.
        refusal: what every simulation and every mined transaction reverts with.
        reverts: names that the next transactions to be mined revert with, first one first.
        lose_answers: so many sends arrive, but look as if they had not.
        lose_sends: so many sends never arrive.
        send_refusal: what the node refuses every send with.
        automine: mine on arrival; else when `mine` is called.
        slip: what swaps give less than was expected.
    """

    clock: Clock
    down: bool = False
    refusal: ChainRefusedError | None = None
    reverts: list[str] = field(default_factory=list)
    lose_answers: int = 0
    lose_sends: int = 0
    send_refusal: ChainRefusedError | None = None
    automine: bool = True
    slip: Bps = Bps(0)
    block: int = 1
    calls: list[str] = field(default_factory=list)
    sent: list[TxHash] = field(default_factory=list)
    balances: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    nonces: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    escrows: dict[str, str] = field(default_factory=dict)
    receipts: dict[TxHash, Receipt] = field(default_factory=dict)
    signed: dict[TxHash, tuple[SignedTx, Intent, Agent]] = field(default_factory=dict)
    pending: list[TxHash] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.balances[SERVER, NATIVE] = RICH
        self.contracts = FakeContracts(self.clock)

    @property
    def paused(self) -> bool:
        """Swaps and gas refills revert."""
        return self.contracts.paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self.contracts.paused = paused

    def happen(
        self, emitter: str, name: str, mandate: Mandate | None = None, **fields: object
    ) -> EscrowEvent:
        """Somebody else makes a contract say something, in a block of its own; `from_` is from."""
        self.block += 1
        tx_hash = f"0x{hashlib.sha256(f'somebody {self.block}'.encode()).hexdigest()}"
        said = {field.rstrip("_"): value for field, value in fields.items()}
        return self.contracts.emit(self.block, tx_hash, emitter, name, said, mandate)

    def answer(self, method: str) -> None:
        """Count a request, and fail it while the chain is down."""
        self.calls.append(method)
        if self.down:
            raise UpstreamError("chain", "no answer", retryable=True)

    def deposit(self, holder: str, amount: Amount) -> None:
        """Money from outside; SEI arrives natively."""
        self.balances[holder, paid_as(amount.token)] += amount.raw

    def held(self, holder: str, token: Token) -> int:
        """Base units, SEI native and wrapped together."""
        native = self.balances[holder, NATIVE] if token.is_wrapped_native else 0
        return native + self.balances[holder, token.address]

    def arrive(self, signed: SignedTx) -> None:
        """A transaction reaches the node; one it has, or with a used nonce, changes nothing."""
        known = signed.tx_hash in self.receipts or signed.tx_hash in self.pending
        if known or signed.nonce < self.nonces[signed.account]:
            return
        self.sent.append(signed.tx_hash)
        self.pending.append(signed.tx_hash)
        if self.automine:
            self.mine()

    def mine(self) -> None:
        """Run what is pending, in order of nonces; a gap waits."""
        self.block += 1
        for tx_hash in sorted(self.pending, key=lambda known: self.signed[known][0].nonce):
            signed, intent, agent = self.signed[tx_hash]
            if signed.nonce > self.nonces[signed.account]:
                continue
            self.pending.remove(tx_hash)
            if signed.nonce == self.nonces[signed.account]:
                self.receipts[tx_hash] = self._run(signed, intent, agent)

    def check(self, intent: Intent, agent: Agent) -> None:
        """Raise what the contracts would revert with now."""
        if self.refusal:
            raise self.refusal
        escrow = agent.escrow
        if intent.kind is IntentKind.OPEN_AGENT:
            if agent.actor in self.escrows:
                known = self.escrows[agent.actor]
                raise ChainRefusedError("ActorAlreadyRegistered", (agent.actor, known))
            return
        if intent.kind is IntentKind.PAUSE_CHAIN:
            return
        if not escrow:
            raise ChainRefusedError("NoEscrow")
        self._check_at(escrow, intent, agent)

    def _check_at(self, escrow: str, intent: Intent, agent: Agent) -> None:
        order = intent.order
        match intent.kind:
            case IntentKind.SET_MANDATE:
                self.contracts.check_set(escrow, order)
            case IntentKind.REVOKE_MANDATE:
                self.contracts.check_revoke(escrow, order)
            case IntentKind.SWAP:
                self._check_swap(intent, agent)
            case IntentKind.FUND_ACTOR:
                self.contracts.check_fund(escrow, order.sell)
                self._require_held(escrow, order.sell)
            case IntentKind.WITHDRAW:
                self._require_held(escrow, order.sell)

    def fill(self, intent: Intent) -> int:
        """What a swap gives now, base units."""
        expected = intent.order.expected_buy
        return expected.raw * (BPS - self.slip) // BPS if expected else 0

    def _check_swap(self, intent: Intent, agent: Agent) -> None:
        order, fill = intent.order, self.fill(intent)
        if order.min_buy is None:
            raise ChainRefusedError("NoMinimum")
        self.contracts.check_mandate(agent.escrow, intent)
        self._require_held(agent.escrow, order.sell)
        if fill < order.min_buy.raw:
            raise ChainRefusedError("TooLittleReceived", (fill, order.min_buy.raw))
        self.contracts.charge(agent.escrow, order.sell, Amount(order.min_buy.token, fill))

    def _require_held(self, escrow: str, amount: Amount) -> None:
        held = self.held(escrow, amount.token)
        if held < amount.raw:
            raise ChainRefusedError("InsufficientBalance", (amount.token.address, held, amount.raw))

    def _run(self, signed: SignedTx, intent: Intent, agent: Agent) -> Receipt:
        self.nonces[signed.account] += 1
        cost = Wei(GAS * GAS_PRICE)
        self.balances[signed.account, NATIVE] -= cost
        receipt = Receipt(signed.tx_hash, self.block, succeeded=True, gas_used=GAS, gas_paid=cost)
        if self.reverts:
            return replace(receipt, succeeded=False, reason=self.reverts.pop(0))
        try:
            self.check(intent, agent)
        except ChainRefusedError as error:
            return replace(receipt, succeeded=False, reason=error.name)
        effects, emitter, said = self._effects(intent, agent)
        for name, fields in said.items():
            mandate = intent.order.mandate if name == "MandateSet" else None
            self.contracts.emit(self.block, signed.tx_hash, emitter, name, fields, mandate)
        return replace(receipt, **effects)

    def _effects(self, intent: Intent, agent: Agent) -> tuple[dict[str, Any], str, _Said]:
        """What it changes: of the receipt, and what who says about it."""
        order, escrow = intent.order, agent.escrow
        match intent.kind:
            case IntentKind.OPEN_AGENT:
                return self._open(agent, order.sell.raw)
            case IntentKind.PAUSE_CHAIN:
                self.contracts.paused = True
                return {}, ORCHESTRATOR, {"Paused": {"by": SERVER}}
            case IntentKind.SWAP:
                return self._swap(intent, agent)
            case IntentKind.WITHDRAW:
                self._take(escrow, order.sell)
                token = paid_as(order.sell.token)
                self.balances[agent.owner, token] += order.sell.raw
                paid = {"token": token, "to": agent.owner, "amount": order.sell.raw}
                return {}, escrow, {"Released": paid}
            case IntentKind.FUND_ACTOR:
                self._take(escrow, order.sell)
                self.contracts.draw_gas(escrow, order.sell)
                self.balances[agent.actor, NATIVE] += order.sell.raw
                return {}, escrow, {"ActorFunded": {"amount": order.sell.raw}}
            case _:
                return {}, escrow, self._change(intent, escrow)

    def _open(self, agent: Agent, gas: int) -> tuple[dict[str, Any], str, _Said]:
        escrow = fake_address(f"escrow of {agent.actor}")
        self.escrows[agent.actor] = escrow
        index = self.contracts.open(escrow, agent)
        self._move(SERVER, agent.actor, NATIVE, gas)
        named: dict[str, object] = {"owner": agent.owner, "escrow": escrow, "index": index}
        said: _Said = {
            "EscrowDeployed": {**named, "exitHash": agent.exit_hash or NO_HASH},
            "ActorRegistered": {**named, "actor": agent.actor, "gas": gas},
        }
        return {"escrow": escrow, "index": index}, ORCHESTRATOR, said

    def _swap(self, intent: Intent, agent: Agent) -> tuple[dict[str, Any], str, _Said]:
        got, order, escrow = self.fill(intent), intent.order, agent.escrow
        assert order.min_buy is not None
        bought = Amount(order.min_buy.token, got)
        counted = self.contracts.count(escrow, order.sell, bought, intent.sequence)
        self._take(escrow, order.sell)
        self.balances[escrow, bought.token.address] += got
        said: _Said = {"Swapped": swapped(order, intent.sequence, got, *counted)}
        return {"spent": order.sell.raw, "got": got}, escrow, said

    def _change(self, intent: Intent, escrow: str) -> _Said:
        book, order = self.contracts.books[escrow], intent.order
        book.dropped = intent.kind is not IntentKind.SET_MANDATE
        if intent.kind is IntentKind.DROP_MANDATE:
            return {"Dropped": {"by": SERVER}}
        if intent.kind is IntentKind.REVOKE_MANDATE:
            book.nonce = order.nonce
            return {"Revoked": {"nonce": order.nonce}}
        assert order.mandate is not None
        book.nonce, book.mandate = order.mandate.nonce, order.mandate
        fields = {"nonce": order.mandate.nonce, "mandateHash": mandate_hash(order.mandate)}
        return {"MandateSet": fields}

    def _take(self, holder: str, amount: Amount) -> None:
        """Take from a balance, native SEI before wrapped."""
        native = min(amount.raw, self.balances[holder, NATIVE])
        native = native if amount.token.is_wrapped_native else 0
        self.balances[holder, NATIVE] -= native
        self.balances[holder, amount.token.address] -= amount.raw - native

    def _move(self, source: str, target: str, token: str, raw: int) -> None:
        self.balances[source, token] -= raw
        self.balances[target, token] += raw


@dataclass(frozen=True)
class FakeReader:
    """`ChainReader` of a `FakeChain`."""

    chain: FakeChain

    async def read_balances(
        self, holders: Sequence[str], tokens: Sequence[Token]
    ) -> Mapping[str, Mapping[str, Amount]]:
        self.chain.answer("read_balances")
        return {
            holder: {
                token.symbol: Amount(token, self.chain.held(holder, token)) for token in tokens
            }
            for holder in holders
        }

    async def read_native(self, holder: str) -> Wei:
        self.chain.answer("read_native")
        return Wei(self.chain.balances[holder, NATIVE])

    async def read_gas_price(self) -> Wei:
        self.chain.answer("read_gas_price")
        return GAS_PRICE

    async def read_head(self) -> Head:
        self.chain.answer("read_head")
        return Head(self.chain.block, self.chain.clock.now())


@dataclass(frozen=True)
class FakeExecutor:
    """`Executor` of a `FakeChain`. What is signed survives in the chain, as in a journal."""

    chain: FakeChain

    @property
    def server(self) -> str:
        return SERVER

    def derive_actor(self, user_id: int, agent_id: int) -> tuple[str, int]:
        return fake_address(f"actor {SEED_VERSION} {user_id} {agent_id}"), SEED_VERSION

    def holds_key_of(self, agent: Agent) -> bool:
        return agent.seed_version == SEED_VERSION

    async def simulate(self, intent: Intent, agent: Agent) -> int:
        self.chain.answer("simulate")
        self.chain.check(intent, agent)
        value = intent.order.sell.raw if intent.kind is IntentKind.OPEN_AGENT else 0
        balance, cost = self.chain.balances[intent.account, NATIVE], GAS * GAS_PRICE + value
        if cost > balance:
            raise ChainRefusedError("InsufficientFunds", (balance, cost))
        return GAS

    async def read_nonce(self, account: str) -> int:
        self.chain.answer("read_nonce")
        return self.chain.nonces[account]

    async def sign(self, intent: Intent, agent: Agent, nonce: int, gas_limit: int) -> SignedTx:
        self.chain.answer("sign")
        named = f"{intent.id} {intent.account} {nonce} {gas_limit}".encode()
        tx_hash = TxHash(f"0x{hashlib.sha256(named).hexdigest()}")
        signed = SignedTx(intent.account, nonce, tx_hash, named)
        self.chain.signed[tx_hash] = signed, intent, agent
        return signed

    async def send(self, signed: SignedTx) -> None:
        self.chain.answer("send")
        if self.chain.send_refusal:
            raise self.chain.send_refusal
        if self.chain.lose_sends:
            self.chain.lose_sends -= 1
            raise UpstreamError("chain", "no answer", retryable=True)
        self.chain.arrive(signed)
        if self.chain.lose_answers:
            self.chain.lose_answers -= 1
            raise UpstreamError("chain", "no answer", retryable=True)

    async def read_receipt(self, intent: Intent, agent: Agent) -> Receipt | None:
        self.chain.answer("read_receipt")
        return self.chain.receipts.get(intent.signed.tx_hash) if intent.signed else None


@dataclass(frozen=True)
class FakeVenue:
    """`Venue` with infinitely deep pools at `rates`: base units of the second for one of the first.

    Rates of a token pair hold in both directions; a pair without one has no pool.
    """

    chain: FakeChain
    name: str
    rates: Mapping[tuple[str, str], Fraction]
    fee: Bps = Bps(30)
    price_impact: Bps = Bps(0)

    async def read_quotes(self, sell: Amount, buy: Token, via: Sequence[Token]) -> Sequence[Quote]:
        self.chain.answer("read_quotes")
        if sell.token == buy:
            return []
        middles = [(token,) for token in via if token not in (sell.token, buy)]
        routes = [(sell.token, *middle, buy) for middle in [(), *middles]]
        quotes = [self._quote(sell, route) for route in routes]
        return [quote for quote in quotes if quote is not None]

    def _quote(self, sell: Amount, route: tuple[Token, ...]) -> Quote | None:
        out = Fraction(sell.raw)
        for sold, bought in pairwise(route):
            rate = self._rate(sold.symbol, bought.symbol)
            if rate is None:
                return None
            out = out * rate * (BPS - self.fee) / BPS
        if int(out) == 0:
            return None
        return Quote(
            venue=self.name,
            adapter=fake_address(self.name),
            path=route,
            data="/".join(token.symbol for token in route).encode(),
            sell=sell,
            buy=Amount(route[-1], int(out)),
            price_impact=self.price_impact,
            fee=Bps(self.fee * (len(route) - 1)),
        )

    def _rate(self, sold: str, bought: str) -> Fraction | None:
        if (sold, bought) in self.rates:
            return self.rates[sold, bought]
        back = self.rates.get((bought, sold))
        return 1 / back if back else None
