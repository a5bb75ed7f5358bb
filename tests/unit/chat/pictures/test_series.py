from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.pictures.series import (
    MOST_CANDLES,
    finite,
    price_label,
    series_of,
    short_usd,
    spread_out,
    time_labels,
)
from tests.unit.chat.pictures.walks import walk

START = datetime(2026, 10, 1, tzinfo=UTC)


@given(st.integers(1, 700))
def test_merging_candles_loses_no_extreme_no_volume_and_not_the_last_close(count: int):
    history = walk(count)
    series = series_of(history, (20,))
    candles = history.candles
    assert len(series.times) <= MOST_CANDLES
    assert len(series.times) == len(series.closes) == len(series.averages[20])
    assert series.highs.max() == float(max(candle.high for candle in candles))
    assert series.lows.min() == float(min(candle.low for candle in candles))
    assert series.volumes.sum() == pytest.approx(float(sum(c.volume for c in candles)))
    assert series.closes[-1] == float(candles[-1].close)
    assert series.opens[0] == float(candles[0].open)


def test_averages_are_of_the_candles_before_merging():
    history = walk(500)
    closes = [float(candle.close) for candle in history.candles]
    series = series_of(history, (20, 50))
    assert series.averages[20][-1] == pytest.approx(sum(closes[-20:]) / 20)
    assert series.averages[50][-1] == pytest.approx(sum(closes[-50:]) / 50)


def test_a_history_too_short_for_an_average_has_none():
    assert not any(value == value for value in series_of(walk(19), (20,)).averages[20])


def test_without_candles_there_is_no_series():
    with pytest.raises(ValueError, match="without candles"):
        series_of(walk(0), (20,))


@given(
    st.lists(st.floats(-3, 3), min_size=1, max_size=6),
    st.floats(0.01, 0.15),
)
def test_tags_keep_their_order_their_distance_and_the_bounds(wanted: list[float], gap: float):
    placed = spread_out(wanted, gap, 0, 1)
    assert all(0 <= place <= 1 for place in placed)
    pairs = sorted(zip(wanted, placed, strict=True))
    between = [b - a for (_, a), (_, b) in pairwise(pairs)]
    assert all(space >= gap - 1e-9 for space in between)


def test_tags_with_room_stay_where_they_belong():
    assert spread_out([0.9, 0.1, 0.5], 0.1, 0, 1) == [0.9, 0.1, 0.5]


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        (timedelta(hours=24), "00:58", "23:01"),
        (timedelta(days=30), "2 Oct", "29 Oct"),
        (timedelta(days=365), "Oct 2026", "Sep 2027"),
    ],
)
def test_the_time_axis_speaks_in_units_of_its_span(span: timedelta, first: str, last: str):
    times = [START + span * i / 99 for i in range(100)]
    labels = time_labels(times, 12)
    assert (labels[0][1], labels[-1][1]) == (first, last)
    assert len(labels) == 12


def test_few_candles_have_few_labels():
    assert time_labels([START], 7) == [(0, "00:00")]


@pytest.mark.parametrize(
    ("value", "drawn"),
    [
        (Decimal("1.5"), 1.5),
        (None, None),
        (Decimal(0), None),
        (Decimal(-1), None),
        (Decimal("NaN"), None),
        (Decimal("Infinity"), None),
        (Decimal("1e400"), None),
        (Decimal("1e-400"), None),
    ],
)
def test_only_positive_finite_prices_are_drawn(value: Decimal | None, drawn: float | None):
    assert finite(value) == drawn


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "$0.25"),
        (95_000, "$95,000"),
        (1234.5, "$1,234.50"),
        (0.0000012841, "$0.00000128"),
        (1.5e-12, "$1.5e-12"),
        (1e30, "$1e+30"),
    ],
)
def test_price_labels_are_short(value: float, text: str):
    assert price_label(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "$0"), (950, "$950"), (2_500_000, "$2.5M"), (1.5e10, "$15B")]
)
def test_volumes_are_short(value: float, text: str):
    assert short_usd(value) == text
