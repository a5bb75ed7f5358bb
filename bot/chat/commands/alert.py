"""/alert: set one in a line, in words, or step by step; and what its message's buttons do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot.chat.alerts.asking import CARD, agent_of, offer_alert, offer_words
from bot.chat.alerts.cards import set_view
from bot.chat.alerts.changing import changed_draft, surely_changed
from bot.chat.alerts.decision_taps import set_levels, undo_levels
from bot.chat.alerts.drafts import unpack_draft
from bot.chat.alerts.guide import GUIDE, answer_tapped, answer_typed, ask_kind, choose_kind
from bot.chat.answers import ask_about, plain
from bot.chat.command import Command
from bot.chat.groups import alerts as group_alerts
from bot.chat.talk import Talk
from bot.chat.view import View, button
from bot.domain.alerts import AlertDraft, Place, Repeat
from bot.domain.errors import UserError
from bot.policy.alerts.ring_words import USUAL_COOLDOWN
from bot.policy.alerts.words import wants_alert
from bot.ports.records import Dialogue

_YES = frozenset({"yes", "y", "ok", "okay", "set", "set it", "yes please"})
_NO = frozenset({"no", "n", "cancel", "stop"})
_CHANGE = "change"
_WAYS = "the figure, <i>every 4h</i>, <i>once</i>, <i>urgent</i>"
_TIMES = "<i>9:00</i>, <i>weekdays</i>"


async def run(talk: Talk, words: str) -> None:
    """`/alert` asks step by step, `/alert SEI above 0.25` shows the card."""
    if words:
        await offer_words(talk, words)
    else:
        await ask_kind(talk)


async def new(talk: Talk, _: str) -> None:
    """Step by step, from a button."""
    await ask_kind(talk)


async def confirm(talk: Talk, draft_id: str) -> None:
    """Set what the card shows, once, however often it is tapped."""
    try:
        draft, place = await _card(talk, draft_id)
    except StaleCardError as stale:
        talk.toast = str(stale)
        return
    services = talk.services
    alert, fresh = await services.set_alerts.create_once(talk.user, place, draft)
    await talk.retire_card()
    await services.dialogues.drop_dialogue(talk.chat_id)
    talk.toast = "It is set." if fresh else "You have that one already."
    nearby = services.set_alerts.look_at(alert)
    about = await agent_of(talk, alert.condition)
    await talk.show(set_view(services, talk.user, nearby, about))


async def every(talk: Talk, draft_id: str) -> None:
    """Every time, with the usual rest between."""
    await _redraw(
        talk,
        draft_id,
        lambda draft: replace(
            draft, repeat=Repeat.EVERY, cooldown=draft.cooldown or USUAL_COOLDOWN
        ),
    )


async def once(talk: Talk, draft_id: str) -> None:
    """The first time only."""
    await _redraw(
        talk, draft_id, lambda draft: replace(draft, repeat=Repeat.ONCE, cooldown=timedelta(0))
    )


async def urgent(talk: Talk, draft_id: str) -> None:
    """Through quiet hours, or not."""
    await _redraw(talk, draft_id, lambda draft: replace(draft, urgent=not draft.urgent))


async def now_too(talk: Talk, draft_id: str) -> None:
    """Ring at once for what is so already, or wait for the next time."""
    await _redraw(talk, draft_id, lambda draft: replace(draft, at_once=not draft.at_once))


async def drop(talk: Talk, draft_id: str) -> None:
    """Set nothing."""
    await _card(talk, draft_id)
    await talk.retire_card()
    await talk.services.dialogues.drop_dialogue(talk.chat_id)
    await talk.show(View("✖ Cancelled. No alert was set."))


async def change(talk: Talk, draft_id: str) -> None:
    """Write it anew, or add to it how often and until when."""
    dialogue = await _dialogue(talk, draft_id)
    draft, _ = unpack_draft(dialogue.data)
    watched = talk.services.kinds.watch(draft.condition) is not None
    ways = _WAYS if watched else _TIMES
    text = (
        "<b>Write it anew</b>, like <i>SEI above 0.3</i>.\n\nOr only what shall be different: "
        f"{ways}, <i>until friday</i>, <i>for 3 days</i>."
    )
    rows = ((button("‹ Back", "alert", "back", draft_id), button("✖ Cancel", "cancel", "now")),)
    await talk.ask("alert", _CHANGE, View(text, rows), dialogue.data)


async def back(talk: Talk, draft_id: str) -> None:
    """The card as it was."""
    await _redraw(talk, draft_id, lambda draft: draft)


async def changed(talk: Talk, text: str) -> None:
    """Something was typed instead: a whole alert, another figure, or how it shall ring."""
    dialogue = await _dialogue(talk)
    draft, place = unpack_draft(dialogue.data)
    after = await changed_draft(talk, draft, text)
    await offer_alert(talk, after, place, dialogue.data["id"])


async def typed(talk: Talk, text: str) -> None:
    """Something was typed while a card waits: yes, no, a change of it, or something else."""
    word = " ".join(text.lower().replace("!", " ").replace(".", " ").split())
    dialogue = await _dialogue(talk)
    if word in _YES:
        await confirm(talk, dialogue.data["id"])
        return
    if word in _NO:
        await drop(talk, dialogue.data["id"])
        return
    draft, place = unpack_draft(dialogue.data)
    if wants_alert(text):
        await plain(talk, text)
    elif (after := await surely_changed(talk, draft, text)) is not None:
        await offer_alert(talk, after, place)
    else:
        await talk.retire_card()
        await talk.services.dialogues.drop_dialogue(talk.chat_id)
        await plain(talk, text)


async def ask(talk: Talk, symbol: str) -> None:
    """The analyst is asked about the token of an alert, in the person's stead."""
    token = talk.services.listing.find(symbol)
    if token is None:
        raise UserError("That button no longer works. Nothing was changed.")
    await ask_about(talk, token.symbol)


