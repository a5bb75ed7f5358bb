"""Look at what escrows hold, and at the price of gas."""

from datetime import timedelta

from bot.jobs.job import Job, JobDesk


async def run(desk: JobDesk) -> None:
    """One look at all that somebody waits on."""
    await desk.holdings.tick()


JOB = Job("watch_holdings", timedelta(seconds=60), run, timedelta(seconds=60))
