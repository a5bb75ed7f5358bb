"""The clock door: the schedule says what is due, APScheduler runs it.

APScheduler has a wall clock of its own and would sleep for as long as it is set back, so it is
handed each run when it is due.
"""

import asyncio
import re
from collections.abc import Coroutine, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.domain.errors import StorageBusyError, UpstreamError
from bot.jobs.job import Job, JobDesk
from bot.jobs.schedule import Schedule, Timetable
from bot.policy.secrets import mask_secrets
from bot.ports.jobs import JobRun, JobRuns
from bot.services.tell_admins import TellAdmins

log = structlog.get_logger(__name__)

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Due at once, whatever the machine's clock says."""

_KEEP_EVERY = timedelta(minutes=1)
_LONGEST_ERROR = 200
_ADDRESS = re.compile(r"\w+://\S+")


class JobRunner:
    """Runs every job when it is due until stopped, and is the `JobBoard` of the doors.

    A failing run backs off, and never ends the runner; what a job comes to is kept.
    """

    def __init__(
        self, jobs: Iterable[Job], desk: JobDesk, kept: JobRuns, admins: TellAdmins
    ) -> None:
        self._jobs = tuple(jobs)
        self._desk = desk
        self._clock = desk.clock
        self._kept = kept
        self._admins = admins
        self._table = Timetable(self._jobs, (), self._clock.now())
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._tasks: set[asyncio.Task[None]] = set()
        self._saved_at: dict[str, datetime] = {}
        self._unsaved: set[str] = set()
        self._untold: dict[str, JobRun] = {}
        self._keeping = asyncio.Lock()

    async def start(self) -> None:
        """Take up the due times that the last process left; runs begin at once."""
        kept = await self._kept.load_runs()
        self._table = Timetable(self._jobs, kept, self._clock.now())
        self._unsaved.update(self._table.schedules)
        await self._keep()
        self._scheduler.start()
        self._spawn(self._watch())

    async def stop(self) -> None:
        """No further runs; those under way are broken off, and due at once at the next start."""
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._scheduler.shutdown(wait=False)
        self._unsaved.update(self._table.schedules)
        await self._keep()

    def runs(self) -> Sequence[JobRun]:
        """All jobs as they stand, by name."""
        return [schedule.run for _, schedule in sorted(self._table.schedules.items())]

    def running(self) -> frozenset[str]:
        """Names of those under way."""
        return frozenset(name for name, s in self._table.schedules.items() if s.running)

    async def retry(self, name: str) -> bool:
        """Give a dead job another chance, at once; False if it is not dead (any more)."""
        schedule = self._table.schedules.get(name)
        if schedule is None or schedule.run.dead_at is None:
            return False
        schedule.revive(self._clock.now())
        log.warning("job_revived", job=name)
        self._unsaved.add(name)
        await self._keep()
        return True

    async def _watch(self) -> None:
        """Hand over what is due, for as long as the process lives."""
        nap = timedelta(0)
        while True:
            now = self._clock.now()
            for schedule in self._table.look(now, nap):
                self._scheduler.add_job(
                    self._run,
                    "date",
                    run_date=_LONG_AGO,
                    misfire_grace_time=None,
                    args=[schedule],
                    name=schedule.job.name,
                )
                schedule.begin(now)
            nap = self._table.nap(now)
            await self._clock.sleep(nap.total_seconds())

    async def _run(self, schedule: Schedule) -> None:
        """Run in a task of our own: the scheduler would call a break-off at the end a failure."""
        await asyncio.wait({self._spawn(self._guarded(schedule))})

    async def _guarded(self, schedule: Schedule) -> None:
        job, error_before = schedule.job, schedule.run.error
        try:
            await job.run(self._desk)
        except (UpstreamError, StorageBusyError) as error:
            log.info("job_waits", job=job.name, reason=str(error))
            schedule.fail(self._clock.now(), _line(str(error)), is_bug=False)
        except Exception as error:
            log.exception("job_failed", job=job.name)
            text = f"{type(error).__name__}: {error}"
            schedule.fail(self._clock.now(), _line(text), is_bug=True)
        else:
            schedule.succeed(self._clock.now())
        await self._note(schedule.run, error_before)

    async def _note(self, run: JobRun, error_before: str) -> None:
        """Remember what is worth it; jobs that run every few seconds do not write each time."""
        if run.dead_at is not None:
            log.error("job_dead", job=run.name)
            self._untold[run.name] = run
        age = abs(self._clock.now() - self._saved_at.get(run.name, _LONG_AGO))
        if run.error or error_before or age >= _KEEP_EVERY:
            self._unsaved.add(run.name)
        await self._keep()

    async def _keep(self) -> None:
        """Save and tell what there is; what cannot be (a busy database) waits for the next time."""
        async with self._keeping:
            try:
                for name in tuple(self._unsaved):
                    await self._save(name)
                for name, run in tuple(self._untold.items()):
                    data = {"name": name, "error": run.error}
                    await self._admins.tell("job_dead", f"{name}:{run.dead_at}", data)
                    del self._untold[name]
            except Exception:
                log.exception("jobs_not_kept")

    async def _save(self, name: str) -> None:
        self._unsaved.discard(name)
        self._saved_at[name] = self._clock.now()
        try:
            await self._kept.save_run(self._table.schedules[name].run)
        except BaseException:
            self._unsaved.add(name)
            raise

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _line(text: str) -> str:
    """An error in one line, to be shown: without addresses, which may hold keys."""
    line = " ".join(mask_secrets(_ADDRESS.sub("(address)", text)).split())
    return line if len(line) <= _LONGEST_ERROR else f"{line[: _LONGEST_ERROR - 1]}…"
