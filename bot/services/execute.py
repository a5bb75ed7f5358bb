"""Drive confirmed intents to the chain's verdict, one account at a time. MOVES MONEY.

Each turn of the loop looks at the journalled state, takes the one step that follows from it and
journals the next state. A restart enters the same loop at the same place, so there is no second
code path for recovery. A signed transaction is bound to its nonce, and is always driven to the
chain's verdict: sending it again can only do the same thing once.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

import structlog

from bot.domain.errors import UpstreamError
from bot.domain.money import Token
from bot.domain.people import Agent, AgentId, AgentState
from bot.domain.trade import (
    IN_FLIGHT,
    OPEN,
    Intent,
    IntentId,
    IntentKind,
    IntentState,
    Order,
    Receipt,
    SignedTx,
)
from bot.policy.risk import Limits
from bot.ports.chain import ChainReader, ChainRefusedError, Executor
from bot.ports.clock import Clock
from bot.ports.ledger import Journal, Notice, Outbox, Step
from bot.ports.records import Agents, Switches
from bot.services.settle import settled_step
from bot.services.switches import trading_paused

log = structlog.get_logger(__name__)

_POLL_S = 0.05
_SLOW_POLL_S = 0.5
_SLOW_AFTER_S = 3.0
_RESEND_S = 15.0
_FORGOTTEN_S = 600.0
"""By then no node holds what all refuse, and the deadline of a swap has passed on the chain."""
_BACKOFF_S = 2.0
_SWAP_GAS = 500_000
"""More than a swap through an escrow needs, the sender's own margin included."""

GAS_REASON = "gas"
NETWORK_REASON = "network"
PAUSED_REASON = "trading_paused"
AGENT_PAUSED_REASON = "agent_paused"


