"""Cards about alerts: one to confirm, one that is set, the list, and what became of it."""

from collections.abc import Sequence
from datetime import datetime

from bot.chat.alerts.drafts import pack_standing
from bot.chat.alerts.lines import (
    both_clocks,
    describe,
    how_often,
    kept,
    mark,
    proposal_lines,
    quiet_line,
    state_line,
)
from bot.chat.alerts.rings import rang_lines
from bot.chat.render import agent_line, esc
from bot.chat.services import Services
from bot.chat.view import Row, View, button, pages
from bot.domain.alerts import Alert, AlertState, Repeat, Standing
from bot.domain.people import Agent, User
from bot.policy.alerts.changes import without_past_end
from bot.policy.alerts.proposals import Nearby, Proposal
from bot.ports.alerts import Rung

PAGE = 6
NEW = button("🆕 New alert", "alert", "new")


def proposal_view(
    services: Services, user: User, proposal: Proposal, draft_id: str, about: Agent | None = None
) -> View:
    """The alert as it was understood, for a tap on Set it; `about` is the agent it is about."""
    draft = proposal.draft
    head = f"🔔 <b>{describe(services, draft.condition)}</b>"
    lines = [head, *_agent_lines(about), "", *proposal_lines(services, user, proposal)]
    rows: list[Row] = [(button("✅ Set it", "alert", "set", draft_id, style="success"),)]
    if proposal.due_at is None:
        once = draft.repeat is Repeat.ONCE
        often = (
            button("🔁 Every time", "alert", "every", draft_id)
            if once
            else button("1️⃣ Once", "alert", "once", draft_id)
        )
        calm = "🚨 Not urgent" if draft.urgent else "🚨 Urgent"
        rows.append((often, button(calm, "alert", "urgent", draft_id)))
        if proposal.reached:
            label = "⏳ Wait for the next time" if draft.at_once else "🔔 Ring at once"
            rows.append((button(label, "alert", "now", draft_id),))
    rows.append(
        (
            button("✏️ Change", "alert", "change", draft_id),
            button("✖ Cancel", "alert", "drop", draft_id),
        )
    )
    return View("\n".join(lines), tuple(rows))


def set_view(services: Services, user: User, nearby: Nearby, about: Agent | None = None) -> View:
    """It is set: the one message after the card; `about` is the agent it is about."""
    alert = nearby.alert
    lines = [
        f"✅ <b>Set:</b> {describe(services, alert.condition)}",
        *_agent_lines(about),
        *_facts(services, user, nearby),
    ]
    undo = button("↩️ Undo", "alerts", "delete", alert.id, 0)
    return View("\n".join(lines), ((undo, button("🔔 All alerts", "alerts", "page", 0)),))


def alert_view(
    services: Services, user: User, nearby: Nearby, page: int, about: Agent | None = None
) -> View:
    """One alert with everything that can be done to it; `about` is the agent it is about."""
    alert = nearby.alert
    title = f"{mark(alert)} <b>{describe(services, alert.condition)}</b>"
    lines = [title, *_agent_lines(about), "", *_facts(services, user, nearby)]
    now = services.clock.now()
    if alert.rings:
        lines.append(_rang(alert, user, now))
    back = button("‹ Alerts", "alerts", "page", page)
    if not alert.is_active:
        lasts = without_past_end(alert, now).expires_at == alert.expires_at
        label = "🔁 Set it again" if lasts else "🔁 Set it again, without its end date"
        again = button(label, "alerts", "restore", alert.id, page)
        return View("\n".join(lines), ((again,), (back,)))
    rows = (
        *_change_rows(services, alert, page),
        *snooze_rows(alert, page),
        (button("🗑 Delete", "alerts", "delete", alert.id, page, style="danger"),),
        (button("🔄 Refresh", "alerts", "open", alert.id, page), back),
    )
    return View("\n".join(lines), rows)


def _change_rows(services: Services, alert: Alert, page: int) -> tuple[Row, ...]:
    at = (alert.id, page)
    pause = button("⏸ Pause", "alerts", "pause", *at)
    match alert.standing.state:
        case AlertState.PAUSED:
            silence: Row = (button("▶️ Resume", "alerts", "resume", *at),)
        case AlertState.SNOOZED:
            silence = (button("▶️ Wake it now", "alerts", "resume", *at), pause)
        case _:
            silence = (pause,)
    if not alert.series:
        return (
            (button("✏️ Time", "alerts", "level", *at), button("📅 Until", "alerts", "until", *at)),
            silence,
        )
    once = alert.repeat is Repeat.ONCE
    often = button("🔁 Every time" if once else "1️⃣ Once", "alerts", "often", *at)
    known = services.kinds.knows(alert.condition)
    asks = services.kinds.of(alert.condition).asks if known else ()
    level = (button("✏️ Figure", "alerts", "level", *at),) if "threshold" in asks else ()
    rest = () if once else (button("⏱ Rest", "alerts", "rest", *at),)
    urgent = "🚨 Not urgent" if alert.urgent else "🚨 Urgent"
    return (
        (*level, often, *rest),
        (button(urgent, "alerts", "urgent", *at), button("📅 Until", "alerts", "until", *at)),
        silence,
    )


