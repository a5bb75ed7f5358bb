"""Windows against the slow way, and candles that count."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.analysis import Candle, PriceHistory
from bot.policy.alerts.tape import SETTLED, WINDOWS, Tape

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

SAMPLES = st.lists(
    st.tuples(st.sampled_from([1, 5, 15, 60, 240, 1439, 1440]), st.integers(1, 6)),
    min_size=1,
    max_size=40,
)


@given(steps=SAMPLES)
def test_every_window_has_its_extremes(steps: list[tuple[int, int]]) -> None:
    tape, at, seen = Tape(), START, []
    for minutes, price in steps:
        at += minutes * MINUTE
        seen.append((at, Decimal(price)))
        tape.add(at, Decimal(price))
        for name, span in WINDOWS.items():
            within = [p for t, p in seen if t >= at - span]
            assert (tape.high(name), tape.low(name)) == (max(within), min(within))


@given(steps=SAMPLES, days=st.sampled_from([1, 7, 30]), again=st.booleans())
def test_what_was_before_is_candles_and_the_last_day(
    steps: list[tuple[int, int]], days: int, *, again: bool
) -> None:
    first = START - 9 * DAY
    made = tuple(
        Candle(first + 4 * n * 60 * MINUTE, *[Decimal(2 + n % 5)] * 4, Decimal(0))  # type: ignore[call-arg]
        for n in range(60)
    )
    history = PriceHistory("SEI", days, made, made[-1].opened_at + 240 * MINUTE)
    tape, at = Tape(), START
    seen: list[tuple[datetime, Decimal]] = []
    tape.set_candles(days, history)
    for minutes, price in steps:
        at += minutes * MINUTE
        if again:
            tape.set_candles(days, history)
        tape.add(at, Decimal(price))
        counting = [
            c
            for c in made
            if c.opened_at + 240 * MINUTE + SETTLED <= at and c.opened_at >= at - days * DAY
        ]
        before = [p for t, p in seen if t >= at - DAY]
        highs, lows = [c.high for c in counting], [c.low for c in counting]
        assert tape.highest_before(days) == (max(highs + before) if counting else None)
        assert tape.lowest_before(days) == (min(lows + before) if counting else None)
        seen.append((at, Decimal(price)))


def test_without_candles_nobody_knows_a_high() -> None:
    tape = Tape()
    tape.add(START, Decimal(1))
    assert tape.highest_before(30) is None
    assert not tape.knows(30)


def test_samples_come_in_order() -> None:
    tape = Tape()
    tape.add(START, Decimal(1))
    with pytest.raises(ValueError, match="not after"):
        tape.add(START, Decimal(1))
