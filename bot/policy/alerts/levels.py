"""Thresholds worth suggesting. Pure."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal

from bot.domain.alerts import Direction
from bot.domain.money import exact
from bot.policy.alerts.kind import AlertKind, Watch

_STEPS = (Decimal(2), Decimal(5), Decimal(10))
USUAL_LEVELS: Mapping[str, Sequence[Decimal]] = {
    "volume_spike": (Decimal(2), Decimal(3), Decimal(5)),
    "rsi_level": (Decimal(30), Decimal(70)),
}
"""Of kinds whose lines mean the same whatever the figure of now."""
_MIDDLE = Decimal(50)
_RSI = "rsi_level"
_FEW_DIGITS = Context(prec=4, rounding=ROUND_HALF_EVEN)


def suggest_levels(
    kind: AlertKind, figure: Decimal | None, direction: Direction | None = None
) -> Sequence[Decimal]:
    """Thresholds that are usual or near the present figure, or changes; lowest first.

    Args:
        kind: what is watched; where it tells a figure in `%`, its thresholds are changes.
        figure: the present one, None if it is not known.
        direction: which way it is watched, None if that is open; an RSI's line lies that way.
    """
    if usual := USUAL_LEVELS.get(kind.name):
        if kind.name != _RSI or direction is None:
            return usual
        return [level for level in usual if (level > _MIDDLE) == (direction is Direction.UP)]
    signed = [*(-step for step in reversed(_STEPS)), *_STEPS]
    if kind.figure(Decimal(5)).rstrip().endswith("%"):
        return signed
    if figure is None or figure <= 0:
        return ()
    with exact():
        found = [_FEW_DIGITS.plus(figure * (100 + step) / 100) for step in signed]
    return list(dict.fromkeys(found))


def is_ahead(watch: Watch, figure: Decimal | None) -> bool:
    """Whether a line lies ahead of the present figure, so that it would ring when it is reached."""
    if figure is None or watch.both_ways:
        return True
    beyond = watch.line - figure
    return beyond > 0 if watch.direction is Direction.UP else beyond < 0
