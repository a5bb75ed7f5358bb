"""What candles of a gap become."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts import Tick
from bot.domain.analysis import Candle, PriceHistory, PricePath
from bot.policy.alerts.late_path import STEP, Gap, LateTick, late_ticks

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
    rows: list[Row], since: float, until: float, *, seen: str = "", after: str = ""
) -> list[tuple[float, str]]:
    """Minutes behind START and prices of the late ticks.

    `seen` has a price for each minute from START on, `after` one for every fifth minute.
    """
    gap = Gap(START + MINUTE * since, START + MINUTE * until)
    samples = [Tick(START + MINUTE * n, {"SEI": Decimal(p)}) for n, p in enumerate(seen.split())]
    return minutes_of(late_ticks([history(rows)], day_of(after), samples, gap))


def day_of(prices: str) -> dict[str, PricePath]:
    points = [(START + 5 * MINUTE * n, Decimal(p)) for n, p in enumerate(prices.split())]
    return {"SEI": PricePath("SEI", tuple(points))} if points else {}


def minutes_of(ticks: Sequence[LateTick]) -> list[tuple[float, str]]:
    assert all(late.tick.late for late in ticks)
    return [((t.tick.at - START) / MINUTE, str(t.tick.prices["SEI"])) for t in ticks]


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


def test_behind_the_last_closed_candle_single_prices_tell() -> None:
    rows: list[Row] = [("2", "4", "1", "3")]
    after = "9 9 9 9 9 9 9 3.1 3.2 3.3"
    assert path(rows, 0, 44, after=after)[4:] == [(35, "3.1"), (40, "3.2")]
    assert path(rows, 32, 44, after=after) == [(35, "3.1"), (40, "3.2")]
    gap = Gap(START, START + 44 * MINUTE)
    ticks = late_ticks([history(rows)], day_of(after), [], gap)
    assert [late.grain for late in ticks] == [HALF] * 4 + [STEP] * 2


def test_a_candle_that_closed_since_it_was_told_of_in_part_tells_what_is_new() -> None:
    """A process ended behind the single price of minute 40; the candle went to 9 after that."""
    gap = Gap(START, START + 44 * MINUTE)
    told = late_ticks([history([("2", "4", "1", "3")])], day_of("9 " * 7 + "3.1 3.2"), [], gap)
    rows: list[Row] = [("2", "4", "1", "3"), ("3", "9", "2.9", "5")]
    seen = [Tick(START, {"SEI": Decimal(2)}), *(late.tick for late in told)]
    rest = late_ticks([history(rows)], {}, seen, Gap(START, START + 62 * MINUTE))
    assert [price for _, price in minutes_of(rest)] == ["2.9", "9", "5"]
    assert [late.tick.at for late in rest] == sorted(late.tick.at for late in rest)


@given(stop=st.integers(0, 18), since=st.integers(0, 40))
def test_who_stops_anywhere_goes_on_with_the_rest(stop: int, since: int) -> None:
    rows: list[Row] = [("2", "4", "1", "3"), ("3", "5", "2", "2"), ("2", "2.5", "1.5", "1.6")]
    gap, day = Gap(START + MINUTE * since, START + MINUTE * 109), day_of("1.7 " * 22)
    seen = [
        Tick(START + MINUTE * n, {"SEI": Decimal(p)})
        for n, p in enumerate(["2", "3", "1.5"])
        if n <= since
    ]
    whole = late_ticks([history(rows)], day, seen, gap)
    assert [t.tick.at for t in whole] == sorted({t.tick.at for t in whole})
    told = [late.tick for late in whole[:stop]]
    assert late_ticks([history(rows)], day, [*seen, *told], gap) == whole[stop:]


def test_no_tick_takes_the_place_of_anothers() -> None:
    rows: list[Row] = [("2", "4", "1", "3")]
    others = [Tick(START + HALF, {"ETH": Decimal(9)})]
    ticks = late_ticks([history(rows)], {}, others, Gap(START, START + 2 * HALF))
    assert ticks[-1].tick.at == START + HALF + timedelta.resolution


def test_tokens_share_a_tick_where_their_times_meet() -> None:
    rows: list[Row] = [("2", "4", "1", "3")]
    gap = Gap(START, START + 2 * HALF)
    both = [history(rows), history([("8", "8", "8", "8")], "ETH")]
    ticks = late_ticks(both, {}, [], gap)
    assert [set(late.tick.prices) for late in ticks] == [{"SEI", "ETH"}] * 4


def test_the_shortest_history_that_covers_the_gap_is_asked_for() -> None:
    days = {1: 1, 24: 1, 25: 7, 168: 7, 169: 30, 2000: 30}
    for hours, wanted in days.items():
        gap = Gap(START, START + timedelta(hours=hours))
        assert gap.days == wanted
        assert gap.grain == (HALF if wanted == 1 else 8 * HALF)
