import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import Conflict
from telegram.ext import (
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
)

from bot.local.telegram import ANN, BO, GROUP, SIGNALS_TOPIC, NotPossible, TelegramStandIn
from bot.serving import served
from tests.fakes.clock import FakeClock
from tests.unit.local.telegram.staging import make_bot

WRONG_RESPONSE = "Wrong response from the webhook: 500 Internal Server Error"

pytestmark = pytest.mark.asyncio(loop_scope="module")


def texts(updates: tuple[Update, ...]) -> list[str | None]:
    return [u.effective_message.text if u.effective_message else None for u in updates]


async def test_offsets_confirm(bot: Bot, stand_in: TelegramStandIn) -> None:
    for text in "abc":
        stand_in.send(ANN, text)
    first = await bot.get_updates(limit=2)
    assert texts(first) == ["a", "b"]
    assert texts(await bot.get_updates()) == ["a", "b", "c"]
    assert texts(await bot.get_updates(offset=first[-1].update_id + 1)) == ["c"]
    assert texts(await bot.get_updates(offset=-1)) == ["c"]


async def test_a_long_poll_returns_as_soon_as_something_comes(
    bot: Bot, stand_in: TelegramStandIn
) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await stand_in.updates.polled()
    stand_in.send(ANN, "hello")
    assert texts(await asyncio.wait_for(poll, 2)) == ["hello"]


async def test_a_second_poll_ends_the_first(bot: Bot, stand_in: TelegramStandIn, url: str) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await stand_in.updates.polled()
    async with make_bot(url) as other:
        await other.get_updates()
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await poll


async def test_allowed_updates(bot: Bot, stand_in: TelegramStandIn) -> None:
    assert await bot.get_updates(allowed_updates=["callback_query"]) == ()
    stand_in.send(ANN, "unseen")
    assert await bot.get_updates() == ()
    await bot.get_updates(allowed_updates=[])
    stand_in.send(ANN, "seen")
    assert texts(await bot.get_updates()) == ["seen"]


async def test_updates_are_kept_for_a_day(
    bot: Bot, stand_in: TelegramStandIn, clock: FakeClock
) -> None:
    stand_in.send(ANN, "old")
    clock.jump(24 * 3600 + 1)
    stand_in.send(ANN, "new")
    assert texts(await bot.get_updates()) == ["new"]


async def test_an_update_can_come_again(bot: Bot, stand_in: TelegramStandIn) -> None:
    stand_in.send(ANN, "buy")
    (update,) = await bot.get_updates()
    assert await bot.get_updates(offset=update.update_id + 1) == ()
    stand_in.updates.redeliver(update.update_id)
    (again,) = await bot.get_updates(offset=update.update_id + 1)
    assert again.update_id == update.update_id


async def test_what_persons_do(bot: Bot, stand_in: TelegramStandIn) -> None:
    sent = stand_in.send(ANN, "/price sei")
    stand_in.persons.edit(ANN, sent["message_id"], "/price btc")
    stand_in.persons.forward(ANN, sent["message_id"])
    stand_in.persons.send_sticker(ANN, "🚀")
    stand_in.persons.send_file(ANN, "notes.txt", b"hi")
    stand_in.persons.post_in_channel("news")
    stand_in.block(ANN)
    command, edited, forwarded, sticker, file, post, blocked = await bot.get_updates()
    assert command.message is not None
    assert [e.type for e in command.message.entities] == ["bot_command"]
    assert edited.edited_message is not None
    assert edited.edited_message.text == "/price btc"
    assert forwarded.message is not None
    assert forwarded.message.forward_origin is not None
    assert sticker.message is not None
    assert sticker.message.sticker is not None
    assert file.message is not None
    assert file.message.document is not None
    assert post.channel_post is not None
    assert post.channel_post.text == "news"
    assert blocked.my_chat_member is not None
    assert blocked.my_chat_member.new_chat_member.status == "kicked"


