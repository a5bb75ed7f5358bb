import json
from pathlib import Path

import pytest
from telegram import Bot, BotCommand

from bot.local.telegram import ADA, ANN, GROUP, TelegramStandIn
from tests.fakes.clock import FakeClock
from tests.unit.local.telegram.staging import TOKEN, Stage, picture

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_chats_survive_a_restart(
    bot: Bot, stage: Stage, clock: FakeClock, tmp_path: Path
) -> None:
    file = tmp_path / "state" / "telegram.json"
    async with TelegramStandIn(TOKEN, clock, limits=False, state_file=file) as first:
        stage.stand_in = first
        first.send(ANN, "/start")
        await bot.get_updates(offset=first.updates.next_id)
        await bot.set_my_commands([BotCommand("start", "Begin")])
        photo = await bot.send_photo(ANN, picture(), caption="chart")
        await bot.pin_chat_message(ANN, photo.message_id)
        first.persons.set_bot_status(ADA, GROUP, "administrator")
        waiting = first.send(ANN, "not fetched yet")
        next_update = first.updates.next_id
    async with TelegramStandIn(TOKEN, clock, limits=False, state_file=file) as second:
        stage.stand_in = second
        assert second.messages(ANN) == first.messages(ANN)
        assert second.updates.next_id >= next_update
        assert second.send(ANN, "next")["message_id"] == waiting["message_id"] + 1
        updates = await bot.get_updates()
        assert [u.message and u.message.text for u in updates][-2:] == ["not fetched yet", "next"]
        assert [c.command for c in await bot.get_my_commands()] == ["start"]
        content = await (await bot.get_file(photo.photo[-1])).download_as_bytearray()
        assert bytes(content) == picture()
        assert (await bot.get_chat_member(GROUP, bot.id)).status == "administrator"
        assert (await bot.get_chat(ANN)).pinned_message is not None


async def test_a_file_of_another_version_is_refused(clock: FakeClock, tmp_path: Path) -> None:
    file = tmp_path / "telegram.json"
    file.write_text(json.dumps({"version": 0}))
    with pytest.raises(ValueError, match="another version"):
        TelegramStandIn(TOKEN, clock, state_file=file)
