"""What is typed at a card changes it: its figure, how it rings, or all of it."""

from dataclasses import replace
from datetime import timedelta

from bot.chat.alerts.asking import EXAMPLES, read_alert, sure_alert
from bot.chat.talk import Talk
from bot.domain.alerts import AlertDraft, Condition, Repeat
from bot.domain.errors import UserError
from bot.policy.alerts.phrases import read_phrase
from bot.policy.alerts.ring_words import USUAL_COOLDOWN, Manner, read_manner
from bot.policy.alerts.typed import parse_change


async def changed_draft(talk: Talk, draft: AlertDraft, text: str) -> AlertDraft:
    """The draft as it was changed by what was typed, or another one in its place.

    Raises:
        UserError: it can be read neither as a change nor as an alert.
    """
    manner = read_manner(text, talk.services.clock.now(), talk.user.time_zone)
    if not _says_more(manner):
        return _ringing(talk, draft, manner)
    try:
        condition = _condition(talk, draft, manner.rest)
    except UserError:
        # Another alert names what it watches; without that it was meant for this one.
        if not read_phrase(manner.rest, talk.services.listing.symbols).symbols:
            whole = await sure_alert(talk, text)
            if whole is None:
                raise
            return whole
    else:
        return _ringing(talk, replace(draft, condition=condition), manner)
    found = await read_alert(talk, text)
    if found is None:
        raise UserError(f"I cannot make an alert of that. {EXAMPLES}")
    return found


async def surely_changed(talk: Talk, draft: AlertDraft, text: str) -> AlertDraft | None:
    """The same where that is certain; None where it may be something else."""
    if "?" in text:
        return None
    try:
        manner = read_manner(text, talk.services.clock.now(), talk.user.time_zone)
        if _says_more(manner):
            draft = replace(draft, condition=_condition(talk, draft, manner.rest))
        elif manner == Manner(manner.rest):
            return None
        return _ringing(talk, draft, manner)
    except UserError:
        return await sure_alert(talk, text)


def _ringing(talk: Talk, draft: AlertDraft, manner: Manner) -> AlertDraft:
    """The draft, ringing as was said; what was not stays.

    Raises:
        UserError: a digest, which rings by the clock.
    """
    if talk.services.kinds.watch(draft.condition) is None:
        if manner.repeat or manner.urgent or manner.at_once:
            raise UserError(
                "A digest comes at its time. Write another one, like 9:00 or weekdays 9:00, or "
                "until friday."
            )
        return replace(draft, expires_at=manner.expires_at or draft.expires_at)
    repeat = manner.repeat or draft.repeat
    cooldown = manner.cooldown or draft.cooldown or USUAL_COOLDOWN
    return replace(
        draft,
        repeat=repeat,
        cooldown=cooldown if repeat is Repeat.EVERY else timedelta(0),
        expires_at=manner.expires_at or draft.expires_at,
        urgent=manner.is_urgent(draft.urgent),
        at_once=manner.at_once or draft.at_once,
    )


def _says_more(manner: Manner) -> bool:
    return any(letter.isalnum() for letter in manner.rest)


def _condition(talk: Talk, draft: AlertDraft, text: str) -> Condition:
    return parse_change(text, talk.services.kinds, draft.condition, may_turn=True)
