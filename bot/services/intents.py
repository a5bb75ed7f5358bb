"""What all intents share: where they come from, their names, and why a tap came too late."""

import secrets
from dataclasses import dataclass

from bot.domain.people import User
from bot.domain.trade import Intent, IntentId, IntentState

_ID_BYTES = 12

_ANSWERED = {
    IntentState.DECLINED: "You turned this one down. Nothing was moved.",
    IntentState.EXPIRED: "This offer has expired. Nothing was moved; ask for a fresh quote.",
    IntentState.REFUSED: "This one was refused before it was signed. Nothing was moved.",
    IntentState.SETTLED: "This one is done already; see the receipt above.",
    IntentState.REVERTED: "This one was undone by the chain; only gas was spent.",
    IntentState.DROPPED: "This one never ran and never will. Nothing was moved.",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from: whom to ask, and which decision it follows."""

    user: User
    chat_id: int
    correlation_id: str
    decision_id: int | None = None


def new_intent_id() -> IntentId:
    """An unguessable id, short enough for a button."""
    return IntentId(secrets.token_urlsafe(_ID_BYTES))


def explain_answered(intent: Intent) -> str:
    """What became of an intent whose button is tapped again."""
    return _ANSWERED.get(intent.state, "This one is under way already; the receipt will follow.")
