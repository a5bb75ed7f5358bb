"""Turns of phrase whose words mean something else in an alert: `hit me up` rises nowhere. Pure."""

import re

_FLAGS = re.IGNORECASE | re.ASCII
_NEVER = r"(?:(?:please\s+)?(?:do\s+not|don'?t|dont|never))(?:\s+you)?(?:\s+ever)?"
_ME = r"(?:me|us)"
_NOTE = r"(?:an?\s+)?(?:quick\s+|short\s+)?(?:message|line|note|text|dm|word|msg)"
_MEANT = (
    (rf"{_NEVER}\s+(?:forget|fail|hesitate)(?:\s+to)?", ""),
    (rf"{_NEVER}\s+let\s+{_ME}\s+(?:miss|forget)(?:\s+(?:it|this|out))?", "tell me"),
    (rf"(?:send|drop|write|shoot|leave)\s+{_ME}\s+{_NOTE}", "tell me"),
    (rf"(?:hit|call|ring|phone|text)\s+{_ME}\s+up", "tell me"),
    (rf"keep\s+{_ME}\s+(?:up\s+to\s+date|posted|in\s+the\s+loop)", "tell me"),
    (r"(?:(?:i|we)(?:\s+would|'d)\s+like|(?:i|we)\s+wanna)\s+to\s+know", "let me know"),
    (r"(?:i|we)\s+wanna\s+know", "let me know"),
    (r"you\s+(?:should|must|can|need\s+to)(?=\s+(?:tell|alert|notify|warn|ping|let)\b)", "please"),
    (r"(?:i|we)\s+(?:should|must)\s+be\s+(?:told|notified|alerted|warned)", "tell me"),
    (r"lmk", "let me know"),
    (r"(?:by|in)\s+(?:a\s+)?half(?!\s+(?:an?|of|past|the)\b|-)", "by 50%"),
    (r"twice(?=\s+(?:an?|per|each|every)\b)", "2 times"),
    (r"(?:an?\s+)?heads[\s-]?up", "an alert"),
    (r"set(?:ting)?\s+up", "set"),
    (r"good\s+(?:morning|afternoon|evening|night|day)", "hello"),
    (r"by\s+the\s+way|btw", ""),
    (r"why\s+not", "please"),
)
_PATTERNS = tuple((re.compile(rf"\b(?:{words})(?!\w)", _FLAGS), other) for words, other in _MEANT)


def plainly(text: str) -> str:
    """A sentence with such turns in plain words."""
    text = text.replace("\u2019", "'")
    for pattern, other in _PATTERNS:
        text = pattern.sub(other, text)
    return text
