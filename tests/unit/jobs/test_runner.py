"""Jobs run when they are due, whatever their last run came to, and never beside themselves."""

import asyncio
from collections.abc import AsyncIterator, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.errors import UpstreamError
from bot.domain.people import UserId
from bot.jobs.job import Job, JobDesk
from bot.jobs.runner import JobRunner
from bot.jobs.schedule import MOST_BUGS
from bot.ports.clock import Clock
from bot.ports.jobs import JobRun
from bot.services.tell_admins import TellAdmins
from tests.fakes.clock import START, FakeClock
from tests.fakes.jobs import FakeJobRuns
from tests.unit.services.office import ADMIN, TERMS, Office

MINUTE = timedelta(minutes=1)
STRANGER = 4711
Logs = list[MutableMapping[str, Any]]
DOWN = UpstreamError("chain", "no answer", retryable=True)


@dataclass
class WallClock:
    """A clock that can be set while time goes on."""

    passing: FakeClock
    off: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.passing.now() + self.off

    async def sleep(self, seconds: float) -> None:
        await self.passing.sleep(seconds)


@dataclass
class Act:
    """A job's body: when it ran, what it raises, how long it takes."""

    clock: Clock
    error: Exception | None = None
    takes_s: float = 0
    at: list[datetime] = field(default_factory=list)
    under_way: int = 0
    most: int = 0

    async def __call__(self, _: JobDesk) -> None:
        self.at.append(self.clock.now())
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.clock.sleep(self.takes_s)
        self.under_way -= 1
        if self.error:
            raise self.error

    def seconds(self) -> list[float]:
        return [(at - START).total_seconds() for at in self.at]


@dataclass
class Hall:
    """A runner of jobs over what is kept of them; the next one is the process started again."""

    office: Office
    desk: JobDesk
    kept: FakeJobRuns = field(default_factory=FakeJobRuns)
    runners: list[JobRunner] = field(default_factory=list)

    async def start(self, *acts: Act, clock: Clock | None = None, **more) -> JobRunner:
        every = more.pop("every", MINUTE)
        jobs = [Job(f"job {n}", every, act, **more) for n, act in enumerate(acts)]
        admins = TellAdmins(
            self.office.clock,
            self.office.records,
            self.office.ledger,
            frozenset({ADMIN, STRANGER}),
            self.office.wake,
        )
        desk = replace(self.desk, clock=clock or self.office.clock)
        self.runners.append(JobRunner(jobs, desk, self.kept, admins))
        await self.runners[-1].start()
        return self.runners[-1]

    def told(self) -> Sequence[tuple[int, str, str]]:
        return [
            (n.chat_id, n.data["name"], n.data["error"])
            for n in self.office.notices()
            if n.kind == "job_dead"
        ]


@pytest.fixture
def logs() -> Iterator[Logs]:
    """What is logged; nothing is printed, which takes its time with traces."""
    with capture_logs() as captured:
        yield captured


@pytest.fixture
async def hall(office: Office, desk: JobDesk, logs: Logs) -> AsyncIterator[Hall]:
    await office.records.save_user(UserId(ADMIN), "Ada", None, TERMS)
    made = Hall(office, desk)
    yield made
    for runner in made.runners:
        await runner.stop()


async def test_each_runs_at_its_interval_counted_from_the_end(hall: Hall, clock: FakeClock):
    quick, slow = Act(clock), Act(clock, takes_s=90)
    runner = await hall.start(quick, slow)
    await clock.advance(200)
    assert quick.seconds() == [60, 120, 180]
    assert slow.seconds() == [60]
    assert runner.running() == set()
    await clock.advance(15)
    assert slow.seconds() == [60, 210]
    assert runner.running() == {"job 1"}
    first, second = runner.runs()
    assert (first.next_at, first.took) == (START + timedelta(seconds=240), timedelta(0))
    assert (second.took, second.started_at) == (timedelta(seconds=90), slow.at[-1])


async def test_a_job_never_runs_beside_itself_nor_holds_up_another(hall: Hall, clock: FakeClock):
    endless, quick = Act(clock, takes_s=10**6), Act(clock)
    await hall.start(endless, quick, every=timedelta(seconds=2))
    await clock.advance(21)
    assert (len(endless.at), endless.most) == (1, 1)
    assert len(quick.at) == 10


