import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Mount
from telegram import Bot, BotCommand, BotCommandScopeChat, InlineKeyboardButton
from telegram import InlineKeyboardMarkup as Keyboard

from bot.local.telegram import ADA, ANN, BO, GROUP, TelegramStandIn
from bot.serving import served
from tests.unit.local.telegram.staging import make_bot, picture

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def http(url: str, stand_in: TelegramStandIn) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        yield http


async def act(http: httpx.AsyncClient, action: str, **body: object) -> Any:
    answer = await http.post(f"/chat/{action}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


async def test_the_page_and_its_parts(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    assert "Local stand-in for Telegram" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "http://" not in page.text
    assert "https://" not in page.text
    for part in ("main.js", "theme.css", "pattern.svg"):
        assert (await http.get(f"/static/{part}")).status_code == 200


async def test_state_and_messages(http: httpx.AsyncClient, bot: Bot) -> None:
    state = (await http.get("/chat/state")).json()
    assert state["bot"]["username"] == "SeiTraderLocalBot"
    persons = {p["id"]: (p["username"], p["started"]) for p in state["persons"]}
    assert persons == {
        ANN: ("ann_trades", True),
        BO: (None, False),
        ADA: ("ada_admin", False),
    }
    await bot.send_message(ANN, "hi")
    messages = (await http.get("/chat/messages", params={"chat_id": ANN})).json()
    assert [m["text"] for m in messages] == ["/start", "hi"]


async def test_acting_as_a_person(
    http: httpx.AsyncClient, bot: Bot, stand_in: TelegramStandIn
) -> None:
    sent = await act(http, "send", person_id=ANN, text="hello")
    await act(http, "edit", person_id=ANN, message_id=sent["message_id"], text="hello!")
    await act(http, "forward", person_id=ANN, message_id=sent["message_id"], chat_id=GROUP)
    await act(http, "sticker", person_id=ANN, emoji="🚀")
    menu = await bot.send_message(
        ANN, "?", reply_markup=Keyboard([[InlineKeyboardButton("A", callback_data="a")]])
    )
    assert await act(http, "press", person_id=ANN, message_id=menu.message_id, button="A")
    await act(http, "delete", person_id=ANN, message_id=sent["message_id"])
    await act(http, "block", person_id=ANN, blocked=True)
    kinds = [next(k for k in u.to_dict() if k != "update_id") for u in await bot.get_updates()]
    assert kinds == ["message", "edited_message", "message", "callback_query", "my_chat_member"]
    refused = await http.post("/chat/send", json={"person_id": ANN, "text": "x"})
    assert (refused.status_code, refused.json()["problem"]) == (
        400,
        "the bot is blocked: unblock it first",
    )


async def test_uploads_and_downloads(http: httpx.AsyncClient, bot: Bot) -> None:
    answer = await http.post(
        "/chat/upload",
        params={"person_id": ANN, "name": "chart.png"},
        content=picture(),
        headers={"content-type": "application/octet-stream"},
    )
    photo = answer.json()["result"]["photo"][0]
    image = await http.get(f"/chat/files/{photo['file_id']}")
    assert (image.content, image.headers["content-type"]) == (picture(), "image/png")
    page = await bot.send_document(ANN, b"<script>alert(1)</script>", filename="x.html")
    assert page.document is not None
    html = await http.get(f"/chat/files/{page.document.file_id}")
    assert html.headers["content-disposition"] == "attachment"


async def test_other_sites_cannot_act(http: httpx.AsyncClient, stand_in: TelegramStandIn) -> None:
    before = len(stand_in.messages(ANN))
    body = json.dumps({"person_id": ANN, "text": "buy"})
    answer = await http.post("/chat/send", content=body, headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    assert len(stand_in.messages(ANN)) == before


async def test_commands_of_the_narrowest_scope(
    http: httpx.AsyncClient, bot: Bot, stand_in: TelegramStandIn
) -> None:
    stand_in.send(ADA, "/start")
    await bot.set_my_commands([BotCommand("start", "Begin")])
    await bot.set_my_commands([BotCommand("admin", "Admin")], BotCommandScopeChat(ADA))
    for person_id, expected in ((ANN, "start"), (ADA, "admin")):
        query = {"person_id": person_id, "chat_id": person_id}
        shown = (await http.get("/chat/commands", params=query)).json()
        assert [c["command"] for c in shown["commands"]] == [expected]


async def test_events_stream(http: httpx.AsyncClient, bot: Bot) -> None:
    async with http.stream("GET", "/chat/events") as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 500"
        await bot.send_message(ANN, "<live>")
        async with asyncio.timeout(5):
            line = await anext(lines)
            while not line.startswith("data: "):
                line = await anext(lines)
    event = json.loads(line.removeprefix("data: "))
    assert (event["type"], event["message"]["text"]) == ("message", "<live>")


async def test_a_load_driver_pushes_and_measures(
    http: httpx.AsyncClient, bot: Bot, stand_in: TelegramStandIn
) -> None:
    await act(http, "persons", id=50, first_name="Load")
    batch = [{"person_id": 50, "text": "/help"} for _ in range(200)]
    await act(http, "batch", messages=batch)
    updates = await bot.get_updates(limit=100)
    for update in updates[:3]:
        assert update.message is not None
        await bot.send_message(update.message.chat.id, "help")
    answer = (await http.get("/chat/calls", params={"wait": 3, "timeout_s": 5})).json()
    sent = [call for call in answer["calls"] if call["method"] == "sendMessage"]
    assert [call["chat_id"] for call in sent] == [50, 50, 50]
    queued = (await http.get("/chat/updates")).json()[-200:]
    assert queued[0]["queued_s"] <= queued[0]["delivered_s"] <= sent[0]["received_s"]
    assert queued[150]["delivered_s"] is None


async def test_faults_over_http(http: httpx.AsyncClient, bot: Bot) -> None:
    await act(http, "faults", method="sendMessage", fault="server_error")
    with pytest.raises(Exception, match="Internal Server Error"):
        await bot.send_message(ANN, "x")


async def test_everything_works_under_a_prefix(stand_in: TelegramStandIn) -> None:
    outer = Starlette(routes=[Mount("/telegram", app=stand_in.app)])
    async with served(outer) as serving, make_bot(f"{serving.url}/telegram") as bot:
        sent = await bot.send_photo(ANN, picture())
        file = await bot.get_file(sent.photo[-1].file_id)
        assert bytes(await file.download_as_bytearray()) == picture()
        base = f"{serving.url}/telegram"
        async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as http:
            assert "Sei Trader" in (await http.get(base)).text
            assert (await http.get(f"{base}/static/main.js")).status_code == 200
            assert (await http.get(f"{base}/chat/state")).status_code == 200
