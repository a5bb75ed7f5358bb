"""What happens to an alert that has to be looked at, and what is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.alerts import Alert, AlertState, Reading, Repeat, Standing
from bot.policy.alerts.digest_times import next_due
from bot.policy.alerts.kind import AlertKinds
from bot.policy.alerts.quiet import quiet_until
from bot.policy.alerts.states import finish, look, wake
from bot.ports.alerts import Decide, Hit, Outcome
from bot.ports.clock import Clock
from bot.ports.ledger import Notice, Priority

_PUNCTUAL = timedelta(minutes=1)
_WEEKLY = "DIGEST_WEEKLY"


@dataclass(frozen=True, slots=True)
class Ring:
    """Makes what `Alerts` decides by: pure and quick, for it runs inside a transaction."""

    clock: Clock
    kinds: AlertKinds

    def looking(
        self,
        missed_from: datetime | None = None,
        prices: Mapping[str, Decimal] | None = None,
        unseen_since: datetime | None = None,
    ) -> Decide:
        """For looks at series: wakes alerts, arms them, or lets them ring.

        Args:
            missed_from: in a look that makes up for missed ones, when they began: an alert rings
                once at most for all of them.
            prices: USD by symbol at the time of the look, for the message.
            unseen_since: the look before this one, where looks were left out in between.
        """
        now = self.clock.now()
        known = prices or {}

        def decide(hit: Hit) -> Outcome:
            if not self.kinds.knows(hit.alert.condition):
                return Outcome(hit.alert)
            watch = self.kinds.watch(hit.alert.condition)
            if watch is None:
                return Outcome(_next_digest(hit, now))
            if hit.reading is None:
                return Outcome(wake(hit.alert, watch))
            move = look(hit.alert, watch, hit.reading, missed_from=missed_from)
            if not move.rings:
                return Outcome(move.alert)
            price = known.get(hit.alert.condition.symbol)
            data = _ring(hit.alert, hit.reading, move.alert, price)
            data["unseen"] = "" if unseen_since is None else unseen_since.isoformat()
            priority = Priority.URGENT if hit.alert.urgent else Priority.ALERT
            return Outcome(move.alert, _notice(hit, move.alert, "alert", data, priority, now))

        return decide

    def due(self) -> Decide:
        """For digests whose time has come: each is told once, however often it was missed.

        One that shall come once is over by that.
        """
        now = self.clock.now()

        def decide(hit: Hit) -> Outcome:
            if not self.kinds.knows(hit.alert.condition):
                return Outcome(hit.alert)
            due_at = hit.alert.standing.due_at or now
            once = hit.alert.repeat is Repeat.ONCE
            after = finish(hit.alert) if once else _next_digest(hit, now)
            after = replace(after, rang_at=due_at, rings=hit.alert.rings + 1)
            return Outcome(after, _digest(hit, after, due_at, now))

        return decide

    def ended(self, hit: Hit) -> Notice:
        """An alert that ran out without having rung for the last time.

        That is never urgent: in quiet hours it waits, whatever they let through.
        """
        alert = hit.alert
        until = quiet_until(hit.quiet, hit.time_zone, self.clock.now())
        return Notice(
            alert.place.chat_id,
            "alert_ended",
            f"ended:{alert.id}:{alert.version}",
            {"alert": str(alert.id), **_condition(alert), "held": _yes(until is not None)},
            Priority.DIGEST,
            alert.place.thread_id,
            not_before=until,
        )


def _next_digest(hit: Hit, now: datetime) -> Alert:
    due_at = next_due(hit.alert.condition, hit.time_zone, now)
    return replace(hit.alert, standing=Standing(AlertState.ARMED, None, due_at))


def _ring(before: Alert, reading: Reading, after: Alert, price: Decimal | None) -> dict[str, str]:
    return {
        "alert": str(before.id),
        "ring": str(after.rings),
        **_condition(before),
        "value": str(reading.value),
        "met_at": reading.at.isoformat(),
        "as_of": reading.as_of.isoformat(),
        "seen": "" if before.seen_value is None else str(before.seen_value),
        "seen_at": "" if before.seen_at is None else before.seen_at.isoformat(),
        "late": _yes(reading.late),
        "price": "" if price is None else str(price),
    }


def _digest(hit: Hit, after: Alert, due_at: datetime, now: datetime) -> Notice:
    data = {
        "alert": str(after.id),
        "due_at": due_at.isoformat(),
        "weekly": _yes(after.condition.type == _WEEKLY),
        "window": after.condition.window,
        "late": _yes(now - due_at > _PUNCTUAL),
    }
    return _notice(hit, after, "digest", data, Priority.DIGEST, now)


def _notice(
    hit: Hit,
    after: Alert,
    kind: str,
    data: Mapping[str, str],
    priority: Priority,
    now: datetime,
) -> Notice:
    lets_through = hit.quiet is None or (after.urgent and hit.quiet.lets_urgent)
    until = None if lets_through else quiet_until(hit.quiet, hit.time_zone, now)
    return Notice(
        chat_id=after.place.chat_id,
        kind=kind,
        key=f"alert:{after.id}:{after.rings}",
        data={**data, "held": _yes(until is not None)},
        priority=priority,
        thread_id=after.place.thread_id,
        not_before=until,
    )


def _condition(alert: Alert) -> dict[str, str]:
    condition = alert.condition
    return {
        "type": condition.type,
        "symbol": condition.symbol,
        "threshold": str(condition.threshold),
        "window": condition.window,
        "agent": str(condition.agent_id) if condition.agent_id else "",
    }


def _yes(holds: bool) -> str:  # noqa: FBT001
    return "yes" if holds else ""
