"""What there is to say about an alert, line by line."""

from datetime import datetime, timedelta
from decimal import Decimal

from bot.chat.render import esc, price
from bot.chat.services import Services
from bot.domain.alerts import Alert, AlertState, Condition, Repeat
from bot.domain.people import User
from bot.policy.alerts.bounds import is_in_points
from bot.policy.alerts.changes import ends_in_rest
from bot.policy.alerts.kind import Source, Watch, split_series
from bot.policy.alerts.proposals import Nearby, Proposal
from bot.policy.alerts.states import SHORTEST_COOLDOWN, come_back
from bot.policy.time_zones import label_of, local

_MARKS = {
    AlertState.ARMED: "🔔",
    AlertState.DISARMED: "⏳",
    AlertState.RESTING: "💤",
    AlertState.SNOOZED: "😴",
    AlertState.PAUSED: "⏸",
    AlertState.DONE: "✔️",
}
WAITED = "🌙 It waited for the end of your quiet hours."
_DAY = timedelta(days=1)
_NEAR = Decimal(10)
_PRICE, _DEPOSIT = "price", "deposit"
_IN_UNITS = ("balance", _DEPOSIT)


def describe(services: Services, condition: Condition) -> str:
    """The condition in words, escaped."""
    return esc(services.kinds.describe(condition))


def mark(alert: Alert) -> str:
    """One sign for where it stands."""
    return "🗞" if _rings_by_clock(alert) else _MARKS[alert.standing.state]


def when(at: datetime, zone: str, now: datetime) -> str:
    """A moment by a person's clocks: `14:20`, `Fri 20 Nov, 14:20`; the zone unless it is UTC's."""
    here, today = local(at, zone), local(now, zone)
    day = "" if here.date() == today.date() else f"{here:%a} {here.day} {here:%b}, "
    return f"{day}{here:%H:%M} {esc(label_of(zone))}"


def both_clocks(at: datetime, zone: str, now: datetime) -> str:
    """A moment by a person's clocks, and by UTC."""
    return when(at, zone, now) + ("" if zone == "UTC" else f" ({at:%H:%M} UTC)")


