"""The emergency stop of one person: first here, then on the chain, then what stays open."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.people import Agent, AgentId, AgentState
from bot.domain.trade import IN_FLIGHT, Intent, IntentKind, IntentState
from bot.ports.clock import Clock
from bot.ports.ledger import Journal, Notice, Step
from bot.ports.records import Agents
from bot.services.change_mandate import ChangeMandate
from bot.services.execute import AGENT_PAUSED_REASON
from bot.services.intents import Origin
from bot.services.signing_links import Links

_LOOK_BACK = 100
_CANCELLED = frozenset({IntentKind.SWAP, IntentKind.SET_MANDATE})


@dataclass(frozen=True, slots=True)
class Panicked:
    """What was done, and what could not be undone.

    `stopped` agents are paused here and their mandates are being dropped, those of `opening`
    ones excepted; `flying` swaps are signed and may still run; `cancelled` counts offers,
    confirmed trades and mandates on their way in that can no longer run.
    """

    stopped: Sequence[Agent]
    dropping: Sequence[Intent]
    flying: Sequence[Intent]
    cancelled: int

    @property
    def opening(self) -> Sequence[Agent]:
        """Agents without an escrow yet: there was nothing to drop."""
        return [agent for agent in self.stopped if not agent.escrow]


@dataclass(frozen=True, slots=True)
class Panic:
    """Stops all agents of a person. Moves no money; withdrawals go on."""

    clock: Clock
    agents: Agents
    journal: Journal
    change_mandate: ChangeMandate
    links: Links

    async def stop(self, origin: Origin) -> Panicked:
        """Pause every agent at once, void what is not signed, then drop the mandates on the chain.

        Safe to repeat. What is paused here signs no swap any more, whatever the chain does.
        """
        held = await self.agents.load_agents(origin.user.id)
        for agent in held:
            if agent.state is not AgentState.PAUSED:
                await self.agents.save_state(AgentId(agent.id), AgentState.PAUSED)
        self.links.forget_drafts(origin.user.id)
        cancelled = 0
        for agent in held:
            cancelled += await self._cancel(agent)
        dropping = [await self.change_mandate.drop(agent, origin) for agent in held if agent.escrow]
        flying = [
            intent
            for agent in held
            for intent in await self.journal.load_recent(agent.id, sorted(IN_FLIGHT), _LOOK_BACK)
            if intent.kind is IntentKind.SWAP
        ]
        return Panicked(held, dropping, flying, cancelled)

    async def _cancel(self, agent: Agent) -> int:
        """Decline open offers; refuse, with a word to the person, what is not signed yet."""
        cancelled = 0
        waiting = [IntentState.PROPOSED, IntentState.CONFIRMED]
        for intent in await self.journal.load_recent(agent.id, waiting, _LOOK_BACK):
            if intent.kind in _CANCELLED:
                step = self._last_step(intent)
                cancelled += await self.journal.advance(intent.id, step) is not None
        return cancelled

    def _last_step(self, intent: Intent) -> Step:
        now = self.clock.now()
        if intent.state is IntentState.PROPOSED:
            return Step(intent.state, IntentState.DECLINED, now)
        notice = Notice(
            intent.chat_id, "outcome", f"outcome:{intent.id}", {"intent": str(intent.id)}
        )
        return Step(intent.state, IntentState.REFUSED, now, AGENT_PAUSED_REASON, notice=notice)
