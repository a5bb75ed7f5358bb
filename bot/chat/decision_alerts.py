"""A decision's stop-loss and take-profit, and the button that makes alerts of them."""

from bot.chat.render import price
from bot.chat.view import Row, button
from bot.domain.analysis import TradeDecision
from bot.policy.alerts.decision_levels import levels_of

_LABEL = "🔔 Alert me at stop and target"


def levels_rows(decision_id: int | None, decision: TradeDecision | None) -> tuple[Row, ...]:
    """A button that sets both alerts of a decision; none where it has no levels."""
    if decision_id is None or decision is None or not levels_of(decision):
        return ()
    return ((button(_LABEL, "alert", "levels", decision_id),),)


def levels_lines(decision: TradeDecision | None) -> list[str]:
    """What that button would watch, in one line; nothing where there are no levels."""
    levels = levels_of(decision) if decision else ()
    words = [f"{level.name} {price(level.draft.condition.threshold)}" for level in levels]
    return [f"Advice: {', '.join(words)}"] if words else []