def span(length: timedelta) -> str:
    """`15 min`, `1 h`, `2 days`."""
    minutes = int(length.total_seconds() // 60)
    if minutes % 1440 == 0 and minutes:
        days = minutes // 1440
        return f"{days} day{'s' if days > 1 else ''}"
    return f"{minutes // 60} h" if minutes % 60 == 0 and minutes else f"{minutes} min"


def how_often(repeat: Repeat, cooldown: timedelta) -> str:
    """`once`, or `every time, at most once in 1 h`."""
    if repeat is Repeat.ONCE:
        return "once"
    return f"every time, at most once in {span(max(cooldown, SHORTEST_COOLDOWN))}"


def kept(repeat: Repeat, expires_at: datetime | None, zone: str, now: datetime) -> str:
    """`Kept until it rings`, `Kept until Fri 20 Nov, 14:20 Berlin`: when it ends by itself."""
    once = repeat is Repeat.ONCE
    if expires_at is None:
        return f"Kept until {'it rings' if once else 'you delete it'}"
    end = when(expires_at, zone, now)
    return f"Kept until it rings, {end} at the latest" if once else f"Kept until {end}"


def figure_words(services: Services, condition: Condition, figure: Decimal) -> str:
    """A figure of a condition's series with its unit, escaped: `$0.2103`, `500 USDC`."""
    name = meter_of(services, condition)
    if name == _PRICE:
        return esc(price(figure))
    words = esc(services.kinds.of(condition).figure(figure))
    return f"{words} {esc(condition.symbol)}" if name in _IN_UNITS else words


def meter_of(services: Services, condition: Condition) -> str:
    """The name of what measures a condition; empty for a digest."""
    watch = services.kinds.watch(condition)
    return split_series(watch.series)[0] if watch else ""


def is_about_price(services: Services, condition: Condition) -> bool:
    """Whether the token's price, or something made of it, is what is watched."""
    meter = services.kinds.meters.get(meter_of(services, condition))
    return meter is not None and meter.source in (Source.TICK, Source.CANDLES)


def figure_line(
    services: Services, condition: Condition, figure: Decimal | None, distance: Decimal | None
) -> str:
    """`Now $0.2103, 18.9 % to go`; says so where nothing is known yet."""
    watch = services.kinds.watch(condition)
    if watch is None:
        return ""
    if is_deposit(watch.series):
        return "Waits for a deposit"
    if figure is None:
        return "Not measured yet"
    now = f"Now {figure_words(services, condition, figure)}"
    if distance is None or (not distance and not watch.both_ways):
        return f"{now}, reached"
    if not distance.is_finite():
        return now
    places = 2 if distance < _NEAR else 1
    return f"{now}, {distance:.{places}f} {'points' if is_in_points(watch) else '%'} to go"


def state_line(services: Services, user: User, nearby: Nearby) -> str:
    """Where it stands, if that is not simply waiting for its line; else the figure."""
    alert, now = nearby.alert, services.clock.now()
    due_at = alert.standing.due_at
    due = when(due_at, user.time_zone, now) if due_at else ""
    figure = figure_line(services, alert.condition, nearby.figure, nearby.distance)
    match alert.standing.state:
        case AlertState.PAUSED:
            return "Paused"
        case AlertState.SNOOZED:
            return f"Snoozed until {due}"
        case AlertState.RESTING:
            if ends_in_rest(alert):
                return f"Has rung, and ends before its rest is over. {figure}"
            return f"Has rung, rests until {due}. {figure}"
        case AlertState.DISARMED:
            return f"{_waiting(services, nearby)}{figure}"
        case AlertState.DONE:
            return "Ended"
        case _:
            if due_at is None or not _rings_by_clock(alert):
                return figure
            today = local(due_at, user.time_zone).date() == local(now, user.time_zone).date()
            return f"Next {'at' if today else 'on'} {due}"


def way_back(services: Services, condition: Condition) -> str:
    """What must happen after a ring before the next: `once it has come back to $0.1896`."""
    watch = services.kinds.watch(condition)
    if watch is None:
        return ""
    if watch.both_ways:
        return "once it has crossed back"
    if is_deposit(watch.series):
        return "with the next deposit"
    return f"once it has come back to {figure_words(services, condition, come_back(watch))}"


def is_by_candles(services: Services, series: str) -> bool:
    """Whether a series is told by closed candles, and so hours old at times."""
    meter = services.kinds.meters.get(split_series(series)[0]) if series else None
    return meter is not None and meter.source is Source.CANDLES


def is_deposit(series: str) -> bool:
    """Whether a series is what came in just now: nothing, nearly always."""
    return bool(series) and split_series(series)[0] == _DEPOSIT


def quiet_line(user: User, *, urgent: bool) -> str:
    """What quiet hours do to it; empty without any."""
    if user.quiet is None:
        return ""
    hours = f"{user.quiet.start:%H:%M}–{user.quiet.end:%H:%M}"
    if not urgent:
        return f"In your quiet hours ({hours}) it waits for their end."
    if user.quiet.lets_urgent:
        return f"🚨 Urgent: it comes in your quiet hours ({hours}) too."
    return f"🚨 Urgent, but your quiet hours ({hours}) let nothing but money through (/settings)."


def proposal_lines(services: Services, user: User, proposal: Proposal) -> list[str]:
    """What is watched, how it stands, how often it rings and until when."""
    draft, now = proposal.draft, services.clock.now()
    if proposal.due_at is not None:
        lines = [f"Next: {both_clocks(proposal.due_at, user.time_zone, now)}"]
        lines.append(
            f"By your clock ({esc(label_of(user.time_zone))}); /settings changes your time zone."
        )
    else:
        lines = [figure_line(services, draft.condition, proposal.figure, proposal.distance)]
        lines.append(f"Rings {how_often(draft.repeat, draft.cooldown)}")
    lines.append(kept(draft.repeat, draft.expires_at, user.time_zone, now))
    if (
        draft.repeat is Repeat.EVERY
        and draft.expires_at
        and draft.cooldown >= draft.expires_at - now
    ):
        lines.append("It can ring only once: it ends before its rest is over.")
    if draft.note:
        lines.append(f"For: {esc(draft.note)}")
    if proposal.reached and draft.at_once:
        lines.append("It holds already: it rings at the next look.")
    elif proposal.reached:
        lines.append("It holds already, so it rings the next time it comes true.")
    if quiet := quiet_line(user, urgent=draft.urgent):
        lines.append(quiet)
    return lines


def _waiting(services: Services, nearby: Nearby) -> str:
    """What a disarmed one waits for; nothing is said of one whose side is not known yet."""
    alert, figure = nearby.alert, nearby.figure
    watch = services.kinds.watch(alert.condition)
    if watch is None or watch.both_ways or is_deposit(watch.series):
        return ""
    if _has_rung(alert, watch):
        return f"Rings again {way_back(services, alert.condition)}. "
    if figure is None or not watch.fire().is_hit(figure):
        return ""
    return "Holds already, rings the next time it comes true. "


def _has_rung(alert: Alert, watch: Watch) -> bool:
    """Whether it waits for the slack too; one that was resumed begins like a new one."""
    return alert.rings > 0 and alert.standing.trigger != watch.first()


def _rings_by_clock(alert: Alert) -> bool:
    return not alert.series
