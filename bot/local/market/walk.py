"""A random walk that can be asked for any minute, in any order, and always answers the same."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

MINUTES_PER_YEAR = 365 * 24 * 60

_FREE_BITS = 8  # 4.3 hours between anchors
_PEG_BITS = 9  # 8.5 hours

Minutes = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Walk:
    """Log-price noise: independent anchors every 2^span_bits minutes, Brownian bridges between.

    The value of a minute follows from `seed` and `name` alone: the bridge is refined by halving,
    and each midpoint's displacement is a hash of that minute. So a span costs O(span_bits) a
    point, and the walk stays near zero for ever, which keeps prices plausible in any year.
    """

    seed: int
    name: str
    span_bits: int
    anchor_deviation: float
    step_deviation: float

    @classmethod
    def free(cls, seed: int, name: str, volatility: float) -> "Walk":
        """Moves with this annual volatility (0.8 is 80 %) over any span up to hours."""
        step = volatility / MINUTES_PER_YEAR**0.5
        return cls(seed, name, _FREE_BITS, step * (2**_FREE_BITS / 2) ** 0.5, step)

    @classmethod
    def peg(cls, seed: int, name: str, deviation: float) -> "Walk":
        """Stays around zero with this standard deviation, back within hours."""
        return cls(seed, name, _PEG_BITS, deviation, deviation * (2 / 2**_PEG_BITS) ** 0.5)

    def at(self, minutes: Minutes) -> Values:
        """Values at minutes since the Unix epoch."""
        base = (minutes >> self.span_bits) << self.span_bits
        left = self._normal(base) * self.anchor_deviation
        right = self._normal(base + (1 << self.span_bits)) * self.anchor_deviation
        for level in range(self.span_bits - 1, -1, -1):
            half = 1 << level
            displacement = self.step_deviation * (half / 2) ** 0.5
            middle = (left + right) / 2 + displacement * self._normal(base + half)
            ahead = minutes - base >= half
            left, right = np.where(ahead, middle, left), np.where(ahead, right, middle)
            base = np.where(ahead, base + half, base)
        return left

    @cached_property
    def _key(self) -> np.uint64:
        digest = blake2b(f"{self.seed}:{self.name}".encode(), digest_size=8).digest()
        return np.uint64(int.from_bytes(digest))

    def _normal(self, minutes: Minutes) -> Values:
        """Standard normal draws: splitmix64 of the minute, both halves through Box-Muller."""
        bits = minutes.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + self._key
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        bits ^= bits >> np.uint64(31)
        upper = ((bits >> np.uint64(32)).astype(np.float64) + 0.5) / 2**32
        lower = ((bits & np.uint64(0xFFFFFFFF)).astype(np.float64) + 0.5) / 2**32
        return np.asarray(np.sqrt(-2 * np.log(upper)) * np.cos(2 * np.pi * lower))
