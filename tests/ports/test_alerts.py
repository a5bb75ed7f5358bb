"""What every `Alerts` owes its callers: the fake, SQLite and PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.alerts import (
    Alert,
    AlertId,
    AlertState,
    Direction,
    Place,
    Repeat,
    Standing,
    Trigger,
    sortable,
)
from bot.domain.people import UserId
from bot.policy.alerts.states import finish, pause, snooze
from bot.ports.alerts import Hit, Outcome
from bot.ports.ledger import Notice
from tests.fakes.clock import FakeClock
from tests.ports.alert_desk import GROUP, PRIVATE, AlertDesk, armed, decide, draft, prices
from tests.ports.databases import USER, Stores

OTHER = UserId(7)
HOUR = timedelta(hours=1)


@pytest.fixture
async def desk(stores: Stores, clock: FakeClock) -> AlertDesk:
    made = AlertDesk(stores, clock.now())
    await made.meet(USER, OTHER)
    return made


async def test_an_alert_comes_back_as_it_was_made(desk: AlertDesk):
    made = draft(
        "0.123456789012345",
        repeat=Repeat.EVERY,
        cooldown=timedelta(minutes=90),
        expires_at=desk.now + timedelta(days=3, microseconds=1),
        urgent=True,
        note="stop-loss of <b>Alpha</b>",
    )
    made = replace(made, condition=replace(made.condition, window="1h", agent_id=2**40))
    alert = await desk.added(made, seen="0.1")
    assert (alert.user_id, alert.place, alert.condition) == (USER, PRIVATE, made.condition)
    assert (alert.repeat, alert.cooldown, alert.note) == (made.repeat, made.cooldown, made.note)
    assert (alert.expires_at, alert.urgent) == (made.expires_at, True)
    assert (alert.seen_value, alert.seen_at) == (Decimal("0.1"), desk.now)
    assert (alert.rings, alert.rang_at, alert.created_at) == (0, None, desk.now)
    assert alert.standing == armed("0.123456789012345")
    assert await desk.reload(alert) == alert
    assert await desk.alerts.load_alert(AlertId(404)) is None


async def test_a_figure_nobody_knew_was_not_seen(desk: AlertDesk):
    alert = await desk.added(seen=None)
    assert (alert.seen_value, alert.seen_at) == (None, None)
    assert alert.standing.state is AlertState.DISARMED
    assert alert.standing.trigger == Trigger(Direction.DOWN, sortable(Decimal("0.25")) - 1)


async def test_people_and_groups_have_lists_of_their_own(desk: AlertDesk):
    private = [await desk.added() for _ in range(3)]
    topic = await desk.added(place=GROUP)
    whole = await desk.added(place=Place(GROUP.chat_id), user=OTHER)
    await desk.added(place=Place(-5))
    await desk.added(place=Place(int(OTHER)), user=OTHER)
    assert await desk.alerts.save_alert(finish(private[1]))
    assert list(await desk.alerts.load_of_person(USER)) == [private[0], private[2]]
    assert list(await desk.alerts.load_of_group(GROUP.chat_id)) == [topic, whole]
    assert await desk.alerts.count_active() == 6


async def test_a_persons_digests_are_found_wherever_they_come(desk: AlertDesk):
    due_at = desk.now + HOUR
    private, group = await desk.digest(due_at), await desk.digest(due_at, GROUP)
    ended = await desk.digest(due_at, GROUP)
    await desk.added()
    assert await desk.alerts.save_alert(finish(ended))
    assert list(await desk.alerts.load_digests_by(USER)) == [private, group]
    assert not await desk.alerts.load_digests_by(OTHER)


async def test_only_groups_share_and_only_while_it_is_active(desk: AlertDesk):
    private, group = await desk.added(), await desk.added(place=GROUP)
    other = await desk.added(place=GROUP)
    assert private.share == ""
    assert group.share
    assert group.share != other.share
    assert len(group.share) <= 32
    assert await desk.alerts.load_shared(group.share) == group
    assert await desk.alerts.load_shared("") is None
    assert await desk.alerts.save_alert(finish(group))
    assert await desk.alerts.load_shared(group.share) is None


async def test_a_place_has_room_for_so_many(desk: AlertDesk):
    first = await desk.added(most=2)
    await desk.added(most=2)
    assert await desk.add(most=2) is None
    assert await desk.add(place=GROUP, most=2)
    assert await desk.add(place=Place(int(OTHER)), user=OTHER, most=2)
    assert await desk.add(place=Place(GROUP.chat_id), user=OTHER, most=2)
    assert await desk.add(place=GROUP, most=2) is None
    assert await desk.alerts.save_alert(finish(first))
    assert await desk.add(most=2)


@pytest.mark.parametrize("place", [PRIVATE, GROUP], ids=["private", "group"])
async def test_the_limit_holds_among_those_made_at_once(desk: AlertDesk, place: Place):
    made = await asyncio.gather(*(desk.add(place=place, most=3) for _ in range(10)))
    assert sum(alert is not None for alert in made) == 3
    assert await desk.alerts.count_active() == 3


async def test_a_change_counts_if_nobody_was_faster(desk: AlertDesk):
    alert = await desk.added()
    changed = replace(
        alert,
        condition=replace(alert.condition, threshold=Decimal("0.3"), window="4h"),
        series="price:SEI:x",
        repeat=Repeat.EVERY,
        cooldown=HOUR,
        expires_at=desk.now + HOUR,
        urgent=True,
        note="another",
        seen_value=Decimal("0.29"),
        seen_at=desk.now + HOUR,
        standing=armed("0.3"),
    )
    assert await desk.alerts.save_alert(changed)
    after = await desk.reload(alert)
    assert after.version > alert.version
    assert replace(after, version=alert.version) == changed
    assert not await desk.alerts.save_alert(replace(alert, note="too late"))
    assert await desk.reload(alert) == after
    assert not await desk.alerts.save_alert(replace(after, id=AlertId(404)))


async def test_of_two_changes_at_once_one_wins(desk: AlertDesk):
    alert = await desk.added()
    saved = await asyncio.gather(
        *(desk.alerts.save_alert(replace(alert, note=note)) for note in "abcd")
    )
    assert saved.count(True) == 1
    assert (await desk.reload(alert)).note == "abcd"[saved.index(True)]


async def test_a_look_between_voids_a_change(desk: AlertDesk):
    alert = await desk.added()
    await desk.alerts.apply(prices(desk.now, SEI="0.3"), decide)
    assert not await desk.alerts.save_alert(pause(alert))
    assert (await desk.reload(alert)).standing.state is AlertState.DONE


@pytest.mark.parametrize("way", list(Direction))
async def test_silent_alerts_keep_their_direction_at_most(desk: AlertDesk, way: Direction):
    until = datetime(2026, 12, 1, 8, 30, 0, 1, UTC)
    for state in AlertState:
        alert = await desk.added()
        standing = Standing(state, Trigger(way, 17), until)
        assert await desk.alerts.save_alert(replace(alert, standing=standing))
        after = await desk.reload(alert)
        level = {AlertState.ARMED: 17, AlertState.DISARMED: 17}.get(state, 0)
        kept = None if state in (AlertState.PAUSED, AlertState.DONE) else Trigger(way, level)
        assert after.standing == Standing(state, kept, until)
        assert after.is_active == (state is not AlertState.DONE)


async def test_what_ran_out_ends_and_is_told_once(desk: AlertDesk):
    ends = [desk.now + HOUR * n for n in range(3)]
    kept = await desk.added()
    alerts = [await desk.added(draft(expires_at=at)) for at in ends]
    assert await desk.alerts.save_alert(snooze(alerts[1], desk.now + HOUR * 9))
    told: list[Hit] = []

    def tell(hit: Hit) -> Notice | None:
        told.append(hit)
        return Notice(1, "alert_ended", f"ended:{len(told)}") if len(told) == 2 else None

    snoozed = await desk.reload(alerts[1])
    assert await desk.alerts.expire(ends[1], ends[1], tell) == 2
    assert [hit.alert for hit in told] == [alerts[0], snoozed]
    assert {(hit.reading, hit.time_zone) for hit in told} == {(None, "UTC")}
    assert await desk.alerts.expire(ends[1], ends[1], tell) == 0
    assert await desk.queued() == ["ended:2"]
    assert list(await desk.alerts.load_of_person(USER)) == [kept, alerts[2]]
    assert (await desk.reload(alerts[0])).standing == Standing(AlertState.DONE)


async def test_an_end_that_cannot_be_told_does_not_happen(desk: AlertDesk):
    alert = await desk.added(draft(expires_at=desk.now))

    def fail(_: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await desk.alerts.expire(desk.now, desk.now, fail)
    assert await desk.reload(alert) == alert


async def test_nothing_ends_before_what_happened_is_looked_at_but_digests(desk: AlertDesk):
    end = desk.now + HOUR
    price = await desk.added(draft(expires_at=end))
    digest = await desk.added(
        replace(draft(expires_at=end), condition=replace(draft().condition, type="DIGEST_DAILY"))
    )
    assert await desk.alerts.save_alert(replace(digest, series=""))
    assert await desk.alerts.expire(end, end - HOUR / 60, lambda _: None) == 1
    assert (await desk.reload(digest)).standing == Standing(AlertState.DONE)
    assert await desk.reload(price) == price
    assert await desk.alerts.expire(end + HOUR, end, lambda _: None) == 1


async def test_a_clock_that_was_ahead_is_set_right_in_one_step(desk: AlertDesk):
    past, future = desk.now - HOUR, desk.now + HOUR
    quiet = await desk.added()
    assert await desk.alerts.save_alert(replace(quiet, seen_at=past, rang_at=past))
    stands = [await desk.reload(quiet)]
    for change in (
        {"standing": Standing(AlertState.SNOOZED, None, future)},
        {"seen_at": future},
        {"rang_at": future},
        {"standing": Standing(AlertState.DONE), "rang_at": future},
    ):
        alert = await desk.added()
        assert await desk.alerts.save_alert(replace(alert, **change))
        stands.append(await desk.reload(alert))
    asked: list[Alert] = []

    def decide(hit: Hit) -> Outcome:
        asked.append(hit.alert)
        return Outcome(replace(hit.alert, rang_at=None, seen_at=past))

    assert await desk.alerts.set_back(desk.now, decide) == 3
    assert asked == stands[1:4]
    assert await desk.reload(stands[0]) == stands[0]
    assert await desk.reload(stands[4]) == stands[4]
    assert (await desk.reload(stands[2])).seen_at == past


async def test_series_are_those_that_a_trigger_waits_on(desk: AlertDesk):
    sei = [await desk.added() for _ in range(3)]
    usdc = await desk.added(replace(draft(), condition=replace(draft().condition, symbol="USDC")))
    for number, series in enumerate(["prices:SEI:", "gas::", "price:sei:", "price:ÅÄ:"]):
        alert = await desk.added()
        assert await desk.alerts.save_alert(replace(alert, series=series, note=str(number)))
    await desk.digest(desk.now)
    load = desk.alerts.load_series
    prices_of = {"price:SEI:", "price:USDC:", "price:sei:", "price:ÅÄ:"}
    assert await load(["price"]) == prices_of
    assert await load(["gas", "price", "none"]) == {*prices_of, "gas::"}
    assert await load([]) == frozenset()
    for alert in (*sei[:2], usdc):
        assert await desk.alerts.save_alert(snooze(alert, desk.now))
    assert await load(["price"]) == prices_of - {"price:USDC:"}


async def test_a_group_that_moves_takes_everything_along(desk: AlertDesk):
    new = -1_009_999_999_999
    topic = await desk.added(place=GROUP)
    ended = await desk.added(place=GROUP)
    private = await desk.added()
    assert await desk.alerts.save_alert(finish(ended))
    for chat, key in ((GROUP.chat_id, "a"), (GROUP.chat_id, "b"), (int(USER), "c")):
        await desk.stores.outbox.queue(Notice(chat, "alert", key), desk.now)
    (sent,) = await desk.stores.outbox.load_due(desk.now, 1, ())
    assert await desk.stores.outbox.mark_sending(sent.id)
    await desk.stores.outbox.mark_sent(sent.id, desk.now)
    assert await desk.alerts.move_chat(GROUP.chat_id, new) == 2
    (moved,) = await desk.alerts.load_of_group(new)
    assert replace(moved, version=topic.version) == replace(topic, place=Place(new, 7))
    assert moved.version > topic.version
    assert list(await desk.alerts.load_of_group(GROUP.chat_id)) == []
    assert list(await desk.alerts.load_of_person(USER)) == [private]
    due = await desk.stores.outbox.load_due(desk.now, 9, ())
    assert {(q.notice.chat_id, q.notice.key) for q in due} == {(new, "b"), (int(USER), "c")}
    assert not await desk.alerts.save_alert(topic)


async def test_a_lost_topic_or_group_ends_what_is_told_there(desk: AlertDesk):
    topic, whole = await desk.added(place=GROUP), await desk.added(place=Place(GROUP.chat_id))
    ended, private = await desk.added(place=GROUP), await desk.added()
    assert await desk.alerts.save_alert(finish(ended))
    stop = desk.alerts.stop_place
    assert list(await stop(GROUP, topic_only=True)) == [topic]
    assert list(await stop(GROUP, topic_only=True)) == []
    assert list(await stop(GROUP, topic_only=False)) == [whole]
    assert (await desk.reload(topic)).standing == Standing(AlertState.DONE)
    assert list(await stop(PRIVATE, topic_only=False)) == [private]
    assert await desk.alerts.count_active() == 0
