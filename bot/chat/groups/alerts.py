"""`/alert` and `/alerts` in groups: administrators set them up, everybody may take them along.

Groups have no dialogues. A card that asks to set an alert answers the message that wanted it, and
Telegram hands both back with the tap: so the words are read again, and nothing is kept meanwhile.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from telegram import InlineKeyboardButton, Message, ReplyParameters

from bot.chat.alerts.drafts import pack_standing, unpack_standing
from bot.chat.alerts.lines import describe, mark, proposal_lines, state_line, when
from bot.chat.command import Handler
from bot.chat.deep_links import SUBSCRIBE, start_link
from bot.chat.groups.digests import clock_of, is_silent, timed
from bot.chat.groups.rights import FOR_ADMINS, NotAdminError, is_admin
from bot.chat.groups.spoken import read_spoken
from bot.chat.render import esc
from bot.chat.talk import Talk, patient
from bot.chat.view import Row, View, bare, button, grid, link, pages
from bot.domain.alerts import Alert, AlertDraft, AlertState, Repeat
from bot.domain.errors import UserError
from bot.policy.alerts.proposals import Nearby, Proposal
from bot.policy.alerts.ring_words import USUAL_COOLDOWN, read_manner
from bot.policy.alerts.words import parse_alert

_A_PAGE = 6
_WIDTH = 5
_SEAL = 8
_LONGEST_SNOOZE = 60 * 24 * 30
_DOUBLE_TAP = timedelta(minutes=1)
_ANY_AGENT = 1
"""Stands for whichever agent somebody means, as groups have none."""
_USAGE = (
    "Write it like <code>/alert SEI above 0.25</code>, <code>/alert eth -5% 1h</code> or "
    "<code>/alert daily digest at 08:00</code>, in the topic where it shall be told."
)


async def propose(talk: Talk, words: str) -> None:
    """`/alert SEI above 0.25` in a group or topic: a card that the asking admin may confirm."""
    if not await is_admin(talk):
        raise NotAdminError(FOR_ADMINS)
    if not words:
        await talk.say(View(_USAGE))
        return
    asked = talk.message
    if asked is None:
        return
    draft = _draft(talk, words, asked.date)
    proposal = await talk.services.set_alerts.propose(talk.user, talk.place, draft)
    view = _card(talk, proposal, _seal(words))
    await patient(
        lambda: talk.bot.send_message(
            talk.chat_id,
            view.text,
            parse_mode="HTML",
            reply_markup=view.markup,
            message_thread_id=talk.thread_id,
            reply_parameters=ReplyParameters(asked.message_id),
        )
    )


async def confirm(talk: Talk, seal: str) -> None:
    """Set what the card asks for; only for whoever asked."""
    asked, words = _asked(talk)
    if _seal(words) != seal:
        raise UserError("Your message has changed meanwhile. Please send it again as a new one.")
    draft = _draft(talk, words, asked.date)
    alert, fresh = await talk.services.set_alerts.create_once(talk.user, talk.place, draft)
    talk.toast = "It is set." if fresh else "That one is set already."
    await talk.show(await set_view(talk, alert))


async def cancel(talk: Talk, _: str) -> None:
    """Not after all; only for whoever asked."""
    _asked(talk)
    await talk.show(View("✖ Nothing was set."))


async def show_list(talk: Talk, _: str) -> None:
    """`/alerts`: what is set up in this place, nearest to ringing first."""
    found = await _here(talk)
    await talk.show(await _list(talk, found, manages=await is_admin(talk)))


async def manage(talk: Talk, argument: str) -> None:
    """Pause, resume and delete, for administrators."""
    page = int(argument) if argument.isascii() and argument.isdigit() else 0
    await _manage(talk, page)


async def pause(talk: Talk, argument: str) -> None:
    """Silence one."""
    await _change(talk, argument, talk.services.set_alerts.pause)


async def resume(talk: Talk, argument: str) -> None:
    """Let it ring again."""
    await _change(talk, argument, talk.services.set_alerts.resume)


async def delete(talk: Talk, argument: str) -> None:
    """End one, with a way back."""
    alert_id, _, page = argument.partition(":")
    alert, before = await _delete(talk, parse_id(alert_id))
    if before.is_active:
        done = button("‹ Alerts", "alerts", "manage", parse_id(page or "0"))
        await talk.show(_deleted_view(talk, alert, before, done))


async def off(talk: Talk, argument: str) -> None:
    """End one from its own message, which stays as it is."""
    alert, before = await _delete(talk, parse_id(argument))
    if before.is_active:
        await talk.say(_deleted_view(talk, alert, before))


async def restore(talk: Talk, argument: str) -> None:
    """Take a deletion back: `id:how it stood`."""
    alert_id, _, was = argument.partition(":")
    setting = talk.services.set_alerts
    alert = await setting.restore(talk.user, parse_id(alert_id), talk.chat_id, unpack_standing(was))
    talk.toast = "It is back."
    words = describe(talk.services, alert.condition)
    row = (button("📋 Alerts", "alerts", "manage", 0),)
    await talk.show(View(f"↩️ {esc(talk.user.name)} has brought <b>{words}</b> back.", (row,)))


async def snooze(talk: Talk, argument: str) -> None:
    """Silence one for some minutes, from its own message; a second tap at once says no more."""
    words, minutes = (*argument.split(":"), "", "")[:2]
    alert_id, span = parse_id(words), timedelta(minutes=min(parse_id(minutes), _LONGEST_SNOOZE))
    setting, now = talk.services.set_alerts, talk.services.clock.now()
    before = await setting.own(talk.user, alert_id, talk.chat_id)
    alert = await setting.snooze(talk.user, alert_id, span, talk.chat_id)
    talk.toast = "Snoozed for everybody here."
    until = alert.standing.due_at or now
    if _snoozed_until(before, now) + _DOUBLE_TAP > until >= _snoozed_until(before, now):
        return
    about = describe(talk.services, alert.condition)
    await talk.say(
        View(
            f"😴 {esc(talk.user.name)} has silenced <b>{about}</b> until "
            f"{when(until, 'UTC', now)}. If it is so then, I ring."
        )
    )


async def set_view(talk: Talk, alert: Alert) -> View:
    """A group's alert that was just set, and how others get it too."""
    words = esc(timed(talk.services, alert, await clock_of(talk, alert)))
    return View(
        f"⏰ Set by {esc(talk.user.name)}: <b>{words}</b>. I will tell {here(talk)}.",
        ((private_button(talk, alert),),),
    )


