"""The slow part of a price: the coins rise and fall in turn, so that one always does either.

Random walks leave whoever tries the bot without a trend to see, for weeks at times. Here a tide
decides where a price goes over days, and `walk` shakes it within hours.
"""

from hashlib import blake2b

import numpy as np

from bot.local.market.walk import Minutes, Values

_DAY = 1440
CYCLE = 30 * _DAY
"""Minutes from one low to the next: half of them rising, half falling."""

_STEADY = 0.2
_SWING_PERIOD = 8 * 60


def tide(seed: int, turn: float, minutes: Minutes) -> Values:
    """From -0.5 (low) to 0.5 (high) and back, ahead by `turn`, a part of the cycle.

    Rises and falls both begin slowly and gather speed, as what people follow does.
    """
    way = (minutes / CYCLE + _start(seed) + turn) % 1 * 2
    return np.asarray(np.where(way < 1, _leg(way), 1 - _leg(way - 1)) - 0.5)


def swing(minutes: Minutes) -> Values:
    """From -1 to 1 and back in 8 hours: setbacks, without which every trend looks overheated.

    Its turns are ends of 4-hour candles; over a day it comes to nothing.
    """
    return np.asarray(np.cos(2 * np.pi * minutes / _SWING_PERIOD))


def _leg(part: Values) -> Values:
    return _STEADY * part + (1 - _STEADY) * part**2


def _start(seed: int) -> float:
    digest = blake2b(f"{seed}:tide".encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32