async def levels(talk: Talk, decision_id: str) -> None:
    """A decision's stop-loss and take-profit become alerts."""
    await set_levels(talk, decision_id)


async def unlevels(talk: Talk, argument: str) -> None:
    """Take those back that one tap has set."""
    await undo_levels(talk, argument)


async def _redraw(talk: Talk, draft_id: str, changed: Callable[[AlertDraft], AlertDraft]) -> None:
    draft, place = await _card(talk, draft_id)
    await offer_alert(talk, changed(draft), place, draft_id)


async def _card(talk: Talk, draft_id: str) -> tuple[AlertDraft, Place]:
    return unpack_draft((await _dialogue(talk, draft_id)).data)


async def _dialogue(talk: Talk, draft_id: str | None = None) -> Dialogue:
    """The card that waits; a button of another one is refused."""
    found = await talk.services.dialogues.load_dialogue(talk.chat_id, talk.services.clock.now())
    known = found is not None and found.command == "alert" and found.step in (CARD, _CHANGE)
    if found is None or not known or draft_id not in (None, found.data.get("id")):
        raise StaleCardError
    return found


class StaleCardError(UserError):
    """The card was answered, or is not the last one."""

    def __init__(self) -> None:
        super().__init__(
            "That card was answered, replaced by a newer one, or has run out. /alerts shows what "
            "is set."
        )


COMMAND = Command(
    name="alert",
    summary="Be told when a price or a figure gets there",
    order=4,
    run=run,
    taps={
        "new": new,
        "kind": choose_kind,
        "answer": answer_tapped,
        "set": confirm,
        "every": every,
        "once": once,
        "urgent": urgent,
        "now": now_too,
        "change": change,
        "back": back,
        "drop": drop,
        "ask": ask,
        "levels": levels,
        "unlevels": unlevels,
    },
    replies={GUIDE: answer_typed, CARD: typed, _CHANGE: changed},
    cards=frozenset({CARD}),
    group=group_alerts.propose,
    group_summary="Tell this group or topic when a price gets there",
    group_taps=group_alerts.ALERT_TAPS,
)
