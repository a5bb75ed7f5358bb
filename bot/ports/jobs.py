"""How jobs went: kept over restarts, and shown to the admins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class JobRun:
    """The last run of a job and what follows.

    `failures` are those in a row, `error` the last one in one line ("" after a success), `dead_at`
    when it was given up, until an admin has it tried again. `next_at` is None before the first
    start. An error outlives the count of failures of a job that was given another chance.
    """

    name: str
    started_at: datetime | None = None
    took: timedelta = timedelta(0)
    next_at: datetime | None = None
    failures: int = 0
    error: str = ""
    dead_at: datetime | None = None


class JobRuns(Protocol):
    """The due times of jobs, and their dead letters."""

    async def load_runs(self) -> Sequence[JobRun]:
        """All jobs ever run, by name."""
        ...

    async def save_run(self, run: JobRun) -> None:
        """Replace what is kept of a job."""
        ...


class JobBoard(Protocol):
    """What the doors may see of jobs, and do about them."""

    def runs(self) -> Sequence[JobRun]:
        """All jobs of this process as they stand, by name."""
        ...

    def running(self) -> frozenset[str]:
        """Names of those under way."""
        ...

    async def retry(self, name: str) -> bool:
        """Give a dead job another chance, at once; False if it is not dead (any more)."""
        ...
