"""The owner's wallet page in headless Chromium, with a test wallet and a real chain."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from bot.chain.artifacts import load_artifact
from bot.chain.deployer import Deployer, connected
from bot.domain.mandate import Mandate
from bot.domain.people import Agent, AgentState
from bot.local.chain.accounts import DEPLOYER_KEY, FAUCET_KEY, TEST_WALLET, TEST_WALLET_KEY
from bot.ports.records import Dialogue
from bot.services.intents import Origin
from bot.services.signing_links import Purpose
from tests.e2e.stage import PATIENCE_S, Stage, raise_curtain
from tests.e2e.test_browser import CHROMIUM, FLAGS, PATIENCE_MS
from tests.e2e.wallet import BrowserWallet

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1100, "height": 900}

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        shutil.which("chromium") is None and shutil.which("google-chrome") is None,
        reason="no chromium on PATH: apt install chromium",
    ),
]


@dataclass
class Scene:
    """A running service, Ann's agent owned by the test wallet, and a browser."""

    stage: Stage
    agent: Agent
    browser: Browser

    async def link(self, purpose: Purpose = Purpose.MANDATE) -> str:
        signing = self.stage.service.services.signing
        agent_id = self.agent.id if purpose is Purpose.MANDATE else None
        ann = self.stage.ann.id
        return str(signing.url(await signing.open(purpose, ann, ann, agent_id)))

    def wallet(self, **how: Any) -> BrowserWallet:
        how.setdefault("key", TEST_WALLET_KEY)
        return BrowserWallet(rpc_url=self.stage.local.edges.rpc_url, **how)

    async def opened(
        self, wallet: BrowserWallet | None, url: str, size: Any = DESKTOP, **context: Any
    ) -> Page:
        page = await (await self.browser.new_context(viewport=size, **context)).new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        if wallet:
            await wallet.enter(page)
        await page.goto(url)
        return page

    async def signed_in(self, wallet: BrowserWallet, size: Any = DESKTOP, **how: Any) -> Page:
        page = await self.opened(wallet, await self.link(), size, **how)
        await page.get_by_test_id("connect").click()
        await page.get_by_test_id("sign-in").click()
        await expect(page.get_by_test_id("signed-in")).to_be_visible()
        return page

    async def on_chain(self) -> Mandate | None:
        """The mandate in force, None where there is none."""
        services = self.stage.service.services
        state = await services.escrows.read_escrow(self.agent.escrow)
        if state.dropped:
            return None
        found: Mandate | None = await services.change_mandate.find(self.agent, state)
        return found

    async def switch_off(self, entry: str) -> None:
        """The admin takes a token or an exchange off the orchestrator's list."""
        edges = self.stage.local.edges
        abi = load_artifact("CaretOrchestrator").abi
        async with connected(edges.rpc_url) as w3:
            address = w3.to_checksum_address(edges.deployment.orchestrator)
            orchestrator = w3.eth.contract(address=address, abi=abi)
            await Deployer(w3, DEPLOYER_KEY).call("switch off", orchestrator, "switchOff", entry)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("wallet")
    async with raise_curtain(folder, gemini=False) as stage, async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        await stage.ann.comes_in()
        services = stage.service.services
        user = await services.people.load_user(stage.ann.id)
        assert user
        origin = Origin(user, stage.ann.id, "c0ffee")
        opening = await services.open_agent.open(origin, "Alpha", "", TEST_WALLET)
        async with asyncio.timeout(PATIENCE_S):
            agent = opening
            while agent.state is not AgentState.ACTIVE:
                await asyncio.sleep(0.05)
                agent = await services.agents.load_agent(opening.id) or agent
        yield Scene(stage, agent, browser)
        await browser.close()


async def picture(page: Page, name: str) -> None:
    """Keep a screenshot where SCREENSHOTS says."""
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"wallet-{name}.png", full_page=True)


async def chooses(page: Page, **figures: str) -> None:
    for name, value in figures.items():
        await page.get_by_test_id(name).fill(value)


async def signs(page: Page) -> None:
    await page.get_by_test_id("sign-mandate").click()
    await expect(page.get_by_test_id("outcome")).to_contain_text("In force")


