"""Chats that go away or get a new id, and messages that Telegram does not take as they are."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from bot.chat.delivery.outbox import OutboxSender
from bot.chat.delivery.pace import PACED
from bot.chat.delivery.posting import post
from bot.chat.view import View, button
from bot.local.telegram import TelegramStandIn
from bot.local.telegram.world import ADA, GROUP, SIGNALS_TOPIC, Chat
from bot.ports.ledger import Notice, OutboxState, Priority, Queued
from tests.fakes.ledger import Waiting
from tests.unit.chat.delivery.stage import ANN, BO, REPEATED, drain, keys, queue
from tests.unit.local.telegram.staging import picture
from tests.unit.services.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHER_TOPIC = 9
PLAIN, UPGRADED = -55, -1_000_000_000_055
AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MARKUP = View("<b>bold</b>", ((button("Off", "alerts", "off", 1),),), picture())


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Traces of planned failures take longer to print than all else here."""
    with capture_logs():
        yield


def states(*waiting: Waiting) -> list[tuple[str, str]]:
    return [(one.state, one.reason) for one in waiting]


async def in_group(office: Office, key: str, thread: int = 0, chat: int = GROUP) -> Waiting:
    return await queue(office, key, chat, Priority.ALERT, thread)


def group(telegram: TelegramStandIn) -> Chat:
    return telegram.world.chats[GROUP]


@pytest.mark.parametrize(
    ("status", "reason"),
    [("kicked", "kicked"), ("left", "kicked"), ("restricted", "no_rights")],
)
async def test_out_of_a_group_is_out_of_all_its_topics(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender, status: str, reason: str
):
    telegram.persons.set_bot_status(ADA, GROUP, status)
    waiting = [await in_group(office, "a"), await in_group(office, "b", SIGNALS_TOPIC)]
    ann = await queue(office, "c")
    await drain(office, sender)
    assert states(*waiting, ann) == [("lost", reason), ("lost", reason), ("sent", "")]
    calls = len(telegram.calls())
    office.clock.jump(600)
    await drain(office, sender)
    assert len(telegram.calls()) == calls


