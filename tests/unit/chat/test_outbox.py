"""Notices over real HTTP against the stand-in, with time in the test's hands."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import cast

import pytest
from telegram.ext import ExtBot

from bot.chat.outbox import OutboxSender
from bot.chat.services import Services
from bot.chat.transport import AiohttpRequest
from bot.local.serving import served
from bot.local.telegram.faults import Fault
from bot.local.telegram.stand_in import TelegramStandIn
from bot.local.telegram.world import ANN, BO
from bot.ports.ledger import Notice, OutboxState
from tests.fakes.clock import FakeClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.records import FakeRecords

TOKEN = "1:" + "a" * 35
REPEATED = "Repeated: I was not sure"


@dataclass
class Desk:
    sender: OutboxSender
    ledger: FakeLedger
    telegram: TelegramStandIn
    clock: FakeClock

    async def queue(self, key: str, chat_id: int = ANN, kind: str = "boot") -> None:
        data = {"version": key, "network": "&", "recovered": "0"}
        await self.ledger.queue(Notice(chat_id, kind, key, data), self.clock.now())

    def texts(self, chat_id: int = ANN) -> list[str]:
        return [message["text"] for message in self.telegram.messages(chat_id)]

    def states(self) -> list[str]:
        return [waiting.state for waiting in self.ledger.notices]


@pytest.fixture
async def desk(clock: FakeClock) -> AsyncIterator[Desk]:
    telegram = TelegramStandIn(TOKEN, clock, limits=False)
    ledger = FakeLedger(FakeRecords(clock))
    async with served(telegram.app) as serving:
        request = AiohttpRequest(read_timeout=0.3, connect_timeout=0.3)
        bot = ExtBot(TOKEN, f"{serving.url}/bot", f"{serving.url}/file", request=request)
        for person in (ANN, BO):
            telegram.send(person, "/start")
        async with bot:
            services = cast("Services", SimpleNamespace(clock=clock))
            yield Desk(OutboxSender(bot, ledger, services), ledger, telegram, clock)
        telegram.end_streams()


async def test_a_notice_is_sent_once(desk: Desk):
    await desk.queue("1.0")
    await desk.queue("1.0")
    assert await desk.sender.deliver() == 1
    assert await desk.sender.deliver() == 0
    assert [text for text in desk.texts() if "Sei Trader 1.0" in text] == desk.texts()[1:]
    assert desk.states() == [OutboxState.SENT]


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.DROP, Fault.SERVER_ERROR])
async def test_what_may_have_arrived_is_repeated_and_says_so(desk: Desk, fault: Fault):
    desk.telegram.faults.plan("sendMessage", fault)
    await desk.queue("1.0")
    await desk.sender.deliver()
    assert desk.states() == [OutboxState.PENDING]
    assert await desk.sender.deliver() == 0, "not at once"
    await desk.clock.advance(5)
    await desk.sender.deliver()
    arrived = desk.texts()[1:]
    assert len(arrived) == (2 if fault is Fault.LOSE_ANSWER else 1)
    assert REPEATED in arrived[-1]
    assert desk.states() == [OutboxState.SENT]


async def test_what_telegram_refused_for_now_comes_later_and_once(desk: Desk):
    desk.telegram.faults.plan("sendMessage", Fault.TOO_MANY_REQUESTS, retry_after_s=40)
    await desk.queue("1.0")
    await desk.sender.deliver()
    await desk.clock.advance(39)
    assert await desk.sender.deliver() == 0
    await desk.clock.advance(1)
    await desk.sender.deliver()
    assert len(desk.texts()[1:]) == 1
    assert REPEATED not in desk.texts()[1]


async def test_who_blocked_the_bot_is_given_up_and_holds_nobody_up(desk: Desk):
    desk.telegram.block(BO)
    await desk.queue("1.0", BO)
    await desk.queue("1.1", ANN)
    await desk.queue("1.2", 424242)
    await desk.sender.deliver()
    assert desk.states() == [OutboxState.FAILED, OutboxState.SENT, OutboxState.FAILED]
    assert "Sei Trader 1.1" in desk.texts()[1]


async def test_an_unknown_notice_is_given_up_and_the_next_one_comes(desk: Desk):
    await desk.queue("odd", kind="sonnet")
    await desk.queue("<b>1.0</b> &amp;")
    await desk.sender.deliver()
    await desk.sender.deliver()
    assert desk.states() == [OutboxState.FAILED, OutboxState.SENT]
    assert "Sei Trader <b>1.0</b> &amp; is up on &." in desk.texts()[1]


async def test_no_connection_at_all_is_no_repetition(clock: FakeClock):
    ledger = FakeLedger(FakeRecords(clock))
    request = AiohttpRequest(connect_timeout=0.3)
    await request.initialize()
    bot = ExtBot(TOKEN, "http://127.0.0.1:9/bot", "http://127.0.0.1:9/file", request=request)
    sender = OutboxSender(bot, ledger, cast("Services", SimpleNamespace(clock=clock)))
    await ledger.queue(Notice(ANN, "boot", "k", {"version": "1", "network": "", "recovered": "0"}),
                       clock.now())  # fmt: skip
    await sender.deliver()
    await request.shutdown()
    waiting = ledger.notices[0]
    assert (waiting.state, waiting.repeat) == (OutboxState.PENDING, False)


async def test_a_bell_wakes_a_sender_that_rests(desk: Desk):
    running = asyncio.create_task(desk.sender.run())
    try:
        await asyncio.sleep(0)
        await desk.queue("1.0")
        desk.sender.wake()
        await desk.telegram.wait_for(lambda: desk.texts()[1:], 1.0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
