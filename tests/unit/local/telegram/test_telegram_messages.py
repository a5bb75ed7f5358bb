import pytest
from telegram import (
    Bot,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    ReplyParameters,
)
from telegram.error import BadRequest, EndPointNotFound, Forbidden, InvalidToken

from bot.local.telegram import ANN, BO, GROUP, SIGNALS_TOPIC, TelegramStandIn
from tests.fakes.clock import FakeClock
from tests.unit.local.telegram.staging import make_bot

pytestmark = pytest.mark.asyncio(loop_scope="module")


def keyboard(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([list(buttons)])


async def test_send_and_edit_keep_formatting_and_buttons(
    bot: Bot, stand_in: TelegramStandIn, clock: FakeClock
) -> None:
    sent = await bot.send_message(
        ANN,
        "Buy <b>SEI</b> & <i>hold</i>",
        parse_mode="HTML",
        reply_markup=keyboard(
            InlineKeyboardButton("Yes", callback_data="y", style="success"),
            InlineKeyboardButton("Terms", url="http://127.0.0.1:1/tnc"),
            InlineKeyboardButton("Copy", copy_text=CopyTextButton("0xabc")),
        ),
    )
    assert sent.text == "Buy SEI & hold"
    assert [(e.type, sent.parse_entity(e)) for e in sent.entities] == [
        ("bold", "SEI"),
        ("italic", "hold"),
    ]
    assert sent.date == clock.now()
    clock.jump(5)
    edited = await bot.edit_message_text("Done", ANN, sent.message_id)
    assert edited.edit_date == clock.now()  # type: ignore[union-attr]
    now = stand_in.message(sent.message_id)
    assert now["text"] == "Done"
    assert "reply_markup" not in now


async def test_edit_only_the_keyboard(bot: Bot, stand_in: TelegramStandIn) -> None:
    sent = await bot.send_message(
        ANN, "?", reply_markup=keyboard(InlineKeyboardButton("A", callback_data="a"))
    )
    await bot.edit_message_reply_markup(ANN, sent.message_id, reply_markup=None)
    assert stand_in.message(sent.message_id)["text"] == "?"
    assert "reply_markup" not in stand_in.message(sent.message_id)


async def test_unchanged_edit_is_refused(bot: Bot, stand_in: TelegramStandIn) -> None:
    sent = await bot.send_message(ANN, "same")
    with pytest.raises(BadRequest, match="Message is not modified: specified new message"):
        await bot.edit_message_text("same", ANN, sent.message_id)


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        ("", "Message text is empty"),
        ("  \n ", "Message text is empty"),
        ("<b> </b>", "Message text is empty"),
        ("x" * 4097, "Message is too long"),
        ("😀" * 2049, "Message is too long"),
        ("a < b", 'Can\'t parse entities: unsupported start tag "" at byte offset 2'),
        ("<b>x", "Can't parse entities: can't find end tag corresponding to start tag \"b\""),
        ("é<x>", 'Can\'t parse entities: unsupported start tag "x" at byte offset 2'),
        (
            "<b>x</i>",
            "Can't parse entities: unmatched end tag at byte offset 4, "
            'expected "</b>", found "</i>"',
        ),
    ],
)
async def test_bad_texts(bot: Bot, stand_in: TelegramStandIn, text: str, wording: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        await bot.send_message(ANN, text, parse_mode="HTML")
    assert refusal.value.message.lower() == wording.lower()


async def test_markup_does_not_count_towards_the_length(
    bot: Bot, stand_in: TelegramStandIn
) -> None:
    sent = await bot.send_message(ANN, f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    assert sent.text == "x" * 4096


@pytest.mark.parametrize(
    ("button", "wording"),
    [
        ({"text": "a", "callback_data": "x" * 65}, "Button_data_invalid"),
        ({"text": "a", "callback_data": "é" * 33}, "Button_data_invalid"),
        ({"text": "a", "callback_data": ""}, "Button_data_invalid"),
        ({"text": "a", "copy_text": {"text": "x" * 257}}, "Button_copy_text_invalid"),
        ({"text": "a"}, "Text buttons are unallowed"),
        ({"text": "a", "url": "javascript:alert(1)"}, "Unsupported URL protocol"),
        ({"text": "a", "callback_data": "x", "style": "pink"}, "invalid button style"),
    ],
)
async def test_bad_buttons(
    bot: Bot, stand_in: TelegramStandIn, button: dict[str, object], wording: str
) -> None:
    with pytest.raises(BadRequest, match=f"(?i){wording}"):
        await bot.do_api_request(
            "sendMessage",
            {"chat_id": ANN, "text": "x", "reply_markup": {"inline_keyboard": [[button]]}},
        )


async def test_callback_data_of_64_bytes_is_fine(bot: Bot, stand_in: TelegramStandIn) -> None:
    markup = keyboard(InlineKeyboardButton("a", callback_data="é" * 32))
    assert (await bot.send_message(ANN, "x", reply_markup=markup)).reply_markup == markup


async def test_who_cannot_be_written_to(bot: Bot, stand_in: TelegramStandIn) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(5, "x")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(BO, "x")
    stand_in.block(ANN)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(ANN, "x")
    stand_in.persons.set_blocked(ANN, blocked=False)
    await bot.send_message(ANN, "x")


async def test_wrong_token_and_unknown_method(
    bot: Bot, stand_in: TelegramStandIn, url: str
) -> None:
    with pytest.raises(InvalidToken):
        async with make_bot(url, "4242:wrong"):
            pass
    with pytest.raises(EndPointNotFound):
        await bot.do_api_request("sendRocket", {"chat_id": ANN})


async def test_messages_that_are_not_there(bot: Bot, stand_in: TelegramStandIn) -> None:
    theirs = stand_in.send(ANN, "mine")["message_id"]
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", ANN, 999)
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("x", ANN, theirs)
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(ANN, 999)
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(ANN, "x", reply_parameters=ReplyParameters(999))
    lenient = ReplyParameters(999, allow_sending_without_reply=True)
    await bot.send_message(ANN, "x", reply_parameters=lenient)


async def test_delete(bot: Bot, stand_in: TelegramStandIn, clock: FakeClock) -> None:
    secret = stand_in.send(ANN, "my seed phrase is ...")["message_id"]
    old = await bot.send_message(ANN, "old")
    assert await bot.delete_message(ANN, secret)
    ids = [(await bot.send_message(ANN, str(n))).message_id for n in range(2)]
    assert await bot.delete_messages(ANN, [*ids, 999])
    assert {secret, *ids}.isdisjoint(m["message_id"] for m in stand_in.messages(ANN))
    clock.jump(49 * 3600)
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(ANN, old.message_id)


async def test_replies_carry_the_original(bot: Bot, stand_in: TelegramStandIn) -> None:
    question = stand_in.send(ANN, "why?")["message_id"]
    sent = await bot.send_message(ANN, "because", reply_parameters=ReplyParameters(question))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "why?"


async def test_topics(bot: Bot, stand_in: TelegramStandIn) -> None:
    sent = await bot.send_message(GROUP, "signal", message_thread_id=SIGNALS_TOPIC)
    assert sent.message_thread_id == SIGNALS_TOPIC
    assert sent.is_topic_message
    assert (await bot.send_message(GROUP, "general")).message_thread_id is None
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(GROUP, "x", message_thread_id=8)


async def test_drafts(bot: Bot, stand_in: TelegramStandIn) -> None:
    with stand_in.world.changes.subscribed() as changes:
        assert await bot.send_message_draft(ANN, 5, "<b>Think</b>ing", parse_mode="HTML")
        draft = changes.get_nowait()
    assert (draft["type"], draft["draft_id"], draft["text"]) == ("draft", 5, "Thinking")
    assert draft["entities"] == [{"type": "bold", "offset": 0, "length": 5}]
    with pytest.raises(BadRequest, match="private chats"):
        await bot.send_message_draft(GROUP, 5, "x")
    with pytest.raises(BadRequest, match="non-zero"):
        await bot.send_message_draft(ANN, 0, "x")


async def test_chat_action(bot: Bot, stand_in: TelegramStandIn) -> None:
    with stand_in.world.changes.subscribed() as changes:
        assert await bot.send_chat_action(ANN, "typing")
        assert changes.get_nowait()["action"] == "typing"
    with pytest.raises(BadRequest, match="Wrong parameter action"):
        await bot.send_chat_action(ANN, "dancing")


async def test_callback_answers(bot: Bot, stand_in: TelegramStandIn, clock: FakeClock) -> None:
    markup = keyboard(InlineKeyboardButton("Confirm", callback_data="c:1"))
    sent = await bot.send_message(ANN, "?", reply_markup=markup)
    query_id = stand_in.press(ANN, sent.message_id, "Confirm")
    (update,) = await bot.get_updates()
    assert update.callback_query is not None
    assert (update.callback_query.id, update.callback_query.data) == (query_id, "c:1")
    with stand_in.world.changes.subscribed() as changes:
        assert await bot.answer_callback_query(str(query_id), "Done", show_alert=True)
        answer = changes.get_nowait()
    assert (answer["text"], answer["show_alert"], answer["person_id"]) == ("Done", True, ANN)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(str(query_id))
    late = stand_in.press(ANN, sent.message_id, "c:1")
    clock.jump(61)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(str(late))
