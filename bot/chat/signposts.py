"""Where to go with plain words that the analyst cannot answer."""

from bot.chat.view import Row, View, button
from bot.policy.plain_words import is_about_alerts, is_bare_figure

_ALERTS: Row = (
    button("🔔 New alert", "alert", "new"),
    button("📋 My alerts", "alerts", "page", 0),
)
_PRICES_AND_AGENT: Row = (
    button("📈 Prices", "price", "list"),
    button("🤖 Open an agent", "agents", "new"),
)


def to_alerts() -> View:
    """Something shall become of alerts that are set: that is done by buttons."""
    text = (
        "🔔 Nothing was changed: alerts are paused, snoozed, changed and deleted by buttons. "
        "/alerts shows yours, with those; /alert sets a new one, /quiet is about quiet hours."
    )
    return View(text, (_ALERTS,))


def without_agent(text: str) -> View:
    """The analyst answers through an agent, and there is none: say what works without."""
    if is_bare_figure(text):
        words = (
            "I asked for no figure or time just now, so nothing was changed. /alerts shows your "
            "alerts and changes them, /alert sets one, /quiet is about quiet hours."
        )
    elif is_about_alerts(text):
        words = (
            "I cannot make an alert of that; nothing was set or changed. /alert sets one, like "
            "<code>/alert SEI below 0.2</code> or <code>/alert daily digest at 9:00</code>; "
            "/alerts shows yours."
        )
    else:
        words = (
            "You have no agent yet, and I answer questions and trade through one. Open it with "
            "/agents. Without it /alert tells you when a price gets there, and /price shows prices."
        )
        return View(words, (_ALERTS, _PRICES_AND_AGENT))
    return View(
        f"{words}\n\nFor other questions you need an agent: /agents.", (_ALERTS, _PRICES_AND_AGENT)
    )