def private_button(
    talk: Talk, alert: Alert, label: str = "🔔 Tell me privately"
) -> InlineKeyboardButton:
    """Takes a member to the private chat, and the alert along."""
    return link(label, start_link(talk.bot.username, f"{SUBSCRIBE}{alert.share}"))


def here(talk: Talk) -> str:
    """What people call the place they are in."""
    return "this topic" if talk.thread_id else "this group"


def parse_id(argument: str) -> int:
    """The number a button carries; anybody could have written it.

    Raises:
        UserError: it is none.
    """
    if not (argument.isascii() and argument.isdigit() and len(argument) <= 18):
        raise UserError("That button no longer works. Nothing was changed.")
    return int(argument)


def _asked(talk: Talk) -> tuple[Message, str]:
    """The message a card answers, and the words behind its command.

    Raises:
        UserError: it is gone, or somebody else's.
    """
    asked = talk.tapped.reply_to_message if talk.tapped else None
    name, words = read_spoken(asked, talk.bot.username) if asked else ("", "")
    if asked is None or name != "alert":
        raise UserError("The message that asked for this is gone. Please send it again.")
    if asked.from_user is None or asked.from_user.id != talk.user.id:
        raise UserError("Only whoever asked for this alert can set it. /alert sets yours.")
    return asked, words


def _draft(talk: Talk, words: str, at: datetime) -> AlertDraft:
    """What the words ask for, at the time they were written; every time, unless they say once.

    Raises:
        UserError: they ask for nothing that can be, or for what is told in private only.
    """
    services, zone = talk.services, talk.user.time_zone
    draft = parse_alert(words, services.kinds, services.listing.symbols, at, zone, _ANY_AGENT)
    if draft is None:
        raise UserError(f"I cannot read an alert in that. {bare(_USAGE)}")
    if draft.condition.agent_id:
        raise UserError("What an agent holds is told in private only. Set it in our chat.")
    if draft.repeat is Repeat.ONCE and read_manner(words, at, zone).repeat is None:
        return replace(draft, repeat=Repeat.EVERY, cooldown=USUAL_COOLDOWN)
    return draft


def _seal(words: str) -> str:
    """Ties a button to the words it was offered for."""
    return sha256(words.encode()).hexdigest()[:_SEAL]


