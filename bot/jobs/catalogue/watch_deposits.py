"""Notice deposits."""

from datetime import timedelta

from bot.jobs.job import Job, JobDesk


async def run(desk: JobDesk) -> None:
    """One look at all escrows."""
    await desk.deposits.tick()


JOB = Job("watch_deposits", timedelta(seconds=2), run)
