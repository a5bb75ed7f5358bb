"""Digests whose time has come, and alerts whose last day has passed."""

from datetime import timedelta

from bot.jobs.job import Job, JobDesk


async def run(desk: JobDesk) -> None:
    """Queue what is due."""
    await desk.digests.tick()


JOB = Job("send_digests", timedelta(seconds=20), run, timedelta(seconds=60))
