"""Local mode stopped and started again on the same folder."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.stage import buttons_of, raise_curtain, text_of


async def test_agents_money_chat_and_offers_survive(tmp_path: Path) -> None:
    async with raise_curtain(tmp_path, gemini=False) as stage:
        await stage.ann.opens_agent()
        await stage.ann.signs_mandate()
        await stage.ann.is_funded("USDC", "SEI")
        offer = await stage.ann.say("/buy SEI 5")
        said = len(stage.ann.messages)
    async with raise_curtain(tmp_path, gemini=False) as stage:
        ann = stage.ann
        assert len(ann.messages) >= said, "the chat is still there"
        assert "500 USDC" in text_of(await ann.say("/portfolio"))
        stage.telegram.press(ann.id, offer["message_id"], "✅ Confirm")
        await ann.sees("Bought", after=offer["message_id"])


async def test_a_half_told_dialogue_goes_on(tmp_path: Path) -> None:
    async with raise_curtain(tmp_path, gemini=False) as stage:
        await stage.ann.comes_in()
        await stage.ann.press(await stage.ann.say("/agents"), "Open my first agent")
        await stage.ann.press(stage.ann.last, "test wallet")
    async with raise_curtain(tmp_path, gemini=False) as stage:
        assert "shall the agent be called" in text_of(await stage.ann.say("yes"))
    async with raise_curtain(tmp_path, gemini=False) as stage:
        assert "How shall it trade" in text_of(await stage.ann.say("Alpha"))


@pytest.mark.parametrize("lost", ["local-chain", "bot.db"])
async def test_a_lost_chain_or_book_starts_both_anew_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lost: str
) -> None:
    async with raise_curtain(tmp_path, gemini=False) as stage:
        await stage.ann.opens_agent()
    if lost == "bot.db":
        (tmp_path / lost).unlink()
    else:
        shutil.rmtree(tmp_path / lost)
    capsys.readouterr()
    async with raise_curtain(tmp_path, gemini=False) as stage:
        assert "rebuilt" in capsys.readouterr().out
        screen = await stage.ann.say("/start")
        assert "Accept" in " ".join(buttons_of(screen)), "new books know nobody"
        await stage.ann.opens_agent()


async def test_a_damaged_chat_history_does_not_stop_the_start(tmp_path: Path) -> None:
    async with raise_curtain(tmp_path, gemini=False) as stage:
        await stage.ann.opens_agent()
    history = tmp_path / "local-telegram.json"
    history.write_text(history.read_text()[:100])
    async with raise_curtain(tmp_path, gemini=False) as stage:
        assert "Welcome back" in text_of(await stage.ann.say("/start"))
