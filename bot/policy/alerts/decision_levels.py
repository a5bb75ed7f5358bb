"""The stop-loss and the take-profit of a decision, as alerts. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from bot.domain.alerts import AlertDraft, Condition
from bot.domain.analysis import TradeDecision

_ABOVE, _BELOW = "PRICE_ABOVE", "PRICE_BELOW"


def level_drafts(decision: TradeDecision) -> Sequence[AlertDraft]:
    """What to watch for a decision: each level from the side its price comes from."""
    named = (("stop-loss", decision.stop_loss), ("take-profit", decision.take_profit))
    return [
        AlertDraft(
            Condition(_way(decision, level), decision.symbol, level),
            urgent=True,
            at_once=True,
            note=f"{name} of your {decision.symbol} decision",
        )
        for name, level in named
        if level is not None and level > 0
    ]


def _way(decision: TradeDecision, level: Decimal) -> str:
    return _BELOW if level < decision.entry else _ABOVE
