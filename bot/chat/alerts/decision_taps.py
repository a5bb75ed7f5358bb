"""One tap: the stop-loss and the take-profit of a decision become alerts."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.alerts.asking import private
from bot.chat.alerts.lines import describe, kept, quiet_line, state_line
from bot.chat.render import esc
from bot.chat.talk import Talk
from bot.chat.trading import own_decision
from bot.chat.view import Row, View, button
from bot.domain.alerts import Alert, AlertDraft, AlertState
from bot.domain.errors import UserError
from bot.domain.people import User
from bot.policy.alerts.decision_levels import Level, levels_of

_SILENT = {AlertState.PAUSED: "paused", AlertState.SNOOZED: "snoozed"}
_MARKS = {"stop-loss": "🛑", "take-profit": "🎯"}
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class _Set:
    """What became of a level. `was` says how its alert was silent before, "" if it was not."""

    level: Level
    alert: Alert | None
    fresh: bool = False
    was: str = ""
    quiet: str = ""
    """What quiet hours do to one that is not urgent, as fresh ones are; "" without any."""
    refused: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it was there before, and does what a fresh one would."""
        if self.alert is None:
            return False
        waits = self.alert.standing.state is AlertState.ARMED and self.alert.expires_at is None
        return waits and not (self.fresh or self.was or self.quiet)


async def set_levels(talk: Talk, decision_id: str) -> None:
    """Set both, each once, however often it is tapped; silent ones are woken.

    Raises:
        UserError: the decision is somebody else's, or has neither level; or none could be set.
    """
    _, decision = await own_decision(talk, decision_id)
    levels = levels_of(decision)
    if not levels:
        raise UserError("That decision has neither stop nor target. /alert sets any other alert.")
    done = [await _set(talk, level) for level in levels]
    if all(one.alert is None for one in done):
        raise UserError(f"{'Neither is set. ' if len(done) > 1 else ''}{done[0].refused}")
    if all(one.is_plain for one in done):
        talk.toast = "You have both already." if len(done) > 1 else "You have it already."
        return
    changed = any(one.fresh or one.was for one in done)
    talk.toast = "Set." if changed else "You have them already. See how they stand."
    if missed := [one.level.name for one in done if one.alert is None]:
        talk.toast = f"The {missed[0]} is not set."
    await talk.say(_set_view(talk, done, decision_id))


async def undo_levels(talk: Talk, argument: str) -> None:
    """Delete those that the tap has set: `id:id`."""
    words, setting = argument.split(":")[:2], talk.services.set_alerts
    if not all(w.isascii() and w.isdigit() and len(w) <= _MOST_DIGITS for w in words):
        raise UserError("That button no longer works. Nothing was changed.")
    gone = [await setting.delete(talk.user, int(word)) for word in words]
    talk.toast = "They ring no more." if len(gone) > 1 else "It rings no more."
    named = ", ".join(describe(talk.services, alert.condition) for alert in gone)
    rows = ((button("🔔 All alerts", "alerts", "page", 0),),)
    await talk.show(View(f"🗑 <b>Deleted:</b> {named}. {talk.toast}", rows))


async def _set(talk: Talk, level: Level) -> _Set:
    setting = talk.services.set_alerts
    draft: AlertDraft = level.draft
    try:
        alert, fresh = await setting.create_once(talk.user, private(talk), draft)
        was = _SILENT.get(alert.standing.state, "")
        if was:
            alert = await setting.resume(talk.user, alert.id)
    except UserError as refusal:
        return _Set(level, None, refused=str(refusal))
    quiet = "" if alert.urgent else quiet_line(talk.user, urgent=False)
    return _Set(level, alert, fresh, was, quiet)


def _set_view(talk: Talk, done: Sequence[_Set], decision_id: str) -> View:
    there = [one.level.name for one in done if one.alert]
    missed = [one.level.name for one in done if one.alert is None]
    lines = ["✅ <b>I tell you at stop and target.</b> I do not trade by myself then.", ""]
    if missed:
        lines = [f"⚠️ <b>The {there[0]} is set, the {missed[0]} is not.</b>", ""]
    for one in done:
        lines += _lines(talk, one)
    if urgent := [one for one in done if one.alert and one.alert.urgent]:
        lines += ["", _loud_line(talk.user, [one.level.name for one in urgent])]
    fresh = [one.alert.id for one in done if one.alert and one.fresh]
    rows: list[Row] = []
    if missed:
        rows.append((button("🔁 Try again", "alert", "levels", decision_id),))
    undo = (button("↩️ Undo", "alert", "unlevels", *fresh),) if fresh else ()
    rows.append((*undo, button("🔔 All alerts", "alerts", "page", 0)))
    return View("\n".join(lines), tuple(rows))


def _loud_line(user: User, urgent: Sequence[str]) -> str:
    """What being urgent does to them."""
    both = len(urgent) > 1
    who = "🚨 Both are urgent" if both else f"🚨 The {urgent[0]} is urgent"
    they = "they come" if both else "it comes"
    if user.quiet is None:
        return f"{who}: {they} in quiet hours too, unless you choose otherwise (/settings)."
    hours = f"{user.quiet.start:%H:%M}–{user.quiet.end:%H:%M}"
    if user.quiet.lets_urgent:
        return f"{who}: {they} in your quiet hours ({hours}) too."
    return f"{who}, but your quiet hours ({hours}) let nothing but money through (/settings)."


def _lines(talk: Talk, one: _Set) -> list[str]:
    """A level and how its alert stands; of one that was there, also what is different about it."""
    services, user, alert = talk.services, talk.user, one.alert
    name = f"{_MARKS[one.level.name]} {one.level.name.capitalize()}"
    words = describe(services, one.level.draft.condition)
    if alert is None:
        return [f"{name}: {words}, <b>not set</b>. {esc(one.refused)}"]
    stands = state_line(services, user, services.set_alerts.look_at(alert))
    lines = [f"{name}: <b>{words}</b>. {stands}"]
    if one.fresh:
        return lines
    how = f"It was {one.was} and is watched again." if one.was else "You had it already."
    if alert.expires_at is not None:
        end = kept(alert.repeat, alert.expires_at, user.time_zone, services.clock.now())
        how += f" {end}: /alerts changes that."
    return [*lines, how, one.quiet] if one.quiet else [*lines, how]
