"""Alerts that are being made, as a dialogue keeps them between taps and over restarts."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil
from secrets import token_hex

from bot.domain.alerts import AlertDraft, AlertState, Condition, Place, Repeat, Standing

_BYTES = 4
_PAUSED, _SNOOZED = "p", "s"
_DIGITS = 10


def new_draft_id() -> str:
    """Names one card: its buttons work while the dialogue is about that card."""
    return token_hex(_BYTES)


def pack_draft(draft: AlertDraft, place: Place, draft_id: str) -> dict[str, str]:
    """A draft as a dialogue's data."""
    condition = draft.condition
    return {
        "id": draft_id,
        "chat": str(place.chat_id),
        "thread": str(place.thread_id),
        "type": condition.type,
        "symbol": condition.symbol,
        "threshold": str(condition.threshold),
        "window": condition.window,
        "agent": str(condition.agent_id),
        "repeat": draft.repeat.value,
        "cooldown": str(int(draft.cooldown.total_seconds())),
        "until": draft.expires_at.isoformat() if draft.expires_at else "",
        "urgent": "yes" if draft.urgent else "",
        "at_once": "yes" if draft.at_once else "",
        "note": draft.note,
    }


def unpack_draft(data: Mapping[str, str]) -> tuple[AlertDraft, Place]:
    """The reverse of `pack_draft`."""
    condition = Condition(
        data["type"],
        data["symbol"],
        Decimal(data["threshold"]),
        data["window"],
        int(data["agent"]),
    )
    draft = AlertDraft(
        condition,
        Repeat(data["repeat"]),
        timedelta(seconds=int(data["cooldown"])),
        datetime.fromisoformat(data["until"]) if data["until"] else None,
        urgent=bool(data["urgent"]),
        at_once=bool(data["at_once"]),
        note=data["note"],
    )
    return draft, Place(int(data["chat"]), int(data["thread"]))


def pack_standing(was: Standing) -> tuple[str, ...]:
    """How a silent alert stood, for the button that brings it back; nothing of one that rang."""
    if was.state is AlertState.PAUSED:
        return (_PAUSED,)
    if was.state is AlertState.SNOOZED and was.due_at is not None:
        # Rounded up, so that it wakes no sooner than it would have.
        return (f"{_SNOOZED}{ceil(was.due_at.timestamp())}",)
    return ()


def unpack_standing(word: str) -> Standing | None:
    """The reverse of `pack_standing`; None of anything else."""
    if word == _PAUSED:
        return Standing(AlertState.PAUSED)
    until = word.removeprefix(_SNOOZED)
    if until == word or not (until.isascii() and until.isdigit() and len(until) <= _DIGITS):
        return None
    return Standing(AlertState.SNOOZED, None, datetime.fromtimestamp(int(until), UTC))
