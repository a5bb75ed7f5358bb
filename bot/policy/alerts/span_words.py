"""Spans of two parts and with a half, as one whole number of one unit. Pure."""

import re

_FLAGS = re.IGNORECASE | re.ASCII
_START = r"(?<![\w.,$-])"
_DAYS = r"(?:days?|d)"
_HOURS = r"(?:hours?|hrs?|hr|h)"
_MINUTES = r"(?:minutes?|mins?|min|m)"
_AND = r"\s*(?:,\s*|and\s+)?"
_DAYS_HOURS = re.compile(
    rf"{_START}([0-9]{{1,2}})[\s-]?{_DAYS}{_AND}([0-9]{{1,2}})[\s-]?{_HOURS}\b", _FLAGS
)
_HOURS_MINUTES = re.compile(
    rf"{_START}([0-9]{{1,2}})[\s-]?{_HOURS}{_AND}([0-9]{{1,2}})[\s-]?{_MINUTES}\b", _FLAGS
)
_HALF_DAYS = re.compile(rf"{_START}([0-9]{{1,2}})[.,]5\s?{_DAYS}\b", _FLAGS)
_HALF_HOURS = re.compile(rf"{_START}([0-9]{{1,2}})[.,]5\s?{_HOURS}\b", _FLAGS)
_IN_WORDS = (
    (r"(?:an|one|1)\s+hour\s+and\s+a\s+half|(?:one|1)\s+and\s+a\s+half\s+hours?", "90min"),
    (r"(?:2|two)\s+(?:hours\s+and\s+a\s+half|and\s+a\s+half\s+hours)", "150min"),
    (r"half\s+an?\s+hour|half[\s-]hour", "30min"),
    (r"(?:an?\s+)?quarter\s+of\s+an\s+hour", "15min"),
    (r"half\s+an?\s+day|half[\s-]day", "12h"),
)
_WORDS = tuple((re.compile(rf"\b(?:{words})\b", _FLAGS), span) for words, span in _IN_WORDS)


def tidy_spans(text: str) -> str:
    """`1h 30m`, `1.5 hours` and `an hour and a half` are `90min`; other spans stay."""
    for pattern, span in _WORDS:
        text = pattern.sub(span, text)
    text = _HALF_DAYS.sub(lambda found: f"{int(found[1]) * 24 + 12}h", text)
    text = _HALF_HOURS.sub(lambda found: f"{int(found[1]) * 60 + 30}min", text)
    text = _DAYS_HOURS.sub(lambda found: f"{int(found[1]) * 24 + int(found[2])}h", text)
    return _HOURS_MINUTES.sub(lambda found: f"{int(found[1]) * 60 + int(found[2])}min", text)
