"""What every `Outbox` owes its callers: the fake, SQLite and PostgreSQL."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import perf_counter

import pytest

import db
from bot.ports.ledger import Notice, Outbox, OutboxState, Priority, Queued
from db.outbox import TO_GROUPS, queue_notices
from tests.fakes.clock import FakeClock
from tests.ports.databases import Stores, notice
from tests.ports.test_alert_plans import plan

ORDER = [Priority.DIGEST, Priority.ALERT, Priority.MONEY, Priority.URGENT]


async def put(stores: Stores, clock: FakeClock, *told: Notice) -> None:
    for one in told:
        await stores.outbox.queue(one, clock.now())


async def keys(outbox: Outbox, now: datetime, busy: Sequence[int] = ()) -> list[str]:
    return [queued.notice.key for queued in await outbox.load_due(now, 9, busy)]


async def sending(stores: Stores, clock: FakeClock) -> Queued:
    """The first one that is due, marked."""
    first = (await stores.outbox.load_due(clock.now(), 1, ()))[0]
    assert await stores.outbox.mark_sending(first.id)
    return first


def alert(key: str, chat: int = 1, priority: Priority = Priority.ALERT, thread: int = 0) -> Notice:
    return replace(notice(key, chat), priority=priority, thread_id=thread)


async def test_a_key_is_queued_once(stores: Stores, clock: FakeClock) -> None:
    first = replace(notice("receipt:1", text="<b>'\"\0\ud800"), thread_id=7)
    await put(stores, clock, first, notice("receipt:1", chat=5))
    queued = await sending(stores, clock)
    assert queued.notice == first
    assert (queued.attempts, queued.repeat, queued.queued_at) == (0, False, clock.now())
    await stores.outbox.mark_sent(queued.id, clock.now())
    await put(stores, clock, first)
    assert not await keys(stores.outbox, clock.now())


async def test_one_a_chat_and_oldest_first(stores: Stores, clock: FakeClock) -> None:
    await put(stores, clock, notice("a1", 1), notice("a2", 1), notice("b1", 2), notice("c1", 3))
    assert await keys(stores.outbox, clock.now()) == ["a1", "b1", "c1"]
    assert await keys(stores.outbox, clock.now()) == ["a1", "b1", "c1"], "looking marks nothing"
    assert await keys(stores.outbox, clock.now(), [1, 3, 4]) == ["b1"]
    two = await stores.outbox.load_due(clock.now(), 2, [])
    assert [queued.notice.key for queued in two] == ["a1", "b1"]
    first = await sending(stores, clock)
    assert await keys(stores.outbox, clock.now()) == ["b1", "c1"]
    await stores.outbox.mark_sent(first.id, clock.now())
    assert await keys(stores.outbox, clock.now()) == ["a2", "b1", "c1"]


async def test_precedence_within_a_chat_and_over_all(stores: Stores, clock: FakeClock) -> None:
    for priority in ORDER:
        name = priority.name.lower()
        await put(stores, clock, alert(f"a-{name}", 1, priority), alert(f"x-{name}", 9, priority))
    await put(stores, clock, alert("b-alert", 2), alert("c-digest", 3, Priority.DIGEST))
    seen = []
    while due := await keys(stores.outbox, clock.now()):
        seen.append(due)
        for queued in await stores.outbox.load_due(clock.now(), 9, ()):
            assert await stores.outbox.mark_sending(queued.id)
            await stores.outbox.mark_sent(queued.id, clock.now())
    assert seen == [
        ["a-money", "x-money", "b-alert", "c-digest"],
        ["a-urgent", "x-urgent"],
        ["a-alert", "x-alert"],
        ["a-digest", "x-digest"],
    ]


async def test_what_waits_for_its_own_time_holds_back_nobody(
    stores: Stores, clock: FakeClock
) -> None:
    morning = clock.now() + timedelta(hours=9)
    quiet = replace(alert("quiet"), not_before=morning)
    await put(stores, clock, quiet, alert("behind"), alert("digest", 1, Priority.DIGEST))
    for key in ("behind", "digest"):
        (queued,) = await stores.outbox.load_due(clock.now(), 9, ())
        assert queued.notice.key == key
        await stores.outbox.mark_sending(queued.id)
        await stores.outbox.mark_sent(queued.id, clock.now())
    assert not await keys(stores.outbox, morning - timedelta(seconds=1))
    await put(stores, clock, alert("late", 1))
    (first,) = await stores.outbox.load_due(morning, 9, ())
    assert first.notice == replace(quiet, not_before=None)


async def test_what_waits_for_its_own_time_can_be_given_another(
    stores: Stores, clock: FakeClock
) -> None:
    now, morning = clock.now(), clock.now() + timedelta(hours=9)
    held = [replace(alert(key, chat), not_before=morning) for key, chat in (("a", 1), ("b", 2))]
    urgent = replace(alert("urgent", 1, Priority.URGENT), not_before=morning)
    await put(stores, clock, *held, urgent, alert("tried", 1))
    tried = await sending(stores, clock)
    await stores.outbox.mark_retry(tried.id, morning, ambiguous=False)
    assert await stores.outbox.redate(1, (Priority.ALERT,), now, now) == 1
    assert await keys(stores.outbox, now) == ["a"]
    assert await stores.outbox.redate(1, (Priority.URGENT,), now, now) == 1
    assert await keys(stores.outbox, now) == ["urgent"]


async def test_nothing_overtakes_what_is_being_sent(stores: Stores, clock: FakeClock) -> None:
    await put(stores, clock, alert("a1"), alert("a2"))
    first = await sending(stores, clock)
    await put(stores, clock, notice("money", 1))
    assert not await keys(stores.outbox, clock.now())
    await stores.outbox.mark_retry(first.id, clock.now(), ambiguous=False)
    assert await keys(stores.outbox, clock.now()) == ["money"]


async def test_marking_is_compare_and_set(stores: Stores, clock: FakeClock) -> None:
    await put(stores, clock, notice("a1"))
    first = await sending(stores, clock)
    assert not await stores.outbox.mark_sending(first.id)
    assert not await stores.outbox.mark_sending(999)


async def test_a_retry_waits_and_keeps_its_place(stores: Stores, clock: FakeClock) -> None:
    await put(stores, clock, notice("a1"), notice("a2"))
    queued = await sending(stores, clock)
    due_at = clock.now() + timedelta(seconds=30)
    await stores.outbox.mark_retry(queued.id, due_at, ambiguous=False)
    assert not await keys(stores.outbox, due_at - timedelta(seconds=1))
    (again,) = await stores.outbox.load_due(due_at, 9, ())
    assert (again.notice, again.attempts, again.repeat) == (queued.notice, 1, False)


async def test_what_could_not_even_be_marked_counts_as_tried(
    stores: Stores, clock: FakeClock
) -> None:
    await put(stores, clock, alert("a1"))
    (first,) = await stores.outbox.load_due(clock.now(), 9, ())
    await stores.outbox.mark_retry(first.id, clock.now(), ambiguous=False)
    (again,) = await stores.outbox.load_due(clock.now(), 9, ())
    assert (again.id, again.attempts, again.repeat) == (first.id, 1, False)


async def test_what_has_no_words_yet_is_put_aside_or_given_up(
    stores: Stores, clock: FakeClock
) -> None:
    await put(stores, clock, alert("a1"), alert("a2"), alert("b1", 2), alert("b2", 2))
    (first, second) = await stores.outbox.load_due(clock.now(), 9, ())
    due_at = clock.now() + timedelta(seconds=4)
    await stores.outbox.put_aside(first.id, due_at, "busy")
    await stores.outbox.put_aside(second.id, None, "no words")
    assert await keys(stores.outbox, due_at - timedelta(seconds=1)) == ["b2"]
    (again, _) = await stores.outbox.load_due(due_at, 9, ())
    assert (again.id, again.attempts, again.repeat) == (first.id, 1, False)
    (failed,) = await stores.outbox.load_failed(9)
    assert (failed.id, failed.reason) == (second.id, "no words")


async def test_what_is_being_sent_cannot_be_put_aside(stores: Stores, clock: FakeClock) -> None:
    await put(stores, clock, alert("a1"), alert("b1", 2))
    for due_at in (clock.now(), None):
        queued = await sending(stores, clock)
        await stores.outbox.put_aside(queued.id, due_at, "other words were found")
        await stores.outbox.mark_sent(queued.id, clock.now())
    assert not await stores.outbox.count_waiting()
    assert not await stores.outbox.load_failed(9)


async def test_an_ambiguous_attempt_at_money_stays_one(stores: Stores, clock: FakeClock) -> None:
    await put(stores, clock, notice("a1"))
    for ambiguous in (True, False):
        queued = await sending(stores, clock)
        await stores.outbox.mark_retry(queued.id, clock.now(), ambiguous=ambiguous)
    (last,) = await stores.outbox.load_due(clock.now(), 9, ())
    assert (last.attempts, last.repeat) == (2, True)


@pytest.mark.parametrize("priority", [Priority.URGENT, Priority.ALERT, Priority.DIGEST])
async def test_anything_else_that_may_have_arrived_ends(
    stores: Stores, clock: FakeClock, priority: Priority
) -> None:
    await put(stores, clock, alert("a1", 1, priority), alert("a2", 1, priority))
    queued = await sending(stores, clock)
    await stores.outbox.mark_retry(queued.id, clock.now(), ambiguous=True)
    assert await keys(stores.outbox, clock.now()) == ["a2"]
    assert await stores.outbox.release_claims() == 0
    assert dict(await stores.outbox.count_waiting()) == {priority: 1}


async def test_giving_up_lets_the_next_one_through(stores: Stores, clock: FakeClock) -> None:
    await put(stores, clock, notice("a1"), notice("a2"))
    queued = await sending(stores, clock)
    await stores.outbox.mark_failed(queued.id, "no words for it")
    assert await keys(stores.outbox, clock.now()) == ["a2"]
    await stores.outbox.mark_retry(queued.id, clock.now(), ambiguous=False)
    await stores.outbox.mark_sent(queued.id, clock.now())
    (failed,) = await stores.outbox.load_failed(9)
    assert (failed.id, failed.notice, failed.reason) == (
        queued.id,
        queued.notice,
        "no words for it",
    )


async def test_admins_have_failed_ones_tried_again(stores: Stores, clock: FakeClock) -> None:
    await put(stores, clock, notice("a1", 1), notice("b1", 2), notice("c1", 3))
    for queued in await stores.outbox.load_due(clock.now(), 2, ()):
        await stores.outbox.mark_failed(queued.id, "broken")
    listed = await stores.outbox.load_failed(9)
    assert [failed.notice.key for failed in listed] == ["b1", "a1"]
    assert [failed.notice.key for failed in await stores.outbox.load_failed(1)] == ["b1"]
    assert await stores.outbox.retry_failed(listed[1].id, clock.now())
    assert not await stores.outbox.retry_failed(listed[1].id, clock.now())
    assert await keys(stores.outbox, clock.now()) == ["a1", "c1"]


async def test_flood_control_holds_one_chat(stores: Stores, clock: FakeClock) -> None:
    until = clock.now() + timedelta(seconds=30)
    late = replace(alert("quiet", 3), not_before=until + timedelta(seconds=30))
    await put(stores, clock, notice("a1", 1), notice("a2", 1), notice("b1", 2), late)
    for chat in (1, 3):
        await stores.outbox.hold_chat(chat, until)
    assert await keys(stores.outbox, until - timedelta(seconds=1)) == ["b1"]
    assert await keys(stores.outbox, until) == ["a1", "b1"]
    assert await keys(stores.outbox, until + timedelta(seconds=30)) == ["a1", "b1", "quiet"]


async def test_a_held_chat_keeps_its_order(stores: Stores, clock: FakeClock) -> None:
    """Also before what was queued while it was held, and what was let out of its quiet hours."""
    morning = clock.now() + timedelta(hours=9)
    await put(stores, clock, alert("digest", 1, Priority.DIGEST))
    refused = await sending(stores, clock)
    await put(stores, clock, replace(alert("quiet"), not_before=morning), alert("before"))
    until = clock.now() + timedelta(seconds=30)
    await stores.outbox.mark_retry(refused.id, until, ambiguous=False)
    await stores.outbox.hold_chat(1, until)
    clock.jump(5)
    await put(stores, clock, alert("behind"))
    assert not await keys(stores.outbox, clock.now())
    assert await stores.outbox.redate(1, (Priority.ALERT,), clock.now(), clock.now()) == 1
    assert not await keys(stores.outbox, until - timedelta(seconds=1))
    seen = []
    while due := await stores.outbox.load_due(until, 9, ()):
        seen += [queued.notice.key for queued in due]
        assert await stores.outbox.mark_sending(due[0].id)
        await stores.outbox.mark_sent(due[0].id, until)
    assert seen == ["quiet", "before", "behind", "digest"]


@pytest.mark.parametrize("back_s", [2, 3_600])
async def test_a_clock_that_is_set_back_delays_nothing_and_changes_no_order(
    stores: Stores, clock: FakeClock, back_s: int
) -> None:
    await put(stores, clock, alert("first"))
    clock.jump(-back_s)
    await put(stores, clock, alert("second"))
    assert await keys(stores.outbox, clock.now()) == ["first"]
    assert await stores.outbox.load_oldest(clock.now()) is not None


async def test_what_is_tried_again_is_hastened_and_what_waits_for_its_own_time_is_not(
    stores: Stores, clock: FakeClock
) -> None:
    until = clock.now() + timedelta(hours=1)
    await put(stores, clock, replace(alert("quiet", 3), not_before=until), alert("a1"))
    await put(stores, clock, alert("b1", 2))
    queued = await sending(stores, clock)
    await stores.outbox.mark_retry(queued.id, until, ambiguous=False)
    await stores.outbox.hold_chat(2, until)
    await put(stores, clock, alert("a2"))
    assert not await keys(stores.outbox, clock.now())
    await stores.outbox.hasten(clock.now())
    assert await keys(stores.outbox, clock.now()) == ["a1", "b1"]


async def test_what_groups_got_lately(stores: Stores, clock: FakeClock) -> None:
    at = [clock.now() + timedelta(seconds=10 * n) for n in range(4)]
    await put(stores, clock, *(alert(f"k{n}", -5 - n) for n in range(4)), alert("ann", 7))
    await put(stores, clock, alert("waits", -9))
    for n, queued in enumerate(await stores.outbox.load_due(clock.now(), 5, ())):
        assert await stores.outbox.mark_sending(queued.id)
        await stores.outbox.mark_sent(queued.id, at[3 - n % 4])
    sent = await stores.outbox.load_sent_to_groups(at[1], at[2])
    assert list(sent) == [(-7, at[1]), (-6, at[2])]


async def test_it_is_found_by_its_index(database: db.Database, clock: FakeClock) -> None:
    span = {"since": clock.now(), "upto": clock.now()}
    assert all("idx_outbox_in_groups" in line for line in await plan(database, TO_GROUPS, span))


async def test_what_waits_in_a_lost_chat_is_lost(stores: Stores, clock: FakeClock) -> None:
    await put(
        stores,
        clock,
        alert("general", -5),
        alert("topic", -5, thread=7),
        alert("other topic", -5, thread=8),
        alert("ann"),
    )
    in_topic = await stores.outbox.load_waiting(-5, 7)
    assert [(notice.key, notice.thread_id) for notice in in_topic] == [("topic", 7)]
    assert len(await stores.outbox.load_waiting(-5, None)) == 3
    assert await stores.outbox.lose_chat(-5, 7, "topic_gone") == 1
    assert not await stores.outbox.load_waiting(-5, 7)
    assert await keys(stores.outbox, clock.now()) == ["general", "ann"]
    first = await sending(stores, clock)
    assert await stores.outbox.lose_chat(-5, None, "kicked") == 2
    await stores.outbox.mark_retry(first.id, clock.now(), ambiguous=False)
    assert not await stores.outbox.mark_sending(first.id)
    assert await keys(stores.outbox, clock.now()) == ["ann"]
    assert await stores.outbox.lose_chat(-5, None, "kicked") == 0
    assert dict(await stores.outbox.count_waiting()) == {Priority.ALERT: 1}


async def test_general_is_a_topic_too(stores: Stores, clock: FakeClock) -> None:
    await put(stores, clock, alert("general", -5), alert("topic", -5, thread=7))
    assert await stores.outbox.lose_chat(-5, 0, "topic_gone") == 1
    assert await keys(stores.outbox, clock.now()) == ["topic"]


async def test_a_restart_repeats_money_that_was_being_sent_and_nothing_else(
    stores: Stores, clock: FakeClock
) -> None:
    await put(stores, clock, notice("a1", 1), notice("b1", 2), notice("c1", 3), alert("d1", 4))
    sent, _, _, _ = await stores.outbox.load_due(clock.now(), 9, ())
    for queued in await stores.outbox.load_due(clock.now(), 9, [3]):
        assert await stores.outbox.mark_sending(queued.id)
    await stores.outbox.mark_sent(sent.id, clock.now())
    assert await stores.outbox.release_claims() == 2
    assert await stores.outbox.release_claims() == 0
    left = await stores.outbox.load_due(clock.now(), 9, ())
    assert [(queued.notice.key, queued.repeat) for queued in left] == [("b1", True), ("c1", False)]


async def test_what_waits_is_counted_by_precedence(stores: Stores, clock: FakeClock) -> None:
    await put(stores, clock, notice("m1", 1), notice("m2", 1), alert("a1", 2))
    await sending(stores, clock)
    assert dict(await stores.outbox.count_waiting()) == {Priority.MONEY: 2, Priority.ALERT: 1}


async def test_the_oldest_is_the_one_that_is_due_and_waits_longest(
    stores: Stores, clock: FakeClock
) -> None:
    assert await stores.outbox.load_oldest(clock.now()) is None
    queued_at = clock.now()
    night = clock.now() + timedelta(hours=8)
    await put(stores, clock, replace(alert("quiet", 1), not_before=night))
    assert await stores.outbox.load_oldest(clock.now()) is None
    clock.jump(60)
    await put(stores, clock, alert("new", 2))
    assert await stores.outbox.load_oldest(clock.now()) == clock.now()
    assert await stores.outbox.load_oldest(night) == queued_at


async def test_what_ended_unwell_is_counted(stores: Stores, clock: FakeClock) -> None:
    assert dict(await stores.outbox.count_ends(clock.now())) == {}
    await put(stores, clock, alert("old", 1))
    await stores.outbox.mark_failed((await sending(stores, clock)).id, "a bug")
    clock.jump(60)
    told = [alert(f"lost {n}", 2) for n in range(2)]
    await put(stores, clock, *told, alert("doubt", 3), alert("broken", 4), alert("well", 5))
    await stores.outbox.lose_chat(2, None, "kicked")
    doubt, broken, well = await stores.outbox.load_due(clock.now(), 9, ())
    await stores.outbox.mark_retry(doubt.id, clock.now(), ambiguous=True)
    await stores.outbox.mark_failed(broken.id, "a bug")
    await stores.outbox.mark_sending(well.id)
    await stores.outbox.mark_sent(well.id, clock.now())
    today = {OutboxState.LOST: 2, OutboxState.AMBIGUOUS: 1, OutboxState.FAILED: 1}
    assert dict(await stores.outbox.count_ends(clock.now())) == today
    hour_ago = clock.now() - timedelta(hours=1)
    assert (await stores.outbox.count_ends(hour_ago))[OutboxState.FAILED] == 2
    (perhaps,) = await stores.outbox.load_ambiguous(clock.now(), 9)
    assert (perhaps.notice.key, perhaps.notice.chat_id) == ("doubt", 3)
    assert perhaps.queued_at == clock.now()
    assert not await stores.outbox.load_ambiguous(clock.now() + timedelta(seconds=1), 9)
    assert not await stores.outbox.load_ambiguous(clock.now(), 0)


@pytest.mark.parametrize("wait_h", [0, 8], ids=["due", "held"])
@pytest.mark.parametrize("chats", [10_000, 101, 1])
async def test_a_look_is_cheap_however_much_waits(
    database: db.Database, clock: FakeClock, chats: int, wait_h: int
) -> None:
    """10,000 wait, in as many chats, in one, or most of them in one before a hundred others."""
    later = clock.now() + timedelta(hours=wait_h)

    told = []
    for n in range(10_000):
        chat = n if chats == 10_000 else max(0, n - 9_999 + chats - 1)
        told.append(replace(alert(f"k{n}", 1 + chat), not_before=later))
    await database.store.transact(lambda tx: queue_notices(tx, told, clock.now()))
    took, due = [], list[Queued]()
    for _ in range(5):
        began = perf_counter()
        due = list(await database.outbox.load_due(clock.now(), 50, [2, 3]))
        took.append(perf_counter() - began)
    assert len(due) == (0 if wait_h else min(50, max(1, chats - 2)))
    assert min(took) < 0.1
