"""What changes while notices wait: who is first, where their chat is, the clock, the process."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.chat.delivery.outbox import OutboxSender
from bot.chat.delivery.pace import A_MINUTE_IN_A_GROUP, Pace
from bot.chat.notices import render_notice
from bot.chat.services import Services
from bot.chat.view import View
from bot.local.telegram import Fault, TelegramStandIn
from bot.local.telegram.world import Chat
from bot.ports.ledger import Notice, OutboxState, Priority
from tests.unit.chat.delivery.stage import ANN, drain, keys, queue, stopped, texts
from tests.unit.services.faults import Faulty
from tests.unit.services.office import Office

PLAIN, UPGRADED = -77, -1_000_000_000_077

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Traces of planned failures take longer to print than all else here."""
    with capture_logs():
        yield


class Words:
    """Words for alerts: the first time they are long in coming, and then there are none."""

    def __init__(self, failure: Exception) -> None:
        self.asked = asyncio.Event()
        self.late = asyncio.Event()
        self._failure = failure

    async def __call__(self, services: Services, notice: Notice) -> View:
        if notice.priority is Priority.ALERT and not self.asked.is_set():
            self.asked.set()
            await self.late.wait()
            raise self._failure
        return await render_notice(services, notice)


@pytest.mark.parametrize("failure", [RuntimeError("busy"), LookupError("gone")])
@pytest.mark.parametrize("sent", ["money", "alert"])
async def test_words_that_are_not_wanted_any_more_change_nothing(
    office: Office,
    telegram: TelegramStandIn,
    sender: OutboxSender,
    monkeypatch: pytest.MonkeyPatch,
    sent: str,
    failure: Exception,
):
    """Money overtakes an alert without words, which gets others; the first ones fail meanwhile."""
    words = Words(failure)
    monkeypatch.setattr("bot.chat.delivery.outbox.render_notice", words)
    alert = await queue(office, "alert", ANN, Priority.ALERT)
    ids = {"alert": alert.id, "money": alert.id + 1}

    def fail_while_sending(method: str, args: tuple[object, ...]) -> None:
        if method == "mark_sending" and args == (ids[sent],):
            words.late.set()

    sender.outbox = Faulty(office.ledger, after=fail_while_sending)
    running = asyncio.create_task(sender.run())
    await words.asked.wait()
    await queue(office, "money")
    sender.wake()
    await telegram.wait_for(lambda: texts(telegram))
    await office.clock.advance(2)
    await telegram.wait_for(lambda: len(texts(telegram)) == 2)
    await stopped(running)
    sender.outbox = office.ledger
    office.clock.jump(300)
    await drain(office, sender)
    assert keys(telegram) == ["money", "alert"]
    assert (alert.state, alert.attempts) == (OutboxState.SENT, 1)


async def test_a_group_that_moves_while_its_notice_has_words_gets_it_there(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    members = {ANN: "creator", telegram.world.bot.id: "member"}
    telegram.world.chats[PLAIN] = Chat(PLAIN, "group", "Plain", members=members)
    for key in ("a", "b"):
        await queue(office, key, PLAIN, Priority.ALERT)
    assert await sender.deliver() == 1
    assert await sender.deliver() == 0
    telegram.world.upgrade_group(PLAIN, UPGRADED)
    await sender.moved(PLAIN, UPGRADED)
    office.clock.jump(1)
    await drain(office, sender)
    assert keys(telegram, PLAIN) == ["a"]
    assert keys(telegram, UPGRADED) == ["b"]
    assert len(telegram.calls("sendMessage")) == 2


@pytest.mark.parametrize("back_s", [5, 3_600])
async def test_a_clock_that_is_set_back_delays_no_retry_and_frees_no_held_chat(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender, back_s: int
):
    telegram.faults.plan("sendMessage", Fault.TOO_MANY_REQUESTS, retry_after_s=30)
    await queue(office, "a")
    await drain(office, sender)
    await queue(office, "b")
    office.clock.jump(-back_s)
    assert await sender.deliver() == 0
    office.clock.jump(29)
    assert await sender.deliver() == 0
    office.clock.jump(1)
    await drain(office, sender)
    assert keys(telegram) == ["a", "b"]


async def test_a_restart_does_not_begin_a_groups_minute_anew(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    members = {ANN: "creator", telegram.world.bot.id: "member"}
    telegram.world.chats[PLAIN] = Chat(PLAIN, "group", "Plain", members=members)
    for n in range(A_MINUTE_IN_A_GROUP):
        await queue(office, f"k{n}", PLAIN, Priority.ALERT)
    await drain(office, sender)
    assert len(keys(telegram, PLAIN)) == A_MINUTE_IN_A_GROUP
    fresh = Pace(office.clock)
    again = replace(sender, pace=fresh, _ready={}, _sending={}, _woken=True, _recalled=False)
    await queue(office, "last", PLAIN, Priority.ALERT)
    assert await again.deliver() == 0
    office.clock.jump(60)
    assert await again.deliver() == 1
