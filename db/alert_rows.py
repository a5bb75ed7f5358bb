"""Alerts as rows and back."""

from datetime import timedelta
from typing import Any

from bot.domain.alerts import (
    Alert,
    AlertDraft,
    AlertId,
    AlertState,
    Condition,
    Direction,
    Place,
    Repeat,
    Standing,
    Trigger,
)
from bot.domain.people import UserId
from bot.ports.alerts import Rung

FOUND = (AlertState.ARMED, AlertState.DISARMED)
SILENT = (AlertState.RESTING, AlertState.SNOOZED)


def kept(standing: Standing) -> Standing:
    """A standing as it comes back from the table.

    Silent alerts keep no level to be found by: resting and snoozed ones the direction alone,
    the others nothing.
    """
    trigger = standing.trigger
    if standing.state in FOUND or trigger is None:
        return standing
    silent = Trigger(trigger.direction, 0) if standing.state in SILENT else None
    return Standing(standing.state, silent, standing.due_at)


def standing_values(standing: Standing) -> dict[str, Any]:
    """The columns of a standing."""
    trigger = kept(standing).trigger
    return {
        "state": standing.state,
        "is_active": standing.state is not AlertState.DONE,
        "direction": trigger.direction if trigger else 0,
        "level": trigger.level if trigger and standing.state in FOUND else None,
        "due_at": standing.due_at,
    }


def moved_values(alert: Alert) -> dict[str, Any]:
    """The columns that a look changes, the version left out."""
    return {
        **standing_values(alert.standing),
        "seen_value": alert.seen_value,
        "seen_at": alert.seen_at,
        "rang_at": alert.rang_at,
        "rings": alert.rings,
    }


def draft_values(draft: AlertDraft, place: Place, standing: Standing) -> dict[str, Any]:
    """The columns that come of a draft."""
    return {**_chosen_values(draft), **_place_values(place), **standing_values(standing)}


def changed_values(alert: Alert) -> dict[str, Any]:
    """The columns that a person may change, with those of a look; the version left out."""
    return {
        **_chosen_values(alert),
        **_place_values(alert.place),
        **moved_values(alert),
        "series": alert.series,
    }


def _chosen_values(chosen: Alert | AlertDraft) -> dict[str, Any]:
    condition = chosen.condition
    return {
        "condition_type": condition.type,
        "token_symbol": condition.symbol,
        "threshold_value": condition.threshold,
        "span": condition.window,
        "agent_id": condition.agent_id,
        "repeats": chosen.repeat,
        "cooldown_s": chosen.cooldown // timedelta(seconds=1),
        "expires_at": chosen.expires_at,
        "urgent": chosen.urgent,
        "note": chosen.note,
    }


def _place_values(place: Place) -> dict[str, Any]:
    return {"chat_id": place.chat_id, "thread_id": place.thread_id}


def alert_of(row: Any) -> Alert:  # noqa: ANN401
    """The alert of a row."""
    return Alert(
        id=AlertId(row.id),
        user_id=UserId(row.user_id),
        place=Place(row.chat_id, row.thread_id),
        condition=Condition(
            row.condition_type, row.token_symbol, row.threshold_value, row.span, row.agent_id
        ),
        series=row.series,
        repeat=Repeat(row.repeats),
        cooldown=timedelta(seconds=row.cooldown_s),
        expires_at=row.expires_at,
        urgent=row.urgent,
        note=row.note,
        standing=_standing(row),
        seen_value=row.seen_value,
        seen_at=row.seen_at,
        rang_at=row.rang_at,
        rings=row.rings,
        share=row.share or "",
        created_at=row.created_at,
        version=row.version,
    )


def rung_of(row: Any) -> Rung:  # noqa: ANN401
    """The ring of a row that has its alert, its firing, and its message if that is still there."""
    return Rung(
        alert_of(row),
        row.number,
        row.met_at,
        row.value,
        row.message_state or "",
        row.not_before,
        row.data or {},
    )


def _standing(row: Any) -> Standing:  # noqa: ANN401
    trigger = Trigger(Direction(row.direction), row.level or 0) if row.direction else None
    return Standing(AlertState(row.state), trigger, row.due_at)
