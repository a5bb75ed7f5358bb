"""Look at prices, once for everybody: it also keeps them warm for everything else."""

from datetime import timedelta

from bot.jobs.job import Job, JobDesk


async def run(desk: JobDesk) -> None:
    """One tick."""
    await desk.prices.tick()


JOB = Job("watch_prices", timedelta(seconds=60), run, timedelta(seconds=60), at_once=True)
