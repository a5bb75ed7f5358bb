"""The states of an alert against a slow, obvious model, over random days of a price."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.alerts import (
    Alert,
    AlertId,
    AlertState,
    Condition,
    Direction,
    Place,
    Reading,
    Repeat,
    Trigger,
)
from bot.domain.people import UserId
from bot.policy.alerts.kind import Watch
from bot.policy.alerts.states import SHORTEST_COOLDOWN, begin, finish, look, pause, snooze, wake
from tests.fakes.clock import START

LINE, SLACK = Decimal(100), Decimal(2)
ABOVE = Watch("price:SEI:", Direction.UP, LINE, SLACK)
BELOW = Watch("price:SEI:", Direction.DOWN, LINE, SLACK)
CROSSES = Watch("price:SEI:", Direction.UP, LINE, SLACK, both_ways=True)
TICK = timedelta(minutes=1)


def alert(
    watch: Watch,
    value: Decimal | int | None,
    *,
    repeat: Repeat = Repeat.ONCE,
    cooldown: timedelta = SHORTEST_COOLDOWN,
    at_once: bool = False,
) -> Alert:
    seen = None if value is None else Decimal(value)
    return Alert(
        id=AlertId(1),
        user_id=UserId(1),
        place=Place(1),
        condition=Condition("PRICE_ABOVE", "SEI", LINE),
        series=watch.series,
        repeat=repeat,
        cooldown=cooldown,
        expires_at=None,
        urgent=False,
        note="",
        standing=begin(watch, seen, at_once=at_once),
        seen_value=seen,
        seen_at=None,
        rang_at=None,
        rings=0,
        share="",
        created_at=START,
        version=1,
    )


@dataclass
class Run:
    """Drives one alert as the tables do: wakes what is due, then looks at what is hit."""

    watch: Watch
    alert: Alert
    at: datetime = START
    missed_from: datetime | None = None

    def tick(self, value: Decimal | int) -> bool:
        """One look; whether it rang."""
        self.at += TICK
        standing = self.alert.standing
        if standing.due_at is not None and standing.due_at <= self.at:
            self.alert = wake(self.alert, self.watch)
            return False
        if standing.trigger is None or standing.state not in {
            AlertState.ARMED,
            AlertState.DISARMED,
        }:
            return False
        if not standing.trigger.is_hit(Decimal(value)):
            return False
        reading = Reading(Decimal(value), self.at, self.at)
        move = look(self.alert, self.watch, reading, missed_from=self.missed_from)
        self.alert = move.alert
        return move.rings

    def rings(self, values: Sequence[Decimal | int]) -> list[int]:
        """At which of these it rang."""
        return [number for number, value in enumerate(values) if self.tick(value)]


def run(watch: Watch, start: int | None, values: Sequence[int], **options: object) -> list[int]:
    return Run(watch, alert(watch, start, **options)).rings(values)  # type: ignore[arg-type]


EVERY = {"repeat": Repeat.EVERY}


def test_it_rings_at_the_line_and_is_done() -> None:
    assert run(ABOVE, 90, [99, 100, 101, 90, 110]) == [1]
    assert run(BELOW, 110, [101, 100, 99, 110, 90]) == [1]


def test_no_alarm_at_birth() -> None:
    assert run(ABOVE, 105, [106, 107, 99, 101]) == [3]
    assert run(BELOW, 95, [94, 101, 99]) == [2]
    assert run(ABOVE, 100, [100, 101]) == []


def test_unless_it_is_asked_for() -> None:
    assert run(ABOVE, 105, [106, 107], at_once=True) == [0]
    assert run(ABOVE, None, [99, 106], at_once=True) == [1]


def test_an_unknown_figure_must_be_false_once() -> None:
    assert run(ABOVE, None, [105, 106, 99, 101]) == [3]


def test_it_arms_however_little_the_condition_is_false_the_first_time() -> None:
    first = Run(ABOVE, alert(ABOVE, 105))
    first.tick(Decimal("99.9999999999999"))
    assert first.alert.standing.state is AlertState.ARMED
    assert first.alert.seen_value == Decimal("99.9999999999999")
    assert first.tick(100)


def test_a_price_that_dances_on_the_line_rings_once() -> None:
    dance = [100, 99, 100, 99, 101] * 40
    assert run(ABOVE, 90, dance, **EVERY) == [0]
    assert run(BELOW, 110, [100, 101, 99, 100] * 40, **EVERY) == [0]
    assert run(CROSSES, 90, [100, 99, 101, 100] * 40, **EVERY) == [0]


def test_it_rings_again_after_it_came_back_by_the_slack() -> None:
    rest = [101] * 5
    assert run(ABOVE, 90, [101, *rest, 98, 99, 100], **EVERY) == [0, 8]
    assert run(BELOW, 110, [99, *rest, 102, 101, 100], **EVERY) == [0, 8]


def test_a_crossing_rings_from_either_side() -> None:
    values = [101, *[105] * 5, 99, 98, *[95] * 5, 101, 102]
    assert run(CROSSES, 90, values, **EVERY) == [0, 7, 14]
    assert run(CROSSES, 110, [101, 100]) == [1]


def test_a_crossing_on_the_line_is_none() -> None:
    assert run(CROSSES, 100, [100, 100, 101, 100]) == []
    assert run(CROSSES, 100, [100, 99]) == [1]
    assert run(CROSSES, None, [100, 100, 99]) == [2]


def test_an_unknown_crossing_learns_its_side_first() -> None:
    assert run(CROSSES, None, [105, 104, 99]) == [2]
    assert run(CROSSES, None, [95, 96, 101]) == [2]


def test_the_cooldown_is_kept_and_never_too_short() -> None:
    up_and_down = [101, 97] * 30
    found = run(ABOVE, 90, up_and_down, **EVERY, cooldown=timedelta(minutes=20))
    assert all(later - earlier > 20 for earlier, later in pairwise(found))
    assert len(found) == 3
    short = run(ABOVE, 90, up_and_down, **EVERY, cooldown=timedelta(0))
    gaps = [later - earlier for earlier, later in pairwise(short)]
    assert min(gaps) * TICK >= SHORTEST_COOLDOWN


@pytest.mark.parametrize("watch", [ABOVE, CROSSES])
def test_a_snoozed_one_rings_after_it_if_the_condition_holds(watch: Watch) -> None:
    for after, rang in ((105, True), (95, False)):
        one = Run(watch, alert(watch, 90))
        assert one.tick(101)
        one.alert = snooze(one.alert, one.at + 10 * TICK)
        assert one.rings([105] * 9) == []
        assert bool(one.rings([after] * 3)) == rang


def test_a_crossing_snoozed_before_it_knew_its_side_learns_it_then() -> None:
    one = Run(CROSSES, alert(CROSSES, None))
    one.alert = snooze(one.alert, one.at + 2 * TICK)
    assert one.rings([105] * 8) == []
    assert one.rings([99]) == [0]


def test_a_paused_one_is_silent_and_begins_anew() -> None:
    one = Run(ABOVE, alert(ABOVE, 90))
    one.alert = pause(one.alert)
    assert one.rings([105] * 5) == []
    one.alert = replace(one.alert, standing=begin(ABOVE, Decimal(105)))
    assert one.rings([105, 106, 99, 100]) == [3]


def test_a_finished_one_is_done() -> None:
    one = Run(ABOVE, finish(alert(ABOVE, 90)))
    assert not one.alert.is_active
    assert one.rings([105] * 5) == []


def test_silent_ones_have_no_level_to_be_found_by() -> None:
    one = alert(ABOVE, 90, repeat=Repeat.EVERY)
    rung = look(one, ABOVE, Reading(LINE, START, START), missed_from=None).alert
    for silent in (rung, snooze(one, START), snooze(rung, START), pause(one)):
        assert silent.standing.state not in {AlertState.ARMED, AlertState.DISARMED}
        assert silent.standing.trigger in (None, Trigger(Direction.UP, 0))


def test_what_rang_in_a_gap_does_not_ring_again_in_it() -> None:
    one = Run(ABOVE, alert(ABOVE, 90, repeat=Repeat.EVERY), missed_from=START)
    assert one.rings([101, *[97] * 7, 101]) == [0]
    assert one.alert.rings == 1
    assert one.alert.rang_at == one.at
    one.missed_from = None
    assert one.rings([*[97] * 8, 101]) == [8]
    assert one.alert.rings == 2


def test_what_rang_before_the_gap_rings_in_it() -> None:
    one = Run(ABOVE, alert(ABOVE, 90, repeat=Repeat.EVERY))
    assert one.tick(101)
    one.missed_from = one.at
    assert one.rings([*[97] * 8, 101]) == [8]


class Model:
    """The same by words of the issue, one price after the other; lines as Decimals."""

    def __init__(self, sign: int, start: Decimal | None, repeat: Repeat, *, at_once: bool) -> None:
        self.sign, self.repeat = sign, repeat
        self.rest = 0
        false = start is not None and not self.holds(start)
        self.armed = at_once or false
        self.came_back_by = Decimal(0)
        self.done = False

    def holds(self, price: Decimal) -> bool:
        return (price - LINE) * self.sign >= 0

    def sees(self, price: Decimal, cooldown: int) -> bool:
        if self.done:
            return False
        if self.rest > 0:
            self.rest -= 1
            return False
        if not self.armed:
            if not self.holds(price) and (LINE - price) * self.sign >= self.came_back_by:
                self.armed = True
            return False
        if not self.holds(price):
            return False
        self.armed = False
        self.came_back_by = SLACK
        self.rest = max(5, cooldown)
        self.done = self.repeat is Repeat.ONCE
        return True


class CrossingModel:
    """Which side it was on, and how far it must come back over the line to count."""

    def __init__(self, start: Decimal | None, repeat: Repeat) -> None:
        self.repeat = repeat
        self.goes: int | None = None
        self.mark = LINE
        self.strict = False
        self.rest = 0
        self.done = False
        if start is not None:
            self.settle(start)

    def settle(self, price: Decimal) -> None:
        self.goes = 1 if price < LINE else -1
        self.strict = price == LINE

    def sees(self, price: Decimal, cooldown: int) -> bool:
        if self.done:
            return False
        if self.rest > 0:
            self.rest -= 1
            return False
        if self.goes is None:
            self.settle(price)
            return False
        over = (price - self.mark) * self.goes
        if over < 0 or (self.strict and over == 0):
            return False
        self.strict = False
        self.goes = -self.goes
        self.mark = LINE + self.goes * SLACK
        self.rest = max(5, cooldown)
        self.done = self.repeat is Repeat.ONCE
        return True


PRICES = st.one_of(
    st.integers(96, 104).map(Decimal),
    st.integers(9990, 10010).map(lambda cents: Decimal(cents) / 100),
)
STARTS = st.none() | PRICES
REPEATS = st.sampled_from(Repeat)
DAYS = st.lists(PRICES, max_size=80)
COOLDOWNS = st.integers(0, 12)


@settings(max_examples=300)
@given(st.sampled_from((ABOVE, BELOW)), STARTS, DAYS, REPEATS, COOLDOWNS, st.booleans())
def test_it_rings_when_the_model_does(
    watch: Watch,
    start: Decimal | None,
    prices: list[Decimal],
    repeat: Repeat,
    cooldown: int,
    at_once: bool,  # noqa: FBT001
) -> None:
    made = alert(watch, start, repeat=repeat, cooldown=cooldown * TICK, at_once=at_once)
    model = Model(watch.direction, start, repeat, at_once=at_once)
    expected = [n for n, price in enumerate(prices) if model.sees(price, cooldown)]
    one = Run(watch, made)
    assert one.rings(prices) == expected
    assert one.alert.rings == len(expected)


@settings(max_examples=300)
@given(STARTS, DAYS, REPEATS, COOLDOWNS)
def test_a_crossing_rings_when_its_model_does(
    start: Decimal | None, prices: list[Decimal], repeat: Repeat, cooldown: int
) -> None:
    made = alert(CROSSES, start, repeat=repeat, cooldown=cooldown * TICK)
    model = CrossingModel(start, repeat)
    expected = [n for n, price in enumerate(prices) if model.sees(price, cooldown)]
    assert Run(CROSSES, made).rings(prices) == expected


@given(STARTS, DAYS, st.sampled_from((ABOVE, BELOW, CROSSES)))
def test_between_two_rings_a_price_comes_back_by_the_slack(
    start: Decimal | None, prices: list[Decimal], watch: Watch
) -> None:
    made = alert(watch, start, repeat=Repeat.EVERY)
    found = Run(watch, made).rings(prices)
    for earlier, later in pairwise(found):
        between = prices[earlier : later + 1]
        assert max(between) - min(between) >= SLACK
