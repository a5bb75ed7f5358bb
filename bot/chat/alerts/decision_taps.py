"""One tap: the stop-loss and the take-profit of a decision become alerts."""

from collections.abc import Sequence

from bot.chat.alerts.asking import private
from bot.chat.alerts.lines import describe, figure_line
from bot.chat.talk import Talk
from bot.chat.trading import own_decision
from bot.chat.view import View, button
from bot.domain.alerts import Alert
from bot.domain.errors import UserError
from bot.policy.alerts.decision_levels import level_drafts


async def set_levels(talk: Talk, decision_id: str) -> None:
    """Set both, each once, however often it is tapped.

    Raises:
        UserError: the decision is somebody else's, or has neither level.
    """
    _, decision = await own_decision(talk, decision_id)
    drafts = level_drafts(decision)
    if not drafts:
        raise UserError("That decision has neither stop nor target. /alert sets any other alert.")
    made, fresh = [], False
    for draft in drafts:
        alert, new = await talk.services.set_alerts.create_once(talk.user, private(talk), draft)
        made.append(alert)
        fresh = fresh or new
    talk.toast = "Set." if fresh else "You have both already."
    if fresh:
        await talk.say(_set_view(talk, made))


def _set_view(talk: Talk, alerts: Sequence[Alert]) -> View:
    services = talk.services
    lines = ["✅ <b>I tell you at stop and target.</b> I do not trade by myself then.", ""]
    for alert in alerts:
        nearby = services.set_alerts.look_at(alert)
        figure = figure_line(services, alert.condition, nearby.figure, nearby.distance)
        lines.append(f"🔔 {describe(services, alert.condition)}. {figure}")
    return View("\n".join(lines), ((button("🔔 All alerts", "alerts", "page", 0),),))
