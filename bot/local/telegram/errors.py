"""Telegram's refusals, in Telegram's words."""

from typing import Any

Json = dict[str, Any]
Answer = Json | list[Json] | bool | int | str


class BotApiError(Exception):
    """A call the Bot API refuses; `description` is what Telegram would say."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def as_json(self) -> Json:
        """The body of the answer."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(reason: str) -> BotApiError:
    """400, the caller's mistake."""
    return BotApiError(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> BotApiError:
    """403, a person or a chat does not want the bot."""
    return BotApiError(403, f"Forbidden: {reason}")


def conflict(reason: str) -> BotApiError:
    """409, two ways of fetching updates at once."""
    return BotApiError(409, f"Conflict: {reason}")


def too_many_requests(retry_after_s: int) -> BotApiError:
    """429; nothing was done."""
    return BotApiError(
        429, f"Too Many Requests: retry after {retry_after_s}", {"retry_after": retry_after_s}
    )


def upgraded(new_id: int) -> BotApiError:
    """400, the group has become a supergroup."""
    return BotApiError(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        {"migrate_to_chat_id": new_id},
    )


CHAT_NOT_FOUND = "chat not found"
THREAD_NOT_FOUND = "message thread not found"
TOPIC_CLOSED = "TOPIC_CLOSED"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
