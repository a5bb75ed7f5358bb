from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.mandate import Mandate, MicroUsd
from bot.domain.money import Bps
from bot.policy.mandate_words import day, describe, dollars, listed, percent
from bot.policy.mandates import bounds_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SYMBOLS = {"0xA": "SEI", "0xB": "ETH", "0xC": "USDC"}
VENUES = {"0xD": "DragonSwap"}
MANDATE = Mandate(
    nonce=1,
    issued_at=NOW,
    valid_until=datetime(2027, 3, 1, 23, 59, 59, tzinfo=UTC),
    sign_by=NOW + timedelta(hours=1),
    slippage=Bps(150),
    trade_cap=MicroUsd(50_000_000),
    daily_volume=MicroUsd(1_234_500_000),
    daily_loss=MicroUsd(10_000_000),
    tokens=("0xC", "0xA", "0xB"),
    adapters=("0xD",),
)


def words(mandate: object) -> str:
    return describe(mandate, SYMBOLS.__getitem__, VENUES.__getitem__, NOW)  # type: ignore[arg-type]


def test_a_mandate_in_one_sentence():
    assert words(MANDATE) == (
        "may trade USDC, SEI and ETH on DragonSwap, up to $50 a trade and $1,234.50 a day, "
        "losing at most 1.5 % a trade and $10 a day, until 1 March 2027"
    )


def test_bounds_have_no_order_and_are_sorted():
    assert words(bounds_of(MANDATE, NOW)).startswith("may trade ETH, SEI and USDC on DragonSwap")


def test_the_default_mandate_has_its_own_words():
    assert words(None) == (
        "may trade all listed tokens on all listed exchanges, up to $50 a trade and $200 a day, "
        "losing at most 1.5 % a trade and $10 a day, without an end"
    )


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 12, 3, 23, 59, 59, tzinfo=UTC), "3 December"),
        (datetime(2026, 12, 3, 9, 5, tzinfo=UTC), "3 December 09:05 UTC"),
        (datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC), "31 January 2027"),
    ],
)
def test_days(at: datetime, said: str):
    assert day(at, NOW) == said


def test_figures_and_lists():
    assert [dollars(Decimal(v)) for v in ("0.5", "50", "1000")] == ["$0.50", "$50", "$1,000"]
    assert [percent(Bps(v)) for v in (10, 100, 125, 1000)] == ["0.1 %", "1 %", "1.25 %", "10 %"]
    assert [listed(list(v)) for v in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]
