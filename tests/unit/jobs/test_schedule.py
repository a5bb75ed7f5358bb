"""When jobs are due, whatever runs, edges and clocks do."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.job import Job, JobDesk
from bot.jobs.schedule import LONGEST_NAP, MOST_BUGS, STALL, Schedule, Timetable, wait_after
from bot.ports.jobs import JobRun
from tests.fakes.clock import START

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
spans = st.timedeltas(timedelta(milliseconds=100), timedelta(days=2))


async def nothing(_: JobDesk) -> None:
    """A run."""


def job(every: timedelta = MINUTE, **more) -> Job:
    return Job("job", every, nothing, **more)


def started(job: Job, kept: JobRun | None = None) -> Schedule:
    return Schedule.resume(job, kept, START)


@given(spans, spans, st.integers(0, 10**6))
def test_waits_double_up_to_the_longest(every: timedelta, longest: timedelta, failures: int):
    waiting = job(every, longest_wait=longest)
    wait = wait_after(waiting, failures)
    assert every <= wait <= max(every, longest)
    assert wait == min(every * 2 ** min(failures, 24), max(every, longest))


def test_a_price_tick_that_fails_keeps_its_pace():
    assert wait_after(job(longest_wait=MINUTE), 9) == MINUTE


@pytest.mark.parametrize(("at_once", "first"), [(False, START + MINUTE), (True, START)])
def test_the_very_first_run(*, at_once: bool, first: datetime):
    assert started(job(at_once=at_once)).next_at == first


@pytest.mark.parametrize(
    ("failures", "due_in_s", "expected_s"),
    [
        (0, -3600, 0),
        (0, 0, 0),
        (0, 20, 20),
        (0, 60, 60),
        (0, 61, 60),
        (2, 200, 200),
        (2, 10**6, 240),
    ],
)
def test_a_due_time_outlives_the_process(failures: int, due_in_s: int, expected_s: int):
    due = START + due_in_s * SECOND
    kept = JobRun("job", next_at=due, failures=failures, error="x")
    schedule = started(job(at_once=True), kept)
    assert schedule.run == replace(kept, next_at=START + expected_s * SECOND)


def test_a_restart_gives_the_dead_another_chance():
    kept = JobRun("job", START, failures=7, error="KeyError", dead_at=START - MINUTE)
    schedule = started(job(), kept)
    assert (schedule.next_at, schedule.run.dead_at) == (START, None)
    for n in range(MOST_BUGS):
        assert schedule.run.dead_at is None, n
        schedule.begin(START)
        schedule.fail(START, "KeyError", is_bug=True)
    assert schedule.run.dead_at == START


def test_edges_never_kill_a_job_and_do_not_forgive_bugs():
    schedule = started(job())
    for n in range(1, 100):
        schedule.begin(START)
        schedule.fail(START, "market: down", is_bug=n % 25 == 0)
        assert (schedule.run.failures, schedule.run.dead_at) == (n, None)
    schedule.begin(START)
    schedule.fail(START, "KeyError", is_bug=True)
    assert schedule.run.dead_at is None  # the fourth
    schedule.fail(START, "KeyError", is_bug=True)
    assert schedule.run.dead_at == START
    assert schedule.next_at is None
    assert schedule.run.error == "KeyError"


def test_one_good_run_forgives_everything():
    schedule = started(job())
    for _ in range(MOST_BUGS - 1):
        schedule.fail(START, "KeyError", is_bug=True)
    schedule.succeed(START)
    assert (schedule.run.failures, schedule.run.error) == (0, "")
    schedule.fail(START, "KeyError", is_bug=True)
    assert schedule.run.dead_at is None


def test_the_next_run_is_counted_from_the_end_of_the_last():
    schedule = started(job())
    schedule.begin(START)
    assert schedule.next_at is None
    schedule.succeed(START + 90 * SECOND)
    assert schedule.next_at == START + 150 * SECOND
    assert schedule.run.took == 90 * SECOND


def test_a_run_during_which_the_clock_is_set_back_took_no_time():
    schedule = started(job())
    schedule.begin(START)
    schedule.succeed(START - MINUTE)
    assert (schedule.run.took, schedule.next_at) == (timedelta(0), START)


class World:
    """Time that really passes, a wall clock that is set, and one job whose runs are recorded."""

    def __init__(self, every: timedelta) -> None:
        self.passed = timedelta(0)
        self.off = timedelta(0)
        self.table = Timetable([job(every, at_once=True)], (), self.wall)
        self.schedule = self.table.schedules["job"]
        self.ends_in: timedelta | None = None
        self.ended: timedelta | None = None
        self.pauses: list[timedelta] = []

    @property
    def wall(self):
        return START + self.passed + self.off

    def look(self, slept: timedelta, run_takes: timedelta) -> timedelta:
        """As the runner does; the next nap."""
        for schedule in self.table.look(self.wall, slept):
            if self.ended is not None:
                self.pauses.append(self.passed - self.ended)
            schedule.begin(self.wall)
            self.ends_in = run_takes
        return self.table.nap(self.wall)

    def sleep(self, span: timedelta, jump: timedelta, jump_at: float) -> None:
        """Sleep, while the clock is set and a run may end."""
        events = [(span * jump_at, "jump"), (span, "wake")]
        if self.ends_in is not None and self.ends_in <= span:
            events.append((self.ends_in, "end"))
        start = self.passed
        for at, what in sorted(events):
            self.passed = start + at
            if what == "jump":
                self.off += jump
            elif what == "end":
                self.schedule.succeed(self.wall)
                self.ends_in, self.ended = None, self.passed
        if self.ends_in is not None:
            self.ends_in -= span


jumps = st.one_of(st.just(0.0), st.floats(-1e5, 1e5), st.floats(-20, 20))
naps = st.tuples(jumps, st.floats(0, 1), st.one_of(st.just(0.0), st.floats(0, 5)))


@given(
    every=st.timedeltas(SECOND, timedelta(seconds=40)),
    run_takes=st.timedeltas(timedelta(0), timedelta(seconds=5)),
    nights=st.lists(naps, min_size=20, max_size=120),
)
def test_a_clock_that_is_set_neither_starves_a_job_nor_runs_it_twice_in_a_row(
    every: timedelta, run_takes: timedelta, nights: list[tuple[float, float, float]]
):
    world = World(every)
    slept = timedelta(0)
    small = timedelta(0)
    longest_oversleep = max(timedelta(seconds=n[2]) for n in nights)
    for jump, jump_at, oversleep in nights:
        slept = world.look(slept, run_takes)
        assert timedelta(0) <= slept <= LONGEST_NAP
        by = timedelta(seconds=jump)
        if timedelta(0) < by <= STALL:
            small += by
        world.sleep(slept + timedelta(seconds=oversleep), by, jump_at)
        if world.ends_in is None and world.ended is not None:
            idle = world.passed - world.ended
            # Each look sees at least the nap that was meant, however long it became.
            looks = every / LONGEST_NAP + 2
            assert idle <= every + LONGEST_NAP + looks * longest_oversleep
    for pause in world.pauses:
        assert pause >= every - small - STALL - LONGEST_NAP


@pytest.mark.parametrize("by_s", [-3600, -1, 1, 3600])
def test_a_clock_that_is_set_all_the_time_starves_nobody(by_s: int):
    world = World(timedelta(seconds=20))
    slept = timedelta(0)
    for _ in range(100):
        slept = world.look(slept, timedelta(0))
        world.sleep(slept, by_s * SECOND, 0.5)
    assert len(world.pauses) >= 3
    assert max(world.pauses) <= 22 * SECOND
    assert min(world.pauses) >= 20 * SECOND - (by_s > 0) * (STALL + 2 * LONGEST_NAP)


def test_a_jump_forward_runs_nothing_again():
    world = World(MINUTE)
    nap = world.look(timedelta(0), timedelta(0))
    world.sleep(nap, timedelta(0), 0)
    nap = world.look(nap, timedelta(0))
    world.sleep(nap, timedelta(hours=5), 0.5)
    world.look(nap, timedelta(0))
    assert world.pauses == []
    assert world.schedule.next_at is not None
    assert world.schedule.next_at - world.wall <= MINUTE


def test_what_ends_after_the_clock_was_set_is_not_set_again():
    for jump in (timedelta(hours=5), timedelta(hours=-5)):
        world = World(MINUTE)
        nap = world.look(timedelta(0), timedelta(milliseconds=800))
        world.sleep(nap, jump, 0.5)
        world.look(nap, timedelta(0))
        assert world.schedule.next_at is not None
        left = world.schedule.next_at - world.wall
        assert MINUTE - LONGEST_NAP <= left <= MINUTE


def test_a_dead_job_that_is_tried_again_is_due_at_once_even_if_the_clock_is_set():
    for jump in (timedelta(0), timedelta(hours=5), timedelta(hours=-5)):
        world = World(timedelta(hours=9))
        world.schedule.run = replace(world.schedule.run, next_at=None, dead_at=START)
        nap = world.look(timedelta(0), timedelta(0))
        world.schedule.revive(world.wall)
        world.sleep(nap, jump, 0.5)
        world.look(nap, timedelta(0))
        assert world.schedule.running


def test_a_table_naps_until_the_next_job_but_looks_at_the_clock_each_second():
    table = Timetable([job(timedelta(milliseconds=300)), Job("slow", MINUTE, nothing)], (), START)
    assert table.nap(START) == timedelta(milliseconds=300)
    table.schedules.pop("job")
    assert table.nap(START) == LONGEST_NAP
    assert Timetable([], (), START).nap(START) == LONGEST_NAP
