"""How jobs went, in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.ports.jobs import JobRun

_MS = timedelta(milliseconds=1)


class FakeJobRuns:
    """`JobRuns`; `saved` is every run that was written, in order."""

    def __init__(self, *kept: JobRun) -> None:
        self.kept = {run.name: run for run in kept}
        self.saved: list[JobRun] = []
        self.broken: Exception | None = None

    async def load_runs(self) -> Sequence[JobRun]:
        return [run for _, run in sorted(self.kept.items())]

    async def save_run(self, run: JobRun) -> None:
        if self.broken:
            raise self.broken
        self.saved.append(run)
        error = run.error.replace("\0", "").encode("utf-8", "replace").decode()
        self.kept[run.name] = replace(run, took=run.took // _MS * _MS, error=error)


class FakeJobBoard:
    """`JobBoard` over runs that a test sets."""

    def __init__(self, *runs: JobRun, under_way: frozenset[str] = frozenset()) -> None:
        self.board = {run.name: run for run in runs}
        self.under_way = under_way
        self.retried: list[str] = []

    def runs(self) -> Sequence[JobRun]:
        return [run for _, run in sorted(self.board.items())]

    def running(self) -> frozenset[str]:
        return self.under_way

    async def retry(self, name: str) -> bool:
        run = self.board.get(name)
        if run is None or run.dead_at is None:
            return False
        self.board[name] = replace(run, dead_at=None, failures=0)
        self.retried.append(name)
        return True
