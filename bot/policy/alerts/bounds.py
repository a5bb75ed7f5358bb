"""What an alert may be, and how far it is from ringing. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.alerts import AlertDraft
from bot.domain.errors import UserError
from bot.domain.money import exact
from bot.policy.alerts.kind import Watch, split_series
from bot.policy.alerts.ring_words import LONGEST_COOLDOWN, LONGEST_LIFE

_FARTHEST = 100
_IN_PERCENT = frozenset({"fall", "rise", "high", "low", "ma", "rsi"})
"""Meters whose figures are per cent or points already."""
_LEVELS = frozenset({"price", "gas"})
"""Meters whose figures stay within a hundredfold for good."""


def check_draft(draft: AlertDraft, now: datetime) -> None:
    """Refuse times that cannot be.

    Raises:
        UserError: it would end before it begins, or rest longer than it lives.
    """
    if draft.expires_at is not None:
        if draft.expires_at <= now:
            raise UserError("That date has passed. Write one to come, like: until 31 Dec.")
        if draft.expires_at > now + LONGEST_LIFE:
            raise UserError("An alert can wait for up to five years. Leave the date out instead.")
    if not timedelta(0) <= draft.cooldown <= LONGEST_COOLDOWN:
        raise UserError("Between two rings there can be at most 30 days.")


def check_level(watch: Watch, figure: Decimal, words: Callable[[Decimal], str]) -> None:
    """Refuse a line that is a hundredfold away from the present figure, a typing error mostly.

    Raises:
        UserError: with the present figure `words` tells.
    """
    name, _, _ = split_series(watch.series)
    if name not in _LEVELS or figure <= 0:
        return
    if watch.line > figure * _FARTHEST or watch.line * _FARTHEST < figure:
        raise UserError(
            f"{words(watch.line)} is more than a hundredfold from what it is now, "
            f"{words(figure)}. Please check the figure."
        )


def distance_of(watch: Watch, figure: Decimal) -> Decimal:
    """How far a figure is from the line, in per cent of the figure, or in points of a per cent.

    0 where the line is reached already, unless either way of crossing rings.
    """
    if not watch.both_ways and watch.fire().is_hit(figure):
        return Decimal(0)
    with exact():
        gap = abs(watch.line - figure)
        if split_series(watch.series)[0] in _IN_PERCENT:
            return gap
        return gap / abs(figure) * 100 if figure else Decimal("Infinity")


def is_in_points(watch: Watch) -> bool:
    """Whether distances to its line are points of a per cent, rather than per cent of a figure."""
    return split_series(watch.series)[0] in _IN_PERCENT
