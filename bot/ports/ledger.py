"""The journal: every intent that moves money, written before each step."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
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


class Priority(IntEnum):
    """What goes out first, within a chat and over all chats.

    Only MONEY is sent again after an attempt that may have arrived (and then says so): a receipt
    twice is better than never, an alert twice is worse than once.
    """

    MONEY = 0
    URGENT = 1
    ALERT = 2
    DIGEST = 3


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that must arrive once. `key` makes it unique; `data` is what rendering needs.

    `thread_id` is a topic of a group (0: none). `not_before` holds it back, for quiet hours.
    """

    chat_id: int
    kind: str
    key: str
    data: Mapping[str, str] = field(default_factory=dict)
    priority: Priority = Priority.MONEY
    thread_id: int = 0
    not_before: datetime | None = None


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


@dataclass(frozen=True, slots=True)
class DepositRow:
    """Money that came into an agent's escrow: `raw` base units, noticed at a time.

    Numbers rise in the order of noticing.
    """

    id: int
    agent_id: int
    symbol: str
    raw: int
    at: datetime


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

        False (nothing written) if it does not, or if an intent of the agent is in flight. What the
        notices of kind `deposit` tell is kept for `load_deposits`.
        """
        ...

    async def load_deposits(self, after_id: int, agent_ids: Sequence[int]) -> Sequence[DepositRow]:
        """Deposits of these agents behind a number, oldest first."""
        ...

    async def last_deposit_id(self) -> int:
        """The highest number of a deposit so far, of any agent; 0 before the first."""
        ...


class OutboxState:
    """States of a queued message; plain strings in the table.

    AMBIGUOUS is an end: it may have arrived, and is not of a kind that is sent twice. LOST is one
    too: the chat is gone or does not want it. FAILED is for the admins: they may have it tried
    again.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    AMBIGUOUS = "ambiguous"
    LOST = "lost"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Queued:
    """A notice in the outbox; `repeat` if an earlier attempt may have arrived."""

    id: int
    notice: Notice
    attempts: int
    repeat: bool
    queued_at: datetime


@dataclass(frozen=True, slots=True)
class FailedNotice:
    """A notice that was given up for a fault of ours."""

    id: int
    notice: Notice
    reason: str
    queued_at: datetime


class Outbox(Protocol):
    """Durable queue of notices, one at a time a chat: by precedence, then in order of queuing.

    A notice that waits to be tried again holds back those of its chat behind it, not those before
    it. One that waits for its own time (`not_before`) holds back nobody. One that has neither is
    due whatever the clock says: a clock that is set back delays none and changes no order.
    """

    async def queue(self, notice: Notice, now: datetime) -> None:
        """Add a notice; one with the same key is ignored."""
        ...

    async def load_due(self, now: datetime, limit: int, busy: Collection[int]) -> Sequence[Queued]:
        """What may be sent now, one a chat, in order; nothing for chats in `busy`. Marks nothing.

        `Queued.attempts` counts earlier attempts; `not_before` is used up, and None.
        """
        ...

    async def mark_sending(self, queued_id: int) -> bool:
        """About to hand it to Telegram: counts the attempt. False if it is no longer pending."""
        ...

    async def mark_sent(self, queued_id: int, now: datetime) -> None:
        """It arrived."""
        ...

    async def mark_retry(self, queued_id: int, due_at: datetime, *, ambiguous: bool) -> None:
        """Try again at `due_at`; `ambiguous` if this attempt may have arrived.

        An ambiguous one whose priority is not MONEY ends as AMBIGUOUS instead. One that was not
        even marked counts as an attempt too.
        """
        ...

    async def put_aside(self, queued_id: int, due_at: datetime | None, reason: str) -> None:
        """It could not be put into words: try again at `due_at`; None gives up, as FAILED.

        Counts as an attempt. Nothing happens if it is no longer pending: other words were found.
        """
        ...

    async def hasten(self, now: datetime) -> None:
        """The clock was set back to `now`: nothing is tried again, or held, later than that."""
        ...

    async def hold_chat(self, chat_id: int, until: datetime) -> None:
        """Nothing pending in this chat is due before `until` (flood control)."""
        ...

    async def redate(
        self, chat_id: int, priorities: Collection[Priority], now: datetime, not_before: datetime
    ) -> int:
        """What waits for its own time in this chat comes at another one; how many."""
        ...

    async def mark_failed(self, queued_id: int, reason: str) -> None:
        """Give up for good, for a fault of ours; admins see it and may retry."""
        ...

    async def load_sent_to_groups(
        self, since: datetime, upto: datetime
    ) -> Sequence[tuple[int, datetime]]:
        """Which group got something between the two, both inclusive, and when: oldest first."""
        ...

    async def load_waiting(self, chat_id: int, thread_id: int | None) -> Sequence[Notice]:
        """What waits for a chat, or for one topic of it, or is being sent there."""
        ...

    async def lose_chat(self, chat_id: int, thread_id: int | None, reason: str) -> int:
        """The chat (or one topic of it) is gone: all that waits there ends as LOST; how many.

        That includes what is being sent there now.
        """
        ...

    async def release_claims(self) -> int:
        """At start: what was being sent when the process ended may have arrived.

        MONEY is pending again, as a repeat; all else ends as AMBIGUOUS. Returns how many.
        """
        ...

    async def load_failed(self, limit: int) -> Sequence[FailedNotice]:
        """FAILED ones, latest first."""
        ...

    async def load_ambiguous(self, since: datetime, limit: int) -> Sequence[Queued]:
        """Those queued since then that ended as AMBIGUOUS, latest first."""
        ...

    async def retry_failed(self, queued_id: int, now: datetime) -> bool:
        """Put a FAILED one back in the queue."""
        ...

    async def count_waiting(self) -> Mapping[Priority, int]:
        """How many wait, by precedence; and how they stand is in `/admin`."""
        ...

    async def load_oldest(self, now: datetime) -> datetime | None:
        """When the oldest of those that are due was queued; None if nothing is due."""
        ...

    async def count_ends(self, since: datetime) -> Mapping[str, int]:
        """How many of those queued since then ended as AMBIGUOUS, LOST or FAILED, by state."""
        ...