async def test_a_job_may_begin_at_once(hall: Hall, clock: FakeClock):
    act = Act(clock)
    await hall.start(act, at_once=True)
    await clock.advance(1)
    assert act.seconds() == [0]


@pytest.mark.parametrize(
    ("error", "logged", "line"),
    [
        (RuntimeError("a bug"), ("job_failed", "error"), "RuntimeError: a bug"),
        (DOWN, ("job_waits", "info"), "chain: no answer"),
    ],
)
async def test_a_failing_job_is_logged_and_backs_off(
    hall: Hall, clock: FakeClock, logs: Logs, error: Exception, logged: tuple[str, str], line: str
):
    failing, well = Act(clock, error), Act(clock)
    runner = await hall.start(failing, well, every=timedelta(seconds=2))
    await clock.advance(30)
    assert failing.seconds() == [2, 6, 14, 30]
    assert len(well.at) == 15
    assert {(e["event"], e["log_level"]) for e in logs} == {logged}
    assert {e["job"] for e in logs} == {"job 0"}
    run = runner.runs()[0]
    assert (run.failures, run.error, run.dead_at) == (4, line, None)


async def test_an_edge_that_is_down_is_asked_again_for_ever(hall: Hall, clock: FakeClock):
    tick, other = Act(clock, DOWN), Act(clock, DOWN)
    await hall.start(tick, longest_wait=MINUTE)
    await hall.start(other)
    await clock.advance(3600)
    assert len(tick.at) == 60
    assert 10 < len(other.at) < 15
    tick.error = None
    await clock.advance(60)
    run = hall.runners[0].runs()[0]
    assert (run.failures, run.error) == (0, "")
    assert hall.told() == []


async def test_after_five_bugs_in_a_row_it_is_dead_and_the_admins_hear_once(
    hall: Hall, clock: FakeClock, logs: Logs
):
    broken, well = Act(clock, KeyError("price")), Act(clock)
    runner = await hall.start(broken, well, every=timedelta(seconds=2))
    await clock.advance(3600)
    assert len(broken.at) == MOST_BUGS
    assert len(well.at) == 1800
    run = runner.runs()[0]
    assert (run.next_at, run.failures) == (None, MOST_BUGS)
    assert run.dead_at == broken.at[-1]
    assert hall.kept.kept["job 0"] == run
    assert hall.told() == [(ADMIN, "job 0", "KeyError: 'price'")]
    assert hall.office.wakes == 1
    assert [e["job"] for e in logs if e["event"] == "job_dead"] == ["job 0"]


async def test_an_admin_has_it_tried_again(hall: Hall, clock: FakeClock):
    broken = Act(clock, KeyError("price"))
    runner = await hall.start(broken)
    assert not await runner.retry("job 0")
    await clock.advance(1100)
    assert await runner.retry("job 0")
    assert hall.kept.kept["job 0"].dead_at is None
    assert not await runner.retry("job 0")
    assert not await runner.retry("nothing of the kind")
    broken.error = None
    await clock.advance(1)
    assert len(broken.at) == MOST_BUGS + 1
    (run,) = runner.runs()
    assert (run.failures, run.error) == (0, "")
    assert hall.kept.kept["job 0"] == run


async def test_a_second_death_is_told_too(hall: Hall, clock: FakeClock):
    runner = await hall.start(Act(clock, KeyError("price")))
    for _ in range(2):
        await clock.advance(1100)
        await runner.retry("job 0")
    assert len(hall.told()) == 2


async def test_a_restart_tries_the_dead_again_at_once(hall: Hall, clock: FakeClock):
    broken = Act(clock, KeyError("price"))
    runner = await hall.start(broken)
    await clock.advance(1100)
    await runner.stop()
    await clock.advance(5)
    well = Act(clock)
    await hall.start(well)
    await clock.advance(0)
    assert len(well.at) == 1


