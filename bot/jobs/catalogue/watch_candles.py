"""Look at candles that have closed."""

from datetime import timedelta

from bot.jobs.job import Job, JobDesk


async def run(desk: JobDesk) -> None:
    """One look at all series that somebody waits on."""
    await desk.candles.tick()


JOB = Job("watch_candles", timedelta(minutes=5), run)
