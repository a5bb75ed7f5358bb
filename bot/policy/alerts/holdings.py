"""What somebody holds, as sentences say it: `i have less than`, `my wallet`. Pure."""

import re

_FEW = r"(?:less|more|fewer|over|under|below|above|beneath|at\s+(?:least|most)|only|just|[<>])"
_SOMEBODY = r"(?:i|we|i've|we've|agent|bot|it|account)"
_PLACES = re.compile(
    r"\b(?:escrow|wallet)s?\b|\bmy\s+(?:agent|account)(?:'s)?\b"
    rf"|\b{_SOMEBODY}(?:\s+(?:only|just|still|now))?\s+(?:have|has|own|owns|hold|holds|got|keeps?)"
    rf"(?:\s+got)?\s+{_FEW}(?!\w)",
    re.ASCII,
)


def tells_holdings(plain: str) -> bool:
    """Whether a sentence in small letters is about how much somebody holds."""
    return bool(_PLACES.search(plain))
