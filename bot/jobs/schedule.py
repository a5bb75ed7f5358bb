"""When jobs are due: pure decisions over what the clock says.

Due times are kept on the wall clock, because they outlive the process; waits are counted in time
that has really passed, because a wall clock may jump. So a clock that is set neither starves a job
nor runs one twice in a row.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.jobs.job import Job
from bot.ports.jobs import JobRun

MOST_BUGS = 5
"""Failures in a row, other than those of an edge, after which a job is dead."""

LONGEST_NAP = timedelta(seconds=1)
"""Between two looks at the clock."""

STALL = timedelta(seconds=10)
"""Oversleeping up to this is a busy process; beyond it the clock was set forward."""


def wait_after(job: Job, failures: int) -> timedelta:
    """From the end of a run to the next one, after so many failures in a row."""
    longest = max(job.every, job.longest_wait)
    doublings = min(failures, 40)
    return longest if longest / job.every <= 2**doublings else job.every * 2**doublings


@dataclass(slots=True)
class Schedule:
    """One job: its last run, and when the next one is due."""

    job: Job
    run: JobRun
    running: bool = False
    bugs: int = 0
    planned: timedelta | None = None
    """The wait that its due time stands for, if that was set since the last look at the clock."""

    @classmethod
    def resume(cls, job: Job, kept: JobRun | None, now: datetime) -> "Schedule":
        """Go on where the last process stopped: what was due meanwhile is due now.

        A dead job gets another chance. A due time further away than a wait can be is one of a
        clock that was wrong.
        """
        if kept is None:
            return cls(job, JobRun(job.name, next_at=now if job.at_once else now + job.every))
        if kept.dead_at is not None or kept.next_at is None:
            return cls(job, replace(kept, next_at=now, failures=0, dead_at=None))
        latest = now + wait_after(job, kept.failures)
        return cls(job, replace(kept, next_at=min(max(kept.next_at, now), latest)))

    @property
    def next_at(self) -> datetime | None:
        """The due time; None while it runs, and for the dead."""
        return None if self.running else self.run.next_at

    def begin(self, now: datetime) -> None:
        """A run starts. Its due time stays, should the process end before the run does."""
        self.running, self.planned = True, None
        self.run = replace(self.run, started_at=now)

    def succeed(self, now: datetime) -> None:
        """A run ended well."""
        self.bugs = 0
        self._end(now, replace(self.run, failures=0, error=""))

    def fail(self, now: datetime, error: str, *, is_bug: bool) -> None:
        """A run failed: back off; after too many bugs in a row the job is dead.

        The failure of an edge neither adds to the bugs nor forgives them.
        """
        self.bugs += is_bug
        self._end(now, replace(self.run, failures=self.run.failures + 1, error=error))
        if self.bugs >= MOST_BUGS:
            self.run = replace(self.run, next_at=None, dead_at=now)
            self.planned = None

    def revive(self, now: datetime) -> None:
        """A dead job gets another chance, at once."""
        self.bugs, self.planned = 0, timedelta(0)
        self.run = replace(self.run, next_at=now, failures=0, dead_at=None)

    def follow(self, now: datetime, slept: timedelta, drift: timedelta) -> None:
        """The clock went astray by `drift` during a nap of `slept`: go with it.

        A due time that was set during the nap may be of before or after that; the nap bounds it.
        """
        planned, self.planned = self.planned, None
        if self.next_at is None:
            return
        if planned is None:
            next_at = self.next_at + drift
        else:
            next_at = min(max(self.next_at, now + planned - slept - STALL), now + planned)
        self.run = replace(self.run, next_at=next_at)

    def _end(self, now: datetime, run: JobRun) -> None:
        took = max(now - (run.started_at or now), timedelta(0))
        self.running, self.planned = False, wait_after(self.job, run.failures)
        self.run = replace(run, took=took, next_at=now + self.planned)


class Timetable:
    """All jobs. To be looked at again and again, with naps in between."""

    def __init__(self, jobs: Iterable[Job], kept: Iterable[JobRun], now: datetime) -> None:
        known = {run.name: run for run in kept}
        self.schedules = {job.name: Schedule.resume(job, known.get(job.name), now) for job in jobs}
        self._seen = now

    def look(self, now: datetime, slept: timedelta) -> list[Schedule]:
        """What is due; `slept` is the nap since the last look, as it was meant to be."""
        drift = now - self._seen - slept
        if timedelta(0) <= drift <= STALL:
            drift = timedelta(0)
        for schedule in self.schedules.values():
            schedule.follow(now, slept, drift)
        self._seen = now
        return [s for s in self.schedules.values() if s.next_at is not None and s.next_at <= now]

    def nap(self, now: datetime) -> timedelta:
        """How long to sleep after a look at `now`, once what was due has begun."""
        waits = [s.next_at - now for s in self.schedules.values() if s.next_at is not None]
        return max(min([*waits, LONGEST_NAP]), timedelta(0))
