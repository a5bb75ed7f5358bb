"""A lost place: whoever set something up there is told once, and nothing rings there any more."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta
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
    Standing,
    Trigger,
)
from bot.domain.people import Agent, QuietHours, UserId
from bot.policy.alerts.states import finish
from bot.ports.groups import Group
from bot.ports.ledger import Notice, OutboxState, Priority
from bot.services.lose_chat import LoseChat
from tests.fakes.alerts import FakeAlerts, FakeTicks
from tests.fakes.clock import FakeClock
from tests.fakes.groups import FakeGroups
from tests.unit.services.office import ANN, BO, Office

GROUP, TOPIC, OTHER = Place(-100), Place(-100, 7), Place(-200)
NEW = -100_200


class Desk:
    """A group of Ann's and Bo's making."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.groups = FakeGroups(office.records, office.ledger)
        self.alerts = FakeAlerts(office.records, office.ledger, FakeTicks())
        self.service = LoseChat(
            office.clock, office.records, self.alerts, self.groups, office.ledger, office.wake
        )

    async def alert(
        self, user_id: UserId, place: Place, series: str = "price:SEI:", line: int = 1
    ) -> Alert:
        if user_id not in self.office.records.users:
            await self.office.user(user_id)
        alert = await self.alerts.create(
            user_id,
            place,
            AlertDraft(Condition("PRICE_ABOVE", "SEI", Decimal(line))),
            series=series,
            standing=Standing(AlertState.ARMED, Trigger(Direction.UP, 1)),
            seen=None,
            now=self.office.clock.now(),
            most=100,
        )
        assert alert is not None
        return alert

    async def follow(self, user_id: UserId, place: Place) -> Agent:
        held = await self.office.records.load_agents(ANN)
        agent = held[0] if held else await self.office.agent()
        await self.office.records.save_public(agent.id, public=True)
        assert await self.groups.follow(place, agent.id, user_id, self.office.clock.now(), 9)
        return agent

    @property
    def told(self) -> list[tuple[int, str, str, str]]:
        return [
            (n.chat_id, n.data["reason"], n.data["alerts"], n.data["followings"])
            for n in self.office.notices("place_lost")
        ]

    def active(self) -> set[Place]:
        return {alert.place for alert in self.alerts.alerts.values() if alert.is_active}


@pytest.fixture
def desk(office: Office) -> Desk:
    return Desk(office)


async def test_whoever_set_something_up_is_told_once(desk: Desk, office: Office):
    await desk.groups.save_group(Group(-100, "Traders"))
    for user_id, place in ((ANN, GROUP), (ANN, TOPIC), (BO, TOPIC), (BO, OTHER)):
        await desk.alert(user_id, place)
    await desk.follow(ANN, TOPIC)
    for _ in range(2):
        await desk.service.lose(-100, None, "kicked")
        assert desk.told == [(ANN, "kicked", "2", "1"), (BO, "kicked", "1", "0")]
    assert {n.data["title"] for n in office.notices("place_lost")} == {"Traders"}
    assert desk.active() == {OTHER}
    assert not desk.groups.followings
    assert await desk.groups.load_group(-100) == Group(-100, "Traders", "kicked")
    assert office.wakes


async def test_summaries_are_no_alerts_and_the_first_five_are_named(desk: Desk, office: Office):
    alerts = [await desk.alert(ANN, GROUP, line=line) for line in range(1, 5)]
    digests = [await desk.alert(ANN, TOPIC, series="", line=line) for line in range(5, 8)]
    await desk.service.lose(-100, None, "kicked")
    (notice,) = office.notices("place_lost")
    assert (notice.data["alerts"], notice.data["digests"]) == ("4", "3")
    assert notice.data["named"] == ",".join(str(a.id) for a in [*alerts, digests[0]])


async def test_it_waits_for_the_end_of_quiet_hours(desk: Desk, office: Office):
    quiet = QuietHours(time(11), time(13), lets_urgent=False)
    await office.user(ANN, quiet=quiet)
    await desk.alert(ANN, GROUP)
    await desk.alert(BO, GROUP)
    await desk.service.lose(-100, None, "kicked")
    waits = {n.chat_id: n.not_before for n in office.notices("place_lost")}
    assert waits == {ANN: office.clock.now() + timedelta(hours=1), BO: None}


async def test_topics_are_known_by_their_latest_names(desk: Desk):
    await desk.groups.save_group(Group(-100, "Traders"))
    await desk.service.note_topic(-100, 7, "Signals")
    await desk.service.note_topic(-100, 8, "Chat")
    await desk.service.note_topic(-100, 7, "Alerts", renamed=True)
    await desk.service.note_topic(-100, 7, "Signals")
    await desk.service.note_title(-100, "Sei Traders")
    await desk.service.lose(-100, None, "kicked")
    await desk.service.regain(-100, "Sei Traders")
    known = Group(-100, "Sei Traders", topics={7: "Alerts", 8: "Chat"})
    assert await desk.groups.load_group(-100) == known
    for thread_id in range(9, 200):
        await desk.service.note_topic(-100, thread_id, "x")
    group = await desk.groups.load_group(-100)
    assert group is not None
    assert len(group.topics) == 100
    assert 199 in group.topics


async def test_a_lost_topic_leaves_the_rest_of_its_group(desk: Desk):
    for place in (GROUP, TOPIC):
        await desk.alert(ANN, place)
        await desk.follow(ANN, place)
    await desk.service.lose(-100, 7, "topic_gone")
    assert desk.told == [(ANN, "topic_gone", "1", "1")]
    assert desk.active() == {GROUP}
    assert [following.place for following in desk.groups.followings] == [GROUP]
    assert await desk.groups.load_group(-100) is None, "nothing is said about the group"


