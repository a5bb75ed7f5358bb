import asyncio
import itertools
import json
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from telegram import Bot, BotCommand

from bot.local.telegram import ADA, ANN, GROUP, TelegramStandIn, persistence
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


async def test_what_was_answered_is_there_without_a_farewell(
    bot: Bot, stage: Stage, clock: FakeClock, tmp_path: Path
) -> None:
    file = tmp_path / "telegram.json"
    first = TelegramStandIn(TOKEN, clock, limits=False, state_file=file)
    stage.stand_in = first
    first.send(ANN, "/start")
    await bot.get_updates(offset=first.updates.next_id)
    photo = await bot.send_photo(ANN, picture(), caption="chart")
    changed = await bot.send_message(ANN, "old")
    await bot.edit_message_text("new", ANN, changed.message_id)
    await bot.delete_message(ANN, (await bot.send_message(ANN, "gone")).message_id)
    await bot.pin_chat_message(ANN, photo.message_id)
    await bot.set_my_commands([BotCommand("start", "Begin")])
    first.send(ANN, "waits")
    await bot.get_me()

    second = TelegramStandIn(TOKEN, clock, limits=False, state_file=file)
    stage.stand_in = second
    assert second.messages(ANN) == first.messages(ANN)
    assert [said.get("text") for said in second.messages(ANN)][-2:] == ["new", "waits"]
    assert second.world.last_message_id == first.world.last_message_id
    assert [u.message and u.message.text for u in await bot.get_updates()] == ["waits"]
    assert [c.command for c in await bot.get_my_commands()] == ["start"]
    content = await (await bot.get_file(photo.photo[-1])).download_as_bytearray()
    assert bytes(content) == picture()
    pinned = (await bot.get_chat(ANN)).pinned_message
    assert pinned is not None
    assert pinned.message_id == photo.message_id


async def test_a_record_that_a_kill_cut_off_is_left_out(
    bot: Bot, stage: Stage, clock: FakeClock, tmp_path: Path
) -> None:
    file = tmp_path / "telegram.json"
    stage.stand_in = first = TelegramStandIn(TOKEN, clock, limits=False, state_file=file)
    first.send(ANN, "/start")
    for text in ("one", "two"):
        await bot.send_message(ANN, text)
    journal = file.with_suffix(".journal")
    journal.write_bytes(journal.read_bytes()[:-5])

    stage.stand_in = second = TelegramStandIn(TOKEN, clock, limits=False, state_file=file)
    assert [said["text"] for said in second.messages(ANN)] == ["/start", "one"]
    await bot.send_message(ANN, "three")
    third = TelegramStandIn(TOKEN, clock, limits=False, state_file=file)
    assert [said["text"] for said in third.messages(ANN)] == ["/start", "one", "three"]


async def test_a_long_journal_is_put_into_the_file(
    bot: Bot, stage: Stage, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "LONGEST_JOURNAL", 1000)
    monkeypatch.setattr(persistence, "LOOK_EVERY_S", 0)
    file = tmp_path / "telegram.json"
    async with TelegramStandIn(TOKEN, clock, limits=False, state_file=file) as first:
        stage.stand_in = first
        first.send(ANN, "/start")
        for number in range(20):
            await bot.send_message(ANN, f"message {number}")
        killed = TelegramStandIn(TOKEN, clock, limits=False, state_file=_copy(file, tmp_path))
        assert "message 5" in file.read_text()
    assert killed.messages(ANN) == first.messages(ANN)


def _copy(file: Path, folder: Path) -> Path:
    """The state as a kill would leave it now."""
    (folder / "copy").mkdir()
    for name in (file, file.with_suffix(".journal")):
        if name.exists():
            shutil.copy(name, folder / "copy")
    return folder / "copy" / file.name


@pytest.mark.parametrize("seed", range(4))
async def test_a_killed_process_has_kept_every_message_it_accepted(
    clock: FakeClock, tmp_path: Path, seed: int
) -> None:
    """Killed twice, each time at another moment within a stream of messages."""
    file, chance = tmp_path / "telegram.json", random.Random(seed)  # noqa: S311
    accepted: list[str] = []
    for life in ("first", "second"):
        accepted += await _killed_while_sending(file, life, after=chance.randint(1, 60))
    saved = TelegramStandIn(TOKEN, clock, state_file=file)
    texts = {said.get("text") for said in saved.messages(GROUP)}
    assert set(accepted) <= texts
    assert len(accepted) >= 2


async def _killed_while_sending(file: Path, life: str, *, after: int) -> list[str]:
    """What a process said yes to before it was killed, `after` messages at the soonest."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.local.telegram", "--port", "0", "--token", TOKEN),
        *("--no-limits", "--state", str(file)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().split(": ")[1].split()[0]
    accepted: list[str] = []
    enough = asyncio.Event()

    async def stream(client: httpx.AsyncClient, writer: int) -> None:
        for number in itertools.count():
            said: dict[str, Any] = {"chat_id": GROUP, "text": f"{life} {writer}/{number}"}
            answer = await client.post(f"{url}/bot{TOKEN}/sendMessage", json=said)
            assert answer.json()["ok"]
            accepted.append(said["text"])
            if len(accepted) >= after:
                enough.set()

    async with httpx.AsyncClient(trust_env=False) as client:
        streams = asyncio.gather(*(stream(client, n) for n in range(4)), return_exceptions=True)
        await asyncio.wait_for(enough.wait(), 20)
        process.kill()
        await process.wait()
        ended = await streams
    assert all(isinstance(end, httpx.TransportError) for end in ended)
    return accepted