async def test_what_persons_cannot_do(bot: Bot, stand_in: TelegramStandIn) -> None:
    mine = stand_in.send(ANN, "mine")["message_id"]
    with pytest.raises(NotPossible, match="somebody else"):
        stand_in.send(BO, "hi", chat_id=ANN)
    with pytest.raises(NotPossible, match="somebody else"):
        stand_in.persons.edit(BO, mine, "yours")
    with pytest.raises(NotPossible, match="no button 'Buy' on this message; there are: none"):
        stand_in.press(ANN, mine, "Buy")
    stand_in.block(ANN)
    with pytest.raises(NotPossible, match="blocked"):
        stand_in.send(ANN, "hello?")


async def test_forged_presses_arrive_as_they_are(bot: Bot, stand_in: TelegramStandIn) -> None:
    sent = await bot.send_message(ANN, "?")
    stand_in.persons.press_data(BO, sent.message_id, "confirm:999")
    (update,) = await bot.get_updates()
    assert update.callback_query is not None
    assert (update.callback_query.from_user.id, update.callback_query.data) == (BO, "confirm:999")


async def test_group_privacy(bot: Bot, stand_in: TelegramStandIn) -> None:
    for text in ("chatter", "/price", "/price@otherbot", "hey @SeiTraderLocalBot"):
        stand_in.send(BO, text, chat_id=GROUP, thread_id=SIGNALS_TOPIC)
    own = await bot.send_message(GROUP, "signal")
    stand_in.send(BO, "why?", chat_id=GROUP, reply_to=own.message_id)
    updates = await bot.get_updates()
    assert texts(updates) == ["/price", "hey @SeiTraderLocalBot", "why?"]
    assert updates[0].message is not None
    assert updates[0].message.message_thread_id == SIGNALS_TOPIC


async def test_webhook_delivers_retries_and_excludes_polling(
    bot: Bot, stand_in: TelegramStandIn, clock: FakeClock
) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    answers = [500, 200, 200]
    done = asyncio.Event()

    async def hook(request: Request) -> Response:
        secret = request.headers["x-telegram-bot-api-secret-token"]
        seen.append((secret, await request.json()))
        status = answers.pop(0)
        if not answers:
            done.set()
        return Response(status_code=status)

    async with served(Router([Route("/hook", hook, methods=["POST"])])) as target:
        await bot.set_webhook(f"{target.url}/hook", secret_token="s3cret")  # noqa: S106
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates()
        stand_in.send(ANN, "one")
        stand_in.send(ANN, "two")
        await stand_in.wait_for(lambda: clock.sleeping)
        await clock.advance(0.5)
        await asyncio.wait_for(done.wait(), 5)
        info = await bot.get_webhook_info()
        assert (
            info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
        )
        await bot.delete_webhook()
    assert [(secret, body["message"]["text"]) for secret, body in seen] == [
        ("s3cret", "one"),
        ("s3cret", "one"),
        ("s3cret", "two"),
    ]
    assert (await bot.get_webhook_info()).url == ""


async def test_a_whole_application_polls(stand_in: TelegramStandIn, url: str) -> None:
    async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        markup = InlineKeyboardMarkup([[InlineKeyboardButton("Tap", callback_data="t")]])
        await update.message.reply_text("Menu", reply_markup=markup)

    async def tapped(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.callback_query is not None
        await update.callback_query.answer()
        await update.callback_query.edit_message_text("Tapped")

    application = ApplicationBuilder().bot(make_bot(url)).build()
    application.add_handler(CommandHandler("start", start))
    application.add_handler(CallbackQueryHandler(tapped))
    async with application:
        assert application.updater is not None
        await application.updater.start_polling()
        await application.start()
        menu = await stand_in.ask(BO, "/start")
        stand_in.press(BO, menu["message_id"], "Tap")
        await stand_in.wait_for(lambda: stand_in.message(menu["message_id"])["text"] == "Tapped")
        stand_in.updates.close()
        await application.updater.stop()
        await application.stop()
    assert [call.method for call in stand_in.calls()][-3:] == [
        "sendMessage",
        "answerCallbackQuery",
        "editMessageText",
    ]
