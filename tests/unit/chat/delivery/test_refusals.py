"""Every way in which Telegram refuses a message, as it words it."""

from datetime import timedelta

import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.chat.delivery.refusals import Refusal, Verdict, refusal_of
from bot.chat.transport import NotConnectedError


@pytest.mark.parametrize(
    ("error", "verdict", "reason"),
    [
        (NotConnectedError("no connection"), Verdict.RETRY, None),
        (InvalidToken("Unauthorized"), Verdict.RETRY, None),
        (Conflict("terminated by other getUpdates request"), Verdict.RETRY, None),
        (TimedOut(), Verdict.DOUBT, None),
        (NetworkError("connection broke"), Verdict.DOUBT, None),
        (NetworkError("Internal Server Error (500)"), Verdict.DOUBT, None),
        (NetworkError("Bad Gateway"), Verdict.DOUBT, None),
        (TelegramError("Invalid server response"), Verdict.DOUBT, None),
        (Forbidden("Forbidden: bot was blocked by the user"), Verdict.CHAT_LOST, "blocked"),
        (
            Forbidden("Forbidden: bot can't initiate conversation with a user"),
            Verdict.CHAT_LOST,
            "blocked",
        ),
        (Forbidden("Forbidden: user is deactivated"), Verdict.CHAT_LOST, "chat_gone"),
        (Forbidden("Forbidden: the group chat was deleted"), Verdict.CHAT_LOST, "chat_gone"),
        (
            Forbidden("Forbidden: bot was kicked from the supergroup chat"),
            Verdict.CHAT_LOST,
            "kicked",
        ),
        (
            Forbidden("Forbidden: bot is not a member of the supergroup chat"),
            Verdict.CHAT_LOST,
            "kicked",
        ),
        (
            Forbidden("Forbidden: not enough rights to send text messages to the chat"),
            Verdict.CHAT_LOST,
            "no_rights",
        ),
        (BadRequest("Chat not found"), Verdict.CHAT_LOST, "chat_gone"),
        (BadRequest("PEER_ID_INVALID"), Verdict.CHAT_LOST, "chat_gone"),
        (BadRequest("Group chat was deactivated"), Verdict.CHAT_LOST, "chat_gone"),
        (
            BadRequest("Not enough rights to send text messages to the chat"),
            Verdict.CHAT_LOST,
            "no_rights",
        ),
        (
            BadRequest("Have no rights to send a message"),
            Verdict.CHAT_LOST,
            "no_rights",
        ),
        (BadRequest("CHAT_WRITE_FORBIDDEN"), Verdict.CHAT_LOST, "no_rights"),
        (BadRequest("Message thread not found"), Verdict.TOPIC_LOST, "topic_gone"),
        (BadRequest("TOPIC_DELETED"), Verdict.TOPIC_LOST, "topic_gone"),
        (BadRequest("TOPIC_CLOSED"), Verdict.TOPIC_LOST, "topic_gone"),
        (BadRequest("Not enough rights to send photos to the chat"), Verdict.PICTURE, None),
        (BadRequest("IMAGE_PROCESS_FAILED"), Verdict.PICTURE, None),
        (BadRequest("PHOTO_INVALID_DIMENSIONS"), Verdict.PICTURE, None),
        (
            BadRequest("Can't parse entities: unsupported start tag"),
            Verdict.MARKUP,
            None,
        ),
        (BadRequest("BUTTON_TYPE_INVALID"), Verdict.REFUSED, None),
        (BadRequest("Message is too long"), Verdict.REFUSED, None),
    ],
)
def test_what_a_refusal_means(error: TelegramError, verdict: Verdict, reason: str | None):
    refusal = refusal_of(error)
    assert refusal.verdict is verdict
    assert refusal.reason == (error.message if reason is None else reason)


@pytest.mark.parametrize("after", [17, timedelta(seconds=17)])
def test_flood_control_says_how_long(after: int | timedelta):
    assert refusal_of(RetryAfter(after)) == Refusal(Verdict.HOLD, pause_s=17)


def test_flood_control_that_does_not_say_is_no_doubt():
    assert refusal_of(NetworkError("Too Many Requests (429)")).verdict is Verdict.HOLD


def test_a_group_that_became_a_supergroup():
    assert refusal_of(ChatMigrated(-100777)) == Refusal(Verdict.MOVED, moved_to=-100777)
