"""/alerts: what is set, nearest to ringing first, and everything that can be done to it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from bot.chat.alerts.asking import agent_of
from bot.chat.alerts.cards import alert_view, deleted_view, list_view
from bot.chat.alerts.drafts import unpack_standing
from bot.chat.alerts.guide import TIMES
from bot.chat.alerts.lines import describe, span, when
from bot.chat.command import Command
from bot.chat.groups import alerts as group_alerts
from bot.chat.groups.alerts import parse_id
from bot.chat.talk import Talk
from bot.chat.view import Row, View, button, grid
from bot.domain.alerts import Alert, Condition, Repeat
from bot.domain.errors import UserError
from bot.policy.alerts.end_dates import HELP
from bot.policy.alerts.levels import is_ahead, suggest_levels
from bot.policy.alerts.proposals import Change
from bot.policy.alerts.ring_words import USUAL_COOLDOWN, Manner, read_manner
from bot.policy.alerts.typed import parse_change

_MOST_MINUTES = 43_200
_RESTS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 1_440))
_LIVES = tuple(timedelta(days=days) for days in (1, 7, 30))
_ENDLESS = "It is back, without its end date: that has passed."
_STALE = "That question is out of date. Nothing was changed; see /alerts."
_ENDS = "friday, 31 Dec 17:00, in 2 hours or 3 days"
_FOR_GOOD = frozenset({"for good", "forever", "for ever", "never", "no end", "always"})


async def show_list(talk: Talk, words: str) -> None:
    """`/alerts`: the first page, or the one that was tapped."""
    page = int(words) if words.isascii() and words.isdigit() and len(words) < 6 else 0
    await _ask_no_more(talk)
    setting = talk.services.set_alerts
    held, rang = await setting.nearest(talk.user), await setting.rang_lately(talk.user)
    agents = await talk.services.agents.load_agents(talk.user.id)
    await talk.show(list_view(talk.services, talk.user, held, page, rang, agents))


async def open_one(talk: Talk, argument: str) -> None:
    """One alert's card."""
    alert_id, page = _ids(argument)
    await _ask_no_more(talk)
    await _show(talk, await talk.services.set_alerts.own(talk.user, alert_id), page)


async def pause(talk: Talk, argument: str) -> None:
    """Silence it until it is resumed."""
    alert_id, page = _ids(argument)
    await _show(talk, await talk.services.set_alerts.pause(talk.user, alert_id), page)


async def resume(talk: Talk, argument: str) -> None:
    """Let it ring again."""
    alert_id, page = _ids(argument)
    await _show(talk, await talk.services.set_alerts.resume(talk.user, alert_id), page)


async def snooze(talk: Talk, argument: str) -> None:
    """Silence it for so many minutes; from its message (`id:minutes`) or its card (with a page)."""
    parts = argument.split(":")
    alert_id, minutes = parse_id(parts[0]), parse_id(parts[1] if len(parts) > 1 else "")
    span_of_it = timedelta(minutes=min(minutes, _MOST_MINUTES))
    services = talk.services
    alert = await services.set_alerts.snooze(talk.user, alert_id, span_of_it)
    until = alert.standing.due_at or services.clock.now()
    talk.toast = f"Snoozed for {span(span_of_it)}."
    if len(parts) > 2:
        await _show(talk, alert, _page(parts[2]))
        return
    text = when(until, talk.user.time_zone, services.clock.now())
    words = describe(services, alert.condition)
    rows = (
        (
            button("⏰ Wake it now", "alerts", "resume", alert.id, 0),
            button("🔔 All alerts", "alerts", "page", 0),
        ),
    )
    await talk.say(
        View(f"😴 <b>{words}</b> is silent until {text}. If it is so then, I ring.", rows)
    )


async def off(talk: Talk, argument: str) -> None:
    """End it from its message, which stays as it is."""
    alert_id = parse_id(argument)
    before = await talk.services.set_alerts.own(talk.user, alert_id)
    alert = await talk.services.set_alerts.delete(talk.user, alert_id)
    talk.toast = "Off. It rings no more."
    await talk.say(deleted_view(talk.services, alert, 0, before.standing))


