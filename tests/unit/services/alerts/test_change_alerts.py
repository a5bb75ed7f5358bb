"""What a person's change does to when an alert rings."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.alerts import Alert, AlertState, Condition, Place, Repeat
from bot.domain.errors import UserError
from bot.domain.people import User
from bot.policy.alerts.proposals import Change
from bot.policy.risk import Limits
from tests.unit.services.alerts.room import DAILY, GROUP, Room, above
from tests.unit.services.office import ANN, BO

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
EVERY: dict[str, Any] = {"repeat": Repeat.EVERY, "cooldown": timedelta(days=1)}


async def do(room: Room, act: str, user: User, alert: Alert, group: int = 0) -> Alert:
    """What ends in an alert that stands as a new one."""
    if act == "resume":
        await room.set.pause(user, alert.id, group)
        return await room.set.resume(user, alert.id, group)
    if act == "restore":
        await room.set.delete(user, alert.id, group)
        return await room.set.restore(user, alert.id, group)
    digest = not alert.series
    change = Change(window="09:00") if digest else Change(threshold=Decimal("0.26"))
    return await room.set.edit(user, alert.id, change, group)


@pytest.mark.parametrize("act", ["resume", "restore", "edit"])
async def test_changed_while_no_figure_is_known_it_hears_nothing_of_before(act: str):
    room = Room()
    alert = await room.sets(above("0.25", **EVERY))
    room.figures.known.clear()
    room.clock.jump(3_600)
    after = await do(room, act, await room.office.user(), alert)
    assert (after.seen_value, after.seen_at) == (None, room.clock.now())
    room.clock.jump(1_800)
    for ago, usd in ((80, "0.2"), (60, "0.3"), (40, "0.2")):
        assert not await room.rings(alert, usd, ago=timedelta(minutes=ago))
    assert room.now(alert).rings == 0
    assert not await room.rings(alert, "0.2", ago=QUARTER)
    assert await room.rings(alert, "0.3", ago=timedelta(minutes=10))


@pytest.mark.parametrize("act", ["resume", "restore", "edit"])
async def test_whoever_changes_a_groups_digest_it_keeps_the_clock_of_who_set_it_up(act: str):
    room = Room()
    await room.office.user()
    await room.office.user(ANN, time_zone="Europe/Berlin")
    ann = await room.office.records.load_user(ANN)
    await room.office.user(BO)
    bo = await room.office.user(BO, time_zone="Asia/Tokyo")
    assert ann
    digest = await room.set.create(ann, Place(GROUP), DAILY)
    due_at = (await do(room, act, bo, digest, GROUP)).standing.due_at
    assert due_at
    assert due_at.hour == (8 if act == "edit" else 7)


async def test_digests_in_groups_follow_the_clock_of_who_set_them_up():
    room = Room()
    digest = await room.sets(DAILY, Place(GROUP, 4))
    await room.office.user(BO)
    other = await room.set.create(await room.office.user(BO), Place(GROUP), DAILY)
    await room.office.user(time_zone="Asia/Seoul")
    assert await room.set.follow_zone(ANN) == 1
    due_at = room.now(digest).standing.due_at
    assert due_at
    assert due_at.hour == 23, "08:00 in Seoul"
    assert room.now(other) == other


async def test_a_snooze_brings_back_even_one_that_has_rung_for_the_last_time():
    room = Room()
    user = await room.office.user()
    alert = await room.sets(above("0.25"))
    assert await room.rings(alert)
    assert not room.now(alert).is_active
    after = await room.set.snooze(user, alert.id, QUARTER)
    assert after.standing.state is AlertState.SNOOZED
    assert after.standing.due_at == room.clock.now() + QUARTER
    for span in (timedelta(0), timedelta(days=31), timedelta(minutes=-5)):
        with pytest.raises(UserError, match="30 days"):
            await room.set.snooze(user, alert.id, span)


async def test_a_snooze_brings_nothing_back_where_there_is_no_room():
    room = Room(Limits(max_alerts=1))
    alert = await room.sets(above("0.25"))
    assert await room.rings(alert)
    await room.sets(above("0.3"))
    with pytest.raises(UserError, match="1 alerts already"):
        await room.set.snooze(await room.office.user(), alert.id, HOUR)


async def test_a_snooze_makes_no_twin():
    room = Room()
    alert = await room.sets(above("0.25"))
    assert await room.rings(alert)
    await room.sets(above("0.25"))
    with pytest.raises(UserError, match="set again meanwhile"):
        await room.set.snooze(await room.office.user(), alert.id, QUARTER)
    assert await room.alerts.count_active() == 1


@pytest.mark.parametrize("place", [Place(int(ANN)), Place(GROUP, 4)])
@pytest.mark.parametrize("how", ["every", "once", "after its last ring", "snoozed"])
async def test_a_snooze_does_not_bring_back_what_a_person_has_ended(place: Place, how: str):
    room = Room()
    user = await room.office.user()
    group = place.chat_id if place.is_group else 0
    alert = await room.sets(above("0.25", **(EVERY if how == "every" else {})), place)
    if how != "once":
        assert await room.rings(alert)
    if how == "snoozed":
        await room.set.snooze(user, alert.id, QUARTER, group)
    await room.set.delete(user, alert.id, group)
    other = await room.office.user(BO) if group else user
    with pytest.raises(UserError, match="was ended"):
        await room.set.snooze(other, alert.id, QUARTER, group)
    assert not room.now(alert).is_active


async def test_a_snooze_does_not_bring_back_what_ran_out():
    room = Room()
    alert = await room.sets(above("0.25", **EVERY, expires_at=room.clock.now() + HOUR))
    assert await room.rings(alert)
    room.clock.jump(3_600)
    now = room.clock.now()
    assert await room.alerts.expire(now, now, lambda _: None) == 1
    with pytest.raises(UserError, match="was ended"):
        await room.set.snooze(await room.office.user(), alert.id, QUARTER)


@pytest.mark.parametrize("act", ["snooze", "restore", "once"])
async def test_in_a_gap_that_goes_on_it_rings_again_after_a_persons_change(act: str):
    """A catch-up broke off; what is looked at later belongs to the same gap."""
    room = Room()
    user = await room.office.user()
    alert = await room.sets(above("0.25", **(EVERY if act == "once" else {})))
    room.clock.jump(3_600)
    assert await room.rings(alert, ago=HOUR - QUARTER)
    if act == "snooze":
        await room.set.snooze(user, alert.id, QUARTER)
    elif act == "restore":
        await room.set.restore(user, alert.id)
    else:
        await room.set.edit(user, alert.id, Change(repeat=Repeat.ONCE, cooldown=timedelta(0)))
    room.clock.jump(3_600)
    for ago, usd in ((40, "0.2"), (35, "0.2"), (30, "0.2")):
        assert not await room.rings(alert, usd, ago=timedelta(minutes=ago))
    assert await room.rings(alert, ago=QUARTER)
    assert room.now(alert).rings == 2


async def test_a_rest_that_has_begun_lasts_as_long_as_the_new_one_says():
    room = Room()
    user = await room.office.user()
    alert = await room.sets(above("0.25", **EVERY))
    assert await room.rings(alert)
    rang_at = room.clock.now()
    room.clock.jump(600)
    for rest in (HOUR, timedelta(days=2)):
        after = await room.set.edit(user, alert.id, Change(cooldown=rest))
        assert after.standing.state is AlertState.RESTING
        assert after.standing.due_at == rang_at + rest
    await room.set.edit(user, alert.id, Change(cooldown=timedelta(minutes=5)))
    assert not await room.rings(alert, "0.2"), "the rest is over"
    assert not await room.rings(alert, "0.2"), "armed"
    assert await room.rings(alert)


async def test_other_words_change_nothing_about_a_rest():
    room = Room()
    alert = await room.sets(above("0.25", **EVERY))
    assert await room.rings(alert)
    before = room.now(alert)
    after = await room.set.edit(await room.office.user(), alert.id, Change(urgent=True))
    assert (after.standing, after.rang_at) == (before.standing, before.rang_at)


async def test_one_that_may_go_both_ways_wakes_where_no_figure_was_known():
    room = Room()
    user = await room.office.user()
    crosses = Condition("PRICE_CROSSES", "SEI", Decimal("0.25"))
    alert = await room.sets(above("0.25", condition=crosses, **EVERY))
    assert await room.rings(alert)
    room.figures.known.clear()
    await room.set.resume(user, alert.id)
    await room.set.snooze(user, alert.id, QUARTER)
    room.clock.jump(900)
    for usd in ("0.2", "0.2"):
        assert not await room.rings(alert, usd), "woken, then on which side it is"
    assert await room.rings(alert, "0.26")
