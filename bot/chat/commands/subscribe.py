"""/subscribe: what a group or topic is told, and what a person follows."""

from decimal import Decimal

from bot.chat.command import Command
from bot.chat.groups.alerts import parse_id, show_list
from bot.chat.groups.digests import DAILY, TIMES, is_silent, moved_to, time_of, timed_here
from bot.chat.groups.rights import is_admin
from bot.chat.groups.subscriptions import (
    agents_menu,
    ask_link,
    dailies_here,
    daily_menu,
    place_menu,
    private_menu,
)
from bot.chat.talk import Talk
from bot.domain.alerts import Alert, AlertDraft, Condition, Repeat
from bot.domain.errors import UserError
from bot.domain.people import AgentId
from bot.policy.alerts.proposals import Change


async def private(talk: Talk, _: str) -> None:
    """What I follow, and how to add the bot to a group."""
    await talk.show(await private_menu(talk))


async def menu(talk: Talk, _: str) -> None:
    """What this place is told."""
    if not talk.place.is_group:
        await private(talk, "")
        return
    await talk.show(await place_menu(talk, manages=await is_admin(talk)))


async def daily(talk: Talk, _: str) -> None:
    """Choose the time of the daily summary."""
    await talk.show(await daily_menu(talk))


async def at(talk: Talk, time: str) -> None:
    """A time was tapped: set the daily summary, move it there, or let a paused one come again."""
    if time not in TIMES:
        raise UserError("That button no longer works. Nothing was changed.")
    digest = await _at(talk, time)
    if is_silent(digest):
        digest = await talk.services.set_alerts.resume(talk.user, digest.id, talk.chat_id)
    talk.toast = f"{await timed_here(talk, digest)}."
    await menu(talk, "")


async def no_daily(talk: Talk, _: str) -> None:
    """End all daily summaries."""
    for digest in await dailies_here(talk):
        await talk.services.set_alerts.delete(talk.user, digest.id, talk.chat_id)
    await menu(talk, "")


async def agents(talk: Talk, argument: str) -> None:
    """Public agents to follow here."""
    await talk.show(await agents_menu(talk, parse_id(argument or "0")))


async def follow(talk: Talk, argument: str) -> None:
    """Follow one here."""
    agent_id, _, page = argument.partition(":")
    await talk.services.signals.follow(talk.user, talk.place, parse_id(agent_id))
    await agents(talk, page)


async def drop(talk: Talk, argument: str) -> None:
    """Follow it here no more."""
    agent_id, _, page = argument.partition(":")
    await talk.services.groups.unfollow(talk.place, AgentId(parse_id(agent_id)))
    await agents(talk, page)


async def leave(talk: Talk, argument: str) -> None:
    """Follow it no more, from a signal itself."""
    gone = await talk.services.groups.unfollow(talk.place, AgentId(parse_id(argument)))
    talk.toast = "Its signals end here." if gone else "You do not follow it."
    await talk.disarm("🔕 <i>You follow this agent no more.</i>")


async def ask(talk: Talk, word: str) -> None:
    """Ask the analyst about the token of a signal."""
    await ask_link(talk, word)


async def _at(talk: Talk, time: str) -> Alert:
    """The summary of that time: there already, or the first one moved, its days kept; or new."""
    setting, held = talk.services.set_alerts, await dailies_here(talk)
    if not held:
        condition = Condition(DAILY, "", Decimal(0), time)
        return await setting.create(talk.user, talk.place, AlertDraft(condition, Repeat.EVERY))
    if same := next((digest for digest in held if time_of(digest) == time), None):
        return same
    change = Change(window=moved_to(held[0], time))
    return await setting.edit(talk.user, held[0].id, change, talk.chat_id)


COMMAND = Command(
    name="subscribe",
    summary="Signals you follow, and how to bring me into a group",
    order=9,
    run=private,
    taps={
        "menu": private,
        "agents": agents,
        "follow": follow,
        "drop": drop,
        "leave": leave,
        "ask": ask,
    },
    group=menu,
    group_summary="What I tell this group or topic",
    group_taps={
        "menu": menu,
        "daily": daily,
        "at": at,
        "nodaily": no_daily,
        "agents": agents,
        "follow": follow,
        "drop": drop,
        "alerts": show_list,
    },
)
