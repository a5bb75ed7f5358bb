"""Alerts and ticks in memory, found the slow and obvious way."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import count

from bot.domain.alerts import (
    Alert,
    AlertDraft,
    AlertId,
    AlertState,
    Place,
    Reading,
    Standing,
    Tick,
    Trigger,
)
from bot.domain.people import AgentId, AgentState, UserId
from bot.ports.alerts import Counts, Decide, Doubt, Hit, Look, Outcome, Rung
from bot.ports.ledger import Notice, OutboxState
from tests.fakes.ledger import FakeLedger
from tests.fakes.records import FakeRecords

_FOUND = (AlertState.ARMED, AlertState.DISARMED)
_SILENT = (AlertState.RESTING, AlertState.SNOOZED)


@dataclass(frozen=True)
class Firing:
    """One ring of an alert."""

    alert_id: AlertId
    number: int
    met_at: datetime
    value: Decimal | None
    late: bool
    recorded_at: datetime


class FakeTicks:
    """`Ticks`, by time."""

    def __init__(self) -> None:
        self.ticks: dict[datetime, Tick] = {}
        self.doubts: dict[tuple[str, str], Doubt] = {}

    async def load_ticks(self, since: datetime) -> Sequence[Tick]:
        return [self.ticks[at] for at in sorted(self.ticks) if at >= since]

    async def load_last_tick(self) -> Tick | None:
        return self.ticks[max(self.ticks)] if self.ticks else None

    async def load_last_live(self) -> datetime | None:
        return max((tick.at for tick in self.ticks.values() if not tick.late), default=None)

    async def forget_ticks(self, before: datetime) -> int:
        return self._forget(lambda at: at < before)

    async def forget_future(self, now: datetime) -> int:
        return self._forget(lambda at: at > now)

    async def save_doubt(self, symbol: str, reason: str, now: datetime, detail: str) -> None:
        known = self.doubts.get((symbol, reason))
        doubts = known.count + 1 if known else 1
        self.doubts[symbol, reason] = Doubt(symbol, reason, doubts, now, detail)

    async def load_doubts(self) -> Sequence[Doubt]:
        named = sorted(self.doubts.values(), key=lambda doubt: (doubt.symbol, doubt.reason))
        return sorted(named, key=lambda doubt: doubt.at, reverse=True)

    def _forget(self, old: Callable[[datetime], bool]) -> int:
        gone = [at for at in self.ticks if old(at)]
        for at in gone:
            del self.ticks[at]
        return len(gone)


class FakeAlerts:
    """`Alerts` over the people of `records`; notices go to the outbox of `ledger`."""

    def __init__(self, records: FakeRecords, ledger: FakeLedger, ticks: FakeTicks) -> None:
        self._records = records
        self._ledger = ledger
        self._ticks = ticks
        self._ids = count(1)
        self.alerts: dict[AlertId, Alert] = {}
        self.firings: dict[tuple[AlertId, int], Firing] = {}
        self.marks: dict[str, datetime] = {}

    async def create(  # noqa: PLR0913
        self,
        user_id: UserId,
        place: Place,
        draft: AlertDraft,
        *,
        series: str,
        standing: Standing,
        seen: Decimal | None,
        now: datetime,
        most: int,
    ) -> Alert | None:
        if user_id not in self._records.users:
            raise ValueError(f"nobody is {user_id}")
        peers = self._of_group(place.chat_id) if place.is_group else self._of_person(user_id)
        if len(peers) >= most:
            return None
        alert_id = AlertId(next(self._ids))
        self.alerts[alert_id] = Alert(
            id=alert_id,
            user_id=user_id,
            place=place,
            condition=draft.condition,
            series=series,
            repeat=draft.repeat,
            cooldown=draft.cooldown,
            expires_at=draft.expires_at,
            urgent=draft.urgent,
            note=draft.note,
            standing=_kept(standing),
            seen_value=seen,
            seen_at=None if seen is None else now,
            rang_at=None,
            rings=0,
            share=f"share{alert_id}" if place.is_group else "",
            created_at=now,
            version=1,
        )
        return self.alerts[alert_id]

    async def load_alert(self, alert_id: AlertId) -> Alert | None:
        return self.alerts.get(alert_id)

    async def load_shared(self, share: str) -> Alert | None:
        found = [a for a in self.alerts.values() if share and a.share == share and a.is_active]
        return found[0] if found else None

    async def load_of_person(self, user_id: UserId) -> Sequence[Alert]:
        return self._of_person(user_id)

    async def load_digests_by(self, user_id: UserId) -> Sequence[Alert]:
        return [a for a in self._active() if a.user_id == user_id and not a.series]

    async def load_of_group(self, chat_id: int) -> Sequence[Alert]:
        return self._of_group(chat_id)

    async def load_rings(self, user_id: UserId, since: datetime, most: int) -> Sequence[Rung]:
        found = [
            firing
            for firing in self.firings.values()
            if firing.recorded_at >= since
            and self.alerts[firing.alert_id].user_id == user_id
            and not self.alerts[firing.alert_id].place.is_group
        ]
        found.sort(key=lambda f: (f.recorded_at, f.alert_id, f.number), reverse=True)
        return [self._rung(firing) for firing in found[:most]]

    async def save_alert(self, alert: Alert) -> bool:
        known = self.alerts.get(alert.id)
        if known is None or known.version != alert.version:
            return False
        self._put(replace(alert, share=known.share, created_at=known.created_at))
        return True

    async def apply(self, look: Look, decide: Decide) -> Counts:
        hits = [
            *(self._hit(alert, None) for alert in self._waking(look.at)),
            *(self._hit(alert, reading) for alert, reading in self._reached(look)),
        ]
        outcomes = [(hit, decide(hit)) for hit in hits]
        counts = await self._write(outcomes, self._records.clock.now())
        if look.tick:
            self._ticks.ticks[look.tick.at] = look.tick
        self.marks.update(look.marks)
        return counts

    async def apply_due(self, now: datetime, decide: Decide) -> Counts:
        due = [
            alert
            for alert in self._awake(now)
            if alert.standing.state is AlertState.ARMED
            and alert.standing.due_at
            and alert.standing.due_at <= now
        ]
        due.sort(key=lambda alert: (alert.standing.due_at or now, alert.id))
        return await self._write([(hit, decide(hit)) for hit in map(self._hit, due)], now)

    async def expire(
        self, now: datetime, looked_at: datetime, tell: Callable[[Hit], Notice | None]
    ) -> int:
        ends = {True: now, False: min(now, looked_at)}
        over = [
            alert
            for alert in self._active()
            if alert.expires_at and alert.expires_at <= ends[alert.series == ""]
        ]
        told = [(alert, tell(self._hit(alert))) for alert in over]
        for alert, notice in told:
            self._finish(alert)
            if notice:
                await self._ledger.queue(notice, now)
        return len(told)

    async def set_back(self, now: datetime, decide: Decide) -> int:
        ahead = [
            alert
            for alert in self._active()
            if any(
                at and at > now
                for at in (alert.standing.due_at, alert.seen_at, alert.rang_at, alert.created_at)
            )
        ]
        counts = await self._write([(hit, decide(hit)) for hit in map(self._hit, ahead)], now)
        return counts.moved

    async def load_series(self, meters: Sequence[str]) -> frozenset[str]:
        return frozenset(
            alert.series
            for alert in self.alerts.values()
            if alert.standing.state in _FOUND
            and alert.standing.trigger
            and alert.series.partition(":")[0] in meters
        )

    async def load_marks(self, series: Sequence[str]) -> Mapping[str, datetime]:
        return {name: self.marks[name] for name in series if name in self.marks}

    async def move_chat(self, old: int, new: int) -> int:
        moved = [alert for alert in self.alerts.values() if alert.place.chat_id == old]
        for alert in moved:
            self._put(replace(alert, place=Place(new, alert.place.thread_id)))
        for waiting in self._ledger.notices:
            if waiting.notice.chat_id == old and waiting.state in (
                OutboxState.PENDING,
                OutboxState.SENDING,
            ):
                waiting.notice = replace(waiting.notice, chat_id=new)
        return len(moved)

    async def stop_place(self, place: Place, *, topic_only: bool) -> Sequence[Alert]:
        stopped = [
            alert
            for alert in self._of_chat(place.chat_id)
            if not topic_only or alert.place == place
        ]
        for alert in stopped:
            self._finish(alert)
        return stopped

    async def close_agent(self, agent_id: AgentId) -> Sequence[Alert]:
        await self._records.save_state(agent_id, AgentState.CLOSED)
        watching = [a for a in self._active() if a.condition.agent_id == agent_id]
        for alert in watching:
            self._finish(alert)
        return watching

    async def count_active(self) -> int:
        return len(self._active())

    def _rung(self, firing: Firing) -> Rung:
        key = f"alert:{firing.alert_id}:{firing.number}"
        told = next((w for w in self._ledger.notices if w.notice.key == key), None)
        return Rung(
            self.alerts[firing.alert_id],
            firing.number,
            firing.met_at,
            firing.value,
            told.state if told else "",
            told.not_before if told else None,
            told.notice.data if told else {},
        )

    def _active(self) -> list[Alert]:
        return [alert for alert in self.alerts.values() if alert.is_active]

    def _of_chat(self, chat_id: int) -> list[Alert]:
        return [alert for alert in self._active() if alert.place.chat_id == chat_id]

    _of_group = _of_chat

    def _of_person(self, user_id: UserId) -> list[Alert]:
        return [a for a in self._active() if a.user_id == user_id and not a.place.is_group]

    def _awake(self, now: datetime) -> Iterator[Alert]:
        return (a for a in self._active() if a.expires_at is None or a.expires_at > now)

    def _waking(self, now: datetime) -> Iterator[Alert]:
        for alert in self._awake(now):
            due_at = alert.standing.due_at
            if alert.standing.state in _SILENT and due_at and due_at <= now:
                yield alert

    def _reached(self, look: Look) -> Iterator[tuple[Alert, Reading]]:
        for alert in self._awake(look.at):
            reading = look.readings.get(alert.series)
            trigger = alert.standing.trigger
            if reading is None or trigger is None or alert.standing.state not in _FOUND:
                continue
            is_news = not reading.late or (alert.seen_at or alert.created_at) <= look.at
            if is_news and trigger.is_hit(reading.value):
                yield alert, reading

    def _hit(self, alert: Alert, reading: Reading | None = None) -> Hit:
        user = self._records.users[alert.user_id]
        if alert.place.is_group:
            return Hit(alert, reading, None, user.time_zone)
        return Hit(alert, reading, user.quiet, user.time_zone)

    async def _write(self, outcomes: Iterable[tuple[Hit, Outcome]], now: datetime) -> Counts:
        """All or nothing: what can fail comes first."""
        changes = [(hit, outcome) for hit, outcome in outcomes if outcome.alert != hit.alert]
        firings = [_firing(hit, outcome, now) for hit, outcome in changes if outcome.notice]
        if twice := [f for f in firings if (f.alert_id, f.number) in self.firings]:
            raise ValueError(f"rang before: {twice}")
        self.firings.update({(firing.alert_id, firing.number): firing for firing in firings})
        for _, outcome in changes:
            self._put(outcome.alert)
            if outcome.notice:
                await self._ledger.queue(outcome.notice, now)
        return Counts(moved=len(changes) - len(firings), rang=len(firings))

    def _put(self, alert: Alert) -> None:
        self.alerts[alert.id] = replace(
            alert, standing=_kept(alert.standing), version=alert.version + 1
        )

    def _finish(self, alert: Alert) -> None:
        self._put(replace(alert, standing=Standing(AlertState.DONE)))


def _kept(standing: Standing) -> Standing:
    """Silent alerts keep the direction of their trigger at most."""
    trigger = standing.trigger
    if standing.state in _FOUND or trigger is None:
        return standing
    silent = Trigger(trigger.direction, 0) if standing.state in _SILENT else None
    return Standing(standing.state, silent, standing.due_at)


def _firing(hit: Hit, outcome: Outcome, now: datetime) -> Firing:
    alert, reading = outcome.alert, hit.reading
    if reading is None:
        late = bool(outcome.notice and outcome.notice.data.get("late"))
        return Firing(alert.id, alert.rings, alert.rang_at or now, None, late, now)
    return Firing(alert.id, alert.rings, reading.at, reading.value, reading.late, now)