def snooze_rows(alert: Alert, page: int) -> tuple[Row, ...]:
    """15 minutes, an hour, a day; nothing for a digest, which comes by the clock."""
    if not alert.series:
        return ()
    spans = (("15 min", 15), ("1 h", 60), ("1 day", 1440))
    return (
        tuple(
            button(f"😴 {name}", "alerts", "snooze", alert.id, minutes, page)
            for name, minutes in spans
        ),
    )


def list_view(
    services: Services,
    user: User,
    held: Sequence[Nearby],
    page: int,
    rang: Sequence[Rung] = (),
    agents: Sequence[Agent] = (),
) -> View:
    """A page of alerts, nearest to firing first; the first one has what rang lately too.

    `agents` are the person's, named where an alert is about one.
    """
    lately = rang_lines(services, user, rang)
    if not held:
        text = (
            "You have no alerts. Tell me what to watch, like <i>wake me if SEI falls 5% in an "
            "hour</i>, or tap below."
        )
        return View("\n".join([text, *lately]), ((NEW,),))
    count = -(-len(held) // PAGE)
    page = max(0, min(page, count - 1))
    shown = held[page * PAGE : (page + 1) * PAGE]
    first = page * PAGE + 1
    most = services.limits.max_alerts
    lines = [f"🔔 <b>Alerts</b> · {len(held)} of at most {most}, nearest first", ""]
    for number, nearby in enumerate(shown, first):
        about = next((a for a in agents if a.id == nearby.alert.condition.agent_id), None)
        lines += _entry(services, user, number, nearby, about)
    if not page:
        lines += lately
    lines += ["", f"<i>Updated {services.clock.now():%H:%M} UTC. Tap a number to change it.</i>"]
    numbers = tuple(
        button(str(number), "alerts", "open", nearby.alert.id, page)
        for number, nearby in enumerate(shown, first)
    )
    paused = [n for n in held if n.alert.standing.state is AlertState.PAUSED]
    every = (
        button("▶️ Resume all", "alerts", "resumeall", page)
        if len(paused) == len(held)
        else button("⏸ Pause all", "alerts", "pauseall", page)
    )
    rows = (
        numbers,
        *((turn,) if (turn := pages("alerts", "page", page, count)) else ()),
        (button("🔄 Refresh", "alerts", "page", page), every),
        (NEW,),
    )
    return View("\n".join(lines), rows)


def _entry(
    services: Services, user: User, number: int, nearby: Nearby, about: Agent | None
) -> list[str]:
    """One alert of the list: what it watches, how it stands, what it is for."""
    alert = nearby.alert
    loud = " 🚨" if alert.urgent else ""
    whose = f" · {agent_line(about)}" if about else ""
    return [
        f"<b>{number}.</b> {mark(alert)}{loud} <b>{describe(services, alert.condition)}</b>{whose}",
        f"      {state_line(services, user, nearby)}",
        *([f"      <i>{esc(alert.note)}</i>"] if alert.note else []),
    ]


def deleted_view(services: Services, alert: Alert, page: int, was: Standing) -> View:
    """It is gone, and can be had back as it `was`."""
    return View(
        f"🗑 <b>Deleted:</b> {describe(services, alert.condition)}. It rings no more.",
        (
            (
                button("↩️ Undo", "alerts", "restore", alert.id, page, *pack_standing(was)),
                button("🔔 All alerts", "alerts", "page", page),
            ),
        ),
    )


def _agent_lines(about: Agent | None) -> list[str]:
    return [agent_line(about)] if about else []


def _rang(alert: Alert, user: User, now: datetime) -> str:
    """How often, and when last, unless a person has changed when it rings since."""
    times = f"Rang {alert.rings} time{'' if alert.rings == 1 else 's'}"
    if alert.rang_at is None:
        return times
    return f"{times}, last {both_clocks(alert.rang_at, user.time_zone, now)}"


def _facts(services: Services, user: User, nearby: Nearby) -> list[str]:
    alert, now = nearby.alert, services.clock.now()
    lines = [state_line(services, user, nearby)]
    if alert.series:
        lines.append(f"Rings {how_often(alert.repeat, alert.cooldown)}")
    if alert.is_active:
        lines.append(kept(alert.repeat, alert.expires_at, user.time_zone, now))
    if alert.note:
        lines.append(f"For: {esc(alert.note)}")
    if not alert.place.is_group and (quiet := quiet_line(user, urgent=alert.urgent)):
        lines.append(quiet)
    return lines
