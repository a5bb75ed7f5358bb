from datetime import timedelta

import pytest
from telegram import Bot
from telegram.error import NetworkError, RetryAfter, TimedOut

from bot.local.telegram import ANN, GROUP, Fault, TelegramStandIn
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.asyncio(loop_scope="module")


def seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else wait


async def test_a_private_chat_takes_a_small_burst_then_one_a_second(
    bot: Bot, stand_in: TelegramStandIn, clock: FakeClock
) -> None:
    stand_in.world.limits.enabled = True
    for number in range(5):
        await bot.send_message(ANN, str(number))
    with pytest.raises(RetryAfter) as refusal:
        await bot.send_message(ANN, "too fast")
    assert seconds(refusal.value) == 1
    clock.jump(1)
    await bot.send_message(ANN, "now")


async def test_a_group_takes_twenty_a_minute(
    bot: Bot, stand_in: TelegramStandIn, clock: FakeClock
) -> None:
    stand_in.world.limits.enabled = True
    for number in range(20):
        await bot.send_message(GROUP, str(number))
    with pytest.raises(RetryAfter) as refusal:
        await bot.send_message(GROUP, "too fast")
    assert seconds(refusal.value) == 3
    clock.jump(3)
    await bot.send_message(GROUP, "now")


async def test_thirty_a_second_overall(bot: Bot, stand_in: TelegramStandIn) -> None:
    for person_id in range(1, 32):
        stand_in.add_person(person_id, f"P{person_id}")
        stand_in.send(person_id, "/start")
    stand_in.world.limits.enabled = True
    for person_id in range(1, 31):
        await bot.send_message(person_id, "hi")
    with pytest.raises(RetryAfter):
        await bot.send_message(31, "hi")


async def test_drafts_have_their_own_pace(bot: Bot, stand_in: TelegramStandIn) -> None:
    stand_in.world.limits.enabled = True
    for _ in range(6):
        await bot.send_message_draft(ANN, 1, "x")
    with pytest.raises(RetryAfter):
        await bot.send_message_draft(ANN, 1, "x")
    await bot.send_message(ANN, "a message is not held up by drafts")


async def test_planned_refusals(bot: Bot, stand_in: TelegramStandIn) -> None:
    stand_in.faults.plan("sendMessage", Fault.TOO_MANY_REQUESTS, retry_after_s=7)
    stand_in.faults.plan("sendMessage", Fault.SERVER_ERROR)
    with pytest.raises(RetryAfter) as refusal:
        await bot.send_message(ANN, "x")
    assert seconds(refusal.value) == 7
    with pytest.raises(NetworkError, match="Internal Server Error"):
        await bot.send_message(ANN, "x")
    await bot.send_message(ANN, "x")
    assert [call.status for call in stand_in.calls("sendMessage")] == [429, 500, 200]


async def test_a_lost_answer_was_accepted(bot: Bot, stand_in: TelegramStandIn) -> None:
    stand_in.faults.plan("sendMessage", Fault.LOSE_ANSWER)
    with pytest.raises(TimedOut):
        await bot.send_message(ANN, "did it arrive?", read_timeout=0.1)
    assert stand_in.messages(ANN)[-1]["text"] == "did it arrive?"


async def test_a_dropped_connection_did_nothing(bot: Bot, stand_in: TelegramStandIn) -> None:
    before = len(stand_in.messages(ANN))
    stand_in.faults.plan("sendMessage", Fault.DROP, times=2)
    for _ in range(2):
        with pytest.raises(NetworkError):
            await bot.send_message(ANN, "x")
    assert len(stand_in.messages(ANN)) == before
