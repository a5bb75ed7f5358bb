"""What a look does to alerts, exactly once: the fake, SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal

import pytest

from bot.domain.alerts import AlertState, Direction, Reading, Repeat, Standing, Trigger
from bot.domain.people import QuietHours, UserId
from bot.policy.alerts.states import finish, pause, snooze
from bot.ports.alerts import Counts, Hit, Look, Outcome
from tests.fakes.clock import FakeClock
from tests.ports.alert_desk import GROUP, AlertDesk, decide, draft, prices, ring, ring_again
from tests.ports.databases import SETTINGS, USER, Stores

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MANY = 7


@pytest.fixture
async def desk(stores: Stores, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> AlertDesk:
    # Several batches without hundreds of alerts.
    monkeypatch.setattr("db.looks.BATCH", 3)
    made = AlertDesk(stores, clock.now())
    await made.meet()
    return made


async def test_a_line_that_is_reached_rings_once(desk: AlertDesk):
    alert = await desk.added(draft("0.25"))
    for value, counts in (("0.2499", Counts(0, 0)), ("0.25", Counts(0, 1)), ("0.3", Counts(0, 0))):
        assert await desk.alerts.apply(prices(desk.now, SEI=value), decide) == counts
    after = await desk.reload(alert)
    assert after.standing == Standing(AlertState.DONE)
    assert (after.rings, after.rang_at) == (1, desk.now)
    assert await desk.queued() == [f"alert:{alert.id}:1"]


@pytest.mark.parametrize(
    ("kind", "seen", "calm", "rings"),
    [
        ("PRICE_ABOVE", "0.2", "0.249999999999999", "0.25"),
        ("PRICE_BELOW", "0.3", "0.250000000000001", "0.25"),
        ("PRICE_CROSSES", "0.2", "0.249999999999999", "9"),
        ("PRICE_CROSSES", "0.3", "0.250000000000001", "0.00001"),
    ],
)
async def test_lines_are_exact_both_ways(
    desk: AlertDesk, kind: str, seen: str, calm: str, rings: str
):
    await desk.added(draft("0.25", kind), seen=seen)
    assert await desk.alerts.apply(prices(desk.now, SEI=calm), decide) == Counts(0, 0)
    assert await desk.alerts.apply(prices(desk.now, SEI=rings), decide) == Counts(0, 1)


async def test_only_its_own_series_reaches_it(desk: AlertDesk):
    sei = await desk.added(draft("0.25"))
    assert await desk.alerts.apply(prices(desk.now, USDC="1", sei="1"), decide) == Counts(0, 0)
    assert await desk.alerts.apply(Look(desk.now, {}), decide) == Counts(0, 0)
    assert await desk.reload(sei) == sei


async def test_it_arms_first_if_the_condition_held_at_birth(desk: AlertDesk):
    alert = await desk.added(draft("0.25"), seen="0.3")
    later = desk.now + MINUTE
    for value, counts in (("0.31", Counts(0, 0)), ("0.24", Counts(1, 0)), ("0.26", Counts(0, 1))):
        assert await desk.alerts.apply(prices(later, SEI=value), decide) == counts
    after = await desk.reload(alert)
    assert (after.seen_value, after.seen_at) == (Decimal("0.24"), later)


async def test_rest_wakes_comes_back_by_the_slack_and_rings_again(desk: AlertDesk):
    alert = await desk.added(draft(repeat=Repeat.EVERY, cooldown=MINUTE * 10))
    steps = [
        (0, "0.25", Counts(0, 1), AlertState.RESTING),
        (9, "0.1", Counts(0, 0), AlertState.RESTING),
        (10, "0.1", Counts(1, 0), AlertState.DISARMED),  # one step a look: not armed yet
        (11, "0.2251", Counts(0, 0), AlertState.DISARMED),
        (12, "0.225", Counts(1, 0), AlertState.ARMED),
        (13, "0.25", Counts(0, 1), AlertState.RESTING),
    ]
    for minute, value, counts, state in steps:
        look = prices(desk.now + MINUTE * minute, SEI=value)
        assert await desk.alerts.apply(look, decide) == counts
        assert (await desk.reload(alert)).standing.state is state
    assert await desk.queued() == [f"alert:{alert.id}:1", f"alert:{alert.id}:2"]


async def test_a_snooze_ends_by_itself_without_any_reading(desk: AlertDesk):
    alert = await desk.added()
    assert await desk.alerts.save_alert(snooze(alert, desk.now + MINUTE))
    assert await desk.alerts.apply(prices(desk.now, SEI="1"), decide) == Counts(0, 0)
    assert await desk.alerts.apply(Look(desk.now + MINUTE, {}), decide) == Counts(1, 0)
    assert (await desk.reload(alert)).standing == alert.standing
    assert await desk.alerts.apply(prices(desk.now + MINUTE, SEI="1"), decide) == Counts(0, 1)


async def test_what_is_paused_ended_or_over_stays_silent(desk: AlertDesk):
    paused, ended = await desk.added(), await desk.added()
    over = await desk.added(draft(expires_at=desk.now + MINUTE))
    asleep = await desk.added(draft(expires_at=desk.now + MINUTE))
    changes = pause(paused), finish(ended), snooze(asleep, desk.now)
    assert [await desk.alerts.save_alert(alert) for alert in changes] == [True] * 3
    assert await desk.alerts.apply(prices(desk.now + MINUTE, SEI="1"), decide) == Counts(0, 0)
    assert await desk.reload(over) == over
    early = prices(desk.now + MINUTE / 2, SEI="1")
    assert await desk.alerts.apply(early, decide) == Counts(1, 1)


async def test_history_says_nothing_to_what_was_set_after_it(desk: AlertDesk):
    alert = await desk.added()
    before = prices(desk.now - MINUTE, late=True, SEI="1")
    assert await desk.alerts.apply(before, decide) == Counts(0, 0)
    assert await desk.reload(alert) == alert
    after = prices(desk.now + MINUTE, late=True, SEI="1")
    assert await desk.alerts.apply(after, decide) == Counts(0, 1)


async def test_a_clock_that_went_back_keeps_nothing_from_ringing(desk: AlertDesk):
    await desk.added()
    assert await desk.alerts.apply(prices(desk.now - DAY, SEI="1"), decide) == Counts(0, 1)


async def test_quiet_hours_are_a_persons_own_and_not_for_groups(desk: AlertDesk):
    quiet = QuietHours(time(22, 30), time(7), lets_urgent=False)
    await desk.stores.people.save_settings(
        USER, replace(SETTINGS, time_zone="Asia/Tokyo", quiet=quiet)
    )
    await desk.added()
    await desk.added(place=GROUP)
    seen: list[Hit] = []

    def keep(hit: Hit) -> Outcome:
        seen.append(hit)
        return Outcome(hit.alert)

    look = prices(desk.now, SEI="1")
    assert await desk.alerts.apply(look, keep) == Counts(0, 0)
    assert [hit.quiet for hit in seen] == [quiet, None]
    assert {hit.time_zone for hit in seen} == {"Asia/Tokyo"}
    assert [hit.reading for hit in seen] == [look.readings["price:SEI:"]] * 2


@pytest.mark.parametrize("breaks_at", [0, 1, MANY // 2, MANY - 1])
async def test_all_or_nothing(desk: AlertDesk, breaks_at: int):
    """Whatever fails half way, the look never was; the next one does it all, once."""
    alerts = [await desk.added(draft("0.25"), most=MANY) for _ in range(MANY)]
    asleep = await desk.added(draft("0.9"), most=MANY + 1)
    assert await desk.alerts.save_alert(snooze(asleep, desk.now))
    asleep = await desk.reload(asleep)
    look = replace(prices(desk.now, SEI="0.25"), marks={"rsi:SEI:4h": desk.now})
    decided = 0

    def break_off(hit: Hit) -> Outcome:
        nonlocal decided
        decided += 1
        if decided > breaks_at + 1:
            raise RuntimeError
        return decide(hit)

    with pytest.raises(RuntimeError):
        await desk.alerts.apply(look, break_off)
    assert list(await desk.alerts.load_of_person(USER)) == [*alerts, asleep]
    assert await desk.alerts.load_marks(["rsi:SEI:4h"]) == {}
    assert await desk.queued() == []
    assert await desk.alerts.apply(look, decide) == Counts(1, MANY)
    assert await desk.alerts.apply(look, decide) == Counts(0, 0)
    assert await desk.queued() == [f"alert:{alert.id}:1" for alert in alerts]


async def test_the_same_ring_twice_is_refused(desk: AlertDesk):
    alert = await desk.added(draft(repeat=Repeat.EVERY))
    await desk.alerts.apply(prices(desk.now, SEI="1"), decide)
    rung = await desk.reload(alert)
    assert await desk.alerts.save_alert(replace(rung, standing=alert.standing, rings=0))
    before = await desk.reload(alert)
    with pytest.raises(Exception, match=r"(?i)unique|rang before"):
        await desk.alerts.apply(prices(desk.now + MINUTE, SEI="1"), decide)
    assert await desk.reload(alert) == before
    assert await desk.queued() == [f"alert:{alert.id}:1"]


async def test_what_stays_hit_is_stepped_once_a_look(desk: AlertDesk):
    alerts = [await desk.added(most=MANY) for _ in range(MANY)]

    def stay(hit: Hit) -> Outcome:
        rung = replace(hit.alert, rings=hit.alert.rings + 1)
        return Outcome(rung, ring(rung))

    for number in (1, 2):
        assert await desk.alerts.apply(prices(desk.now, SEI="1"), stay) == Counts(0, MANY)
        assert (await desk.reload(alerts[-1])).rings == number


async def test_digests_go_by_the_clock_alone(desk: AlertDesk):
    digest = await desk.digest(desk.now + DAY)
    earlier = await desk.digest(desk.now + DAY / 2, place=GROUP)
    paused = await desk.digest(desk.now)
    assert await desk.alerts.save_alert(pause(paused))
    due = ring_again(DAY)
    assert await desk.alerts.apply_due(desk.now, due) == Counts(0, 0)
    assert await desk.alerts.apply(prices(desk.now + DAY, SEI="1"), decide) == Counts(0, 0)
    assert await desk.alerts.apply_due(desk.now + DAY, due) == Counts(0, 2)
    assert await desk.alerts.apply_due(desk.now + DAY, due) == Counts(0, 0)
    assert (await desk.reload(digest)).standing.due_at == desk.now + DAY * 2
    assert (await desk.reload(earlier)).rings == 1
    assert sorted(await desk.queued()) == sorted(f"alert:{a.id}:1" for a in (earlier, digest))


async def test_alerts_on_series_are_not_due(desk: AlertDesk):
    alert = await desk.added()
    assert await desk.alerts.save_alert(snooze(alert, desk.now))
    assert await desk.alerts.apply_due(desk.now + DAY, ring_again(DAY)) == Counts(0, 0)


async def test_a_snoozed_digest_wakes_by_a_look_and_is_due_later(desk: AlertDesk):
    digest = await desk.digest(desk.now)
    assert await desk.alerts.save_alert(snooze(digest, desk.now + MINUTE))
    later = desk.now + MINUTE
    assert await desk.alerts.apply_due(later, ring_again(DAY)) == Counts(0, 0)
    woken = Standing(AlertState.ARMED, due_at=later + DAY)

    def wake_digest(hit: Hit) -> Outcome:
        assert hit.reading is None
        return Outcome(replace(hit.alert, standing=woken))

    assert await desk.alerts.apply(Look(later, {}), wake_digest) == Counts(1, 0)
    assert (await desk.reload(digest)).standing == woken


async def test_the_oldest_digest_comes_first(desk: AlertDesk):
    seen: list[Hit] = []
    alerts = [await desk.digest(desk.now + MINUTE * minute) for minute in (3, 1, 2, 1)]

    def keep(hit: Hit) -> Outcome:
        seen.append(hit)
        return Outcome(hit.alert)

    await desk.alerts.apply_due(desk.now + DAY, keep)
    assert [hit.alert.id for hit in seen] == [alerts[n].id for n in (1, 3, 2, 0)]
    assert all(hit.reading is None for hit in seen)


async def test_marks_go_on_with_their_look(desk: AlertDesk):
    names = ["rsi:SEI:4h", "ma:SEI:1d"]
    assert await desk.alerts.load_marks(names) == {}
    await desk.alerts.apply(Look(desk.now, {}, marks={names[0]: desk.now}), decide)
    later = {names[0]: desk.now + DAY, names[1]: desk.now, "high:SEI:30d": desk.now}
    await desk.alerts.apply(Look(desk.now, {}, marks=later), decide)
    assert await desk.alerts.load_marks(names) == {name: later[name] for name in names}
    assert await desk.alerts.load_marks([]) == {}


async def test_a_look_takes_thousands_of_series(desk: AlertDesk):
    await desk.added(draft("0.25"))
    readings = {f"price:T{n}:": Reading(Decimal(n), desk.now, desk.now) for n in range(5_000)}
    readings["price:SEI:"] = Reading(Decimal("-1E-30"), desk.now, desk.now)
    assert await desk.alerts.apply(Look(desk.now, readings), decide) == Counts(0, 0)
    marks = dict.fromkeys(readings, desk.now)
    readings["price:SEI:"] = Reading(Decimal("1E+30"), desk.now, desk.now)
    assert await desk.alerts.apply(Look(desk.now, readings, marks=marks), decide) == Counts(0, 1)
    assert await desk.alerts.load_marks(list(readings)) == marks


async def test_the_first_look_tells_where_an_unknown_price_stands(desk: AlertDesk):
    alert = await desk.added(draft("0.25", "PRICE_CROSSES"), seen=None)
    assert await desk.alerts.apply(prices(desk.now, SEI="0.3"), decide) == Counts(1, 0)
    trigger = (await desk.reload(alert)).standing.trigger
    assert trigger
    assert trigger.direction is Direction.DOWN
    assert trigger != Trigger(Direction.DOWN, 0)


async def test_nobody_else_is_asked_for_a_person_without_settings(desk: AlertDesk):
    with pytest.raises(Exception, match=r"(?i)foreign|nobody"):
        await desk.add(user=UserId(404))
