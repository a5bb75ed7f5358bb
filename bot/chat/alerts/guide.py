"""The guided way to an alert: one question at a time, answered by a tap or typed.

All that was answered is kept in the dialogue; which kinds there are, what they ask and which
windows they have, the kinds say themselves.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from bot.chat.alerts.asking import offer_alert, offer_words, private, sure_alert
from bot.chat.alerts.drafts import new_draft_id
from bot.chat.alerts.lines import figure_words
from bot.chat.render import esc
from bot.chat.talk import DIALOGUE_LIFE, Talk
from bot.chat.tokens import resolve_token
from bot.chat.view import Row, View, button, grid
from bot.domain.alerts import AlertDraft, Condition, Repeat
from bot.domain.errors import UserError
from bot.domain.money import exact
from bot.policy.alerts.answers import Answers, meant, needs_agent, next_question, probe
from bot.policy.alerts.kind import AlertKind, Watch
from bot.policy.alerts.levels import USUAL_LEVELS, is_ahead, suggest_levels
from bot.policy.alerts.typed import parse_level, parse_window
from bot.policy.time_zones import label_of, parse_time
from bot.ports.records import Dialogue

GUIDE = "guide"
_FAMILY = 10
_SHORT = 18
TIMES = ("07:00", "08:00", "09:00", "12:00", "18:00", "21:00")
_CANCEL: Row = (button("✖ Cancel", "cancel", "now"),)
_STALE = "That question is out of date. Nothing was set; start again with /alert."


async def ask_kind(talk: Talk) -> None:
    """The first question: what shall be watched."""
    kinds = sorted(talk.services.kinds.kinds, key=_for_people)
    picks = [button(kind.title, "alert", "kind", kind.name) for kind in kinds]
    text = (
        "🔔 <b>What shall I watch?</b>\nTap, or write it in one line, like <i>SEI above 0.25</i>, "
        "<i>eth -5% 1h</i> or <i>wake me if bitcoin loses 5% in an hour</i>."
    )
    await talk.ask("alert", GUIDE, View(text, (*grid(picks, 2), _CANCEL)), {"id": new_draft_id()})


async def choose_kind(talk: Talk, name: str) -> None:
    """A kind was tapped."""
    _kind(talk, name)
    await _go_on(talk, {"id": new_draft_id(), "kind": name})


async def answer_tapped(talk: Talk, argument: str) -> None:
    """One of the choices of the present question was tapped: `id:question:number`."""
    draft_id, _, rest = argument.partition(":")
    question, _, number = rest.partition(":")
    data = await _data(talk, draft_id)
    choices = data.get("choices", "").split("|")
    if question != data.get("asked") or not number.isdecimal() or int(number) >= len(choices):
        raise UserError(_STALE)
    await _answer(talk, data, choices[int(number)])


async def answer_typed(talk: Talk, text: str) -> None:
    """The answer to the present question was typed, or a whole alert instead."""
    data = await _data(talk)
    if data.get("asked") is None:
        await offer_words(talk, text)
        return
    try:
        await _go_on(talk, {**data, **_read(talk, data, text.strip())})
    except UserError:
        if (draft := await sure_alert(talk, text)) is None:
            raise
        await offer_alert(talk, draft, private(talk))


def _read(talk: Talk, data: Mapping[str, str], text: str) -> Mapping[str, str]:
    """What a typed answer says, by question; a figure may come with its span and its way."""
    kind = _kind(talk, data["kind"])
    match data["asked"]:
        case "token":
            return {"token": resolve_token(talk, text).symbol}
        case "threshold":
            level = parse_level(text, kind, data.get("token", ""))
            value = f"{level.value}" if level.signed else f"{level.value}?"
            window = {"window": level.window} if level.window else {}
            return {"threshold": value, "turn": level.turn, **window}
        case "time":
            return {"time": f"{parse_time(text):%H:%M}"}
        case "window":
            return {"window": parse_window(text, kind)}
        case _:
            raise UserError("Please tap one of the buttons, or /cancel.")


async def _answer(talk: Talk, data: Mapping[str, str], word: str) -> None:
    if data["asked"] == "meant":
        kind = _kind(talk, data["kind"])
        found = meant(kind, await _answers(talk, kind, data))
        await _offer(talk, found[min(int(word), len(found) - 1)])
        return
    await _go_on(talk, {**data, data["asked"]: word})


async def _go_on(talk: Talk, data: Mapping[str, str]) -> None:
    """Ask the next question, or show the card when there is none left."""
    kind = _kind(talk, data["kind"])
    answers = await _answers(talk, kind, data)
    match next_question(kind, answers):
        case "token":
            symbols = talk.services.listing.symbols
            await _ask(talk, data, "token", "Which token?", symbols, symbols)
        case "window":
            text = "On which days?" if "time" in kind.asks else "Over which time?"
            await _ask(talk, data, "window", text, kind.windows, kind.windows)
        case "time":
            zone = esc(label_of(talk.user.time_zone))
            text = f"At what time? By your clock ({zone}; /settings changes it)."
            await _ask(talk, data, "time", text, TIMES, TIMES)
        case "threshold":
            await _ask_threshold(talk, data, kind, answers)
        case _:
            await _finish(talk, data, kind, answers)


async def _ask_threshold(
    talk: Talk, data: Mapping[str, str], kind: AlertKind, answers: Answers
) -> None:
    probed = probe(kind, answers)
    figure = await talk.services.prices.measure_now(probed)
    levels = _ahead(kind, answers, figure)
    labels = [_label(kind, level, figure) for level in levels]
    now = ""
    if figure is not None:
        now = f" Now it is {figure_words(talk.services, probed, figure)}."
    text = f"At which figure?{now} {'Tap, or write one.' if levels else 'Write one.'}"
    await _ask(talk, data, "threshold", text, labels, [str(level) for level in levels])


def _label(kind: AlertKind, level: Decimal, figure: Decimal | None) -> str:
    """`$0.21 (+5 %)`; changes stand for themselves."""
    words = kind.figure(level)
    if not figure or words.endswith("%") or kind.name in USUAL_LEVELS:
        return words
    with exact():
        change = round((level / figure - 1) * 100)
    return f"{words} ({change:+d} %)"


def _ahead(kind: AlertKind, answers: Answers, figure: Decimal | None) -> Sequence[Decimal]:
    """Suggested lines that can be and lie ahead."""
    found = []
    for level in suggest_levels(kind, figure):
        tried = Answers(answers.token, answers.window, level, agent_id=answers.agent_id)
        if any(is_ahead(watch, figure) for watch in _watches(kind, tried)):
            found.append(level)
    return found


def _watches(kind: AlertKind, answers: Answers) -> list[Watch]:
    try:
        found = meant(kind, answers)
    except UserError:
        return []
    return [watch for condition in found if (watch := kind.watch(condition))]


async def _finish(talk: Talk, data: Mapping[str, str], kind: AlertKind, answers: Answers) -> None:
    try:
        found = meant(kind, answers)
    except UserError:
        # The figure was no good: ask for it once more, with the reason.
        await _reopen(talk, data, kind)
        raise
    if len(found) == 1:
        await _offer(talk, found[0])
        return
    labels = [talk.services.kinds.describe(condition) for condition in found]
    await _ask(talk, data, "meant", "Which one?", labels, [str(n) for n in range(len(found))])


async def _reopen(talk: Talk, data: Mapping[str, str], kind: AlertKind) -> None:
    last = kind.asks[-1]
    left = {name: value for name, value in data.items() if name not in (last, "turn")}
    left["asked"] = last
    await _keep(talk, left)


async def _offer(talk: Talk, condition: Condition) -> None:
    kind = talk.services.set_alerts.kind_of(condition)
    repeat = Repeat.ONCE if kind.watch(condition) else Repeat.EVERY
    draft = AlertDraft(condition, repeat, timedelta(0), urgent=kind.urgent)
    await offer_alert(talk, draft, private(talk))


async def _ask(
    talk: Talk,
    data: Mapping[str, str],
    question: str,
    text: str,
    labels: Sequence[str],
    choices: Sequence[str],
) -> None:
    draft_id = data["id"]
    picks = [
        button(label, "alert", "answer", draft_id, question, number)
        for number, label in enumerate(labels)
    ]
    title = _kind(talk, data["kind"]).title
    long = any(len(label) > _SHORT for label in labels)
    width = 1 if question == "meant" or long else 3
    view = View(f"🔔 {esc(title)}\n\n<b>{text}</b>", (*grid(picks, width), _CANCEL))
    state = {**data, "asked": question, "choices": "|".join(choices)}
    await talk.ask("alert", GUIDE, view, state)


async def _keep(talk: Talk, data: Mapping[str, str]) -> None:
    expires_at = talk.services.clock.now() + DIALOGUE_LIFE
    await talk.services.dialogues.save_dialogue(
        talk.chat_id, Dialogue("alert", GUIDE, data), expires_at
    )


async def _answers(talk: Talk, kind: AlertKind, data: Mapping[str, str]) -> Answers:
    level = data.get("threshold", "")
    agent_id = int((await talk.opened_agent()).id) if needs_agent(kind) else 0
    return Answers(
        token=data.get("token", ""),
        window=data.get("window", ""),
        threshold=Decimal(level.rstrip("?")) if level else None,
        signed=not level.endswith("?"),
        turn=data.get("turn", ""),
        time=data.get("time", ""),
        agent_id=agent_id,
    )


def _for_people(kind: AlertKind) -> tuple[int, int]:
    """Kinds that read a phrase last are the plainest ones; those of a family keep their order."""
    return -(kind.order // _FAMILY), kind.order


def _kind(talk: Talk, name: str) -> AlertKind:
    for kind in talk.services.kinds.kinds:
        if kind.name == name:
            return kind
    raise UserError(_STALE)


async def _data(talk: Talk, draft_id: str | None = None) -> Mapping[str, str]:
    """What was answered so far; the buttons of another card are refused."""
    dialogue = await talk.services.dialogues.load_dialogue(talk.chat_id, talk.services.clock.now())
    if dialogue is None or (dialogue.command, dialogue.step) != ("alert", GUIDE):
        raise UserError(_STALE)
    if draft_id is not None and dialogue.data.get("id") != draft_id:
        raise UserError(_STALE)
    return dialogue.data
