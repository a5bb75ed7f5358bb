"""What stands around a figure: whether it is a line or an amount, and whether it is sure. Pure."""

import re
from collections.abc import Sequence

from bot.domain.symbols import resolve
from bot.policy.alerts.vocabulary import FALLS, MOVES, RISES, is_known

_BEHIND = re.compile(r"(?P<gap>\s?)(?P<word>[a-z][a-z0-9]*)", re.ASCII)
_BEFORE = re.compile(r"(?:[a-z]+[.,]|\bx\s?|\bpoint\s?)$", re.ASCII)
_MONEY = frozenset({"usd", "dollar", "dollars", "buck", "bucks", "nsei", "gwei"})
_ABOUT = (
    r"(?:\s+(?:another|further|about|around|roughly|nearly|almost|exactly|only|just|some|an?"
    r"|(?:no\s+)?(?:more|less)\s+than|at\s+(?:least|most)))*"
)
_VERBS = "|".join(sorted(RISES | FALLS | MOVES))
_GOING_ON = frozenset({"buy", "sell", "before", "during", "otherwise", "unless", "except"})
"""Words behind a figure that begin something else."""
_BY = re.compile(
    rf"(?<!breaks )(?<!break )(?<!broke )(?<!crosses )(?<!cross )\b(?:{_VERBS})"
    rf"(?:\s+in\s+(?:price|value|worth))?{_ABOUT}(?:\s+usd?)?\s*$"
    r"|\+\s*$|\bfrom\s*$"
    rf"|\bby{_ABOUT}(?:\s+(?:over|under))?\s*$"
    r"|\b(?:gain|gains|gained|lose|loses|lost|move|moves|moved)\s+(?:over|under)\s*$",
    re.ASCII,
)
_APART = re.compile(
    r"\s*(?:usd\w*|dollars?|bucks|points?|bps|\$)?\s*\b(?:up|down|higher|lower)\b", re.ASCII
)


def is_amount(lead: str, rest: str) -> bool:
    """Whether the figure between says by how much something moves: `drops by`, `gains`, `0.1 up`.

    Args:
        lead: what stands before it, in small letters.
        rest: what stands behind it.
    """
    return bool(_BY.search(lead) or _APART.match(rest))


def odd_figure(figure: str, lead: str, rest: str, listed: Sequence[str]) -> str:
    """The figure with what clings to it and has no meaning; empty if all of it has."""
    if before := _BEFORE.search(lead):
        return f"{before[0]}{figure}"
    behind = _BEHIND.match(rest)
    if not behind or behind["word"] in _MONEY or resolve(behind["word"], listed) is not None:
        return ""
    known = behind["gap"] and (is_known(behind["word"]) or behind["word"] in _GOING_ON)
    return "" if known else f"{figure}{behind[0]}"
