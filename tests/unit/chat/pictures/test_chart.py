"""The picture is judged by its pixels."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bot.chat.pictures.chart import render_price_chart
from bot.chat.pictures.marks import DOWN, UP
from tests.unit.chat.pictures.walks import walk

BLUE = "#4c9ffe"
HISTORY = walk(180)
LAST = HISTORY.candles[-1].close


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def rows_of(png: bytes, colour: str, least: int = 1) -> np.ndarray:
    """The rows that hold at least so many pixels of a colour."""
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    counts = (pixels(png) == wanted).all(axis=2).sum(axis=1)
    return np.flatnonzero(counts >= least)


def test_it_is_a_picture_of_800_by_500():
    png = render_price_chart(HISTORY, title="SEI")
    assert png.startswith(b"\x89PNG")
    assert pixels(png).shape == (500, 800, 3)
    assert len(png) < 120_000


def test_candles_are_drawn_in_both_colours():
    png = render_price_chart(HISTORY, title="SEI")
    assert len(rows_of(png, UP)) > 50
    assert len(rows_of(png, DOWN)) > 50


def test_a_level_is_a_line_across_at_the_height_of_its_price():
    higher, lower = (
        rows_of(render_price_chart(HISTORY, entry=price, title="SEI"), BLUE, least=300)
        for price in (LAST * Decimal("1.02"), LAST * Decimal("0.98"))
    )
    assert 0 < len(higher) <= 2
    assert 0 < len(lower) <= 2
    assert higher.max() < lower.min()


def test_without_levels_there_is_no_line():
    assert not len(rows_of(render_price_chart(HISTORY, title="SEI"), BLUE))


def test_an_absurd_level_is_named_at_the_edge_and_does_not_flatten_the_candles():
    plain = render_price_chart(HISTORY, title="SEI")
    absurd = render_price_chart(HISTORY, entry=Decimal("1e30"), title="SEI")
    assert len(rows_of(absurd, UP)) == pytest.approx(len(rows_of(plain, UP)), abs=10)
    assert len(rows_of(absurd, BLUE))
    assert not len(rows_of(absurd, BLUE, least=300))


@pytest.mark.parametrize("nonsense", ["NaN", "-1", "0", "Infinity", "1e999"])
def test_a_level_that_is_no_price_is_left_out(nonsense: str):
    drawn = render_price_chart(HISTORY, stop_loss=Decimal(nonsense), title="SEI")
    assert drawn == render_price_chart(HISTORY, title="SEI")


def test_without_volumes_the_prices_take_their_room():
    quiet = rows_of(render_price_chart(walk(180, volume=0), title="SEI"), UP)
    assert quiet.max() > rows_of(render_price_chart(HISTORY, title="SEI"), UP).max() - 100
    assert quiet.max() < 460


@pytest.mark.parametrize(
    "history",
    [walk(0), walk(1), walk(3), walk(60, swing=0), walk(90, start=1.2e-6), walk(90, start=95_000)],
    ids=["empty", "one", "three", "flat", "tiny", "big"],
)
def test_odd_histories_are_drawn_too(history):
    png = render_price_chart(
        history, entry=Decimal("0.25"), take_profit=Decimal("0.3"), title="SEI"
    )
    assert pixels(png).shape == (500, 800, 3)


def test_dollars_in_a_title_are_no_mathematics():
    assert pixels(render_price_chart(HISTORY, title=r"$\frac{$ SEI_x $y$")).shape == (500, 800, 3)


def test_threads_do_not_disturb_each_other():
    with ThreadPoolExecutor(4) as pool:
        drawn = set(pool.map(lambda _: render_price_chart(HISTORY, title="SEI"), range(8)))
    assert drawn == {render_price_chart(HISTORY, title="SEI")}
