"""Orders that no alert can carry out: to trade, to delete, not to tell. Pure."""

import re

_POLITE = (
    r"^\W*(?:(?:hi|hey|hello|ok|okay|please|pls|just|kindly)\W+)*"
    r"(?:(?:can|could|will|would)\s+you\s+(?:please\s+)?)?"
)
_TRADE = r"(?:buy|sell|swap|short|purchase|liquidate|dca)"
_NO_ORDER = (
    r"(?!\s+(?:the\s+)?(?:signals?|alerts?|alarms?|zones?|targets?|walls?|orders?|price|at\b.*\?))"
)
_TRADES = re.compile(
    rf"{_POLITE}(?:auto(?:matically)?[\s-]+)?{_TRADE}\b{_NO_ORDER}"
    rf"|(?:\b(?:and|then|&)|[,;])\s+(?:then\s+|please\s+|also\s+|auto(?:matically)?[\s-]+)*{_TRADE}"
    rf"\b{_NO_ORDER}",
    re.ASCII,
)
_MAY = re.compile(r"\b(?:i|we)\s+(?:can|could|may|might|want|will|would|should|have)\b", re.ASCII)
"""`So that I can look and sell` tells why."""
_MANAGES = re.compile(
    rf"{_POLITE}(?:delete|remove|cancel|disable|deactivate|pause|mute|unmute|resume|unpause|snooze"
    r"|edit|erase|(?:turn|switch|shut)\s+off|get\s+rid\s+of)\b"
    rf"|{_POLITE}(?:change|move|update|stop|clear|end|reset)\s+(?:(?:my|the|that|this|all)\s+)+"
    r"(?:\S+\s+){0,4}?(?:alerts?|alarms?|digests?)\b"
    r"|\bno\s+(?:alerts?|alarms?|notifications?|notices?|pings?|digests?)\b",
    re.ASCII,
)


def is_managing(plain: str) -> bool:
    """Whether an alert that there is shall be deleted, paused or changed."""
    return bool(_MANAGES.search(plain))


def refusal_of_order(plain: str) -> str:
    """What to say to an order in a sentence in small letters; empty if there is none."""
    if is_managing(plain):
        return (
            "/alerts deletes, pauses and changes alerts. A new one is written like: SEI below 0.25."
        )
    if _TRADES.search(plain) and not _MAY.search(plain):
        return (
            "An alert only tells you; it does not trade. Write it like: SEI below 0.2, to be told."
        )
    return ""
