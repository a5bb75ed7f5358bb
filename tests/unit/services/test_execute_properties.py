"""Whatever fails and whenever the process dies: each intent runs at most once, and the journal
ends up telling the truth about the chain.
"""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import UpstreamError
from bot.domain.money import NATIVE
from bot.domain.people import Agent, AgentState
from bot.domain.trade import IN_FLIGHT, OPEN, Intent, IntentKind, IntentState, SignedTx
from bot.ports.chain import ChainRefusedError
from bot.services.open_agent import OpenAgent
from bot.services.switches import pause_trading
from tests.fakes.clock import FakeClock
from tests.unit.services.faults import Faulty, KilledError
from tests.unit.services.office import BO, SEI, USDC, Office

ROLLS = ["ok"] * 6 + ["lost before", "lost after", "kill before", "kill after", "refuse"]
EVENTS = [
    *["mine", "mine", "wait", "wait long"],
    *["evict", "overtake", "revert", "restart", "pause", "resume", "outage", "back", "watch"],
]


class Process:
    """One life of the process: rolls what becomes of every call, and stays dead once killed."""

    def __init__(self, office: Office, rolls: list[str]) -> None:
        self.office = office
        self.rolls = rolls
        self.dead = False

    def before(self, method: str, args: tuple[Any, ...], *, chain: bool) -> Exception | None:
        self.roll = self.rolls.pop() if self.rolls and not self.dead else "ok"
        if self.roll == "kill before":
            self.dead = True
        if self.dead:
            return KilledError()
        if chain and self.roll == "lost before":
            return UpstreamError("chain", "lost", retryable=True)
        if chain and self.roll == "refuse" and self.may_refuse(method, args):
            return ChainRefusedError("Refused")
        return None

    def after(self, roll: str, *, chain: bool) -> Exception | None:
        if roll == "kill after":
            self.dead = True
        if self.dead:
            return KilledError()
        if chain and roll == "lost after":
            return UpstreamError("chain", "lost", retryable=True)
        return None

    def may_refuse(self, method: str, args: tuple[Any, ...]) -> bool:
        """A node refuses for good only what no node has and whose nonce is free."""
        if method == "simulate":
            return True
        if method != "send":
            return False
        signed: SignedTx = args[0]
        chain = self.office.chain
        known = signed.tx_hash in chain.pending or signed.tx_hash in chain.receipts
        return not known and signed.nonce >= chain.nonces[signed.account]

    def port(self, fake: Any, *, chain: bool) -> Faulty:
        rolled: list[str] = []

        def before(method: str, args: tuple[Any, ...]) -> Exception | None:
            error = self.before(method, args, chain=chain)
            rolled.append(self.roll)
            return error

        def after(_method: str, _args: tuple[Any, ...]) -> Exception | None:
            return self.after(rolled[-1], chain=chain)

        return Faulty(fake, before, after)


class Storm:
    """An office in which everything goes wrong for a while."""

    def __init__(self, rolls: list[str]) -> None:
        self.office = Office(FakeClock())
        self.rolls = rolls
        self.intents: list[Intent] = []
        self.deposits_noticed = 0

    async def begin(self) -> None:
        office = self.office
        alpha = await office.agent("Alpha", USDC="100", SEI="10")
        office.chain.balances[alpha.actor, NATIVE] = SEI.amount(Decimal("0.06")).raw
        beta = await office.agent("Beta", BO, USDC="100")
        assert await office.deposits.tick() == 3
        office.ledger.notices.clear()
        self.agents = [alpha, beta]
        self.intents = [
            await office.confirmed(alpha),
            await office.confirmed(beta),
            await office.withdrawal(alpha, USDC.amount(Decimal(30))),
            await office.confirmed(alpha),
        ]
        await office.open_agent.open(await office.origin(), "Gamma", "", "0x" + "b" * 40)
        await office.execute.stop()
        office.chain.automine = False
        await self.start()

    async def start(self) -> None:
        """A new life: recovery, as the composition root does it."""
        self.process = process = Process(self.office, self.rolls)
        office = self.office
        journal = process.port(office.ledger, chain=False)
        agents = process.port(office.records, chain=False)
        office.execute = office.new_execute(
            journal=journal,
            agents=agents,
            executor=process.port(office.executor, chain=True),
            reader=process.port(office.reader, chain=True),
            outbox=process.port(office.ledger, chain=False),
        )
        openings: Any = OpenAgent(
            office.clock, agents, journal, office.executor, office.execute, office.limits, SEI
        )
        try:
            await office.execute.recover()
            await openings.recover()
        except KilledError:
            assert process.dead

    async def restart(self) -> None:
        self.process.dead = True
        await self.office.execute.stop()
        await self.start()

    async def happen(self, what: str) -> None:
        """To the process, or to the world around it; then a second passes."""
        match what:
            case "restart":
                await self.restart()
            case "watch":
                await self.watch()
            case "wait long":
                await self.office.clock.advance(20)
            case "pause" | "resume":
                await pause_trading(self.office.records, paused=what == "pause")
            case _:
                self.change_chain(what)
        await self.pass_time(1)

    def change_chain(self, what: str) -> None:
        chain = self.office.chain
        match what:
            case "mine":
                chain.mine()
            case "evict":
                chain.pending.clear()
            case "overtake":
                for account in self.accounts_in_flight():
                    chain.nonces[account] += 1
            case "revert":
                chain.reverts.append("TooLittleReceived")
            case "outage" | "back":
                chain.down = what == "outage"

    def accounts_in_flight(self) -> list[str]:
        known = self.office.ledger.intents.values()
        return [intent.account for intent in known if intent.state in IN_FLIGHT]

    async def watch(self) -> None:
        try:
            self.deposits_noticed += await self.office.deposits.tick()
        except UpstreamError:
            assert self.office.chain.down

    async def pass_time(self, seconds: float) -> None:
        await self.office.clock.advance(seconds)
        while self.process.dead:
            await self.restart()
            await self.office.clock.advance(0)

    async def calm(self) -> None:
        """Everything works again: all that is open must end."""
        chain = self.office.chain
        chain.down, chain.automine = False, True
        chain.reverts.clear()
        chain.mine()
        for _ in range(1_000):
            if not any(intent.state in OPEN for intent in self.office.ledger.intents.values()):
                return
            await self.pass_time(1)
        raise AssertionError("something is open for ever")


