"""The exit code is shown once, in the chat, and kept nowhere: no file, no log, no outbox."""

import asyncio
import io
import logging
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

import db
from bot.chat.commands import agents as command
from bot.chat.view import bare
from bot.domain.errors import UserError
from bot.logs import configure_logs
from bot.policy.exit_codes import exit_hash_of
from bot.services.execute import Execute
from bot.services.open_agent import OpenAgent
from tests.fakes.clock import FakeClock
from tests.unit.chat.chatroom import Chatroom
from tests.unit.services.office import ANN, CHAT, SEI, TERMS, Office

_PATIENCE_S = 30
HOME = "0x52908400098527886E0F7030069857D2E4169EE7"


@pytest.fixture
def room(office: Office) -> Chatroom:
    return Chatroom(office)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the process logs in production."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    before, level, hook = logging.root.handlers[:], logging.root.level, sys.excepthook
    configure_logs(production=True)
    yield written
    logging.root.handlers[:] = before
    logging.root.setLevel(level)
    logging.captureWarnings(capture=False)
    sys.excepthook = hook
    structlog.reset_defaults()


async def answer(room: Chatroom, *, exits: bool = True) -> None:
    """The whole dialogue of opening an agent."""
    await command.new(await room.talk(), "")
    await command.owner(await room.talk(), HOME)
    await (command.exits if exits else command.signs)(await room.talk(), "")
    await command.name(await room.talk(), "Gamma")
    await command.instructions(await room.talk(), "be careful")


def codes(room: Chatroom) -> list[str]:
    """Exit codes that were shown; no other 32 bytes may be."""
    shown = [message["text"] for message in [*room.bot.sent, *room.bot.edited]]
    return re.findall(r"0x[0-9a-f]{64}", "\n".join(shown))


async def test_it_is_shown_once_before_anything_depends_on_it(room: Chatroom):
    await answer(room)
    await room.office.settle()
    [code] = codes(room)
    [agent] = room.office.records.agents.values()
    assert agent.exit_hash == exit_hash_of(bytes.fromhex(code[2:]))
    assert room.office.book(agent).exit_hash == agent.exit_hash
    index = next(n for n, text in enumerate(room.bot.texts) if code in text)
    shown = room.bot.sent[index]
    assert f"<tg-spoiler>{code}</tg-spoiler>" in shown["text"]
    assert HOME in shown["text"]
    assert "docs/leaving.md" in bare(shown["text"])
    assert "Opening" in room.bot.texts[index + 1], "it came before the opening"


async def test_the_message_can_be_taken_away(room: Chatroom):
    await answer(room)
    await command.noted(await room.talk(tapped=5), "")
    assert room.bot.deleted == [(CHAT, 5)]
    await command.noted(await room.talk(), "")
    assert len(room.bot.deleted) == 1


async def test_whoever_signs_gets_none(room: Chatroom):
    await answer(room, exits=False)
    await room.office.settle()
    assert codes(room) == []
    [agent] = room.office.records.agents.values()
    assert agent.exit_hash == ""


async def test_every_agent_has_a_code_of_its_own(room: Chatroom):
    await answer(room)
    await room.office.settle()
    await command.owner(await room.talk(), HOME)
    await command.exits(await room.talk(), "")
    await command.name(await room.talk(), "Delta")
    await command.skip(await room.talk(), "")
    await room.office.settle()
    assert len(set(codes(room))) == 2


@pytest.mark.parametrize(
    ("said", "exits"), [("yes", False), ("Wallet", False), ("no", True), (" Exit Code ", True)]
)
async def test_the_question_may_be_answered_in_words(room: Chatroom, said: str, exits: bool):  # noqa: FBT001
    await command.owner(await room.talk(), HOME)
    await command.control(await room.talk(), said)
    dialogue = await room.office.records.load_dialogue(CHAT, room.office.clock.now())
    assert dialogue is not None
    assert dialogue.step == "name"
    assert dialogue.data == {"owner": HOME} | ({"exit": "yes"} if exits else {})


async def test_another_answer_is_asked_again(room: Chatroom):
    await command.owner(await room.talk(), HOME)
    with pytest.raises(UserError, match="yes or no"):
        await command.control(await room.talk(), "perhaps")


async def test_a_late_tap_starts_nothing(room: Chatroom):
    for step in (command.exits, command.signs):
        with pytest.raises(UserError, match="too long ago"):
            await step(await room.talk(), "")
    assert codes(room) == []


async def test_it_is_in_no_file_and_in_no_log(
    office: Office, clock: FakeClock, tmp_path: Path, log: io.StringIO
):
    """The whole opening on a real database, with the process's own log."""
    room = Chatroom(office)
    path = tmp_path / "bot.db"
    database = await db.open(f"sqlite:///{path}", clock)
    try:
        execute = Execute(
            clock=clock,
            journal=database.journal,
            agents=database.agents,
            executor=office.executor,
            reader=office.reader,
            outbox=database.outbox,
            switches=database.switches,
            limits=office.limits,
            native=SEI,
            wake=office.wake,
        )
        opening = OpenAgent(
            clock=clock,
            agents=database.agents,
            journal=database.journal,
            executor=office.executor,
            execute=execute,
            limits=office.limits,
            native=SEI,
        )
        room.services = replace(
            room.services,
            people=database.people,
            agents=database.agents,
            dialogues=database.dialogues,
            journal=database.journal,
            execute=execute,
            open_agent=opening,
        )
        await database.people.save_user(ANN, "Ann", None, TERMS)
        await answer(room)
        async with asyncio.timeout(_PATIENCE_S):  # of the machine: the file is a real one
            while await database.journal.load_open():
                await clock.advance(0.5)
        [agent] = await database.agents.load_agents(ANN)
        await execute.stop()
    finally:
        await database.close()
    structlog.get_logger("bot.test").warning("opened", agent=int(agent.id))

    [code] = codes(room)
    assert agent.escrow
    assert agent.exit_hash == exit_hash_of(bytes.fromhex(code[2:]))
    files = contents(tmp_path)
    assert any(agent.exit_hash.encode() in content for content in files.values())
    assert "opened" in log.getvalue()
    for form in forms(code):
        assert form.decode("latin-1") not in log.getvalue()
        for found, content in files.items():
            assert form not in content, found


def contents(folder: Path) -> dict[Path, bytes]:
    return {found: found.read_bytes() for found in folder.rglob("*") if found.is_file()}


def forms(code: str) -> list[bytes]:
    """The code in every spelling it could have been kept in."""
    raw = bytes.fromhex(code[2:])
    return [code[2:].encode(), code[2:].upper().encode(), raw, str(int.from_bytes(raw)).encode()]