async def test_what_waits_for_a_lost_place_is_not_sent(desk: Desk, office: Office):
    now = office.clock.now()
    for place, key in ((GROUP, "a"), (TOPIC, "b"), (OTHER, "c")):
        await office.ledger.queue(
            Notice(place.chat_id, "alert", key, thread_id=place.thread_id), now
        )
    await desk.service.lose(-100, 7, "topic_gone")
    states = {w.notice.key: w.state for w in office.ledger.notices}
    assert states == {
        "a": OutboxState.PENDING,
        "b": OutboxState.LOST,
        "c": OutboxState.PENDING,
    }


async def test_nobody_is_told_of_a_chat_they_have_blocked(desk: Desk, office: Office):
    await desk.alert(ANN, Place(ANN))
    await desk.alert(ANN, GROUP)
    await desk.service.lose(ANN, None, "blocked")
    assert not desk.told
    assert desk.active() == {GROUP}, "what Ann set up in her group goes on"
    known = await desk.service.regain(ANN, "")
    assert known is not None
    assert known.lost == "blocked", "so that it can be told who comes back"


async def test_a_group_without_anything_tells_nobody(desk: Desk):
    await desk.service.lose(-100, None, "kicked")
    assert not desk.told


async def test_an_alert_that_rang_unheard_is_told_too(desk: Desk, office: Office):
    alert = await desk.alert(ANN, TOPIC)
    await desk.alerts.save_alert(finish(alert))
    data = {"alert": str(alert.id)}
    rung = Notice(-100, "alert", "alert:1:1", data, Priority.ALERT, thread_id=7)
    await office.ledger.queue(rung, office.clock.now())
    for _ in range(2):
        await desk.service.lose(-100, 7, "topic_gone")
        assert desk.told == [(ANN, "topic_gone", "1", "0")]


async def test_what_is_set_up_again_and_lost_again_is_told_again(desk: Desk):
    for times in (1, 2):
        await desk.alert(ANN, GROUP)
        await desk.service.lose(-100, None, "no_rights")
        assert len(desk.told) == times


@pytest.mark.parametrize("places", [(GROUP,), (GROUP, TOPIC)], ids=["alone", "beside another"])
async def test_an_ended_alert_that_came_back_and_is_lost_again_is_told_again(
    desk: Desk, places: tuple[Place, ...]
):
    *_, last = [await desk.alert(ANN, place) for place in places]
    for times in (1, 2, 3):
        await desk.service.lose(-100, None, "kicked")
        assert len(desk.told) == times
        await desk.service.regain(-100, "Traders")
        ended = desk.alerts.alerts[last.id]
        assert not ended.is_active
        assert await desk.alerts.save_alert(replace(ended, standing=last.standing))


async def test_two_who_notice_at_once_tell_once(desk: Desk):
    for place in (GROUP, TOPIC):
        await desk.alert(ANN, place)
    await asyncio.gather(
        desk.service.lose(-100, None, "kicked"), desk.service.lose(-100, None, "chat_gone")
    )
    assert desk.told == [(ANN, "kicked", "2", "0")]


async def test_a_break_between_telling_and_stopping_tells_nobody_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    await desk.alert(ANN, GROUP)

    async def broken(*_: object, **__: object) -> None:
        raise ConnectionError("the database is gone")

    with monkeypatch.context() as patched:
        patched.setattr(desk.alerts, "stop_place", broken)
        with pytest.raises(ConnectionError):
            await desk.service.lose(-100, None, "kicked")
    assert desk.active() == {GROUP}
    await desk.service.lose(-100, None, "kicked")
    assert desk.told == [(ANN, "kicked", "1", "0")]
    assert not desk.active()


async def test_a_supergroup_takes_everything_along(desk: Desk):
    await desk.groups.save_group(Group(-100, "Traders"))
    await desk.alert(ANN, TOPIC)
    agent = await desk.follow(ANN, GROUP)
    for _ in range(2):
        await desk.service.move(-100, NEW)
    assert desk.active() == {Place(NEW, 7)}
    assert [f.agent_id for f in await desk.groups.load_followings(Place(NEW))] == [agent.id]
    assert await desk.groups.load_group(NEW) == Group(NEW, "Traders")
    assert not desk.told


async def test_a_group_that_lets_it_back_in_is_known_again(desk: Desk):
    assert await desk.service.regain(-100, "Traders") is None
    await desk.service.lose(-100, None, "kicked")
    assert await desk.service.regain(-100, "Traders") == Group(-100, "Traders", "kicked")
    await desk.service.note_title(-100, "Sei Traders")
    assert await desk.groups.load_group(-100) == Group(-100, "Sei Traders")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from((ANN, BO)), st.sampled_from((0, 7, 8))), max_size=8),
    st.lists(st.sampled_from((None, 7, 8)), max_size=4),
)
async def test_every_alert_that_ends_is_told_in_exactly_one_message(
    alerts: list[tuple[UserId, int]], losses: list[int | None]
):
    desk = Desk(Office(FakeClock()))
    for user_id, thread in alerts:
        await desk.alert(user_id, Place(-100, thread))
    for lost in losses:
        await desk.service.lose(-100, lost, "topic_gone" if lost else "kicked")
    for user_id in (ANN, BO):
        mine = [a for a in desk.alerts.alerts.values() if a.user_id == user_id]
        ended = sum(not alert.is_active for alert in mine)
        assert sum(int(counts[2]) for counts in desk.told if counts[0] == user_id) == ended
        gone = {thread for u, thread in alerts if u == user_id and _is_lost(thread, losses)}
        assert (ended > 0) == bool(gone)


def _is_lost(thread: int, losses: list[int | None]) -> bool:
    return None in losses or thread in losses
