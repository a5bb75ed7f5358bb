"""A person's agents: which is theirs, which is current, pausing and closing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.alerts import Alert
from bot.domain.errors import UserError
from bot.domain.money import Amount
from bot.domain.people import Agent, AgentId, User
from bot.domain.tokens import Listing
from bot.policy.risk import Limits
from bot.ports.alerts import Alerts
from bot.ports.chain import ChainReader
from bot.ports.market import Market
from bot.ports.records import Agents


async def own_agent(agents: Agents, agent_id: int, user: User) -> Agent:
    """A person's own agent, opening ones included.

    Raises:
        UserError: it is not theirs or was deleted.
    """
    agent = next((a for a in await agents.load_agents(user.id) if a.id == agent_id), None)
    if agent is None:
        raise UserError("That agent is not yours or was deleted.")
    return agent


async def open_agent_of(agents: Agents, agent_id: int, user: User) -> Agent:
    """A person's own agent whose escrow is registered.

    Raises:
        UserError: not theirs, or not open yet.
    """
    agent = await own_agent(agents, agent_id, user)
    if not agent.escrow:
        raise UserError("This agent's escrow is still being opened. Try again in a moment.")
    return agent


async def current_agent(agents: Agents, chat_id: int, user: User) -> Agent | None:
    """The agent a chat is looking at; the person's first one if none was chosen."""
    _, current = await held_agents(agents, chat_id, user)
    return current


async def held_agents(
    agents: Agents, chat_id: int, user: User
) -> tuple[Sequence[Agent], Agent | None]:
    """All agents of a person, and the one a chat is looking at."""
    held, chosen = await asyncio.gather(agents.load_agents(user.id), agents.load_current(chat_id))
    return held, next((a for a in held if a.id == chosen), held[0] if held else None)


@dataclass(frozen=True, slots=True)
class Closing:
    """What must be withdrawn first (then nothing was closed), or else the alerts that ended."""

    left: Sequence[Amount] = ()
    ended: Sequence[Alert] = ()


@dataclass(frozen=True, slots=True)
class CloseAgent:
    """Deletes agents that hold nothing but dust, and ends the alerts that watch them."""

    alerts: Alerts
    reader: ChainReader
    market: Market
    listing: Listing
    limits: Limits

    async def close(self, agent: Agent) -> Closing:
        """Close an agent unless something must be withdrawn first.

        What is worth less than the dust limit does not count. A token without a price counts.

        Raises:
            UpstreamError: balances are not to be had; nothing is closed.
        """
        left = await self._left(agent) if agent.escrow else []
        if left:
            return Closing(left=left)
        return Closing(ended=await self.alerts.close_agent(AgentId(agent.id)))

    async def _left(self, agent: Agent) -> list[Amount]:
        balances = await self.reader.read_balances([agent.escrow], self.listing.tokens)
        prices = await self.market.fetch_prices(self.listing.tokens)

        def worth(amount: Amount) -> Decimal:
            price = prices.get(amount.token.symbol)
            return amount.worth(price) if price else self.limits.dust_usd

        held = balances[agent.escrow].values()
        return [a for a in held if a.raw and worth(a) >= self.limits.dust_usd]
