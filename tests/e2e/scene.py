"""One running service that many tests share: time can be set forward, edges can be broken."""

import asyncio
import inspect
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import psutil
from web3.types import RPCEndpoint

from bot.app.adapters import PROMPTS, Parts
from bot.chain.deployer import connected
from bot.clock import SystemClock
from bot.domain.errors import UpstreamError
from bot.domain.people import Agent
from bot.domain.trade import Intent, IntentState, SignedTx
from bot.llm.gemini import GeminiBrain
from bot.llm.prompts import load_prompts
from bot.local.chain.accounts import MAKER_KEY
from bot.local.chain.exchange import LOCAL_COINS, Exchange
from bot.local.chain.maker import MarketMaker
from bot.local.gemini.server import GeminiStandIn
from bot.ports.chain import Executor
from bot.serving import served
from tests.e2e.stage import PATIENCE_S, Person, Stage, raise_curtain, text_of

DEEP, FAST = "deep-model", "fast-model"
_NAP_S = 0.05
_GEMINI_TIMEOUT_S = 0.7
_BLIND_GAS = 600_000
_NOT_TRADED = (IntentState.PROPOSED, IntentState.DECLINED, IntentState.EXPIRED)


Hook = Callable[[], object]


class ShiftedClock:
    """The system's time, which a test can set forward; nobody sleeps for long."""

    def __init__(self) -> None:
        self._real = SystemClock()
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._real.now() + self._ahead

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(min(seconds, _NAP_S))

    def jump(self, **span: float) -> None:
        """Set it forward: `jump(minutes=6)`."""
        self._ahead += timedelta(**span)


