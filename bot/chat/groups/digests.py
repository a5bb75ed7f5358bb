"""The market summaries of a group or topic, and by whose clock they come."""

from datetime import time

from bot.chat.services import Services
from bot.chat.talk import Talk
from bot.domain.alerts import Alert, AlertState
from bot.domain.people import User
from bot.policy.alerts.digest_times import digest_window, read_digest_window
from bot.policy.time_zones import label_of

DAILY = "DIGEST_DAILY"
"""Those of every day, and those of workdays."""
TIMES = ("06:00", "07:00", "08:00", "09:00", "12:00", "16:00", "18:00", "20:00", "22:00")


def is_digest(alert: Alert) -> bool:
    """Whether it comes by the clock."""
    return not alert.series


def is_silent(alert: Alert) -> bool:
    """Whether it does not come until somebody resumes it."""
    return alert.standing.state is AlertState.PAUSED


def time_of(digest: Alert) -> str:
    """The time of its day, as `TIMES` has it."""
    when = read_digest_window(digest.condition.window)
    return f"{when.at:%H:%M}" if when else ""


def moved_to(digest: Alert, at: str) -> str:
    """The window of a digest at another time of the same days."""
    when = read_digest_window(digest.condition.window)
    return digest_window(time.fromisoformat(at), when.days if when else "")


async def clock_of(talk: Talk, alert: Alert) -> User:
    """Whose clock counts where times of an alert are said: a digest comes by its owner's."""
    if not is_digest(alert):
        return talk.user
    return await talk.services.people.load_user(alert.user_id) or talk.user


def clock_words(zone: str) -> str:
    """`Berlin time`, `UTC+2`; not escaped."""
    label = label_of(zone)
    return label if label.startswith("UTC") else f"{label} time"


def timed(services: Services, alert: Alert, clock: User) -> str:
    """What is told, and for a digest by which clock: `Daily digest at 08:00, Berlin time`.

    Not escaped.
    """
    words = services.kinds.describe(alert.condition)
    return f"{words}, {clock_words(clock.time_zone)}" if is_digest(alert) else words


async def timed_here(talk: Talk, alert: Alert) -> str:
    """The same with the clock that counts, and whether it is silent; not escaped."""
    words = timed(talk.services, alert, await clock_of(talk, alert))
    return f"{words} (paused)" if is_silent(alert) else words
