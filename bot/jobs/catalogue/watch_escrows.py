"""Tell owners what happens to their escrows."""

from datetime import timedelta

from bot.jobs.job import Job, JobDesk


async def run(desk: JobDesk) -> None:
    """One look at what the chain says."""
    await desk.escrows.tick()


JOB = Job("watch_escrows", timedelta(seconds=2), run)
