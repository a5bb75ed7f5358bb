"""Two hours of alerts, digests and money under every fault a Bot API has; no second is waited."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from structlog.testing import capture_logs

import db
from bot.ports.ledger import OutboxState, Priority
from tests.integration.delivery.leaping import LeapingClock
from tests.integration.delivery.town import ENDS, REPEATED, Told, Town, by_chat, ended

MINUTES = 120
AFTERWARDS_S = 1_200


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    clock = LeapingClock()
    database = await db.open(f"sqlite:///{tmp_path}/bot.db", clock)
    town = Town(clock, database, Random(4))  # noqa: S311 (the same hours every time)
    town.settle_down(persons=160, groups=30, plain=15)
    yield town
    await database.close()


async def live(town: Town) -> None:
    """The two hours, with processes that stop and start."""
    random = town.random
    await town.start()
    for minute in range(MINUTES):
        await town.tell(Priority.ALERT, town.some(random.choice([2, 10, 30])))
        await town.clock.advance(random.uniform(1, 20))
        await town.tell(Priority.MONEY, town.some(3))
        if minute % 40 == 20:
            await town.tell(Priority.DIGEST, list(town.homes))
        if minute % 15 == 5:
            await town.tell(Priority.URGENT, town.some(20))
        for _ in range(random.choice([0, 5, 20])):
            town.answer()
        await town.clock.advance(random.uniform(0, 3))
        for _ in range(random.choice([0, 1])):
            town.misfortune()
        if minute % 8 == 3:
            await town.stop(kill=minute % 16 == 3)
            await town.clock.advance(random.choice([0, 5]))
            await town.start()
        await town.clock.advance(60 - town.clock.now().second)
    town.fault_rate = 0
    await town.clock.advance(AFTERWARDS_S)
    await town.stop(kill=False)


async def test_two_hours(town: Town):
    with capture_logs():
        await live(town)
    told = await town.look_back()
    assert len(told) > 2_500
    assert set(ended(told)) == ENDS
    check_counts(town, told)
    for chat in by_chat(told, town.moved).values():
        check_order(chat)
    check_losses(town, told)
    check_limits(town)


def check_counts(town: Town, told: list[Told]) -> None:
    """Money at least once, all else at most once, and exactly once if all was well."""
    for one in told:
        texts = [call.params["text"] for call in one.accepted]
        if one.state == OutboxState.SENT:
            assert texts, one
        if one.state == OutboxState.LOST:
            assert not texts or one.notice.key in town.doubted, one
        if one.notice.priority is Priority.MONEY:
            assert one.state in (OutboxState.SENT, OutboxState.LOST)
            assert all(REPEATED in text for text in texts[1:]), one
        else:
            assert len(texts) <= 1, one
            assert not any(REPEATED in text for text in texts)
    doubtful = {one.notice.key for one in told if one.state == OutboxState.AMBIGUOUS}
    assert doubtful <= town.doubted


def check_order(chat: list[Told]) -> None:
    """Nothing was called for while one before it, by precedence and age, had calls to come."""
    calls = sorted(
        ((call.at, one.notice.priority, one.number, one) for one in chat for call in one.calls),
        key=lambda entry: entry[0],
    )
    for n, (at, priority, number, one) in enumerate(calls):
        for _, later_priority, later_number, later in calls[n + 1 :]:
            if later is not one and later.at < at - timedelta(seconds=1):
                assert (priority, number) < (later_priority, later_number), (one, later)


def check_losses(town: Town, told: list[Told]) -> None:
    """Where something was lost nothing was sent any more, and its other topics went on."""
    assert len(town.lost) > 20
    for call in town.stand_in.calls("sendMessage"):
        if "answer" not in call.params["text"]:
            place = int(call.params["chat_id"]), int(call.params.get("message_thread_id", 0))
            assert call.at <= town.lost.get(place, call.at), call
            assert place[0] not in town.moved or call.at <= town.moved_at[place[0]]
    topics_lost = {chat for chat, thread in town.lost if thread}
    assert any(
        one.state == OutboxState.SENT and one.at > max(town.lost.values()) - timedelta(minutes=9)
        for one in told
        if one.notice.chat_id in topics_lost
    )
    assert len(town.moved) > 3


def check_limits(town: Town) -> None:
    """No 429 but those planted, though answers took their share; and faults enough."""
    calls = town.stand_in.calls("sendMessage")
    refused = sum(call.status == 429 for call in calls)
    assert refused == town.planted["too_many_requests"]
    assert all(town.planted[kind] > 10 for kind in ("server_error", "lose_answer", "drop"))
    assert town.planted["not connected"] > 10
