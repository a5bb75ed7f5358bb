"""Whose turn it is: precedence, limits, chats that are held, a sender that stops and starts."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.chat.delivery.outbox import OutboxSender
from bot.local.telegram import Fault, TelegramStandIn
from bot.ports.ledger import Notice, OutboxState, Priority
from tests.unit.chat.delivery.stage import (
    ANN,
    BO,
    REPEATED,
    drain,
    keys,
    queue,
    stopped,
    texts,
)
from tests.unit.services.faults import Faulty, Kill, failing
from tests.unit.services.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Traces of planned failures take longer to print than all else here."""
    with capture_logs():
        yield


def crowd(telegram: TelegramStandIn, number: int) -> list[int]:
    """More people who have pressed Start."""
    people = list(range(100, 100 + number))
    for person_id in people:
        telegram.add_person(person_id, f"P{person_id}")
        telegram.send(person_id, "/start")
    return people


def sent(telegram: TelegramStandIn) -> list[str]:
    """Keys in the order in which Telegram got them."""
    return [call.params["text"].split()[3] for call in telegram.calls("sendMessage")]


async def test_money_goes_first_then_what_is_urgent_then_alerts_then_digests(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    for priority in (Priority.DIGEST, Priority.ALERT, Priority.URGENT, Priority.MONEY):
        await queue(office, priority.name, ANN, priority)
    await drain(office, sender)
    assert keys(telegram) == ["MONEY", "URGENT", "ALERT", "DIGEST"]


async def test_money_overtakes_within_one_turn_of_the_limit(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    """Even where the alerts before it are in memory already, and one of its own chat."""
    people = crowd(telegram, 70)
    for person_id in people:
        await queue(office, f"alert-{person_id}", person_id, Priority.ALERT)
    running = asyncio.create_task(sender.run())
    await telegram.wait_for(lambda: len(sent(telegram)) == 4)
    await queue(office, "money", people[50])
    sender.wake()
    await office.clock.advance(0.034)
    await telegram.wait_for(lambda: len(sent(telegram)) == 5)
    assert sent(telegram)[4] == "money"
    for _ in range(50):
        await office.clock.advance(0.1)
    await telegram.wait_for(lambda: len(sent(telegram)) == 71)
    assert keys(telegram, people[50]) == ["money", f"alert-{people[50]}"]
    await stopped(running)


async def test_a_chat_gets_one_a_second_and_others_go_on(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    for key in ("a1", "a2"):
        await queue(office, key, priority=Priority.ALERT)
    assert await sender.deliver() == 1
    await queue(office, "b1", BO)
    assert await sender.deliver() == 1
    assert sent(telegram) == ["a1", "b1"]
    office.clock.jump(0.9)
    assert await sender.deliver() == 0
    office.clock.jump(0.1)
    assert await sender.deliver() == 1


async def test_an_answer_takes_the_chats_turn(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    await sender.bot.send_message(ANN, "one two three answer")
    await queue(office, "a", priority=Priority.ALERT)
    await queue(office, "b", BO, priority=Priority.ALERT)
    assert await sender.deliver() == 1
    assert sent(telegram) == ["answer", "b"]
    office.clock.jump(1)
    assert await sender.deliver() == 1


async def test_a_receipt_comes_right_behind_the_answer(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    await sender.bot.send_message(ANN, "one two three answer")
    await queue(office, "receipt")
    assert await sender.deliver() == 1
    assert sent(telegram) == ["answer", "receipt"]


async def test_a_backlog_in_slow_groups_keeps_nobody_waiting(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    """More chats that have to wait than fit into memory, all of them queued before."""
    people = crowd(telegram, 80)
    for person_id in people:
        await queue(office, f"p{person_id}", person_id)
        sender.pace.hold(person_id, 600)
    await queue(office, "a")
    assert await sender.deliver() == 1
    assert sent(telegram) == ["a"]


async def test_one_chat_is_held_and_two_others_go_on(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    [third] = crowd(telegram, 1)
    telegram.faults.plan("sendMessage", Fault.TOO_MANY_REQUESTS, retry_after_s=30)
    first = await queue(office, "a", ANN, Priority.ALERT)
    await drain(office, sender)
    assert (first.state, first.repeat) == (OutboxState.PENDING, False)
    await queue(office, "money")
    for key, chat in (("b", BO), ("c", third), ("b2", BO)):
        await queue(office, key, chat, Priority.ALERT)
    for _ in range(10):
        await sender.deliver()
        office.clock.jump(1)
    assert sent(telegram)[1:] == ["b", "c", "b2"], "not even money goes to a chat that is held"
    office.clock.jump(20)
    await drain(office, sender)
    assert keys(telegram) == ["money", "a"]


async def test_what_is_not_to_be_sent_yet_waits(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    later = office.clock.now() + timedelta(hours=8)
    data = {"version": "quiet", "network": "test", "recovered": "0"}
    quiet = Notice(ANN, "boot", "quiet", data, Priority.ALERT, not_before=later)
    await office.ledger.queue(quiet, office.clock.now())
    await queue(office, "urgent", ANN, Priority.URGENT)
    await drain(office, sender)
    assert keys(telegram) == ["urgent"]
    office.clock.jump(8 * 3600)
    await drain(office, sender)
    assert keys(telegram) == ["urgent", "quiet"]


async def test_it_looks_by_itself_too(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    running = asyncio.create_task(sender.run())
    await office.clock.advance(5)
    await queue(office, "a")
    await office.clock.advance(2)
    await telegram.wait_for(lambda: texts(telegram))
    await stopped(running)


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.DROP, Fault.SERVER_ERROR])
async def test_an_alert_that_may_have_arrived_is_not_sent_again(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender, fault: Fault
):
    telegram.faults.plan("sendMessage", fault)
    alert = await queue(office, "a", ANN, Priority.ALERT)
    await queue(office, "later", ANN, Priority.ALERT)
    await drain(office, sender)
    office.clock.jump(600)
    await drain(office, sender)
    assert alert.state == OutboxState.AMBIGUOUS
    assert keys(telegram) == (["a", "later"] if fault is Fault.LOSE_ANSWER else ["later"])


async def test_what_is_being_sent_at_a_stop_is_waited_for(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    alert = await queue(office, "a", ANN, Priority.ALERT)
    marked = asyncio.Event()

    def look(method: str, _: tuple[object, ...]) -> None:
        if method == "mark_sending":
            marked.set()

    sender.outbox = Faulty(office.ledger, after=look)
    running = asyncio.create_task(sender.run())
    await marked.wait()
    await stopped(running)
    assert alert.state == OutboxState.SENT


@pytest.mark.parametrize("method", ["load_due", "mark_sending", "mark_sent"])
async def test_a_busy_database_loses_and_doubles_nothing(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender, method: str
):
    sender.outbox = Faulty(office.ledger, failing(RuntimeError("busy"), method, times=2))
    alert = await queue(office, "a", ANN, Priority.ALERT)
    running = asyncio.create_task(sender.run())
    await office.clock.advance(1)
    for _ in range(40):
        await office.clock.advance(1)
        if telegram.calls("sendMessage"):
            break
    await telegram.wait_for(lambda: texts(telegram))
    while alert.state != OutboxState.SENT:
        await asyncio.sleep(0)
        await office.clock.advance(1)
    await stopped(running)
    assert keys(telegram) == ["a"]
    assert not texts(telegram)[0].endswith(REPEATED)


async def test_a_mark_that_was_made_before_the_database_broke_is_taken_back(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    """It was committed, the answer was lost: nothing was sent, so nothing is ambiguous."""
    sender.outbox = Faulty(
        office.ledger, after=failing(RuntimeError("gone"), "mark_sending", times=1)
    )
    alert = await queue(office, "a", ANN, Priority.ALERT)
    await sender.deliver()
    assert (alert.state, alert.repeat, texts(telegram)) == (OutboxState.PENDING, False, [])
    office.clock.jump(10)
    await drain(office, sender)
    assert keys(telegram) == ["a"]


@pytest.mark.parametrize("priority", [Priority.MONEY, Priority.ALERT])
@pytest.mark.parametrize("method", ["load_due", "mark_sending", "send_message", "mark_sent"])
async def test_killed_at_any_point_money_arrives_and_no_alert_twice(
    office: Office,
    telegram: TelegramStandIn,
    sender: OutboxSender,
    priority: Priority,
    method: str,
):
    kill, bot = Kill(method), sender.bot
    dying_bot: Any = kill.of(bot)
    sender.outbox, sender.bot = kill.of(office.ledger), dying_bot
    waiting = await queue(office, "a", ANN, priority)
    dying = asyncio.create_task(sender.run())
    await office.clock.advance(1)
    if method in ("send_message", "mark_sent"):
        await telegram.wait_for(lambda: texts(telegram))
    await office.clock.advance(1)
    dying.cancel()
    for task in sender._sending.values():
        task.cancel()
    await asyncio.gather(dying, return_exceptions=True)

    await office.ledger.release_claims()
    again = replace(sender, bot=bot, outbox=office.ledger, _ready={}, _sending={}, _woken=True)
    sender.bot = bot
    await drain(office, again)
    if priority is Priority.MONEY:
        assert waiting.state == OutboxState.SENT
        doubted = method in ("mark_sending", "send_message")
        assert texts(telegram)[-1].endswith(REPEATED) == doubted
        assert len(texts(telegram)) == (2 if method == "send_message" else 1)
    else:
        lost = method == "mark_sending"
        doubted = method in ("mark_sending", "send_message")
        assert waiting.state == (OutboxState.AMBIGUOUS if doubted else OutboxState.SENT)
        assert len(texts(telegram)) == (0 if lost else 1)


async def test_a_notice_that_was_replaced_in_time_is_not_sent(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    """Between the look and its turn the chat was lost."""
    for n in range(6):
        await queue(office, f"k{n}", crowd(telegram, 6)[n], Priority.ALERT)
    assert await sender.deliver() == 4
    last = office.ledger.notices[-1]
    await office.ledger.lose_chat(last.notice.chat_id, None, "kicked")
    office.clock.jump(2)
    await drain(office, sender)
    assert sent(telegram) == ["k0", "k1", "k2", "k3", "k4"]
