"""Pass on what public agents decided and traded."""

from datetime import timedelta

from bot.jobs.job import Job, JobDesk


async def run(desk: JobDesk) -> None:
    """Everything since the last run."""
    await desk.signals.tick()


JOB = Job("publish_signals", timedelta(seconds=5), run)
