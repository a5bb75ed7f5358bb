from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import Bps, Price
from bot.domain.trade import Approved, Denied, DeniedReason
from bot.policy.risk import Limits, TradeFacts, check_trade, price_age

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIMITS = Limits()
FINE = TradeFacts(
    now=NOW,
    trading_paused=False,
    agent_active=True,
    sell_price=Price("USDC", Decimal(1), NOW, "test"),
    buy_price=Price("SEI", Decimal("0.25"), NOW, "test"),
    sell_usd=Decimal(25),
    buy_usd=Decimal("24.9"),
    held_units=Decimal(100),
    sell_units=Decimal(25),
    trade_cap_usd=Decimal(50),
    day_cap_usd=Decimal(200),
    spent_today_usd=Decimal(0),
    price_impact=Bps(10),
)


def aged(**span: float) -> Price:
    return Price("SEI", Decimal("0.25"), NOW - timedelta(**span), "test")


@pytest.mark.parametrize(
    ("change", "denied"),
    [
        ({"trading_paused": True}, Denied(DeniedReason.TRADING_PAUSED)),
        ({"agent_active": False}, Denied(DeniedReason.AGENT_NOT_ACTIVE)),
        ({"held_units": Decimal("24.99")}, (DeniedReason.BALANCE, "24.99", "25")),
        ({"sell_usd": Decimal("0.49")}, (DeniedReason.DUST, "0.5", "0.49")),
        ({"sell_usd": Decimal("50.01")}, (DeniedReason.TRADE_CAP, "50", "50.01")),
        ({"trade_cap_usd": Decimal(10)}, (DeniedReason.TRADE_CAP, "10", "25")),
        ({"spent_today_usd": Decimal("175.01")}, (DeniedReason.DAY_CAP, "200", "24.99")),
        ({"spent_today_usd": Decimal(999)}, (DeniedReason.DAY_CAP, "200", "0")),
        ({"day_cap_usd": Decimal(20)}, (DeniedReason.DAY_CAP, "20", "20")),
        ({"sell_price": aged(seconds=301)}, (DeniedReason.STALE_PRICE, "300", "301")),
        ({"buy_price": aged(minutes=6)}, (DeniedReason.STALE_PRICE, "300", "360")),
        ({"price_impact": Bps(301)}, (DeniedReason.PRICE_IMPACT, "300", "301")),
        ({"buy_usd": Decimal("24.2")}, (DeniedReason.UNFAIR_QUOTE, "300", "320")),
        ({"buy_usd": Decimal(0)}, (DeniedReason.UNFAIR_QUOTE, "300", "10000")),
    ],
)
def test_the_limit_that_says_no_is_named_with_its_figures(change: dict[str, Any], denied):
    if isinstance(denied, tuple):
        denied = Denied(denied[0], Decimal(denied[1]), Decimal(denied[2]))
    assert check_trade(replace(FINE, **change), LIMITS) == denied


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"held_units": Decimal(25)},
        {"sell_usd": Decimal("0.5"), "buy_usd": Decimal("0.5")},
        {"sell_usd": Decimal(50), "buy_usd": Decimal(50)},
        {"spent_today_usd": Decimal(175)},
        {"sell_price": aged(minutes=5)},
        {"buy_price": aged(seconds=-59)},
        {"price_impact": Bps(300)},
        {"buy_usd": Decimal("24.25")},
        {"buy_usd": Decimal(26)},
    ],
)
def test_a_limit_that_is_just_met_is_no_obstacle(change: dict[str, Any]):
    assert check_trade(replace(FINE, **change), LIMITS) == Approved()


@pytest.mark.parametrize("cap", ["trade_cap_usd", "day_cap_usd"])
def test_nobody_raises_the_service_s_limits(cap: str):
    wish: dict[str, Any] = {cap: Decimal(10) ** 9}
    facts = replace(FINE, sell_usd=Decimal(250), buy_usd=Decimal(250), **wish)
    assert isinstance(check_trade(facts, LIMITS), Denied)


def test_a_price_from_the_future_is_no_price():
    assert price_age(NOW, aged(seconds=-61)) == timedelta.max
    verdict = check_trade(replace(FINE, buy_price=aged(minutes=-5)), LIMITS)
    assert isinstance(verdict, Denied)
    assert verdict.reason is DeniedReason.STALE_PRICE


def test_the_oldest_price_counts():
    assert price_age(NOW, aged(minutes=1), aged(minutes=4), aged()) == timedelta(minutes=4)


usd = st.decimals("0", "1000", places=4)


@given(usd, usd, usd, usd, usd, st.integers(0, 1_000), st.booleans(), st.booleans())
def test_what_passes_is_within_every_limit(  # noqa: PLR0913
    sell: Decimal, buy: Decimal, spent: Decimal, trade_cap: Decimal, day_cap: Decimal,
    impact: int, paused: bool, active: bool,  # noqa: FBT001
):  # fmt: skip
    facts = replace(
        FINE,
        sell_usd=sell,
        buy_usd=buy,
        spent_today_usd=spent,
        trade_cap_usd=trade_cap,
        day_cap_usd=day_cap,
        price_impact=Bps(impact),
        trading_paused=paused,
        agent_active=active,
    )
    if check_trade(facts, LIMITS) == Approved():
        assert active
        assert not paused
        assert LIMITS.min_trade_usd <= sell <= min(trade_cap, LIMITS.trade_cap_usd)
        assert spent + sell <= min(day_cap, LIMITS.day_cap_usd)
        assert impact <= LIMITS.max_price_impact
        assert buy * 100 >= sell * 97
