"""Candles that closed: each is looked at once, late ones say so, and what woke need not wait."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.domain.alerts import AlertState, Repeat
from bot.domain.analysis import Candle, PriceHistory
from bot.policy.alerts.states import finish, snooze
from tests.fakes.market import history_of
from tests.unit.services.alerts.lookout import Lookout
from tests.unit.services.office import Office

FOUR = timedelta(hours=4)
CALM = [Decimal(100 + number % 2) for number in range(60)]


def rsi_history(office: Office, closes: list[Decimal], under_way: int = 0) -> PriceHistory:
    """4 h candles of SEI, the last of which closed just now, or is so many minutes old."""
    now = office.clock.now()
    end = now - timedelta(minutes=under_way)
    made = [
        Candle(end - FOUR * (len(closes) - n), close, close, close, close, Decimal(10))
        for n, close in enumerate(closes)
    ]
    if under_way:
        made.append(Candle(end, *[Decimal(900)] * 4, Decimal(10)))  # type: ignore[call-arg]
    return PriceHistory("SEI", 30, tuple(made), now)


@pytest.fixture
async def lookout(office: Office) -> Lookout:
    office.market.set_history(rsi_history(office, CALM))
    made = Lookout(office)
    await made.prices.tick()
    return made


async def close(lookout: Lookout, *closes: str, hours: float = 4, under_way: int = 0) -> None:
    """Time passes, candles close, and their job comes by."""
    lookout.clock.jump(hours * 3600)
    CLOSES.extend(Decimal(c) for c in closes)
    lookout.market.set_history(rsi_history(lookout.office, CLOSES, under_way))
    lookout.office.refresh_prices()
    await lookout.candles.tick()


CLOSES: list[Decimal] = []


@pytest.fixture(autouse=True)
def _closes() -> None:
    CLOSES[:] = CALM


async def test_a_candle_rings_when_it_has_closed(lookout: Lookout) -> None:
    alert = await lookout.add("RSI_ABOVE", "SEI", "70", "4h")
    await lookout.candles.tick()
    assert lookout.now(alert).standing.state is AlertState.ARMED
    await close(lookout, under_way=5)
    assert lookout.told == [], "a candle under way says nothing"
    await close(lookout, "200", hours=0)
    [notice] = lookout.told
    assert Decimal(notice.data["value"]) > 70
    assert (notice.data["met_at"], notice.data["late"]) == (lookout.clock.now().isoformat(), "")
    assert notice.data["price"] == "200"
    assert lookout.prices.figure("rsi:SEI:4h") == Decimal(notice.data["value"])
    assert lookout.office.wakes == 1
    await lookout.candles.tick()
    assert len(lookout.told) == 1


async def test_no_candle_is_looked_at_twice(lookout: Lookout) -> None:
    await lookout.add("RSI_ABOVE", "SEI", "70", "4h", cooldown=timedelta(0))
    await lookout.candles.tick()
    await close(lookout, "200")
    lookout.market.set_history(history_of("SEI", 1, ["0.25"] * 48, lookout.clock.now()))
    await lookout.minute(minutes=6)  # Wakes it.
    for closes in (["100"], [], [], []):
        await close(lookout, *closes, hours=4 * len(closes) - 0.1 * bool(closes))
    assert len(lookout.told) == 1


async def test_candles_of_a_downtime_are_looked_at_in_turn_and_ring_once(lookout: Lookout) -> None:
    await lookout.add("RSI_ABOVE", "SEI", "70", "4h", cooldown=timedelta(0))
    await lookout.candles.tick()
    closed_at = lookout.clock.now() + FOUR
    lookout.start()
    await close(lookout, "200", "100", "100", "300", "100", "100", hours=24)
    [notice] = lookout.told
    assert (notice.data["met_at"], notice.data["late"]) == (closed_at.isoformat(), "yes")


@pytest.mark.parametrize(("minutes_after", "late"), [(300, ""), (301, "yes")])
async def test_late_is_a_candle_and_an_hour(
    lookout: Lookout, minutes_after: int, late: str
) -> None:
    await lookout.add("RSI_ABOVE", "SEI", "70", "4h")
    await lookout.candles.tick()
    lookout.clock.jump(4 * 3600)
    CLOSES.append(Decimal(200))
    lookout.market.set_history(rsi_history(lookout.office, CLOSES))
    lookout.clock.jump(minutes_after * 60)
    await lookout.candles.tick()
    assert [notice.data["late"] for notice in lookout.told] == [late]


async def test_a_first_look_sees_the_last_candle_alone(lookout: Lookout) -> None:
    CLOSES[:] = [*CALM[:30], Decimal(500), *CALM]
    lookout.market.set_history(rsi_history(lookout.office, CLOSES))
    await lookout.add("RSI_ABOVE", "SEI", "70", "4h", figure=Decimal(50))
    await lookout.candles.tick()
    assert lookout.told == []
    assert lookout.alerts.marks["rsi:SEI:4h"] == lookout.clock.now()


async def test_what_wakes_between_two_candles_rings_then(lookout: Lookout) -> None:
    alert = await lookout.add("RSI_ABOVE", "SEI", "30", "4h", at_once=True, repeat=Repeat.ONCE)
    await lookout.candles.tick()
    assert lookout.now(alert).standing.state is AlertState.DONE
    assert lookout.told[0].data["late"] == ""


async def test_without_candles_nothing_happens(lookout: Lookout) -> None:
    await lookout.add("RSI_ABOVE", "SEI", "70", "4h")
    lookout.market.fail()
    await lookout.candles.tick()
    assert lookout.told == []


async def test_nobody_waiting_costs_nothing(lookout: Lookout) -> None:
    lookout.market.calls.clear()
    await lookout.candles.tick()
    assert lookout.market.calls == []


async def test_a_candle_from_before_it_was_set_says_nothing(lookout: Lookout) -> None:
    """Others have waited on the series before, and then nobody."""
    before = await lookout.add("RSI_ABOVE", "SEI", "90", "4h")
    await lookout.candles.tick()
    await lookout.alerts.save_alert(finish(lookout.now(before)))
    lookout.start()
    lookout.clock.jump(8 * 3600 + 300)
    CLOSES.extend([Decimal(200), Decimal(60)])
    lookout.market.set_history(rsi_history(lookout.office, CLOSES, under_way=5))
    await lookout.add("RSI_ABOVE", "SEI", "70", "4h")
    await lookout.candles.tick()
    assert lookout.told == []


async def test_a_candle_of_its_snooze_says_nothing_after_it(lookout: Lookout) -> None:
    alert = await lookout.add("RSI_ABOVE", "SEI", "70", "4h")
    await lookout.candles.tick()
    until = lookout.clock.now() + timedelta(hours=8)
    await lookout.alerts.save_alert(snooze(lookout.now(alert), until))
    await lookout.candles.tick()
    await close(lookout, "200")
    await close(lookout, "60")
    await lookout.candles.tick()
    assert lookout.now(alert).standing.state is AlertState.ARMED
    assert lookout.told == []


async def test_a_ring_between_two_candles_hides_no_late_one(lookout: Lookout) -> None:
    alert = await lookout.add("RSI_ABOVE", "SEI", "30", "4h", cooldown=timedelta(0))
    await lookout.alerts.save_alert(snooze(lookout.now(alert), lookout.clock.now()))
    lookout.clock.jump(600)
    await lookout.candles.tick()
    await lookout.candles.tick()
    assert len(lookout.told) == 1, "it rings after its snooze, between two candles"
    lookout.clock.jump(360)
    await lookout.candles.tick()
    lookout.start()
    lookout.clock.jump(20 * 3600 - 960)
    CLOSES.extend(map(Decimal, ("10", "300", "100", "10", "9")))
    lookout.market.set_history(rsi_history(lookout.office, CLOSES))
    await lookout.candles.tick()
    assert [notice.data["late"] for notice in lookout.told] == ["", "yes"]
