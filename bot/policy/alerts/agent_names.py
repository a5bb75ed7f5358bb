"""Which of a person's agents a sentence names. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.policy.alerts.phrases import LONGEST, read_phrase

_FLAGS = re.IGNORECASE
_QUOTE = "['\"\u201c\u201d\u2018\u2019]?"
_LEAD = r"(?:\b(?:for|of|in|on|by|with)\s+)?(?:\b(?:my|the)\s+)?"
_CALLED = r"\bagents?\s+(?:(?:called|named)\s+)?"
_UNKNOWN = re.compile(
    rf"\b(?:for|of|in|on|by|with)\s+(?:my\s+|the\s+)?{_CALLED}{_QUOTE}(?P<name>[^\W_][\w-]*)"
    rf"|{_CALLED}{_QUOTE}(?P<last>[^\W_][\w-]*){_QUOTE}\s*[.!]?\s*$",
    _FLAGS,
)


@dataclass(frozen=True, slots=True)
class Named:
    """The agent that is named, or a name that nobody has; `rest` is the sentence without it."""

    rest: str
    name: str = ""
    unknown: str = ""


def name_agent(text: str, names: Sequence[str], listed: Sequence[str]) -> Named:
    """Find the name of an agent in a sentence: `for agent Bobot`, `balance of Bobot`.

    A name that means something else in an alert (`SEI`, `Daily`) counts only behind `agent`.
    """
    if len(text) > LONGEST:
        return Named(text)
    for name in sorted(names, key=len, reverse=True):
        said = re.escape(name).replace(r"\ ", r"\s+")
        called = rf"{_LEAD}{_CALLED}{_QUOTE}{said}(?!\w){_QUOTE}(?:s\b)?"
        bare = rf"{_LEAD}(?<!\w){_QUOTE}{said}(?!\w){_QUOTE}(?:s\b)?(?:\s+agent\b)?"
        for pattern in (called, bare) if _is_strange(name, listed) else (called,):
            if match := re.search(pattern, text, _FLAGS):
                return Named(f"{text[: match.start()]} {text[match.end() :]}", name)
    match = _UNKNOWN.search(text)
    word = (match["name"] or match["last"]) if match else ""
    return Named(text, unknown=word if word and _is_strange(word, listed) else "")


def _is_strange(name: str, listed: Sequence[str]) -> bool:
    """Whether none of its words has a meaning in an alert."""
    words = name.split()
    return all(read_phrase(word, listed).strangers for word in words)
