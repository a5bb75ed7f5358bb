"""Every use case on the fakes: one person, her agent with an escrow, a market and two venues."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Any

from bot.domain.mandate import Mandate
from bot.domain.money import NATIVE, Amount, Bps, Token
from bot.domain.people import Agent, AgentId, AgentState, User, UserId
from bot.domain.tokens import Listing
from bot.domain.trade import (
    OPEN,
    Intent,
    IntentId,
    IntentKind,
    IntentState,
    Order,
    Side,
    TradeRequest,
)
from bot.policy.risk import Limits
from bot.ports.ledger import Notice
from bot.ports.records import UserSettings
from bot.services.answering import Desk
from bot.services.change_mandate import ChangeMandate
from bot.services.confirm import Confirm
from bot.services.converse import Converse
from bot.services.execute import Execute
from bot.services.intents import Origin
from bot.services.manage_agents import CloseAgent
from bot.services.open_agent import OpenAgent
from bot.services.panic import Panic
from bot.services.portfolio import ViewPortfolio
from bot.services.propose import Propose
from bot.services.signing_links import Links
from bot.services.watch_deposits import WatchDeposits
from bot.services.watch_escrows import WatchEscrows
from bot.services.withdraw import Withdraw
from tests.fakes.alerts import FakeAlerts, FakeTicks
from tests.fakes.brain import FakeBrain
from tests.fakes.chain import FakeChain, FakeExecutor, FakeReader, FakeVenue
from tests.fakes.clock import FakeClock
from tests.fakes.contracts import ORCHESTRATOR, Book, fake_address
from tests.fakes.escrows import FakeEscrows, FakeLogs, FakeSignatures, wide_mandate
from tests.fakes.ledger import FakeLedger
from tests.fakes.market import FakeMarket, history_of
from tests.fakes.records import FakeRecords

SEI = Token("SEI", "0x" + "1" * 40, 18, "sei-network", is_wrapped_native=True)
USDC = Token("USDC", "0x" + "2" * 40, 6, "usd-coin")
WBTC = Token("WBTC", "0x" + "3" * 40, 8, "wrapped-bitcoin")
ISEI = Token("iSEI", "0x" + "4" * 40, 6, "isei")
LISTING = Listing((SEI, USDC, WBTC, ISEI), quote=USDC, native=SEI)
PRICES = {"SEI": "0.25", "USDC": "1", "WBTC": "60000", "iSEI": "0.3"}

ANN = UserId(7)
BO = UserId(8)
CHAT = 7
ADMIN = 99
OWNER = "0x" + "A" * 40
TERMS = UserSettings(Bps(100), Decimal(50), Decimal(200), "en")


def fair_rate(sold: Token, bought: Token) -> Fraction:
    """Base units of `bought` for one of `sold` at `PRICES`."""
    worth = Fraction(PRICES[sold.symbol]) / Fraction(PRICES[bought.symbol])
    return worth * Fraction(10) ** (bought.decimals - sold.decimals)


@dataclass
class Office:
    """The fakes and the use cases wired around them; `wakes` counts calls to the outbox's bell."""

    clock: FakeClock
    limits: Limits = field(default_factory=Limits)
    wakes: int = 0
    ids: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.records = FakeRecords(self.clock)
        self.ledger = FakeLedger(self.records)
        self.alerts = FakeAlerts(self.records, self.ledger, FakeTicks())
        self.chain = FakeChain(self.clock)
        self.executor = FakeExecutor(self.chain)
        self.reader = FakeReader(self.chain)
        self.escrows = FakeEscrows(self.chain)
        self.logs = FakeLogs(self.chain)
        self.signatures = FakeSignatures(self.chain)
        self.market = FakeMarket(self.clock)
        self.refresh_prices()
        for token in LISTING.tokens:
            for days in (1, 7, 30, 90):
                closes = [Decimal(PRICES[token.symbol])] * 59 + [Decimal(PRICES[token.symbol])]
                history = history_of(token.symbol, days, closes, self.clock.now())
                self.market.set_history(history)
        pools = {("SEI", "USDC"): fair_rate(SEI, USDC), ("iSEI", "SEI"): fair_rate(ISEI, SEI)}
        wide = {**pools, ("WBTC", "USDC"): fair_rate(WBTC, USDC)}
        self.venues = [
            FakeVenue(self.chain, "Cheap", wide, fee=Bps(5)),
            FakeVenue(self.chain, "Dear", pools, fee=Bps(100)),
        ]
        for token in LISTING.tokens:
            self.chain.contracts.list_token(token, PRICES[token.symbol])
        for name in ("Cheap", "Dear", "Free"):
            self.chain.contracts.list_venue(fake_address(name))
        self.brain = FakeBrain("deep model")
        self.fallback = FakeBrain("rule-based analyst")
        self.execute = self.new_execute()
        self.links = Links(self.clock)

    def refresh_prices(self, age_s: float = 0) -> None:
        for symbol, usd in PRICES.items():
            self.market.set_price(symbol, usd, age_s=age_s)

    def wake(self) -> None:
        self.wakes += 1

    def new_execute(self, **ports: Any) -> Execute:
        """As a process builds it at its start: it knows nothing but what is journalled."""
        parts: dict[str, Any] = {
            "journal": self.ledger,
            "agents": self.records,
            "executor": self.executor,
            "reader": self.reader,
            "outbox": self.ledger,
            **ports,
        }
        return Execute(
            clock=self.clock,
            switches=self.records,
            limits=self.limits,
            native=SEI,
            wake=self.wake,
            **parts,
        )

    async def restart(self) -> int:
        """Stop as a process does, start again, recover; how many intents were taken up."""
        await self.execute.stop()
        self.execute = self.new_execute()
        return await self.execute.recover()

    @property
    def propose(self) -> Propose:
        return Propose(
            clock=self.clock,
            journal=self.ledger,
            agents=self.records,
            market=self.market,
            reader=self.reader,
            venues=self.venues,
            switches=self.records,
            listing=LISTING,
            limits=self.limits,
            escrows=self.escrows,
            change_mandate=self.change_mandate,
        )

    @property
    def change_mandate(self) -> ChangeMandate:
        return ChangeMandate(
            clock=self.clock,
            journal=self.ledger,
            agents=self.records,
            mandates=self.records,
            escrows=self.escrows,
            signatures=self.signatures,
            executor=self.executor,
            execute=self.execute,
            native=SEI,
        )

    @property
    def panic(self) -> Panic:
        return Panic(self.clock, self.records, self.ledger, self.change_mandate, self.links)

    def watch_escrows(self, **ports: Any) -> WatchEscrows:
        parts: dict[str, Any] = {
            "agents": self.records,
            "mandates": self.records,
            "events": self.ledger,
            "reader": self.reader,
            "logs": self.logs,
            **ports,
        }
        return WatchEscrows(
            signatures=self.signatures,
            orchestrator=ORCHESTRATOR,
            deployed_at=1,
            admin_ids=frozenset({ADMIN}),
            wake=self.wake,
            **parts,
        )

    @property
    def confirm(self) -> Confirm:
        return Confirm(
            clock=self.clock,
            journal=self.ledger,
            agents=self.records,
            market=self.market,
            switches=self.records,
            conversations=self.records,
            listing=LISTING,
            limits=self.limits,
        )

    @property
    def open_agent(self) -> OpenAgent:
        return OpenAgent(
            clock=self.clock,
            agents=self.records,
            journal=self.ledger,
            executor=self.executor,
            execute=self.execute,
            limits=self.limits,
            native=SEI,
        )

    @property
    def close_agent(self) -> CloseAgent:
        return CloseAgent(self.alerts, self.reader, self.market, LISTING, self.limits)

    @property
    def portfolio(self) -> ViewPortfolio:
        return ViewPortfolio(self.reader, self.market, self.ledger, LISTING)

    @property
    def withdraw(self) -> Withdraw:
        return Withdraw(self.clock, self.ledger, self.reader, self.executor, self.market, LISTING)

    @property
    def deposits(self) -> WatchDeposits:
        return WatchDeposits(
            self.records,
            self.ledger,
            self.reader,
            self.market,
            LISTING,
            self.limits,
            self.wake,
        )

    def converse(self) -> Converse:
        desk = Desk(
            self.clock,
            self.market,
            self.reader,
            self.records,
            self.ledger,
            LISTING,
            self.limits,
            self.escrows,
            self.change_mandate,
        )
        return Converse(desk, self.brain, self.fallback)

    async def user(self, user_id: UserId = ANN, **settings: Any) -> User:
        """A person with the default settings, or some of her own."""
        user = await self.records.save_user(user_id, "Ann", None, TERMS)
        if not settings:
            return user
        self.records.users[user_id] = replace(user, **settings)
        return self.records.users[user_id]

    async def agent(self, name: str = "Alpha", user_id: UserId = ANN, **holdings: str) -> Agent:
        """An agent that was opened earlier, with gas, a wide mandate and so many units to trade."""
        agent = await self.bare_agent(name, user_id, **holdings)
        await self.adopt(agent, wide_mandate(self.chain.contracts))
        return agent

    async def bare_agent(
        self, name: str = "Alpha", user_id: UserId = ANN, exit_hash: str = "", **holdings: str
    ) -> Agent:
        """The same without a signed mandate: with an exit hash the default one is in force."""
        await self.user(user_id)
        agent = await self.records.create_agent(user_id, name, "buy low", OWNER, exit_hash)
        actor, version = self.executor.derive_actor(user_id, agent.id)
        await self.records.save_actor(agent.id, actor, version)
        escrow = fake_address(f"escrow of agent {agent.id}")
        self.chain.escrows[actor] = escrow
        index = self.chain.contracts.open(escrow, self.agent_now(agent))
        self.records.open_escrow(agent.id, escrow, index)
        self.chain.balances[actor, NATIVE] = SEI.amount(Decimal(1)).raw
        self.give(escrow, **holdings)
        return self.agent_now(agent)

    async def adopt(self, agent: Agent, mandate: Mandate, *, known: bool = True) -> None:
        """A mandate was put in force earlier, by us or (not `known`) by somebody else."""
        book = self.book(agent)
        book.mandate, book.nonce, book.dropped = mandate, mandate.nonce, False
        if known:
            word = self.signatures.word_of(mandate)
            await self.records.save_mandate(agent.id, word, mandate)

    def book(self, agent: Agent) -> Book:
        """How the agent's escrow stands on the chain."""
        return self.chain.contracts.books[agent.escrow]

    def give(self, holder: str, **holdings: str) -> None:
        for symbol, units in holdings.items():
            token = LISTING.find(symbol)
            assert token is not None
            self.chain.deposit(holder, token.amount(Decimal(units)))

    def held(self, agent: Agent, token: Token) -> Decimal:
        return Amount(token, self.chain.held(agent.escrow, token)).value

    async def origin(self, user_id: UserId = ANN, decision_id: int | None = None) -> Origin:
        return Origin(await self.user(user_id), CHAT, "c0ffee", decision_id)

    def request(
        self, agent: Agent, side: Side = Side.BUY, symbol: str = "SEI", amount: str = "10"
    ) -> TradeRequest:
        return TradeRequest(agent_id=int(agent.id), symbol=symbol, amount=amount, side=side)

    async def confirmed(self, agent: Agent, usd: str = "10") -> Intent:
        """A tap on Confirm for a purchase of SEI."""
        origin = await self.origin(agent.user_id)
        proposal = await self.propose.propose(self.request(agent, amount=usd), origin)
        return await self.confirm.confirm(proposal.intent.id, origin.user)

    async def withdrawal(self, agent: Agent, amount: Amount) -> Intent:
        """A confirmed withdrawal."""
        intent = Intent(
            id=IntentId(f"w{next(self.ids)}.0"),
            kind=IntentKind.WITHDRAW,
            state=IntentState.CONFIRMED,
            user_id=agent.user_id,
            agent_id=agent.id,
            chat_id=CHAT,
            account=self.executor.server,
            sequence=0,
            side=None,
            order=Order(amount),
            notional_usd=Decimal(0),
            expires_at=self.clock.now() + timedelta(minutes=10),
            created_at=self.clock.now(),
            updated_at=self.clock.now(),
            correlation_id="c0ffee",
        )
        await self.ledger.save_proposal(intent)
        return intent

    async def finish(self, *tasks: "asyncio.Task[Intent]", seconds: float = 30) -> Sequence[Intent]:
        """Let time pass until the tasks end; they must within `seconds`."""
        for _ in range(int(seconds * 2)):
            if all(task.done() for task in tasks):
                break
            await self.clock.advance(0.5)
        pending = [task for task in tasks if not task.done()]
        assert not pending, "still under way"
        return [task.result() for task in tasks]

    async def run(self, intent: Intent, seconds: float = 30) -> Intent:
        """Drive an intent to its end."""
        return (await self.finish(self.execute.start(intent), seconds=seconds))[0]

    async def settle(self, seconds: float = 30) -> None:
        """Let time pass until nothing is open."""
        for _ in range(int(seconds * 2)):
            if not any(intent.state in OPEN for intent in self.ledger.intents.values()):
                return
            await self.clock.advance(0.5)
        raise AssertionError("still open")

    def now_of(self, intent: Intent) -> Intent:
        return self.ledger.intents[intent.id]

    def path_of(self, intent: Intent) -> list[IntentState]:
        """The states an intent went through."""
        return [state for intent_id, state in self.ledger.events if intent_id == intent.id]

    def notices(self, kind: str | None = None) -> list[Notice]:
        return [w.notice for w in self.ledger.notices if kind in (None, w.notice.kind)]

    def executed(self, intent: Intent) -> int:
        """How many of its transactions the chain has mined, whatever came of them."""
        return sum(
            tx_hash in self.chain.receipts
            for tx_hash, (_, of, _) in self.chain.signed.items()
            if of.id == intent.id
        )

    def agent_now(self, agent: Agent) -> Agent:
        return self.records.agents[AgentId(agent.id)]

    async def set_state(self, agent: Agent, state: AgentState) -> None:
        await self.records.save_state(AgentId(agent.id), state)
