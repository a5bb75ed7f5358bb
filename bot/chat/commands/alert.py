"""/alert: set one in a line, in words, or step by step; and what its message's buttons do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from bot.chat.alerts.asking import CARD, offer_alert, offer_words
from bot.chat.alerts.cards import set_view
from bot.chat.alerts.decision_taps import set_levels
from bot.chat.alerts.drafts import unpack_draft
from bot.chat.alerts.guide import GUIDE, answer_tapped, answer_typed, ask_kind, choose_kind
from bot.chat.answers import ask_about, plain
from bot.chat.command import Command
from bot.chat.groups import alerts as group_alerts
from bot.chat.talk import Talk
from bot.chat.view import View, button
from bot.domain.alerts import AlertDraft, Place, Repeat
from bot.domain.errors import UserError
from bot.policy.alerts.levels import parse_level
from bot.policy.alerts.ring_words import USUAL_COOLDOWN, read_manner
from bot.policy.alerts.words import wants_alert
from bot.ports.records import Dialogue

_YES = frozenset({"yes", "y", "ok", "okay", "set", "set it", "yes please"})
_NO = frozenset({"no", "n", "cancel", "stop"})
_CHANGE = "change"


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
    await services.dialogues.drop_dialogue(talk.chat_id)
    talk.toast = "It is set." if fresh else "You have that one already."
    nearby = services.set_alerts.look_at(alert)
    await talk.show(set_view(services, talk.user, nearby))


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
    await talk.services.dialogues.drop_dialogue(talk.chat_id)
    await talk.show(View("✖ Cancelled. No alert was set."))


async def change(talk: Talk, draft_id: str) -> None:
    """Write it anew, or add to it how often and until when."""
    dialogue = await _dialogue(talk, draft_id)
    text = (
        "<b>Write it anew</b>, like <i>SEI above 0.3</i>.\n\nOr only what shall be different: "
        "<i>every 4h</i>, <i>once</i>, <i>until friday</i>, <i>for 3 days</i>, <i>urgent</i>."
    )
    rows = ((button("‹ Back", "alert", "back", draft_id), button("✖ Cancel", "cancel", "now")),)
    await talk.ask("alert", _CHANGE, View(text, rows), dialogue.data)


async def back(talk: Talk, draft_id: str) -> None:
    """The card as it was."""
    await _redraw(talk, draft_id, lambda draft: draft)


async def changed(talk: Talk, text: str) -> None:
    """Something was typed instead: a whole alert, or how it shall ring."""
    dialogue = await _dialogue(talk)
    draft, place = unpack_draft(dialogue.data)
    now, zone = talk.services.clock.now(), talk.user.time_zone
    manner = read_manner(text, now, zone)
    if any(letter.isalnum() for letter in manner.rest):
        if (line := _line(draft, manner.rest)) is None:
            await offer_words(talk, text)
            return
        draft = replace(draft, condition=replace(draft.condition, threshold=line))
    repeat = manner.repeat or draft.repeat
    cooldown = manner.cooldown or draft.cooldown or USUAL_COOLDOWN
    after = replace(
        draft,
        repeat=repeat,
        cooldown=cooldown if repeat is Repeat.EVERY else timedelta(0),
        expires_at=manner.expires_at or draft.expires_at,
        urgent=manner.urgent or draft.urgent,
        at_once=manner.at_once or draft.at_once,
    )
    await offer_alert(talk, after, place, dialogue.data["id"])


async def typed(talk: Talk, text: str) -> None:
    """Something was typed while a card waits: yes, no, another alert, or a question."""
    word = " ".join(text.lower().replace("!", " ").replace(".", " ").split())
    dialogue = await _dialogue(talk)
    if word in _YES:
        await confirm(talk, dialogue.data["id"])
    elif word in _NO:
        await drop(talk, dialogue.data["id"])
    else:
        if not wants_alert(text):
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


def _line(draft: AlertDraft, text: str) -> Decimal | None:
    """Another figure for the same condition, if only that was written; falls stay falls."""
    try:
        line, signed = parse_level(text)
    except UserError:
        return None
    return -line if draft.condition.threshold < 0 and not signed else line


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
    },
    replies={GUIDE: answer_typed, CARD: typed, _CHANGE: changed},
    group=group_alerts.propose,
    group_summary="Tell this group or topic when a price gets there",
    group_taps=group_alerts.ALERT_TAPS,
)
