"""Conversations are kept for a day."""

from datetime import timedelta

from bot.jobs.job import Job, JobDesk
from bot.services.converse import TURN_LIFE


async def run(desk: JobDesk) -> None:
    """Delete what is older."""
    await desk.conversations.forget_turns(desk.clock.now() - TURN_LIFE)


JOB = Job("forget_turns", timedelta(hours=1), run)