async def delete(talk: Talk, argument: str) -> None:
    """End it, with a way back."""
    alert_id, page = _ids(argument)
    before = await talk.services.set_alerts.own(talk.user, alert_id)
    if not before.is_active:
        # A second tap must not take away the first one's undo, which knows how it stood.
        talk.toast = "It rings no more."
        return
    alert = await talk.services.set_alerts.delete(talk.user, alert_id)
    await talk.show(deleted_view(talk.services, alert, page, before.standing))


async def restore(talk: Talk, argument: str) -> None:
    """Take a deletion back, or set one again that has rung for the last time."""
    word, page, was = (*argument.split(":"), "", "")[:3]
    setting, alert_id = talk.services.set_alerts, parse_id(word)
    before = await setting.own(talk.user, alert_id)
    alert = await setting.restore(talk.user, alert_id, was=unpack_standing(was))
    kept = alert.expires_at == before.expires_at
    talk.toast = "It is back." if kept else _ENDLESS
    await _show(talk, alert, _page(page))


async def pause_all(talk: Talk, argument: str) -> None:
    """Silence all of them."""
    count = await talk.services.set_alerts.pause_all(talk.user)
    talk.toast = f"Paused: {count}."
    await show_list(talk, argument)


async def resume_all(talk: Talk, argument: str) -> None:
    """Let all paused ones ring again."""
    count = await talk.services.set_alerts.resume_all(talk.user)
    talk.toast = f"Resumed: {count}."
    await show_list(talk, argument)


async def often(talk: Talk, argument: str) -> None:
    """Once or every time."""
    alert_id, page = _ids(argument)
    alert = await talk.services.set_alerts.own(talk.user, alert_id)
    once = alert.repeat is Repeat.EVERY
    change = (
        Change(repeat=Repeat.ONCE, cooldown=timedelta(0))
        if once
        else Change(repeat=Repeat.EVERY, cooldown=USUAL_COOLDOWN)
    )
    await _edit(talk, alert_id, page, change)


async def urgent(talk: Talk, argument: str) -> None:
    """Through quiet hours, or not."""
    alert_id, page = _ids(argument)
    alert = await talk.services.set_alerts.own(talk.user, alert_id)
    await _edit(talk, alert_id, page, Change(urgent=not alert.urgent))


async def level(talk: Talk, argument: str) -> None:
    """Ask for another figure, or for another time of a digest."""
    alert_id, page = _ids(argument)
    alert = await talk.services.set_alerts.own(talk.user, alert_id)
    choices = _levels(talk, alert) if alert.series else {at: at for at in TIMES}
    what = "figure" if alert.series else "time"
    text = f"At which {what} instead? {'Tap, or write one.' if choices else 'Write one.'}"
    await _ask(talk, alert, page, ("level", text), choices)


async def typed_level(talk: Talk, text: str) -> None:
    """The figure, or the time, was typed."""
    alert_id, page, _ = await _asked(talk)
    services = talk.services
    before = (await services.set_alerts.own(talk.user, alert_id)).condition
    services.set_alerts.kind_of(before)
    after = parse_change(text, services.kinds, before)
    if after.type != before.type:
        raise UserError(
            "I cannot make that of this one. Set it with /alert "
            f"{services.kinds.describe(after).lower()}, and delete this one."
        )
    await _move(talk, alert_id, page, after)


async def undo(talk: Talk, argument: str) -> None:
    """Take back another figure, span or time: `id:page:threshold:window`."""
    alert_id, page, threshold, window = (*argument.split(":", 3), "", "", "")[:4]
    alert = await talk.services.set_alerts.own(talk.user, parse_id(alert_id))
    line, span_of_it = _figure(threshold), window if alert.condition.window else ""
    before = replace(alert.condition, threshold=line, window=span_of_it)
    await _move(talk, alert.id, _page(page), before)


