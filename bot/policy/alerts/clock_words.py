"""Times of the day as a digest may be asked for: in words, with a point, without `at`. Pure."""

import re

_DIGEST = re.compile(r"\b(?:digest|summary|report|briefing|recap|overview)s?\b", re.ASCII)
_HOURS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
)  # fmt: skip
_HOUR = rf"(?P<hour>[0-9]{{1,2}}|{'|'.join(_HOURS)})(?![\w:.,])"
_PARTS = re.compile(rf"\b(?:at\s+)?(?:a\s+)?(?P<part>half|quarter)\s+(?P<to>past|to)\s+{_HOUR}")
_AT = re.compile(rf"\bat\s+{_HOUR.replace('[0-9]{1,2}|', '')}")
_POINT = re.compile(
    r"\b(?P<hour>[0-9]{1,2})\.(?P<minute>[0-5][0-9])(?!(?!\s?[ap]\.?m\b)[\w.,%])", re.ASCII
)
_BARE = re.compile(r"(?<=[a-z])\s+(?P<hour>[0-9]{1,2})\s*$", re.ASCII)
_ZONES = re.compile(
    r"\b(?:utc|gmt|e[sd]t|c[sd]t|m[sd]t|p[sd]t|ce?s?t|eest|eet|wet|bst|jst|kst|sgt|hkt|aest|aedt"
    r"|msk|zulu)\b"
    r"|\b(?!(?:this|same|that|its|another|right|every|each|local|my|our|any|the|a|clock|[ap]m|on|which|day)\b)"
    r"[a-z]+\s+time\b(?!\s+[0-9])",
    re.ASCII,
)


def tidy_clock(text: str) -> str:
    """A digest's time as `8:30`; other sentences stay.

    Args:
        text: in small letters.
    """
    if not _DIGEST.search(text):
        return text
    text = _PARTS.sub(_part, text)
    text = _AT.sub(lambda found: f"at {_number(found['hour'])}", text)
    text = _POINT.sub(lambda found: f"{found['hour']}:{found['minute']}", text)
    return _BARE.sub(lambda found: f" at {found['hour']}", text)


def names_zone(plain: str) -> bool:
    """Whether a sentence in small letters names the clock of some place."""
    return bool(_ZONES.search(plain))


def _part(found: re.Match[str]) -> str:
    hour, before = _number(found["hour"]), found["to"] == "to"
    minute = 30 if found["part"] == "half" else 15
    return f"at {(hour - before) % 24}:{60 - minute if before else minute:02}"


def _number(hour: str) -> int:
    return int(hour) if hour.isdigit() else _HOURS.index(hour) + 1
