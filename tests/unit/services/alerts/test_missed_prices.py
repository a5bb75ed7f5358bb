"""What happened while nobody looked: each missed condition rings once, late, and says so."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.alerts import Condition, Repeat
from bot.domain.analysis import PricePath
from bot.domain.errors import UpstreamError
from bot.domain.money import Token
from bot.policy.alerts.states import snooze
from tests.unit.services.alerts.lookout import MINUTE, Lookout, candles
from tests.unit.services.office import Office

HALF = timedelta(minutes=30)
FLAT = ("0.25", "0.25", "0.25", "0.25")


@pytest.fixture
async def lookout(office: Office) -> Lookout:
    made = Lookout(office)
    await made.prices.tick()
    return made


def rough_hour(lookout: Lookout, days: int = 1) -> None:
    """From now on, SEI rises to 0.28, falls to 0.22 and comes back."""
    rows = [("0.25", "0.28", "0.25", "0.27"), ("0.27", "0.27", "0.22", "0.25")]
    history = candles("SEI", days, lookout.clock.now(), HALF, rows)
    lookout.market.set_history(history)


async def test_each_missed_condition_rings_once_and_says_that_it_is_late(lookout: Lookout) -> None:
    for kind, line in (("PRICE_ABOVE", "0.275"), ("PRICE_BELOW", "0.225"), ("PRICE_BELOW", "0.2")):
        await lookout.add(kind, "SEI", line)
    await lookout.add("PERCENT_CHANGE", "SEI", "-20", "1h")
    await lookout.add("PERCENT_CHANGE", "SEI", "-15", "15m")
    rough_hour(lookout)
    last = lookout.clock.now()
    lookout.start()
    await lookout.minute(minutes=65)
    late = [(n.data["type"], n.data["met_at"], n.data["late"]) for n in lookout.told]
    assert late == [
        ("PRICE_ABOVE", (last + HALF / 2).isoformat(), "yes"),
        ("PRICE_BELOW", (last + HALF + HALF / 2).isoformat(), "yes"),
        ("PERCENT_CHANGE", (last + HALF + HALF / 2).isoformat(), "yes"),
    ]
    await lookout.minute("0.28")
    assert [(n.data["ring"], n.data["late"]) for n in lookout.told[3:]] == [("2", "")]


async def test_an_alert_rings_once_for_all_it_missed(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.275", cooldown=timedelta(0))
    rows = [("0.25", "0.28", "0.25", "0.26"), ("0.26", "0.26", "0.25", "0.26")] * 3
    lookout.market.set_history(candles("SEI", 1, lookout.clock.now(), HALF, rows))
    await lookout.minute(minutes=185)
    assert lookout.values == [Decimal("0.28")]


async def test_a_second_of_downtime_is_no_gap(lookout: Lookout) -> None:
    rough_hour(lookout)
    await lookout.add("PRICE_BELOW", "SEI", "0.24")
    lookout.start()
    await lookout.minute(minutes=3)
    assert lookout.told == []
    assert [tick.late for tick in lookout.ticks.ticks.values()] == [False, False]


async def test_alerts_set_in_the_gap_hear_nothing_of_before(lookout: Lookout) -> None:
    rough_hour(lookout)
    lookout.market.fail()
    lookout.clock.jump(3000)
    await lookout.add("PRICE_ABOVE", "SEI", "0.275", figure=Decimal("0.25"))
    lookout.market.heal()
    await lookout.minute(minutes=15)
    assert lookout.told == []


async def test_a_market_that_is_down_is_made_up_for(lookout: Lookout) -> None:
    await lookout.add("PRICE_BELOW", "SEI", "0.225")
    rough_hour(lookout)
    lookout.market.fail()
    for _ in range(64):
        lookout.clock.jump(60)
        with pytest.raises(UpstreamError):
            await lookout.prices.tick()
    lookout.market.heal()
    await lookout.minute()
    assert [notice.data["late"] for notice in lookout.told] == ["yes"]


class NoHistory:
    """A market whose candles cannot be had."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def fetch_history(self, token: Token, days: int) -> Any:
        raise UpstreamError("market", "no candles", retryable=True)


