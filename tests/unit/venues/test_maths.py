from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import Token
from bot.venues import fee_in_bps, impact_of, routes_between
from bot.venues._uniswap_v3 import Path, marginal_price
from bot.venues.uniswap_v2 import Reserves

LOW = Token("LOW", "0x" + "0" * 39 + "1", 18)
MIDDLE = Token("MID", "0x" + "a" * 40, 6)
HIGH = Token("HIGH", "0x" + "F" * 40, 8)

reserves = st.integers(1, 2**112 - 1)
amounts = st.integers(1, 2**112 - 1)


@given(sold=reserves, bought=reserves, amount=amounts)
def test_v2_amounts_are_the_router_librarys(sold: int, bought: int, amount: int) -> None:
    library = amount * 997 * bought // (sold * 1000 + amount * 997)
    assert Reserves(sold, bought).amount_out(amount, 3000) == library


@given(sold=reserves, bought=reserves, amount=amounts, fee=st.integers(0, 100_000))
def test_a_pool_never_loses(sold: int, bought: int, amount: int, fee: int) -> None:
    out = Reserves(sold, bought).amount_out(amount, fee)
    assert 0 <= out < bought or (out, bought) == (0, 1)
    assert (sold + amount) * (bought - out) >= sold * bought


@given(
    sold=reserves, bought=reserves, amount=amounts, fee=st.sampled_from([0, 100, 500, 3000, 10000])
)
def test_impact_covers_what_the_price_moved_and_no_fee(
    sold: int, bought: int, amount: int, fee: int
) -> None:
    out = Reserves(sold, bought).amount_out(amount, fee)
    taken = Fraction(amount * (1_000_000 - fee), 1_000_000)
    moved = taken / (sold + taken)
    impact = impact_of(out, taken * Fraction(bought, sold))
    assert 0 <= impact <= 10_000
    assert Fraction(impact, 10_000) >= moved
    if out > 10**6:
        assert Fraction(impact - 2, 10_000) <= moved


def test_an_output_above_the_marginal_price_has_no_impact() -> None:
    assert impact_of(100, Fraction(99)) == 0
    assert impact_of(100, Fraction(100)) == 0
    assert impact_of(99, Fraction(100)) == 100
    assert impact_of(0, Fraction(1)) == 10_000


@pytest.mark.parametrize(
    ("fees", "bps"), [([3000], 30), ([500], 5), ([100], 1), ([500, 3000], 35), ([50], 1)]
)
def test_fees_add_up_in_basis_points(fees: list[int], bps: int) -> None:
    assert fee_in_bps(fees) == bps


@given(price=st.fractions(min_value=Fraction(1, 10**12), max_value=10**12))
def test_the_marginal_price_is_the_squared_root_in_both_directions(price: Fraction) -> None:
    root = isqrt((price.numerator << 192) // price.denominator)
    forth, back = marginal_price(root, LOW, HIGH), marginal_price(root, HIGH, LOW)
    assert forth * back == 1
    assert abs(forth / price - 1) < Fraction(1, 10**9)


def test_paths_are_packed_as_the_routers_read_them() -> None:
    path = Path((LOW, MIDDLE, HIGH), (500, 3000))
    assert path.packed.hex() == "0" * 39 + "1" + "0001f4" + "a" * 40 + "000bb8" + "f" * 40
    lower = [address.lower() for address in (LOW.address, MIDDLE.address, HIGH.address)]
    assert path.pools == [(lower[0], lower[1], 500), (lower[1], lower[2], 3000)]


def test_routes_are_direct_and_by_one_other() -> None:
    assert list(routes_between(LOW, HIGH, [MIDDLE, LOW, HIGH])) == [
        (LOW, HIGH),
        (LOW, MIDDLE, HIGH),
    ]
    assert list(routes_between(LOW, LOW, [MIDDLE])) == []
