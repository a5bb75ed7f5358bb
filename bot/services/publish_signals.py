"""Pass decisions and trades of public agents on to whoever follows them: figures only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from bot.domain.alerts import Place
from bot.domain.analysis import Action, TradeDecision
from bot.domain.errors import UserError
from bot.domain.money import exact
from bot.domain.people import Agent, AgentId, AgentState, User
from bot.domain.trade import Fill, Side
from bot.policy.alerts.quiet import quiet_until
from bot.policy.pnl import Position, positions
from bot.ports.clock import Clock
from bot.ports.groups import Following, Groups, PassedSignal, PublicTrade, Signal
from bot.ports.ledger import Journal, Notice, Priority
from bot.ports.records import Agents, Conversations

MOST_FOLLOWED = 20
"""Public agents that one place follows at most."""
_BATCH = 50
_SAME_WITHIN = timedelta(hours=1)
_SAME_BY = Decimal("0.01")
"""The same side of the same token is told again only later, or with a level moved by more."""


@dataclass(frozen=True, slots=True)
class Record:
    """How an agent has traded so far: settled trades, and USD realised by average cost."""

    trades: int
    realised_usd: Decimal


@dataclass(frozen=True, slots=True)
class PublishSignals:
    """Each decision and each trade once, in order; only figures leave the agent's own chat.

    Of a trade its side, token and price, of a sale also which part of what was bought: no amounts,
    as they tell how much somebody has. Paused agents are silent.
    """

    clock: Clock
    groups: Groups
    agents: Agents
    conversations: Conversations
    journal: Journal
    wake: Callable[[], None]

    async def tick(self) -> None:
        """Queue what was decided and traded since the last time."""
        await self._pass_decisions()
        await self._pass_trades()

    async def publish(self, agent: Agent) -> None:
        """Let everybody follow an agent's decisions from now on."""
        await self.agents.save_public(agent.id, public=True)

    async def withdraw(self, agent: Agent) -> int:
        """Let nobody follow an agent any more; who did is told. Returns how many did."""
        await self.agents.save_public(agent.id, public=False)
        dropped = await self.groups.drop_followers(
            agent.id,
            lambda following: self._notice(
                following,
                "signals_ended",
                f"unfollowed:{following.id}",
                {"agent": str(agent.id), "name": agent.name},
            ),
            self.clock.now(),
        )
        self.wake()
        return dropped

    async def follow(self, user: User, place: Place, agent_id: int) -> Agent:
        """Follow a public agent in a place; a caller for a group has checked the person's rights.

        Raises:
            UserError: it is not public, or the place follows too many.
        """
        agent = await self._public(AgentId(agent_id))
        now = self.clock.now()
        if not await self.groups.follow(place, agent.id, user.id, now, MOST_FOLLOWED):
            await self._public(agent.id)
            raise UserError(
                f"{MOST_FOLLOWED} agents are followed here already, as many as I pass on. "
                "/subscribe shows them; leave one first."
            )
        return agent

    async def record(self, agent_id: AgentId) -> Record:
        """An agent's trades, and what they have realised."""
        return _record(await self.journal.load_fills(agent_id))

    async def _public(self, agent_id: AgentId) -> Agent:
        agent = await self.agents.load_agent(agent_id)
        if agent is None or not agent.is_public or agent.state is AgentState.CLOSED:
            raise UserError(
                "That agent is not public, or no more. /subscribe shows those that are."
            )
        return agent

    async def _pass_decisions(self) -> None:
        while signals := await self.groups.load_signals(_BATCH):
            notices: list[Notice] = []
            passed: dict[tuple[AgentId, str], PassedSignal] = {}
            for signal in signals:
                found = await self.conversations.load_decision(signal.decision_id)
                if found is None or found[1].action is Action.HOLD:
                    continue
                word = _word(signal, found[1])
                about = word.agent_id, word.symbol
                before = passed.get(about) or await self.groups.load_passed(*about)
                if before is not None and _says_the_same(before, word):
                    continue
                if told := await self._signal_notices(signal, found[1]):
                    passed[about] = word
                    notices += told
            upto, now = signals[-1].decision_id, self.clock.now()
            if await self.groups.pass_signals(upto, notices, now, tuple(passed.values())):
                self.wake()
            if len(signals) < _BATCH:
                return

    async def _pass_trades(self) -> None:
        while trades := await self.groups.load_trades(_BATCH):
            notices: list[Notice] = []
            for trade in trades:
                notices += await self._trade_notices(trade)
            if await self.groups.pass_trades(trades[-1].trade_id, notices, self.clock.now()):
                self.wake()
            if len(trades) < _BATCH:
                return

    async def _signal_notices(self, signal: Signal, decision: TradeDecision) -> Sequence[Notice]:
        followers = await self.groups.load_followers(signal.agent_id)
        if not followers:
            return []
        data = _figures(signal, decision, await self.record(signal.agent_id))
        about = f"signal:{signal.decision_id}"
        return [self._passed_on(following, "signal", about, data) for following in followers]

    async def _trade_notices(self, trade: PublicTrade) -> Sequence[Notice]:
        agent_id = AgentId(trade.fill.agent_id)
        followers = await self.groups.load_followers(agent_id)
        if not followers:
            return []
        fills = await self.journal.load_fills(agent_id)
        ids = [fill.intent_id for fill in fills]
        data = _trade_figures(fills[ids.index(trade.fill.intent_id) :])
        about = f"signal_trade:{trade.trade_id}"
        return [self._passed_on(following, "signal_trade", about, data) for following in followers]

    def _passed_on(
        self, following: Following, kind: str, about: str, data: Mapping[str, str]
    ) -> Notice:
        place = following.place
        key = f"{about}:{place.chat_id}:{place.thread_id}"
        where = "group" if place.is_group else "private"
        return self._notice(following, kind, key, {**data, "place": where})

    def _notice(self, following: Following, kind: str, key: str, data: Mapping[str, str]) -> Notice:
        """It waits for the end of quiet hours, as none of these is urgent."""
        place, now = following.place, self.clock.now()
        return Notice(
            place.chat_id,
            kind,
            key,
            data,
            Priority.ALERT,
            place.thread_id,
            quiet_until(following.quiet, following.time_zone, now),
        )


