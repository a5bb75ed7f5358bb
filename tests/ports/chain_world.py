"""A chain to hold the chain ports to their promises: the fake, and anvil with real exchanges."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Protocol

from eth_account import Account

import bot.venues
from bot.catalogue import discover
from bot.chain.artifacts import load_artifact
from bot.chain.deployer import KeyedAccount, connected
from bot.chain.escrow_logs import RpcEscrowLogs
from bot.chain.escrows import RpcEscrows
from bot.chain.reader import RpcReader
from bot.chain.rpc import Rpc
from bot.chain.sender import RpcExecutor
from bot.chain.signatures import RpcSignatures
from bot.chain.signer import Signer
from bot.clock import SystemClock
from bot.domain.mandate import MICRO, Mandate, MicroUsd
from bot.domain.money import Amount, Bps, Token
from bot.domain.people import Agent, AgentId, AgentState, UserId
from bot.domain.trade import Intent, IntentId, IntentKind, IntentState, Order, Quote, Receipt
from bot.local.chain.accounts import DEPLOYER_KEY, TEST_WALLET, sign_as_test_wallet
from bot.local.chain.world import LocalChain, LocalChainOptions, local_chain
from bot.ports.chain import (
    ChainReader,
    EscrowLogs,
    EscrowReader,
    Executor,
    Signatures,
    Venue,
)
from tests.fakes.chain import FakeChain, FakeExecutor, FakeReader, FakeVenue
from tests.fakes.clock import FakeClock
from tests.fakes.contracts import ORCHESTRATOR, fake_address, fake_signature
from tests.fakes.escrows import FakeEscrows, FakeLogs, FakeSignatures

PRICES = {
    "SEI": Decimal("0.25"),
    "USDC": Decimal(1),
    "WETH": Decimal(3000),
    "WBTC": Decimal(60000),
    "iSEI": Decimal("0.3"),
    "SolvBTC": Decimal(60000),
    "USDT0": Decimal(1),
}
SERVER_KEY = bytes.fromhex("11" * 32)
SEED = b"a seed for tests, long enough as it is"
FIRST_GAS = Decimal(1)
_FAKE_POOLS = (("SEI", "USDC"), ("WETH", "USDC"), ("SEI", "iSEI"), ("SEI", "WETH"))
_ids = count(1)


def _fake_token(symbol: str, digit: str, decimals: int) -> Token:
    return Token(symbol, f"0x{digit * 40}", decimals, is_wrapped_native=symbol == "SEI")


FAKE_TOKENS = {
    token.symbol: token
    for token in (
        _fake_token("SEI", "1", 18),
        _fake_token("USDC", "2", 6),
        _fake_token("WETH", "3", 18),
        _fake_token("iSEI", "4", 6),
    )
}


class Pause(Protocol):
    async def __call__(self, *, paused: bool) -> None: ...


@dataclass(frozen=True)
class World:
    """A chain seen through its ports, with money to give away.

    `owner_signs` gives the signature of every agent's owner. `mandates` are in force, by escrow.
    """

    reader: ChainReader
    executor: Executor
    venues: Sequence[Venue]
    tokens: Mapping[str, Token]
    now: Callable[[], datetime]
    give: Callable[[str, Amount], Awaitable[None]]
    pause: Pause
    escrows: EscrowReader
    logs: EscrowLogs
    signatures: Signatures
    owner_signs: Callable[[Mapping[str, object]], bytes]
    orchestrator: str
    adapters: tuple[str, ...]
    mandates: dict[str, Mandate] = field(default_factory=dict)
    local: LocalChain | None = None
    rpc: Rpc | None = None

    def amount(self, symbol: str, units: str | int | Decimal) -> Amount:
        return self.tokens[symbol].amount(Decimal(units))

    def new_agent(self, exit_hash: str = "") -> Agent:
        """An agent that is not on the chain yet."""
        agent_id = next(_ids)
        actor, version = self.executor.derive_actor(7, agent_id)
        return Agent(
            id=AgentId(agent_id),
            user_id=UserId(7),
            name="tester",
            instructions="",
            owner=TEST_WALLET,
            actor=actor,
            escrow="",
            seed_version=version,
            state=AgentState.OPENING,
            created_at=self.now(),
            exit_hash=exit_hash,
        )

    async def open_agent(self, **holdings: str) -> Agent:
        """An agent with an escrow that holds so many units of each symbol, and may trade."""
        agent = await self.register(self.new_agent(), **holdings)
        await self.adopt(agent, self.mandate())
        return agent

    async def open_penniless_agent(self, **holdings: str) -> Agent:
        """The same without any gas."""
        nothing = Order(self.amount("SEI", 0))
        agent = await self._register(self.new_agent(), nothing, holdings)
        await self.adopt(agent, self.mandate())
        return agent

    async def register(self, agent: Agent, **holdings: str) -> Agent:
        """Open a new agent's escrow, without any mandate, and pay something in."""
        return await self._register(agent, self.first_gas, holdings)

    async def _register(self, agent: Agent, order: Order, holdings: Mapping[str, str]) -> Agent:
        receipt = await self.run(self.intent(agent, IntentKind.OPEN_AGENT, order), agent)
        agent = replace(agent, escrow=receipt.escrow, index=receipt.index, state=AgentState.ACTIVE)
        for symbol, units in holdings.items():
            await self.give(agent.escrow, self.amount(symbol, units))
        return agent

    async def adopt(self, agent: Agent, mandate: Mandate) -> Receipt:
        """Put a mandate in force; swaps of the agent's carry it from then on."""
        self.mandates[agent.escrow] = mandate
        return await self.run(self.setting(agent, mandate), agent)

    def setting(self, agent: Agent, mandate: Mandate, signature: bytes | None = None) -> Intent:
        """What brings a mandate in, signed by the owner unless something else is given."""
        message = self.signatures.type_mandate(agent.escrow, mandate)
        signature = self.owner_signs(message) if signature is None else signature
        order = Order(self.amount("SEI", 0), mandate=mandate, signature=signature)
        return self.intent(agent, IntentKind.SET_MANDATE, order)

    def revoking(self, agent: Agent, nonce: int) -> Intent:
        """What brings a signed revocation in."""
        signature = self.owner_signs(self.signatures.type_revocation(agent.escrow, nonce))
        order = Order(self.amount("SEI", 0), nonce=nonce, signature=signature)
        return self.intent(agent, IntentKind.REVOKE_MANDATE, order)

    def mandate(self, **changes: object) -> Mandate:
        """Everything listed, $10,000 a trade."""
        # A little ago: the latest block may be older than the clock.
        issued_at = self.now().replace(microsecond=0) - timedelta(seconds=30)
        fields: dict[str, object] = {
            "nonce": 1,
            "issued_at": issued_at,
            "valid_until": issued_at + timedelta(days=30),
            "sign_by": issued_at + timedelta(hours=1),
            "slippage": Bps(500),
            "trade_cap": MicroUsd(10_000 * MICRO),
            "daily_volume": MicroUsd(1_000_000 * MICRO),
            "daily_loss": MicroUsd(10_000 * MICRO),
            "tokens": tuple(token.address for token in self.tokens.values()),
            "adapters": self.adapters,
            **changes,
        }
        return Mandate(**fields)  # type: ignore[arg-type]

    @property
    def first_gas(self) -> Order:
        return Order(self.amount("SEI", FIRST_GAS))

    def intent(self, agent: Agent, kind: IntentKind, order: Order, sequence: int = 0) -> Intent:
        by_server = kind not in (IntentKind.SWAP, IntentKind.FUND_ACTOR)
        now = self.now()
        return Intent(
            id=IntentId(f"intent-{next(_ids)}"),
            kind=kind,
            state=IntentState.CONFIRMED,
            user_id=agent.user_id,
            agent_id=agent.id,
            chat_id=1,
            account=self.executor.server if by_server else agent.actor,
            sequence=sequence,
            side=None,
            order=order,
            notional_usd=Decimal(0),
            expires_at=now + timedelta(minutes=1),
            created_at=now,
            updated_at=now,
            correlation_id="test",
        )

    async def quote(self, sell: Amount, symbol: str) -> Quote:
        """The best quote over all venues."""
        via = [] if "SEI" in (sell.token.symbol, symbol) else [self.tokens["SEI"]]
        quotes = [
            quote
            for venue in self.venues
            for quote in await venue.read_quotes(sell, self.tokens[symbol], via)
        ]
        return max(quotes, key=lambda quote: quote.buy.raw)

    async def swap(self, agent: Agent, sell: Amount, symbol: str, sequence: int = 1) -> Intent:
        return self.swap_of(agent, await self.quote(sell, symbol), sequence)

    def swap_of(self, agent: Agent, quote: Quote, sequence: int = 1, least: int = 0) -> Intent:
        """A swap of a quote, for at least 99 % of it or `least` base units."""
        order = Order(
            sell=quote.sell,
            expected_buy=quote.buy,
            min_buy=Amount(quote.buy.token, least or quote.buy.raw * 99 // 100),
            venue=quote.venue,
            adapter=quote.adapter,
            data=quote.data,
            mandate=self.mandates.get(agent.escrow),
        )
        return self.intent(agent, IntentKind.SWAP, order, sequence)

    async def sign(self, intent: Intent, agent: Agent, gas_limit: int = 0) -> Intent:
        """Simulate unless a gas limit is given, and sign with the chain's next nonce."""
        limit = gas_limit or await self.executor.simulate(intent, agent)
        nonce = await self.executor.read_nonce(intent.account)
        return replace(intent, signed=await self.executor.sign(intent, agent, nonce, limit))

    async def run(self, intent: Intent, agent: Agent, gas_limit: int = 0) -> Receipt:
        """From simulation to receipt."""
        intent = await self.sign(intent, agent, gas_limit)
        await self.send(intent)
        return await self.receipt(intent, agent)

    async def send(self, intent: Intent) -> None:
        """Send what `sign` has signed."""
        assert intent.signed is not None
        await self.executor.send(intent.signed)

    async def receipt(self, intent: Intent, agent: Agent) -> Receipt:
        """The receipt, as soon as there is one: anvil mines after it has answered a send."""
        for _ in range(2_000):
            if receipt := await self.executor.read_receipt(intent, agent):
                return receipt
            await asyncio.sleep(0.002)
        raise AssertionError("no receipt")


@asynccontextmanager
async def fake() -> AsyncIterator[World]:
    clock = FakeClock()
    chain = FakeChain(clock)

    async def give(holder: str, amount: Amount) -> None:
        chain.deposit(holder, amount)

    async def pause(*, paused: bool) -> None:
        chain.paused = paused

    for symbol, token in FAKE_TOKENS.items():
        chain.contracts.list_token(token, PRICES[symbol])
    adapter = fake_address("Deep")
    chain.contracts.list_venue(adapter)

    yield World(
        reader=FakeReader(chain),
        executor=FakeExecutor(chain),
        venues=[FakeVenue(chain, "Deep", {pair: _fake_rate(*pair) for pair in _FAKE_POOLS})],
        tokens=FAKE_TOKENS,
        now=clock.now,
        give=give,
        pause=pause,
        escrows=FakeEscrows(chain),
        logs=FakeLogs(chain),
        signatures=FakeSignatures(chain),
        owner_signs=lambda message: fake_signature(TEST_WALLET, message),
        orchestrator=ORCHESTRATOR,
        adapters=(adapter,),
    )


@asynccontextmanager
async def anvil() -> AsyncIterator[World]:
    clock = SystemClock()
    server = Account.from_key(SERVER_KEY)
    options = LocalChainOptions(server=server.address, prices=PRICES, at_sei_pace=False)
    async with local_chain(options) as local, connected(local.rpc_url) as w3:
        rpc, found = Rpc(local.rpc_url), local.deployment
        reader = RpcReader(rpc, found.lens)
        kinds = discover(bot.venues, "VENUE")
        signer = Signer(SERVER_KEY, {1: SEED})
        operator = KeyedAccount(w3, f"0x{SERVER_KEY.hex()}")
        admin = KeyedAccount(w3, DEPLOYER_KEY)
        orchestrator = w3.eth.contract(
            address=w3.to_checksum_address(found.orchestrator),
            abi=load_artifact("CaretOrchestrator").abi,
        )

        async def give(holder: str, amount: Amount) -> None:
            await local.faucet.give(holder, amount)

        async def pause(*, paused: bool) -> None:
            account, call = (operator, "pause") if paused else (admin, "unpause")
            await account.transact(orchestrator.address, orchestrator.encode_abi(call))

        yield World(
            reader=reader,
            executor=RpcExecutor(
                rpc, signer, clock, chain_id=found.chain_id, orchestrator=found.orchestrator
            ),
            venues=[kinds[venue.kind].build(venue, reader) for venue in found.venues],
            tokens={token.symbol: token for token in found.all_tokens()},
            now=clock.now,
            give=give,
            pause=pause,
            escrows=RpcEscrows(rpc, found),
            logs=RpcEscrowLogs(rpc),
            signatures=RpcSignatures(rpc, found.chain_id),
            owner_signs=sign_as_test_wallet,
            orchestrator=found.orchestrator,
            adapters=tuple(venue.adapter for venue in found.venues),
            local=local,
            rpc=rpc,
        )
        await rpc.close()


def _fake_rate(sold: str, bought: str) -> Fraction:
    decimals = FAKE_TOKENS[bought].decimals - FAKE_TOKENS[sold].decimals
    return Fraction(PRICES[sold]) / Fraction(PRICES[bought]) * Fraction(10) ** decimals
