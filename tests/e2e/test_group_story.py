"""The group story as people see it, in the real page: a topic is told, and a member goes along."""

from decimal import Decimal
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from bot.local.telegram.world import ADA, BO, SIGNALS_TOPIC
from tests.e2e.hall import Hall
from tests.e2e.scene import Scene, scene
from tests.e2e.test_browser import CHROMIUM, FLAGS, PATIENCE_MS, picture, says, tap, write

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on PATH: apt install chromium"
)


def last(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").filter(has_text=text).last


async def be(page: Page, person: int, place: str) -> None:
    """Become somebody and open one of their chats."""
    await page.get_by_test_id(f"person-{person}").click()
    await page.get_by_test_id(place).first.click()


async def moves(on: Scene, level: Decimal) -> None:
    """SEI goes to a price, on the market and in the pools; the bot looks."""
    now = Decimal(on.market.price_of("sei-network"))
    await Hall(on).moves(str(level / now))


async def test_a_topic_is_told_and_a_member_goes_along(tmp_path: Path) -> None:
    async with scene(tmp_path / "data") as on, async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1000, "height": 960})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(on.local.url)
        await page.wait_for_selector("html[data-ready]")
        topic = f"chat-topic-{SIGNALS_TOPIC}"

        await be(page, ADA, "chat-bot")
        await page.get_by_test_id("start").click()
        await tap(page, "Accept")
        await be(page, ADA, topic)
        await write(page, "/subscribe")
        await says(page, "What I tell this topic")
        start = Decimal(on.market.price_of("sei-network"))
        line = (start * Decimal("1.04")).quantize(Decimal("0.0001"))
        await write(page, f"/alert SEI above {line}")
        await tap(page, "Set it")
        await says(page, "Set by Ada")
        await picture(page, "group-set")

        await moves(on, line * Decimal("1.01"))
        await says(page, "When armed")
        await picture(page, "group-rang")

        newcomer = 3001
        on.telegram.add_person(newcomer, "Dee")
        on.telegram.groups.set_member(ADA, Hall(on).chat, newcomer, "member")
        await page.reload()
        await page.wait_for_selector("html[data-ready]")
        for person in (BO, newcomer):
            await be(page, person, topic)
            await expect(last(page, "When armed")).to_be_visible(timeout=PATIENCE_MS)
            await tap(page, "Also to me")
            await expect(page.get_by_test_id("chat-title")).to_have_text("Sei Trader")
            if person == newcomer:
                await tap(page, "Accept")
            await says(page, "Set: SEI above")
            await picture(page, f"group-private-{person}")

        await moves(on, line * Decimal("0.97"))
        await moves(on, line * Decimal("1.01"))
        for person in (BO, newcomer):
            await be(page, person, "chat-bot")
            await says(page, "When armed")
            assert len([m for m in on.telegram.messages(person) if "caption" in m]) >= 1
        await picture(page, "group-private-rang")
        assert not errors
        await browser.close()