def _card(talk: Talk, proposal: Proposal, seal: str) -> View:
    anybody = replace(talk.user, quiet=None)
    lines = [
        f"⏰ <b>{describe(talk.services, proposal.draft.condition)}</b>",
        "",
        *proposal_lines(talk.services, anybody, proposal),
        f"I will tell {here(talk)}.",
    ]
    return View(
        "\n".join(lines),
        (
            (
                button("✅ Set it", "alert", "gset", seal, style="success"),
                button("✖ Cancel", "alert", "gno"),
            ),
        ),
    )


async def _here(talk: Talk) -> list[Nearby]:
    held = await talk.services.set_alerts.nearest(talk.user, talk.chat_id)
    return [nearby for nearby in held if nearby.alert.place == talk.place]


async def _list(talk: Talk, found: Sequence[Nearby], *, manages: bool) -> View:
    if not found:
        return View(f"Nothing is set up in {here(talk)} yet.\n\n{_USAGE}")
    lines = [await _line(talk, number, nearby) for number, nearby in enumerate(found, 1)]
    taking = [
        private_button(talk, nearby.alert, f"🔔 {number}") for number, nearby in enumerate(found, 1)
    ]
    rows: list[Row] = list(grid(taking, _WIDTH))
    if manages:
        rows.append((button("⚙️ Manage", "alerts", "manage", 0),))
    text = f"<b>Alerts of {here(talk)}</b>\n" + "\n".join(lines)
    return View(f"{text}\n\n🔔 brings one to you in private.", tuple(rows))


async def _line(talk: Talk, number: int, nearby: Nearby) -> str:
    clock = await clock_of(talk, nearby.alert)
    words = esc(timed(talk.services, nearby.alert, clock))
    stands = state_line(talk.services, clock, nearby)
    return f"{number}. {mark(nearby.alert)} <b>{words}</b>\n      {stands}"


async def _manage(talk: Talk, page: int) -> None:
    """By age, so that none moves under a finger when another is changed."""
    found = sorted(await _here(talk), key=lambda nearby: nearby.alert.id)
    count = max(1, -(-len(found) // _A_PAGE))
    page = min(page, count - 1)
    start = page * _A_PAGE
    rows: list[Row] = []
    lines: list[str] = []
    for number, nearby in enumerate(found[start : start + _A_PAGE], start + 1):
        alert, silent = nearby.alert, is_silent(nearby.alert)
        lines.append(await _line(talk, number, nearby))
        rows.append(
            (
                button(
                    f"{'▶️' if silent else '⏸'} {number}",
                    "alerts",
                    "resume" if silent else "pause",
                    alert.id,
                    page,
                ),
                button(f"🗑 {number}", "alerts", "delete", alert.id, page, style="danger"),
            )
        )
    if paging := pages("alerts", "manage", page, count):
        rows.append(paging)
    rows.append((button("‹ Done", "alerts", "list"),))
    text = "\n".join(lines) or "Nothing is left."
    await talk.show(View(f"<b>Alerts of {here(talk)}</b>\n{text}", tuple(rows)))


async def _change(talk: Talk, argument: str, change: Callable[..., Awaitable[Alert]]) -> None:
    alert_id, _, page = argument.partition(":")
    await change(talk.user, parse_id(alert_id), talk.chat_id)
    await manage(talk, page)


async def _delete(talk: Talk, alert_id: int) -> tuple[Alert, Alert]:
    """The alert that is over, and how it was before."""
    setting = talk.services.set_alerts
    before = await setting.own(talk.user, alert_id, talk.chat_id)
    talk.toast = "Deleted. It rings no more."
    return await setting.delete(talk.user, alert_id, talk.chat_id), before


def _deleted_view(talk: Talk, alert: Alert, before: Alert, *more: InlineKeyboardButton) -> View:
    words = describe(talk.services, alert.condition)
    undo = button("↩️ Undo", "alerts", "restore", alert.id, *pack_standing(before.standing))
    return View(f"🗑 {esc(talk.user.name)} has deleted <b>{words}</b>.", ((undo, *more),))


def _snoozed_until(alert: Alert, now: datetime) -> datetime:
    """Until when it is silent already; `now` if it is not."""
    standing = alert.standing
    return (standing.state is AlertState.SNOOZED and standing.due_at) or now


ALERT_TAPS: Mapping[str, Handler] = {"gset": confirm, "gno": cancel}
ALERTS_TAPS: Mapping[str, Handler] = {
    "list": show_list,
    "manage": manage,
    "pause": pause,
    "resume": resume,
    "delete": delete,
    "restore": restore,
    "off": off,
    "snooze": snooze,
}