def _word(signal: Signal, decision: TradeDecision) -> PassedSignal:
    return PassedSignal(
        signal.agent_id,
        decision.symbol,
        decision.action,
        decision.entry,
        decision.stop_loss,
        decision.take_profit,
        signal.decided_at,
    )


def _says_the_same(before: PassedSignal, word: PassedSignal) -> bool:
    """Whether it adds nothing to what was told of that token last."""
    return (
        before.action is word.action
        and abs(word.decided_at - before.decided_at) < _SAME_WITHIN
        and not _moved(before.entry, word.entry)
        and not _moved(before.stop_loss, word.stop_loss)
        and not _moved(before.take_profit, word.take_profit)
    )


def _moved(before: Decimal | None, now: Decimal | None) -> bool:
    if before is None or now is None:
        return before is not now
    with exact():
        return abs(now - before) > abs(before) * _SAME_BY


def _record(fills: Sequence[Fill]) -> Record:
    """Of trades, newest first."""
    with exact():
        realised = sum(
            (position.realised_usd for position in positions(reversed(fills)).values()),
            Decimal(0),
        )
    return Record(len(fills), realised)


def _trade_figures(fills: Sequence[Fill]) -> dict[str, str]:
    """Of the first of these trades, newest first, and how the agent had traded with it."""
    trade, record = fills[0], _record(fills)
    return {
        "agent": str(trade.agent_id),
        "side": trade.side.value,
        "symbol": trade.symbol,
        "price": str(trade.price_usd),
        "share": _share_sold(trade, positions(reversed(fills[1:])).get(trade.symbol)),
        "trades": str(record.trades),
        "realised": str(record.realised_usd),
        "at": trade.at.isoformat(),
    }


def _share_sold(trade: Fill, held: Position | None) -> str:
    """Per cent of what trades had bought; "" where none of it is sold."""
    if trade.side is Side.BUY or held is None or not held.quantity:
        return ""
    with exact():
        share = min(trade.quantity / held.quantity, Decimal(1)) * 100
    return f"{max(share, Decimal(1)):.0f}"


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
