"""People and their agents."""

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from bot.domain.money import Bps

UserId = NewType("UserId", int)
"""Telegram's numeric id; a @username is never a key."""

AgentId = NewType("AgentId", int)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local times of a person between which alerts wait; may reach over midnight.

    `lets_urgent`: alerts marked urgent come through. What is about money always does.
    """

    start: time
    end: time
    lets_urgent: bool = True


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who talked to the bot. Limits are their own choice, at or below the policy's.

    `time_zone` is an IANA name.
    """

    id: UserId
    name: str
    username: str | None
    accepted_terms: str | None
    slippage: Bps
    trade_cap_usd: Decimal
    day_cap_usd: Decimal
    language: str
    time_zone: str = "UTC"
    quiet: QuietHours | None = None


class AgentState(StrEnum):
    """`OPENING` until its escrow is registered on the chain; `CLOSED` ones are kept for history."""

    OPENING = "opening"
    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Agent:
    """An actor account of its own plus the escrow it may trade from.

    `owner` is where money leaves to and never changes. `escrow` is empty while `OPENING`.
    `seed_version` names the ACTOR_SEED its key is derived from. `exit_hash` is 0x and the hash of
    the exit code, empty where the owner signs mandates itself; `index` says which of its owner's
    escrows this is. Owner, exit hash and index are all that the escrow's address follows from.
    `is_public`: its person lets everybody follow its decisions.
    """

    id: AgentId
    user_id: UserId
    name: str
    instructions: str
    owner: str
    actor: str
    escrow: str
    seed_version: int
    state: AgentState
    created_at: datetime
    exit_hash: str = ""
    index: int = 0
    is_public: bool = False
