"""The chat page in a real browser, with a real python-telegram-bot behind it."""

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from telegram import Bot, BotCommand, InlineKeyboardButton, ReplyParameters
from telegram import InlineKeyboardMarkup as Keyboard

from bot.local.telegram import ADA, ANN, BO, GROUP, SIGNALS_TOPIC, TelegramStandIn
from tests.unit.local.telegram.staging import picture

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not CHROMIUM, reason="no chromium and no google-chrome on PATH"),
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        yield await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, url: str, quiet: TelegramStandIn) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1200, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(5000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.goto(url)
    await page.wait_for_selector("html[data-ready]")
    yield page
    await context.close()
    assert problems == []


def last(page: Page) -> Locator:
    return page.get_by_test_id("message").last


async def test_start_then_type_then_press(page: Page, bot: Bot, quiet: TelegramStandIn) -> None:
    await bot.set_my_description("I trade on Sei")
    await expect(page.get_by_test_id("hello")).to_contain_text("I trade on Sei")
    await page.get_by_test_id("start").click()
    await expect(last(page)).to_contain_text("/start")
    await page.get_by_test_id("composer").fill("Should I buy <b>SEI</b>?")
    await page.get_by_test_id("send").click()
    await expect(last(page)).to_contain_text("Should I buy <b>SEI</b>?")

    button = InlineKeyboardButton("Confirm", callback_data="c:1", style="success")
    card = await bot.send_message(ANN, "Buy?", reply_markup=Keyboard([[button]]))
    await page.get_by_test_id("key").click()
    await expect(page.locator(".key.waiting")).to_be_visible()
    presses = [u.callback_query for u in await bot.get_updates() if u.callback_query]
    assert [press.data for press in presses] == ["c:1"]
    await presses[0].answer("Sent")
    await expect(page.get_by_test_id("toast")).to_have_text("Sent")
    await expect(page.locator(".key.waiting")).to_have_count(0)
    await bot.edit_message_text("Bought", ANN, card.message_id)
    await expect(last(page)).to_contain_text("edited")
    await expect(page.get_by_test_id("key")).to_have_count(0)

    again = await bot.send_message(ANN, "Sure?", reply_markup=Keyboard([[button]]))
    await page.get_by_test_id("key").click()
    query = await quiet.wait_for(lambda: list(quiet.world.callbacks))
    await bot.answer_callback_query(query[-1], "This cannot be undone", show_alert=True)
    await expect(page.get_by_test_id("alert")).to_contain_text("This cannot be undone")
    await page.get_by_test_id("alert-ok").click()
    await bot.delete_message(ANN, again.message_id)
    await expect(page.get_by_text("Sure?")).to_have_count(0)


async def test_formatting_becomes_elements_and_nothing_else(
    page: Page, bot: Bot, stand_in: TelegramStandIn
) -> None:
    await bot.send_message(
        ANN,
        "<b>bold <i>both</i></b> 😀 <code>code</code> <tg-spoiler>secret</tg-spoiler>"
        "<pre>x = 1</pre><blockquote>wise</blockquote>"
        '<a href="https://sei.io">site</a> &lt;img src=x onerror=alert(1)&gt;',
        parse_mode="HTML",
    )
    text = last(page).locator(".text")
    await expect(text.locator("strong")).to_have_text("bold both")
    await expect(text.locator("strong em")).to_have_text("both")
    await expect(text.locator("code")).to_have_text("code")
    await expect(text.locator("pre")).to_have_text("x = 1")
    await expect(text.locator("blockquote")).to_have_text("wise")
    await expect(text.locator("a")).to_have_attribute("href", "https://sei.io")
    await expect(text.locator("img")).to_have_count(0)
    await expect(text).to_contain_text("<img src=x onerror=alert(1)>")
    await text.locator(".spoiler").click()
    await expect(text.locator(".spoiler.shown")).to_have_text("secret")


async def test_pictures_documents_and_replies(
    page: Page, bot: Bot, stand_in: TelegramStandIn
) -> None:
    question = stand_in.send(ANN, "How is SEI?")["message_id"]
    await bot.send_photo(
        ANN, picture(), caption="Chart", reply_parameters=ReplyParameters(question)
    )
    photo = page.get_by_test_id("photo")
    await expect(photo).to_have_js_property("naturalWidth", 80)
    await expect(last(page).locator(".quote")).to_contain_text("How is SEI?")
    await photo.click()
    await expect(page.get_by_test_id("viewer")).to_be_visible()
    await page.get_by_test_id("viewer").click()
    await bot.send_document(ANN, b"a,b", filename="history.csv")
    async with page.expect_download() as download:
        await page.get_by_test_id("document").click()
    assert (await (await download.value).path()).read_bytes() == b"a,b"


async def test_typing_and_drafts(page: Page, bot: Bot, stand_in: TelegramStandIn) -> None:
    await bot.send_chat_action(ANN, "typing")
    await expect(page.get_by_test_id("chat-subtitle")).to_have_text("typing")
    await bot.send_message_draft(ANN, 1, "")
    await expect(page.get_by_test_id("draft")).to_be_visible()
    await bot.send_message_draft(ANN, 1, "Looking at <b>SEI</b>", parse_mode="HTML")
    await expect(page.get_by_test_id("draft").locator("strong")).to_have_text("SEI")
    await bot.send_message(ANN, "SEI looks fine")
    await expect(page.get_by_test_id("draft")).to_have_count(0)
    await expect(page.get_by_test_id("chat-subtitle")).not_to_have_text("typing")


async def test_commands(page: Page, bot: Bot, stand_in: TelegramStandIn) -> None:
    await bot.set_my_commands([BotCommand("price", "Price"), BotCommand("portfolio", "Holdings")])
    await page.get_by_test_id("menu-button").click()
    await expect(page.get_by_test_id("command")).to_have_count(2)
    await page.get_by_test_id("composer").fill("/pri")
    await expect(page.get_by_test_id("command")).to_have_count(1)
    await page.get_by_test_id("command").click()
    await expect(last(page)).to_contain_text("/price")
    await expect(page.get_by_test_id("commands")).to_be_hidden()


async def test_persons_and_the_group(page: Page, bot: Bot, stand_in: TelegramStandIn) -> None:
    await page.get_by_test_id(f"person-{BO}").click()
    await expect(page.get_by_test_id("start")).to_be_visible()
    await expect(page.get_by_test_id(f"person-{BO}")).to_contain_text("no @username")
    await page.get_by_test_id(f"chat-topic-{SIGNALS_TOPIC}").click()
    await page.get_by_test_id("composer").fill("/price")
    await page.get_by_test_id("composer").press("Enter")
    await expect(last(page)).to_contain_text("/price")
    assert stand_in.messages(GROUP)[-1]["message_thread_id"] == SIGNALS_TOPIC
    await page.get_by_test_id(f"person-{ADA}").click()
    await page.get_by_test_id(f"chat-topic-{SIGNALS_TOPIC}").click()
    await expect(last(page).locator(".sender")).to_have_text("Bo")
    await bot.send_message(GROUP, "in General")
    await expect(page.get_by_test_id("chat-topic-0")).to_contain_text("in General")
    await expect(page.get_by_test_id("message")).to_have_count(1)


async def test_a_deep_link_opens_the_private_chat(
    page: Page, bot: Bot, stand_in: TelegramStandIn
) -> None:
    await page.get_by_test_id("chat-topic-0").click()
    link = InlineKeyboardButton("Open", url="https://t.me/SeiTraderLocalBot?start=g1")
    await bot.send_message(GROUP, "In private, please", reply_markup=Keyboard([[link]]))
    await page.get_by_test_id("key").click()
    await expect(page.get_by_test_id("chat-title")).to_have_text("Sei Trader")
    await expect(last(page)).to_contain_text("/start g1")


async def test_edit_forward_sticker_and_block(
    page: Page, bot: Bot, stand_in: TelegramStandIn
) -> None:
    sent = stand_in.send(ANN, "bye SEI")["message_id"]
    await expect(last(page)).to_contain_text("bye SEI")
    await last(page).click(button="right")
    await page.get_by_test_id("do-edit").click()
    await page.get_by_test_id("composer").fill("buy SEI")
    await page.get_by_test_id("send").click()
    await expect(last(page)).to_contain_text("buy SEIedited")
    assert stand_in.message(sent)["text"] == "buy SEI"
    await last(page).click(button="right")
    await page.get_by_test_id("do-forward").click()
    await page.get_by_test_id("do-to-Sei Trader").click()
    await expect(last(page)).to_contain_text("Forwarded from Ann")
    await page.get_by_test_id("sticker-button").click()
    await page.get_by_test_id("sticker").first.click()
    await expect(last(page)).to_contain_text("🚀")
    await page.get_by_test_id("chat-menu").click()
    await page.get_by_test_id("do-block").click()
    await page.get_by_test_id("unblock").click()
    await expect(page.get_by_test_id("composer")).to_be_visible()
    kinds = [next(k for k in u.to_dict() if k != "update_id") for u in await bot.get_updates()]
    assert kinds == [
        "message",
        "edited_message",
        "message",
        "message",
        "my_chat_member",
        "my_chat_member",
    ]


async def test_what_is_missed_while_away_is_there_after_reloading(
    page: Page, bot: Bot, stand_in: TelegramStandIn
) -> None:
    await bot.send_message(ANN, "one")
    await page.reload()
    await page.wait_for_selector("html[data-ready]")
    await expect(last(page)).to_contain_text("one")


async def test_phone_width(page: Page, bot: Bot, stand_in: TelegramStandIn) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await bot.send_message(ANN, "0x" + "f" * 400)
    await expect(last(page)).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.get_by_test_id("back").click()
    await expect(page.get_by_test_id("chat-list")).to_be_visible()
    await expect(page.get_by_test_id("stand-in-label")).to_be_visible()
    await page.get_by_test_id("chat-topic-0").click()
    await expect(page.get_by_test_id("composer")).to_be_visible()


async def choose(page: Page, item: str) -> None:
    """An entry of the open chat's menu."""
    await page.get_by_test_id("chat-menu").click()
    await page.get_by_test_id(f"do-{item}").click()


async def name_it(page: Page, name: str) -> None:
    await page.get_by_test_id("question-line").fill(name)
    await page.get_by_test_id("question-ok").click()


async def test_a_group_from_founding_to_supergroup(
    page: Page, bot: Bot, quiet: TelegramStandIn
) -> None:
    await page.get_by_test_id("new-group").click()
    await name_it(page, "Night shift")
    title = page.get_by_test_id("chat-title")
    await expect(title).to_have_text("Night shift")
    await choose(page, "add-bot")
    service = page.get_by_test_id("service").last
    await expect(service).to_contain_text("Ann added Sei Trader")
    await choose(page, "promote-bot")
    await expect(page.get_by_test_id("chat-subtitle")).to_contain_text("Sei Trader★")
    await choose(page, "upgrade")
    await expect(service).to_contain_text("is a supergroup now")
    await choose(page, "new-topic")
    await name_it(page, "Alerts")
    await page.get_by_test_id("chat-list").get_by_text("# Alerts").click()
    await expect(title).to_have_text("Alerts · Night shift")
    await page.get_by_test_id("composer").fill("/alerts")
    await page.get_by_test_id("send").click()
    await expect(last(page)).to_contain_text("/alerts")
    told = [update for update in await bot.get_updates() if update.message]
    said = told[-1].message
    assert said is not None
    answer = "In the topic"
    await bot.send_message(said.chat_id, answer, message_thread_id=said.message_thread_id)
    await expect(last(page)).to_contain_text(answer)
    await choose(page, "delete-topic")
    await expect(title).to_have_text("Night shift")


async def test_a_member_may_add_the_bot_and_no_more(
    page: Page, bot: Bot, quiet: TelegramStandIn
) -> None:
    quiet.groups.set_bot(ADA, GROUP, "kicked")
    await page.get_by_test_id(f"person-{BO}").click()
    await page.get_by_test_id("chat-list").get_by_text("# General").click()
    await page.get_by_test_id("chat-menu").click()
    await expect(page.get_by_test_id("do-kick-bot")).to_have_count(0)
    await page.get_by_test_id("do-add-bot").click()
    await expect(page.get_by_test_id("service").last).to_contain_text("Bo added Sei Trader")
    await page.get_by_test_id("chat-menu").click()
    await expect(page.get_by_test_id("do-add-bot")).to_have_count(0)


async def test_links_of_buttons_lead_into_the_private_chat_and_into_groups(
    page: Page, bot: Bot, quiet: TelegramStandIn
) -> None:
    me = f"https://t.me/{(await bot.get_me()).username}"
    private = InlineKeyboardButton("Privately", url=f"{me}?start=sub_abc")
    into = InlineKeyboardButton("Add me", url=f"{me}?startgroup=subscribe")
    await page.get_by_test_id("chat-list").get_by_text("# Signals").click()
    await bot.send_message(
        GROUP, "SEI!", message_thread_id=SIGNALS_TOPIC, reply_markup=Keyboard([[private]])
    )
    await page.get_by_test_id("key").click()
    await expect(page.get_by_test_id("chat-title")).to_have_text("Sei Trader")
    await expect(last(page)).to_contain_text("/start sub_abc")
    await bot.send_message(ANN, "Come along?", reply_markup=Keyboard([[into]]))
    quiet.groups.set_bot(ADA, GROUP, "kicked")
    await page.get_by_test_id("key").click()
    await page.get_by_test_id(f"do-add-{GROUP}").click()
    await expect(last(page)).to_contain_text("/start@SeiTraderLocalBot subscribe")


async def test_a_burst_is_followed_to_its_end_but_not_by_who_reads_above(
    page: Page, bot: Bot, quiet: TelegramStandIn
) -> None:
    await page.get_by_test_id("start").click()
    for burst in range(4):
        for number in range(3):
            await bot.send_message(ANN, f"{burst}/{number}" + "\nline" * 12)
        said = await bot.send_message(ANN, "to be changed" + "\nline" * 12)
        await bot.edit_message_text("changed" + "\nline" * 16, ANN, said.id)
        await bot.send_message(ANN, f"end {burst}")
        await expect(last(page)).to_contain_text(f"end {burst}")
        await expect(last(page)).to_be_in_viewport()

    await page.get_by_test_id("feed").hover()
    await page.mouse.wheel(0, -2000)
    await expect(last(page)).not_to_be_in_viewport()
    await bot.send_message(ANN, "below")
    await expect(last(page)).to_contain_text("below")
    await expect(last(page)).not_to_be_in_viewport()
    await page.locator("#jump").click()
    await expect(last(page)).to_be_in_viewport()
