"""Numbers in words, as figures: `ninety-five thousand`, `three hundred`, `one dollar`. Pure."""

import re

_ONES = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9,
}  # fmt: skip
_TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
_WORTH = _ONES | _TEENS | _TENS | {"a": 1}
_ONE = "|".join(_ONES)
_TEEN = "|".join(_TEENS)
_TEN = "|".join(_TENS)
_SCALES = {"thousand": 1_000, "grand": 1_000, "million": 1_000_000}
_SCALE = "|".join(_SCALES)
_SMALL = rf"(?:(?P<ten>{_TEN})(?:[\s-](?P<one>{_ONE}))?|(?P<teen>{_TEEN})|(?P<alone>{_ONE}))"
_HUNDREDS = re.compile(
    rf"\b(?P<count>a|(?:(?:{_TEN})[\s-])?(?:{_ONE})|{_TEEN}|{_TEN}|[1-9])\s+hundred\b(?:\s+(?:and\s+)?{_SMALL}\b)?"
    rf"(?:\s+(?P<scale>{_SCALE})\b)?",
    re.ASCII,
)
_TENS_AND_ONES = re.compile(
    rf"\b(?:(?P<ten>{_TEN})(?:[\s-](?P<one>{_ONE}))?|(?P<teen>{_TEEN}))\b", re.ASCII
)
_FEW = re.compile(
    rf"\b(?P<count>a|{_ONE})(?=\s+(?:{_SCALE})\b)|\b(?P<one>one)(?=\s+(?:dollars?|cents?|usd)\b)",
    re.ASCII,
)


def figures_for(text: str) -> str:
    """A sentence in small letters with such words as digits; `one token` stays."""
    text = _HUNDREDS.sub(_hundreds, text)
    text = _TENS_AND_ONES.sub(lambda found: str(_small(found)), text)
    return _FEW.sub(lambda found: str(_WORTH[found["count"] or found["one"]]), text)


def _hundreds(found: re.Match[str]) -> str:
    count = found["count"]
    counted = (
        int(count) if count.isdigit() else sum(_WORTH[one] for one in re.split(r"[\s-]", count))
    )
    value = 100 * counted + _small(found)
    return str(value * (_SCALES[found["scale"]] if found["scale"] else 1))


def _small(found: re.Match[str]) -> int:
    return sum(_WORTH[word] for name, word in found.groupdict().items() if word and name in _PARTS)


_PARTS = frozenset({"ten", "one", "teen", "alone"})
