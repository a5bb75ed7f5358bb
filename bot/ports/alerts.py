"""Alerts, the prices they are measured by, and their firings, as stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from bot.domain.alerts import Alert, AlertDraft, AlertId, Place, Reading, Standing, Tick
from bot.domain.people import AgentId, QuietHours, UserId
from bot.ports.ledger import Notice


@dataclass(frozen=True, slots=True)
class Hit:
    """An alert that has to be looked at, and what is needed for it.

    `time_zone` is that of who set it up; so is `quiet`, but None in groups. `reading` is None for
    an alert whose rest or snooze is over, or which is due by the clock.
    """

    alert: Alert
    reading: Reading | None
    quiet: QuietHours | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The alert after it was looked at, and what to tell; a notice makes it a firing.

    A firing is recorded once by (alert, number of its ring): a second one with the same number
    is a bug and raises.
    """

    alert: Alert
    notice: Notice | None = None


Decide = Callable[[Hit], Outcome]
"""Pure and quick: it runs inside the transaction."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at series, all at the same time `at`.

    `tick` is stored with it; `marks` say up to which closed candle a series has been looked at.
    """

    at: datetime
    readings: Mapping[str, Reading]
    tick: Tick | None = None
    marks: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """What one look changed: alerts armed or woken, and alerts that rang."""

    moved: int
    rang: int


@dataclass(frozen=True, slots=True)
class Rung:
    """One ring of an alert, which is given as it is now; `value` is None for a digest.

    `state` is how its message stands (`OutboxState`), `not_before` until when that waits, `data`
    what it says; they are empty where the queue knows nothing of it any more.
    """

    alert: Alert
    number: int
    met_at: datetime
    value: Decimal | None
    state: str
    not_before: datetime | None
    data: Mapping[str, str]


class Alerts(Protocol):
    """Durable before it returns. `Alert.version` guards every change of one alert.

    A trigger is found by its index (series, direction, level), so that the cost of a look grows
    with what it hits, not with how many wait.
    """

    async def create(
        self,
        user_id: UserId,
        place: Place,
        draft: AlertDraft,
        *,
        series: str,
        standing: Standing,
        seen: Decimal | None,
        now: datetime,
        most: int,
    ) -> Alert | None:
        """Add an alert; `seen` is the present figure of its series. Group alerts get a `share`.

        None (nothing written) if the place has `most` active ones already: of the person for a
        private chat, of the group with all its topics otherwise.
        """
        ...

    async def load_alert(self, alert_id: AlertId) -> Alert | None:
        """One alert, in any state."""
        ...

    async def load_shared(self, share: str) -> Alert | None:
        """A group's alert by its word for sharing, while it is active."""
        ...

    async def load_of_person(self, user_id: UserId) -> Sequence[Alert]:
        """A person's active alerts in their private chat, oldest first."""
        ...

    async def load_digests_by(self, user_id: UserId) -> Sequence[Alert]:
        """Active digests that a person set up, in private and in groups, oldest first."""
        ...

    async def load_of_group(self, chat_id: int) -> Sequence[Alert]:
        """A group's active alerts with those of its topics, oldest first."""
        ...

    async def load_rings(self, user_id: UserId, since: datetime, most: int) -> Sequence[Rung]:
        """The last rings of a person's private alerts, recorded since then, latest first.

        Those of alerts that have ended are among them.
        """
        ...

    async def save_alert(self, alert: Alert) -> bool:
        """Write back a changed alert; False if it has changed since it was loaded (`version`)."""
        ...

    async def apply(self, look: Look, decide: Decide) -> Counts:
        """Look at everything these readings hit, in one transaction: all or nothing.

        First what `look.tick` and `look.marks` say is stored. Then `decide` gets each alert whose
        rest or snooze ended by `look.at` (without a reading) and after them each one whose trigger
        is at or beyond the reading of its series, unless it has expired by `look.at`. A late
        reading says nothing to an alert that was set up, or last seen, after `look.at`. Alerts are
        written back, firings recorded and notices queued. At most one step an alert: one that wakes
        is looked at by the next look. The same look again changes nothing but what is still hit.
        """
        ...

    async def apply_due(self, now: datetime, decide: Decide) -> Counts:
        """The same for digests whose time has come (no readings), oldest first.

        A snoozed digest is woken by `apply`, and due again from then on.
        """
        ...

    async def expire(
        self, now: datetime, looked_at: datetime, tell: Callable[[Hit], Notice | None]
    ) -> int:
        """End alerts that have run out, queueing what `tell` says; returns how many.

        Those that go by the clock have at `now`; the others at `looked_at`, up to when everything
        that happened has been looked at: before, they may still ring late.
        """
        ...

    async def set_back(self, now: datetime, decide: Decide) -> int:
        """Step all that has a time after `now`, which a clock that was ahead has left there.

        Readings are None. Rare, and its cost is that of all alerts. Returns how many changed.
        """
        ...

    async def load_series(self, meters: Sequence[str]) -> frozenset[str]:
        """Series of these meters that some trigger waits on."""
        ...

    async def load_marks(self, series: Sequence[str]) -> Mapping[str, datetime]:
        """Up to which candle series have been looked at; those never looked at are missing."""
        ...

    async def move_chat(self, old: int, new: int) -> int:
        """A group has become a supergroup: alerts and notices in the queue go to its new id."""
        ...

    async def stop_place(self, place: Place, *, topic_only: bool) -> Sequence[Alert]:
        """End all alerts of a chat, or of one topic; returns those that were active."""
        ...

    async def close_agent(self, agent_id: AgentId) -> Sequence[Alert]:
        """Close an agent for good, and end the alerts that watch it; returns those, as before."""
        ...

    async def count_active(self) -> int:
        """How many alerts are active, for the admins."""
        ...


@dataclass(frozen=True, slots=True)
class Doubt:
    """Prices that were not believed: how often since the first, and the last one in words."""

    symbol: str
    reason: str
    count: int
    at: datetime
    detail: str


class Ticks(Protocol):
    """Prices as they were looked at, one row a tick."""

    async def load_ticks(self, since: datetime) -> Sequence[Tick]:
        """Ticks at or after a time, oldest first."""
        ...

    async def load_last_tick(self) -> Tick | None:
        """The latest one."""
        ...

    async def load_last_live(self) -> datetime | None:
        """When a tick was last taken on time, rather than made up from history."""
        ...

    async def forget_ticks(self, before: datetime) -> int:
        """Delete older ones."""
        ...

    async def forget_future(self, now: datetime) -> int:
        """Delete those after `now`: the clock was set back."""
        ...

    async def save_doubt(self, symbol: str, reason: str, now: datetime, detail: str) -> None:
        """Count a price that was not believed."""
        ...

    async def load_doubts(self) -> Sequence[Doubt]:
        """All of them, latest first."""
        ...
