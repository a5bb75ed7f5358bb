"""Risk measures against figures worked out by hand, and laws they must obey."""

import itertools
import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.analysis import RiskMeasures
from bot.policy.measures import MIN_CANDLES, measures
from tests.fakes.clock import START
from tests.fakes.market import history_of

closes = st.lists(
    st.floats(0.01, 100, allow_nan=False).map(lambda x: round(x, 6)), min_size=3, max_size=120
)


def of(values: list[float], days: int) -> RiskMeasures:
    """Measures of closes that share `days` evenly."""
    return measures(history_of("SEI", days, values, START))


def walk(returns: list[float]) -> list[float]:
    values = [1.0]
    for change in returns:
        values.append(values[-1] * (1 + change))
    return values


def test_volatility_by_hand() -> None:
    """Log returns 0.095310, -0.105361, 0.048790: mean 0.012913, squares 0.022065 over 2."""
    values = walk([0.1, -0.1, 0.05])
    assert of(values, 4).volatility == pytest.approx(0.105036 * math.sqrt(365), rel=1e-5)


@pytest.mark.parametrize(("days", "a_year"), [(100, 365), (25, 4 * 365), (400, 365 / 4)])
def test_volatility_is_scaled_by_the_length_of_the_candles(days: int, a_year: float) -> None:
    values = walk([0.02, -0.01] * 49 + [0.02])
    returns = [math.log(b / a) for a, b in itertools.pairwise(values)]
    assert of(values, days).volatility == pytest.approx(stdev(returns) * math.sqrt(a_year))


def test_the_length_of_candles_survives_a_gap_and_a_short_last_one() -> None:
    whole = history_of("SEI", 30, [1.0, 1.02] * 15, START)
    candles = whole.candles
    last = replace(candles[-1], opened_at=candles[-1].opened_at - timedelta(hours=20))
    patchy = replace(whole, candles=(*candles[:5], *candles[15:-1], last))
    assert measures(patchy).volatility == pytest.approx(measures(whole).volatility, rel=0.05)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 2.0, 4.0], 0.0),
        ([4.0, 2.0, 1.0], 0.75),
        ([2.0, 1.0, 3.0, 1.2, 2.9], 0.6),
        ([3.0, 2.4, 9.0, 8.1], 0.2),
        ([1.0, 1.0, 1.0], 0.0),
    ],
)
def test_drawdown_by_hand(values: list[float], expected: float) -> None:
    assert of(values, len(values)).max_drawdown == pytest.approx(expected)


def test_value_at_risk_by_hand() -> None:
    """21 daily returns of -10 %, -9 %, ... +10 %: the 5 % quantile is the second worst."""
    returns = [at / 100 for at in range(-10, 11)]
    assert of(walk(returns), 22).value_at_risk_95 == pytest.approx(0.09)


def test_value_at_risk_between_two_returns_is_interpolated() -> None:
    """31 returns: place 0.05 x 30 = 1.5, half way from the second to the third worst."""
    returns = [at / 100 for at in range(-15, 16)]
    assert of(walk(returns), 32).value_at_risk_95 == pytest.approx(0.135)


def test_value_at_risk_takes_whole_days_out_of_short_candles() -> None:
    """Six falls of 1 % a day, always: a day loses 1 - 0.99^6, not 1 % x sqrt 6."""
    values = walk([-0.01] * 41)
    assert of(values, 7).value_at_risk_95 == pytest.approx(1 - 0.99**6)


def test_a_single_day_is_scaled_by_the_root_of_time() -> None:
    values = walk([0.001, -0.001] * 23 + [0.001])
    assert of(values, 1).value_at_risk_95 == pytest.approx(0.001 * math.sqrt(48))


def test_too_few_whole_days_are_scaled_as_well() -> None:
    """Two days of 4 h candles: six overlapping days, all of them flat, would tell nothing."""
    values = walk([0.001, -0.001] * 5 + [0.001])
    assert of(values, 2).value_at_risk_95 == pytest.approx(0.001 * math.sqrt(6))


def test_a_token_that_only_rose_has_no_value_at_risk() -> None:
    got = of(walk([0.01] * 30), 31)
    assert (got.max_drawdown, got.value_at_risk_95) == (0.0, 0.0)
    assert got.volatility == pytest.approx(0)


@pytest.mark.parametrize("count", range(MIN_CANDLES))
def test_too_few_candles_are_refused(count: int) -> None:
    history = history_of("SEI", 30, [1.0] * 3, START)
    short = type(history)("SEI", 30, history.candles[:count], START)
    with pytest.raises(ValueError, match="too few"):
        measures(short)


@given(closes, st.sampled_from([1, 7, 30, 365]), st.sampled_from([-9, -3, 4]))
def test_the_unit_of_price_does_not_matter(values: list[float], days: int, exponent: int) -> None:
    scaled = [Decimal(str(value)).scaleb(exponent) for value in values]
    one, other = of(values, days), measures(history_of("SEI", days, scaled, START))
    for name in one.__slots__:
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-6, abs=1e-9)


@given(closes, st.sampled_from([1, 7, 30, 365]))
def test_bounds(values: list[float], days: int) -> None:
    got = of(values, days)
    assert got.volatility >= 0
    assert 0 <= got.max_drawdown < 1
    assert 0 <= got.value_at_risk_95 <= 1


@given(closes, st.floats(0.01, 1))
def test_a_new_low_never_lessens_the_drawdown(values: list[float], share: float) -> None:
    longer = [*values, min(values) * share]
    got = of(longer, len(longer)).max_drawdown
    assert got >= of(values, len(values)).max_drawdown - 1e-12
    assert got == pytest.approx(1 - longer[-1] / max(values))


@given(closes)
def test_the_drawdown_is_the_worst_of_all_pairs(values: list[float]) -> None:
    worst = max(1 - later / earlier for at, earlier in enumerate(values) for later in values[at:])
    assert of(values, 30).max_drawdown == pytest.approx(worst)


@given(closes)
def test_time_backwards_is_as_volatile(values: list[float]) -> None:
    assert of(values[::-1], 30).volatility == pytest.approx(of(values, 30).volatility, abs=1e-9)
