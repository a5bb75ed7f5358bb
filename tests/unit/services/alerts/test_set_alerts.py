"""What people may do to alerts, and whose they are."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.alerts import (
    Alert,
    AlertDraft,
    AlertState,
    Condition,
    Direction,
    Place,
    Repeat,
)
from bot.domain.errors import UserError
from bot.policy.alerts.bounds import distance_of
from bot.policy.alerts.proposals import Change
from bot.policy.risk import Limits
from tests.unit.services.alerts.room import DAILY, GROUP, HOME, KINDS, Room, above, below
from tests.unit.services.office import ANN, BO

OTHER_GROUP = -200


async def test_a_new_alert_is_armed_with_the_figure_of_now():
    room = Room()
    alert = await room.sets(above("0.25"))
    assert alert.standing.state is AlertState.ARMED
    assert alert.standing.trigger is not None
    assert alert.standing.trigger.direction is Direction.UP
    assert (alert.seen_value, alert.series) == (Decimal("0.2"), "price:SEI:")


async def test_what_is_so_already_is_said_and_waits():
    room = Room()
    user = await room.office.user()
    proposal = await room.set.propose(user, HOME, above("0.15"))
    assert proposal.reached
    assert proposal.distance == 0
    alert = await room.sets(above("0.15"))
    assert alert.standing.state is AlertState.DISARMED
    eager = await room.sets(above("0.16", at_once=True))
    assert eager.standing.state is AlertState.ARMED


async def test_the_distance_is_how_far_the_price_must_go():
    room = Room()
    proposal = await room.set.propose(await room.office.user(), HOME, above("0.25"))
    assert not proposal.reached
    assert proposal.distance == 25


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (above("0"), "more than zero"),
        (above("-1"), "more than zero"),
        (above("NaN"), "figure"),
        (above("25"), "hundredfold"),
        (above("0.0001"), "hundredfold"),
        (above("0.25", "DOGE"), "do not know DOGE"),
        (above("0.25", ""), "Name the token"),
        (above("0.25", cooldown=timedelta(days=31)), "30 days"),
        (above("0.25", cooldown=timedelta(seconds=-1)), "30 days"),
        (AlertDraft(Condition("NO_SUCH", "SEI", Decimal(1))), "kind of alert"),
        (AlertDraft(Condition("PERCENT_CHANGE", "SEI", Decimal(-5), "9y")), "watch"),
        (AlertDraft(Condition("PORTFOLIO_ABOVE", "", Decimal(5), "", 99)), "not yours"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence(draft: AlertDraft, words: str):
    room = Room()
    user = await room.office.user()
    with pytest.raises(UserError, match=words):
        await room.set.propose(user, HOME, draft)
    with pytest.raises(UserError, match=words):
        await room.set.create(user, HOME, draft)
    assert not room.alerts.alerts


async def test_a_past_and_an_endless_date_are_refused():
    room = Room()
    now = room.clock.now()
    for end, words in ((now, "has passed"), (now + timedelta(days=3_000), "five years")):
        with pytest.raises(UserError, match=words):
            await room.sets(above("0.25", expires_at=end))


async def test_the_same_again_is_said_not_set():
    room = Room()
    first = await room.sets(above("0.25"))
    with pytest.raises(UserError, match="have that one already"):
        await room.sets(above("0.250"))
    user = await room.office.user()
    assert await room.set.create_once(user, HOME, above("0.25")) == (first, False)
    await room.set.delete(user, first.id)
    assert (await room.sets(above("0.25"))).id != first.id


async def test_of_a_groups_alert_it_is_said_that_the_group_has_it():
    room = Room()
    await room.sets(above("0.25"), Place(GROUP))
    with pytest.raises(UserError, match="This group has that one already"):
        await room.sets(above("0.25"), Place(GROUP))


async def test_a_line_has_as_many_digits_as_a_series():
    room = Room()
    alert = await room.sets(above("0.2500000000000001234"))
    assert alert.condition.threshold == Decimal("0.25")


async def test_one_may_have_as_many_as_the_limit_says():
    room = Room(Limits(max_alerts=3))
    made = [await room.sets(above(f"0.3{n}")) for n in range(3)]
    with pytest.raises(UserError, match="3 alerts already"):
        await room.sets(above("0.4"))
    user = await room.office.user()
    await room.set.delete(user, made[0].id)
    await room.sets(above("0.4"))
    with pytest.raises(UserError, match="3 alerts already"):
        await room.set.restore(user, made[0].id)


async def test_a_flood_is_held_back_for_a_minute_and_only_for_whoever_floods():
    room = Room()
    for n in range(20):
        await room.sets(above(f"0.{30 + n}"))
    with pytest.raises(UserError, match="in a minute"):
        await room.sets(above("0.9"))
    bo = await room.office.user(BO)
    await room.set.create(bo, Place(int(BO)), above("0.9"))
    room.clock.jump(61)
    await room.sets(above("0.9"))


@pytest.mark.parametrize("act", ["own", "pause", "resume", "delete", "restore", "snooze", "edit"])
async def test_nobody_touches_the_alerts_of_others(act: str):
    room = Room()
    alert = await room.sets(above("0.25"))
    group_alert = await room.sets(above("0.26"), Place(GROUP, 5))
    bo = await room.office.user(BO)
    extra = {"snooze": (timedelta(hours=1),), "edit": (Change(urgent=True),)}.get(act, ())
    for alert_id, group in ((alert.id, 0), (alert.id, GROUP), (group_alert.id, 0),
                            (group_alert.id, OTHER_GROUP), (10**17, 0)):  # fmt: skip
        with pytest.raises(UserError, match="not yours or no longer"):
            await getattr(room.set, act)(bo, alert_id, *extra, group)
    assert room.now(alert) == alert
    assert room.now(group_alert) == group_alert
    ann = await room.office.user()
    with pytest.raises(UserError, match="not yours"):
        await room.set.own(ann, group_alert.id)  # set up by her, but she may have lost her rights
    assert await room.set.own(bo, group_alert.id, GROUP) == group_alert


async def test_pausing_and_resuming_begins_anew():
    room = Room()
    user = await room.office.user()
    alert = await room.sets(above("0.25"))
    await room.set.pause(user, alert.id)
    assert room.now(alert).standing.state is AlertState.PAUSED
    room.figures.known["price:SEI:"] = Decimal("0.3")
    await room.set.resume(user, alert.id)
    after = room.now(alert)
    assert after.standing.state is AlertState.DISARMED
    assert after.seen_value == Decimal("0.3")


async def test_a_digest_is_not_snoozed():
    room = Room()
    alert = await room.sets(DAILY)
    with pytest.raises(UserError, match="by the clock"):
        await room.set.snooze(await room.office.user(), alert.id, timedelta(hours=1))


async def test_deleting_can_be_taken_back_once_and_doubles_nothing():
    room = Room()
    user = await room.office.user()
    alert = await room.sets(above("0.25"))
    await room.set.delete(user, alert.id)
    await room.set.delete(user, alert.id)
    assert not room.now(alert).is_active
    await room.set.restore(user, alert.id)
    await room.set.restore(user, alert.id)
    assert room.now(alert).standing.state is AlertState.ARMED
    await room.set.delete(user, alert.id)
    await room.sets(above("0.25"))
    with pytest.raises(UserError, match="again meanwhile"):
        await room.set.restore(user, alert.id)


async def test_what_was_silent_comes_back_silent():
    room = Room()
    user = await room.office.user()
    alert = await room.sets(above("0.25"))
    paused = (await room.set.pause(user, alert.id)).standing
    await room.set.delete(user, alert.id)
    back = await room.set.restore(user, alert.id, was=paused)
    assert back.standing.state is AlertState.PAUSED
    snoozed = (await room.set.snooze(user, alert.id, timedelta(hours=1))).standing
    for wait_s, state in ((60, AlertState.SNOOZED), (3_600, AlertState.ARMED)):
        await room.set.delete(user, alert.id)
        room.clock.jump(wait_s)
        back = await room.set.restore(user, alert.id, was=snoozed)
        assert back.standing.state is state
        assert back.standing.due_at == (snoozed.due_at if state is AlertState.SNOOZED else None)


async def test_another_figure_keeps_the_snooze():
    room = Room()
    user = await room.office.user()
    alert = await room.sets(above("0.25"))
    snoozed = await room.set.snooze(user, alert.id, timedelta(hours=1))
    after = await room.set.edit(user, alert.id, Change(threshold=Decimal("0.3")))
    assert after.standing.state is AlertState.SNOOZED
    assert after.standing.due_at == snoozed.standing.due_at
    assert after.condition.threshold == Decimal("0.3")


async def test_what_ran_out_comes_back_without_its_end():
    room = Room()
    user = await room.office.user()
    end = room.clock.now() + timedelta(hours=1)
    alert = await room.sets(above("0.25", expires_at=end))
    with pytest.raises(UserError, match="ends before"):
        await room.set.snooze(user, alert.id, timedelta(hours=1))
    await room.set.delete(user, alert.id)
    assert (await room.set.restore(user, alert.id)).expires_at == end
    await room.set.delete(user, alert.id)
    room.clock.jump(3_600)
    back = await room.set.restore(user, alert.id)
    assert (back.standing.state, back.expires_at) == (AlertState.ARMED, None)


async def test_another_figure_stands_as_a_new_alert_does():
    room = Room()
    user = await room.office.user()
    alert = await room.sets(above("0.25"))
    other = await room.sets(above("0.3"))
    edited = await room.set.edit(user, alert.id, Change(threshold=Decimal("0.19")))
    assert edited.standing.state is AlertState.DISARMED
    with pytest.raises(UserError, match="have that one already"):
        await room.set.edit(user, alert.id, Change(threshold=Decimal("0.3")))
    with pytest.raises(UserError, match="hundredfold"):
        await room.set.edit(user, alert.id, Change(threshold=Decimal(999)))
    await room.set.pause(user, other.id)
    still = await room.set.edit(user, other.id, Change(threshold=Decimal("0.31")))
    assert still.standing.state is AlertState.PAUSED


async def test_how_it_rings_changes_without_arming_it_anew():
    room = Room()
    user = await room.office.user()
    alert = await room.sets(above("0.15"))
    end = room.clock.now() + timedelta(days=2)
    change = Change(repeat=Repeat.EVERY, cooldown=timedelta(hours=2), urgent=True, expires_at=end)
    after = await room.set.edit(user, alert.id, change)
    assert after.standing == alert.standing
    assert (after.repeat, after.cooldown) == (Repeat.EVERY, timedelta(hours=2))
    assert (after.urgent, after.expires_at) == (True, end)
    assert (await room.set.edit(user, alert.id, Change(for_good=True))).expires_at is None


async def test_a_lost_race_is_run_again(monkeypatch: pytest.MonkeyPatch):
    room = Room()
    user = await room.office.user()
    alert = await room.sets(above("0.25"))
    save = room.alerts.save_alert
    lost: list[Alert] = []

    async def late(after: Alert) -> bool:
        if not lost:
            lost.append(after)
            await save(replace(room.now(alert), urgent=True))
        return await save(after)

    monkeypatch.setattr(room.alerts, "save_alert", late)
    await room.set.pause(user, alert.id)
    after = room.now(alert)
    assert after.standing.state is AlertState.PAUSED
    assert after.urgent, "the other change is kept"


async def test_everything_is_silenced_and_woken_at_once():
    room = Room()
    user = await room.office.user()
    made = [await room.sets(above(f"0.3{n}")) for n in range(3)]
    group_alert = await room.sets(above("0.3"), Place(GROUP))
    await room.set.pause(user, made[0].id)
    assert await room.set.pause_all(user) == 2
    assert {room.now(alert).standing.state for alert in made} == {AlertState.PAUSED}
    assert room.now(group_alert).standing.state is AlertState.ARMED
    assert await room.set.resume_all(user) == 3


async def test_the_nearest_to_ringing_comes_first_and_the_paused_last():
    room = Room()
    user = await room.office.user()
    far, near = await room.sets(above("0.4")), await room.sets(below("0.19"))
    paused = await room.sets(above("0.201"))
    await room.set.pause(user, paused.id)
    waits = await room.sets(above("0.1"))
    digest = await room.sets(DAILY)
    unknown = await room.sets(above("0.5", "iSEI"))
    found = await room.set.nearest(user)
    assert [n.alert.id for n in found] == [
        alert.id for alert in (near, far, digest, waits, unknown, paused)
    ]
    assert found[0].distance == 5


async def test_what_an_agent_holds_is_its_persons_alone():
    room = Room()
    agent = await room.office.agent()
    draft = AlertDraft(Condition("PORTFOLIO_ABOVE", "", Decimal(500), "", int(agent.id)))
    bo = await room.office.user(BO)
    with pytest.raises(UserError, match="not yours"):
        await room.set.create(bo, Place(int(BO)), draft)
    with pytest.raises(UserError, match="in private only"):
        await room.sets(draft, Place(GROUP))
    assert (await room.sets(draft)).series == f"portfolio:{agent.id}:"


async def test_a_groups_alert_can_be_taken_along():
    room = Room()
    shared = await room.sets(above("0.25"), Place(GROUP, 3))
    bo = await room.office.user(BO)
    mine = await room.set.subscribe(bo, shared.share)
    assert (mine.user_id, mine.place) == (BO, Place(int(BO)))
    with pytest.raises(UserError, match="already"):
        await room.set.subscribe(bo, shared.share)
    with pytest.raises(UserError, match="has ended"):
        await room.set.subscribe(bo, "made up")


async def test_digests_follow_the_clock_of_their_person():
    room = Room()
    user = await room.office.user()
    digest = await room.sets(DAILY)
    assert digest.standing.due_at is not None
    assert digest.standing.due_at.hour == 8
    paused = await room.sets(AlertDraft(Condition("DIGEST_DAILY", "", Decimal(0), "09:00")))
    await room.set.pause(user, paused.id)
    await room.office.user(time_zone="Asia/Seoul")
    assert await room.set.follow_zone(ANN) == 1
    moved = room.now(digest).standing.due_at
    assert moved is not None
    assert moved.hour == 23, "08:00 in Seoul"
    assert room.now(paused).standing.state is AlertState.PAUSED


@settings(max_examples=200)
@given(
    line=st.decimals("0.001", "1000", places=6),
    figure=st.decimals("0.001", "1000", places=6),
    kind=st.sampled_from(["PRICE_ABOVE", "PRICE_BELOW"]),
)
def test_the_distance_is_none_exactly_when_it_is_reached(line: Decimal, figure: Decimal, kind: str):
    watch = KINDS.watch(Condition(kind, "SEI", line))
    assert watch is not None
    distance = distance_of(watch, figure)
    reached = figure >= line if kind == "PRICE_ABOVE" else figure <= line
    assert (distance == 0) == reached
    assert distance >= 0
    if not reached:
        way = 1 if kind == "PRICE_ABOVE" else -1
        moved = figure * (1 + way * distance / 100)
        assert abs(moved - line) < Decimal("1e-15") * 1000
