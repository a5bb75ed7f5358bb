"""Groups the bot is in, and who follows which public agent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.alerts import Place
from bot.domain.people import AgentId, UserId
from bot.ports.ledger import Notice


@dataclass(frozen=True, slots=True)
class Group:
    """A group that the bot was seen in, or a private chat in which something was lost.

    `lost` says why it cannot post there, "" if it can.
    """

    chat_id: int
    title: str
    lost: str = ""


@dataclass(frozen=True, slots=True)
class Following:
    """A place that gets the decisions of a public agent; `user_id` set it up."""

    id: int
    place: Place
    agent_id: AgentId
    user_id: UserId


@dataclass(frozen=True, slots=True)
class Signal:
    """A decision of a public agent that has not been passed on yet."""

    decision_id: int
    agent_id: AgentId
    decided_at: datetime


class Groups(Protocol):
    """What groups subscribe to beside alerts."""

    async def save_group(self, group: Group) -> None:
        """Add a group, or replace what is known of it."""
        ...

    async def load_group(self, chat_id: int) -> Group | None:
        """A group by its present id."""
        ...

    async def follow(
        self, place: Place, agent_id: AgentId, user_id: UserId, now: datetime, most: int
    ) -> bool:
        """Follow an agent in a place, once; False if it follows `most` others already."""
        ...

    async def unfollow(self, place: Place, agent_id: AgentId) -> bool:
        """Follow it no more; False if it did not."""
        ...

    async def load_followings(self, place: Place) -> Sequence[Following]:
        """What a place follows, oldest first."""
        ...

    async def load_chat_followings(self, chat_id: int) -> Sequence[Following]:
        """What a chat follows with all its topics, oldest first."""
        ...

    async def load_followers(self, agent_id: AgentId) -> Sequence[Following]:
        """Who follows an agent, oldest first."""
        ...

    async def drop_followers(
        self, agent_id: AgentId, notices: Sequence[Notice], now: datetime
    ) -> int:
        """Nobody follows an agent any more, and these are told; all or nothing; how many did."""
        ...

    async def load_signals(self, limit: int) -> Sequence[Signal]:
        """Decisions of public agents behind the last one passed on, oldest first.

        Decisions of before an agent became public are never among them.
        """
        ...

    async def pass_signals(self, upto: int, notices: Sequence[Notice], now: datetime) -> int:
        """Queue the notices and go on behind decision `upto`; all or nothing; how many were new."""
        ...

    async def move_chat(self, old: int, new: int) -> None:
        """A group has become a supergroup: what is known of it goes to its new id."""
        ...

    async def stop_place(self, place: Place, *, topic_only: bool) -> Sequence[Following]:
        """Follow nothing there any more; returns what was followed."""
        ...