async def rest(talk: Talk, argument: str) -> None:
    """Ask how long it rests between two rings."""
    alert_id, page = _ids(argument)
    alert = await talk.services.set_alerts.own(talk.user, alert_id)
    text = "How long shall it rest after a ring? Tap, or write it like 2h."
    choices = {f"{int(r.total_seconds() // 60)}m": span(r) for r in _RESTS}
    await _ask(talk, alert, page, ("rest", text), choices)


async def typed_rest(talk: Talk, text: str) -> None:
    """The rest was typed."""
    alert_id, page, _ = await _asked(talk)
    now, zone = talk.services.clock.now(), talk.user.time_zone
    word = " ".join(text.lower().split())
    for lead in ("", "every "):
        manner = read_manner(f"{lead}{word}", now, zone)
        if manner.cooldown is not None and manner.expires_at is None and not _left(manner):
            change = Change(repeat=Repeat.EVERY, cooldown=manner.cooldown)
            await _edit(talk, alert_id, page, change)
            return
    raise UserError("I cannot read how long. Write it like 30 min, 2h or 1 day.")


async def until(talk: Talk, argument: str) -> None:
    """Ask until when it shall be kept."""
    alert_id, page = _ids(argument)
    alert = await talk.services.set_alerts.own(talk.user, alert_id)
    text = f"Until when shall I keep it? Tap, or write it like {_ENDS}."
    choices = {f"for {life.days} days": span(life) for life in _LIVES} | {"for good": "For good"}
    await _ask(talk, alert, page, ("until", text), choices)


async def typed_until(talk: Talk, text: str) -> None:
    """The end was typed."""
    alert_id, page, _ = await _asked(talk)
    word = " ".join(text.lower().split()).removeprefix("in ")
    if word in _FOR_GOOD:
        await _edit(talk, alert_id, page, Change(for_good=True))
        return
    now, zone = talk.services.clock.now(), talk.user.time_zone
    for lead in ("", "for ", "until "):
        try:
            manner = read_manner(f"{lead}{word}", now, zone)
        except UserError as error:
            if lead == "until ":
                raise UserError(str(error).replace(HELP, f"Write it like {_ENDS}.")) from None
            continue
        if manner.expires_at is not None and manner.repeat is None and not _left(manner):
            await _edit(talk, alert_id, page, Change(expires_at=manner.expires_at))
            return
    raise UserError(f"I cannot read until when. Write it like {_ENDS}.")


async def chosen(talk: Talk, argument: str) -> None:
    """A choice of an open question was tapped: `id:step:number`."""
    words, step, number = (*argument.split(":"), "", "", "")[:3]
    alert_id, _, data = await _asked(talk)
    choices = data.get("choices", "").split("|")
    if str(alert_id) != words or data.get("step") != step or not number.isdecimal():
        raise UserError(_STALE)
    if int(number) >= len(choices):
        raise UserError(_STALE)
    await _STEPS[step](talk, choices[int(number)])


async def _ask(
    talk: Talk, alert: Alert, page: int, question: tuple[str, str], choices: Mapping[str, str]
) -> None:
    step, text = question
    picks = [
        button(label, "alerts", "chosen", alert.id, step, number)
        for number, label in enumerate(choices.values())
    ]
    back: Row = (button("‹ Back", "alerts", "open", alert.id, page),)
    data = {
        "alert": str(alert.id),
        "page": str(page),
        "step": step,
        "choices": "|".join(choices),
    }
    title = f"🔔 <b>{describe(talk.services, alert.condition)}</b>"
    await talk.ask("alerts", step, View(f"{title}\n\n{text}", (*grid(picks, 3), back)), data)


async def _asked(talk: Talk) -> tuple[int, int, Mapping[str, str]]:
    dialogue = await talk.services.dialogues.load_dialogue(talk.chat_id, talk.services.clock.now())
    if dialogue is None or dialogue.command != "alerts":
        raise UserError(_STALE)
    return int(dialogue.data["alert"]), int(dialogue.data["page"]), dialogue.data


