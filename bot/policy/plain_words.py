"""Whether something typed is a sentence of its own, rather than a short answer. Pure."""

import re

_OPENING = re.compile(
    r"^\W*(?:how|what|what's|why|which|who|where|whether|when|should|shall|is|are|was|will|would"
    r"|can|could|do|does|did|has|have|may|might|tell\s+me|explain)\s+\S",
    re.IGNORECASE | re.ASCII,
)
_ORDER = re.compile(r"\b(?:buy|sell|swap|trade|invest|withdraw|send)\b", re.IGNORECASE | re.ASCII)
_SET = r"(?:alerts?|alarms?|notifications?|reminders?)"
_ALERTS = rf"(?:{_SET}|alerting|notify|notified|digests?|warn(?:ings?)?)"
_MANAGING = re.compile(
    r"^\W*(?:please\s+|(?:can|could|will|would)\s+you\s+(?:please\s+)?|i\s+want\s+to\s+)*"
    r"(?:(?:(?:un)?pause|resume|(?:un)?snooze|(?:un)?mute|silence|stop|cancel|delete|remove|clear"
    rf"|turn\s+off|switch\s+off|disable)\s+(?:\w+\s+){{0,4}}(?:{_SET}|alerting|digests?)"
    rf"|(?:show|list|see|view|edit|change)\s+(?:\w+\s+){{0,3}}{_SET})\b"
    rf"|\b(?:what|which|how\s+many|any)\s+(?:\w+\s+){{0,2}}{_SET}\s+(?:do|have|are|did)\b"
    rf"|\bmy\s+(?:\w+\s+)?{_SET}\b"
    r"|\b(?:don['\u2019]?t|do\s+not|never|stop|no\s+longer)\s+(?:\w+\s+)?"
    r"(?:alert|notify|ping|warn|wake|remind)(?:ing)?\s+(?:me|us)\b",
    re.IGNORECASE | re.ASCII,
)
_ALERTISH = re.compile(
    rf"\b{_ALERTS}\b|\b(?:alert|notify|ping|remind|wake|warn)(?:ing)?\s+(?:me|us)\b"
    r"|\btell\s+(?:me|us)\b.*\b(?:every|each|daily|weekly|when|if|at\s+[0-9])"
    r"|\b(?:alarm\w*|benachrichtig\w*|erinner\w*|weck\w*|warn\w*|(?:sag|melde?|gib)\s+(?:mir|uns|dich|bescheid)"
    r"|bescheid)\b"
    r"|\b(?:al[eé]rt\w*|av[ií]s\w*|notif[ií]\w*|recu[eé]rda\w*|despi[eé]rta\w*|dime\s+cuando)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"(?=.*[0-9])(?:[0-9.,:$€%+\-–—\s]|\b(?:am|pm|to|until|from|at|in|for|every|hours?|days?|minutes?|min)\b"
    r"|(?<=[0-9])(?:am|pm|h|d|m|k|x|min)\b)+",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_ENOUGH = 3


def is_question(text: str) -> bool:
    """`Should I buy?` and `what about 14:35`; `New York?` and `25?` are answers in doubt."""
    asks = text.rstrip().endswith("?") and len(text.split()) >= _ENOUGH
    return asks or bool(_OPENING.search(text))


def is_order(text: str) -> bool:
    """`Buy 100 SEI` wants a trade now."""
    return bool(_ORDER.search(text))


def is_sentence(text: str) -> bool:
    """At least three words that are no figures."""
    return len(_WORD.findall(text)) >= _ENOUGH


def manages_alerts(text: str) -> bool:
    """`Pause all my alerts`, `what alerts do I have?`, `stop alerting me`: those that are set."""
    return bool(_MANAGING.search(text))


def is_about_alerts(text: str) -> bool:
    """Whether alerts are meant, in whatever way and in a few languages."""
    return manages_alerts(text) or bool(_ALERTISH.search(text))


def is_bare_figure(text: str) -> bool:
    """`9`, `22:16`, `23-7`, `$0.25`, `2 hours`: an answer, if something were asked."""
    return bool(_FIGURE.fullmatch(text.strip()))
