"""Figures as integers for an index: they sort as the figures do, and lines are hit exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts import SIGNIFICANT, Direction, Trigger, rounded, sortable

MANTISSAS = st.integers(-(10**SIGNIFICANT) + 1, 10**SIGNIFICANT - 1)
FIGURES = st.builds(lambda m, e: Decimal(m).scaleb(e), MANTISSAS, st.integers(-40, 26))
"""Rounded ones between 1e-40 and 1e41 either way, and 0."""
WILD = st.decimals(allow_nan=False, allow_infinity=False)
NEAR = st.builds(
    lambda figure, step: (figure, rounded(figure + step * figure.copy_abs() * Decimal("1E-14"))),
    FIGURES,
    st.integers(-3, 3),
)
"""Two figures that differ in their last digits, if at all."""


@given(FIGURES, FIGURES)
def test_it_sorts_as_the_figures_do(a: Decimal, b: Decimal) -> None:
    assert (sortable(a) < sortable(b)) == (a < b)
    assert (sortable(a) == sortable(b)) == (a == b)


@given(NEAR)
def test_neighbours_are_told_apart(pair: tuple[Decimal, Decimal]) -> None:
    a, b = pair
    assert (sortable(a) < sortable(b)) == (a < b)


@given(WILD, WILD)
def test_it_is_monotone_for_all(a: Decimal, b: Decimal) -> None:
    low, high = sorted((a, b))
    assert sortable(low) <= sortable(high)


@given(WILD)
def test_it_fits_an_integer_of_64_bits_and_is_odd(figure: Decimal) -> None:
    assert abs(sortable(figure)) < 1 << 62
    assert sortable(-figure) == -sortable(figure)


@pytest.mark.parametrize("power", range(-40, 41))
def test_powers_of_ten_and_what_is_just_below(power: int) -> None:
    figure = Decimal(1).scaleb(power)
    below = Decimal("0.999999999999999").scaleb(power)
    assert sortable(below) < sortable(figure) or power == -40
    assert sortable(figure) - sortable(-figure) > 0


def test_the_ends() -> None:
    assert sortable(Decimal(0)) == sortable(Decimal("-0")) == sortable(Decimal("9E-41")) == 0
    assert sortable(Decimal("1E41")) == sortable(Decimal("9E300")) > sortable(Decimal("9E40"))


@given(FIGURES, FIGURES)
def test_a_trigger_is_hit_as_decimals_compare(line: Decimal, figure: Decimal) -> None:
    assert Trigger(Direction.UP, sortable(line)).is_hit(figure) == (figure >= line)
    assert Trigger(Direction.DOWN, sortable(line)).is_hit(figure) == (figure <= line)


@given(NEAR)
def test_a_trigger_is_hit_to_the_last_digit(pair: tuple[Decimal, Decimal]) -> None:
    line, figure = pair
    assert Trigger(Direction.UP, sortable(line)).is_hit(figure) == (figure >= line)
    assert Trigger(Direction.DOWN, sortable(line) - 1).is_hit(figure) == (figure < line)
    assert Trigger(Direction.UP, sortable(line) + 1).is_hit(figure) == (figure > line)


@given(WILD)
def test_rounding_is_to_the_nearest_and_for_good(figure: Decimal) -> None:
    kept = rounded(figure)
    assert len(kept.as_tuple().digits) <= SIGNIFICANT
    assert rounded(kept) == kept
    if figure:
        assert abs(kept / figure - 1) <= Decimal("5.1E-15")


def test_half_goes_to_even() -> None:
    assert rounded(Decimal("1.000000000000005")) == Decimal("1.00000000000000")
    assert rounded(Decimal("1.000000000000015")) == Decimal("1.00000000000002")


def test_directions() -> None:
    assert Direction.UP.opposite is Direction.DOWN
    assert Direction.DOWN.opposite is Direction.UP
