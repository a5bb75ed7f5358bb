"""Every kind of alert: its words, its bounds, the line it watches and what it reads."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts import SIGNIFICANT, Condition, Direction, rounded
from bot.domain.analysis import Candle, PriceHistory
from bot.domain.errors import UserError
from bot.policy.alerts.kind import AlertKind, Meter, Source, Watch, split_series
from bot.policy.alerts.tape import WINDOWS, Holdings, Tape
from bot.policy.indicators import indicators
from bot.ports.market import SPANS_DAYS
from tests.fakes.clock import START
from tests.fakes.market import history_of
from tests.unit.policy.alerts.test_words import AGENT, KINDS, draft, parse

UP, DOWN = Direction.UP, Direction.DOWN
TYPES = {
    "PRICE_ABOVE", "PRICE_BELOW", "PRICE_CROSSES", "PERCENT_CHANGE", "NEW_HIGH", "NEW_LOW",
    "VOLUME_SPIKE", "RSI_ABOVE", "RSI_BELOW", "MA_CROSS_UP", "MA_CROSS_DOWN", "PORTFOLIO_ABOVE",
    "PORTFOLIO_BELOW", "BALANCE_ABOVE", "BALANCE_BELOW", "DEPOSIT", "GAS_ABOVE", "GAS_BELOW",
    "DIGEST_DAILY", "DIGEST_WEEKLY",
}  # fmt: skip
METERS = KINDS.meters
kinds = pytest.mark.parametrize("kind", KINDS.kinds, ids=lambda kind: kind.name)


def of(type_: str, symbol: str, at: str = "0", window: str = "", agent: int = 0) -> Condition:
    return Condition(type_, symbol, Decimal(at), window, agent)


def test_every_condition_has_one_kind() -> None:
    names = [name for kind in KINDS.kinds for name in kind.conditions]
    assert sorted(names) == sorted(TYPES)


def test_the_order_is_total() -> None:
    assert len({kind.order for kind in KINDS.kinds}) == len(KINDS.kinds)


def test_meters_of_one_name_are_one() -> None:
    meters = [meter for kind in KINDS.kinds for meter in kind.meters]
    assert all(METERS[meter.name] is meter for meter in meters)


@kinds
def test_the_example_makes_one_of_the_kind(kind: AlertKind) -> None:
    assert draft(kind.example).condition.type in kind.conditions
    assert draft(kind.example.upper()).condition == draft(kind.example).condition


@kinds
def test_it_asks_for_what_it_needs(kind: AlertKind) -> None:
    condition = draft(kind.example).condition
    assert set(kind.asks) <= {"token", "window", "threshold", "time"}
    assert ("token" in kind.asks) == bool(condition.symbol)
    assert ("threshold" in kind.asks) == bool(condition.threshold)
    assert ("window" in kind.asks) == bool(condition.window) == bool(kind.windows)


@kinds
def test_series_are_read_by_its_own_meters(kind: AlertKind) -> None:
    for name in kind.conditions:
        watch = kind.watch(Condition(name, "SEI", Decimal(30), (*kind.windows, "")[0], AGENT))
        if watch is None:
            assert kind.meters == ()
            continue
        meter, subject, window = split_series(watch.series)
        assert METERS[meter] in kind.meters
        if METERS[meter].source is Source.HOLDINGS:
            assert subject == str(AGENT)
        else:
            assert window in METERS[meter].windows


@pytest.mark.parametrize("meter", METERS.values(), ids=lambda meter: meter.name)
def test_meters_name_histories_that_exist(meter: Meter) -> None:
    if meter.days is not None:
        assert set(meter.days) == set(meter.windows)
        assert set(meter.days.values()) <= set(SPANS_DAYS)
    assert (meter.source is Source.CANDLES) <= (meter.days is not None)


def line(
    series: str,
    way: Direction,
    at: str,
    slack: str,
    *,
    both_ways: bool = False,
    is_pulse: bool = False,
) -> Watch:
    return Watch(series, way, Decimal(at), Decimal(slack), both_ways, is_pulse)


WATCHES = [
    (of("PRICE_ABOVE", "SEI", "0.25"), line("price:SEI:", UP, "0.25", "0.00125")),
    (of("PRICE_BELOW", "SEI", "0.25"), line("price:SEI:", DOWN, "0.25", "0.00125")),
    (of("PRICE_CROSSES", "SEI", "2"), line("price:SEI:", UP, "2", "0.01", both_ways=True)),
    (of("PERCENT_CHANGE", "SEI", "-5", "1h"), line("fall:SEI:1h", DOWN, "-5", "1")),
    (of("PERCENT_CHANGE", "SEI", "5", "1d"), line("rise:SEI:1d", UP, "5", "1")),
    (of("NEW_HIGH", "SEI", "0", "30d"), line("high:SEI:30d", UP, "1E-10", "0.5")),
    (of("NEW_LOW", "SEI", "0", "7d"), line("low:SEI:7d", DOWN, "-1E-10", "0.5")),
    (of("VOLUME_SPIKE", "SEI", "3"), line("volume:SEI:", UP, "3", "0.3")),
    (of("RSI_ABOVE", "SEI", "70", "4h"), line("rsi:SEI:4h", UP, "70", "2")),
    (of("RSI_BELOW", "SEI", "30", "1d"), line("rsi:SEI:1d", DOWN, "30", "2")),
    (of("MA_CROSS_UP", "SEI", "0", "4h"), line("ma:SEI:4h", UP, "1E-10", "0.2")),
    (of("MA_CROSS_DOWN", "SEI", "0", "1d"), line("ma:SEI:1d", DOWN, "-1E-10", "0.2")),
    (of("PORTFOLIO_ABOVE", "", "500", "", 12), line("portfolio:12:", UP, "500", "2.5")),
    (of("PORTFOLIO_BELOW", "", "500", "", 12), line("portfolio:12:", DOWN, "500", "2.5")),
    (of("BALANCE_ABOVE", "SEI", "10", "", 12), line("balance:12:SEI", UP, "10", "0.05")),
    (of("BALANCE_BELOW", "SEI", "10", "", 12), line("balance:12:SEI", DOWN, "10", "0.05")),
    (of("DEPOSIT", "SEI", "10", "", 12), line("deposit:12:SEI", UP, "10", "5", is_pulse=True)),
    (
        of("DEPOSIT", "SEI", "0", "", 12),
        line("deposit:12:SEI", UP, "1E-10", "5E-11", is_pulse=True),
    ),
    (of("GAS_ABOVE", "", "50"), line("gas::", UP, "50", "2.5")),
    (of("GAS_BELOW", "", "50"), line("gas::", DOWN, "50", "2.5")),
]


@pytest.mark.parametrize(("condition", "watch"), WATCHES, ids=lambda value: str(value)[:60])
def test_lines(condition: Condition, watch: Watch) -> None:
    assert KINDS.watch(condition) == watch


def test_digests_have_no_line() -> None:
    assert KINDS.watch(of("DIGEST_DAILY", "", window="08:00")) is None


def test_a_kind_that_is_gone_watches_nothing() -> None:
    gone = of("MOON_PHASE", "SEI", "1")
    assert not KINDS.knows(gone)
    assert KINDS.watch(gone) is None
    assert KINDS.describe(gone) == "An alert of a kind I no longer know"


def test_every_line_is_tested() -> None:
    assert {condition.type for condition, _ in WATCHES} | {"DIGEST_DAILY", "DIGEST_WEEKLY"} == TYPES


def numbers(lowest: str, highest: str) -> st.SearchStrategy[Decimal]:
    return st.decimals(lowest, highest, allow_nan=False).map(rounded)


SYMBOLS = st.sampled_from(("SEI", "USDC", "WETH", "iSEI", "USDT0"))
PRICES = numbers("1E-15", "1E9")
ZERO = st.just(Decimal(0))
TIMES = st.times().map(lambda at: f"{at:%H:%M}")
DAYS = st.sampled_from(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
FRAMES = st.sampled_from(("4h", "1d"))
EXTREMES = st.sampled_from(("1d", "7d", "30d", "90d", "365d"))
CHANGES = numbers("-99.99", "-0.1") | numbers("0.1", "10000")


def conditions(
    names: str,
    symbols: st.SearchStrategy[str] = SYMBOLS,
    lines: st.SearchStrategy[Decimal] = ZERO,
    windows: st.SearchStrategy[str] | None = None,
    agent: int = 0,
) -> st.SearchStrategy[Condition]:
    return st.builds(
        Condition,
        st.sampled_from(names.split(" ")),
        symbols,
        lines,
        windows if windows is not None else st.just(""),
        st.just(agent),
    )


NONE = st.just("")
ANY = st.one_of(
    conditions("PRICE_ABOVE PRICE_BELOW PRICE_CROSSES", lines=PRICES),
    conditions("PERCENT_CHANGE", lines=CHANGES, windows=st.sampled_from(tuple(WINDOWS))),
    conditions("NEW_HIGH NEW_LOW", windows=EXTREMES),
    conditions("VOLUME_SPIKE", lines=numbers("1.1", "100")),
    conditions("RSI_ABOVE RSI_BELOW", lines=numbers("1", "99"), windows=FRAMES),
    conditions("MA_CROSS_UP MA_CROSS_DOWN", windows=FRAMES),
    conditions("PORTFOLIO_ABOVE PORTFOLIO_BELOW", NONE, numbers("0.01", "1E12"), agent=AGENT),
    conditions("BALANCE_ABOVE BALANCE_BELOW", lines=numbers("1E-18", "1E15"), agent=AGENT),
    conditions("DEPOSIT", lines=ZERO | numbers("1E-18", "1E15"), agent=AGENT),
    conditions("GAS_ABOVE GAS_BELOW", NONE, numbers("0.001", "1E6")),
    conditions("DIGEST_DAILY", NONE, windows=TIMES),
    conditions("DIGEST_WEEKLY", NONE, windows=st.builds("{} {}".format, DAYS, TIMES)),
)


@given(ANY)
def test_a_condition_in_words_means_itself(condition: Condition) -> None:
    KINDS.of(condition).check(condition)
    words = KINDS.describe(condition)
    found = parse(words)
    assert found is not None
    assert found.condition == condition, words


@given(ANY, st.data())
def test_it_arms_only_where_it_does_not_ring(condition: Condition, data: st.DataObject) -> None:
    watch = KINDS.watch(condition)
    if watch is None:
        return
    near = data.draw(st.integers(-300, 300)) * watch.slack / 100
    figure = rounded(watch.line + near)
    beyond = (figure - watch.line) * watch.direction
    assert watch.fire().is_hit(figure) == (beyond >= 0)
    assert watch.first().is_hit(figure) == (beyond < 0)
    back = rounded(watch.line - watch.direction * watch.slack)
    assert watch.again().is_hit(figure) == ((figure - back) * watch.direction <= 0)
    assert not watch.fire().is_hit(back)


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (of("PRICE_ABOVE", "", "1"), "Name the token"),
        (of("PRICE_ABOVE", "SEI", "0"), "more than zero"),
        (of("PRICE_BELOW", "SEI", "-1"), "more than zero"),
        (of("PRICE_CROSSES", "SEI", "NaN"), "must be from"),
        (of("PRICE_ABOVE", "SEI", "Infinity"), "must be from"),
        (of("PRICE_ABOVE", "SEI", "1000000001"), "must be from"),
        (of("PRICE_ABOVE", "SEI", "1E-16"), "must be from"),
        (of("PRICE_ABOVE", "SEI", "1.000000000000001"), "15 digits"),
        (of("PERCENT_CHANGE", "SEI", "-5", "2h"), "5m, 15m, 1h, 4h or 1d"),
        (of("PERCENT_CHANGE", "SEI", "-5"), "5m, 15m, 1h, 4h or 1d"),
        (of("PERCENT_CHANGE", "SEI", "0", "1h"), "at least 0.1 %"),
        (of("PERCENT_CHANGE", "SEI", "-100", "1h"), "100 % or more"),
        (of("PERCENT_CHANGE", "SEI", "10000.1", "1h"), "10,000 %"),
        (of("PERCENT_CHANGE", "SEI", "NaN", "1h"), "at least"),
        (of("NEW_HIGH", "SEI", "1", "30d"), "no figure"),
        (of("NEW_LOW", "SEI", "0", "31d"), "365d"),
        (of("VOLUME_SPIKE", "SEI", "1.09"), "from 1.1 to 100"),
        (of("VOLUME_SPIKE", "SEI", "100.1"), "from 1.1 to 100"),
        (of("RSI_ABOVE", "SEI", "0.9", "4h"), "from 1 to 99"),
        (of("RSI_BELOW", "SEI", "99.1", "1d"), "from 1 to 99"),
        (of("RSI_BELOW", "SEI", "30", "1h"), "4h or 1d"),
        (of("MA_CROSS_UP", "SEI", "1", "4h"), "no figure"),
        (of("MA_CROSS_UP", "SEI", "0", "1h"), "4h or 1d"),
        (of("PORTFOLIO_ABOVE", "", "10"), "about one agent"),
        (of("PORTFOLIO_ABOVE", "", "0", agent=1), "more than zero"),
        (of("BALANCE_BELOW", "SEI", "10"), "about one agent"),
        (of("BALANCE_BELOW", "", "10", agent=1), "Name the token"),
        (of("BALANCE_BELOW", "SEI", "0", agent=1), "more than zero"),
        (of("DEPOSIT", "SEI", "-1", agent=1), "more than zero"),
        (of("GAS_ABOVE", "", "0"), "more than zero"),
        (of("GAS_ABOVE", "", "1000001"), "must be from"),
        (of("DIGEST_DAILY", "", window="24:00"), "cannot read that time"),
        (of("DIGEST_DAILY", "", window="mon 08:00"), "cannot read that time"),
        (of("DIGEST_WEEKLY", "", window="08:00"), "cannot read that time"),
    ],
)
def test_bounds(condition: Condition, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        KINDS.of(condition).check(condition)


@pytest.mark.parametrize(
    ("type_", "value", "words"),
    [
        ("PRICE_ABOVE", "0.25143912", "$0.25144"),
        ("PRICE_ABOVE", "95123.5", "$95,124"),
        ("PRICE_BELOW", "0.000000012345678", "$0.000000012346"),
        ("PERCENT_CHANGE", "-5.2341", "-5.23 %"),
        ("PERCENT_CHANGE", "3", "+3 %"),
        ("RSI_ABOVE", "70.1234", "RSI 70.1"),
        ("VOLUME_SPIKE", "3.14159", "3.14x the usual volume"),
        ("PORTFOLIO_ABOVE", "1234.567", "$1,234.57"),
        ("BALANCE_BELOW", "12.3456789", "12.3457"),
        ("GAS_ABOVE", "51.25", "51.25 nsei"),
        ("NEW_HIGH", "1.25", "+1.25 % from the last one"),
        ("MA_CROSS_DOWN", "-0.3", "average of 20 -0.3 % from that of 50"),
    ],
)
def test_figures_in_words(type_: str, value: str, words: str) -> None:
    assert KINDS.of(of(type_, "SEI")).figure(Decimal(value)) == words


def tape(*prices: str, step: timedelta = timedelta(minutes=10)) -> Tape:
    made = Tape()
    for number, price in enumerate(prices):
        made.add(START + number * step, Decimal(price))
    return made


def read(meter: str, source: object, window: str = "") -> Decimal | None:
    return METERS[meter].measure(source, window)


def test_falls_and_rises_are_from_the_extreme_of_the_window() -> None:
    prices = tape("100", "120", "90", "96")
    assert read("price", prices) == 96
    assert read("fall", prices, "1h") == -20
    assert read("rise", prices, "1h") == rounded(Decimal(96) / 90 * 100 - 100)
    assert read("fall", prices, "5m") == 0


def test_highs_and_lows_are_against_what_was_before() -> None:
    prices = tape("100", "110")
    assert read("high", prices, "7d") is None
    candles = history_of("SEI", 7, ["80", "200", "100"], START - timedelta(hours=1))
    prices.set_candles(7, candles)
    highest = max(candle.high for candle in candles.candles)
    assert read("high", prices, "7d") == rounded((110 / highest - 1) * 100)
    lowest = min(candle.low for candle in candles.candles)
    assert read("low", prices, "7d") == rounded((110 / lowest - 1) * 100)


closes = st.lists(st.integers(500, 2000).map(Decimal), min_size=60, max_size=90)


@given(closes)
def test_rsi_and_averages_are_those_of_the_analyst(values: list[Decimal]) -> None:
    history = history_of("SEI", 90, values, START)
    known = indicators(history)
    assert known.sma_20 is not None
    assert known.sma_50 is not None
    rsi, cross = read("rsi", history, "4h"), read("ma", history, "4h")
    assert rsi is not None
    assert cross is not None
    assert float(rsi) == pytest.approx(known.rsi_14, abs=1e-8)
    assert float(cross) == pytest.approx((known.sma_20 / known.sma_50 - 1) * 100, abs=1e-8)
    assert len(rsi.as_tuple().digits) <= SIGNIFICANT


def test_indicators_of_what_does_not_move() -> None:
    flat = history_of("USDC", 90, ["1"] * 60, START)
    assert read("rsi", flat, "4h") == 50
    assert read("ma", flat, "4h") == 0


@pytest.mark.parametrize(("meter", "enough"), [("rsi", 15), ("ma", 50)])
def test_short_histories_tell_nothing(meter: str, enough: int) -> None:
    prices = [str(100 + number % 7) for number in range(enough)]
    assert read(meter, history_of("SEI", 90, prices, START), "4h") is not None
    assert read(meter, history_of("SEI", 90, prices[1:], START), "4h") is None
    assert read(meter, PriceHistory("SEI", 90, (), START), "4h") is None


def volumes(days: int, today: int, before: int = 10) -> PriceHistory:
    """Candles of four hours that end at START."""
    one = Decimal(1)
    candles = tuple(
        Candle(
            START - timedelta(hours=4 * number), one, one, one, one,
            Decimal(today if number <= 6 else before),
        )
        for number in range(days * 6, 0, -1)
    )  # fmt: skip
    return PriceHistory("SEI", 90, candles, START)


def test_volume_is_against_the_mean_day_of_the_week_before() -> None:
    assert read("volume", volumes(8, 30)) == 3
    assert read("volume", volumes(90, 25)) == Decimal("2.5")
    assert read("volume", volumes(7, 30)) is None
    assert read("volume", volumes(90, 30, before=0)) is None
    assert read("volume", PriceHistory("SEI", 90, (), START)) is None


def test_holdings_and_gas() -> None:
    held = Holdings(Decimal("12.5"), {"SEI": Decimal(40)}, {"SEI": Decimal(3)})
    assert read("portfolio", held) == Decimal("12.5")
    assert read("portfolio", Holdings(None, {}, {})) is None
    assert read("balance", held, "SEI") == 40
    assert read("balance", held, "USDC") == 0
    assert read("deposit", held, "SEI") == 3
    assert read("deposit", held, "USDC") == 0
    assert read("gas", Decimal("51.123456789012345678")) == Decimal("51.1234567890123")
