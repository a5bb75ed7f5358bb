"""Read back by a decoder that has nothing to do with the encoder."""

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from bot.chat.pictures.qr import render_qr

ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def read(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize("text", [ADDRESS, "x", "https://example.org/" + "a" * 1500, "Цена ₿"])
def test_what_is_written_is_read(text: str):
    assert read(Image.open(BytesIO(render_qr(text)))) == [text]


def test_a_small_blurred_view_of_it_is_read():
    picture = Image.open(BytesIO(render_qr(ADDRESS)))
    assert picture.size == (640, 680)
    assert read(picture.resize((160, 170))) == [ADDRESS]


@pytest.mark.parametrize("text", ["", "a" * 5000])
def test_what_no_code_can_hold_is_refused(text: str):
    with pytest.raises(ValueError, match=r"nothing|too long"):
        render_qr(text)