async def test_signed_replaced_revoked(scene: Scene) -> None:
    wallet = scene.wallet()
    page = await scene.opened(wallet, await scene.link())
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    await expect(page.get_by_role("heading", name="Mandate of Alpha")).to_be_visible()
    await picture(page, "1-connect")
    await page.get_by_test_id("connect").click()
    await expect(page.get_by_test_id("account")).to_have_text(re.compile(TEST_WALLET, re.I))
    await picture(page, "2-sign-in")
    await page.get_by_test_id("sign-in").click()

    checks = page.get_by_test_id("checks").locator("li")
    await expect(checks).to_have_count(6)
    await expect(page.locator(".checks .no")).to_have_count(0)
    await expect(page.get_by_test_id("why-not")).to_contain_text("No mandate is in force")
    await expect(page.get_by_test_id("revoke")).to_have_count(0)
    await expect(page.get_by_test_id("worst")).to_contain_text("$10 in a day and $40 in a week")
    await picture(page, "3-form")
    said = await page.get_by_test_id("sentence").text_content()
    assert await scene.on_chain() is None
    await signs(page)
    await expect(page.get_by_test_id("words")).to_have_text(said or "")
    await picture(page, "4-in-force")
    mandate = await scene.on_chain()
    assert mandate is not None
    assert (mandate.trade_cap, mandate.daily_volume, mandate.daily_loss) == (50e6, 200e6, 10e6)
    assert mandate.slippage == 150
    services = scene.stage.service.services
    assert list(mandate.adapters) == list(services.signing.mandates.offer.venues)

    await chooses(page, trade_usd="20", volume_usd="80.5", loss_usd="4", slippage_pct="1")
    await page.get_by_test_id("days-7").click()
    await page.get_by_test_id("tick-WBTC").uncheck()
    await expect(page.get_by_test_id("sentence")).not_to_contain_text("WBTC")
    said = await page.get_by_test_id("sentence").text_content()
    await signs(page)
    await expect(page.get_by_test_id("words")).to_have_text(said or "")
    replaced = await scene.on_chain()
    assert replaced is not None
    assert (replaced.nonce, replaced.trade_cap, replaced.daily_volume) == (2, 20e6, 80.5e6)
    assert len(replaced.tokens) == len(mandate.tokens) - 1

    await page.get_by_test_id("revoke").click()
    await expect(page.get_by_test_id("outcome")).to_contain_text("Revoked")
    await expect(page.get_by_test_id("why-not")).to_contain_text("No mandate is in force")
    await picture(page, "5-revoked")
    assert await scene.on_chain() is None
    assert problems == []


async def test_a_phone_in_the_dark_and_by_daylight(scene: Scene) -> None:
    for scheme in ("dark", "light"):
        page = await scene.signed_in(
            scene.wallet(), PHONE, color_scheme=scheme, device_scale_factor=2
        )
        await expect(page.locator(".checks .no")).to_have_count(0)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        await page.get_by_text("How to check without this page").click()
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        await picture(page, f"phone-{scheme}")


async def test_the_form_says_what_is_wrong(scene: Scene) -> None:
    page = await scene.signed_in(scene.wallet())
    problem, button = page.get_by_test_id("problem"), page.get_by_test_id("sign-mandate")
    await expect(button).to_be_enabled()
    for figures, said in (
        ({"trade_usd": "150"}, "half of the day's volume"),
        ({"trade_usd": "0"}, "start at $1"),
        ({"trade_usd": "-5"}, "needs a figure"),
        ({"trade_usd": "50", "loss_usd": "300"}, "cannot be more than"),
        ({"loss_usd": "10", "slippage_pct": "11"}, "between 0.1 and 10"),
        ({"slippage_pct": "1.5", "volume_usd": "999999999"}, "more than the contract"),
        ({"volume_usd": "200", "until": "2001-01-01"}, "from today on"),
        ({"until": "2199-01-01"}, "at most one year"),
    ):
        await chooses(page, **figures)
        await expect(problem).to_contain_text(said)
        await expect(button).to_be_disabled()
    await picture(page, "wrong-figures")
    await page.get_by_test_id("days-90").click()
    await expect(problem).to_be_hidden()
    await expect(button).to_be_enabled()


async def test_another_account_is_not_let_in(scene: Scene) -> None:
    wallet = scene.wallet(key=FAUCET_KEY)
    page = await scene.opened(wallet, await scene.link(), PHONE)
    await page.get_by_test_id("connect").click()
    await expect(page.get_by_test_id("wrong-wallet")).to_contain_text("0xa0Ee…9720")
    await expect(page.get_by_test_id("sign-in")).to_have_count(0)
    await picture(page, "wrong-wallet")
    await wallet.show_account(TEST_WALLET_KEY)
    await page.get_by_test_id("sign-in").click()
    await expect(page.get_by_test_id("signed-in")).to_be_visible()
    await wallet.show_account(FAUCET_KEY)
    await expect(page.get_by_test_id("wrong-wallet")).to_be_visible()
    await expect(page.get_by_test_id("sign-mandate")).to_have_count(0)


