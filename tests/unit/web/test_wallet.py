"""The wallet page's door: what it lets in, what it says, and what it never shows."""

from collections.abc import AsyncIterator, MutableMapping, Sequence
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.web.bodies import MOST_BYTES
from bot.web.door import create_door
from tests.fakes.clock import FakeClock
from tests.fakes.contracts import fake_signature
from tests.unit.services.notary import OWNER, STRANGER, Notary
from tests.unit.services.office import SEI, USDC, Office

FORM = {
    "tokens": [SEI.address, USDC.address],
    "adapters": ["0x" + "d" * 40],
    "trade_usd": "50",
    "volume_usd": "200.5",
    "loss_usd": "10",
    "slippage_pct": "1.5",
    "valid_until": 1_798_000_000,
}


@pytest.fixture
def notary(clock: FakeClock) -> Notary:
    return Notary(Office(clock))


async def no_edges() -> Sequence[Any]:
    return []


@pytest.fixture
async def client(notary: Notary) -> AsyncIterator[httpx.AsyncClient]:
    door = create_door(no_edges, lambda: notary.signing, production=True)
    transport = httpx.ASGITransport(door, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client


@pytest.fixture
def logged() -> Any:
    with capture_logs() as entries:
        yield entries


class Page:
    """The page's side of the door."""

    def __init__(self, client: httpx.AsyncClient, notary: Notary, token: str) -> None:
        self.client, self.notary, self.token, self.session = client, notary, token, ""

    async def ask(self, question: str, body: Any = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}", "x-wallet-session": self.session}
        return await self.client.post(f"/api/wallet/{question}", json=body or {}, headers=headers)

    async def sign_in(self) -> None:
        text = (await self.ask("challenge", {"address": OWNER.lower()})).json()["message"]
        signature = "0x" + fake_signature(OWNER, text).hex()
        self.session = (await self.ask("sign-in", {"signature": signature})).json()["session"]


@pytest.fixture
async def page(client: httpx.AsyncClient, notary: Notary) -> Page:
    return Page(client, notary, await notary.link(await notary.agent()))


async def test_the_whole_way(page: Page, notary: Notary):
    link = (await page.ask("look")).json()
    assert (link["purpose"], link["agent"]["owner"]) == ("mandate", OWNER)
    assert [token["symbol"] for token in link["offer"]["tokens"]] == ["SEI", "USDC", "WBTC"]
    await page.sign_in()
    view = (await page.ask("mandate")).json()
    assert (view["words"], view["can_sign"], view["paused"]) == (None, True, "")
    typed = (await page.ask("mandate/prepare", FORM)).json()["typed"]
    assert typed["message"]["dailyVolume"] == 200_500_000
    signature = "0x" + fake_signature(OWNER, typed).hex()
    progress = (await page.ask("bring-in", {"signature": signature})).json()
    assert progress == {"kind": "mandate", "state": "waiting", "reason": "", "tx_hash": ""}
    await notary.office.settle()
    assert (await page.ask("progress")).json()["state"] == "done"
    typed = (await page.ask("revocation/prepare")).json()["typed"]
    assert typed["primaryType"] == "Revoke"


async def test_refusals_are_plain_sentences(page: Page, client: httpx.AsyncClient):
    expired = await Page(client, page.notary, "guess").ask("look")
    assert (expired.status_code, expired.json()) == (
        410,
        {"error": "This link has expired; ask the bot for a new one."},
    )
    assert (await client.post("/api/wallet/look", json={})).status_code == 410
    signed_out = await page.ask("mandate")
    assert signed_out.status_code == 401
    assert "signed out" in signed_out.json()["error"]
    stranger = await page.ask("challenge", {"address": STRANGER})
    assert stranger.status_code == 400
    assert "The owner of Alpha" in stranger.json()["error"]
    await page.sign_in()
    wrong = await page.ask("mandate/prepare", {**FORM, "trade_usd": "150"})
    assert wrong.status_code == 400
    assert "half of the day's volume" in wrong.json()["error"]
    page.notary.office.chain.down = True
    silent = await page.ask("mandate")
    assert silent.status_code == 502
    assert "does not answer" in silent.json()["error"]
    codes = [(await page.ask("look")).status_code for _ in range(90)]
    assert codes[-1] == 429


@pytest.mark.parametrize(
    "change",
    [
        {"trade_usd": "1e3"},
        {"trade_usd": 50},
        {"trade_usd": "-50"},
        {"trade_usd": "0.001"},
        {"trade_usd": "NaN"},
        {"slippage_pct": "٣"},
        {"valid_until": "1798000000"},
        {"valid_until": 1 << 41},
        {"valid_until": 1.5},
        {"tokens": ["SEI"]},
        {"tokens": [SEI.address] * 65},
        {"tokens": None},
        {"nonce": 7},
    ],
)
async def test_forms_are_read_strictly(page: Page, change: dict[str, Any]):
    await page.sign_in()
    answer = await page.ask("mandate/prepare", {**FORM, **change})
    assert answer.status_code == 422
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("signature", ["", "0x", "0x0", "secret", "0x" + "00" * 8_193, None])
async def test_signatures_are_hexadecimal(page: Page, signature: Any):
    answer = await page.ask("sign-in", {"signature": signature})
    assert answer.status_code == 422
    assert "secret" not in answer.text


async def test_a_date_beyond_the_calendar_is_too_late(page: Page):
    await page.sign_in()
    answer = await page.ask("mandate/prepare", {**FORM, "valid_until": (1 << 40) - 1})
    assert "at most one year" in answer.json()["error"]


async def test_long_bodies_are_refused_unread(client: httpx.AsyncClient):
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * (MOST_BYTES // 4)

    for body in (b"x" * (MOST_BYTES + 1), chunks()):
        answer = await client.post("/api/wallet/look", content=body)
        assert (answer.status_code, answer.json()) == (413, {"error": "That is too long."})
    fits = b'{"init_data":""' + b" " * (MOST_BYTES - 16) + b"}"
    headers = {"content-type": "application/json"}
    answer = await client.post("/api/wallet/look", content=fits, headers=headers)
    assert answer.status_code == 410


async def test_while_the_bot_starts():
    door = create_door(no_edges, lambda: None, production=True)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(door), base_url="http://d"
    ) as client:
        assert (await client.get("/wallet")).status_code == 200
        answer = await client.post("/api/wallet/look", json={})
    assert answer.status_code == 503
    assert "just starting" in answer.json()["error"]


async def test_questions_are_asked_by_post_only(client: httpx.AsyncClient):
    assert (await client.get("/api/wallet/look")).status_code == 405


async def test_the_page_has_a_policy_of_its_own(client: httpx.AsyncClient):
    page = await client.get("/wallet")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors https://web.telegram.org https://*.telegram.org" in policy
    assert not page.headers["x-frame-options"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script>" not in page.text
    assert "style=" not in page.text
    script = await client.get("/wallet/main.js")
    assert script.status_code == 200
    assert "javascript" in script.headers["content-type"]
    assert "frame-ancestors 'none'" in script.headers["content-security-policy"]
    for path in ("/wallet/../door.py", "/wallet/%2e%2e/door.py", "/wallet/none.js"):
        assert (await client.get(path)).status_code == 404


async def test_no_log_shows_a_secret(
    page: Page, logged: Sequence[MutableMapping[str, Any]], capfd: pytest.CaptureFixture[str]
):
    await page.ask("look", {"init_data": "user=7&hash=00"})
    await page.sign_in()
    await page.ask("mandate/prepare", FORM)
    page.notary.office.chain.down = True
    await page.ask("mandate")
    await page.ask("bring-in", {"signature": "0x00"})
    said = str(logged) + "".join(capfd.readouterr())
    assert page.token not in said
    assert page.session not in said
