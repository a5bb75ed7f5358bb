"""Open an agent: derive its actor, register its escrow on the chain. The server pays the gas."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from bot.domain.errors import UserError
from bot.domain.money import Token
from bot.domain.people import Agent, AgentId, AgentState
from bot.domain.trade import OPEN, Intent, IntentId, IntentKind, IntentState, Order
from bot.policy.risk import Limits
from bot.ports.chain import Executor
from bot.ports.clock import Clock
from bot.ports.ledger import Journal
from bot.ports.records import Agents, NameTakenError
from bot.services.execute import Execute
from bot.services.intents import Origin

MAX_AGENTS = 10
MAX_NAME = 32
MAX_INSTRUCTIONS = 1_000
_NAME = re.compile(r"(?!.*[\u115f\u1160])\w[\w .'-]*")  # two letters of Hangul are blank
_JOINERS = "\u200c\u200d"
_FOREVER = timedelta(days=36_500)


def parse_name(text: str) -> str:
    """An agent's name: letters, digits, space and . ' - up to 32 characters.

    Raises:
        UserError: anything else, control characters and markup included.
    """
    name = re.sub(" +", " ", unicodedata.normalize("NFKC", text)).strip()
    if not name:
        raise UserError("A name needs at least one letter or digit.")
    if len(name) > MAX_NAME:
        raise UserError(f"That name has {len(name)} characters; up to {MAX_NAME} are fine.")
    if not _NAME.fullmatch(name) or not name.isprintable():
        raise UserError("A name may hold letters, digits, spaces and . ' - only.")
    return name


def parse_instructions(text: str) -> str:
    """Instructions in the user's own words, up to 1,000 characters, no control characters.

    Raises:
        UserError: too long or unprintable.
    """
    words = text.replace("\t", " ").strip()
    if len(words) > MAX_INSTRUCTIONS:
        raise UserError(
            f"That is {len(words):,} characters; instructions may have {MAX_INSTRUCTIONS:,}."
        )
    if any(not (c.isprintable() or c == "\n" or c in _JOINERS) for c in words):
        raise UserError("Instructions may not hold control characters. Please write them again.")
    return words


@dataclass(frozen=True, slots=True)
class OpenAgent:
    """Creates agents. Registering costs the server gas and gives the actor its first."""

    clock: Clock
    agents: Agents
    journal: Journal
    executor: Executor
    execute: Execute
    limits: Limits
    native: Token

    async def open(
        self, origin: Origin, name: str, instructions: str, owner: str, exit_hash: str = ""
    ) -> Agent:
        """Create an agent and start registering it; an `outcome` notice tells when it is open.

        With an `exit_hash` the contract's default mandate is in force from the start.

        Raises:
            UserError: the name is taken, there are too many agents, or nobody holds that address.
        """
        await self.check_owner(owner)
        held = await self.agents.load_agents(origin.user.id)
        if len(held) >= MAX_AGENTS:
            raise UserError(f"You have {MAX_AGENTS} agents, the most one person may have.")
        try:
            agent = await self.agents.create_agent(
                origin.user.id, name, instructions, owner, exit_hash
            )
        except NameTakenError as error:
            raise UserError(f"You have an agent called {name} already. Pick another.") from error
        await self.agents.save_current(origin.chat_id, agent.id)
        return await self.register(agent, origin.chat_id, origin.correlation_id)

    async def check_owner(self, owner: str) -> None:
        """Refuse an address of ours: whoever withdrew to it would pay somebody else's agent.

        Raises:
            UserError: it is an escrow or an actor.
        """
        if await self.agents.is_ours(owner):
            raise UserError(
                "That is the address of an agent, for deposits. The owner must be a wallet of your "
                "own, whose keys you hold."
            )

    async def recover(self) -> int:
        """Finish openings that a stop left without a running intent; returns how many."""
        taken_up = 0
        for agent in await self.agents.load_opening():
            intent = await self.journal.load_intent(_intent_id(agent))
            if intent is None:
                await self.register(agent, int(agent.user_id), "recovery")
                taken_up += 1
            elif intent.state not in OPEN and intent.state is not IntentState.SETTLED:
                await self.agents.save_state(AgentId(agent.id), AgentState.CLOSED)
        return taken_up

    async def register(self, agent: Agent, chat_id: int, correlation_id: str) -> Agent:
        """Journal the registration and drive it; safe to repeat, it runs once."""
        actor, version = self.executor.derive_actor(agent.user_id, agent.id)
        await self.agents.save_actor(agent.id, actor, version)
        intent = await self.journal.load_intent(_intent_id(agent))
        if intent is None:
            now = self.clock.now()
            intent = Intent(
                id=_intent_id(agent),
                kind=IntentKind.OPEN_AGENT,
                state=IntentState.CONFIRMED,
                user_id=agent.user_id,
                agent_id=agent.id,
                chat_id=chat_id,
                account=self.executor.server,
                sequence=0,
                side=None,
                order=Order(self.native.amount(self.limits.first_gas_sei)),
                notional_usd=Decimal(0),
                expires_at=now + _FOREVER,
                created_at=now,
                updated_at=now,
                correlation_id=correlation_id,
            )
            await self.journal.save_proposal(intent)
            self.execute.start(intent)
        return await self.agents.load_agent(AgentId(agent.id)) or agent


def _intent_id(agent: Agent) -> IntentId:
    return IntentId(f"open.{agent.id}")
