"""Whether something typed is a sentence of its own, rather than a short answer. Pure."""

import re

_OPENING = re.compile(
    r"^\W*(?:how|what|what's|why|which|who|where|whether|when|should|shall|is|are|was|will|would"
    r"|can|could|do|does|did|has|have|may|might|tell\s+me|explain)\s+\S",
    re.IGNORECASE | re.ASCII,
)
_ORDER = re.compile(r"\b(?:buy|sell|swap|trade|invest|withdraw|send)\b", re.IGNORECASE | re.ASCII)
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
