"""The messages of alerts: it rang, it ran out."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from bot.chat.alerts.charts import alert_chart
from bot.chat.alerts.lines import (
    WAITED,
    both_clocks,
    describe,
    figure_words,
    is_about_price,
    is_by_candles,
    is_deposit,
    meter_of,
    span,
    way_back,
)
from bot.chat.alerts.rings import condition_of
from bot.chat.deep_links import ASK, SUBSCRIBE, start_link
from bot.chat.render import age, agent_line, change_words, esc
from bot.chat.render import price as dollars
from bot.chat.services import Services
from bot.chat.view import Row, View, button, link
from bot.domain.alerts import Alert, AlertId, AlertState, Condition
from bot.domain.money import exact
from bot.domain.people import AgentId
from bot.policy.alerts.changes import ends_in_rest, has_rung_out
from bot.policy.alerts.kind import Source, split_series
from bot.policy.alerts.states import SHORTEST_COOLDOWN

_PRICE = "price"
_READ = ("balance", "deposit", "gas")
_PATIENCE_S = 2.0
_SNOOZES = (("15 min", 15), ("1 h", 60), ("1 day", 1_440))
_FEW_SECONDS = timedelta(seconds=90)


async def alert_view(services: Services, data: Mapping[str, str]) -> View:
    """An alert rang: what happened in the first line, how things stand, what can be done."""
    alert = await _alert(services, data)
    condition = condition_of(data)
    zone = await _zone(services, alert)
    lines = [_head(services, alert, condition, data, zone)]
    if data["late"]:
        lines.append(
            "⏰ <b>Late:</b> I could not look at the time. It was so then; see what is so now."
        )
    elif unseen := data.get("unseen"):
        since = both_clocks(datetime.fromisoformat(unseen), zone, services.clock.now())
        lines.append(f"⏰ <b>Late:</b> I had not looked since {since}; it came true in between.")
    if data.get("held"):
        lines.append(WAITED)
    lines += await _figure_lines(services, condition, data, zone)
    if condition.agent_id and not alert.place.is_group:
        agent = await services.agents.load_agent(AgentId(condition.agent_id))
        lines += [agent_line(agent)] if agent else []
    if alert.note:
        lines.append(f"For: {esc(alert.note)}")
    tail = [*_age_words(services, condition, data), _next_line(services, alert)]
    lines.append(f"<i>{' '.join(tail)}</i>")
    rows = _group_rows(services, alert, condition) if alert.place.is_group else None
    chart = await _chart(services, condition)
    return View("\n".join(lines), rows or _private_rows(services, alert, condition), chart)


async def _chart(services: Services, condition: Condition) -> bytes | None:
    if not is_about_price(services, condition):
        return None
    watch = services.kinds.watch(condition)
    line = watch.line if watch and meter_of(services, condition) == _PRICE else None
    return await alert_chart(services, condition.symbol, line)


async def alert_ended_view(services: Services, data: Mapping[str, str]) -> View:
    """An alert came to its last day."""
    alert = await _alert(services, data)
    times = f"It rang {alert.rings} time{'' if alert.rings == 1 else 's'}." if alert.rings else ""
    words = describe(services, condition_of(data))
    text = f"⌛ <b>{words}</b> has come to its end date and is watched no more. {times}".rstrip()
    if data.get("held"):
        text += f" {WAITED}"
    if alert.place.is_group:
        return View(f"{text} An administrator can set a new one with /alert.")
    row = (button("🆕 New alert", "alert", "new"), button("🔔 All alerts", "alerts", "page", 0))
    return View(text, (row,))


def _head(
    services: Services, alert: Alert, condition: Condition, data: Mapping[str, str], zone: str
) -> str:
    """`SEI $0.1926, above $0.19, at 21:03 UTC`: all there is to know at a glance."""
    now = services.clock.now()
    words = describe(services, condition)
    value = figure_words(services, condition, Decimal(data["value"]))
    symbol = esc(condition.symbol)
    if meter_of(services, condition) == _PRICE:
        what = f"{symbol} {value}, {words.removeprefix(symbol).strip()}"
    else:
        what = f"{words}: {value}"
    met = both_clocks(datetime.fromisoformat(data["met_at"]), zone, now)
    when = f"at {met}"
    if _is_by_candles(services, condition):
        closed = datetime.fromisoformat(data["as_of"])
        when = f"candle closed {both_clocks(closed, zone, now)}"
    return f"{'🚨' if alert.urgent else '🔔'} <b>{what}</b>, {when}"


async def _figure_lines(
    services: Services, condition: Condition, data: Mapping[str, str], zone: str
) -> list[str]:
    """What it is now, what it was when the alert was armed, and the price it goes with."""
    value = Decimal(data["value"])
    lines = []
    now = await _present(services, condition, data)
    if now is not None and (now[0] != value or data["late"]):
        lines.append(f"Now: {figure_words(services, condition, now[0])}{now[1]}")
    is_price = meter_of(services, condition) == _PRICE
    since = _since(data, now[0] if now else value) if is_price else ""
    lines += _armed_lines(services, condition, data, since, zone)
    if is_price or not data["price"] or not is_about_price(services, condition):
        return lines
    then, series = Decimal(data["price"]), f"{_PRICE}:{condition.symbol}:"
    present = await _last_price(services, series)
    later = f", now {dollars(present[0])}{present[1]}" if present and present[0] != then else ""
    return [*lines, f"Price of {esc(condition.symbol)}: {dollars(then)}{later}"]


async def _present(
    services: Services, condition: Condition, data: Mapping[str, str]
) -> tuple[Decimal, str] | None:
    """The figure of now, and how old it is where it is not of the last look."""
    watch = services.kinds.watch(condition)
    if watch is None or is_deposit(watch.series):
        return None
    name = split_series(watch.series)[0]
    if name == _PRICE:
        return await _last_price(services, watch.series)
    figure = services.prices.figure(watch.series)
    if data.get("held") and services.kinds.meters[name].source in (Source.HOLDINGS, Source.GAS):
        # No look has measured it since it rang.
        figure = await _measured(services, condition)
    return None if figure is None else (figure, "")


async def _measured(services: Services, condition: Condition) -> Decimal | None:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await services.prices.measure_now(condition)
    except TimeoutError:
        return None


async def _last_price(services: Services, series: str) -> tuple[Decimal, str] | None:
    """The price of now; after a restart the last that was looked at, with its age."""
    figure = services.prices.figure(series)
    if figure is not None:
        return figure, ""
    tick = await services.ticks.load_last_tick()
    symbol = split_series(series)[1]
    if tick is None or symbol not in tick.prices:
        return None
    return tick.prices[symbol], f" ({_age(services.clock.now() - tick.at)})"


def _armed_lines(
    services: Services, condition: Condition, data: Mapping[str, str], since: str, zone: str
) -> list[str]:
    """`When armed: $0.2 (▲ 30.0 % since), 12:00 UTC`, where that figure is known.

    A deposit is never there before.
    """
    watch = services.kinds.watch(condition)
    if watch is None or is_deposit(watch.series) or not data["seen"]:
        return []
    parts = [f"{figure_words(services, condition, Decimal(data['seen']))}{since}"]
    armed_at = datetime.fromisoformat(data["seen_at"]) if data["seen_at"] else None
    as_of = datetime.fromisoformat(data["as_of"])
    if armed_at and not (_is_by_candles(services, condition) and armed_at > as_of):
        parts.append(both_clocks(armed_at, zone, services.clock.now()))
    return [f"When armed: {', '.join(parts)}"]


def _since(data: Mapping[str, str], now: Decimal) -> str:
    seen = Decimal(data["seen"] or 0)
    if not seen:
        return ""
    with exact():
        change = (now / seen - 1) * 100
    return f" ({change_words(change)} since)"


def _age_words(services: Services, condition: Condition, data: Mapping[str, str]) -> list[str]:
    """How old the figure was; one that was read from the chain was not."""
    if meter_of(services, condition) in _READ:
        return []
    met_at, as_of = (datetime.fromisoformat(data[name]) for name in ("met_at", "as_of"))
    if _is_by_candles(services, condition):
        return [f"Data {_age(services.clock.now() - as_of)} now."]
    if data["late"]:
        return ["From the market's history."]
    return [f"Data {_age(met_at - as_of)} at that time."]


def _is_by_candles(services: Services, condition: Condition) -> bool:
    watch = services.kinds.watch(condition)
    return watch is not None and is_by_candles(services, watch.series)


def _age(length: timedelta) -> str:
    length = max(length, timedelta(0))
    if length < _FEW_SECONDS:
        return f"{int(length.total_seconds())} s old"
    return f"{age(length)} old"


def _next_line(services: Services, alert: Alert) -> str:
    match alert.standing.state:
        case AlertState.DONE:
            return _over_line(alert)
        case AlertState.PAUSED:
            return "It is paused now."
        case AlertState.SNOOZED:
            return "It is snoozed now."
        case AlertState.RESTING if ends_in_rest(alert):
            rest = span(max(alert.cooldown, SHORTEST_COOLDOWN))
            return f"That was all: it ends before its rest of {rest} is over."
        case _:
            rest = span(max(alert.cooldown, SHORTEST_COOLDOWN))
            back = way_back(services, alert.condition)
            return f"It rings again after {rest} at the earliest, {back}."


def _over_line(alert: Alert) -> str:
    """What its buttons still do: a snooze lets one that has rung out ring once more."""
    words, in_group = "That was all: this alert is over.", alert.place.is_group
    if has_rung_out(alert):
        words += f" 😴 reminds {'this chat' if in_group else 'you'} once more"
        return f"{words}." if in_group else f"{words}, 🔁 sets it again."
    return words if in_group else f"{words} 🔁 sets it again."


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
    if not alert.is_active:
        rows.append((button("🔁 Set again", "alerts", "restore", alert.id, 0),))
    else:
        off = button("🔕 Off", "alerts", "off", alert.id)
        rows.append((off, button("✏️ Edit", "alerts", "open", alert.id, 0)))
    return tuple(rows)


def _group_rows(services: Services, alert: Alert, condition: Condition) -> tuple[Row, ...]:
    """In groups everybody may take it along; silencing it is for administrators."""
    username, rows = services.facts.username(), list[Row]()
    if username:
        also = link("🔔 Also to me", start_link(username, f"{SUBSCRIBE}{alert.share}"))
        ask = start_link(username, f"{ASK}{condition.symbol}")
        asking = (link("💬 Ask in private", ask),) if condition.symbol else ()
        rows.append((also, *asking) if alert.share and alert.is_active else asking)
    if alert.is_active:
        off: Row = (button("🔕 Off", "alerts", "off", alert.id),)
        return (*filter(None, rows), _snoozes(alert), off)
    return (*filter(None, rows), _snoozes(alert))


def _snoozes(alert: Alert) -> Row:
    return tuple(
        button(f"😴 {name}", "alerts", "snooze", alert.id, minutes) for name, minutes in _SNOOZES
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
