"""From a sentence to an alert, without a model. Pure."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.alerts import AlertDraft, Condition, Repeat
from bot.domain.errors import UserError
from bot.policy.alerts.doubts import doubt_about
from bot.policy.alerts.guesses import meant_word
from bot.policy.alerts.hearsay import check_heard
from bot.policy.alerts.idioms import plainly
from bot.policy.alerts.kind import AlertKind, AlertKinds
from bot.policy.alerts.orders import is_managing, refusal_of_order
from bot.policy.alerts.phrases import LONGEST, NoFigureError, Phrase, read_phrase
from bot.policy.alerts.ring_words import USUAL_COOLDOWN, read_manner, without_calm
from bot.policy.alerts.vocabulary import MARKS


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
    manner = read_manner(plainly(text), now, zone)
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
        urgent=manner.is_urgent(kind.urgent),
        at_once=manner.at_once,
    )


def keep_manner(
    draft: AlertDraft, text: str, kinds: AlertKinds, now: datetime, zone: str
) -> AlertDraft:
    """An alert that somebody else made of a text, ringing as the text itself says.

    Raises:
        UserError: as `read_manner`; or the text says otherwise than the alert.
    """
    manner = read_manner(plainly(text), now, zone)
    check_heard(draft.condition, read_phrase(manner.rest, ()), kinds)
    kept = replace(
        draft,
        expires_at=manner.expires_at or draft.expires_at,
        urgent=manner.is_urgent(draft.urgent),
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
    """What is watched, checked by its kind; None if no kind takes it.

    Raises:
        UserError: a kind is meant, but something about it cannot be, or is in doubt.
    """
    for kind in sorted(kinds.kinds, key=lambda kind: kind.order):
        try:
            condition = _read_by(kind, phrase)
        except NoFigureError:
            if phrase.strangers:
                _ask_for_misspelt(phrase)
                return None
            raise
        if condition is not None:
            return condition
    if phrase.nouns and (phrase.numbers or phrase.percents) and (doubt := doubt_about(phrase)):
        raise doubt
    if is_managing(phrase.plain):
        raise UserError(refusal_of_order(phrase.plain))
    _ask_for_misspelt(phrase)
    return None


def _ask_for_misspelt(phrase: Phrase) -> None:
    """Raise UserError where a figure stands beside what is nearly a word of alerts."""
    written, meant = meant_word(phrase.strangers)
    if meant and phrase.symbols and (phrase.numbers or phrase.percents):
        raise UserError(f"I do not know {written}. Did you mean {meant}?")


def _read_by(kind: AlertKind, phrase: Phrase) -> Condition | None:
    """The condition of one kind; a doubt about the sentence goes before what the kind says."""
    try:
        condition = kind.parse(phrase)
        if condition is not None:
            kind.check(condition)
    except UserError as error:
        if phrase.strangers and isinstance(error, NoFigureError):
            raise
        raise doubt_about(phrase) or error from None
    if condition is not None and (doubt := doubt_about(phrase, kind.name)):
        raise doubt
    return condition


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
    rf"\b(?:tell|message|text|inform|update|call|poke|dm|ring)\s+{_ME}\b(?!\s+(?:about|more|what|why|how"
    rf"|which|who|where|your|the)\b)|\blet\s+{_ME}\s+know\b(?!\s+(?:about|what|why|how|which)\b)"
    r"|\bi\s+(?:want|need|would\s+like)\s+to\s+know\b(?!\s+(?:about|what|why|how|which)\b)",
    _FLAGS,
)
_SHOUT = re.compile(r"^\W*(?:please\s+)?(?:shout|holler|yell|ring|beep)\s+(?:if|when)\b", _FLAGS)
_WHEN = re.compile(
    r"\b(?:when(?:ever)?|if|once(?!\s+(?:more|again|upon))|as\s+soon\s+as|in\s+case|should"
    r"|the\s+moment|(?:every|each)\s+time)\b(?P<next>\s+(?!i\s+(?:receive|get)\b)[\w']+)?",
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
    r"|^\W*(?:how|what|why|which|who|where|whether|did|does|was|were|do\s+(?:i|we)|have\s+i)\b"
    r"|\bremind\s+me\s+(?:what|how|why|which|who|where)\b|\bshould\s+(?:i|we|one|you|it)\b|\b(?:i|we|one|you)\s+should\b"
    r"|\bgood\s+(?:buy|time|idea|moment|trade|bet|choice|investment|entry)\b|\bworth\s+buying\b",
    _FLAGS,
)
_PAST = (
    r"(?:dropped|fell|rose|gained|lost|climbed|crossed|broke|reached|touched|went|jumped|pumped"
    r"|dumped|crashed|moved|changed|closed|traded|hit|doubled|tripled|dipped)"
)
_LOOKING_FOR = re.compile(
    r"\b(?:was|were)\b(?!\s+to\b)|\b(?:had|did)\b|\b(?:has|have)\s+(?:ever|last|already|been)\b"
    rf"|\bever\s+(?:been|gone|{_PAST})\b"
    rf"|\b(?:last|first)\s+{_PAST}\b|\b(?:launched|created|founded|listed|started)\b"
    rf"|\b{_PAST}\b.*\b(?:today|yesterday|overnight|so\s+far|ago|since|last\s+\w+"
    r"|this\s+(?:morning|afternoon|evening|week|month|year))\b"
    r"|\b(?:i|we)\s+(?:already\s+|first\s+|last\s+)?(?:bought|sold|set|made|opened|paid)\b",
    _FLAGS,
)
"""What was is asked, not what will be."""
_REMIND = re.compile(rf"\bremind\s+{_ME}\b", _FLAGS)
_FIGURE = re.compile(
    r"[0-9]|\b(?:half|quarter|third|tenth|twentieth|ten|twelve|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundred|thousand|grand|million|one|two|three|four|five|six|seven"
    r"|eight|nine|a\s+dollar|anything|something)\b",
    _FLAGS,
)
_EVENTS = frozenset(
    {"double", "doubles", "triples", "halves", "volume", "golden", "arrives", "comes", "trade"}
)
_PRESENT = re.compile(
    r"\b(?:is|are|'s)\s+(?:still\s+|really\s+|now\s+|currently\s+)?(?:up|down|going|moving|rising|falling|climbing"
    r"|dropping|trending|heading|pumping|dumping|crashing|recovering|moon(?:ing)?)\b",
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
_WORK_WEEK = r"\bmon(?:day)?s?\s*(?:-|to|through|thru)\s*fri(?:day)?s?\b"
_SCHEDULE = re.compile(
    rf"{_WORK_WEEK}|\b(?:every|each)\s+{_ANY_DAY}\b|\b(?:on|in\s+the)\s+(?:{_ANY_DAY}s)\b"
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
    rf"(?:an?|my|market|crypto|daily|weekly|{_DIGEST}|every|each|on|in|the|at|{_ANY_DAY}s?(?:-{_ANY_DAY}s?)?|to|through|thru|-|from|midnight"
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
    if len(text) > LONGEST:
        return False
    text = without_calm(plainly(text))
    if _NOT.search(text):
        return False
    if _wants_digest(text):
        return True
    when = _WHEN.search(text)
    regular = bool(_REGULAR.search(text))
    if _STRONG.search(text):
        if _REMIND.search(text) and _LOOKING_FOR.search(text):
            return False
        return bool(when) or regular or bool(_SHORT.search(text))
    if not _WEAK.search(text) and not _SHOUT.search(text):
        return False
    clause = when is not None and (when["next"] or "").strip().lower() not in _MUSING
    if clause and (_GUESSING.search(text) or not _names_an_event(text)):
        return False
    return regular or clause


def _names_an_event(text: str) -> bool:
    """Something to come that has a figure, or could have: not what was, nor how things are."""
    if _LOOKING_FOR.search(text):
        return False
    if _FIGURE.search(text):
        return True
    words = {word.removesuffix("'s") for word in re.findall(r"[a-z']+", text.lower())}
    return not words.isdisjoint(MARKS | _EVENTS) and not _PRESENT.search(text)