@dataclass(frozen=True, slots=True)
class Execute:
    """Runs intents. `wake` tells the outbox that a notice is waiting."""

    clock: Clock
    journal: Journal
    agents: Agents
    executor: Executor
    reader: ChainReader
    outbox: Outbox
    switches: Switches
    limits: Limits
    native: Token
    wake: Callable[[], None]
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    _tasks: set[asyncio.Task[Intent]] = field(default_factory=set)
    _recovered: set[IntentId] = field(default_factory=set)

    def start(self, intent: Intent) -> asyncio.Task[Intent]:
        """Drive an intent in the background; the task ends with its last state."""
        task = asyncio.create_task(self.drive(intent.id, intent.account))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def recover(self) -> int:
        """Carry on every open intent after a restart; returns how many.

        What is in flight goes first: nothing else of its account can be signed before it ends.
        """
        intents = sorted(await self.journal.load_open(), key=lambda i: i.state not in IN_FLIGHT)
        self._recovered.update(intent.id for intent in intents)
        for intent in intents:
            self.start(intent)
        return len(intents)

    async def stop(self) -> None:
        """Stop driving; the journal knows where to go on."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def drive(self, intent_id: IntentId, account: str) -> Intent:
        """Take an intent to a state that is not open, however long the chain needs."""
        async with self._locks.setdefault(account, asyncio.Lock()):
            return await self._run(intent_id)

    def _ended(self, task: asyncio.Task[Intent]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (bug := task.exception()):
            log.error("intent_stuck", exc_info=bug)

    async def _run(self, intent_id: IntentId) -> Intent:
        intent = await self._load(intent_id)
        while intent.state in OPEN:
            agent = await self.agents.load_agent(AgentId(intent.agent_id))
            if agent is None:
                raise LookupError(f"intent {intent.id} has no agent")
            try:
                await self._step(intent, agent)
            except UpstreamError as error:
                await self._wait(intent, error)
            intent = await self._load(intent_id)
        self._recovered.discard(intent_id)
        if intent.kind is IntentKind.OPEN_AGENT and intent.state is not IntentState.SETTLED:
            await self.agents.save_state(AgentId(intent.agent_id), AgentState.CLOSED)
        return intent

    async def _wait(self, intent: Intent, error: UpstreamError) -> None:
        """An edge is out: what is signed waits for the verdict, the rest is given up if it must.

        The person is told once that it takes longer.
        """
        log.warning("intent_waits", intent=intent.id, edge=error.edge, reason=error.reason)
        if intent.state is IntentState.CONFIRMED and not error.retryable:
            return await self._finish(intent, IntentState.REFUSED, NETWORK_REASON)
        waited = (self.clock.now() - intent.updated_at).total_seconds()
        if waited > _RESEND_S and (intent.state in IN_FLIGHT or intent.kind is not IntentKind.SWAP):
            await self._tell_pending(intent)
        return await self.clock.sleep(_BACKOFF_S)

    async def _step(self, intent: Intent, agent: Agent) -> None:
        match intent.state:
            case IntentState.CONFIRMED:
                await self._sign(intent, agent)
            case IntentState.SIGNED:
                await self._send(intent, agent, _signed(intent))
            case IntentState.SENT:
                await self._await_receipt(intent, agent, _signed(intent))
            case IntentState.MINED:
                await self._settle(intent)

    async def _sign(self, intent: Intent, agent: Agent) -> None:
        swapping = intent.kind is IntentKind.SWAP
        if swapping and self.clock.now() >= intent.expires_at:
            return await self._finish(intent, IntentState.EXPIRED, "expired")
        if swapping and await trading_paused(self.switches):
            return await self._finish(intent, IntentState.REFUSED, PAUSED_REASON)
        if swapping and agent.state is not AgentState.ACTIVE:
            return await self._finish(intent, IntentState.REFUSED, AGENT_PAUSED_REASON)
        try:
            if swapping and not await self._has_gas(intent):
                return await self._finish(intent, IntentState.REFUSED, GAS_REASON)
            gas_limit, chain_nonce, nonce = await asyncio.gather(
                self.executor.simulate(intent, agent),
                self.executor.read_nonce(intent.account),
                self.journal.load_nonce(intent.account),
            )
            signed = await self.executor.sign(intent, agent, max(nonce, chain_nonce), gas_limit)
        except ChainRefusedError as error:
            return await self._finish(intent, IntentState.REFUSED, refusal_reason(error))
        if not await self._advance(intent, IntentState.SIGNED, signed=signed):
            await self.clock.sleep(_BACKOFF_S)
        return None

    async def _send(self, intent: Intent, agent: Agent, signed: SignedTx) -> None:
        try:
            await self.executor.send(signed)
        except ChainRefusedError as error:
            if not await self._mined(intent, agent):
                await self._drop(intent, signed, error.name)
            return
        await self._advance(intent, IntentState.SENT)

    async def _await_receipt(self, intent: Intent, agent: Agent, signed: SignedTx) -> None:
        resent = 0.0
        while not await self._mined(intent, agent):
            waited = (self.clock.now() - intent.updated_at).total_seconds()
            if waited - resent > _RESEND_S:
                resent = waited
                await self._tell_pending(intent)
                if await self._overtaken(intent, agent, signed):
                    return
                if await self._refused_again(intent, agent, signed, waited):
                    return
            await self.clock.sleep(_POLL_S if waited < _SLOW_AFTER_S else _SLOW_POLL_S)

    async def _refused_again(
        self, intent: Intent, agent: Agent, signed: SignedTx, waited_s: float
    ) -> bool:
        """Send once more; whether that ended it.

        One node took it, so another's refusal counts only when all have had time to forget it.
        """
        try:
            await self.executor.send(signed)
        except ChainRefusedError as error:
            log.warning("resend_refused", intent=intent.id, reason=error.name)
            if waited_s < _FORGOTTEN_S:
                return False
            if not await self._mined(intent, agent):
                await self._drop(intent, signed, error.name)
            return True
        return False

    async def _mined(self, intent: Intent, agent: Agent) -> bool:
        receipt = await self.executor.read_receipt(intent, agent)
        if receipt is None:
            return False
        return await self._advance(intent, IntentState.MINED, receipt=receipt)

    async def _overtaken(self, intent: Intent, agent: Agent, signed: SignedTx) -> bool:
        """Whether another transaction took the nonce; looks for the receipt once more first."""
        if await self.executor.read_nonce(signed.account) <= signed.nonce:
            return False
        await self.clock.sleep(_BACKOFF_S)
        if not await self._mined(intent, agent):
            await self._drop(intent, signed, "nonce used by another transaction")
        return True

    async def _drop(self, intent: Intent, signed: SignedTx, reason: str) -> None:
        used = await self.executor.read_nonce(signed.account) > signed.nonce
        step = self._last_step(intent, IntentState.DROPPED, reason)
        await self._apply(intent, replace(step, frees_nonce=not used))

    async def _settle(self, intent: Intent) -> None:
        if intent.receipt is None:
            raise LookupError(f"mined intent {intent.id} has no receipt")
        step = settled_step(intent, self.clock.now(), self._notice(intent))
        await self._apply(intent, step)

    async def _has_gas(self, intent: Intent) -> bool:
        """Whether the actor can pay for a swap, after a top-up from its escrow if it runs low."""
        gas_price, held = await asyncio.gather(
            self.reader.read_gas_price(), self.reader.read_native(intent.account)
        )
        low = self.native.amount(self.limits.low_gas_sei).raw
        needed = max(low // 2, 2 * gas_price * _SWAP_GAS)
        if held >= max(low, needed):
            return True
        await self._top_up(intent)
        return await self.reader.read_native(intent.account) >= needed

    async def _top_up(self, intent: Intent) -> None:
        """Let the actor take gas money from its escrow, within the contract's daily limit."""
        top_up = replace(
            intent,
            id=IntentId(f"{intent.id}.gas"),
            kind=IntentKind.FUND_ACTOR,
            state=IntentState.CONFIRMED,
            order=Order(self.native.amount(self.limits.gas_top_up_sei)),
            notional_usd=Decimal(0),
            side=None,
            sequence=0,
            decision_id=None,
        )
        if await self.journal.load_intent(top_up.id) is None:
            await self.journal.save_proposal(top_up)
        await self._run(top_up.id)

    async def _finish(self, intent: Intent, to: IntentState, reason: str) -> None:
        await self._apply(intent, self._last_step(intent, to, reason))

    def _last_step(self, intent: Intent, to: IntentState, reason: str) -> Step:
        return Step(
            expect=intent.state,
            to=to,
            now=self.clock.now(),
            reason=reason,
            notice=self._notice(intent),
        )

    async def _advance(
        self,
        intent: Intent,
        to: IntentState,
        signed: SignedTx | None = None,
        receipt: Receipt | None = None,
    ) -> bool:
        step = Step(intent.state, to, self.clock.now(), signed=signed, receipt=receipt)
        return await self._apply(intent, step)

    async def _apply(self, intent: Intent, step: Step) -> bool:
        advanced = await self.journal.advance(intent.id, step)
        if advanced and step.notice:
            self.wake()
        return advanced is not None

    async def _tell_pending(self, intent: Intent) -> None:
        if intent.kind is IntentKind.FUND_ACTOR:
            return
        key = f"pending:{intent.id}"
        notice = Notice(intent.chat_id, "pending", key, {"intent": intent.id})
        await self.outbox.queue(notice, self.clock.now())
        self.wake()

    def _notice(self, intent: Intent) -> Notice | None:
        if intent.kind is IntentKind.FUND_ACTOR:
            return None
        data = {"intent": str(intent.id)}
        if intent.id in self._recovered:
            data["recovered"] = "yes"
        return Notice(intent.chat_id, "outcome", f"outcome:{intent.id}", data)

    async def _load(self, intent_id: IntentId) -> Intent:
        intent = await self.journal.load_intent(intent_id)
        if intent is None:
            raise LookupError(f"intent {intent_id} is not in the journal")
        return intent


def refusal_reason(error: ChainRefusedError) -> str:
    """A refusal as it is journalled: its name, and its figures where they are numbers."""
    figures = [str(figure) for figure in error.figures if isinstance(figure, int)]
    return " ".join([error.name, *figures])


def _signed(intent: Intent) -> SignedTx:
    if intent.signed is None:
        raise LookupError(f"intent {intent.id} is {intent.state} without a signature")
    return intent.signed
