"""Which prices are believed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.money import Bps, Price
from bot.policy.alerts.price_doubts import PriceDoubts

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def judged(
    doubts: PriceDoubts,
    usd: str,
    *,
    at: float = 0,
    age: float = 0,
    pool: str = "",
    last: str = "1",
) -> str:
    """The reason for which a price is refused; empty if it is believed."""
    now = NOW + timedelta(seconds=at)
    price = Price("SEI", Decimal(usd), now - timedelta(seconds=age), "test")
    pools = {"SEI": Decimal(pool)} if pool else {}
    verdict = doubts.judge(now, {"SEI": price}, pools, {"SEI": Decimal(last)} if last else {})
    assert bool(verdict.refused) != ("SEI" in verdict.believed)
    return verdict.refused[0].reason if verdict.refused else ""


@pytest.fixture
def doubts() -> PriceDoubts:
    return PriceDoubts(Bps(500))


@pytest.mark.parametrize(
    ("age", "reason"), [(0, ""), (180, ""), (180.001, "stale"), (-61, "stale")]
)
def test_three_ticks_are_old(doubts: PriceDoubts, age: float, reason: str) -> None:
    assert judged(doubts, "1", age=age) == reason


@pytest.mark.parametrize(
    ("pool", "reason"),
    [("1", ""), ("1.05", ""), ("0.95", ""), ("1.0500001", "disagreement"), ("0.9", "disagreement")],
)
def test_the_exchanges_must_agree_within_five_per_cent(
    doubts: PriceDoubts, pool: str, reason: str
) -> None:
    assert judged(doubts, "1", pool=pool) == reason


@pytest.mark.parametrize(
    ("usd", "reason"), [("99.9", ""), ("100", "absurd"), ("0.01", "absurd"), ("0.0101", "")]
)
def test_a_hundredfold_jump_in_one_sample_is_absurd(
    doubts: PriceDoubts, usd: str, reason: str
) -> None:
    assert judged(doubts, usd) == reason


def test_the_first_price_of_all_is_believed(doubts: PriceDoubts) -> None:
    assert judged(doubts, "100", last="") == ""


def test_three_samples_that_agree_are_a_price(doubts: PriceDoubts) -> None:
    verdicts = [judged(doubts, usd, at=60 * n) for n, usd in enumerate(["200", "250", "220"])]
    assert verdicts == ["absurd", "absurd", ""]


def test_the_same_sample_three_times_is_one(doubts: PriceDoubts) -> None:
    assert [judged(doubts, "200", at=60 * n, age=60 * n) for n in range(3)] == ["absurd"] * 3


def test_odd_samples_that_differ_or_are_interrupted_prove_nothing(doubts: PriceDoubts) -> None:
    prices = ["200", "0.001", "200", "200", "1", "200", "200"]
    verdicts = [judged(doubts, usd, at=60 * n) for n, usd in enumerate(prices)]
    assert verdicts == ["absurd", "absurd", "absurd", "absurd", "", "absurd", "absurd"]


def test_a_price_that_has_jumped_must_still_agree_with_the_exchanges(doubts: PriceDoubts) -> None:
    verdicts = [judged(doubts, "200", at=60 * n, pool="1") for n in range(3)]
    assert verdicts == ["absurd", "absurd", "disagreement"]
