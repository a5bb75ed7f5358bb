"""Prices that were looked at are kept for two days, and for two before the last look in time."""

from datetime import timedelta

from bot.jobs.job import Job, JobDesk

_KEPT = timedelta(days=2)


async def run(desk: JobDesk) -> None:
    """Delete what is older; while looks are missed, what they will be held against stays."""
    now = desk.clock.now()
    last = await desk.ticks.load_last_live() or now
    await desk.ticks.forget_ticks(min(now, last) - _KEPT)


JOB = Job("thin_ticks", timedelta(hours=1), run)
