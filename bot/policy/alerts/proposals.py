"""Alerts as proposed, as changed, and in order of nearness. Pure."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.domain.alerts import (
    Alert,
    AlertDraft,
    AlertState,
    Place,
    Repeat,
    Standing,
    rounded,
)
from bot.policy.alerts.kind import Watch
from bot.policy.alerts.states import begin, pause, snooze

LONGEST_SNOOZE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An alert that could be set, and how things stand now.

    `figure` is the present one of its series (None: unknown, or a digest), `reached` whether the
    condition holds already, `distance` how far the figure is from the line in per cent, `due_at`
    when a digest comes next.
    """

    draft: AlertDraft
    place: Place
    figure: Decimal | None
    reached: bool
    distance: Decimal | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Nearby:
    """An alert, the present figure of its series, and how far that is from ringing, in per cent."""

    alert: Alert
    figure: Decimal | None
    distance: Decimal | None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different about an alert; None leaves it. `for_good` drops the end date."""

    threshold: Decimal | None = None
    window: str | None = None
    repeat: Repeat | None = None
    cooldown: timedelta | None = None
    urgent: bool | None = None
    expires_at: datetime | None = None
    for_good: bool = False


def tidy(draft: AlertDraft) -> AlertDraft:
    """A threshold has no more digits than a series has."""
    line = rounded(draft.condition.threshold)
    return replace(draft, condition=replace(draft.condition, threshold=line))


def silent_still(anew: Alert, was: Standing, now: datetime) -> Alert:
    """An alert that stands as a new one does, silenced as it was: paused, or snoozed still."""
    if was.state is AlertState.PAUSED:
        return pause(anew)
    until = was.due_at
    if was.state is AlertState.SNOOZED and anew.series and until is not None:
        return snooze(anew, until) if now < until <= now + LONGEST_SNOOZE else anew
    return anew


def draft_of(alert: Alert) -> AlertDraft:
    """What an alert would be set from."""
    return AlertDraft(
        alert.condition,
        alert.repeat,
        alert.cooldown,
        alert.expires_at,
        alert.urgent,
        note=alert.note,
    )


def standing_of(proposal: Proposal, watch: Watch | None) -> Standing:
    """Where it stands when it is set."""
    if watch is None:
        return Standing(AlertState.ARMED, None, proposal.due_at)
    return begin(watch, proposal.figure, at_once=proposal.draft.at_once)


def changed(alert: Alert, change: Change) -> Alert:
    """The alert with other words; its series and where it stands are left to the caller."""
    condition = alert.condition
    if change.threshold is not None:
        condition = replace(condition, threshold=rounded(change.threshold))
    if change.window is not None:
        condition = replace(condition, window=change.window)
    return replace(
        alert,
        condition=condition,
        repeat=change.repeat or alert.repeat,
        cooldown=alert.cooldown if change.cooldown is None else change.cooldown,
        urgent=alert.urgent if change.urgent is None else change.urgent,
        expires_at=None if change.for_good else change.expires_at or alert.expires_at,
    )


def nearness(nearby: Nearby) -> tuple[int, Decimal, datetime, int]:
    """Sorts what is nearest to firing first, then what waits, and what is paused last."""
    alert, never = nearby.alert, datetime.max.replace(tzinfo=UTC)
    state = alert.standing.state
    if state is AlertState.PAUSED:
        rank = 4
    elif not alert.series:
        rank = 2
    elif state is AlertState.ARMED:
        rank = 0 if nearby.distance is not None else 1
    else:
        rank = 3
    distance = nearby.distance if nearby.distance is not None else Decimal(0)
    return rank, distance, alert.standing.due_at or never, alert.id
