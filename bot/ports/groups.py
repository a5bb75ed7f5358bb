"""Groups the bot is in, and who follows which public agent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from bot.domain.alerts import Place
from bot.domain.analysis import Action
from bot.domain.people import AgentId, QuietHours, UserId
from bot.domain.trade import Fill
from bot.ports.ledger import Notice


@dataclass(frozen=True, slots=True)
class Group:
    """A group that the bot was seen in, or a private chat in which something was lost.

    `lost` says why it cannot post there, "" if it can. `topics` are the names of those that are
    known, by their ids.
    """

    chat_id: int
    title: str
    lost: str = ""
    topics: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Following:
    """A place that gets the decisions of a public agent; `user_id` set it up.

    Where followers are to be told, a private place has the quiet hours and the time zone of its
    person; groups have none.
    """

    id: int
    place: Place
    agent_id: AgentId
    user_id: UserId
    quiet: QuietHours | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Signal:
    """A decision of a public agent that has not been passed on yet."""

    decision_id: int
    agent_id: AgentId
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class PassedSignal:
    """The last that followers were told of what an agent thinks of a token."""

    agent_id: AgentId
    symbol: str
    action: Action
    entry: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class PublicTrade:
    """A settled trade of a public agent that has not been told yet."""

    trade_id: int
    fill: Fill


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
        """Follow an agent in a place, once; False if it follows `most` others already.

        False for an agent that is not public, too: nobody follows one behind `drop_followers`.
        """
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
        """Who follows an agent, oldest first, with their quiet hours."""
        ...

    async def drop_followers(
        self, agent_id: AgentId, tell: Callable[[Following], Notice], now: datetime
    ) -> int:
        """Nobody follows an agent any more, and all who did are told; all or nothing; how many.

        `tell` gets them as `load_followers` does. The agent is not public any more, so nobody
        begins to follow it meanwhile.
        """
        ...

    async def load_signals(self, limit: int) -> Sequence[Signal]:
        """Decisions of public agents behind the last one passed on, oldest first.

        Decisions of before an agent became public are never among them, nor those of a paused
        one. Where there are none, what has been looked at is not looked at again.
        """
        ...

    async def pass_signals(
        self,
        upto: int,
        notices: Sequence[Notice],
        now: datetime,
        passed: Sequence[PassedSignal] = (),
    ) -> int:
        """Queue the notices and go on behind decision `upto`; all or nothing; how many were new.

        What was `passed` on takes the place of what was before, of the same agent and token.
        """
        ...

    async def load_passed(self, agent_id: AgentId, symbol: str) -> PassedSignal | None:
        """The last signal that was passed on of an agent about a token."""
        ...

    async def load_trades(self, limit: int) -> Sequence[PublicTrade]:
        """Settled trades of public agents behind the last one told, oldest first.

        As for `load_signals`: none of before it became public, none while it is paused.
        """
        ...

    async def pass_trades(self, upto: int, notices: Sequence[Notice], now: datetime) -> int:
        """Queue the notices and go on behind trade `upto`; all or nothing; how many were new."""
        ...

    async def move_chat(self, old: int, new: int) -> None:
        """A group has become a supergroup: what is known of it goes to its new id."""
        ...

    async def stop_place(self, place: Place, *, topic_only: bool) -> Sequence[Following]:
        """Follow nothing there any more; returns what was followed."""
        ...
