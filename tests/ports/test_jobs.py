"""What every `JobRuns` owes its callers: the fake, SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

from bot.ports.jobs import JobRun
from tests.fakes.clock import FakeClock
from tests.ports.databases import Stores


async def test_nothing_is_kept_at_first(stores: Stores) -> None:
    assert not await stores.job_runs.load_runs()


async def test_a_run_is_kept_as_it_was(stores: Stores, clock: FakeClock) -> None:
    now = clock.now() + timedelta(microseconds=1)
    full = JobRun(
        name="watch_prices",
        started_at=now,
        took=timedelta(days=3, milliseconds=7),
        next_at=now + timedelta(seconds=60),
        failures=5,
        error="ValueError: <b>'\"",
        dead_at=now + timedelta(seconds=1),
    )
    await stores.job_runs.save_run(full)
    await stores.job_runs.save_run(JobRun("never ran"))
    assert list(await stores.job_runs.load_runs()) == [JobRun("never ran"), full]


async def test_the_last_run_of_each_job_is_kept(stores: Stores, clock: FakeClock) -> None:
    dead = JobRun("b", clock.now(), failures=5, error="KeyError", dead_at=clock.now())
    for run in (dead, JobRun("a", next_at=clock.now())):
        await stores.job_runs.save_run(run)
    well = replace(dead, failures=0, error="", dead_at=None, next_at=clock.now())
    await stores.job_runs.save_run(well)
    assert list(await stores.job_runs.load_runs()) == [JobRun("a", next_at=clock.now()), well]


async def test_any_error_can_be_kept(stores: Stores) -> None:
    await stores.job_runs.save_run(JobRun("a", error="nul \0 and half a pair \ud800"))
    (kept,) = await stores.job_runs.load_runs()
    assert kept.error == "nul  and half a pair ?"
