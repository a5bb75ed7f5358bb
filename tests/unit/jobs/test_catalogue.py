"""The jobs of the product, and what one run of each does."""

from datetime import timedelta

import pytest

import bot.jobs.catalogue
from bot.catalogue import discover
from bot.domain.alerts import Tick
from bot.domain.analysis import Turn
from bot.jobs.job import Job, JobDesk
from bot.jobs.schedule import wait_after
from tests.fakes.alerts import FakeTicks
from tests.unit.services.office import LISTING, Office

JOBS: dict[str, Job] = discover(bot.jobs.catalogue, "JOB")


def test_the_product_has_these_jobs():
    """Seconds from run to run, and at most while they fail."""
    paces = {
        name: (wait_after(job, 0).total_seconds(), wait_after(job, 99).total_seconds())
        for name, job in JOBS.items()
    }
    assert paces == {
        "forget_turns": (3600, 3600),
        "publish_signals": (5, 300),
        "send_digests": (20, 60),
        "thin_ticks": (3600, 3600),
        "watch_candles": (300, 300),
        "watch_deposits": (2, 300),
        "watch_escrows": (2, 300),
        "watch_holdings": (60, 60),
        "watch_prices": (60, 60),
    }
    assert [name for name, job in JOBS.items() if job.at_once] == ["watch_prices"]


@pytest.mark.parametrize("name", JOBS)
async def test_each_can_run_when_there_is_nothing_to_do(office: Office, desk: JobDesk, name: str):
    for _ in range(2):
        await JOBS[name].run(desk)
        office.clock.jump(JOBS[name].every.total_seconds())
        office.refresh_prices()
    assert list(office.notices()) == []


async def test_conversations_older_than_a_day_are_forgotten(office: Office, desk: JobDesk):
    for question, age_s in (("old", 86_401), ("young", 86_399)):
        at = office.clock.now() - timedelta(seconds=age_s)
        await office.records.save_turn(7, 1, Turn(question, "", at))
    await JOBS["forget_turns"].run(desk)
    assert [turn.question for _, _, turn in office.records.turns] == ["young"]


async def test_prices_are_looked_at_in_one_call(office: Office, desk: JobDesk, ticks: FakeTicks):
    await JOBS["watch_prices"].run(desk)
    assert office.market.asked == [LISTING.symbols]
    tick = await ticks.load_last_tick()
    assert tick is not None
    assert (tick.at, tick.late) == (office.clock.now(), False)


async def test_ticks_are_kept_for_two_days_before_the_last_look_in_time(
    office: Office, desk: JobDesk, ticks: FakeTicks
):
    now = office.clock.now()
    two_days = timedelta(days=2)
    for at in (now - two_days - timedelta(seconds=1), now - two_days, now):
        ticks.ticks[at] = Tick(at, {})
    for _ in range(2):
        await JOBS["thin_ticks"].run(desk)
        assert list(ticks.ticks) == [now - two_days, now]
        office.clock.jump(86_400)


async def test_deposits_are_watched(office: Office, desk: JobDesk):
    await office.agent(USDC="5")
    await JOBS["watch_deposits"].run(desk)
    assert [notice.kind for notice in office.notices()] == ["deposit"]


async def test_escrows_are_watched(office: Office, desk: JobDesk):
    agent = await office.agent()
    office.chain.happen(agent.escrow, "Dropped", by=agent.owner)
    await JOBS["watch_escrows"].run(desk)
    assert [notice.kind for notice in office.notices()] == ["escrow_event"]
