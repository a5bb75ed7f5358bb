"""The call budget: never more than the server allows, never a wait without end."""

import asyncio
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.market.pace import BusyError, Pace
from tests.fakes.clock import FakeClock
from tests.fakes.market import SteppingClock

MINUTE = timedelta(minutes=1)


@given(
    per_minute=st.integers(1, 8),
    pauses=st.lists(st.floats(0, 40, allow_nan=False), min_size=1, max_size=60),
)
async def test_no_minute_sees_more_than_the_budget(per_minute: int, pauses: list[float]) -> None:
    clock = SteppingClock()
    pace = Pace(clock, per_minute, patience_s=25)
    granted: list[datetime] = []
    for pause in pauses:
        clock.jump(pause)
        asked_at = clock.now()
        try:
            await pace.wait_turn()
        except BusyError:
            assert clock.now() == asked_at
            continue
        assert clock.now() - asked_at <= timedelta(seconds=25)
        granted.append(clock.now())

    assert granted
    for start in granted:
        assert sum(start <= at < start + MINUTE for at in granted) <= per_minute


async def test_waiting_callers_go_in_the_order_they_came(clock: FakeClock) -> None:
    pace = Pace(clock, 1, patience_s=200)
    order: list[tuple[int, datetime]] = []

    async def call(name: int) -> None:
        await pace.wait_turn()
        order.append((name, clock.now()))

    start = clock.now()
    calls = asyncio.gather(*(call(name) for name in range(3)))
    await clock.advance(120)
    await calls

    assert order == [(name, start + name * MINUTE) for name in range(3)]


async def test_a_clock_set_back_does_not_lock_the_budget(clock: FakeClock) -> None:
    pace = Pace(clock, 1)
    await pace.wait_turn()
    clock.jump(-3600)

    await pace.wait_turn()
    with pytest.raises(BusyError):
        await pace.wait_turn()


async def test_a_hold_stops_everybody_until_it_ends(clock: FakeClock) -> None:
    pace = Pace(clock, 30)
    pace.hold(20)
    with pytest.raises(BusyError, match="20 s"):
        await pace.wait_turn()

    clock.jump(20)
    await pace.wait_turn()
