"""How the orchestrator packs a token's terms: the twin of `Listing.sol`.

The bounds of the prices believed are one-byte codes, eight steps an octave, from $0.0003 to
$1.3 million.
"""

from bisect import bisect_left, bisect_right
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from bot.chain.networks import FeedTerms
from bot.domain.money import NATIVE

_ANSWER_SCALE = 10**8
_CODES = 256


class ListedTerms(NamedTuple):
    """What `listToken` takes beyond symbol and token, in its order; `low` and `high` are codes."""

    feed: str
    max_age_s: int
    epsilon_bps: int
    low: int
    high: int


def listed_terms(feed: FeedTerms | None) -> ListedTerms:
    """The terms to list a token with, all zero without a feed.

    Raises:
        ValueError: the band is outside of what codes can say.
    """
    if feed is None:
        return ListedTerms(NATIVE, 0, 0, 0, 0)
    low, high = low_band(feed.low_usd), high_band(feed.high_usd)
    return ListedTerms(feed.feed, feed.max_age_s, feed.epsilon_bps, low, high)


def answer_of(usd: Decimal) -> int:
    """A price as feeds say it, rounded down."""
    return int(Fraction(usd) * _ANSWER_SCALE)


def band_answer(code: int) -> int:
    """The feed's answer that a code stands for."""
    return (8 + (code & 7)) << ((code >> 3) + 12)


_ANSWERS = tuple(band_answer(code) for code in range(_CODES))


def low_band(usd: Decimal) -> int:
    """The highest code whose answer is at most `usd`; ValueError where none is so low."""
    code = bisect_right(_ANSWERS, Fraction(usd) * _ANSWER_SCALE) - 1
    if code < 0:
        raise ValueError(f"${usd} is below every band")
    return code


def high_band(usd: Decimal) -> int:
    """The lowest code whose answer is at least `usd`; ValueError where none is so high."""
    code = bisect_left(_ANSWERS, Fraction(usd) * _ANSWER_SCALE)
    if code == _CODES:
        raise ValueError(f"${usd} is above every band")
    return code