def check_truth(office: Office, intent: Intent) -> None:
    """What the journal says is what the chain did."""
    receipts = [
        office.chain.receipts[tx_hash]
        for tx_hash, (_, of, _) in office.chain.signed.items()
        if of.id == intent.id and tx_hash in office.chain.receipts
    ]
    match intent.state:
        case IntentState.SETTLED:
            assert [r.succeeded for r in receipts] == [True]
        case IntentState.REVERTED:
            assert [r.succeeded for r in receipts] == [False]
        case _:
            assert receipts == []
    assert intent.receipt == (receipts[0] if receipts else None)
    told = [n for n in office.notices("outcome") if n.data["intent"] == intent.id]
    assert len(told) == (0 if intent.kind is IntentKind.FUND_ACTOR else 1)
    fills = [fill for fill in office.ledger.fills if fill.intent_id == intent.id]
    filled = intent.kind is IntentKind.SWAP and intent.state is IntentState.SETTLED
    assert len(fills) == filled


def check_openings(office: Office) -> None:
    for agent in office.records.agents.values():
        opened = agent.actor in office.chain.escrows
        assert agent.state is (AgentState.ACTIVE if opened else AgentState.CLOSED)
        assert bool(agent.escrow) is opened


async def check_life_goes_on(storm: Storm, agents: Sequence[Agent]) -> None:
    """No account is stuck: each agent still trades and pays out."""
    office = storm.office
    await pause_trading(office.records, paused=False)
    office.refresh_prices()
    for agent in agents:
        office.chain.balances[agent.actor, NATIVE] = 10**18
        assert (await office.run(await office.confirmed(agent))).state is IntentState.SETTLED
        withdrawal = await office.withdrawal(agent, USDC.amount(Decimal(1)))
        assert (await office.run(withdrawal)).state is IntentState.SETTLED


async def weather(rolls: list[str], events: Sequence[str]) -> int:
    """Live through it; how many rolls were left over."""
    storm = Storm(rolls)
    await storm.begin()
    for what in events:
        await storm.happen(what)
    await storm.calm()
    office, left = storm.office, len(rolls)
    rolls.clear()
    await storm.pass_time(1)
    for intent in office.ledger.intents.values():
        check_truth(office, intent)
    check_openings(office)
    await storm.watch()
    assert storm.deposits_noticed == 0
    await check_life_goes_on(storm, storm.agents)
    await office.execute.stop()
    return left


@settings(max_examples=120)
@given(
    rolls=st.lists(st.sampled_from(ROLLS), max_size=120),
    events=st.lists(st.sampled_from(EVENTS), max_size=25),
)
def test_each_intent_runs_at_most_once_and_the_journal_tells_the_truth(
    rolls: list[str], events: list[str]
):
    asyncio.run(weather(list(rolls), events))


@pytest.mark.parametrize(("fault", "stride"), [("kill after", 1), ("lost after", 3)])
def test_one_fault_at_any_call(fault: str, stride: int):
    """The same, not left to chance: every call fails once, in a run where nothing else does."""

    async def every_call() -> None:
        nth = 0
        while not await weather([fault, *["ok"] * nth], ["mine"] * 4):
            nth += stride
        assert nth > 60

    asyncio.run(every_call())