async def test_a_chat_is_lost_even_if_nobody_can_be_told(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    async def broken(*_: object) -> None:
        raise RuntimeError("no such table")

    sender.lost = broken
    telegram.block(BO)
    waiting = [await queue(office, key, BO) for key in ("a", "b")]
    sending = asyncio.create_task(sender.deliver())
    while not sending.done():
        await asyncio.sleep(0)
        await office.clock.advance(5)
    assert states(*waiting) == [("lost", "blocked")] * 2


async def test_messages_go_to_their_topic(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    await in_group(office, "general")
    await in_group(office, "topic", SIGNALS_TOPIC)
    await drain(office, sender)
    threads = [message.get("message_thread_id") for message in telegram.messages(GROUP)]
    assert threads == [None, SIGNALS_TOPIC]


async def test_a_deleted_topic_is_lost_and_nothing_else_of_its_group(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    group(telegram).topics[OTHER_TOPIC] = "Other"
    telegram.world.delete_topic(GROUP, SIGNALS_TOPIC)
    gone = [await in_group(office, key, SIGNALS_TOPIC) for key in ("a1", "a2")]
    others = [await in_group(office, "b"), await in_group(office, "c", OTHER_TOPIC)]
    await drain(office, sender)
    assert states(*gone) == [("lost", "topic_gone")] * 2
    assert keys(telegram, GROUP) == ["b", "c"]
    assert {one.state for one in others} == {OutboxState.SENT}


async def test_a_group_without_topics_any_more_keeps_what_was_for_all_of_it(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    group(telegram).topics.clear()
    topic, general = await in_group(office, "a", SIGNALS_TOPIC), await in_group(office, "b")
    await drain(office, sender)
    assert states(topic, general) == [("lost", "topic_gone"), ("sent", "")]


@pytest.mark.parametrize("closed", [SIGNALS_TOPIC, 0])
async def test_a_closed_topic_is_lost_too(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender, closed: int
):
    group(telegram).closed.append(closed)
    shut = await in_group(office, "a", closed)
    other = await in_group(office, "b", 0 if closed else SIGNALS_TOPIC)
    await drain(office, sender)
    assert states(shut, other) == [("lost", "topic_gone"), ("sent", "")]


async def test_a_group_that_became_a_supergroup_gets_everything_there_in_order(
    office: Office, telegram: TelegramStandIn, sender: OutboxSender
):
    members = {ADA: "creator", telegram.world.bot.id: "member"}
    telegram.world.chats[PLAIN] = Chat(PLAIN, "group", "Plain", members=members)
    await in_group(office, "a", chat=PLAIN)
    await drain(office, sender)
    telegram.world.upgrade_group(PLAIN, UPGRADED)
    waiting = [await in_group(office, key, chat=PLAIN) for key in ("b", "c")]
    await queue(office, "money", PLAIN)
    await drain(office, sender)
    assert keys(telegram, PLAIN) == ["a"]
    assert keys(telegram, UPGRADED) == ["money", "b", "c"]
    assert {one.state for one in waiting} == {OutboxState.SENT}
    assert not any(one.repeat for one in waiting)


def queued(chat: int = ANN, thread: int = 0, *, repeat: bool = False) -> Queued:
    notice = Notice(chat, "alert", "k", {}, Priority.ALERT, thread)
    return Queued(1, notice, 0, repeat, AT)


async def test_a_picture_comes_with_its_words_and_buttons_in_its_topic(
    telegram: TelegramStandIn, sender: OutboxSender
):
    await post(sender.bot, queued(GROUP, SIGNALS_TOPIC, repeat=True), MARKUP)
    [message] = telegram.messages(GROUP)
    assert message["caption"] == f"bold\n\n{REPEATED}"
    assert message["message_thread_id"] == SIGNALS_TOPIC
    assert message["photo"]
    assert message["reply_markup"]["inline_keyboard"]
    assert sender.pace.wait_s() == 0


@pytest.mark.parametrize(
    ("view", "text", "calls"),
    [
        (View("<b>bold</b>", photo=b"no picture"), "bold", ["sendPhoto", "sendMessage"]),
        (View("x" * 1_025, photo=picture()), "x" * 1_025, ["sendMessage"]),
        (
            View("<b>1 & 2</i>", photo=picture()),
            "1 & 2",
            ["sendPhoto", "sendMessage", "sendMessage"],
        ),
    ],
    ids=["refused", "too long", "markup"],
)
async def test_words_arrive_without_their_picture_if_need_be(
    telegram: TelegramStandIn, sender: OutboxSender, view: View, text: str, calls: list[str]
):
    await post(sender.bot, queued(BO), view)
    assert telegram.messages(BO)[-1]["text"].split() == text.split()
    assert [call.method for call in telegram.calls()][1:] == calls


async def test_a_text_for_more_than_one_message_is_cut(
    telegram: TelegramStandIn, sender: OutboxSender
):
    long = "\n".join(f"<b>{n}</b> & more of the same".replace("&", "&amp;") for n in range(400))
    await post(sender.bot, queued(repeat=True), View(long))
    text = telegram.messages(ANN)[-1]["text"]
    assert text.startswith("0 & more of the same\n1 & more")
    assert text.endswith(f"\n…\n\n{REPEATED}")
    assert 4_000 < len(text) <= 4_096


async def test_only_the_call_that_took_its_turn_is_not_counted_again(
    telegram: TelegramStandIn, sender: OutboxSender
):
    assert PACED
    await post(sender.bot, queued(), View("fine"))
    assert sender.pace.chat_wait_s(ANN) == 0
    await post(sender.bot, queued(), View("<b>1 < 2</i>"))
    assert sender.pace.chat_wait_s(ANN) == 1