class Gate:
    """Stands before the executor: each hook is called once, and awaited where it waits.

    While it is `blind`, nothing is tried first: what the chain will refuse is sent all the same.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.before_simulate: Hook | None = None
        self.before_send: Hook | None = None
        self.after_send: Hook | None = None
        self.blind = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executor, name)

    async def simulate(self, intent: Intent, agent: Agent) -> int:
        await self._pass("before_simulate")
        return _BLIND_GAS if self.blind else await self._executor.simulate(intent, agent)

    async def send(self, signed: SignedTx) -> None:
        await self._pass("before_send")
        await self._executor.send(signed)
        await self._pass("after_send")

    async def _pass(self, moment: str) -> None:
        act: Hook | None = getattr(self, moment)
        setattr(self, moment, None)
        if act and inspect.isawaitable(waits := act()):
            await waits


@dataclass
class Scene(Stage):
    """A stage on which Ann has an agent with money and Bo one without."""

    clock: ShiftedClock
    folder: Path
    gate: Gate

    async def agent_of(self, person: Person) -> Agent:
        agents: Sequence[Agent] = await self.service.services.agents.load_agents(person.id)
        return agents[0]

    async def intents_of(self, person: Person) -> list[Intent]:
        """All intents of a person's first agent, latest change first."""
        agent = await self.agent_of(person)
        journal = self.service.services.journal
        return list(await journal.load_recent(agent.id, list(IntentState), 1_000))

    async def trades_of(self, person: Person) -> dict[str, IntentState]:
        """What was ever confirmed for a person's agent, and what became of it."""
        intents = await self.intents_of(person)
        return {i.id: i.state for i in intents if i.state not in _NOT_TRADED}

    async def wealth(self) -> dict[str, dict[str, int]]:
        """What every live escrow holds, in base units."""
        services = self.service.services
        escrows = [agent.escrow for agent in await services.agents.load_live()]
        balances = await services.reader.read_balances(escrows, services.listing.tokens)
        return {e: {s: a.raw for s, a in held.items()} for e, held in balances.items()}

    async def spread(self) -> tuple[object, ...]:
        """All that a wrong input must not change."""
        held = [await self.service.services.agents.load_agents(p.id) for p in self.people]
        return await self.wealth(), [await self.trades_of(p) for p in (self.ann, self.bo)], held

    @property
    def people(self) -> tuple[Person, ...]:
        return self.ann, self.bo, self.ada

    @asynccontextmanager
    async def nothing_moves(self) -> AsyncIterator[None]:
        """Inside, nothing is confirmed, paid or changed; after it, the bot still answers."""
        before = await self.spread()
        yield
        assert await self.spread() == before
        assert "Ask me anything" in text_of(await self.ann.say("/help"))

    @asynccontextmanager
    async def market_maker(self) -> AsyncIterator[MarketMaker]:
        """Another trader, who brings pools to any price."""
        world = json.loads((self.folder / "local-chain" / "world.json").read_text())
        exchange = Exchange.model_validate(world["exchange"])
        async with connected(self.local.edges.rpc_url) as w3:
            yield MarketMaker(w3, MAKER_KEY, world["maker"], exchange)

    @asynccontextmanager
    async def exchanges_ahead(self, factor: str) -> AsyncIterator[None]:
        """Inside, pools trade SEI at `factor` times what the feed, two minutes late, says."""
        self.market.faults.stale(120)
        self.market.shock("sei-network", Decimal(factor))
        await self.settle_pools()
        try:
            yield
        finally:
            self.market.shock("sei-network", 1 / Decimal(factor))
            self.market.faults.heal()
            await self.settle_pools()

    async def settle_pools(self) -> None:
        """Bring the pools to the market now, which the service's own maker does every 10 s."""
        prices = {symbol: self.market.price_of(coin) for symbol, coin in LOCAL_COINS.items()}
        async with self.market_maker() as maker:
            for _ in range(5):
                try:
                    await maker.step(prices)
                except UpstreamError:  # the other maker was quicker with this nonce
                    await self.clock.sleep(_NAP_S)
                else:
                    return
            raise TimeoutError("the pools do not settle")

    async def time_passes(self, **span: float) -> None:
        """Set the clock forward; the market moves on, and the pools follow it."""
        self.clock.jump(**span)
        await self.settle_pools()

    async def a_new_day(self) -> None:
        """Yesterday's trades no longer count, and prices are fresh."""
        await self.time_passes(hours=25)

    def silence_chain(self) -> None:
        """From now on the node takes connections and answers nothing."""
        os.kill(self._anvil(), signal.SIGSTOP)

    def wake_chain(self) -> None:
        os.kill(self._anvil(), signal.SIGCONT)

    @contextmanager
    def chain_silent(self) -> Iterator[None]:
        """Inside, the node is silent; at the end it is not, whoever silenced it."""
        self.silence_chain()
        try:
            yield
        finally:
            self.wake_chain()

    async def soon(self, condition: Callable[[], Any]) -> Any:
        """What a condition says once it says something; looked at all the time."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := condition()):
                await self.clock.sleep(_NAP_S)
            return found

    async def set_gas(self, person: Person, sei: str) -> None:
        """What the actor of a person's agent holds."""
        agent = await self.agent_of(person)
        wei = hex(int(Decimal(sei) * 10**18))
        async with connected(self.local.edges.rpc_url) as w3:
            await w3.provider.make_request(RPCEndpoint("anvil_setBalance"), [agent.actor, wei])

    def _anvil(self) -> int:
        port = int(self.local.edges.rpc_url.rpartition(":")[2])
        for child in psutil.Process().children():
            if any(c.laddr and c.laddr.port == port for c in child.net_connections()):
                return child.pid
        raise LookupError("no anvil")


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    """Raise the curtain with an agent of Ann, who has USDC and SEI, and an empty one of Bo.

    Gemini has less than a second to answer, so that nobody has to wait for a slow one.
    """
    clock, gemini = ShiftedClock(), GeminiStandIn()
    async with AsyncExitStack() as stack:
        url = (await stack.enter_async_context(served(gemini.app))).url
        brain = GeminiBrain(
            "test-key", url, DEEP, FAST, load_prompts(PROMPTS), clock, timeout_s=_GEMINI_TIMEOUT_S
        )
        stack.push_async_callback(brain.aclose)

        gates: list[Gate] = []

        def wrap(parts: Parts) -> None:
            parts.brain = brain
            gates.append(Gate(parts.executor))
            parts.executor = cast("Executor", gates[0])

        stage = await stack.enter_async_context(
            raise_curtain(
                folder, gemini=False, clock=clock, wrap=wrap, coingecko_rate_per_min=10_000
            )
        )
        on = Scene(stage.local, gemini, clock, folder, gates[0])
        for person in (on.ann, on.bo):
            await person.opens_agent()
            await on.allow(person)
        await on.ann.is_funded("USDC", "SEI")
        yield on
