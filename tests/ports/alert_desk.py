"""What the suites of `Alerts` start from: alerts on prices, looks at them, and a plain decision."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.alerts import (
    Alert,
    AlertDraft,
    AlertState,
    Condition,
    Direction,
    Place,
    Reading,
    Repeat,
    Standing,
    Trigger,
    sortable,
)
from bot.domain.people import UserId
from bot.policy.alerts.kind import Watch
from bot.policy.alerts.states import begin, look, wake
from bot.ports.alerts import Alerts, Hit, Look, Outcome
from bot.ports.ledger import Notice, Priority
from tests.ports.databases import SETTINGS, USER, Stores

GROUP = Place(-1_001_234_567_890, 7)
PRIVATE = Place(int(USER))
MOST = 100
SERIES = "price:SEI:"


def watch_of(alert: Alert) -> Watch:
    """The line of an alert, with a slack of a tenth."""
    line = alert.condition.threshold
    way = Direction.DOWN if alert.condition.type == "PRICE_BELOW" else Direction.UP
    both = alert.condition.type == "PRICE_CROSSES"
    return Watch(alert.series, way, line, line / 10, both_ways=both)


def ring(alert: Alert) -> Notice:
    """The notice of an alert's latest ring."""
    key = f"alert:{alert.id}:{alert.rings}"
    thread = alert.place.thread_id
    return Notice(
        alert.place.chat_id, "alert", key, {"ring": str(alert.rings)}, Priority.ALERT, thread
    )


def decide(hit: Hit, missed_from: datetime | None = None) -> Outcome:
    """What the product does, without its words."""
    watch = watch_of(hit.alert)
    if hit.reading is None:
        return Outcome(wake(hit.alert, watch))
    move = look(hit.alert, watch, hit.reading, missed_from=missed_from)
    return Outcome(move.alert, ring(move.alert) if move.rings else None)


def ring_again(every: timedelta) -> Callable[[Hit], Outcome]:
    """A digest that is due again after a while."""

    def decide_due(hit: Hit) -> Outcome:
        due_at = hit.alert.standing.due_at
        assert due_at
        standing = Standing(AlertState.ARMED, due_at=due_at + every)
        rung = replace(hit.alert, standing=standing, rings=hit.alert.rings + 1, rang_at=due_at)
        return Outcome(rung, ring(rung))

    return decide_due


def draft(line: str = "0.25", kind: str = "PRICE_ABOVE", **changes: object) -> AlertDraft:
    """An alert on the price of SEI."""
    made = AlertDraft(Condition(kind, "SEI", Decimal(line)), note="a note")
    return replace(made, **changes)  # type: ignore[arg-type]


def prices(at: datetime, late: bool = False, **values: str) -> Look:  # noqa: FBT001, FBT002
    """A look at prices by symbol."""
    readings = {
        f"price:{symbol}:": Reading(Decimal(value), at, at, late)
        for symbol, value in values.items()
    }
    return Look(at, readings)


@dataclass
class AlertDesk:
    """One store, its people, and the time."""

    stores: Stores
    now: datetime

    @property
    def alerts(self) -> Alerts:
        return self.stores.alerts

    async def meet(self, *people: int) -> None:
        for person in people or (USER,):
            await self.stores.people.save_user(UserId(person), "Ann", None, SETTINGS)

    async def add(
        self,
        made: AlertDraft | None = None,
        place: Place = PRIVATE,
        seen: str | None = "0.2",
        user: UserId = USER,
        most: int = MOST,
        standing: Standing | None = None,
    ) -> Alert | None:
        """Create an alert that stands as a new one does."""
        made = made or draft()
        line = made.condition.threshold
        way = Direction.DOWN if made.condition.type == "PRICE_BELOW" else Direction.UP
        both = made.condition.type == "PRICE_CROSSES"
        series = f"price:{made.condition.symbol}:"
        watch = Watch(series, way, line, line / 10, both_ways=both)
        value = None if seen is None else Decimal(seen)
        return await self.stores.alerts.create(
            user,
            place,
            made,
            series=series,
            standing=standing or begin(watch, value, at_once=made.at_once),
            seen=value,
            now=self.now,
            most=most,
        )

    async def added(self, made: AlertDraft | None = None, **facts: object) -> Alert:
        alert = await self.add(made, **facts)  # type: ignore[arg-type]
        assert alert is not None
        return alert

    async def digest(self, due_at: datetime, place: Place = PRIVATE) -> Alert:
        alert = await self.stores.alerts.create(
            USER,
            place,
            AlertDraft(Condition("DIGEST_DAILY", "", Decimal(0), "08:00"), Repeat.EVERY),
            series="",
            standing=Standing(AlertState.ARMED, due_at=due_at),
            seen=None,
            now=self.now,
            most=MOST,
        )
        assert alert is not None
        return alert

    async def reload(self, alert: Alert) -> Alert:
        found = await self.stores.alerts.load_alert(alert.id)
        assert found is not None
        return found

    async def queued(self) -> list[str]:
        """Keys of all notices that wait, in order, one a chat at a time."""
        keys = []
        while due := await self.stores.outbox.load_due(self.now + timedelta(days=9), 100, ()):
            for waiting in due:
                keys.append(waiting.notice.key)
                assert await self.stores.outbox.mark_sending(waiting.id)
                await self.stores.outbox.mark_sent(waiting.id, self.now)
        return keys


def armed(line: str, way: Direction = Direction.UP) -> Standing:
    """Rings at a line."""
    return Standing(AlertState.ARMED, Trigger(way, sortable(Decimal(line))))