async def test_a_wallet_on_another_chain_is_switched(scene: Scene) -> None:
    wallet = scene.wallet(chain_id=1, known={1})
    page = await scene.signed_in(wallet)
    await expect(page.locator(".checks .no")).to_contain_text("Your wallet is on chain 1")
    await expect(page.get_by_test_id("sign-mandate")).to_be_disabled()
    await picture(page, "wrong-chain")
    await page.get_by_test_id("switch").click()
    await expect(page.get_by_test_id("sign-mandate")).to_be_enabled()
    assert [network["rpcUrls"] for network in wallet.added] == [[wallet.rpc_url]]


async def test_a_no_in_the_wallet_changes_nothing(scene: Scene) -> None:
    wallet = scene.wallet(declines={"personal_sign"})
    page = await scene.opened(wallet, await scene.link())
    await page.get_by_test_id("connect").click()
    await page.get_by_test_id("sign-in").click()
    await expect(page.get_by_test_id("error")).to_contain_text("You declined in your wallet")
    wallet.declines = {"eth_signTypedData_v4"}
    await page.get_by_test_id("sign-in").click()
    await expect(page.get_by_test_id("sign-mandate")).to_be_enabled()
    await page.get_by_test_id("sign-mandate").click()
    await expect(page.get_by_test_id("outcome")).to_contain_text("You declined in your wallet")
    await picture(page, "declined")
    wallet.declines = set()
    await signs(page)


LIES: dict[str, Any] = {
    "message.tradeCap": 500_000_000,
    "message.nonce": 2**32 - 1,
    "message.signBy": 2**40 - 1,
    "message.tokens": ["0x" + "66" * 20],
    "message.spender": "0x" + "66" * 20,
    "domain.verifyingContract": "0x" + "66" * 20,
    "domain.chainId": 1329,
    "primaryType": "Permit",
    "types.Mandate": [{"name": "spender", "type": "address"}],
}


