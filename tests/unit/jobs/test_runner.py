"""Jobs run at their interval, whatever their last run came to, and never beside themselves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

import bot.jobs.catalogue
from bot.catalogue import discover
from bot.domain.analysis import Turn
from bot.domain.errors import UpstreamError
from bot.jobs.job import Job, JobDesk
from bot.jobs.runner import JobRunner
from tests.fakes.clock import FakeClock
from tests.unit.services.office import LISTING, Office

OFTEN = timedelta(milliseconds=10)
PATIENCE_S = 10
Body = Callable[[JobDesk], Awaitable[None]]


@pytest.fixture
def office(clock: FakeClock) -> Office:
    return Office(clock)


@pytest.fixture
def desk(office: Office) -> JobDesk:
    return JobDesk(
        office.clock,
        office.market,
        office.records,
        office.deposits,
        office.watch_escrows(),
        LISTING,
    )


@pytest.fixture
async def run(desk: JobDesk) -> AsyncIterator[Callable[..., JobRunner]]:
    """Starts jobs; they are stopped at the end."""
    runners: list[JobRunner] = []

    def start(*bodies: Body) -> JobRunner:
        jobs = [Job(f"job {n}", OFTEN, body) for n, body in enumerate(bodies)]
        runners.append(JobRunner(jobs, desk))
        runners[-1].start()
        return runners[-1]

    yield start
    for runner in runners:
        await runner.stop()


def counting(times: int, error: Exception | None = None) -> tuple[asyncio.Event, Body]:
    """A job, and an event that is set when it has run so many times."""
    done, left = asyncio.Event(), [times]

    async def body(_: JobDesk) -> None:
        left[0] -= 1
        if not left[0]:
            done.set()
        if error:
            raise error

    return done, body


@pytest.mark.parametrize(
    ("error", "event", "level"),
    [
        (RuntimeError("a bug"), "job_failed", "error"),
        (UpstreamError("chain", "no answer", retryable=True), "job_waits", "info"),
    ],
)
async def test_a_failing_job_is_logged_and_runs_again(
    run: Callable[..., JobRunner], error: Exception, event: str, level: str
):
    failed, failing = counting(3, error)
    well, working = counting(3)
    with capture_logs() as logs:
        run(failing, working)
        async with asyncio.timeout(PATIENCE_S):
            await failed.wait()
            await well.wait()
    assert len(logs) >= 3
    assert {(e["event"], e["job"], e["log_level"]) for e in logs} == {(event, "job 0", level)}


async def test_a_job_never_runs_beside_itself_nor_holds_up_another(
    run: Callable[..., JobRunner],
):
    entered, release = asyncio.Event(), asyncio.Event()
    running, most = [0], [0]

    async def slow(_: JobDesk) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        entered.set()
        await release.wait()
        running[0] -= 1

    done, quick = counting(10)
    run(slow, quick)
    async with asyncio.timeout(PATIENCE_S):
        await entered.wait()
        await done.wait()
    release.set()
    assert most == [1]


async def test_it_goes_on_after_a_slow_run(run: Callable[..., JobRunner]):
    starts, again = [0], asyncio.Event()
    others, quick = counting(5)

    async def slow_once(_: JobDesk) -> None:
        starts[0] += 1
        if starts[0] == 1:
            await others.wait()
        else:
            again.set()

    run(slow_once, quick)
    async with asyncio.timeout(PATIENCE_S):
        await again.wait()


async def test_nothing_runs_after_stop(run: Callable[..., JobRunner]):
    runs = [0]
    first, second = asyncio.Event(), asyncio.Event()

    async def body(_: JobDesk) -> None:
        runs[0] += 1
        first.set()

    async def later(_: JobDesk) -> None:
        second.set()

    runner = run(body)
    async with asyncio.timeout(PATIENCE_S):
        await first.wait()
        await runner.stop()
        stopped_at = runs[0]
        run(later)
        await second.wait()
    await runner.stop()
    assert runs[0] == stopped_at


def test_the_product_has_these_jobs():
    jobs: dict[str, Job] = discover(bot.jobs.catalogue, "JOB")
    assert {name: job.every.total_seconds() for name, job in jobs.items()} == {
        "forget_turns": 3600,
        "refresh_market": 60,
        "watch_deposits": 2,
        "watch_escrows": 2,
    }


async def test_conversations_older_than_a_day_are_forgotten(office: Office, desk: JobDesk):
    for question, age_s in (("old", 86_401), ("young", 86_399)):
        at = office.clock.now() - timedelta(seconds=age_s)
        await office.records.save_turn(7, 1, Turn(question, "", at))
    await discover(bot.jobs.catalogue, "JOB")["forget_turns"].run(desk)
    assert [turn.question for _, _, turn in office.records.turns] == ["young"]


async def test_prices_are_kept_warm_in_one_call(office: Office, desk: JobDesk):
    await discover(bot.jobs.catalogue, "JOB")["refresh_market"].run(desk)
    assert office.market.asked == [LISTING.symbols]


async def test_deposits_are_watched(office: Office, desk: JobDesk):
    await office.agent(USDC="5")
    await discover(bot.jobs.catalogue, "JOB")["watch_deposits"].run(desk)
    assert [notice.kind for notice in office.notices()] == ["deposit"]


async def test_escrows_are_watched(office: Office, desk: JobDesk):
    agent = await office.agent()
    office.chain.happen(agent.escrow, "Dropped", by=agent.owner)
    await discover(bot.jobs.catalogue, "JOB")["watch_escrows"].run(desk)
    assert [notice.kind for notice in office.notices()] == ["escrow_event"]
