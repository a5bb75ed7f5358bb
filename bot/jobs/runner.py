"""The clock door: runs jobs on APScheduler."""

import asyncio
from collections.abc import Iterable

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.domain.errors import UpstreamError
from bot.jobs.job import Job, JobDesk

log = structlog.get_logger(__name__)


class JobRunner:
    """Runs every job at its interval until stopped; a failing run is logged and tried again."""

    def __init__(self, jobs: Iterable[Job], desk: JobDesk) -> None:
        self._desk = desk
        self._running: set[asyncio.Task[None]] = set()
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        for job in jobs:
            self._scheduler.add_job(
                self._run,
                "interval",
                args=[job],
                id=job.name,
                seconds=job.every.total_seconds(),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )

    def start(self) -> None:
        """Begin; the first runs come after one interval."""
        self._scheduler.start()

    async def stop(self) -> None:
        """No further runs; those under way are broken off."""
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._scheduler.shutdown(wait=False)

    async def _run(self, job: Job) -> None:
        """Run in a task of our own: the scheduler would call a break-off at the end a failure."""
        task = asyncio.create_task(self._guarded(job))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.wait({task})

    async def _guarded(self, job: Job) -> None:
        try:
            await job.run(self._desk)
        except UpstreamError as error:
            log.info("job_waits", job=job.name, edge=error.edge, reason=error.reason)
        except Exception:
            log.exception("job_failed", job=job.name)
