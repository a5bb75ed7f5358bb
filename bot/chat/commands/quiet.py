"""Quiet hours and the time zone of a person: part of /settings."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time

from bot.chat.alerts.lines import both_clocks
from bot.chat.command import Command
from bot.chat.commands.settings import save_settings, settings_of
from bot.chat.render import esc
from bot.chat.talk import Talk
from bot.chat.view import Row, View, button, grid
from bot.domain.errors import UserError
from bot.domain.people import QuietHours, User
from bot.policy.alerts.quiet import quiet_until
from bot.policy.time_zones import (
    COMMON,
    label_of,
    local,
    parse_span,
    parse_time,
    parse_zone,
    zones_of_clock,
)
from bot.ports.ledger import Priority

_FROM = (20, 21, 22, 23, 0)
_UNTIL = (6, 7, 8, 9, 10)
_USUAL = QuietHours(time(22), time(7))
_OFF = frozenset({"off", "none", "no", "never", "disable"})
_SETTINGS = button("‹ Settings", "settings", "home")
_STALE = "That button no longer works. Nothing was changed; see /settings."


async def home(talk: Talk, _: str) -> None:
    """When alerts wait, and what comes through."""
    await talk.ask("quiet", "hours", _hours_view(talk, asks=True), {})


async def start(talk: Talk, hour: str) -> None:
    """From when."""
    quiet = talk.user.quiet or _USUAL
    await _save(talk, replace(quiet, start=_hour(hour)))


async def until(talk: Talk, hour: str) -> None:
    """Until when."""
    quiet = talk.user.quiet or _USUAL
    await _save(talk, replace(quiet, end=_hour(hour)))


async def off(talk: Talk, _: str) -> None:
    """No quiet hours."""
    await _save(talk, None)


async def lets(talk: Talk, what: str) -> None:
    """What may break through: money alone, or urgent alerts too."""
    if what not in ("money", "urgent"):
        raise UserError(_STALE)
    await _save(talk, replace(talk.user.quiet or _USUAL, lets_urgent=what == "urgent"))


async def typed_hours(talk: Talk, text: str) -> None:
    """`22:00-07:00` or `off`."""
    if text.strip().lower() in _OFF:
        await _save(talk, None)
        return
    begins, ends = parse_span(text)
    kept = talk.user.quiet or _USUAL
    await _save(talk, QuietHours(begins, ends, kept.lets_urgent))


async def zone(talk: Talk, argument: str) -> None:
    """Choose the time zone: common ones as buttons, anything else typed."""
    if argument:
        known = argument.isascii() and argument.isdigit() and int(argument) < len(COMMON)
        if not known:
            raise UserError(_STALE)
        await _save_zone(talk, COMMON[int(argument)])
        return
    now = talk.services.clock.now()
    picks = [
        button(f"{label_of(name)} {local(now, name):%H:%M}", "quiet", "zone", number)
        for number, name in enumerate(COMMON)
    ]
    text = (
        f"<b>What is your time now?</b> I think it is {_clock(talk, talk.user.time_zone)}.\n\n"
        "Tap a place with your time, or write a city (<i>Berlin</i>), an offset (<i>UTC+2</i>), or "
        "what your clock says, like <i>14:35</i>."
    )
    rows = (*grid(picks, 2), (_SETTINGS,))
    await talk.ask("quiet", "zone", View(text, rows), {})


async def typed_zone(talk: Talk, text: str) -> None:
    """A city, a zone, an offset, or the time on the person's clock."""
    try:
        says = parse_time(text)
    except UserError:
        await _save_zone(talk, parse_zone(text))
        return
    found = zones_of_clock(says, talk.services.clock.now())
    if not found:
        raise UserError("No time zone has that time now. Please write your city instead.")
    await _offer_zones(talk, found)


async def pick(talk: Talk, number: str) -> None:
    """One of the zones whose clocks say what the person's does."""
    dialogue = await talk.services.dialogues.load_dialogue(talk.chat_id, talk.services.clock.now())
    found = dialogue.data.get("zones", "").split() if dialogue else []
    if not number.isdecimal() or int(number) >= len(found):
        raise UserError(_STALE)
    await _save_zone(talk, found[int(number)])


async def _offer_zones(talk: Talk, found: Sequence[str]) -> None:
    picks = [button(label_of(name), "quiet", "pick", number) for number, name in enumerate(found)]
    text = "<b>Which of these is it?</b> Your clock would agree with them now."
    view = View(text, (*grid(picks, 2), (_SETTINGS,)))
    await talk.ask("quiet", "zone", view, {"zones": " ".join(found)})


