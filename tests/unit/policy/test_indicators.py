"""Indicators against figures worked out by their definitions, and laws they must obey."""

import itertools
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.analysis import Candle, Indicators, PriceHistory, Trend
from bot.policy.indicators import indicators, trend
from tests.fakes.clock import START
from tests.fakes.market import history_of

WILDER = "44.34 44.09 44.15 43.61 44.33 44.83 45.10 45.42 45.84 46.08 45.89 46.03 45.61 46.28 46.28"
"""The closes of the RSI example in many textbooks; its first RSI of 14 is 70.46."""

ZERO = Fraction(0)

closes = st.lists(
    st.floats(0.5, 2.0, allow_nan=False).map(lambda x: round(x, 6)), min_size=60, max_size=80
)


def of(values: list[float] | list[str]) -> Indicators:
    return indicators(history_of("SEI", 30, values, START))


def test_rsi_is_the_textbooks() -> None:
    assert of(WILDER.split()).rsi_14 == pytest.approx(70.464, abs=0.001)


def test_rsi_smooths_as_wilder_did() -> None:
    values = [Fraction(close) for close in [*WILDER.split(), "46.00", "46.03"]]
    moves = [after - before for before, after in itertools.pairwise(values)]
    gain = sum(max(move, ZERO) for move in moves[:14]) / 14
    loss = sum(max(-move, ZERO) for move in moves[:14]) / 14
    for move in moves[14:]:
        gain, loss = (gain * 13 + max(move, ZERO)) / 14, (loss * 13 + max(-move, ZERO)) / 14

    expected = float(100 * gain / (gain + loss))
    assert of([*WILDER.split(), "46.00", "46.03"]).rsi_14 == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "rsi"),
    [
        ([1.0 + at for at in range(30)], 100.0),
        ([31.0 - at for at in range(30)], 0.0),
        ([1.0] * 30, 50.0),
    ],
    ids=["only up", "only down", "still"],
)
def test_rsi_at_its_ends(values: list[float], rsi: float) -> None:
    assert of(values).rsi_14 == pytest.approx(rsi)


def test_averages_and_bands_are_those_of_the_last_closes() -> None:
    values = [1 + (at * 37 % 11) / 10 for at in range(55)]
    got, last = of(values), values[-20:]

    assert got.sma_20 == pytest.approx(fmean(last))
    assert got.sma_50 == pytest.approx(fmean(values[-50:]))
    assert got.bollinger_low == pytest.approx(fmean(last) - 2 * pstdev(last))
    assert got.bollinger_high == pytest.approx(fmean(last) + 2 * pstdev(last))


def test_macd_of_a_straight_line_is_the_lag_of_its_averages() -> None:
    """An EMA of n trails a line by (n - 1) / 2 steps once its start is forgotten."""
    got = of([100 + 0.5 * at for at in range(600)])

    assert got.macd == pytest.approx(0.5 * (25 - 11) / 2)
    assert got.macd_signal == pytest.approx(0.5 * (25 - 11) / 2)


def test_atr_of_even_candles_is_their_range() -> None:
    even = tuple(
        Candle(START + timedelta(hours=at), *map(Decimal, ("10", "10.3", "9.9", "10", "0")))
        for at in range(20)
    )
    assert indicators(PriceHistory("SEI", 1, even, START)).atr_14 == pytest.approx(0.4)


def test_atr_counts_the_gap_between_candles() -> None:
    jumping = tuple(
        Candle(START + timedelta(hours=at), *map(Decimal, (usd, usd, usd, usd, 0)))
        for at, usd in enumerate([10, 12] * 10)
    )
    assert indicators(PriceHistory("SEI", 1, jumping, START)).atr_14 == pytest.approx(2)


@pytest.mark.parametrize(
    ("count", "known"),
    [
        (1, set()),
        (14, set()),
        (15, {"rsi_14", "atr_14"}),
        (20, {"rsi_14", "atr_14", "sma_20", "bollinger_low", "bollinger_high"}),
        (33, {"rsi_14", "atr_14", "sma_20", "bollinger_low", "bollinger_high"}),
        (49, set(Indicators.__slots__) - {"trend", "sma_50"}),
        (50, set(Indicators.__slots__) - {"trend"}),
    ],
)
def test_what_a_history_is_too_short_for_is_none(count: int, known: set[str]) -> None:
    got = of([1 + at % 3 / 10 for at in range(count)])
    assert {name for name in got.__slots__ if getattr(got, name) is not None} - {"trend"} == known


def test_no_history_no_indicators() -> None:
    assert indicators(PriceHistory("SEI", 1, (), START)) == Indicators(Trend.FLAT, *(None,) * 8)


@pytest.mark.parametrize(
    ("close", "sma_20", "sma_50", "expected"),
    [
        (1.2, 1.1, 1.0, Trend.UP),
        (0.8, 0.9, 1.0, Trend.DOWN),
        (1.2, 1.0, 1.1, Trend.FLAT),
        (1.05, 1.1, 1.0, Trend.FLAT),
        (0.8, 1.1, 1.0, Trend.FLAT),
        (1.2, 1.0, None, Trend.UP),
        (0.8, 1.0, None, Trend.DOWN),
        (1.0015, 1.001, 1.0, Trend.FLAT),
        (0.9985, 0.999, None, Trend.FLAT),
        (1.0, None, None, Trend.FLAT),
    ],
)
def test_trend_wants_price_and_averages_in_line(
    close: float, sma_20: float | None, sma_50: float | None, expected: Trend
) -> None:
    assert trend(close, sma_20, sma_50) is expected


def test_a_rise_is_up_and_a_fall_is_down() -> None:
    rising = [1 + at / 100 for at in range(60)]
    assert of(rising).trend is Trend.UP
    assert of(rising[::-1]).trend is Trend.DOWN


@given(closes, st.sampled_from([-12, -6, 3, 8]))
def test_the_unit_of_price_does_not_matter(values: list[float], exponent: int) -> None:
    """A token at 1e-12 USD gets the indicators of one at 1 USD, only smaller."""
    base = history_of("SEI", 30, values, START)
    scaled = history_of("SEI", 30, [Decimal(str(v)).scaleb(exponent) for v in values], START)
    one, other = indicators(base), indicators(scaled)

    assert other.trend is one.trend
    assert other.rsi_14 == pytest.approx(one.rsi_14)
    for name in set(one.__slots__) - {"trend", "rsi_14"}:
        expected = getattr(one, name) * 10.0**exponent
        assert getattr(other, name) == pytest.approx(expected, rel=1e-6, abs=1e-9 * 10.0**exponent)


@given(closes)
def test_bounds(values: list[float]) -> None:
    got = of(values)
    assert got.rsi_14 is not None
    assert got.sma_20 is not None
    assert got.bollinger_low is not None
    assert got.bollinger_high is not None
    assert got.atr_14 is not None
    assert -1e-9 <= got.rsi_14 <= 100 + 1e-9
    assert got.bollinger_low - 1e-9 <= got.sma_20 <= got.bollinger_high + 1e-9
    assert min(values[-20:]) - 1e-9 <= got.sma_20 <= max(values[-20:]) + 1e-9
    assert 0 <= got.atr_14 <= max(values) - min(values) + 1e-9
