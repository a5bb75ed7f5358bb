"""Which known word a misspelt one may have been: only ever asked, never assumed. Pure."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from bot.domain.symbols import resolve
from bot.policy.alerts.vocabulary import MARKS

_CLOSE = 0.8
_SHORTEST = 4
_NAMES = ("ethereum", "bitcoin", "tether", "ether", "eth", "btc", "usdt")
_MARKS = sorted(m for m in MARKS if len(m) >= _SHORTEST and not m.endswith(("sss", "hs", "ys")))
_OWN = frozenset(
    {
        "loss", "losses", "take", "stop", "cover", "order", "race", "rover", "skyrockets", "bump",
        "bumps", "flip", "flips", "breach", "breaches", "raise", "raises", "hover", "hovers",
        "hints", "slows", "fails", "chance", "charge", "balanced", "topping",
    }
)  # fmt: skip
"""Words of their own, however like others they are."""


def meant_token(strangers: Sequence[str], listed: Sequence[str]) -> str:
    """The one listed token that a stranger is nearly the name of; empty if there is none."""
    names = [*(name.lower() for name in listed), *_NAMES]
    found = set()
    for stranger in strangers:
        near = _nearest(stranger.removeprefix("$").lower(), names)
        found |= {one for name in near if isinstance(one := resolve(name, listed), str)}
    return found.pop() if len(found) == 1 else ""


def meant_word(strangers: Sequence[str]) -> tuple[str, str]:
    """A stranger and the word of alerts that it is nearest to; both empty if there is none."""
    for stranger in strangers:
        low = stranger.lower()
        if len(low) < _SHORTEST or low in _OWN:
            continue
        if near := [one for one in _nearest(low, _MARKS) if abs(len(one) - len(low)) <= 1]:
            return stranger, near[0]
    return "", ""


def _nearest(word: str, known: Iterable[str]) -> Sequence[str]:
    """Those of the known words that it is likest to, if it is a letter off or two are swapped."""
    likeness = {one: _likeness(word, one) for one in known}
    best = max(likeness.values(), default=0.0)
    return [one for one, like in likeness.items() if like == best >= _CLOSE]


def _likeness(word: str, known: str) -> float:
    swaps = (f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}" for at in range(len(word) - 1))
    if len(word) == len(known) and word != known and known in swaps:
        return 1.0
    return SequenceMatcher(None, word, known).ratio()
