"""The journal: every intent that moves money, written before each step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from bot.domain.trade import (
    STEPS,
    Fill,
    Intent,
    IntentId,
    IntentState,
    Receipt,
    SignedTx,
)


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that must arrive once. `key` makes it unique; `data` is what rendering needs."""

    chat_id: int
    kind: str
    key: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One transition of an intent and all that must be true together with it.

    Applied in one database transaction, only if the intent is still in `expect`.
    `balance_changes` are signed base units by symbol, applied to what the deposit watcher has
    seen of the agent's escrow. `escrow` and its index are set when an agent was opened.
    `frees_nonce` takes the account's ledger back to `signed.nonce`: for a DROPPED intent that no
    node ever accepted.

    Raises:
        ValueError: it leaves an end, skips a state, or signs without a signature.
    """

    expect: IntentState
    to: IntentState
    now: datetime
    reason: str = ""
    signed: SignedTx | None = None
    receipt: Receipt | None = None
    fill: Fill | None = None
    notice: Notice | None = None
    balance_changes: Mapping[str, int] = field(default_factory=dict)
    escrow: str = ""
    escrow_index: int = 0
    frees_nonce: bool = False

    def __post_init__(self) -> None:
        if self.to not in STEPS.get(self.expect, frozenset()):
            raise ValueError(f"no step leads from {self.expect} to {self.to}")
        if (self.to is IntentState.SIGNED) != (self.signed is not None):
            raise ValueError("SIGNED and a signature come together")
        if self.frees_nonce and self.to is not IntentState.DROPPED:
            raise ValueError("only a dropped intent gives its nonce back")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a tap on Confirm did. `spent_usd` is the agent's volume of the 24 h before it.

    `fresh` is True for the one tap that moved the intent from PROPOSED to CONFIRMED; otherwise
    `intent.state` tells why not, and PROPOSED means that the day's cap was in the way.
    """

    intent: Intent
    fresh: bool
    spent_usd: Decimal


class Journal(Protocol):
    """Durable before it returns (synchronous=FULL)."""

    async def save_proposal(self, intent: Intent) -> None:
        """Write a PROPOSED intent (or a CONFIRMED one that needs no tap)."""
        ...

    async def load_intent(self, intent_id: IntentId) -> Intent | None:
        """The intent as it stands."""
        ...

    async def load_open(self) -> Sequence[Intent]:
        """Intents a restart must carry on, oldest first."""
        ...

    async def confirm(
        self, intent_id: IntentId, now: datetime, day_cap_usd: Decimal
    ) -> Confirmation | None:
        """Move PROPOSED to CONFIRMED at most once, allotting the escrow's next sequence number.

        In one transaction: unexpired, and for swaps the agent's notional of the last 24 hours
        (CONFIRMED to SETTLED) plus this one within the cap. An expired one becomes EXPIRED.
        None if there is no such intent.
        """
        ...

    async def advance(self, intent_id: IntentId, step: Step) -> Intent | None:
        """Apply a step; None if the intent was no longer in `step.expect`.

        Entering SIGNED raises the account's nonce ledger to `signed.nonce + 1`, and fails with
        None if the account has another intent in flight or the ledger is already past that nonce.
        """
        ...

    async def load_nonce(self, account: str) -> int:
        """The ledger's next nonce for an account; 0 if it never signed."""
        ...

    async def load_day_volume(self, agent_id: int, now: datetime) -> Decimal:
        """USD of an agent's swaps CONFIRMED to SETTLED in the 24 hours before `now`."""
        ...

    async def load_fills(
        self, agent_id: int, limit: int | None = None, offset: int = 0
    ) -> Sequence[Fill]:
        """Settled trades, newest first; all of them without a limit."""
        ...

    async def count_fills(self, agent_id: int) -> int:
        """How many trades an agent has settled."""
        ...

    async def load_recent(
        self, agent_id: int, states: Sequence[IntentState], limit: int
    ) -> Sequence[Intent]:
        """An agent's latest intents in some states, newest first (declines, for the history)."""
        ...


@dataclass(frozen=True, slots=True)
class SeenBalances:
    """What the deposit watcher last saw of an escrow; `version` guards against a stale write."""

    version: int
    raw: Mapping[str, int]


class Deposits(Protocol):
    """Balances already accounted for, so that anything above them is a deposit."""

    async def load_seen(self, agent_ids: Sequence[int]) -> Mapping[int, SeenBalances]:
        """Versions and base units by symbol; agents with an intent in flight are left out."""
        ...

    async def save_seen(
        self,
        agent_id: int,
        seen: SeenBalances,
        notices: Sequence[Notice],
    ) -> bool:
        """Replace an agent's balances and queue the notices, if `seen.version` still stands.

        False (nothing written) if it does not, or if an intent of the agent is in flight.
        """
        ...


class OutboxState:
    """States of a queued message; plain strings in the table."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Queued:
    """A notice taken from the outbox; `repeat` if an earlier attempt may have arrived."""

    id: int
    notice: Notice
    attempts: int
    repeat: bool


class Outbox(Protocol):
    """Durable queue of notices: at least once, and said when it may be twice."""

    async def queue(self, notice: Notice, now: datetime) -> None:
        """Add a notice; one with the same key is ignored."""
        ...

    async def claim(self, now: datetime, limit: int) -> Sequence[Queued]:
        """Mark due notices as being sent and return them, oldest first, one a chat at a time."""
        ...

    async def mark_sent(self, queued_id: int, now: datetime) -> None:
        """It arrived."""
        ...

    async def mark_retry(self, queued_id: int, due_at: datetime, *, ambiguous: bool) -> None:
        """Try again at `due_at`; `ambiguous` if this attempt may have arrived."""
        ...

    async def mark_failed(self, queued_id: int, reason: str) -> None:
        """Give up for good (blocked, gone)."""
        ...

    async def release_claims(self) -> int:
        """At start: what was being sent when the process ended is pending again, as a repeat."""
        ...
