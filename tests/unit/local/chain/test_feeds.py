"""When a feed is told a price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.local.chain.feeds import HEARTBEAT_S, is_due


@pytest.mark.parametrize(
    ("wanted", "due"),
    [(10_000, False), (10_049, False), (10_050, True), (9_951, False), (9_950, True), (0, True)],
)
def test_a_feed_is_told_what_deviates(wanted: int, *, due: bool) -> None:
    assert is_due(10_000, 0, wanted, 50) is due


@pytest.mark.parametrize(("age_s", "due"), [(0, False), (HEARTBEAT_S - 1, False), (1_800, True)])
def test_a_feed_is_told_again_what_is_old(age_s: int, *, due: bool) -> None:
    assert is_due(10_000, age_s, 10_000, 50) is due


@given(answer=st.integers(1, 10**15), wanted=st.integers(0, 10**15), bps=st.sampled_from([20, 50]))
def test_what_a_feed_is_not_told_is_within_its_deviation(
    answer: int, wanted: int, bps: int
) -> None:
    if not is_due(answer, 0, wanted, bps):
        assert abs(wanted - answer) * 10_000 < answer * bps


def test_a_feed_that_says_nothing_sensible_is_told() -> None:
    assert is_due(0, 0, 1, 50)
    assert is_due(0, 0, 0, 50)
    assert is_due(-5, 0, 100, 50)
