"""The risk guard: every trade passes here, whoever asked for it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.money import BPS, Bps, Price, exact
from bot.domain.trade import Approved, Denied, DeniedReason, Verdict


@dataclass(frozen=True, slots=True)
class Limits:
    """What the service allows at most. Users may lower their own caps, never raise these.

    `max_value_loss` bounds how much less a quote may be worth than what is sold, by the market
    feed: it stops a trade on a pool that was pushed off the market. `alert_disagreement` is how far
    exchanges may be from the feed before an alert no longer trusts it; `max_alerts` and
    `max_group_alerts` are active ones of a person, and of a group with its topics.
    """

    trade_cap_usd: Decimal = Decimal(50)
    day_cap_usd: Decimal = Decimal(200)
    min_trade_usd: Decimal = Decimal("0.5")
    max_price_age: timedelta = timedelta(minutes=5)
    max_price_impact: Bps = Bps(300)
    max_value_loss: Bps = Bps(300)
    max_slippage: Bps = Bps(500)
    default_slippage: Bps = Bps(100)
    quote_life: timedelta = timedelta(seconds=60)
    gas_reserve_sei: Decimal = Decimal(1)
    first_gas_sei: Decimal = Decimal("0.25")
    low_gas_sei: Decimal = Decimal("0.1")
    gas_top_up_sei: Decimal = Decimal("0.25")
    dust_usd: Decimal = Decimal("0.01")
    alert_disagreement: Bps = Bps(500)
    max_alerts: int = 100
    max_group_alerts: int = 50


@dataclass(frozen=True, slots=True)
class TradeFacts:
    """What the guard looks at; amounts in USD by the market feed unless named otherwise."""

    now: datetime
    trading_paused: bool
    agent_active: bool
    sell_price: Price
    buy_price: Price
    sell_usd: Decimal
    buy_usd: Decimal
    held_units: Decimal
    sell_units: Decimal
    trade_cap_usd: Decimal
    day_cap_usd: Decimal
    spent_today_usd: Decimal
    price_impact: Bps


def check_trade(facts: TradeFacts, limits: Limits) -> Verdict:
    """Approve a trade or name the first limit it is over.

    The person's caps count only where they are lower than the service's.
    """
    if facts.trading_paused:
        return Denied(DeniedReason.TRADING_PAUSED)
    if not facts.agent_active:
        return Denied(DeniedReason.AGENT_NOT_ACTIVE)
    for verdict in (_check_money(facts, limits), _check_market(facts, limits)):
        if isinstance(verdict, Denied):
            return verdict
    return Approved()


def _check_money(facts: TradeFacts, limits: Limits) -> Verdict:
    if facts.sell_units > facts.held_units:
        return Denied(DeniedReason.BALANCE, facts.held_units, facts.sell_units)
    if facts.sell_usd < limits.min_trade_usd:
        return Denied(DeniedReason.DUST, limits.min_trade_usd, facts.sell_usd)
    trade_cap = min(facts.trade_cap_usd, limits.trade_cap_usd)
    if facts.sell_usd > trade_cap:
        return Denied(DeniedReason.TRADE_CAP, trade_cap, facts.sell_usd)
    day_cap = min(facts.day_cap_usd, limits.day_cap_usd)
    if facts.spent_today_usd + facts.sell_usd > day_cap:
        left = max(Decimal(0), day_cap - facts.spent_today_usd)
        return Denied(DeniedReason.DAY_CAP, day_cap, left)
    return Approved()


def _check_market(facts: TradeFacts, limits: Limits) -> Verdict:
    age = price_age(facts.now, facts.sell_price, facts.buy_price)
    if age > limits.max_price_age:
        return Denied(
            DeniedReason.STALE_PRICE,
            Decimal(int(limits.max_price_age.total_seconds())),
            Decimal(int(age.total_seconds())),
        )
    if facts.price_impact > limits.max_price_impact:
        return Denied(
            DeniedReason.PRICE_IMPACT, Decimal(limits.max_price_impact), Decimal(facts.price_impact)
        )
    with exact():
        loss = (1 - facts.buy_usd / facts.sell_usd) * BPS
    if loss > limits.max_value_loss:
        return Denied(DeniedReason.UNFAIR_QUOTE, Decimal(limits.max_value_loss), loss)
    return Approved()


def price_age(now: datetime, *prices: Price) -> timedelta:
    """Age of the oldest price; a price from the future counts as infinitely old."""
    if any(price.as_of > now + timedelta(minutes=1) for price in prices):
        return timedelta.max
    return max(now - price.as_of for price in prices)
