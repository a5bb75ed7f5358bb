from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.domain.money import BPS, Amount, Bps, Price, Token, exact
from bot.policy.amounts import Dollars, Share, Units, measure, parse_amount, plain

AT = datetime(2026, 11, 20, tzinfo=UTC)
SEI = Token("SEI", "0x" + "1" * 40, 18)
USDC = Token("USDC", "0x" + "2" * 40, 6)

UINT256 = 2**256 - 1
tokens = st.builds(lambda d: Token("T", "0x" + "3" * 40, d), st.integers(0, 18))
amounts = st.builds(Amount, tokens, st.integers(0, UINT256))
bps = st.integers(0, BPS).map(Bps)
sane = st.decimals("0.000000000000000001", "1e15", places=18)
prices = st.decimals("0.00000001", "1e9", places=8)


def price_of(token: Token, usd: Decimal) -> Price:
    return Price(token.symbol, usd, AT, "test")


@pytest.mark.parametrize(
    ("typed", "wish"),
    [
        ("25", Units(Decimal(25))),
        (" 12.5 ", Units(Decimal("12.5"))),
        (".5", Units(Decimal("0.5"))),
        ("007", Units(Decimal(7))),
        ("1.5k", Units(Decimal(1_500))),
        ("2M", Units(Decimal(2_000_000))),
        ("1,500", Units(Decimal(1_500))),
        ("1,234,567.8", Units(Decimal("1234567.8"))),
        ("$25", Dollars(Decimal(25))),
        ("25$", Dollars(Decimal(25))),
        ("$1.5k", Dollars(Decimal(1_500))),
        ("$1,500", Dollars(Decimal(1_500))),
        ("50%", Share(Decimal("0.5"))),
        ("0.1 %", Share(Decimal("0.001"))),
        ("100%", Share(Decimal(1))),
        ("half", Share(Decimal("0.5"))),
        ("QUARTER", Share(Decimal("0.25"))),
        ("third", Share(Decimal(1) / 3)),
        ("all", Share(Decimal(1))),
        ("Max", Share(Decimal(1))),
        ("everything", Share(Decimal(1))),
        ("0." + "0" * 17 + "1", Units(Decimal("1e-18"))),
        ("1" + "0" * 15, Units(Decimal(10) ** 15)),
    ],
)
def test_amounts_as_people_write_them(typed: str, wish: object):
    assert parse_amount(typed) == wish


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("", "Write an amount"),
        ("   ", "Write an amount"),
        ("1" * 41, "Write an amount"),
        ("-5", "negative"),
        ("-half", "negative"),
        ("0", "more than zero"),
        ("0.0", "more than zero"),
        ("0%", "more than zero"),
        ("100.01%", "more than 100 %"),
        ("1" + "0" * 15 + ".1", "larger than anything"),
        ("9999999999999k", "larger than anything"),
        ("0." + "1" * 19, "18 decimals"),
        ("1,5", "decimals with a point"),
        ("1,50", "decimals with a point"),
        ("12,5k", "decimals with a point"),
        ("1,5000", "decimals with a point"),
        ("1.5,000", "decimals with a point"),
        (",500", "decimals with a point"),
        ("1,,000", "decimals with a point"),
        ("1,00%", "decimals with a point"),
        *((word, "cannot read") for word in ("nan", "inf", "1e3", "1_000", "+5", "0x10", "1 000")),
        *((word, "cannot read") for word in ("²", "٢٥", "\uff15", "½", "5.", "1.2.3", "$", "%")),
        *((word, "cannot read") for word in ("$5%", "5%%", "k", "$half", "1kk", "5€", "five")),
    ],
)
def test_what_cannot_be_an_amount_says_why(typed: str, hint: str):
    with pytest.raises(UserError, match=hint):
        parse_amount(typed)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_sane_wish_or_a_sentence(typed: str):
    try:
        wish = parse_amount(typed)
    except UserError:
        return
    value = wish.fraction if isinstance(wish, Share) else wish.value
    assert 0 < value <= (1 if isinstance(wish, Share) else Decimal(10) ** 15)
    assert value.is_finite()


