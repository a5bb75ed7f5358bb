"""A chain in memory, as small twins of the ports `ChainReader`, `Executor` and `Venue`."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

from eth_utils.address import to_checksum_address

from bot.domain.errors import UpstreamError
from bot.domain.money import BPS, NATIVE, Amount, Bps, Token, Wei
from bot.domain.people import Agent
from bot.domain.trade import Intent, IntentKind, Quote, Receipt, SignedTx, TxHash
from bot.ports.chain import ChainRefusedError, Head
from bot.ports.clock import Clock

GAS = 150_000
GAS_PRICE = Wei(50 * 10**9)
ID_WINDOW = 1024
SERVER = "0x" + "5e" * 20
SEED_VERSION = 1
RICH = 10_000 * 10**18


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
        paused: swaps and gas refills revert.
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
    paused: bool = False
    slip: Bps = Bps(0)
    block: int = 1
    calls: list[str] = field(default_factory=list)
    sent: list[TxHash] = field(default_factory=list)
    balances: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    nonces: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sequences: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    escrows: dict[str, str] = field(default_factory=dict)
    receipts: dict[TxHash, Receipt] = field(default_factory=dict)
    signed: dict[TxHash, tuple[SignedTx, Intent, Agent]] = field(default_factory=dict)
    pending: list[TxHash] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.balances[SERVER, NATIVE] = RICH

    def answer(self, method: str) -> None:
        """Count a request, and fail it while the chain is down."""
        self.calls.append(method)
        if self.down:
            raise UpstreamError("chain", "no answer", retryable=True)

    def deposit(self, holder: str, amount: Amount) -> None:
        """Money from outside; SEI arrives natively."""
        self.balances[holder, _paid_as(amount.token)] += amount.raw

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
        sell = intent.order.sell
        if intent.kind is IntentKind.OPEN_AGENT:
            if agent.actor in self.escrows:
                escrow = self.escrows[agent.actor]
                raise ChainRefusedError("ActorAlreadyRegistered", (agent.actor, escrow))
            return
        if not agent.escrow:
            raise ChainRefusedError("NoEscrow")
        if self.paused and intent.kind is not IntentKind.WITHDRAW:
            raise ChainRefusedError("TradingPaused")
        if intent.kind is IntentKind.SWAP:
            self._check_swap(intent, agent)
        held = self.held(agent.escrow, sell.token)
        if held < sell.raw:
            raise ChainRefusedError("InsufficientBalance", (sell.token.address, held, sell.raw))

    def fill(self, intent: Intent) -> int:
        """What a swap gives now, base units."""
        expected = intent.order.expected_buy
        return expected.raw * (BPS - self.slip) // BPS if expected else 0

    def _check_swap(self, intent: Intent, agent: Agent) -> None:
        used = self.sequences[agent.escrow]
        if not used < intent.sequence <= used + ID_WINDOW:
            raise ChainRefusedError("IdOutOfRange", (intent.sequence, used))
        least = intent.order.min_buy
        if least is None:
            raise ChainRefusedError("NoMinimum")
        if self.fill(intent) < least.raw:
            raise ChainRefusedError("TooLittleReceived", (self.fill(intent), least.raw))

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
        return replace(receipt, **self._effects(intent, agent))

    def _effects(self, intent: Intent, agent: Agent) -> dict[str, Any]:
        sell = intent.order.sell
        match intent.kind:
            case IntentKind.OPEN_AGENT:
                escrow = _address(f"escrow of {agent.actor}")
                self.escrows[agent.actor] = escrow
                self._move(SERVER, agent.actor, NATIVE, sell.raw)
                return {"escrow": escrow}
            case IntentKind.SWAP:
                got, least = self.fill(intent), intent.order.min_buy
                assert least is not None
                self.sequences[agent.escrow] = intent.sequence
                self._take(agent.escrow, sell)
                self.balances[agent.escrow, least.token.address] += got
                return {"spent": sell.raw, "got": got}
            case IntentKind.WITHDRAW:
                self._take(agent.escrow, sell)
                self.balances[agent.owner, _paid_as(sell.token)] += sell.raw
            case IntentKind.FUND_ACTOR:
                self._take(agent.escrow, sell)
                self.balances[agent.actor, NATIVE] += sell.raw
        return {}

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
        return _address(f"actor {SEED_VERSION} {user_id} {agent_id}"), SEED_VERSION

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
            adapter=_address(self.name),
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


def _paid_as(token: Token) -> str:
    return NATIVE if token.is_wrapped_native else token.address


def _address(name: str) -> str:
    return to_checksum_address(f"0x{hashlib.sha256(name.encode()).hexdigest()[:40]}")
