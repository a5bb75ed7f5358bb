"""What is held now, at the prices of before."""

from decimal import Decimal

from bot.policy.alerts.worth_path import worth_path
from tests.fakes.clock import START
from tests.fakes.market import history_of

SEI = history_of("SEI", 1, ["1", "2", "3", "4"], START)
USDC = history_of("USDC", 1, ["1", "1"], START)


def test_each_moment_is_the_sum_of_the_last_known_prices():
    path = worth_path({"SEI": Decimal(2), "USDC": Decimal(10)}, {"SEI": SEI, "USDC": USDC})
    assert [value for _, value in path] == [12, 12, 14, 16]
    assert [at for at, _ in path] == [candle.opened_at for candle in SEI.candles]


def test_it_begins_where_all_are_known():
    short = history_of("USDC", 1, ["1"], START)
    later = short.__class__("USDC", 1, short.candles[-1:], START)
    path = worth_path({"SEI": Decimal(1), "USDC": Decimal(1)}, {"SEI": SEI, "USDC": later})
    assert path[0][0] == max(SEI.candles[0].opened_at, later.candles[0].opened_at)


def test_nothing_is_told_with_a_price_missing():
    assert not worth_path({"SEI": Decimal(1), "USDC": Decimal(1)}, {"SEI": SEI})
    assert not worth_path({}, {"SEI": SEI})
    assert worth_path({"SEI": Decimal(1), "USDC": Decimal(0)}, {"SEI": SEI})
