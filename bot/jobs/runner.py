"""The clock door: runs jobs on APScheduler."""

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

    def stop(self) -> None:
        """No further runs; one under way is not waited for."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _run(self, job: Job) -> None:
        try:
            await job.run(self._desk)
        except UpstreamError as error:
            log.info("job_waits", job=job.name, edge=error.edge, reason=error.reason)
        except Exception:
            log.exception("job_failed", job=job.name)
