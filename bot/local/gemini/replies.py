"""What the stand-in can say: answers in Google's wire format, and every way of failing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Manner(StrEnum):
    """How a reply is delivered: whole, never, or broken off in the middle of the body."""

    WHOLE = "whole"
    HANG = "hang"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    body: bytes = b""
    status: int = 200
    manner: Manner = Manner.WHOLE


def answer(value: Mapping[str, Any] | str, *, finish: str = "STOP") -> Reply:
    """A candidate holding `value`: a mapping as JSON, a string as it is."""
    text = value if isinstance(value, str) else json.dumps(value)
    content = {"role": "model", "parts": [{"text": text}]}
    return _json({"candidates": [{"content": content, "finishReason": finish, "index": 0}]})


def truncated() -> Reply:
    """Cut by the token limit in the middle of the JSON."""
    return answer('{"action": "BUY", "symbol": "S', finish="MAX_TOKENS")


def blocked_question() -> Reply:
    """Google refused the prompt: feedback and no candidate."""
    return _json({"promptFeedback": {"blockReason": "SAFETY", "safetyRatings": []}})


def blocked_answer() -> Reply:
    """Google stopped its own answer: a candidate without content."""
    return _json({"candidates": [{"finishReason": "SAFETY", "index": 0}]})


def no_candidates() -> Reply:
    """An answer with nothing in it."""
    return _json({"candidates": []})


def garbage(body: bytes = b'{"candidates": [{"conte') -> Reply:
    """A body that is not what Google sends, with status 200."""
    return Reply(body)


def error(status: int, word: str, message: str = "the stand-in says no") -> Reply:
    """An error in Google's form, such as `error(429, "RESOURCE_EXHAUSTED")`."""
    return _json({"error": {"code": status, "message": message, "status": word}}, status)


def busy() -> Reply:
    """429: the quota is used up."""
    return error(429, "RESOURCE_EXHAUSTED")


def down() -> Reply:
    """500: Google's own trouble."""
    return error(500, "INTERNAL")


def gone() -> Reply:
    """404: the model was shut down."""
    return error(404, "NOT_FOUND", "models/x is not found for API version v1")


def hang() -> Reply:
    """No answer at all until the client gives up."""
    return Reply(manner=Manner.HANG)


def drop() -> Reply:
    """The connection breaks in the middle of the body."""
    return Reply(b'{"candidates": [', manner=Manner.DROP)


def _json(value: Mapping[str, Any], status: int = 200) -> Reply:
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return Reply(json.dumps({**value, "usageMetadata": usage}).encode(), status)
