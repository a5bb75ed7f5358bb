"""Notices about groups and signals: what an agent decided, and what was lost where."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from bot.chat.deep_links import SIGNALS, start_link
from bot.chat.render import esc, price, usd
from bot.chat.services import Services
from bot.chat.view import Row, View, button, link
from bot.domain.people import AgentId

_MARKS = {"BUY": "🟢", "SELL": "🔴"}
_REASONS = {
    "kicked": "I was removed from it",
    "no_rights": "I may not write there any more",
    "topic_gone": "that topic is gone",
    "chat_gone": "it is gone",
}


async def signal_view(services: Services, data: Mapping[str, str]) -> View:
    """A decision of a public agent: its figures, and how it has traded so far."""
    agent = await services.agents.load_agent(AgentId(int(data["agent"])))
    if agent is None:
        raise LookupError(f"agent {data['agent']}")
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
        f"Confidence {esc(data['confidence'])} %",
        record_line(int(data["trades"]), Decimal(data["realised"])),
        "",
        f"<i>Decided at {datetime.fromisoformat(data['at']):%d %b, %H:%M} UTC by an analyst that "
        "can be wrong. Not advice.</i>",
    ]
    return View("\n".join(lines), _signal_rows(services, data))


async def signals_ended_view(services: Services, data: Mapping[str, str]) -> View:
    """An agent is public no more."""
    del services
    return View(
        f"📣 🤖 <b>{esc(data['name'])}</b> is private again: its signals end here. "
        "/subscribe shows the agents that are public."
    )


async def place_lost_view(services: Services, data: Mapping[str, str]) -> View:
    """What a person had set up in a group has ended, and why."""
    del services
    where = f"<b>{esc(data['title'])}</b>" if data["title"] else "a group"
    if data["thread"] != "0":
        where = f"a topic of {where}"
    counts = [
        _counted(int(data["alerts"]), "alert"),
        _counted(int(data["followings"]), "signal subscription"),
    ]
    ended = " and ".join(count for count in counts if count)
    reason = _REASONS.get(data["reason"], "I cannot post there any more")
    return View(
        f"📪 {ended} that you set up in {where} ended: {reason}.\n\n"
        "Once I am there and may write, set up new ones with /alert and /subscribe in the group."
    )


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


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''}" if count else ""
