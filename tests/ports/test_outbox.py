"""What every `Outbox` owes its callers: the fake, SQLite and PostgreSQL."""

from datetime import timedelta

from tests.fakes.clock import FakeClock
from tests.ports.databases import Stores, notice


async def test_a_key_is_queued_once(stores: Stores, clock: FakeClock) -> None:
    first = notice("receipt:1", text="<b>'\"\0\ud800")
    await stores.outbox.queue(first, clock.now())
    await stores.outbox.queue(notice("receipt:1", chat=5), clock.now())
    (queued,) = await stores.outbox.claim(clock.now(), 9)
    assert queued.notice == first
    assert (queued.attempts, queued.repeat) == (1, False)
    await stores.outbox.mark_sent(queued.id, clock.now())
    await stores.outbox.queue(first, clock.now())
    assert not await stores.outbox.claim(clock.now(), 9)


async def test_one_a_chat_and_oldest_first(stores: Stores, clock: FakeClock) -> None:
    for key, chat in (("a1", 1), ("a2", 1), ("b1", 2), ("c1", 3)):
        await stores.outbox.queue(notice(key, chat), clock.now())
    first = await stores.outbox.claim(clock.now(), 2)
    assert [queued.notice.key for queued in first] == ["a1", "b1"]
    assert [queued.notice.key for queued in await stores.outbox.claim(clock.now(), 9)] == ["c1"]
    await stores.outbox.mark_sent(first[0].id, clock.now())
    assert [queued.notice.key for queued in await stores.outbox.claim(clock.now(), 9)] == ["a2"]


async def test_a_retry_waits_and_keeps_its_place(stores: Stores, clock: FakeClock) -> None:
    for key in ("a1", "a2"):
        await stores.outbox.queue(notice(key), clock.now())
    (queued,) = await stores.outbox.claim(clock.now(), 9)
    due_at = clock.now() + timedelta(seconds=30)
    await stores.outbox.mark_retry(queued.id, due_at, ambiguous=False)
    assert not await stores.outbox.claim(due_at - timedelta(seconds=1), 9)
    (again,) = await stores.outbox.claim(due_at, 9)
    assert (again.notice, again.attempts, again.repeat) == (queued.notice, 2, False)


async def test_an_ambiguous_attempt_stays_one(stores: Stores, clock: FakeClock) -> None:
    await stores.outbox.queue(notice("a1"), clock.now())
    for ambiguous in (True, False):
        (queued,) = await stores.outbox.claim(clock.now(), 9)
        await stores.outbox.mark_retry(queued.id, clock.now(), ambiguous=ambiguous)
    (last,) = await stores.outbox.claim(clock.now(), 9)
    assert (last.attempts, last.repeat) == (3, True)


async def test_giving_up_lets_the_next_one_through(stores: Stores, clock: FakeClock) -> None:
    for key in ("a1", "a2"):
        await stores.outbox.queue(notice(key), clock.now())
    (queued,) = await stores.outbox.claim(clock.now(), 9)
    await stores.outbox.mark_failed(queued.id, "blocked by the user")
    assert [taken.notice.key for taken in await stores.outbox.claim(clock.now(), 9)] == ["a2"]
    await stores.outbox.mark_retry(queued.id, clock.now(), ambiguous=False)
    assert not await stores.outbox.claim(clock.now(), 9)


async def test_a_restart_repeats_what_was_being_sent(stores: Stores, clock: FakeClock) -> None:
    for key, chat in (("a1", 1), ("b1", 2), ("c1", 3)):
        await stores.outbox.queue(notice(key, chat), clock.now())
    sent, _ = await stores.outbox.claim(clock.now(), 2)
    await stores.outbox.mark_sent(sent.id, clock.now())
    assert await stores.outbox.release_claims() == 1
    assert await stores.outbox.release_claims() == 0
    left = await stores.outbox.claim(clock.now(), 9)
    assert [(queued.notice.key, queued.repeat) for queued in left] == [("b1", True), ("c1", False)]
