"""What every `Ticks` owes its callers: the fake, SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from bot.domain.alerts import Tick
from bot.ports.alerts import Doubt, Look, Outcome
from tests.fakes.clock import START
from tests.ports.databases import Stores

MINUTE = timedelta(minutes=1)
TICKS = [
    Tick(START, {"SEI": Decimal("0.12345678901234567890"), "WBTC": Decimal("1E+5")}),
    Tick(START + MINUTE, {"SEI": Decimal("1e-30")}, late=True),
    Tick(START + MINUTE * 2 + timedelta(microseconds=1), {}, late=True),
]


async def keep(stores: Stores, *ticks: Tick) -> None:
    for tick in ticks:
        await stores.alerts.apply(Look(tick.at, {}, tick), lambda hit: Outcome(hit.alert))


async def test_ticks_come_back_in_full_and_in_order(stores: Stores):
    assert list(await stores.ticks.load_ticks(START)) == []
    assert await stores.ticks.load_last_tick() is None
    assert await stores.ticks.load_last_live() is None
    await keep(stores, *reversed(TICKS))
    assert list(await stores.ticks.load_ticks(START)) == TICKS
    assert list(await stores.ticks.load_ticks(TICKS[1].at)) == TICKS[1:]
    assert await stores.ticks.load_last_tick() == TICKS[-1]
    assert await stores.ticks.load_last_live() == START


async def test_the_same_tick_again_is_the_same_row(stores: Stores):
    await keep(stores, TICKS[0], replace(TICKS[0], prices={"SEI": Decimal(1)}), TICKS[0])
    assert list(await stores.ticks.load_ticks(START)) == TICKS[:1]


async def test_old_ticks_are_forgotten(stores: Stores):
    await keep(stores, *TICKS)
    assert await stores.ticks.forget_ticks(TICKS[1].at) == 1
    assert await stores.ticks.forget_ticks(TICKS[1].at) == 0
    assert list(await stores.ticks.load_ticks(START)) == TICKS[1:]


async def test_a_clock_that_was_set_back_forgets_the_future(stores: Stores):
    await keep(stores, *TICKS)
    assert await stores.ticks.forget_future(TICKS[1].at) == 1
    assert await stores.ticks.load_last_tick() == TICKS[1]


async def test_doubts_are_counted(stores: Stores):
    ticks = stores.ticks
    assert list(await ticks.load_doubts()) == []
    await ticks.save_doubt("SEI", "stale", START, "as of 11:50")
    await ticks.save_doubt("WBTC", "absurd", START + MINUTE * 2, "x 1000")
    await ticks.save_doubt("SEI", "absurd", START + MINUTE, "x 100")
    await ticks.save_doubt("SEI", "absurd", START + MINUTE * 2, "x 200")
    assert list(await ticks.load_doubts()) == [
        Doubt("SEI", "absurd", 2, START + MINUTE * 2, "x 200"),
        Doubt("WBTC", "absurd", 1, START + MINUTE * 2, "x 1000"),
        Doubt("SEI", "stale", 1, START, "as of 11:50"),
    ]
