"""The daily or weekly digest: prices, the market at a glance, and in private the portfolio."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from bot.chat.alerts.charts import histories_of, price_chart, worth_chart
from bot.chat.alerts.lines import WAITED, both_clocks
from bot.chat.deep_links import SUBSCRIBE, start_link
from bot.chat.render import agent_line, ago, change_words, esc, price, usd
from bot.chat.services import Services
from bot.chat.view import Row, View, button, link
from bot.domain.alerts import Alert, AlertId
from bot.domain.analysis import MarketSummary
from bot.domain.errors import UpstreamError
from bot.domain.money import Price, exact
from bot.domain.people import User
from bot.policy.alerts.changes import has_rung_out
from bot.policy.alerts.digest_times import WORKDAYS, read_digest_window
from bot.services.manage_agents import current_agent
from bot.services.portfolio import Portfolio

_MOST_LINES = 12
_UNCHANGED = change_words(Decimal(0))
_PATIENCE_S = 8.0
_TRILLION, _BILLION = Decimal(10) ** 12, Decimal(10) ** 9


async def digest_view(services: Services, data: Mapping[str, str]) -> View:
    """What moved since the last one; what cannot be had now is said, not waited for."""
    alert = await services.alerts.load_alert(AlertId(int(data["alert"])))
    if alert is None:
        raise LookupError(f"alert {data['alert']}")
    user = await services.people.load_user(alert.user_id)
    zone = user.time_zone if user else "UTC"
    due_at, weekly = datetime.fromisoformat(data["due_at"]), bool(data["weekly"])
    prices, summary = await asyncio.gather(_prices(services), _summary(services))
    weeks = await _weeks(services, prices)
    title = f"🗞 <b>{_title(alert, data)}</b>"
    lines = [f"{title} · {both_clocks(due_at, zone, services.clock.now())}"]
    if data["late"]:
        lines.append("⏰ <b>Late:</b> I could not send it at its time.")
    if data.get("held"):
        lines.append(WAITED)
    lines += ["", *_market_lines(summary), *_price_lines(services, prices, weeks)]
    lines += _best_and_worst(services, prices, weeks, weekly=weekly)
    held = None if alert.place.is_group or user is None else await _portfolio(services, user)
    lines += _portfolio_lines(held)
    if has_rung_out(alert):
        lines.append("That was all: this digest was to come once.")
    lines.append(f"<i>{_stamp(services, prices)}</i>")
    days = 7 if weekly else 1
    chart = await worth_chart(services, held, days) if held and held.total_usd else None
    chart = chart or await price_chart(services, services.listing.native, days)
    return View("\n".join(lines), _rows(services, alert), chart)


def _title(alert: Alert, data: Mapping[str, str]) -> str:
    when = read_digest_window(data.get("window") or alert.condition.window)
    if when is not None and when.days == WORKDAYS:
        return "Weekday digest"
    return "Weekly digest" if data["weekly"] else "Daily digest"


async def _prices(services: Services) -> Mapping[str, Price]:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await services.market.fetch_prices(services.listing.tokens)
    except (UpstreamError, TimeoutError):
        return {}


async def _summary(services: Services) -> MarketSummary | None:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await services.market.fetch_summary()
    except (UpstreamError, TimeoutError):
        return None


async def _weeks(services: Services, prices: Mapping[str, Price]) -> Mapping[str, Decimal]:
    """Per cent against the price of seven days ago, by symbol."""
    tokens = [token for token in services.listing.tokens if token.symbol in prices]
    changes: dict[str, Decimal] = {}
    for symbol, history in (await histories_of(services, tokens, 7)).items():
        before = history.candles[0].open if history.candles else None
        if before:
            with exact():
                changes[symbol] = (prices[symbol].usd / before - 1) * 100
    return changes


async def _portfolio(services: Services, user: User) -> Portfolio | None:
    agent = await current_agent(services.agents, int(user.id), user)
    if agent is None or not agent.escrow:
        return None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await services.portfolio.view(agent)
    except (UpstreamError, TimeoutError):
        return None


def _market_lines(summary: MarketSummary | None) -> list[str]:
    if summary is None:
        return []
    cap, unit = summary.total_cap_usd, "B"
    with exact():
        size = cap / _BILLION
        if cap >= _TRILLION:
            size, unit = cap / _TRILLION, "T"
    return [
        f"Market ${size:,.2f}{unit} {change_words(summary.cap_change_24h_pct)} in 24 h, bitcoin "
        f"{summary.btc_dominance_pct:.0f} % of it",
        "",
    ]


def _price_lines(
    services: Services, prices: Mapping[str, Price], weeks: Mapping[str, Decimal]
) -> list[str]:
    if not prices:
        return ["The market data source gives no prices now; /price tries again."]
    shown = [token.symbol for token in services.listing.tokens if token.symbol in prices]
    lines = [
        f"<b>{esc(symbol)}</b> {price(prices[symbol].usd)} {_moves(prices[symbol], weeks)}"
        for symbol in shown[:_MOST_LINES]
    ]
    if len(shown) > _MOST_LINES:
        lines.append(f"and {len(shown) - _MOST_LINES} more: /price")
    return lines


def _moves(now: Price, weeks: Mapping[str, Decimal]) -> str:
    day = "" if now.change_24h_pct is None else change_words(now.change_24h_pct)
    week = weeks.get(now.symbol)
    return " · ".join(filter(None, [day, "" if week is None else f"week {change_words(week)}"]))


def _best_and_worst(
    services: Services, prices: Mapping[str, Price], weeks: Mapping[str, Decimal], *, weekly: bool
) -> list[str]:
    """Of the week in weekly ones, else of the day; what trades are paid in is neither.

    Nor is what has not moved: that says nothing of a stablecoin.
    """
    days = {
        symbol: now.change_24h_pct
        for symbol, now in prices.items()
        if now.change_24h_pct is not None
    }
    quote = services.listing.quote.symbol
    moved = {
        symbol: change
        for symbol, change in (weeks if weekly else days).items()
        if symbol != quote and change_words(change) != _UNCHANGED
    }
    if len(moved) < 2:
        return []
    best, worst = max(moved, key=lambda s: moved[s]), min(moved, key=lambda s: moved[s])
    if moved[best] == moved[worst]:
        return []
    return [
        "",
        f"🏆 Best: {esc(best)} {change_words(moved[best])} · 🥀 Worst: {esc(worst)} "
        f"{change_words(moved[worst])}",
    ]


def _portfolio_lines(held: Portfolio | None) -> list[str]:
    if held is None:
        return [""]
    missing = "" if all(h.value_usd is not None for h in held.holdings) else " (some unpriced)"
    return ["", f"{agent_line(held.agent)}: <b>{usd(held.total_usd)}</b>{missing}"]


def _stamp(services: Services, prices: Mapping[str, Price]) -> str:
    if not prices:
        return "Not investment advice."
    oldest = min(price.as_of for price in prices.values())
    age = services.clock.now() - oldest
    return f"Prices from {ago(age)} ({esc(services.facts.market)}). Not investment advice."


def _rows(services: Services, alert: Alert) -> tuple[Row, ...]:
    off = button("🔕 Off", "alerts", "off", alert.id)
    if alert.place.is_group:
        username = services.facts.username()
        if not alert.is_active:
            return ()
        if not (username and alert.share):
            return ((off,),)
        also = start_link(username, f"{SUBSCRIBE}{alert.share}")
        return ((link("🔔 Also to me", also), off),)
    more = (button("💱 Prices", "price", "list"), button("📊 Portfolio", "portfolio", "view"))
    if not alert.is_active:
        return (more, (button("🔁 Set again", "alerts", "restore", alert.id, 0),))
    return (more, (button("✏️ Time", "alerts", "open", alert.id, 0), off))
