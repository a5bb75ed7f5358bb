import pytest
from telegram import Bot, InputMediaPhoto
from telegram.error import BadRequest, TelegramError

from bot.local.telegram import ANN, TelegramStandIn
from tests.unit.local.telegram.staging import picture

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_photo_round_trip(bot: Bot, stand_in: TelegramStandIn) -> None:
    sent = await bot.send_photo(ANN, picture(), caption="<b>Chart</b>", parse_mode="HTML")
    assert sent.caption == "Chart"
    assert (sent.photo[-1].width, sent.photo[-1].height) == (80, 50)
    file = await bot.get_file(sent.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == picture()
    again = await bot.send_photo(ANN, sent.photo[-1].file_id)
    assert again.photo[-1].file_id == sent.photo[-1].file_id


async def test_document_round_trip(bot: Bot, stand_in: TelegramStandIn) -> None:
    content = b"time,side\r\n--\r\n\x00\xff"
    sent = await bot.send_document(ANN, content, filename="history é.csv", caption="All")
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.mime_type) == ("history é.csv", "text/csv")
    file = await bot.get_file(sent.document)
    assert bytes(await file.download_as_bytearray()) == content


async def test_edit_media_and_caption(bot: Bot, stand_in: TelegramStandIn) -> None:
    sent = await bot.send_photo(ANN, picture(), caption="one")
    await bot.edit_message_caption(ANN, sent.message_id, caption="two")
    assert stand_in.message(sent.message_id)["caption"] == "two"
    media = InputMediaPhoto(picture("blue"), caption="three")
    await bot.edit_message_media(media, ANN, sent.message_id)
    now = stand_in.message(sent.message_id)
    assert now["caption"] == "three"
    assert now["photo"][0]["file_id"] != sent.photo[0].file_id


async def test_media_refusals(bot: Bot, stand_in: TelegramStandIn) -> None:
    text = await bot.send_message(ANN, "text")
    photo = await bot.send_photo(ANN, picture())
    with pytest.raises(BadRequest, match="Message caption is too long"):
        await bot.send_photo(ANN, picture(), caption="x" * 1025)
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await bot.send_photo(ANN, b"not a picture")
    with pytest.raises(BadRequest, match="Wrong remote file identifier"):
        await bot.send_photo(ANN, "nonsense")
    with pytest.raises(BadRequest, match="There is no caption"):
        await bot.edit_message_caption(ANN, text.message_id, caption="x")
    with pytest.raises(BadRequest, match="There is no text"):
        await bot.edit_message_text("x", ANN, photo.message_id)
    with pytest.raises(TelegramError, match="Wrong file_id"):
        await bot.get_file("nonsense")