async def test_a_lying_server_gets_no_signature(scene: Scene) -> None:
    wallet = scene.wallet()
    page = await scene.signed_in(wallet)
    outcome = page.get_by_test_id("outcome")
    path = ""

    async def tamper(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        *way, last = path.split(".")
        target = body["typed"]
        for step in way:
            target = target[step]
        target[last] = LIES[path]
        await route.fulfill(response=answer, json=body)

    await page.route("**/api/wallet/*/prepare", tamper)
    for path in LIES:
        await page.get_by_test_id("sign-mandate").click()
        said = "its times" if "signBy" in path else path.replace(".", " ")
        await expect(outcome).to_contain_text(f"({said}")
        await expect(outcome).to_contain_text("Do not sign")
    await picture(page, "lying-server")
    assert wallet.signed("eth_signTypedData_v4") == []


async def test_a_foreign_escrow_blocks_signing(scene: Scene) -> None:
    page = await scene.opened(scene.wallet(), await scene.link())

    async def tamper(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        body["agent"]["escrow"] = body["site"]["orchestrator"]
        await route.fulfill(response=answer, json=body)

    await page.route("**/api/wallet/look", tamper)
    await page.reload()
    await page.get_by_test_id("connect").click()
    await page.get_by_test_id("sign-in").click()
    await expect(page.get_by_test_id("blocked")).to_contain_text("sign nothing here")
    await expect(page.get_by_test_id("sign-mandate")).to_be_disabled()
    await picture(page, "foreign-escrow")


async def test_an_expired_link(scene: Scene) -> None:
    page = await scene.opened(scene.wallet(), f"{scene.stage.local.url}/wallet#nonsense", PHONE)
    await expect(page.get_by_test_id("error")).to_have_text(
        "This link has expired; ask the bot for a new one."
    )
    await picture(page, "expired")


async def test_no_wallet(scene: Scene) -> None:
    link = await scene.link()
    page = await scene.opened(None, link, PHONE)
    await expect(page.get_by_test_id("no-wallet")).to_contain_text("This browser has no wallet")
    await page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    await page.get_by_test_id("copy-link").click()
    assert await page.evaluate("window.copied") == link
    await picture(page, "no-wallet")


async def test_inside_telegram(scene: Scene) -> None:
    """Its colours, its parameters behind the token, and nothing for somebody else's eyes."""
    theme = (
        "%7B%22bg_color%22%3A%22%2317212b%22%2C%22secondary_bg_color%22%3A%22%23232e3c%22%2C"
        "%22text_color%22%3A%22%23f5f5f5%22%2C%22hint_color%22%3A%22%23708499%22%2C"
        "%22button_color%22%3A%22%235288c1%22%2C%22button_text_color%22%3A%22%23ffffff%22%7D"
    )
    link = await scene.link()
    parameters = f"tgWebAppVersion=9.0&tgWebAppPlatform=ios&tgWebAppThemeParams={theme}"
    for mark in "&?":
        page = await scene.opened(None, f"{link}{mark}{parameters}", PHONE)
        await expect(page.get_by_test_id("no-wallet")).to_be_visible()
        await expect(page.get_by_text("Open in my browser")).to_be_visible()
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(35, 46, 60)"
        )
        await picture(page, "telegram")
    forged = f"{link}&tgWebAppData=user%3D%257B%2522id%2522%253A1%257D%26hash%3D00&{parameters}"
    page = await scene.opened(None, forged, PHONE)
    await expect(page.get_by_test_id("error")).to_contain_text("made for somebody else")


async def test_an_owner_is_proven_and_the_chat_goes_on(scene: Scene) -> None:
    services, ann = scene.stage.service.services, scene.stage.ann
    url = await scene.link(Purpose.PROVE_OWNER)
    page = await scene.opened(scene.wallet(key=FAUCET_KEY), url, PHONE)
    await page.get_by_test_id("connect").click()
    await page.get_by_test_id("sign-in").click()
    await expect(page.get_by_test_id("error")).to_contain_text("the chat no longer waits for it")

    now = services.clock.now()
    await services.dialogues.save_dialogue(
        ann.id, Dialogue("agents", "owner", {}), now.replace(year=2100)
    )
    wallet = scene.wallet(key=FAUCET_KEY)
    page = await scene.opened(wallet, url, PHONE)
    await page.get_by_test_id("connect").click()
    await page.get_by_test_id("sign-in").click()
    await expect(page.get_by_test_id("proven")).to_have_text("The address is yours.")
    await picture(page, "proven")
    asked = await services.dialogues.load_dialogue(ann.id, now)
    assert asked == Dialogue("agents", "name", {"owner": wallet.address})
    await scene.stage.ann.sees(wallet.address)
    await page.reload()
    await expect(page.get_by_test_id("proven")).to_be_visible()


async def test_a_symbol_for_another_token_blocks_signing_alone(scene: Scene) -> None:
    page = await scene.signed_in(scene.wallet())
    await signs(page)

    async def tamper(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        tokens = {token["symbol"]: token for token in body["offer"]["tokens"]}
        tokens["WBTC"]["address"] = tokens["WETH"]["address"]
        await route.fulfill(response=answer, json=body)

    await page.route("**/api/wallet/look", tamper)
    await page.reload()
    await page.get_by_test_id("connect").click()
    await page.get_by_test_id("sign-in").click()
    await expect(page.locator(".checks .no")).to_contain_text("WBTC is another token, 0x")
    await expect(page.get_by_test_id("blocked")).to_contain_text("sign no mandate here")
    await expect(page.get_by_test_id("sign-mandate")).to_be_disabled()
    await picture(page, "another-token")
    await page.get_by_test_id("revoke").click()
    await expect(page.get_by_test_id("outcome")).to_contain_text("Revoked")
    assert await scene.on_chain() is None


async def test_what_is_switched_off_is_left_out(scene: Scene) -> None:
    """The last one here: what is switched off stays off."""
    offer = scene.stage.service.services.signing.mandates.offer
    weth = next(token.address for token in offer.tokens if token.symbol == "WETH")
    page = await scene.signed_in(scene.wallet())
    await expect(page.get_by_test_id("sign-mandate")).to_be_enabled()
    await expect(page.get_by_test_id("sentence")).to_contain_text("WETH")
    await scene.switch_off(weth)

    await page.get_by_test_id("sign-mandate").click()
    await expect(page.get_by_test_id("outcome")).to_contain_text("list has changed just now")
    tick = page.get_by_test_id("tick-WETH")
    await expect(tick).to_be_disabled()
    await expect(tick).not_to_be_checked()
    await expect(page.get_by_test_id("off-tokens")).to_have_text(
        "WETH is switched off on the chain: it cannot be in a mandate now."
    )
    await expect(page.get_by_test_id("off-venues")).to_be_hidden()
    await expect(page.get_by_test_id("sentence")).not_to_contain_text("WETH")

    page = await scene.signed_in(scene.wallet())
    await expect(page.get_by_test_id("off-tokens")).to_contain_text("WETH is switched off")
    await expect(page.locator(".checks .no")).to_have_count(0)
    await expect(page.get_by_test_id("blocked")).to_have_count(0)
    await picture(page, "switched-off")
    await signs(page)
    mandate = await scene.on_chain()
    assert mandate is not None
    assert set(mandate.tokens) == {token.address for token in offer.tokens} - {weth}

    await scene.switch_off(offer.quote.address)
    page = await scene.signed_in(scene.wallet())
    await expect(page.get_by_test_id("problem")).to_contain_text("no new mandate can be signed")
    await expect(page.get_by_test_id("sign-mandate")).to_be_disabled()
    await page.get_by_test_id("revoke").click()
    await expect(page.get_by_test_id("outcome")).to_contain_text("Revoked")
    assert await scene.on_chain() is None
