"""What Telegram's failures mean for a message of the outbox; each is mapped here and only here."""

from dataclasses import dataclass
from enum import Enum

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.chat.delivery.pace import seconds_of
from bot.chat.transport import NotConnectedError


class Verdict(Enum):
    """What became of a message, and what to do.

    HOLD: not taken, the chat wants a pause. RETRY: not taken, try again later. DOUBT: it may have
    been taken. CHAT_LOST and TOPIC_LOST: never again. MOVED: the chat has a new id. MARKUP and
    PICTURE: not taken as it is written. REFUSED: a fault of ours.
    """

    HOLD = "hold"
    RETRY = "retry"
    DOUBT = "doubt"
    CHAT_LOST = "chat_lost"
    TOPIC_LOST = "topic_lost"
    MOVED = "moved"
    MARKUP = "markup"
    PICTURE = "picture"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A verdict; `reason` is a word for a loss, `pause_s` and `moved_to` go with their verdicts."""

    verdict: Verdict
    reason: str = ""
    pause_s: float = 0.0
    moved_to: int = 0


_UNNAMED_PAUSE_S = 5.0
"""A 429 that does not say how long."""

_PICTURE = ("photo", "image", "media", "wrong file", "webpage")
_TOPIC = ("thread not found", "topic_deleted", "topic_closed", "topic_id_invalid")
_RIGHTS = (
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "chat_write_forbidden",
    "chat_restricted",
    "chat_send_plain_forbidden",
    "user_banned_in_channel",
    "user_restricted",
)
_GONE = (
    "chat not found",
    "chat_id_invalid",
    "peer_id_invalid",
    "user not found",
    "chat was deactivated",
    "chat was deleted",
    "user is deactivated",
    "user_deactivated",
    "input_user_deactivated",
    "channel_private",
)
_OUT = ("kicked", "not a member", "is not in the")


def refusal_of(error: TelegramError) -> Refusal:
    """What an error of a sending call means."""
    if isinstance(error, ChatMigrated):
        return Refusal(Verdict.MOVED, moved_to=error.new_chat_id)
    if isinstance(error, RetryAfter):
        return Refusal(Verdict.HOLD, pause_s=seconds_of(error))
    if isinstance(error, NotConnectedError | InvalidToken | Conflict):
        return Refusal(Verdict.RETRY, error.message)
    if isinstance(error, Forbidden):
        return _forbidden(error.message.lower())
    if isinstance(error, BadRequest):
        return _bad_request(error.message)
    if "Too Many Requests" in error.message:
        return Refusal(Verdict.HOLD, pause_s=_UNNAMED_PAUSE_S)
    return Refusal(Verdict.DOUBT, error.message)


def _forbidden(words: str) -> Refusal:
    if _any(words, _GONE):
        return Refusal(Verdict.CHAT_LOST, "chat_gone")
    if _any(words, _OUT):
        return Refusal(Verdict.CHAT_LOST, "kicked")
    if _any(words, _RIGHTS):
        return Refusal(Verdict.CHAT_LOST, "no_rights")
    return Refusal(Verdict.CHAT_LOST, "blocked")


def _bad_request(message: str) -> Refusal:
    words = message.lower()
    if "entities" in words or "unsupported start tag" in words:
        return Refusal(Verdict.MARKUP, message)
    if _any(words, _TOPIC):
        return Refusal(Verdict.TOPIC_LOST, "topic_gone")
    if _any(words, _PICTURE):
        return Refusal(Verdict.PICTURE, message)
    if _any(words, _RIGHTS):
        return Refusal(Verdict.CHAT_LOST, "no_rights")
    if _any(words, _OUT):
        return Refusal(Verdict.CHAT_LOST, "kicked")
    if _any(words, _GONE):
        return Refusal(Verdict.CHAT_LOST, "chat_gone")
    return Refusal(Verdict.REFUSED, message)


def _any(words: str, signs: tuple[str, ...]) -> bool:
    return any(sign in words for sign in signs)