async def _save_zone(talk: Talk, name: str) -> None:
    """Keep it; digests come by the new clock from now on."""
    await save_settings(talk, replace(settings_of(talk.user), time_zone=name))
    moved = await talk.services.set_alerts.follow_zone(talk.user.id)
    await _redate(talk)
    also = " Your digests follow it." if moved else ""
    row: Row = (button("🌙 Quiet hours", "quiet", "home"), _SETTINGS)
    text = f"🕘 Your time is <b>{_clock(talk, name)}</b>.{also}"
    await talk.show(View(text, ((button("✏️ Change", "quiet", "zone"),), row)))


async def _save(talk: Talk, quiet: QuietHours | None) -> None:
    if quiet is not None and quiet.start == quiet.end:
        raise UserError("From and until would be the same. Choose another hour, or off.")
    await save_settings(talk, replace(settings_of(talk.user), quiet=quiet))
    await _redate(talk)
    await talk.show(_hours_view(talk, asks=False))


async def _redate(talk: Talk) -> None:
    """What waits for the end of quiet hours waits for their new end, or no longer."""
    user, outbox, now = talk.user, talk.services.outbox, talk.services.clock.now()
    ends = (quiet_until(user.quiet, user.time_zone, now) if user.quiet else None) or now
    urgent = now if user.quiet and user.quiet.lets_urgent else ends
    await outbox.redate(talk.chat_id, (Priority.URGENT,), now, urgent)
    await outbox.redate(talk.chat_id, (Priority.ALERT, Priority.DIGEST), now, ends)


def _hours_view(talk: Talk, *, asks: bool) -> View:
    """With `asks`, what is typed next are the hours."""
    user, quiet = talk.user, talk.user.quiet
    lines = [
        f"🌙 <b>Quiet hours: {hours_of(user)}</b>",
        "",
        f"By your clock, which says {_clock(talk, user.time_zone)}.",
        "Alerts wait for their end; messages about your money always come.",
    ]
    if quiet is not None:
        through = "Urgent alerts come too." if quiet.lets_urgent else "Urgent alerts wait as well."
        lines.append(through)
        if ends := quiet_until(quiet, user.time_zone, talk.services.clock.now()):
            stamp = both_clocks(ends, user.time_zone, talk.services.clock.now())
            lines.append(f"<b>It is quiet now</b>, until {stamp}.")
    if asks:
        lines += ["", "Tap, or write them like <code>22:00-07:00</code>."]
    begin, end = (quiet.start, quiet.end) if quiet else (None, None)
    rows: list[Row] = [
        _hour_row("From", "from", _FROM, begin),
        _hour_row("Until", "until", _UNTIL, end),
    ]
    if quiet is not None:
        other = "Let only money through" if quiet.lets_urgent else "Let urgent ones through"
        what = "money" if quiet.lets_urgent else "urgent"
        rows.append((button(other, "quiet", "lets", what), button("Off", "quiet", "off")))
    if not asks:
        rows.append((button("✏️ Write them", "quiet", "home"),))
    rows.append((button("🕘 Time zone", "quiet", "zone"), _SETTINGS))
    return View("\n".join(lines), tuple(rows))


def _hour_row(word: str, action: str, hours: Sequence[int], chosen: time | None) -> Row:
    return tuple(
        button(
            f"{'• ' if chosen == time(hour) else ''}{'' if number else f'{word} '}{hour:02}",
            "quiet",
            action,
            hour,
        )
        for number, hour in enumerate(hours)
    )


def hours_of(user: User) -> str:
    """`22:00–07:00`, or `off`."""
    if user.quiet is None:
        return "off"
    return f"{user.quiet.start:%H:%M}–{user.quiet.end:%H:%M}"


def _hour(word: str) -> time:
    if not (word.isascii() and word.isdigit() and int(word) < 24):
        raise UserError(_STALE)
    return time(int(word))


def _clock(talk: Talk, name: str) -> str:
    return f"{local(talk.services.clock.now(), name):%H:%M} ({esc(label_of(name))})"


COMMAND = Command(
    name="quiet",
    run=home,
    taps={
        "home": home,
        "from": start,
        "until": until,
        "off": off,
        "lets": lets,
        "zone": zone,
        "pick": pick,
    },
    replies={"hours": typed_hours, "zone": typed_zone},
)
