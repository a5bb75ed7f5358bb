"""Keep the essential prices warm, so that a first trade need not wait for them."""

from datetime import timedelta

from bot.jobs.job import Job, JobDesk


async def run(desk: JobDesk) -> None:
    """One batched call, if the cache wants one."""
    await desk.market.fetch_prices(desk.listing.tokens)


JOB = Job("refresh_market", timedelta(seconds=60), run)
