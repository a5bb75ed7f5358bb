"""What is promised, what came out, and how ratios are put."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Result:
    """One row of the table."""

    name: str
    target: str
    measured: str
    ok: bool
    how: str


@dataclass(frozen=True)
class Promise:
    """A figure before it is measured; `how` names the anchor and the rounds."""

    name: str
    target: str
    how: str

    def result(self, measured: str, *, ok: bool) -> Result:
        return Result(self.name, self.target, measured, ok, self.how)


def ms(seconds: Sequence[float]) -> float:
    """The median in milliseconds."""
    return median(seconds) * 1000
