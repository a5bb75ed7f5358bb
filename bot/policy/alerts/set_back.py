"""What alerts have from a clock that ran ahead and was set back. Pure."""

from dataclasses import replace
from datetime import datetime

from bot.domain.alerts import Alert, AlertState
from bot.policy.alerts.digest_times import next_due
from bot.policy.alerts.proposals import LONGEST_SNOOZE
from bot.policy.alerts.states import SHORTEST_COOLDOWN


def set_back(alert: Alert, zone: str, now: datetime) -> Alert:
    """The alert with no time further ahead than it could be, by the clock as it is now.

    `zone` is that of who set it up. A digest that was told of ahead of time is not told again.
    """
    standing = alert.standing
    if standing.due_at is not None:
        latest = _latest_due(alert, zone, now)
        standing = replace(standing, due_at=min(standing.due_at, latest))
    ahead = (alert.seen_at or alert.created_at) > now
    return replace(
        alert,
        standing=standing,
        seen_at=now if ahead else alert.seen_at,
        rang_at=min(alert.rang_at, now) if alert.rang_at else None,
    )


def _latest_due(alert: Alert, zone: str, now: datetime) -> datetime:
    state = alert.standing.state
    if state is AlertState.RESTING:
        return now + max(alert.cooldown, SHORTEST_COOLDOWN)
    if state is AlertState.SNOOZED:
        return now + LONGEST_SNOOZE
    due_at = next_due(alert.condition, zone, now)
    return next_due(alert.condition, zone, due_at) if due_at == alert.rang_at else due_at
