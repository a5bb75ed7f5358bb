"""What candles of a gap become."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts import Tick
from bot.domain.analysis import Candle, PriceHistory
from bot.policy.alerts.late_path import Gap, late_ticks

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
HALF = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)
Row = tuple[str, str, str, str]


def history(rows: list[Row], symbol: str = "SEI", first: datetime = START) -> PriceHistory:
    made = tuple(
        Candle(
            opened_at=first + HALF * number,
            open=Decimal(row[0]),
            high=Decimal(row[1]),
            low=Decimal(row[2]),
            close=Decimal(row[3]),
            volume=Decimal(0),
        )
        for number, row in enumerate(rows)
    )
    return PriceHistory(symbol, 1, made, first + HALF * len(rows))


def path(
    rows: list[Row], since: float, until: float, behind: float | None = None, seen: str = ""
) -> list[tuple[float, str]]:
    """Minutes behind START and prices of the late ticks."""
    at = {"since": START + MINUTE * since, "until": START + MINUTE * until}
    gap = Gap(at["since"], at["since"] if behind is None else START + MINUTE * behind, at["until"])
    samples = [Tick(START + MINUTE * n, {"SEI": Decimal(p)}) for n, p in enumerate(seen.split())]
    ticks = late_ticks([history(rows)], samples, gap)
    assert all(tick.late for tick in ticks)
    return [((tick.at - START) / MINUTE, str(tick.prices["SEI"])) for tick in ticks]


def test_a_candle_goes_where_its_close_suggests() -> None:
    up, down = ("2", "4", "1", "3"), ("3", "4", "1", "2")
    assert path([up], 0, 60) == [(3.75, "2"), (7.5, "1"), (15, "4"), (30, "3")]
    assert path([down], 0, 60) == [(3.75, "3"), (7.5, "4"), (15, "1"), (30, "2")]


def test_only_candles_that_have_closed_count_and_now_is_looked_at_by_itself() -> None:
    rows: list[Row] = [("2", "4", "1", "3")] * 2
    assert len(path(rows, 0, 59.9)) == 4
    assert [at for at, _ in path(rows, 0, 60)][4:] == [33.75, 37.5, 45]


def test_of_a_candle_that_had_begun_only_what_goes_beyond_is_new() -> None:
    row: Row = ("2", "4", "1", "3")
    assert path([row], 10, 60, seen="2 3 2") == [(15, "1"), (20, "4"), (30, "3")]
    assert path([row], 10, 60, seen="2 4 2") == [(15, "1"), (30, "3")]
    assert path([row], 10, 60, seen="2 4 1") == [(30, "3")]


def test_an_absurd_candle_is_left_out() -> None:
    rows: list[Row] = [("2", "200", "1.5", "2.5"), ("2", "3", "2", "2")]
    assert ("200" in [price for _, price in path(rows, 0, 90)]) is False


@given(behind=st.floats(0, 200), since=st.integers(0, 40))
def test_who_stops_anywhere_goes_on_with_the_rest(behind: float, since: int) -> None:
    rows: list[Row] = [("2", "4", "1", "3"), ("3", "5", "2", "2"), ("2", "2.5", "1.5", "1.6")]
    whole = path(rows, since, 100, seen="2 3 1.5")
    assert [at for at, _ in whole] == sorted({at for at, _ in whole})
    stop = max(behind, since)
    rest = path(rows, since, 100, behind=stop, seen="2 3 1.5")
    assert rest == [point for point in whole if START + MINUTE * point[0] > START + MINUTE * stop]


def test_tokens_share_a_tick_where_their_times_meet() -> None:
    rows: list[Row] = [("2", "4", "1", "3")]
    gap = Gap(START, START, START + 2 * HALF)
    both = [history(rows), history([("8", "8", "8", "8")], "ETH")]
    ticks = late_ticks(both, [], gap)
    assert [set(tick.prices) for tick in ticks] == [{"SEI", "ETH"}] * 4


def test_the_shortest_history_that_covers_the_gap_is_asked_for() -> None:
    days = {1: 1, 24: 1, 25: 7, 168: 7, 169: 30, 2000: 30}
    for hours, wanted in days.items():
        gap = Gap(START, START, START + timedelta(hours=hours))
        assert gap.days == wanted
        assert gap.grain == (HALF if wanted == 1 else 8 * HALF)
