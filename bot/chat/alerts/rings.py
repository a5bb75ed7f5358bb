"""What rang lately, and what became of its messages."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.chat.alerts.lines import describe, figure_words, when
from bot.chat.services import Services
from bot.domain.alerts import Condition
from bot.domain.people import User
from bot.ports.alerts import Rung
from bot.ports.ledger import OutboxState

_ASTRAY = {
    OutboxState.AMBIGUOUS: "its message may not have arrived, and is not repeated",
    OutboxState.LOST: "its message did not reach this chat",
    OutboxState.FAILED: "its message could not be sent",
}


def rang_lines(services: Services, user: User, rang: Sequence[Rung]) -> list[str]:
    """A section of its own; nothing if nothing rang."""
    if not rang:
        return []
    return ["", "<b>Rang lately</b>", *(_line(services, user, rung) for rung in rang)]


def condition_of(data: Mapping[str, str]) -> Condition:
    """What a message is about, as it was when it rang: it may have been changed since."""
    return Condition(
        data["type"],
        data["symbol"],
        Decimal(data["threshold"]),
        data["window"],
        int(data["agent"] or 0),
    )


def _line(services: Services, user: User, rung: Rung) -> str:
    condition = condition_of(rung.data) if "type" in rung.data else rung.alert.condition
    words = describe(services, condition)
    at = when(rung.met_at, user.time_zone, services.clock.now())
    figure = ""
    if rung.value is not None and services.kinds.knows(condition):
        figure = f": {figure_words(services, condition, rung.value)}"
    fate = _fate(services, user, rung)
    return f"• {at} · {words}{figure}{f' · <i>{fate}</i>' if fate else ''}"


def _fate(services: Services, user: User, rung: Rung) -> str:
    """What there is to say of its message; nothing if it arrived, or is forgotten."""
    now = services.clock.now()
    if rung.state not in (OutboxState.PENDING, OutboxState.SENDING):
        return _ASTRAY.get(rung.state, "")
    if rung.not_before is not None and rung.not_before > now:
        until = when(rung.not_before, user.time_zone, now)
        return f"its message waits for the end of your quiet hours, {until}"
    return "its message is on its way"
