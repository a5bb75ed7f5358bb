"""The messages of alerts: it rang, it ran out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from bot.chat.alerts.charts import alert_chart
from bot.chat.alerts.lines import (
    both_clocks,
    describe,
    is_by_candles,
    is_deposit,
    span,
    way_back,
)
from bot.chat.deep_links import ASK, SUBSCRIBE, start_link
from bot.chat.render import age, agent_line, change_words, esc
from bot.chat.render import price as dollars
from bot.chat.services import Services
from bot.chat.view import Row, View, button, link
from bot.domain.alerts import Alert, AlertId, AlertState, Condition
from bot.domain.money import exact
from bot.domain.people import AgentId
from bot.policy.alerts.kind import split_series
from bot.policy.alerts.states import SHORTEST_COOLDOWN

_PRICE = "price"
_SNOOZES = (("15 min", 15), ("1 h", 60), ("1 day", 1_440))
_FEW_SECONDS = timedelta(seconds=90)


async def alert_view(services: Services, data: Mapping[str, str]) -> View:
    """An alert rang: what happened, how things stand now, and what can be done."""
    alert = await _alert(services, data)
    condition = _condition(data)
    zone = await _zone(services, alert)
    title = f"{'🚨' if alert.urgent else '🔔'} <b>{describe(services, condition)}</b>"
    lines = [title]
    if data["late"]:
        lines.append(
            "⏰ <b>Late:</b> I could not look at the time. It was so then; see what is so now."
        )
    elif unseen := data.get("unseen"):
        since = both_clocks(datetime.fromisoformat(unseen), zone, services.clock.now())
        lines.append(f"⏰ <b>Late:</b> I had not looked since {since}; it came true in between.")
    lines += ["", *_figure_lines(services, condition, data)]
    lines += ["", *_time_lines(services, condition, data, zone)]
    if condition.agent_id and not alert.place.is_group:
        agent = await services.agents.load_agent(AgentId(condition.agent_id))
        lines += [agent_line(agent)] if agent else []
    if alert.note:
        lines.append(f"For: {esc(alert.note)}")
    lines.append(f"<i>{_next_line(services, alert)}</i>")
    watch = services.kinds.watch(condition)
    line = watch.line if watch and split_series(watch.series)[0] == _PRICE else None
    chart = await alert_chart(services, condition.symbol, line) if condition.symbol else None
    rows = _group_rows(services, alert, condition) if alert.place.is_group else None
    return View("\n".join(lines), rows or _private_rows(services, alert, condition), chart)


async def alert_ended_view(services: Services, data: Mapping[str, str]) -> View:
    """An alert came to its last day."""
    alert = await _alert(services, data)
    times = f"It rang {alert.rings} time{'' if alert.rings == 1 else 's'}." if alert.rings else ""
    text = (
        f"⌛ <b>{describe(services, _condition(data))}</b> has come to its end date and is watched "
        f"no more. {times}".rstrip()
    )
    if alert.place.is_group:
        return View(f"{text} An administrator can set a new one with /alert.")
    row = (button("🆕 New alert", "alert", "new"), button("🔔 All alerts", "alerts", "page", 0))
    return View(text, (row,))


def _figure_lines(services: Services, condition: Condition, data: Mapping[str, str]) -> list[str]:
    """What it came to, what it is now, and what it was when the alert was armed."""
    kind = services.kinds.of(condition)
    value = Decimal(data["value"])
    watch = services.kinds.watch(condition)
    series = watch.series if watch else ""
    is_price = bool(series) and split_series(series)[0] == _PRICE
    lines = [f"It came to <b>{esc(kind.figure(value))}</b>"]
    now = None if is_deposit(series) else services.prices.figure(series)
    if now is not None and now != value:
        lines.append(f"Now: {esc(kind.figure(now))}")
    if data["seen"] and not is_deposit(series):
        seen = Decimal(data["seen"])
        since = _since(seen, now if now is not None else value) if is_price else ""
        lines.append(f"When armed: {esc(kind.figure(seen))}{since}")
    if not is_price and data["price"]:
        then = Decimal(data["price"])
        present = services.prices.figure(f"{_PRICE}:{condition.symbol}:")
        later = f", now {dollars(present)}" if present is not None and present != then else ""
        lines.append(f"Price of {esc(condition.symbol)}: {dollars(then)}{later}")
    return lines


def _since(seen: Decimal, now: Decimal) -> str:
    if not seen:
        return ""
    with exact():
        change = (now / seen - 1) * 100
    return f" ({change_words(change)} since)"


def _time_lines(
    services: Services, condition: Condition, data: Mapping[str, str], zone: str
) -> list[str]:
    now = services.clock.now()
    met_at, as_of = (datetime.fromisoformat(data[name]) for name in ("met_at", "as_of"))
    armed_at = datetime.fromisoformat(data["seen_at"]) if data["seen_at"] else None
    watch = services.kinds.watch(condition)
    by_candles = watch is not None and is_by_candles(services, watch.series)
    if by_candles:
        lines = [f"Candle closed: {both_clocks(as_of, zone, now)}"]
    else:
        lines = [f"Met: {both_clocks(met_at, zone, now)}"]
    if armed_at is not None and not (by_candles and armed_at > as_of):
        lines.append(f"Armed: {both_clocks(armed_at, zone, now)}")
    if by_candles:
        lines.append(f"<i>Data {_age(now - as_of)} now</i>")
    else:
        lines.append(f"<i>Data {_age(met_at - as_of)} at that time</i>")
    return lines


def _age(length: timedelta) -> str:
    length = max(length, timedelta(0))
    if length < _FEW_SECONDS:
        return f"{int(length.total_seconds())} s old"
    return f"{age(length)} old"


def _next_line(services: Services, alert: Alert) -> str:
    match alert.standing.state:
        case AlertState.DONE:
            over = "That was all: this alert is over."
            return over if alert.place.is_group else f"{over} 🔁 sets it again."
        case AlertState.PAUSED:
            return "It is paused now."
        case AlertState.SNOOZED:
            return "It is snoozed now."
        case _:
            rest = span(max(alert.cooldown, SHORTEST_COOLDOWN))
            back = way_back(services, alert.condition)
            return f"It rings again after {rest} at the earliest, {back}."


def _private_rows(services: Services, alert: Alert, condition: Condition) -> tuple[Row, ...]:
    symbol, rows = condition.symbol, list[Row]()
    if symbol:
        rows.append((button("💬 Ask the analyst", "alert", "ask", symbol),))
    if any(token.symbol == symbol for token in services.listing.tradable):
        rows.append(
            (
                button(f"🟢 Buy {symbol}", "buy", "ask", symbol),
                button(f"🔴 Sell {symbol}", "sell", "ask", symbol),
            )
        )
    rows.append(_snoozes(alert))
    last = button("🔕 Off", "alerts", "off", alert.id)
    if not alert.is_active:
        rows.append((last, button("🔁 Set again", "alerts", "restore", alert.id, 0)))
    else:
        rows.append((last, button("✏️ Edit", "alerts", "open", alert.id, 0)))
    return tuple(rows)


def _group_rows(services: Services, alert: Alert, condition: Condition) -> tuple[Row, ...]:
    """In groups everybody may take it along; silencing it is for administrators."""
    username, rows = services.facts.username(), list[Row]()
    if username:
        also = link("🔔 Also to me", start_link(username, f"{SUBSCRIBE}{alert.share}"))
        ask = start_link(username, f"{ASK}{condition.symbol}")
        asking = (link("💬 Ask in private", ask),) if condition.symbol else ()
        rows.append((also, *asking) if alert.share and alert.is_active else asking)
    return (*filter(None, rows), _snoozes(alert), (button("🔕 Off", "alerts", "off", alert.id),))


def _snoozes(alert: Alert) -> Row:
    return tuple(
        button(f"😴 {name}", "alerts", "snooze", alert.id, minutes) for name, minutes in _SNOOZES
    )


def _condition(data: Mapping[str, str]) -> Condition:
    """As it was when it rang: it may have been changed since."""
    return Condition(
        data["type"],
        data["symbol"],
        Decimal(data["threshold"]),
        data["window"],
        int(data["agent"] or 0),
    )


async def _alert(services: Services, data: Mapping[str, str]) -> Alert:
    alert = await services.alerts.load_alert(AlertId(int(data["alert"])))
    if alert is None:
        raise LookupError(f"alert {data['alert']}")
    return alert


async def _zone(services: Services, alert: Alert) -> str:
    """The person's own; UTC in groups, where everybody has another one."""
    if alert.place.is_group:
        return "UTC"
    user = await services.people.load_user(alert.user_id)
    return user.time_zone if user else "UTC"
