"""Alerts: what is watched, when it rings, and where each one stands.

Every condition but a digest is a line on a *series*: a figure with a name, like the price of SEI
or its fall within an hour. So all alerts are found by the same index, whatever their kind.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import IntEnum, StrEnum
from typing import NewType

from bot.domain.people import UserId

AlertId = NewType("AlertId", int)

SIGNIFICANT = 15
"""Digits that a figure of a series and a threshold have at most."""
_LOWEST, _HIGHEST = -40, 40
_SPAN: int = 10**SIGNIFICANT
_WIDE = Context(prec=80)
_ROUND = Context(prec=SIGNIFICANT, rounding=ROUND_HALF_EVEN)


def rounded(value: Decimal) -> Decimal:
    """A figure with at most 15 significant digits, half to even: what series and lines hold."""
    return _ROUND.plus(value)


def sortable(value: Decimal) -> int:
    """An integer of 64 bits that sorts as the figure does, for an index.

    Made of the exponent and 15 significant digits, cut towards zero. Exact for `rounded` figures
    between 1e-40 and 1e41 either way; smaller ones are 0, larger ones all the same.
    """
    if not value:
        return 0
    exponent = value.adjusted()
    if exponent < _LOWEST:
        return 0
    sign = -1 if value < 0 else 1
    if exponent > _HIGHEST:
        return sign * (_HIGHEST - _LOWEST + 2) * _SPAN
    mantissa = int(_WIDE.scaleb(abs(value), SIGNIFICANT - 1 - exponent))
    return sign * ((exponent - _LOWEST + 1) * _SPAN + mantissa)


@dataclass(frozen=True, slots=True)
class Condition:
    """What is watched. `type` is the table's name of it, such as PRICE_ABOVE.

    `symbol` is empty where no token is meant. `window` is a span or a time of the day in the
    kind's own words (`1h`, `30d`, `08:00`), `agent_id` 0 where no agent is meant.
    """

    type: str
    symbol: str
    threshold: Decimal
    window: str = ""
    agent_id: int = 0


class Direction(IntEnum):
    """Which way a series must go to reach a line."""

    UP = 1
    DOWN = -1

    @property
    def opposite(self) -> "Direction":
        """The other way."""
        return Direction(-self)


@dataclass(frozen=True, slots=True)
class Trigger:
    """The next line that changes an alert: reached when `sortable(figure)` is at or beyond it."""

    direction: Direction
    level: int

    def is_hit(self, figure: Decimal) -> bool:
        """Whether a figure is at the line or beyond it."""
        return (sortable(figure) - self.level) * self.direction >= 0


class AlertState(StrEnum):
    """ARMED rings at its trigger; DISARMED waits at it for the condition to be false again.

    RESTING is the cooldown after a ring, SNOOZED a person's wish; both end at `due_at`. DONE is
    the end: it rang once, ran out, was deleted, or its chat is gone.
    """

    ARMED = "armed"
    DISARMED = "disarmed"
    RESTING = "resting"
    SNOOZED = "snoozed"
    PAUSED = "paused"
    DONE = "done"


class Repeat(StrEnum):
    """How often an alert rings; EVERY keeps its cooldown between rings."""

    ONCE = "once"
    EVERY = "every"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an alert stands. A trigger exists in ARMED and DISARMED only; digests have none.

    `due_at` ends a rest or a snooze, and is the next time of a digest.
    """

    state: AlertState
    trigger: Trigger | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlertDraft:
    """An alert before it is stored: parsed words, bounded, without any authority.

    `at_once` rings at the next look even if the condition holds already. `urgent` may break
    through quiet hours. `note` says what it belongs to ("stop-loss of ...").
    """

    condition: Condition
    repeat: Repeat = Repeat.ONCE
    cooldown: timedelta = timedelta(0)
    expires_at: datetime | None = None
    urgent: bool = False
    at_once: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class AlertWords:
    """What an analyst took a question for: a sentence like `SEI above 0.25, every time`.

    It is read and checked like one that a person wrote, and then shown for confirmation. It says
    nothing about where it rings, for whom, or what may break through quiet hours.
    """

    sentence: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert is told: a private chat, a group, or one topic of a group (thread 0: none)."""

    chat_id: int
    thread_id: int = 0

    @property
    def is_group(self) -> bool:
        """Telegram's groups have negative ids."""
        return self.chat_id < 0


@dataclass(frozen=True, slots=True)
class Alert:
    """A stored alert.

    `user_id` set it up. `series` is what it watches ("" for digests). `seen_value` is the figure
    of the series when it was last armed, or changed by a person, at `seen_at`: what happened before
    says nothing to it. It is None where nobody knew it then. `rang_at` is when its condition was
    last met, `rings` how often; a person who changes when it rings, or ends it, clears `rang_at`.
    `share` is an unguessable word by which others may subscribe to a group's alert, empty for
    private ones. `version` counts changes.
    """

    id: AlertId
    user_id: UserId
    place: Place
    condition: Condition
    series: str
    repeat: Repeat
    cooldown: timedelta
    expires_at: datetime | None
    urgent: bool
    note: str
    standing: Standing
    seen_value: Decimal | None
    seen_at: datetime | None
    rang_at: datetime | None
    rings: int
    share: str
    created_at: datetime
    version: int

    @property
    def is_active(self) -> bool:
        """Whether it can still ring, if only after a pause."""
        return self.standing.state is not AlertState.DONE


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a series: its figure at a time, and how old the data was.

    `late` when the look was missed (downtime, no data) and is made up for from history.
    """

    value: Decimal
    at: datetime
    as_of: datetime
    late: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """USD prices by symbol at one moment. `late` ones are made from history after a gap."""

    at: datetime
    prices: dict[str, Decimal]
    late: bool = False
