"""People, agents, dialogues, conversations and switches, as stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from bot.domain.analysis import TradeDecision, Turn
from bot.domain.mandate import EscrowEvent, Mandate, MandateWord
from bot.domain.money import Bps
from bot.domain.people import Agent, AgentId, AgentState, QuietHours, User, UserId
from bot.ports.ledger import Notice


@dataclass(frozen=True, slots=True)
class UserSettings:
    """What a person may choose."""

    slippage: Bps
    trade_cap_usd: Decimal
    day_cap_usd: Decimal
    language: str
    time_zone: str = "UTC"
    quiet: QuietHours | None = None


class People(Protocol):
    """Users and their settings."""

    async def load_user(self, user_id: UserId) -> User | None:
        """A known person."""
        ...

    async def save_user(
        self, user_id: UserId, name: str, username: str | None, defaults: UserSettings
    ) -> User:
        """Add a person, or refresh the names of a known one; settings stay."""
        ...

    async def accept_terms(self, user_id: UserId, version: str, now: datetime) -> None:
        """Record which version of the terms was accepted, and when."""
        ...

    async def save_settings(self, user_id: UserId, settings: UserSettings) -> None:
        """Replace a person's settings."""
        ...

    async def load_user_ids(self) -> Sequence[UserId]:
        """Everyone, for notices to all."""
        ...


class Agents(Protocol):
    """Agents and which one a chat is looking at."""

    async def create_agent(
        self, user_id: UserId, name: str, instructions: str, owner: str, exit_hash: str = ""
    ) -> Agent:
        """Add an OPENING agent; its actor is set by `save_actor`.

        Raises:
            NameTakenError: the person has an agent of that name (case-insensitively, not closed).
        """
        ...

    async def save_actor(self, agent_id: AgentId, actor: str, seed_version: int) -> None:
        """Record the derived account of an OPENING agent."""
        ...

    async def load_agent(self, agent_id: AgentId) -> Agent | None:
        """One agent, closed ones included."""
        ...

    async def load_agents(self, user_id: UserId) -> Sequence[Agent]:
        """A person's agents that are not closed, oldest first."""
        ...

    async def load_live(self) -> Sequence[Agent]:
        """All agents with an escrow that are not closed, for the deposit watcher."""
        ...

    async def load_opening(self) -> Sequence[Agent]:
        """Agents whose escrow is not registered yet, for recovery."""
        ...

    async def is_ours(self, address: str) -> bool:
        """Whether a checksummed address is an escrow or an actor of any agent, closed or not."""
        ...

    async def save_instructions(self, agent_id: AgentId, instructions: str) -> None:
        """Replace an agent's instructions."""
        ...

    async def save_state(self, agent_id: AgentId, state: AgentState) -> None:
        """Pause, resume or close an agent."""
        ...

    async def save_public(self, agent_id: AgentId, *, public: bool) -> None:
        """Let everybody follow an agent's decisions, or nobody any more."""
        ...

    async def load_public(self) -> Sequence[Agent]:
        """Public agents that are not closed, oldest first."""
        ...

    async def load_current(self, chat_id: int) -> AgentId | None:
        """The agent a chat is looking at."""
        ...

    async def save_current(self, chat_id: int, agent_id: AgentId | None) -> None:
        """Choose the agent a chat is looking at."""
        ...


class Mandates(Protocol):
    """Mandates that were ever in force, by what the escrow keeps of them."""

    async def save_mandate(self, agent_id: int, word: MandateWord, mandate: Mandate) -> None:
        """Keep one; the same word again changes nothing."""
        ...

    async def load_mandate(self, agent_id: int, word: MandateWord) -> Mandate | None:
        """The one an escrow's word stands for."""
        ...


class EscrowEvents(Protocol):
    """What happened to escrows on the chain: each event once, with the word to its owner."""

    async def load_from(self) -> int | None:
        """The first block not looked at yet; None before the first look."""
        ...

    async def load_ours(self, hashes: Sequence[str]) -> frozenset[str]:
        """Those of some transactions that the journal has signed."""
        ...

    async def save_events(
        self, events: Sequence[tuple[int, EscrowEvent]], notices: Sequence[Notice], upto: int
    ) -> int:
        """Keep agents' events, queue the notices, and go on behind block `upto`; all or nothing.

        Events and notices that are there already change nothing. Returns how many notices were new.
        """
        ...


class NameTakenError(Exception):
    """A person has an agent of that name already."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A question the bot has asked and is waiting on: `command` owns it, `data` is its state."""

    command: str
    step: str
    data: Mapping[str, str]


class Dialogues(Protocol):
    """Open dialogues survive restarts; at most one a chat."""

    async def load_dialogue(self, chat_id: int, now: datetime) -> Dialogue | None:
        """The open dialogue, unless it expired."""
        ...

    async def save_dialogue(self, chat_id: int, dialogue: Dialogue, expires_at: datetime) -> None:
        """Open or move on a dialogue."""
        ...

    async def drop_dialogue(self, chat_id: int) -> bool:
        """End it; True if there was one."""
        ...


class Conversations(Protocol):
    """What was asked, answered and decided."""

    async def save_turn(self, chat_id: int, agent_id: int, turn: Turn) -> None:
        """Add an exchange to a chat's context with an agent."""
        ...

    async def load_turns(
        self, chat_id: int, agent_id: int, since: datetime, limit: int
    ) -> Sequence[Turn]:
        """The latest exchanges, oldest first."""
        ...

    async def forget_turns(self, before: datetime) -> int:
        """Delete older exchanges; returns how many."""
        ...

    async def save_decision(
        self, agent_id: int, question: str, decision: TradeDecision, now: datetime
    ) -> int:
        """Record a decision for good; returns its id."""
        ...

    async def load_decision(self, decision_id: int) -> tuple[int, TradeDecision] | None:
        """The agent's id and the decision."""
        ...

    async def save_answer(self, decision_id: int, answer: str, now: datetime) -> bool:
        """Record `declined` or `traded` once; False if it was answered before."""
        ...


class Switches(Protocol):
    """Durable switches of the whole service (trading paused, terms told, ...)."""

    async def load_switch(self, name: str) -> str | None:
        """A switch's value."""
        ...

    async def save_switch(self, name: str, value: str) -> None:
        """Set a switch."""
        ...
