"""Pass decisions of public agents on to whoever follows them: figures only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.alerts import Place
from bot.domain.analysis import Action, TradeDecision
from bot.domain.errors import UserError
from bot.domain.money import exact
from bot.domain.people import Agent, AgentId, AgentState, User
from bot.policy.pnl import positions
from bot.ports.clock import Clock
from bot.ports.groups import Following, Groups, Signal
from bot.ports.ledger import Journal, Notice, Priority
from bot.ports.records import Agents, Conversations

MOST_FOLLOWED = 20
"""Public agents that one place follows at most."""
_BATCH = 50


@dataclass(frozen=True, slots=True)
class Record:
    """How an agent has traded so far: settled trades, and USD realised by average cost."""

    trades: int
    realised_usd: Decimal


@dataclass(frozen=True, slots=True)
class PublishSignals:
    """Each decision once, in order; nothing but its figures leaves the agent's own chat."""

    clock: Clock
    groups: Groups
    agents: Agents
    conversations: Conversations
    journal: Journal
    wake: Callable[[], None]

    async def tick(self) -> None:
        """Queue what was decided since the last time."""
        while signals := await self.groups.load_signals(_BATCH):
            notices: list[Notice] = []
            for signal in signals:
                notices += await self._notices(signal)
            now = self.clock.now()
            if await self.groups.pass_signals(signals[-1].decision_id, notices, now):
                self.wake()
            if len(signals) < _BATCH:
                return

    async def publish(self, agent: Agent) -> None:
        """Let everybody follow an agent's decisions from now on."""
        await self.agents.save_public(agent.id, public=True)

    async def withdraw(self, agent: Agent) -> int:
        """Let nobody follow an agent any more; who did is told. Returns how many did."""
        followers = await self.groups.load_followers(agent.id)
        notices = [_ended(agent, following) for following in followers]
        dropped = await self.groups.drop_followers(agent.id, notices, self.clock.now())
        await self.agents.save_public(agent.id, public=False)
        self.wake()
        return dropped

    async def follow(self, user: User, place: Place, agent_id: int) -> Agent:
        """Follow a public agent in a place; a caller for a group has checked the person's rights.

        Raises:
            UserError: it is not public, or the place follows too many.
        """
        agent = await self.agents.load_agent(AgentId(agent_id))
        if agent is None or not agent.is_public or agent.state is AgentState.CLOSED:
            raise UserError(
                "That agent is not public, or no more. /subscribe shows those that are."
            )
        now = self.clock.now()
        if not await self.groups.follow(place, agent.id, user.id, now, MOST_FOLLOWED):
            raise UserError(
                f"{MOST_FOLLOWED} agents are followed here already, as many as I pass on. "
                "/subscribe shows them; leave one first."
            )
        return agent

    async def record(self, agent_id: AgentId) -> Record:
        """An agent's trades, and what they have realised."""
        fills = await self.journal.load_fills(agent_id)
        with exact():
            realised = sum(
                (position.realised_usd for position in positions(reversed(fills)).values()),
                Decimal(0),
            )
        return Record(len(fills), realised)

    async def _notices(self, signal: Signal) -> Sequence[Notice]:
        found = await self.conversations.load_decision(signal.decision_id)
        followers = await self.groups.load_followers(signal.agent_id)
        if found is None or found[1].action is Action.HOLD or not followers:
            return []
        data = _figures(signal, found[1], await self.record(signal.agent_id))
        return [
            Notice(
                place.chat_id,
                "signal",
                f"signal:{signal.decision_id}:{place.chat_id}:{place.thread_id}",
                {**data, "place": "group" if place.is_group else "private"},
                Priority.ALERT,
                place.thread_id,
            )
            for place in (following.place for following in followers)
        ]


def _ended(agent: Agent, following: Following) -> Notice:
    return Notice(
        following.place.chat_id,
        "signals_ended",
        f"unfollowed:{following.id}",
        {"agent": str(agent.id), "name": agent.name},
        Priority.ALERT,
        following.place.thread_id,
    )


def _figures(signal: Signal, decision: TradeDecision, record: Record) -> dict[str, str]:
    """Question, summary and reasons stay behind: they may tell what is nobody's business."""
    return {
        "decision": str(signal.decision_id),
        "agent": str(signal.agent_id),
        "action": decision.action.value,
        "symbol": decision.symbol,
        "entry": str(decision.entry),
        "stop": "" if decision.stop_loss is None else str(decision.stop_loss),
        "target": "" if decision.take_profit is None else str(decision.take_profit),
        "confidence": str(decision.confidence),
        "trades": str(record.trades),
        "realised": str(record.realised_usd),
        "at": signal.decided_at.isoformat(),
    }
