"""Whatever happens to prices and alerts, the database does what the slow and obvious twin does."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from typing_extensions import override

import db
from bot.domain.alerts import Alert, AlertId, Repeat, Tick
from bot.policy.alerts.states import finish, pause, snooze
from bot.ports.alerts import Hit, Look, Outcome
from tests.fakes.clock import FakeClock
from tests.ports.alert_desk import (
    GROUP,
    AlertDesk,
    decide,
    draft,
    prices,
    ring_again,
)
from tests.ports.databases import FakeStores, Stores, copy_sqlite, empty

T = TypeVar("T")
MINUTE = timedelta(minutes=1)
LINES = st.sampled_from(["0.2", "0.25", "0.3", "-0.1", "1E-12"])
PRICES = st.sampled_from(
    ["-1", "0", "0.1", "0.18", "0.2", "0.2249", "0.225", "0.25", "0.27", "0.4"]
)
KINDS = st.sampled_from(["PRICE_ABOVE", "PRICE_BELOW", "PRICE_CROSSES"])
CHANGES: dict[str, Callable[[Alert, FakeClock], Alert]] = {
    "pause": lambda alert, _: pause(alert),
    "finish": lambda alert, _: finish(alert),
    "snooze": lambda alert, clock: snooze(alert, clock.now() + MINUTE),
}


class LooksMachine(RuleBasedStateMachine):
    """The same done to both, step by step."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.runner = asyncio.Runner()
        self.clock = FakeClock()
        self.fake = AlertDesk(FakeStores.make(self.clock), self.clock.now())
        self.desks = [self.fake]
        self.numbers: dict[int, list[AlertId]] = {}
        self.count = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def both(self, work: Callable[[AlertDesk], Coroutine[Any, Any, object]]) -> None:
        """Do it to both; they must answer alike."""
        for desk in self.desks:
            desk.now = self.clock.now()
        one, other = (self.run(work(desk)) for desk in self.desks)
        assert one == other

    @initialize()
    def begin(self) -> None:
        self.database = self.run(db.open(self.url, self.clock))
        self.run(empty(self.database))
        stores: Stores = self.database
        self.desks.append(AlertDesk(stores, self.clock.now()))
        for desk in self.desks:
            self.run(desk.meet())

    @override
    def teardown(self) -> None:
        if len(self.desks) > 1:
            self.run(self.database.close())
        self.runner.close()

    @rule(line=LINES, kind=KINDS, seen=st.none() | PRICES, repeat=st.sampled_from(Repeat))
    def create(self, line: str, kind: str, seen: str | None, repeat: Repeat) -> None:
        made = draft(line, kind, repeat=repeat)
        self.both(lambda desk: self._keep(desk, desk.added(made, seen=seen)))
        self.count += 1

    @rule(line=LINES, kind=KINDS, repeat=st.sampled_from(Repeat))
    def create_in_group(self, line: str, kind: str, repeat: Repeat) -> None:
        made = draft(line, kind, repeat=repeat, expires_at=self.clock.now() + MINUTE * 30)
        self.both(lambda desk: self._keep(desk, desk.added(made, place=GROUP)))
        self.count += 1

    @rule(minutes=st.sampled_from([0, 1, 4, 5, 31]))
    def wait(self, minutes: int) -> None:
        self.clock.jump(minutes * 60)

    @rule(price=PRICES, late=st.integers(0, 3))
    def look(self, price: str, late: int) -> None:
        at = self.clock.now() - MINUTE * late
        look = prices(at, late > 0, SEI=price)
        look = replace(look, tick=Tick(at, {"SEI": look.readings["price:SEI:"].value}, late > 0))
        missed_from = at - MINUTE if late else None
        self.both(lambda desk: desk.alerts.apply(look, lambda hit: decide(hit, missed_from)))

    @rule(price=PRICES, after=st.integers(0, 3))
    def fail(self, price: str, after: int) -> None:
        self.both(lambda desk: self._fail(desk, prices(self.clock.now(), SEI=price), after))

    @rule()
    def digest(self) -> None:
        due_at = self.clock.now() + MINUTE
        self.both(lambda desk: self._keep(desk, desk.digest(due_at)))
        self.count += 1

    @rule()
    def ring_digests(self) -> None:
        self.both(lambda desk: desk.alerts.apply_due(self.clock.now(), ring_again(MINUTE * 5)))

    @rule(looked_back=st.integers(0, 20))
    def expire(self, looked_back: int) -> None:
        now = self.clock.now()
        looked_at = now - MINUTE * looked_back
        self.both(lambda desk: desk.alerts.expire(now, looked_at, lambda _: None))

    @rule(back=st.integers(1, 20))
    def set_back(self, back: int) -> None:
        now = self.clock.now() - MINUTE * back
        self.both(lambda desk: desk.alerts.set_back(now, lambda hit: _set_right(hit, now)))

    @precondition(lambda self: self.count)
    @rule(data=st.data(), change=st.sampled_from(sorted(CHANGES)))
    def change(self, data: st.DataObject, change: str) -> None:
        number = data.draw(st.integers(0, self.count - 1))
        self.both(lambda desk: self._change(desk, number, CHANGES[change]))

    @invariant()
    def they_are_alike(self) -> None:
        if len(self.desks) > 1:
            self.both(self._state)

    async def _keep(self, desk: AlertDesk, made: Coroutine[Any, Any, Alert]) -> None:
        self.numbers.setdefault(id(desk), []).append((await made).id)

    async def _fail(self, desk: AlertDesk, look: Look, after: int) -> bool:
        left = after

        def break_off(hit: Hit) -> Outcome:
            nonlocal left
            if not left:
                raise RuntimeError
            left -= 1
            return decide(hit)

        try:
            await desk.alerts.apply(look, break_off)
        except RuntimeError:
            return True
        return False

    async def _change(
        self, desk: AlertDesk, number: int, change: Callable[[Alert, FakeClock], Alert]
    ) -> bool:
        alert = await self._load(desk, number)
        if "DIGEST" in alert.condition.type and change is CHANGES["snooze"]:
            return False
        return await desk.alerts.save_alert(change(alert, self.clock))

    async def _load(self, desk: AlertDesk, number: int) -> Alert:
        alert = await desk.alerts.load_alert(self.numbers[id(desk)][number])
        assert alert
        return alert

    async def _state(self, desk: AlertDesk) -> object:
        alerts = [await self._load(desk, number) for number in range(self.count)]
        return (
            [replace(alert, id=AlertId(0), share="") for alert in alerts],
            await desk.stores.outbox.count_waiting(),
            await desk.stores.ticks.load_ticks(self.clock.now() - timedelta(days=1)),
            await desk.alerts.load_series(["price"]),
            await desk.alerts.count_active(),
        )


def _set_right(hit: Hit, now: datetime) -> Outcome:
    rang_at = hit.alert.rang_at
    return Outcome(replace(hit.alert, rang_at=rang_at and min(rang_at, now)))


@pytest.mark.parametrize("kind", ["sqlite"])
def test_both_do_the_same(kind: str, sqlite_template: Path, tmp_path: Path):
    url = copy_sqlite(sqlite_template, tmp_path)
    run_state_machine_as_test(
        lambda: LooksMachine(url),  # type: ignore[arg-type]
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
