"""The tick: what it believes, what it rings, what it makes up for."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from typing_extensions import override

from bot.domain.alerts import AlertState, Condition, Place, Repeat
from bot.domain.money import Bps
from bot.domain.people import QuietHours
from bot.ports.alerts import Counts, Decide, Look
from bot.ports.ledger import Priority
from tests.fakes.alerts import FakeAlerts
from tests.fakes.chain import FakeVenue
from tests.unit.services.alerts.lookout import MINUTE, Lookout, candles
from tests.unit.services.office import Office


@pytest.fixture
async def lookout(office: Office) -> Lookout:
    made = Lookout(office)
    await made.prices.tick()
    return made


async def test_one_batched_call_serves_all_alerts(lookout: Lookout) -> None:
    for line in ("0.26", "0.27", "0.28"):
        await lookout.add("PRICE_ABOVE", "SEI", line)
    await lookout.add("PRICE_BELOW", "WBTC", "50000")
    lookout.market.asked.clear()
    await lookout.minute("0.275")
    assert lookout.market.asked == [("SEI", "USDC", "WBTC", "iSEI")]
    assert [notice.data["threshold"] for notice in lookout.told] == ["0.26", "0.27"]
    assert lookout.office.wakes == 1


async def test_the_message_has_what_people_want_to_know(lookout: Lookout) -> None:
    place = Place(-100, 5)
    alert = await lookout.add("PRICE_ABOVE", "SEI", "0.26", urgent=True, place=place)
    await lookout.minute("0.275")
    [notice] = lookout.told
    now = lookout.clock.now().isoformat()
    assert (notice.chat_id, notice.thread_id, notice.priority) == (-100, 5, Priority.URGENT)
    assert notice.key == f"alert:{alert.id}:1"
    assert notice.data == {
        "alert": str(alert.id),
        "ring": "1",
        "type": "PRICE_ABOVE",
        "symbol": "SEI",
        "threshold": "0.26",
        "window": "",
        "agent": "",
        "value": "0.275",
        "met_at": now,
        "as_of": now,
        "seen": "0.25",
        "seen_at": alert.created_at.isoformat(),
        "late": "",
        "price": "0.275",
        "unseen": "",
        "held": "",
    }


@pytest.mark.parametrize(("minutes", "said"), [(1, False), (2, True)])
async def test_it_is_said_where_a_look_was_left_out(
    lookout: Lookout, minutes: int, *, said: bool
) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.26")
    before = lookout.clock.now()
    await lookout.minute("0.275", minutes)
    [notice] = lookout.told
    assert notice.data["unseen"] == (before.isoformat() if said else "")
    assert not notice.data["late"]


@pytest.mark.parametrize(("urgent", "lets", "waits"), [(0, 1, 1), (1, 1, 0), (1, 0, 1)])
async def test_quiet_hours_hold_the_message_back(
    lookout: Lookout, urgent: int, lets: int, waits: int
) -> None:
    start = lookout.clock.now().time()
    quiet = QuietHours(start, start.replace(hour=18), lets_urgent=bool(lets))
    await lookout.add("PRICE_ABOVE", "SEI", "0.26", urgent=bool(urgent))
    await lookout.office.user(quiet=quiet)
    await lookout.minute("0.275")
    [notice] = lookout.told
    until = lookout.clock.now().replace(hour=18, minute=0)
    assert notice.not_before == (until if waits else None)


async def test_a_price_that_dances_on_the_line_rings_once(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.26", cooldown=timedelta(0))
    for price in ("0.2599", "0.26", "0.2599", "0.2601", "0.2595") * 6:
        await lookout.minute(price)
    assert lookout.values == [Decimal("0.26")]
    for price in ("0.258", "0.258", "0.26"):
        await lookout.minute(price)
    assert lookout.values == [Decimal("0.26"), Decimal("0.26")]


async def test_changes_are_measured_against_the_extremes_of_the_window(lookout: Lookout) -> None:
    await lookout.add("PERCENT_CHANGE", "SEI", "-5", "15m")
    for price in ("0.26", "0.255", "0.25", "0.248"):
        await lookout.minute(price)
    assert lookout.values == []
    await lookout.minute("0.247")
    assert lookout.values == [Decimal("-5.00000000000000")]


# What is not believed


async def doubts(lookout: Lookout) -> list[tuple[str, str, int]]:
    return sorted((d.symbol, d.reason, d.count) for d in await lookout.ticks.load_doubts())


async def test_a_stale_price_rings_nothing_and_is_counted(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.26")
    for _ in range(2):
        lookout.clock.jump(60)
        lookout.office.refresh_prices()
        lookout.market.set_price("SEI", "0.3", age_s=181)
        await lookout.prices.tick()
    assert lookout.told == []
    assert await doubts(lookout) == [("SEI", "stale", 2)]
    lookout.clock.jump(60)
    lookout.market.set_price("SEI", "0.3", age_s=180)
    await lookout.prices.tick()
    assert lookout.values == [Decimal("0.3")]


async def test_one_absurd_sample_is_no_price_but_three_are(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.26")
    await lookout.minute("25")
    await lookout.minute()
    assert lookout.told == []
    assert await doubts(lookout) == [("SEI", "absurd", 1)]
    for price in ("25", "26", "27"):
        await lookout.minute(price)
    assert lookout.values == [Decimal("27")]


async def test_an_exchange_that_disagrees_silences_a_token(lookout: Lookout) -> None:
    fair = {("SEI", "USDC"): Fraction(27, 100) / 10**12}
    venue = FakeVenue(lookout.office.chain, "Pool", fair, fee=Bps(0))
    lookout.start(venues=[venue])
    await lookout.add("PRICE_ABOVE", "SEI", "0.26")
    await lookout.minute("0.29")
    assert lookout.told == []
    assert await doubts(lookout) == [("SEI", "disagreement", 1)]
    await lookout.minute("0.28")
    assert lookout.values == [Decimal("0.28")]
    lookout.office.chain.down = True
    await lookout.minute("0.25")
    assert lookout.prices.figure("price:SEI:") == Decimal("0.25")


# Failures


class BusyAlerts(FakeAlerts):
    """A database that is busy when told to, before or after it has written."""

    busy = ""

    @override
    async def apply(self, look: Look, decide: Decide) -> Counts:
        if self.busy == "before":
            raise OSError("database is locked")
        counts = await super().apply(look, decide)
        if self.busy == "after":
            raise OSError("the answer was lost")
        return counts


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_busy_database_loses_and_doubles_nothing(office: Office, when: str) -> None:
    lookout = Lookout(office)
    busy = BusyAlerts(office.records, office.ledger, lookout.ticks)
    lookout.alerts = busy
    lookout.start()
    await lookout.prices.tick()
    await lookout.add("PRICE_ABOVE", "SEI", "0.26", repeat=Repeat.ONCE)
    await lookout.add("PERCENT_CHANGE", "SEI", "10", "1h", repeat=Repeat.ONCE)
    busy.busy = when
    with pytest.raises(OSError, match="l"):
        await lookout.minute("0.29")
    busy.busy = ""
    await lookout.minute("0.29")
    await lookout.minute("0.29")
    assert sorted(lookout.values) == [Decimal("0.29"), Decimal(16)]
    assert len(lookout.ticks.ticks) == (4 if when == "after" else 3)


async def test_what_could_not_be_stored_was_not_seen(office: Office) -> None:
    lookout = Lookout(office)
    busy = BusyAlerts(office.records, office.ledger, lookout.ticks)
    lookout.alerts = busy
    lookout.start()
    await lookout.prices.tick()
    await lookout.add("PERCENT_CHANGE", "SEI", "-10", "1h")
    busy.busy = "before"
    with pytest.raises(OSError, match="locked"):
        await lookout.minute("0.29")
    busy.busy = ""
    await lookout.minute("0.25")
    assert lookout.prices.figure("fall:SEI:1h") == 0
    assert lookout.told == []


async def test_who_comes_while_a_look_is_under_way_waits_for_it(lookout: Lookout) -> None:
    lookout.clock.jump(60)
    lookout.office.refresh_prices()
    lookout.market.hold()
    first = asyncio.create_task(lookout.prices.tick())
    second = asyncio.create_task(lookout.prices.tick())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not second.done()
    lookout.clock.jump(1)
    lookout.market.release()
    await asyncio.gather(first, second)
    assert len(lookout.ticks.ticks) == 2
    assert len(lookout.market.asked) == 2  # One before, one now.


async def test_the_clock_set_back_forgets_the_future_and_goes_on(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.26")
    await lookout.minute("0.255")
    await lookout.minute("0.255")
    lookout.clock.jump(-3600)
    lookout.market.set_price("SEI", "0.27")
    await lookout.prices.tick()
    assert lookout.values == [Decimal("0.27")]
    assert list(lookout.ticks.ticks) == [lookout.clock.now()]


# Figures


async def test_present_figures_come_from_memory_or_are_fetched(lookout: Lookout) -> None:
    lookout.start()
    assert lookout.prices.figure("price:SEI:") is None
    condition = Condition("PRICE_ABOVE", "SEI", Decimal(1))
    assert await lookout.prices.measure_now(condition) == Decimal("0.25")
    assert lookout.prices.figure("price:SEI:") == Decimal("0.25")
    high = Condition("NEW_HIGH", "SEI", Decimal(0), "30d")
    assert await lookout.prices.measure_now(high) == 0
    rsi = Condition("RSI_ABOVE", "SEI", Decimal(70), "4h")
    assert await lookout.prices.measure_now(rsi) == 50
    gas = Condition("GAS_ABOVE", "", Decimal(70))
    assert await lookout.prices.measure_now(gas) == 50
    digest = Condition("DIGEST_DAILY", "", Decimal(0), "08:00")
    assert await lookout.prices.measure_now(digest) is None


async def test_unknown_figures_are_none(lookout: Lookout) -> None:
    lookout.clock.jump(600)
    lookout.market.fail()
    lookout.office.chain.down = True
    for condition in (
        Condition("PRICE_ABOVE", "SEI", Decimal(1)),
        Condition("RSI_ABOVE", "SEI", Decimal(70), "4h"),
        Condition("GAS_ABOVE", "", Decimal(70)),
        Condition("BALANCE_ABOVE", "SEI", Decimal(70), "", 99),
    ):
        assert await lookout.prices.measure_now(condition) is None


async def test_a_new_high_is_above_all_before_it(lookout: Lookout) -> None:
    rows = [("0.2", "0.3", "0.2", "0.25")] * 3
    first = lookout.clock.now() - timedelta(days=3)
    lookout.market.set_history(candles("SEI", 30, first, timedelta(days=1), rows))
    alert = await lookout.add("NEW_HIGH", "SEI", window="30d", repeat=Repeat.ONCE)
    for price in ("0.29", "0.3", "0.3001"):
        assert lookout.now(alert).standing.state is AlertState.ARMED
        await lookout.minute(price)
    assert lookout.now(alert).standing.state is AlertState.DONE
    assert lookout.told[0].data["price"] == "0.3001"


async def test_what_rests_wakes_at_a_look(lookout: Lookout) -> None:
    alert = await lookout.add("PRICE_ABOVE", "SEI", "0.26", cooldown=10 * MINUTE)
    await lookout.minute("0.27")
    await lookout.minute("0.25", minutes=2)
    assert lookout.now(alert).standing.state is AlertState.RESTING
    for _ in range(8):
        await lookout.minute("0.25")
    assert lookout.now(alert).standing.state is AlertState.DISARMED