@given(sane.filter(lambda value: value > 0))
def test_a_number_is_read_exactly(value: Decimal):
    text = format(value, "f")
    wishes = {text: Units, f"${text}": Dollars}
    for typed, kind in wishes.items():
        if len(typed) <= 40:
            assert parse_amount(typed) == kind(value)


@given(amounts.filter(lambda held: held.raw > 0), st.decimals("0.000001", "100", places=6))
def test_a_share_is_exact_rounded_down_and_never_more_than_held(held: Amount, percent: Decimal):
    with exact():
        fraction = percent / 100
    try:
        part = measure(Share(fraction), held, None)
    except UserError:
        assert held.raw * percent < 100
        return
    assert 0 < part.raw <= held.raw
    assert part.raw == int(held.raw * percent.as_integer_ratio()[0]) // (
        100 * percent.as_integer_ratio()[1]
    )


@given(amounts.filter(lambda held: held.raw > 0))
def test_all_is_all_to_the_last_base_unit(held: Amount):
    assert measure(parse_amount("all"), held, None) == held


@given(tokens, sane)
def test_units_lose_only_what_the_token_cannot_hold(token: Token, value: Decimal):
    held = Amount(token, 0)
    with exact():
        kept = value.quantize(Decimal(1).scaleb(-token.decimals), rounding=ROUND_DOWN)
    if not kept:
        with pytest.raises(UserError, match="comes to no T"):
            measure(Units(value), held, None)
        return
    assert measure(Units(value), held, None).value == kept


@given(tokens, sane, prices)
def test_dollars_buy_as_much_as_they_pay_for_and_not_a_base_unit_more(
    token: Token, value: Decimal, usd: Decimal
):
    price = price_of(token, usd)
    try:
        amount = measure(Dollars(value), Amount(token, 0), price)
    except UserError:
        amount = Amount(token, 0)
    with exact():
        assert amount.worth(price) <= value
        assert Amount(token, amount.raw + 1).worth(price) > value


def test_dollars_need_a_price():
    with pytest.raises(UserError, match="no price for SEI now"):
        measure(Dollars(Decimal(5)), Amount(SEI, 10), None)


def test_nothing_is_not_an_amount():
    with pytest.raises(UserError, match="comes to no USDC at all"):
        measure(parse_amount("0.0000001"), Amount(USDC, 10), None)
    with pytest.raises(UserError, match="comes to no USDC at all"):
        measure(parse_amount("all"), Amount(USDC, 0), None)


@given(amounts, bps)
def test_a_share_and_the_rest_of_an_amount(amount: Amount, part: Bps):
    share, rest = amount.share(part), amount.less(part)
    assert share.raw + rest.raw == amount.raw, "nothing is lost or made"
    assert share.raw * BPS <= amount.raw * part < (share.raw + 1) * BPS, "rounded down"
    assert rest.raw * BPS >= amount.raw * (BPS - part), "a minimum is never rounded down"


@given(amounts)
def test_units_and_back_lose_nothing(amount: Amount):
    assert amount.token.amount(amount.value) == amount
    assert amount.token.amount(Decimal(plain(amount.value))) == amount


@pytest.mark.parametrize(
    ("value", "text"),
    [("1E+3", "1000"), ("1.500", "1.5"), ("0E-18", "0"), ("1E-18", "0." + "0" * 17 + "1")],
)
def test_plain_is_a_decimal_string(value: str, text: str):
    assert plain(Decimal(value)) == text


def test_an_amount_is_never_negative():
    with pytest.raises(ValueError, match="negative amount of SEI"):
        Amount(SEI, -1)


def test_a_price_counts_for_its_own_token_only():
    with pytest.raises(ValueError, match="price of USDC used for SEI"):
        Amount(SEI, 1).worth(price_of(USDC, Decimal(1)))
