"""What a place is told: the menus of a group or topic, and of a private chat."""

from collections.abc import Sequence

from bot.chat.answers import ask_about
from bot.chat.deep_links import SIGNALS, group_link, start_link
from bot.chat.groups.alerts import here, parse_id
from bot.chat.groups.digests import (
    DAILY,
    TIMES,
    clock_of,
    clock_words,
    is_digest,
    is_silent,
    time_of,
    timed_here,
)
from bot.chat.groups.notices import record_line
from bot.chat.render import esc
from bot.chat.talk import Talk
from bot.chat.tokens import resolve_token
from bot.chat.view import Row, View, button, grid, link, pages
from bot.domain.alerts import Alert
from bot.domain.people import Agent, AgentId

_A_PAGE = 6
_WIDTH = 3


async def place_menu(talk: Talk, *, manages: bool) -> View:
    """What a group or topic is told; administrators get the buttons to change it."""
    alerts = await alerts_here(talk)
    digests = [alert for alert in alerts if is_digest(alert)]
    followed = await followed_here(talk)
    lines = [
        f"🔔 <b>What I tell {here(talk)}</b>",
        "",
        f"🗞 Market summary: {await _digests(talk, digests)}",
        f"📣 Signals: {', '.join(esc(agent.name) for agent in followed) or 'none'}",
        f"⏰ Alerts: {len(alerts) - len(digests) or 'none'}",
    ]
    rows: list[Row] = [
        (link(f"🔔 {agent.name} privately", signals_link(talk, agent)),) for agent in followed[:3]
    ]
    if not manages:
        lines += ["", "Administrators of this group choose what I tell here."]
        return View("\n".join(lines), tuple(rows))
    rows = [
        (button("🗞 Daily summary", "subscribe", "daily"),),
        (button("📣 Signals of public agents", "subscribe", "agents", 0),),
        (button("⏰ Alerts", "subscribe", "alerts"), button("🔄 Refresh", "subscribe", "menu")),
        *rows,
    ]
    lines += ["", "Price alerts: write <code>/alert SEI above 0.25</code> here."]
    return View("\n".join(lines), tuple(rows))


async def daily_menu(talk: Talk) -> View:
    """When the daily summary comes, and by whose clock."""
    digests = await dailies_here(talk)
    silent_first = sorted(digests, key=is_silent, reverse=True)
    marks = {time_of(digest): "⏸ " if is_silent(digest) else "✅ " for digest in silent_first}
    times = [button(f"{marks.get(at, '')}{at}", "subscribe", "at", at) for at in TIMES]
    rows: list[Row] = list(grid(times, _WIDTH))
    lines = ["🗞 <b>A daily summary of the market</b>"]
    if digests:
        lines += [f"• {esc(await timed_here(talk, digest))}" for digest in digests]
        lines += ["", await _moving(talk, digests)]
        rows.append((button("🔕 No daily summary", "subscribe", "nodaily", style="danger"),))
    else:
        lines.append(
            f"At what time shall I tell {here(talk)}? A time is by the clock of whoever taps it: "
            f"for {esc(talk.user.name)}, {esc(clock_words(talk.user.time_zone))} (/settings in "
            "our private chat changes it)."
        )
    rows.append((button("‹ Back", "subscribe", "menu"),))
    return View("\n".join(lines), tuple(rows))


