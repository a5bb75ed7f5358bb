import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    MenuButtonCommands,
)
from telegram.error import BadRequest, Forbidden

from bot.local.telegram import ADA, ANN, BO, GROUP, TelegramStandIn

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_me(bot: Bot, stand_in: TelegramStandIn) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.can_read_all_group_messages) == (
        4242,
        "SeiTraderLocalBot",
        False,
    )


async def test_chats_and_members(bot: Bot, stand_in: TelegramStandIn) -> None:
    assert (await bot.get_chat(ANN)).username == "ann_trades"
    group = await bot.get_chat(GROUP)
    assert (group.title, group.is_forum) == ("Sei Traders", True)
    assert (await bot.get_chat_member(GROUP, BO)).status == "member"
    (owner,) = await bot.get_chat_administrators(GROUP)
    assert (owner.user.id, owner.status) == (ADA, "creator")
    assert await bot.get_chat_member_count(GROUP) == 4
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.get_chat(BO)
    with pytest.raises(BadRequest, match="Member not found"):
        await bot.get_chat_member(GROUP, 5)


async def test_commands_by_scope(bot: Bot, stand_in: TelegramStandIn) -> None:
    start, admin = BotCommand("start", "Begin"), BotCommand("admin", "Look after the bot")
    await bot.set_my_commands([start])
    await bot.set_my_commands([start, admin], BotCommandScopeChat(ANN))
    assert await bot.get_my_commands() == (start,)
    assert await bot.get_my_commands(BotCommandScopeChat(ANN)) == (start, admin)
    assert await bot.get_my_commands(BotCommandScopeAllGroupChats()) == ()
    await bot.delete_my_commands(BotCommandScopeChat(ANN))
    assert await bot.get_my_commands(BotCommandScopeChat(ANN)) == ()
    with pytest.raises(BadRequest, match="Bot_command_invalid"):
        await bot.set_my_commands([BotCommand("Start!", "x")])
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.set_my_commands([admin], BotCommandScopeChat(ADA))


async def test_profile(bot: Bot, stand_in: TelegramStandIn) -> None:
    await bot.set_my_description("Trades on Sei")
    await bot.set_my_short_description("Trades")
    await bot.set_my_name("Sei Trader II")
    assert (await bot.get_my_description()).description == "Trades on Sei"
    assert (await bot.get_my_short_description()).short_description == "Trades"
    assert (await bot.get_my_name()).name == "Sei Trader II"
    assert await bot.set_chat_menu_button(ANN, MenuButtonCommands())
    assert (await bot.get_chat_menu_button(ANN)).type == "commands"


async def test_pins(bot: Bot, stand_in: TelegramStandIn) -> None:
    sent = await bot.send_message(ANN, "pin me")
    assert await bot.pin_chat_message(ANN, sent.message_id)
    pinned = (await bot.get_chat(ANN)).pinned_message
    assert pinned is not None
    assert pinned.message_id == sent.message_id
    assert await bot.unpin_chat_message(ANN)
    assert (await bot.get_chat(ANN)).pinned_message is None
    in_group = await bot.send_message(GROUP, "x")
    with pytest.raises(BadRequest, match="Not enough rights"):
        await bot.pin_chat_message(GROUP, in_group.message_id)
    stand_in.persons.set_bot_status(ADA, GROUP, "administrator")
    assert await bot.pin_chat_message(GROUP, in_group.message_id)
    assert (await bot.get_chat_member(GROUP, bot.id)).status == "administrator"


async def test_leaving_and_being_kicked(bot: Bot, stand_in: TelegramStandIn) -> None:
    assert await bot.leave_chat(GROUP)
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.send_message(GROUP, "x")
    stand_in.persons.set_bot_status(ADA, GROUP, "restricted")
    with pytest.raises(BadRequest, match="Not enough rights to send text messages"):
        await bot.send_message(GROUP, "x")
    stand_in.persons.set_bot_status(ADA, GROUP, "kicked")
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(GROUP, "x")
    update = (await bot.get_updates())[-1].my_chat_member
    assert update is not None
    assert update.new_chat_member.status == "kicked"
