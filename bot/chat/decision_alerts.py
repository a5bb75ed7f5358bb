"""The button that makes alerts of a decision's stop-loss and take-profit."""

from bot.chat.view import Row, button
from bot.domain.analysis import TradeDecision
from bot.policy.alerts.decision_levels import level_drafts

_LABEL = "🔔 Alert me at stop and target"


def levels_rows(decision_id: int | None, decision: TradeDecision | None) -> tuple[Row, ...]:
    """A button that sets both alerts of a decision; none where it has no levels."""
    if decision_id is None or decision is None or not level_drafts(decision):
        return ()
    return ((button(_LABEL, "alert", "levels", decision_id),),)
