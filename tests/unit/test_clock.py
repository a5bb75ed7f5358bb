import asyncio
from datetime import UTC, timedelta

from bot.clock import SystemClock
from bot.ports.clock import Clock
from tests.fakes.clock import START, FakeClock


async def test_system_clock_is_aware_utc_and_moves():
    clock: Clock = SystemClock()
    before = clock.now()
    await clock.sleep(0.001)
    assert before.tzinfo is UTC
    assert clock.now() > before
    await clock.sleep(-5)


async def test_sleepers_wake_in_order_of_due_time_then_call(clock: FakeClock):
    woken: list[tuple[str, timedelta]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.now() - START))

    async with asyncio.TaskGroup() as tasks:
        for name, seconds in (("late", 3.0), ("first", 1.0), ("second", 1.0), ("never now", 9.0)):
            tasks.create_task(sleeper(name, seconds))
        await clock.advance(5)
        assert clock.now() == START + timedelta(seconds=5)
        assert clock.sleeping == 1
        assert woken == [
            ("first", timedelta(seconds=1)),
            ("second", timedelta(seconds=1)),
            ("late", timedelta(seconds=3)),
        ]
        await clock.advance(4)


async def test_a_loop_of_sleeps_runs_as_often_as_time_allows(clock: FakeClock):
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await clock.sleep(10)
            ticks += 1

    task = asyncio.create_task(tick())
    await clock.advance(60)
    assert ticks == 6
    task.cancel()
    await clock.advance(60)
    assert ticks == 6
    assert clock.sleeping == 0
