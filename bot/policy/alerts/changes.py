"""What a person's change does to an alert, beyond the words of it. Pure.

A person who changes when an alert rings wants to hear of it, whatever rang before: `rang_at` is
forgotten then, so that a look which makes up for missed ones keeps nothing back. So an active
alert that rings once has no `rang_at`, and one that has is over by its own ring.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.alerts import Alert, AlertState, Repeat
from bot.domain.errors import UserError
from bot.policy.alerts.kind import Watch
from bot.policy.alerts.states import SHORTEST_COOLDOWN, begin, finish, snooze


def still_active(alert: Alert) -> Alert:
    """The alert itself.

    Raises:
        UserError: it has ended.
    """
    if not alert.is_active:
        raise UserError("That alert has ended. /alert sets a new one.")
    return alert


def end(alert: Alert) -> Alert:
    """Ended by a person: unlike one that `has_rung_out`, no snooze brings it back."""
    return replace(finish(alert), rang_at=None)


def has_rung_out(alert: Alert) -> bool:
    """Whether its last ring has ended it, and nobody has ended it since."""
    return not alert.is_active and alert.repeat is Repeat.ONCE and alert.rang_at is not None


def silenced(alert: Alert, until: datetime, watch: Watch | None) -> Alert:
    """Snoozed until then; one that has rung out forgets at which figure it was armed.

    Raises:
        UserError: it ends before.
    """
    if alert.expires_at is not None and alert.expires_at <= until:
        raise UserError("That alert ends before then. /alert sets a new one.")
    if has_rung_out(alert):
        crosses = watch is not None and watch.both_ways
        standing = begin(watch, alert.seen_value) if watch and crosses else alert.standing
        alert = replace(alert, standing=standing, seen_value=None)
    return replace(snooze(alert, until), rang_at=None)


def without_past_end(alert: Alert, now: datetime) -> Alert:
    """The alert, without an end date that has passed."""
    over = alert.expires_at is not None and alert.expires_at <= now
    return replace(alert, expires_at=None) if over else alert


def ends_in_rest(alert: Alert) -> bool:
    """Whether it has rung for the last time, as it ends before its rest is over."""
    rests_until = alert.standing.due_at if alert.standing.state is AlertState.RESTING else None
    return bool(rests_until and alert.expires_at and alert.expires_at <= rests_until)


def ringing_as(before: Alert, after: Alert) -> Alert:
    """After another manner of ringing: a rest that has begun lasts as long as the new one says."""
    standing = after.standing
    if standing.state is AlertState.RESTING and standing.due_at is not None:
        due_at = standing.due_at - _rest(before) + _rest(after)
        after = replace(after, standing=replace(standing, due_at=due_at))
    return after if after.repeat is before.repeat else replace(after, rang_at=None)


def _rest(alert: Alert) -> timedelta:
    return max(alert.cooldown, SHORTEST_COOLDOWN)
