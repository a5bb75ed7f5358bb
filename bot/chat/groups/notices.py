"""Notices about groups and signals: what an agent decided, and what was lost where."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from bot.chat.alerts.lines import describe
from bot.chat.deep_links import SIGNALS, start_link
from bot.chat.render import esc, price, usd
from bot.chat.services import Services
from bot.chat.view import Row, View, button, link
from bot.domain.alerts import AlertId
from bot.domain.people import Agent, AgentId
from bot.domain.trade import Side

_MARKS = {"BUY": "🟢", "SELL": "🔴"}
_REASONS = {
    "kicked": "I was removed from it",
    "no_rights": "I may not write there any more",
    "topic_gone": "that topic is gone",
    "chat_gone": "it is gone",
}


async def signal_view(services: Services, data: Mapping[str, str]) -> View:
    """A decision of a public agent: its figures, and how it has traded so far."""
    agent = await _agent(services, data)
    action = data["action"]
    levels = [f"Entry {price(Decimal(data['entry']))}"]
    if data["stop"]:
        levels.append(f"stop-loss {price(Decimal(data['stop']))}")
    if data["target"]:
        levels.append(f"take-profit {price(Decimal(data['target']))}")
    lines = [
        f"📣 🤖 <b>{esc(agent.name)}</b>: {_MARKS.get(action, '⚪')} <b>{esc(action)} "
        f"{esc(data['symbol'])}</b>",
        "",
        " · ".join(levels),
        f"Confidence: {esc(data['confidence'])} of 100",
        record_line(int(data["trades"]), Decimal(data["realised"])),
        "",
        f"<i>Decided at {datetime.fromisoformat(data['at']):%d %b, %H:%M} UTC by an analyst that "
        "can be wrong. Not advice.</i>",
    ]
    return View("\n".join(lines), _signal_rows(services, data))


async def signal_trade_view(services: Services, data: Mapping[str, str]) -> View:
    """A trade of a public agent: side and price, no amounts, and how it has traded with it."""
    agent = await _agent(services, data)
    what = f"bought <b>{esc(data['symbol'])}</b>"
    if data["side"] == Side.SELL:
        what = f"sold {_part(data['share'])}<b>{esc(data['symbol'])}</b>"
    return View(
        f"📣 🤖 <b>{esc(agent.name)}</b> {what} at {price(Decimal(data['price']))}\n"
        f"{record_line(int(data['trades']), Decimal(data['realised']))}\n\n"
        f"<i>Settled at {datetime.fromisoformat(data['at']):%d %b, %H:%M} UTC. Not advice.</i>",
        _signal_rows(services, data),
    )


async def signals_ended_view(services: Services, data: Mapping[str, str]) -> View:
    """An agent is public no more."""
    del services
    return View(
        f"📣 🤖 <b>{esc(data['name'])}</b> is private again: its signals end here. "
        "/subscribe shows the agents that are public."
    )


async def place_lost_view(services: Services, data: Mapping[str, str]) -> View:
    """What a person had set up in a group has ended, which, and why."""
    known = await services.groups.load_group(int(data["group"]))
    topics = known.topics if known else {}
    where = f"<b>{esc(data['title'])}</b>" if data["title"] else "a group"
    if thread_id := int(data["thread"]):
        topic = topics.get(thread_id)
        where = f"the topic <b>{esc(topic)}</b> of {where}" if topic else f"a topic of {where}"
    counts = [
        _counted(int(data["alerts"]), "alert"),
        _counted(int(data["digests"]), "market summary", "market summaries"),
        _counted(int(data["followings"]), "signal subscription"),
    ]
    *others, last = [count for count in counts if count] or ["what"]
    ended = f"{', '.join(others)} and {last}" if others else last
    reason = _REASONS.get(data["reason"], "I cannot post there any more")
    lines = [
        f"📪 {ended} that you set up in {where} ended: {reason}.",
        *await _named(services, data, {} if thread_id else topics),
        "",
        "Once I am there and may write, set up new ones with /alert and /subscribe in the group.",
    ]
    return View("\n".join(lines))


async def _named(
    services: Services, data: Mapping[str, str], topics: Mapping[int, str]
) -> list[str]:
    """The first alerts and summaries in words, each with the name of its topic if it is known."""
    ids = [AlertId(int(word)) for word in data["named"].split(",") if word]
    found = [await services.alerts.load_alert(alert_id) for alert_id in ids]
    lines: list[str] = []
    for alert in filter(None, found):
        topic = topics.get(alert.place.thread_id)
        there = f", in {esc(topic)}" if topic else ""
        lines.append(f"• {describe(services, alert.condition)}{there}")
    more = int(data["alerts"]) + int(data["digests"]) - len(ids)
    return [*lines, f"• and {more} more"] if more else lines


def record_line(trades: int, realised_usd: Decimal) -> str:
    """How an agent has traded so far."""
    if not trades:
        return "No trades so far"
    sign = "+" if realised_usd > 0 else ""
    return f"So far {trades} trade{'s' if trades > 1 else ''}, realised {sign}{usd(realised_usd)}"


def _signal_rows(services: Services, data: Mapping[str, str]) -> tuple[Row, ...]:
    """In private the way out; in groups the way to have it in private."""
    agent_id = data["agent"]
    if data.get("place") == "private":
        return (
            (
                button("💬 Ask about it", "subscribe", "ask", data["symbol"]),
                button("🔕 Stop these", "subscribe", "leave", agent_id),
            ),
        )
    username = services.facts.username()
    if not username:
        return ()
    return ((link("🔔 Tell me privately", start_link(username, f"{SIGNALS}{agent_id}")),),)


async def _agent(services: Services, data: Mapping[str, str]) -> Agent:
    agent = await services.agents.load_agent(AgentId(int(data["agent"])))
    if agent is None:
        raise LookupError(f"agent {data['agent']}")
    return agent


def _part(share: str) -> str:
    """Which part of what it had bought; "" where that is not known."""
    if not share:
        return ""
    return "all its " if share == "100" else f"{esc(share)} % of its "


def _counted(count: int, noun: str, plural: str = "") -> str:
    return f"{count} {(plural or f'{noun}s') if count > 1 else noun}" if count else ""
