"""How an alert moves from one state to the next. Pure; every way in and out is here.

ARMED -> (its line is reached) -> DONE | RESTING       rings
RESTING -> (cooldown over) -> DISARMED -> (came back by the slack) -> ARMED
RESTING -> (cooldown over) -> ARMED                    where the figure is a pulse
any -> SNOOZED -> (snooze over) -> ARMED               rings then, if the condition holds
any -> PAUSED -> (resumed) -> as a new one
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.alerts import (
    Alert,
    AlertState,
    Direction,
    Reading,
    Repeat,
    Standing,
    Trigger,
    rounded,
)
from bot.policy.alerts.kind import Watch

SHORTEST_COOLDOWN = timedelta(minutes=5)
_ANY_FIGURE = -(1 << 62)


@dataclass(frozen=True, slots=True)
class Move:
    """An alert after its trigger was hit, and whether it rings."""

    alert: Alert
    rings: bool = False


def begin(watch: Watch, value: Decimal | None, *, at_once: bool = False) -> Standing:
    """Where a new or resumed alert stands, by the figure of its series, if that is known.

    Armed if the condition is false now, or if it shall ring at once; otherwise it waits until the
    condition was false once.
    """
    if watch.both_ways:
        # The side it is on decides which way it can cross; unknown, the first look will tell.
        if value is None:
            return Standing(AlertState.DISARMED, Trigger(Direction.UP, _ANY_FIGURE))
        return Standing(AlertState.ARMED, _across(watch, value))
    if at_once or (value is not None and not watch.fire().is_hit(value)):
        return Standing(AlertState.ARMED, watch.fire())
    return Standing(AlertState.DISARMED, watch.first())


def look(alert: Alert, watch: Watch, reading: Reading, *, missed_from: datetime | None) -> Move:
    """Its trigger was hit: it rings, or is armed.

    Args:
        alert: as it stands.
        watch: what it watches.
        reading: at or beyond the trigger.
        missed_from: in a look that makes up for missed ones, when they began: an alert that has
            rung since then does not ring again.
    """
    if alert.standing.state is AlertState.DISARMED:
        return Move(_armed(alert, watch, reading))
    rings = missed_from is None or alert.rang_at is None or alert.rang_at <= missed_from
    rang_at = reading.at
    if missed_from is not None:  # Never before that, or it would ring again for the same looks.
        rang_at = max(rang_at, missed_from + timedelta.resolution)
    after = replace(
        alert, rang_at=rang_at, rings=alert.rings + rings, standing=_rung(alert, reading.at)
    )
    return Move(after, rings)


def come_back(watch: Watch) -> Decimal:
    """The figure that arms it after a ring: back from the line by the slack."""
    return rounded(watch.line - watch.direction * watch.slack)


def wake(alert: Alert, watch: Watch) -> Alert:
    """The cooldown or the snooze is over.

    What it rang for before it was snoozed is forgotten: if its condition holds, it rings.
    """
    snoozed = alert.standing.state is AlertState.SNOOZED
    if snoozed:
        alert = replace(alert, rang_at=None)
    if watch.both_ways:
        way = _way_of(alert, watch)
        if way is None:
            return replace(alert, standing=begin(watch, None))
        beyond = watch.fire(way) if snoozed else watch.again(way)
        return replace(alert, standing=Standing(AlertState.ARMED, beyond))
    if snoozed or watch.is_pulse:
        return replace(alert, standing=Standing(AlertState.ARMED, watch.fire()))
    return replace(alert, standing=Standing(AlertState.DISARMED, watch.again()))


def snooze(alert: Alert, until: datetime) -> Alert:
    """Silent until then; if its condition holds then, it rings."""
    return replace(alert, standing=Standing(AlertState.SNOOZED, _way(alert), until))


def pause(alert: Alert) -> Alert:
    """Silent until it is resumed, which is `begin`."""
    return replace(alert, standing=Standing(AlertState.PAUSED))


def finish(alert: Alert) -> Alert:
    """It never rings again."""
    return replace(alert, standing=Standing(AlertState.DONE))


def _armed(alert: Alert, watch: Watch, reading: Reading) -> Alert:
    trigger = _across(watch, reading.value) if watch.both_ways else watch.fire()
    return replace(
        alert,
        standing=Standing(AlertState.ARMED, trigger),
        seen_value=reading.value,
        seen_at=reading.at,
    )


def _way_of(alert: Alert, watch: Watch) -> Direction | None:
    """Which way a silent alert that may go both ways went; None if it never knew.

    One that was done has lost its trigger: it rang away from the side it was armed on.
    """
    if trigger := alert.standing.trigger:
        return trigger.direction
    if not alert.rings or alert.seen_value is None:
        return None
    return _across(watch, alert.seen_value).direction


def _across(watch: Watch, value: Decimal) -> Trigger:
    """The other side of the line; of the line itself that is below: being on it is no crossing."""
    up, down = watch.fire(Direction.UP), watch.fire(Direction.DOWN)
    if not up.is_hit(value):
        return up
    return watch.first() if down.is_hit(value) else down


def _rung(alert: Alert, at: datetime) -> Standing:
    if alert.repeat is Repeat.ONCE:
        return Standing(AlertState.DONE)
    rest = max(alert.cooldown, SHORTEST_COOLDOWN)
    return Standing(AlertState.RESTING, _way(alert), at + rest)


def _way(alert: Alert) -> Trigger | None:
    """What a silent alert keeps of its trigger: the direction, without a level to be found by.

    Nothing of one that waits to be armed: it has no direction yet, if it may go both ways.
    """
    trigger = alert.standing.trigger
    if trigger is None or alert.standing.state is AlertState.DISARMED:
        return None
    return Trigger(trigger.direction, 0)
