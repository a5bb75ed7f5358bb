from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.money import exact
from bot.domain.trade import Fill, IntentId, Side, TxHash
from bot.policy.pnl import Position, concentration_advice, positions

AT = datetime(2026, 11, 20, tzinfo=UTC)
NEARLY = Decimal("1e-40")


def fill(side: Side, quantity: str, value: str, gas: str = "0", symbol: str = "SEI") -> Fill:
    units, usd, price = Decimal(quantity), Decimal(value), Decimal(0)
    gas_usd = Decimal(gas)
    return Fill(
        IntentId("x"), 1, symbol, side, units, usd, price, price, gas_usd, gas_usd, "Uniswap",
        TxHash("0x"), AT,
    )  # fmt: skip


def bought(quantity: str, value: str, gas: str = "0", symbol: str = "SEI") -> Fill:
    return fill(Side.BUY, quantity, value, gas, symbol)


def sold(quantity: str, value: str, gas: str = "0", symbol: str = "SEI") -> Fill:
    return fill(Side.SELL, quantity, value, gas, symbol)


def test_average_cost_by_hand():
    position = positions([bought("100", "20", "1"), bought("100", "40"), sold("50", "25", "2")])
    sei = position["SEI"]
    assert sei.quantity == 150
    assert sei.average_usd == Decimal("0.3")
    assert sei.cost_usd == 45
    assert sei.realised_usd == 25 - 50 * Decimal("0.3") - 3
    assert sei.unrealised_usd(Decimal(150), Decimal("0.4")) == 15


def test_what_was_deposited_has_no_gain():
    sei = positions([bought("10", "5"), sold("30", "30")])["SEI"]
    assert sei == Position("SEI", Decimal(0), Decimal(0), Decimal(5))
    assert sei.average_usd is None
    assert sei.unrealised_usd(Decimal(100), Decimal(9)) == 0
    assert positions([sold("30", "30", "1")])["SEI"].realised_usd == -1


def test_no_open_gain_on_what_was_withdrawn_or_added():
    sei = positions([bought("10", "5")])["SEI"]
    assert sei.unrealised_usd(Decimal(4), Decimal(1)) == 2
    assert sei.unrealised_usd(Decimal(40), Decimal(1)) == 5


def test_tokens_do_not_mix():
    both = positions([bought("1", "10"), bought("2", "30", symbol="WETH"), sold("1", "12")])
    assert both["SEI"].realised_usd == 2
    assert both["WETH"] == Position("WETH", Decimal(2), Decimal(30))


money = st.decimals("0", "1e9", places=6)
quantities = st.decimals("0.000001", "1e12", places=18)
trades = st.lists(
    st.builds(
        lambda side, quantity, value, gas: fill(side, str(quantity), str(value), str(gas)),
        st.sampled_from(Side), quantities, money, st.decimals("0", "10", places=6),
    ),
    max_size=20,
)  # fmt: skip


@given(trades)
def test_no_money_is_made_or_lost_in_the_books(fills: list[Fill]):
    """Realised gain and remaining cost add up to the cash that went in and out."""
    sei = positions(fills).get("SEI", Position("SEI"))
    with exact():
        held = known_out = Decimal(0)
        for each in fills:
            if each.side is Side.BUY:
                held += each.quantity
                known_out -= each.value_usd
            else:
                known = min(held, each.quantity)
                held -= known
                known_out += each.value_usd * known / each.quantity
            known_out -= each.gas_usd
        assert sei.quantity == held
        assert sei.quantity >= 0
        assert abs(sei.realised_usd - sei.cost_usd - known_out) < NEARLY
        assert sei.cost_usd > -NEARLY


@given(quantities, money, st.integers(1, 5))
def test_selling_in_parts_realises_what_selling_at_once_does(
    quantity: Decimal, value: Decimal, parts: int
):
    with exact():
        piece, paid = str(quantity), str(value)
        at_once = positions([bought(piece, paid)] * parts + [sold(str(quantity * parts), paid)])
        in_parts = positions(
            [bought(piece, paid)] * parts
            + [fill(Side.SELL, piece, "0")] * (parts - 1)
            + [sold(piece, paid)]
        )
        assert abs(at_once["SEI"].realised_usd - in_parts["SEI"].realised_usd) < NEARLY
        assert at_once["SEI"].quantity == in_parts["SEI"].quantity == 0


@pytest.mark.parametrize(
    ("holdings", "word"),
    [
        ([], None),
        ([("SEI", Decimal(0))], None),
        ([("SEI", Decimal(60)), ("USDC", Decimal(40))], None),
        ([("SEI", Decimal(61)), ("USDC", Decimal(39))], "61% of this agent is in SEI"),
        ([("SEI", Decimal(1))], "100% of this agent is in SEI"),
        ([("USDC", Decimal(99)), ("SEI", Decimal(1))], None),
    ],
)
def test_one_dominating_volatile_token_is_worth_a_word(holdings, word: str | None):
    advice = concentration_advice(holdings, frozenset({"USDC"}))
    assert advice is None if word is None else advice and word in advice
