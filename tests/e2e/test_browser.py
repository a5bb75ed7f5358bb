"""The story once more as a person sees it: headless Chromium on the chat page of local mode."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.local.telegram.world import ANN
from tests.e2e.stage import raise_curtain

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 30_000

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on PATH: apt install chromium"
)


async def write(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def tap(page: Page, label: str) -> None:
    """Tap the newest button with that label."""
    button = page.get_by_test_id("key").filter(has_text=label).last
    await button.click(timeout=PATIENCE_MS)


async def says(page: Page, text: str) -> None:
    await expect(page.get_by_test_id("message").filter(has_text=text).last).to_be_visible(
        timeout=PATIENCE_MS
    )


async def picture(page: Page, name: str) -> None:
    """Keep a screenshot where SCREENSHOTS says: how the README's pictures are made."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        await expect(page.get_by_test_id("toast")).to_be_hidden(timeout=PATIENCE_MS)
        await page.wait_for_function("[...document.images].every(image => image.complete)")
        await page.screenshot(path=Path(folder) / f"chat-{name}.png")


async def test_a_newcomer_trades_in_the_browser(tmp_path: Path) -> None:
    async with raise_curtain(tmp_path / "data", gemini=True) as stage, async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1000, "height": 960})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(stage.local.url)
        await page.wait_for_selector("html[data-ready]")
        await page.get_by_test_id(f"person-{ANN}").click()

        await page.get_by_test_id("start").click()
        await tap(page, "Accept")
        await tap(page, "Open my first agent")
        await tap(page, "test wallet")
        await says(page, "Is it a wallet that you can sign with?")
        await tap(page, "I sign with it")
        await says(page, "What shall the agent be called?")
        await write(page, "Alpha")
        await says(page, "How shall it trade?")
        await write(page, "careful, mostly SEI and ETH")
        await says(page, "is open")
        await tap(page, "Sign with the test wallet")
        await says(page, "The mandate is in force")

        await tap(page, "Deposit")
        await says(page, "Check before you pay in")
        await tap(page, "USDC")
        await says(page, "arrived")

        await write(page, "Should I buy SEI now?")
        await says(page, "Stop-loss")
        await picture(page, "decision")
        await tap(page, "✅ Buy")
        await says(page, "You give")
        await tap(page, "Confirm")
        await says(page, "Bought")
        await picture(page, "receipt")
        await write(page, "/portfolio")
        await says(page, "Average cost")
        assert not errors
        await browser.close()
