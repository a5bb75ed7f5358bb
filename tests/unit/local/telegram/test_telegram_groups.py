"""Groups of the stand-in: founding, members, topics, upgrading, as Telegram tells a bot of them."""

from collections.abc import Callable

import pytest
from telegram import Bot, Update
from telegram.error import BadRequest, ChatMigrated

from bot.local.telegram import ADA, ANN, BO, GROUP, SIGNALS_TOPIC, NotPossible, TelegramStandIn

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def updates(bot: Bot) -> list[Update]:
    """What came since the last time."""
    found = list(await bot.get_updates())
    if found:
        await bot.get_updates(offset=found[-1].update_id + 1)
    return found


def standing(update: Update) -> tuple[str, str]:
    change = update.my_chat_member
    assert change is not None
    return change.old_chat_member.status, change.new_chat_member.status


async def test_a_founded_group_knows_the_bot_once_it_is_added(
    bot: Bot, stand_in: TelegramStandIn
) -> None:
    group = stand_in.groups.create_group(BO, " Night shift ")
    assert (group["title"], group["type"]) == ("Night shift", "group")
    stand_in.send(BO, "/alerts", group["id"])
    assert not await updates(bot)
    stand_in.groups.set_bot(ANN, group["id"], "member")
    change, message = await updates(bot)
    assert standing(change) == ("left", "member")
    assert message.message is not None
    assert [user.id for user in message.message.new_chat_members] == [bot.id]
    assert (await bot.get_chat_member(group["id"], BO)).status == "creator"


async def test_administrators_alone_decide(bot: Bot, stand_in: TelegramStandIn) -> None:
    groups = stand_in.groups
    refused: list[Callable[[], object]] = [
        lambda: groups.set_bot(BO, GROUP, "kicked"),
        lambda: groups.set_member(BO, GROUP, ANN, "administrator"),
        lambda: groups.create_topic(BO, GROUP, "Mine"),
        lambda: groups.delete_topic(BO, GROUP, SIGNALS_TOPIC),
        lambda: groups.set_member(ADA, GROUP, ADA, "kicked"),
        lambda: groups.set_bot(ADA, GROUP, "member"),
        lambda: groups.create_topic(ADA, GROUP, "  "),
        lambda: groups.delete_topic(ADA, GROUP, 99),
        lambda: groups.upgrade(ADA, GROUP),
        lambda: groups.set_bot(ADA, ADA, "kicked"),
    ]
    for attempt in refused:
        with pytest.raises(NotPossible):
            attempt()
    groups.set_member(ADA, GROUP, BO, "administrator")
    groups.set_bot(BO, GROUP, "administrator")
    changes = await updates(bot)
    assert [standing(update) for update in changes] == [("member", "administrator")]


async def test_a_topic_lives_and_dies(bot: Bot, stand_in: TelegramStandIn) -> None:
    created = stand_in.groups.create_topic(ADA, GROUP, "Night")
    thread_id = created["message_thread_id"]
    (update,) = await updates(bot)
    assert update.message is not None
    assert update.message.forum_topic_created is not None
    assert update.message.message_thread_id == thread_id
    await bot.send_message(GROUP, "here", message_thread_id=thread_id)
    stand_in.groups.delete_topic(ADA, GROUP, thread_id)
    assert not await updates(bot)
    with pytest.raises(BadRequest, match="thread not found"):
        await bot.send_message(GROUP, "here", message_thread_id=thread_id)
    with pytest.raises(NotPossible):
        stand_in.send(ADA, "here", GROUP, thread_id)


async def test_an_upgraded_group_has_another_id(bot: Bot, stand_in: TelegramStandIn) -> None:
    old = stand_in.groups.create_group(BO, "Night shift")["id"]
    stand_in.groups.set_bot(BO, old, "member")
    await updates(bot)
    new = stand_in.groups.upgrade(BO, old)["id"]
    there, here = [update.message for update in await updates(bot)]
    assert there is not None
    assert here is not None
    assert (there.chat_id, there.migrate_to_chat_id) == (old, new)
    assert (here.chat_id, here.migrate_from_chat_id) == (new, old)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(old, "still there?")
    assert moved.value.new_chat_id == new
    assert (await bot.send_message(new, "here")).chat.type == "supergroup"
    refused: list[Callable[[], object]] = [
        lambda: stand_in.send(BO, "hello?", old),
        lambda: stand_in.groups.upgrade(BO, old),
    ]
    for attempt in refused:
        with pytest.raises(NotPossible):
            attempt()


async def test_an_anonymous_administrator_is_the_group(bot: Bot, stand_in: TelegramStandIn) -> None:
    stand_in.groups.send_anonymously(ADA, "/alert SEI above 1", GROUP, SIGNALS_TOPIC)
    (update,) = await updates(bot)
    assert update.message is not None
    assert update.message.sender_chat is not None
    assert update.message.sender_chat.id == GROUP
    assert update.message.from_user is not None
    assert update.message.from_user.username == "GroupAnonymousBot"
    with pytest.raises(NotPossible):
        stand_in.groups.send_anonymously(BO, "me too", GROUP)


async def test_a_link_brings_the_bot_in(bot: Bot, stand_in: TelegramStandIn) -> None:
    stand_in.groups.set_bot(ADA, GROUP, "kicked")
    await updates(bot)
    stand_in.groups.add_by_link(ADA, GROUP, "subscribe")
    *_, last = await updates(bot)
    assert last.message is not None
    assert last.message.text == "/start@SeiTraderLocalBot subscribe"