async def _ask_no_more(talk: Talk) -> None:
    """Whoever goes back leaves the question: what is typed next is no answer to it."""
    dialogues = talk.services.dialogues
    open_now = await dialogues.load_dialogue(talk.chat_id, talk.services.clock.now())
    if open_now is not None and open_now.command == "alerts":
        await dialogues.drop_dialogue(talk.chat_id)


async def _move(talk: Talk, alert_id: int, page: int, after: Condition) -> None:
    """To another line, span or time, at once: so say what it was, with a way back."""
    services = talk.services
    before = (await services.set_alerts.own(talk.user, alert_id)).condition
    change = Change(threshold=after.threshold, window=after.window)
    await _edit(talk, alert_id, page, change, before)


async def _edit(
    talk: Talk, alert_id: int, page: int, change: Change, before: Condition | None = None
) -> None:
    alert = await talk.services.set_alerts.edit(talk.user, alert_id, change)
    await talk.services.dialogues.drop_dialogue(talk.chat_id)
    talk.toast = "Changed"
    await _show(talk, alert, page, before)


async def _show(talk: Talk, alert: Alert, page: int, before: Condition | None = None) -> None:
    """Its card; with what it was `before`, where that is something else."""
    nearby = await talk.services.set_alerts.see(alert)
    about = await agent_of(talk, alert.condition)
    view = alert_view(talk.services, talk.user, nearby, page, about)
    if before is not None and before != alert.condition:
        was = f"✏️ Changed. Before: {describe(talk.services, before)}"
        view = replace(
            view, text=f"{view.text}\n\n{was}", rows=(*_undo(alert, page, before), *view.rows)
        )
    await talk.show(view)


def _undo(alert: Alert, page: int, before: Condition) -> tuple[Row, ...]:
    """A button that brings the figure of before back, if it can carry it."""
    data = (alert.id, page, f"{before.threshold.normalize()}", before.window)
    try:
        return ((button("↩️ Undo", "alerts", "undo", *data),),)
    except ValueError:
        return ()


def _levels(talk: Talk, alert: Alert) -> Mapping[str, str]:
    services = talk.services
    kind = services.set_alerts.kind_of(alert.condition)
    figure = services.prices.figure(alert.series)
    down = alert.condition.threshold < 0
    found = []
    ours = services.kinds.watch(alert.condition)
    for line in suggest_levels(kind, figure, ours.direction if ours else None):
        watch = services.kinds.watch(replace(alert.condition, threshold=line))
        if watch is not None and is_ahead(watch, figure) and (not down or line < 0):
            found.append(line)
    return {f"{line:f}": kind.figure(line) for line in found}


def _left(manner: Manner) -> bool:
    """Whether words are left that say more than was asked for."""
    rest = manner.rest.replace("from now", "")
    return manner.urgent or manner.at_once or any(letter.isalnum() for letter in rest)


def _figure(word: str) -> Decimal:
    try:
        found = Decimal(word)
    except InvalidOperation:
        raise UserError(_STALE) from None
    if not found.is_finite():
        raise UserError(_STALE)
    return found


def _ids(argument: str) -> tuple[int, int]:
    alert_id, _, page = argument.partition(":")
    return parse_id(alert_id), _page(page)


def _page(word: str) -> int:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 6 else 0


_STEPS = {"level": typed_level, "rest": typed_rest, "until": typed_until}

COMMAND = Command(
    name="alerts",
    summary="Your alerts, nearest first",
    order=5,
    run=show_list,
    taps={
        "page": show_list,
        "open": open_one,
        "pause": pause,
        "resume": resume,
        "snooze": snooze,
        "off": off,
        "delete": delete,
        "restore": restore,
        "pauseall": pause_all,
        "resumeall": resume_all,
        "often": often,
        "urgent": urgent,
        "level": level,
        "undo": undo,
        "rest": rest,
        "until": until,
        "chosen": chosen,
    },
    replies=_STEPS,
    group=group_alerts.show_list,
    group_summary="What is set up here",
    group_taps=group_alerts.ALERTS_TAPS,
)
