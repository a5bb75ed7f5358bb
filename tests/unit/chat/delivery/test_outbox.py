"""Notices over a real Bot API connection: when they are sent again, and how that is said."""

import asyncio
import socket
from datetime import timedelta

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
    make_sender,
    queue,
    stopped,
    texts,
)
from tests.unit.services.faults import Faulty
from tests.unit.services.office import USDC, Office

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_notices_arrive_in_order_and_once(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    for n in range(5):
        await queue(office, f"a{n}")
        await queue(office, f"b{n}", BO)
    assert await sender.deliver() == 2
    await drain(office, sender)
    assert keys(telegram) == [f"a{n}" for n in range(5)]
    assert keys(telegram, BO) == [f"b{n}" for n in range(5)]
    assert {w.state for w in office.ledger.notices} == {OutboxState.SENT}
    assert await sender.deliver() == 0


async def test_a_notice_of_the_same_key_is_the_same_notice(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    for _ in range(2):
        await queue(office, "a")
    await drain(office, sender)
    assert keys(telegram) == ["a"]


async def test_what_is_foreign_in_a_notice_stays_text(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    await queue(office, "<b>1.0</b>&amp;")
    await drain(office, sender)
    assert "Sei Trader <b>1.0</b>&amp; is up on test." in texts(telegram)[0]


async def test_a_retry_after_is_obeyed_and_was_no_delivery(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    telegram.faults.plan("sendMessage", Fault.TOO_MANY_REQUESTS, retry_after_s=17)
    waiting = await queue(office, "a")
    await queue(office, "later")
    await queue(office, "b", BO)
    await drain(office, sender)
    assert keys(telegram, BO) == ["b"]
    assert waiting.due_at - office.clock.now() == timedelta(seconds=17)
    office.clock.jump(16)
    assert await sender.deliver() == 0
    office.clock.jump(1)
    await drain(office, sender)
    assert keys(telegram) == ["a", "later"]
    assert not any(REPEATED in text for text in texts(telegram))


async def test_who_blocked_the_bot_is_given_up_and_others_are_not(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    telegram.block(ANN)
    blocked, other = await queue(office, "a"), await queue(office, "b", BO)
    behind, gone = await queue(office, "behind"), await queue(office, "c", 999)
    await drain(office, sender)
    assert (blocked.state, gone.state, other.state) == ("lost", "lost", "sent")
    assert (blocked.reason, behind.reason, gone.reason) == ("blocked", "blocked", "chat_gone")
    assert [call.chat_id for call in telegram.calls("sendMessage")] == [ANN, BO, 999]
    assert keys(telegram, BO) == ["b"]
    office.clock.jump(10**6)
    assert await sender.deliver() == 0


async def test_broken_markup_arrives_as_plain_text(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    agent = await office.agent(USDC="10")
    intent = await office.withdrawal(agent, USDC.amount(office.limits.min_trade_usd))
    await office.run(intent)
    office.records.agents[agent.id] = type(agent)(
        **{name: getattr(agent, name) for name in agent.__slots__}
        | {"owner": "<b>1 < 2 & <i>home</b>"}
    )
    with capture_logs() as logs:
        await drain(office, sender)
    [text] = texts(telegram)
    assert "0.5 USDC left 🤖 Alpha for its owner 1 home" in text
    assert "<" not in text
    assert [entry["event"] for entry in logs] == ["notice_markup_broken"]
    assert telegram.messages(ANN)[-1]["reply_markup"]["inline_keyboard"]


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.DROP, Fault.SERVER_ERROR])
async def test_what_may_have_arrived_is_sent_again_and_says_so(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender, fault: Fault
):
    telegram.faults.plan("sendMessage", fault)
    await queue(office, "a")
    await queue(office, "later")
    await drain(office, sender)
    office.clock.jump(4)
    await drain(office, sender)
    arrived = [text for text in texts(telegram) if " a " in text]
    assert len(arrived) == (2 if fault is Fault.LOSE_ANSWER else 1)
    assert arrived[-1].endswith(REPEATED)
    assert keys(telegram)[-1] == "later"
    assert not texts(telegram)[-1].endswith(REPEATED)


async def test_a_repeat_stays_a_repeat(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    telegram.faults.plan("sendMessage", Fault.DROP)
    telegram.faults.plan("sendMessage", Fault.TOO_MANY_REQUESTS)
    await queue(office, "a")
    for _ in range(3):
        await drain(office, sender)
        office.clock.jump(10)
    assert texts(telegram)[0].endswith(REPEATED)


async def test_what_was_being_sent_at_a_crash_is_a_repeat(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    await queue(office, "a")
    await queue(office, "alert", BO, Priority.ALERT)
    for queued in await office.ledger.load_due(office.clock.now(), 10, ()):
        await office.ledger.mark_sending(queued.id)
    assert await sender.deliver() == 0
    assert await office.ledger.release_claims() == 2
    await drain(office, sender)
    assert texts(telegram)[0].endswith(REPEATED)
    assert not texts(telegram, BO)


async def test_what_never_left_is_no_repeat_and_waits_longer_each_time(office: Office):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sender = make_sender(office, f"http://127.0.0.1:{port}")
    waiting = await queue(office, "a")
    waits = []
    for _ in range(9):
        assert await sender.deliver() == 1
        waits.append((waiting.due_at - office.clock.now()).total_seconds())
        office.clock.jump(waits[-1])
    assert waits == [4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert (waiting.state, waiting.repeat) == (OutboxState.PENDING, False)
    await sender.bot.request.shutdown()


async def test_a_chat_that_fails_does_not_hold_up_another(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    telegram.faults.plan("sendMessage", Fault.LOSE_ANSWER)
    await queue(office, "a")
    slow = asyncio.create_task(sender.deliver())
    await telegram.wait_for(lambda: telegram.calls("sendMessage"))
    await queue(office, "b", BO)
    await drain(office, sender)
    assert keys(telegram, BO) == ["b"]
    await slow
    assert office.ledger.notices[0].state == OutboxState.PENDING


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("unheard of", {}),
        ("outcome", {"intent": "unknown"}),
        ("deposit", {"agent": "99", "symbol": "SEI", "raw": "1"}),
        ("deposit", {}),
    ],
)
async def test_what_cannot_be_put_into_words_is_given_up(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender, kind: str, data: dict[str, str]
):
    await office.ledger.queue(Notice(ANN, kind, "x", data), office.clock.now())
    await queue(office, "later")
    with capture_logs() as logs:
        await drain(office, sender)
    assert [w.state for w in office.ledger.notices] == [OutboxState.FAILED, OutboxState.SENT]
    assert keys(telegram) == ["later"]
    assert logs[0]["notice"] == "x"


async def test_a_notice_that_breaks_is_tried_for_a_while_and_holds_up_its_own_chat_only(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    data = {"agent": "no number", "symbol": "SEI", "raw": "1"}
    await office.ledger.queue(Notice(ANN, "deposit", "x", data), office.clock.now())
    broken = office.ledger.notices[0]
    await queue(office, "a")
    await queue(office, "b", BO)
    with capture_logs():
        await drain(office, sender)
        assert broken.state == OutboxState.PENDING
        assert keys(telegram, BO) == ["b"]
        for _ in range(11):
            office.clock.jump(300)
            await drain(office, sender)
    assert broken.state == OutboxState.FAILED
    assert keys(telegram) == ["a"]


async def test_it_delivers_when_woken_and_outlives_a_broken_store(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    failures: list[Exception] = []

    def busy(method: str, _: tuple[object, ...]) -> Exception | None:
        if method != "load_due" or failures:
            return None
        failures.append(RuntimeError("database is locked"))
        sender.wake()
        return failures[0]

    sender.outbox = Faulty(office.ledger, busy)
    await queue(office, "a")
    with capture_logs() as logs:
        running = asyncio.create_task(sender.run())
        await telegram.wait_for(lambda: texts(telegram), 1.5)
        await stopped(running)
    assert [entry["event"] for entry in logs] == ["outbox_failed"]


async def test_a_bell_wakes_a_sender_that_rests(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    looked = asyncio.Event()

    def look(method: str, _: tuple[object, ...]) -> None:
        if method == "load_due":
            looked.set()

    sender.outbox = Faulty(office.ledger, after=look)
    running = asyncio.create_task(sender.run())
    await looked.wait()
    await queue(office, "a")
    sender.wake()
    await telegram.wait_for(lambda: texts(telegram), 1.5)
    await stopped(running)


async def test_outcomes_read_as_they_are_when_they_are_sent(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    """A late `pending` tells the outcome, not that it is still awaited."""
    agent = await office.agent(USDC="100", SEI="10")
    intent = await office.confirmed(agent)
    office.chain.automine = False
    task = office.execute.start(intent)
    await office.clock.advance(16)
    office.chain.mine()
    await office.finish(task)
    await drain(office, sender)
    assert [n.kind for n in office.notices()] == ["pending", "outcome"]
    assert all("Bought 39.98 SEI" in text for text in texts(telegram))


async def test_a_recovered_outcome_says_that_the_bot_was_restarted(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    intent = await office.confirmed(await office.agent(USDC="100", SEI="10"))
    await office.restart()
    await office.settle()
    await drain(office, sender)
    assert office.executed(intent) == 1
    assert "I was restarted" in texts(telegram)[0]


async def test_deposits_are_told_with_their_agent(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    agent = await office.agent("A.Z", USDC="12.5")
    await office.deposits.tick()
    await drain(office, sender)
    assert texts(telegram) == ["📥 12.5 USDC arrived at 🤖 A.Z."]
    assert (
        telegram.messages(ANN)[-1]["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
        == f"portfolio:view:{agent.id}"
    )