async def test_without_candles_it_goes_on_after_a_while_and_says_so(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.26")
    since = lookout.clock.now()
    lookout.start(market=NoHistory(lookout.market))
    for minutes in (60, 1, 3):
        with pytest.raises(UpstreamError):
            await lookout.minute("0.27", minutes=minutes)
    await lookout.minute("0.27")
    assert [(n.data["value"], n.data["late"]) for n in lookout.told] == [("0.27", "")]
    gaps = {d.symbol: d.detail for d in await lookout.ticks.load_doubts() if d.reason == "gap"}
    assert set(gaps) == {"SEI", "USDC", "WBTC", "iSEI"}
    assert f"{since:%H:%M}" in gaps["SEI"]


async def test_who_asks_for_a_price_uses_up_no_patience(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.275")
    rough_hour(lookout)
    lookout.start(market=NoHistory(lookout.market))
    with pytest.raises(UpstreamError):
        await lookout.minute(minutes=65)
    for _ in range(10):
        lookout.clock.jump(10)
        asked = Condition("PRICE_ABOVE", "SEI", Decimal(1))
        assert await lookout.prices.measure_now(asked) is None
    lookout.prices.market = lookout.market
    lookout.start()
    await lookout.minute()
    assert [notice.data["late"] for notice in lookout.told] == ["yes"]


async def test_a_day_before_the_gap_still_counts_after_it(lookout: Lookout) -> None:
    await lookout.minute("0.4")
    await lookout.minute("0.25")
    await lookout.add("PERCENT_CHANGE", "SEI", "-40", "1d")
    rows = [("0.25", "0.25", "0.25", "0.25")] * 6
    rows[1] = ("0.25", "0.25", "0.22", "0.25")
    history = candles("SEI", 7, lookout.clock.now(), timedelta(hours=4), rows)
    lookout.market.set_history(history)
    lookout.start()
    await lookout.minute(minutes=24 * 60 + 5)
    assert lookout.values == [Decimal(-45)]
    assert lookout.told[0].data["late"] == "yes"


# Behind the last closed candle


def day_of(lookout: Lookout, first: datetime, *prices: str) -> None:
    """SEI every five minutes."""
    points = [(first + 5 * MINUTE * n, Decimal(price)) for n, price in enumerate(prices)]
    lookout.market.set_day(PricePath("SEI", tuple(points)))


async def test_a_gap_within_one_candle_is_made_up_for(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.275")
    begun = lookout.clock.now() - 5 * MINUTE
    lookout.market.set_history(candles("SEI", 1, begun - 10 * HALF, HALF, [FLAT] * 10))
    day_of(lookout, begun, "0.25", "0.25", "0.25", "0.29", "0.25")
    lookout.start()
    await lookout.minute("0.25", minutes=20)
    [notice] = lookout.told
    assert (notice.data["value"], notice.data["late"]) == ("0.29", "yes")
    assert notice.data["met_at"] == (begun + 15 * MINUTE).isoformat()


async def test_single_prices_tell_of_short_windows_too(lookout: Lookout) -> None:
    await lookout.add("PERCENT_CHANGE", "SEI", "-8", "5m")
    begun = lookout.clock.now() - 5 * MINUTE
    lookout.market.set_history(candles("SEI", 1, begun - 10 * HALF, HALF, [FLAT] * 10))
    day_of(lookout, begun, "0.25", "0.25", "0.24", "0.23", "0.21")
    await lookout.minute("0.21", minutes=20)
    [notice] = lookout.told
    assert notice.data["met_at"] == (begun + 20 * MINUTE).isoformat()
    assert notice.data["late"] == "yes"


async def test_the_end_of_a_long_gap_is_told_by_single_prices(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.275")
    last = lookout.clock.now()
    first = last - timedelta(hours=2, minutes=30)
    lookout.market.set_history(candles("SEI", 7, first, timedelta(hours=4), [FLAT] * 6))
    day_of(lookout, last + timedelta(hours=20), *["0.25"] * 46, "0.29", *["0.25"] * 13)
    lookout.start()
    await lookout.minute("0.25", minutes=25 * 60)
    [notice] = lookout.told
    met_at = last + timedelta(hours=20) + 46 * 5 * MINUTE
    assert (notice.data["met_at"], notice.data["late"]) == (met_at.isoformat(), "yes")


async def test_single_prices_that_stop_early_are_waited_for(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.275")
    first = lookout.clock.now()
    rough_hour(lookout)
    day_of(lookout, first, *["0.25"] * 10)
    with pytest.raises(UpstreamError, match="not there yet"):
        await lookout.minute(minutes=65)
    day_of(lookout, first, *["0.25"] * 14)
    await lookout.minute()
    assert [notice.data["value"] for notice in lookout.told] == ["0.28"]


# One token alone


async def stale(lookout: Lookout, minutes: int) -> None:
    """SEI's price does not move on, the others' do."""
    for minute in range(minutes):
        lookout.clock.jump(60)
        lookout.office.refresh_prices()
        lookout.market.set_price("SEI", "0.25", age_s=60 * minute + 240)
        await lookout.prices.tick()


async def test_one_token_without_a_price_is_made_up_for(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.275")
    rows = [("0.25", "0.29", "0.25", "0.25")]
    history = candles("SEI", 1, lookout.clock.now(), HALF, rows)
    await stale(lookout, 40)
    lookout.market.set_history(history)
    await lookout.minute("0.25")
    assert [(n.data["value"], n.data["late"]) for n in lookout.told] == [("0.29", "yes")]
    ticks = await lookout.ticks.load_ticks(datetime.min.replace(tzinfo=lookout.clock.now().tzinfo))
    assert [set(tick.prices) for tick in ticks if tick.late] == [{"SEI"}] * 4
    assert len({tick.at for tick in ticks}) == len(ticks) == 46, "no tick took another's place"


async def test_what_was_doubted_is_not_made_up_for(lookout: Lookout) -> None:
    """An absurd price is a look too: the feed's own history would say the same."""
    await lookout.add("PRICE_ABOVE", "SEI", "0.275")
    rows = [("0.25", "0.29", "0.25", "0.25")]
    history = candles("SEI", 1, lookout.clock.now(), HALF, rows)
    for price in ("100", "0.0001", "100", "0.0001") * 9:
        await lookout.minute(price)
    lookout.market.set_history(history)
    await lookout.minute("0.25")
    assert lookout.told == []


async def test_one_token_without_a_history_does_not_stop_the_others(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.26")
    await lookout.add("PRICE_ABOVE", "WBTC", "61000")
    lookout.start(market=NoHistory(lookout.market))
    await lookout.prices.tick()
    await stale(lookout, 10)
    looked_at = lookout.prices.looked_at
    for price in ("0.27", "0.27"):
        lookout.clock.jump(60)
        lookout.office.refresh_prices()
        lookout.market.set_price("SEI", price)
        lookout.market.set_price("WBTC", "62000")
        await lookout.prices.tick()
    assert [notice.data["symbol"] for notice in lookout.told] == ["WBTC"]
    assert lookout.prices.looked_at == looked_at, "an alert on SEI must not end before its history"
    for _ in range(5):
        await lookout.minute("0.27")
    assert [notice.data["symbol"] for notice in lookout.told] == ["WBTC", "SEI"]
    assert lookout.prices.looked_at == lookout.clock.now()


async def test_prices_that_are_gone_again_after_the_history_are_no_look(lookout: Lookout) -> None:
    await lookout.add("PRICE_ABOVE", "SEI", "0.275")
    rough_hour(lookout)
    lookout.start(market=Vanishing(lookout.market))
    await lookout.minute(minutes=65)
    assert [notice.data["late"] for notice in lookout.told] == ["yes"]
    assert all(tick.prices for tick in lookout.ticks.ticks.values())
    assert lookout.prices.looked_at is None


# What people and clocks do meanwhile


async def test_what_was_reached_before_its_end_rings_before_it_ends(lookout: Lookout) -> None:
    end = lookout.clock.now() + 40 * MINUTE
    alert = await lookout.add("PRICE_ABOVE", "SEI", "0.275", repeat=Repeat.ONCE, expires_at=end)
    other = await lookout.add("PRICE_ABOVE", "SEI", "0.4", repeat=Repeat.ONCE, expires_at=end)
    rough_hour(lookout)
    lookout.start()
    lookout.clock.jump(65 * 60)
    await lookout.digests.tick()
    assert lookout.told == []
    await lookout.minute(minutes=0)
    await asyncio.gather(lookout.candles.tick(), lookout.holdings.tick())
    await lookout.digests.tick()
    assert [(n.kind, n.data["alert"]) for n in lookout.told] == [
        ("alert", str(alert.id)),
        ("alert_ended", str(other.id)),
    ]


async def test_a_market_that_is_down_for_long_keeps_nothing_alive(lookout: Lookout) -> None:
    end = lookout.clock.now() + 40 * MINUTE
    await lookout.add("PRICE_ABOVE", "SEI", "0.275", expires_at=end)
    lookout.market.fail()
    for _ in range(2):
        lookout.clock.jump(13 * 3600)
        await lookout.digests.tick()
    assert [notice.kind for notice in lookout.told] == ["alert_ended"]


async def test_who_snoozes_a_late_ring_is_rung_again(lookout: Lookout) -> None:
    alert = await lookout.add("PRICE_ABOVE", "SEI", "0.275", repeat=Repeat.ONCE)
    first = lookout.clock.now()
    rows = [("0.25", "0.28", "0.25", "0.28"), *[("0.28",) * 4] * 3]
    lookout.market.set_history(candles("SEI", 1, first, HALF, rows[:2]))
    lookout.start(market=Flaky(lookout.market))
    with pytest.raises(UpstreamError):
        await lookout.minute("0.28", minutes=61)
    assert len(lookout.told) == 1
    until = lookout.clock.now() + 15 * MINUTE
    assert await lookout.alerts.save_alert(snooze(lookout.now(alert), until))
    lookout.market.set_history(candles("SEI", 1, first, HALF, rows))
    await lookout.minute("0.28", minutes=60)
    assert [notice.data["ring"] for notice in lookout.told] == ["1", "2"]


class Vanishing:
    """It has prices when it is asked for the first time, and none from then on."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._asked = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def fetch_prices(self, tokens: Any) -> Any:
        prices = {} if self._asked else await self._inner.fetch_prices(tokens)
        self._asked = True
        return prices


class Flaky:
    """Its second answer about prices, the one after the gap was made up for, does not come."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def fetch_prices(self, tokens: Any) -> Any:
        self._asked += 1
        if self._asked == 2:
            raise UpstreamError("market", "HTTP 429", retryable=True)
        return await self._inner.fetch_prices(tokens)


@pytest.mark.parametrize("days", [0.04, 30, 365])
async def test_a_clock_that_was_ahead_silences_nothing(lookout: Lookout, days: float) -> None:
    """It was ahead for a minute; then a line is reached, and the next morning comes."""
    price = await lookout.add("PRICE_ABOVE", "SEI", "0.26")
    digest = await lookout.add("DIGEST_DAILY", window="12:10")
    lookout.clock.jump(days * 86_400)
    lookout.ticks.ticks.clear()
    lookout.start()
    await lookout.minute("0.27")
    await lookout.digests.tick()
    rung = len(lookout.told)
    assert rung == 2
    lookout.clock.jump(-days * 86_400)
    for price_usd in ("0.25", "0.25", *["0.25"] * 6, "0.27"):
        await lookout.minute(price_usd)
    await lookout.digests.tick()
    for _ in range(2):
        lookout.clock.jump(86_400)
        await lookout.digests.tick()
    rings = [notice.data["alert"] for notice in lookout.told[rung:]]
    assert rings.count(str(price.id)) == 1
    assert rings.count(str(digest.id)) >= 2