async def test_what_was_due_while_we_were_down_runs_at_once_and_the_rest_when_due(
    hall: Hall, clock: FakeClock
):
    before = [Act(clock), Act(clock, takes_s=10)]
    runner = await hall.start(*before)
    await clock.advance(75)
    assert [act.seconds() for act in before] == [[60], [60]]
    await runner.stop()
    await clock.advance(50)
    after = [Act(clock), Act(clock, takes_s=10)]
    await hall.start(*after)
    await clock.advance(70)
    assert [act.seconds() for act in after] == [[125, 185], [130]]


async def test_a_run_that_is_broken_off_is_due_at_the_next_start(hall: Hall, clock: FakeClock):
    runner = await hall.start(Act(clock, takes_s=30))
    await clock.advance(70)
    assert runner.running() == {"job 0"}
    await runner.stop()
    again = Act(clock)
    await hall.start(again)
    await clock.advance(0)
    assert again.seconds() == [70]


async def test_a_process_that_never_lives_for_an_interval_still_comes_to_its_jobs(hall: Hall):
    """Each is killed after a thousand seconds: its clock stops, nobody says goodbye."""
    seconds = []
    for life in range(5):
        clock = FakeClock(START + timedelta(seconds=1000 * life))
        act = Act(clock)
        await hall.start(act, clock=clock, every=timedelta(hours=1))
        await clock.advance(999)
        seconds += act.seconds()
    assert seconds == [3600]


async def test_jobs_that_run_every_two_seconds_do_not_write_each_time(hall: Hall, clock: FakeClock):
    act = Act(clock)
    await hall.start(act, every=timedelta(seconds=2))
    await clock.advance(300)
    assert len(act.at) == 150
    assert 5 <= len(hall.kept.saved) <= 6
    hall.kept.saved.clear()
    act.error = DOWN
    await clock.advance(2)
    act.error = None
    await clock.advance(4)
    assert [run.failures for run in hall.kept.saved] == [1, 0]


async def test_a_busy_database_stops_no_job_and_loses_no_death(
    hall: Hall, clock: FakeClock, logs: Logs
):
    broken, well = Act(clock, KeyError("price")), Act(clock)
    await hall.start(broken, well, every=timedelta(seconds=2))
    hall.kept.broken = OSError("database is locked")
    await clock.advance(300)
    assert len(well.at) == 150
    assert "jobs_not_kept" in {e["event"] for e in logs}
    assert hall.told() == []
    hall.kept.broken = None
    await clock.advance(60)
    assert hall.kept.kept["job 0"].dead_at == broken.at[-1]
    assert len(hall.told()) == 1


async def test_an_error_is_shown_in_one_line_and_without_addresses(hall: Hall, clock: FakeClock):
    text = f"https://key@node.example/v1?key=abc\nanswered {'0x' + 'a' * 64} " + "x" * 500
    runner = await hall.start(Act(clock, ValueError(text)))
    await clock.advance(60)
    error = runner.runs()[0].error
    assert error.startswith("ValueError: (address) answered [private key] xxx")
    assert len(error) == 200


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_clock_that_is_set_changes_no_pace(hall: Hall, clock: FakeClock, hours: int):
    wall = WallClock(clock)
    act = Act(clock)
    await hall.start(act, clock=wall)
    await clock.advance(70.5)
    wall.off = timedelta(hours=hours)
    await clock.advance(200)
    assert len(act.at) == 4
    pauses = [b - a for a, b in zip(act.seconds(), act.seconds()[1:], strict=False)]
    assert all(59 <= pause <= 61 for pause in pauses), pauses


async def test_nothing_runs_after_stop(hall: Hall, clock: FakeClock):
    act, stuck = Act(clock), Act(clock, takes_s=10**6)
    runner = await hall.start(act, stuck)
    await clock.advance(61)
    await runner.stop()
    await clock.advance(600)
    await asyncio.sleep(0)
    assert (len(act.at), len(stuck.at), clock.sleeping) == (1, 1, 0)
    await runner.stop()


async def test_a_job_that_the_product_no_longer_has_is_left_alone(hall: Hall, clock: FakeClock):
    gone = JobRun("refresh_market", clock.now(), next_at=clock.now())
    hall.kept.kept[gone.name] = gone
    runner = await hall.start(Act(clock))
    assert [run.name for run in runner.runs()] == ["job 0"]
    assert hall.kept.kept[gone.name] == gone
