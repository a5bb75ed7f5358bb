"""The stop-loss and the take-profit of a decision, as alerts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from bot.domain.alerts import AlertDraft, Condition
from bot.domain.analysis import TradeDecision
from bot.domain.money import exact

_ABOVE, _BELOW = "PRICE_ABOVE", "PRICE_BELOW"
_DIGITS, _CENTS, _BIG = 5, 2, Decimal(1000)


@dataclass(frozen=True, slots=True)
class Level:
    """The stop-loss or the take-profit of a decision, and what to watch for it."""

    name: str
    draft: AlertDraft


def levels_of(decision: TradeDecision) -> Sequence[Level]:
    """What to watch for a decision: each level from the side its price comes from.

    The lines are the prices that its card shows.
    """
    named = (("stop-loss", decision.stop_loss), ("take-profit", decision.take_profit))
    return [
        Level(
            name,
            AlertDraft(
                Condition(_way(decision, level), decision.symbol, _as_shown(level)),
                urgent=True,
                at_once=True,
                note=f"{name} of your {decision.symbol} decision",
            ),
        )
        for name, level in named
        if level is not None and level > 0
    ]


def _as_shown(level: Decimal) -> Decimal:
    """Cents from a thousand on, else five significant digits, half up."""
    places = _CENTS if level >= _BIG else max(0, _DIGITS - 1 - level.adjusted())
    with exact():
        return level.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP).normalize()


def _way(decision: TradeDecision, level: Decimal) -> str:
    return _BELOW if level < decision.entry else _ABOVE