async def agents_menu(talk: Talk, page: int) -> View:
    """Public agents; a tap follows one or leaves it."""
    public = await talk.services.agents.load_public()
    followed = {agent.id for agent in await followed_here(talk)}
    count = max(1, -(-len(public) // _A_PAGE))
    page = min(page, count - 1)
    lines = ["📣 <b>Signals of public agents</b>", ""]
    rows: list[Row] = []
    for agent in public[page * _A_PAGE : (page + 1) * _A_PAGE]:
        record = await talk.services.signals.record(agent.id)
        lines.append(f"🤖 <b>{esc(agent.name)}</b> #{agent.id}")
        lines.append(f"      {record_line(record.trades, record.realised_usd)}")
        follows = agent.id in followed
        rows.append(
            (
                button(
                    f"{'✅' if follows else '☐'} {agent.name} #{agent.id}",
                    "subscribe",
                    "drop" if follows else "follow",
                    agent.id,
                    page,
                ),
            )
        )
    if not public:
        lines.append("No agent is public yet. Its owner makes it so at /agents, in private.")
    else:
        lines += [
            "",
            "Their decisions come as figures: action, token, levels, confidence; so do their "
            "trades: side, token, price.",
        ]
    if paging := pages("subscribe", "agents", page, count):
        rows.append(paging)
    rows.append((button("‹ Back", "subscribe", "menu"),))
    return View("\n".join(lines), tuple(rows))


async def private_menu(talk: Talk) -> View:
    """What a person follows, and how to bring the bot into a group."""
    followed = await followed_here(talk)
    names = "\n".join(f"• 🤖 {esc(agent.name)} #{agent.id}" for agent in followed)
    return View(
        "🔔 <b>Subscriptions</b>\n\n"
        f"Signals you follow here:\n{names or '• none'}\n\n"
        "<b>In a group</b>: add me, then an administrator writes /subscribe or /alert in the group "
        "or in one of its topics. I tell it alerts, a daily market summary, and signals of public "
        "agents.",
        (
            (button("📣 Public agents", "subscribe", "agents", 0),),
            (button("⏰ My alerts", "alerts", "page", 0),),
            (link("👥 Add me to a group", group_link(talk.bot.username)),),
        ),
    )


async def follow_link(talk: Talk, word: str) -> None:
    """A link was tapped in a group: follow the agent in private."""
    agent = await talk.services.signals.follow(talk.user, talk.place, parse_id(word))
    record = await talk.services.signals.record(agent.id)
    await talk.say(
        View(
            f"📣 You follow the signals of 🤖 <b>{esc(agent.name)}</b> here.\n"
            f"{record_line(record.trades, record.realised_usd)}\n\n"
            "I pass on what it decides and trades, as figures. That is no advice, and I trade "
            "nothing for you by it.",
            (
                (
                    button("🔕 Stop", "subscribe", "leave", agent.id),
                    button("🔔 Subscriptions", "subscribe", "menu"),
                ),
            ),
        )
    )


async def ask_link(talk: Talk, word: str) -> None:
    """A link or a button was tapped: ask the analyst about a token."""
    await ask_about(talk, resolve_token(talk, word).symbol)


async def alerts_here(talk: Talk) -> list[Alert]:
    """Active alerts and digests of the place."""
    services, place = talk.services, talk.place
    if not place.is_group:
        return list(await services.set_alerts.alerts.load_of_person(talk.user.id))
    held = await services.set_alerts.alerts.load_of_group(place.chat_id)
    return [alert for alert in held if alert.place == place]


async def dailies_here(talk: Talk) -> list[Alert]:
    """The daily summaries of the place, those of workdays too."""
    return [alert for alert in await alerts_here(talk) if alert.condition.type == DAILY]


async def followed_here(talk: Talk) -> list[Agent]:
    """Agents that the place follows and may."""
    found: list[Agent] = []
    for following in await talk.services.groups.load_followings(talk.place):
        agent = await talk.services.agents.load_agent(AgentId(following.agent_id))
        if agent is not None and agent.is_public:
            found.append(agent)
    return found


def signals_link(talk: Talk, agent: Agent) -> str:
    """Takes a member to the private chat to follow an agent there."""
    return start_link(talk.bot.username, f"{SIGNALS}{agent.id}")


async def _digests(talk: Talk, digests: Sequence[Alert]) -> str:
    if not digests:
        return "none"
    return "; ".join([esc(await timed_here(talk, digest)) for digest in digests])


async def _moving(talk: Talk, digests: Sequence[Alert]) -> str:
    """What a tap on a time does where there is a summary."""
    moved = digests[0]
    clock = clock_words((await clock_of(talk, moved)).time_zone)
    which = "the first one" if len(digests) > 1 else "it"
    words = f"A time moves {which} there, by the clock of whoever set it up: {esc(clock)}."
    if any(map(is_silent, digests)):
        words += " Tapping the time of a paused one lets it come again."
    return words
