"""From a sentence to an alert, without a model. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.alerts import AlertDraft, Condition, Repeat
from bot.policy.alerts.kind import AlertKinds
from bot.policy.alerts.phrases import LONGEST, NoFigureError, Phrase, read_phrase
from bot.policy.alerts.ring_words import USUAL_COOLDOWN, read_manner


def parse_alert(
    text: str,
    kinds: AlertKinds,
    listed: Sequence[str],
    now: datetime,
    zone: str,
    agent_id: int = 0,
) -> AlertDraft | None:
    """The alert that a sentence asks for; None if none can be read.

    Args:
        text: as written.
        kinds: all of them; the first that takes the sentence wins.
        listed: symbols that are watched.
        now: UTC.
        zone: IANA name, for dates.
        agent_id: the agent that the chat is looking at, 0 for none.

    Raises:
        UserError: an alert is meant, but something about it cannot be; the text says what to
            write instead.
    """
    manner = read_manner(text, now, zone)
    phrase = read_phrase(manner.rest, listed, agent_id)
    condition = parse_condition(phrase, kinds)
    if condition is None:
        return None
    kind = kinds.of(condition)
    usual = Repeat.ONCE if kind.watch(condition) else Repeat.EVERY
    repeat = manner.repeat or usual
    cooldown = timedelta(0)
    if repeat is Repeat.EVERY and kind.watch(condition):
        cooldown = manner.cooldown or USUAL_COOLDOWN
    return AlertDraft(
        condition=condition,
        repeat=repeat,
        cooldown=cooldown,
        expires_at=manner.expires_at,
        urgent=manner.urgent or kind.urgent,
        at_once=manner.at_once,
    )


def keep_manner(
    draft: AlertDraft, text: str, kinds: AlertKinds, now: datetime, zone: str
) -> AlertDraft:
    """An alert that somebody else made of a text, ringing as the text itself says.

    Raises:
        UserError: as `read_manner`.
    """
    manner = read_manner(text, now, zone)
    kept = replace(
        draft,
        expires_at=manner.expires_at or draft.expires_at,
        urgent=manner.urgent or draft.urgent,
        at_once=manner.at_once or draft.at_once,
    )
    repeat = manner.repeat or draft.repeat
    if kinds.watch(draft.condition) is None:
        return kept
    if repeat is Repeat.ONCE:
        return replace(kept, repeat=repeat, cooldown=timedelta(0))
    cooldown = manner.cooldown or draft.cooldown or USUAL_COOLDOWN
    return replace(kept, repeat=repeat, cooldown=cooldown)


def parse_condition(phrase: Phrase, kinds: AlertKinds) -> Condition | None:
    """What is watched, checked by its kind; None if no kind takes it. Raises UserError."""
    for kind in sorted(kinds.kinds, key=lambda kind: kind.order):
        try:
            condition = kind.parse(phrase)
        except NoFigureError:
            if phrase.strangers:
                return None
            raise
        if condition is not None:
            kind.check(condition)
            return condition
    return None


_FLAGS = re.IGNORECASE | re.ASCII
_ME = r"(?:me|us|the\s+(?:group|chat|channel|topic))(?:\s+(?:up|here))?"
_THING = r"(?:alert|alarm|notification|reminder|ping|shout|heads[\s-]?up)"
_STRONG = re.compile(
    rf"\b(?:wake|alert|notify|ping|warn|remind|buzz|page)\s+{_ME}\b"
    rf"|\b(?:send|set|create|make|add|put|give|need|want|like)\s+(?:{_ME}\s+|up\s+)?"
    rf"(?:an?\s+|the\s+)?(?:\w+\s+){{0,2}}{_THING}\b"
    r"|\bto\s+be\s+(?:told|alerted|notified|warned|woken|pinged)\b"
    r"|^\W*(?:please\s+)?(?:alert|alarm|notify|ping)\b",
    _FLAGS,
)
_WEAK = re.compile(
    rf"\b(?:tell|message|text|inform|update|call|poke|dm)\s+{_ME}\b(?!\s+(?:about|more|what|why|how"
    rf"|which|who|where|your|the)\b)|\blet\s+{_ME}\s+know\b(?!\s+(?:about|what|why|how|which)\b)"
    r"|\bi\s+(?:want|need|would\s+like)\s+to\s+know\b(?!\s+(?:about|what|why|how|which)\b)",
    _FLAGS,
)
_WHEN = re.compile(
    r"\b(?:when(?:ever)?|if|once(?!\s+(?:more|again|upon))|as\s+soon\s+as|in\s+case|should"
    r"|the\s+moment|(?:every|each)\s+time)\b(?P<next>\s+[\w']+)?",
    _FLAGS,
)
_REGULAR = re.compile(
    r"\b(?:every|each)\s+(?:day|morning|evening|night|week|hour|mon|tues|wednes|thurs|fri|satur"
    r"|sun)|\b(?:daily|weekly)\b",
    _FLAGS,
)
_SHORT = re.compile(r"[<>%]|\b(?:for|on|at|above|below|over|under|of|crosses)\b", _FLAGS)
_NOT = re.compile(
    r"\b(?:don'?t|do\s+not|never|stop|no\s+longer)\s+(?:\w+\s+){0,2}?"
    r"(?:alert|notif|ping|tell|warn|remind|wak|let|message|text|send|set|creat|mak)"
    r"|^\W*(?:how|what|why|which|who|where|whether)\b"
    r"|\bshould\s+(?:i|we|one|you|it)\b|\b(?:i|we|one|you)\s+should\b"
    r"|\bgood\s+(?:buy|time|idea|moment|trade|bet|choice|investment|entry)\b|\bworth\s+buying\b",
    _FLAGS,
)
_MUSING = frozenset({"to", "i", "we", "you", "there", "there's", "not"})
_GUESSING = re.compile(r"\b(?:will|would|could|can|may|might|likely)\b(?!\s+you\b)", _FLAGS)


_DIGEST = r"(?:digest|summary|report|briefing|recap|overview|news)s?"
_ANY_DAY = (
    r"(?:day|morning|evening|night|noon|midday|week|weekday"
    r"|(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?)"
)
_CLOCK = r"(?:at\s+[0-9]|[0-9]{1,2}:[0-9]{2}|[0-9]{1,2}\s?[ap]\.?m\b|at\s+(?:noon|midday|midnight))"
_BY_NAME = re.compile(r"\b(?:daily|weekly)\s+digest\b", _FLAGS)
_NAMED = re.compile(rf"\b{_DIGEST}\b", _FLAGS)
_SCHEDULE = re.compile(
    rf"\b(?:every|each)\s+{_ANY_DAY}\b|\b(?:on|in\s+the)\s+(?:{_ANY_DAY}s)\b"
    rf"|\b(?:daily|weekly)\b.*(?:{_CLOCK}|\bon\s+{_ANY_DAY}\b)",
    _FLAGS,
)
_SERIAL = re.compile(
    rf"\ban?\s+(?:daily|weekly)\s+(?:\w+\s+)?{_DIGEST}\b(?!\s+(?:of|about|for|from|on)\b)", _FLAGS
)
_ORDER = re.compile(
    r"^\W*(?:(?:hi|hey|hello|ok|okay|please)\W+)*"
    rf"(?:(?:every|each)\s+{_ANY_DAY}\b(?:\s+{_CLOCK}[\w:.]*)?\W+)?"
    r"(?:please\s+)?(?:(?:can|could|will|would)\s+you\s+(?:please\s+)?)?"
    r"(?:(?:send|give|get|set|create|make|add|schedule|start|post|write)\s+(?:me\b|us\b|up\b"
    r"|an?\b|the\b|my\b|daily\b|weekly\b)|(?:can|could|may)\s+(?:i|we)\s+(?:get|have)\b"
    r"|(?:i|we)(?:\s+(?:want|need|would\s+like)|['\u2019]d\s+like)\s+"
    r"(?:an?\b|the\b|my\b|to\s+(?:get|have|receive)\b|daily\b|weekly\b))",
    _FLAGS,
)
_BARE = re.compile(
    rf"(?:an?|my|market|crypto|daily|weekly|{_DIGEST}|every|each|on|in|the|at|{_ANY_DAY}s?|midnight"
    r"|please|o'clock|[0-9]{1,2}(?::[0-9]{2})?(?:[ap]m)?|[ap]m)",
    _FLAGS,
)
_LOOKING_BACK = re.compile(
    r"\b(?:this|last|past|today's|yesterday(?:'s)?|happened|chart|candles?|closes?)\b", _FLAGS
)


def _wants_digest(text: str) -> bool:
    """`Send me a daily digest` does; `give me a summary of the market` wants one now, once."""
    if not _NAMED.search(text) or _LOOKING_BACK.search(text):
        return False
    regular = bool(_SCHEDULE.search(text))
    if _ORDER.search(text):
        return regular or bool(_SERIAL.search(text))
    words = [word.strip(",.!") for word in text.split()]
    named = _BY_NAME.search(text)
    return bool(regular or named) and all(not word or _BARE.fullmatch(word) for word in words)


def wants_alert(text: str) -> bool:
    """Whether plain chat asks to be told of something later, rather than for an answer now.

    `Wake me if ...` does; `tell me about SEI` and `when should I sell?` do not.
    """
    if len(text) > LONGEST or _NOT.search(text):
        return False
    if _wants_digest(text):
        return True
    when = _WHEN.search(text)
    regular = bool(_REGULAR.search(text))
    if _STRONG.search(text):
        return bool(when) or regular or bool(_SHORT.search(text))
    if not _WEAK.search(text):
        return False
    clause = when is not None and (when["next"] or "").strip().lower() not in _MUSING
    return regular or (clause and not _GUESSING.search(text))
