"""Retire actors whose seed has leaked: pause them, drop their mandates, tell their owners.

Journal only: the next start's recovery sends what is confirmed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.money import NATIVE, Amount, Token
from bot.domain.people import Agent, AgentId, AgentState
from bot.domain.trade import OPEN, Intent, IntentId, IntentKind, IntentState, Order
from bot.ports.clock import Clock
from bot.ports.ledger import Journal, Notice, Outbox
from bot.ports.records import Agents

_FOREVER = timedelta(days=36_500)
_NOTHING = Amount(Token("SEI", NATIVE, 18), 0)
_CORRELATION = "seed-leaked"


@dataclass(frozen=True, slots=True)
class RetireActors:
    """An actor's key cannot be changed, so its owner withdraws and opens a new agent.

    `server` is the account that drops mandates at the next start.
    """

    clock: Clock
    agents: Agents
    journal: Journal
    outbox: Outbox
    server: str

    async def retire(self, below: int) -> Sequence[Agent]:
        """Retire every agent of a seed version below this one, opening ones included.

        Closed agents are left: they hold dust, and nobody is asked to pay into them. Safe to
        repeat: a mandate is dropped once, an owner told once.
        """
        held = [*await self.agents.load_live(), *await self.agents.load_opening()]
        retired = [agent for agent in held if agent.actor and agent.seed_version < below]
        for agent in retired:
            if agent.state is AgentState.ACTIVE:
                await self.agents.save_state(AgentId(agent.id), AgentState.PAUSED)
            now = self.clock.now()
            await self._drop(agent, now)
            data = {"agent": str(agent.id)}
            notice = Notice(int(agent.user_id), "seed_leaked", f"seed_leaked:{agent.id}", data)
            await self.outbox.queue(notice, now)
        return retired

    async def _drop(self, agent: Agent, now: datetime) -> None:
        """Journal the drop, unless one is under way or done; one that failed is tried anew."""
        number = 1
        while before := await self.journal.load_intent(_intent_id(agent, number)):
            if before.state in OPEN or before.state is IntentState.SETTLED:
                return
            number += 1
        await self.journal.save_proposal(
            Intent(
                id=_intent_id(agent, number),
                kind=IntentKind.DROP_MANDATE,
                state=IntentState.CONFIRMED,
                user_id=agent.user_id,
                agent_id=agent.id,
                chat_id=int(agent.user_id),
                account=self.server,
                sequence=0,
                side=None,
                order=Order(_NOTHING),
                notional_usd=Decimal(0),
                expires_at=now + _FOREVER,
                created_at=now,
                updated_at=now,
                correlation_id=_CORRELATION,
            )
        )


def _intent_id(agent: Agent, number: int) -> IntentId:
    return IntentId(f"leaked.{agent.id}.{number}")
