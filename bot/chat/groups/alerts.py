"""`/alert` and `/alerts` in groups: administrators set them up, everybody may take them along.

Groups have no dialogues. A card that asks to set an alert answers the message that wanted it, and
Telegram hands both back with the tap: so the words are read again, and nothing is kept meanwhile.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from telegram import InlineKeyboardButton, Message, ReplyParameters

from bot.chat.alerts.lines import describe, mark, proposal_lines, state_line, when
from bot.chat.command import Handler
from bot.chat.deep_links import SUBSCRIBE, start_link
from bot.chat.groups.rights import is_admin, require_admin
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
_ANY_AGENT = 1
"""Stands for whichever agent somebody means, as groups have none."""
_USAGE = (
    "Write it like <code>/alert SEI above 0.25</code>, <code>/alert eth -5% 1h</code> or "
    "<code>/alert daily digest at 08:00</code>, in the topic where it shall be told."
)


async def propose(talk: Talk, words: str) -> None:
    """`/alert SEI above 0.25` in a group or topic: a card that the asking admin may confirm."""
    await require_admin(talk)
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
    await talk.show(set_view(talk, alert))


async def cancel(talk: Talk, _: str) -> None:
    """Not after all; only for whoever asked."""
    _asked(talk)
    await talk.show(View("✖ Nothing was set."))


async def show_list(talk: Talk, _: str) -> None:
    """`/alerts`: what is set up in this place, nearest to ringing first."""
    found = await _here(talk)
    await talk.show(_list(talk, found, manages=await is_admin(talk)))


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
    """End one."""
    await _change(talk, argument, talk.services.set_alerts.delete)


async def off(talk: Talk, argument: str) -> None:
    """End one from its own message, which stays as it is."""
    setting = talk.services.set_alerts
    alert_id = parse_id(argument)
    before = await setting.own(talk.user, alert_id, talk.chat_id)
    alert = await setting.delete(talk.user, alert_id, talk.chat_id)
    talk.toast = "Deleted. It rings no more."
    if before.is_active:
        words = describe(talk.services, alert.condition)
        await talk.say(View(f"🗑 {esc(talk.user.name)} has deleted <b>{words}</b>."))


async def snooze(talk: Talk, argument: str) -> None:
    """Silence one for some minutes, from its own message."""
    alert_id, minutes = (*argument.split(":"), "", "")[:2]
    span = timedelta(minutes=min(parse_id(minutes), _LONGEST_SNOOZE))
    setting, now = talk.services.set_alerts, talk.services.clock.now()
    alert = await setting.snooze(talk.user, parse_id(alert_id), span, talk.chat_id)
    talk.toast = "Snoozed for everybody here."
    words = describe(talk.services, alert.condition)
    until = when(alert.standing.due_at or now, "UTC", now)
    await talk.say(View(f"😴 {esc(talk.user.name)} has silenced <b>{words}</b> until {until}."))


def set_view(talk: Talk, alert: Alert) -> View:
    """A group's alert that was just set, and how others get it too."""
    condition = describe(talk.services, alert.condition)
    return View(
        f"⏰ Set by {esc(talk.user.name)}: <b>{condition}</b>. I will tell {here(talk)}.",
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
    text = asked.text if asked is not None else None
    if asked is None or text is None or not text.startswith("/alert"):
        raise UserError("The message that asked for this is gone. Please send it again.")
    if asked.from_user is None or asked.from_user.id != talk.user.id:
        raise UserError("Only whoever asked for this alert can set it. /alert sets yours.")
    return asked, (*text.split(maxsplit=1), "")[1].strip()


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


def _list(talk: Talk, found: Sequence[Nearby], *, manages: bool) -> View:
    if not found:
        return View(f"Nothing is set up in {here(talk)} yet.\n\n{_USAGE}")
    lines = [_line(talk, number, nearby) for number, nearby in enumerate(found, 1)]
    taking = [
        private_button(talk, nearby.alert, f"🔔 {number}") for number, nearby in enumerate(found, 1)
    ]
    rows: list[Row] = list(grid(taking, _WIDTH))
    if manages:
        rows.append((button("⚙️ Manage", "alerts", "manage", 0),))
    text = f"<b>Alerts of {here(talk)}</b>\n" + "\n".join(lines)
    return View(f"{text}\n\n🔔 brings one to you in private.", tuple(rows))


def _line(talk: Talk, number: int, nearby: Nearby) -> str:
    condition = describe(talk.services, nearby.alert.condition)
    stands = state_line(talk.services, talk.user, nearby)
    return f"{number}. {mark(nearby.alert)} <b>{condition}</b>\n      {stands}"


async def _manage(talk: Talk, page: int) -> None:
    found = await _here(talk)
    count = max(1, -(-len(found) // _A_PAGE))
    page = min(page, count - 1)
    start = page * _A_PAGE
    rows: list[Row] = []
    for number, nearby in enumerate(found[start : start + _A_PAGE], start + 1):
        alert = nearby.alert
        silent = alert.standing.state is AlertState.PAUSED
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
    lines = [_line(talk, number, nearby) for number, nearby in enumerate(found, 1)]
    text = "\n".join(lines[start : start + _A_PAGE]) or "Nothing is left."
    await talk.show(View(f"<b>Alerts of {here(talk)}</b>\n{text}", tuple(rows)))


async def _change(talk: Talk, argument: str, change: Callable[..., Awaitable[Alert]]) -> None:
    alert_id, _, page = argument.partition(":")
    await change(talk.user, parse_id(alert_id), talk.chat_id)
    await manage(talk, page)


ALERT_TAPS: Mapping[str, Handler] = {"gset": confirm, "gno": cancel}
ALERTS_TAPS: Mapping[str, Handler] = {
    "list": show_list,
    "manage": manage,
    "pause": pause,
    "resume": resume,
    "delete": delete,
    "off": off,
    "snooze": snooze,
}
