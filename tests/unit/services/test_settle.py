"""Receipts as fills, in figures worked out by hand, and what balances they account for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.domain.money import Token, Wei
from bot.domain.trade import (
    Fill,
    Intent,
    IntentId,
    IntentKind,
    IntentState,
    Order,
    Receipt,
    Side,
    TxHash,
)
from bot.ports.ledger import Notice
from bot.services.settle import fill_of, receipt_of, settled_step
from tests.unit.services.office import ISEI, SEI, USDC, WBTC

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOTICE = Notice(7, "outcome", "outcome:x")


def mined(side: Side, sold: str, bought: str, token: Token, **prices: str) -> Intent:
    """A swap between USDC and a token, proposed for these units, and mined 10 s ago."""
    buying = side is Side.BUY
    sell, buy = (USDC, token) if buying else (token, USDC)
    sell_usd = Decimal(prices["quote" if buying else "price"])
    buy_usd = Decimal(prices["price" if buying else "quote"])
    order = Order(
        sell.amount(Decimal(sold)),
        expected_buy=buy.amount(Decimal(bought)),
        min_buy=buy.amount(Decimal(bought) * Decimal("0.99")),
        venue="Cheap",
        native_usd=Decimal("0.25"),
        buy_price_usd=buy_usd,
    )
    return Intent(
        id=IntentId("x"),
        kind=IntentKind.SWAP,
        state=IntentState.MINED,
        user_id=7,
        agent_id=1,
        chat_id=7,
        account="0xactor",
        sequence=1,
        side=side,
        order=order,
        notional_usd=Decimal(sold) * sell_usd,
        expires_at=NOW,
        created_at=NOW,
        updated_at=NOW - timedelta(seconds=10),
        correlation_id="c0ffee",
    )


def received(intent: Intent, spent: int, got: int, **changes: object) -> Intent:
    receipt = Receipt(
        TxHash("0xabc"),
        block=9,
        succeeded=True,
        gas_used=210_000,
        gas_paid=Wei(210_000 * 50 * 10**9),
        spent=spent,
        got=got,
    )
    return replace(intent, receipt=replace(receipt, **changes))  # type: ignore[arg-type]


def figures(fill: Fill) -> tuple[Decimal, ...]:
    return (fill.quantity, fill.value_usd, fill.price_usd, fill.expected_price_usd)


def test_a_purchase_of_eighteen_decimals():
    """10 USDC at $0.999 for 39.9 SEI where 40 were offered."""
    intent = mined(Side.BUY, "10", "40", SEI, quote="0.999", price="0.25")
    fill = fill_of(received(intent, 10 * 10**6, 399 * 10**17), NOW)
    price = round(fill.price_usd, 12)
    assert (fill.quantity, fill.value_usd) == (Decimal("39.9"), Decimal("9.99"))
    assert (price, fill.expected_price_usd) == (Decimal("0.250375939850"), Decimal("0.24975"))
    assert (fill.symbol, fill.side, fill.venue, fill.tx_hash) == ("SEI", "BUY", "Cheap", "0xabc")
    assert (fill.gas_sei, fill.gas_usd) == (Decimal("0.0105"), Decimal("0.002625"))
    assert (fill.intent_id, fill.agent_id, fill.at) == ("x", 1, NOW)


def test_a_sale_of_eighteen_decimals():
    """40 SEI for 9.9 USDC at $1.01 where 10 were offered."""
    intent = mined(Side.SELL, "40", "10", SEI, quote="1.01", price="0.25")
    fill = fill_of(received(intent, 40 * 10**18, 9_900_000), NOW)
    assert figures(fill) == (
        Decimal(40),
        Decimal("9.999"),
        Decimal("0.249975"),
        Decimal("0.2525"),
    )


def test_a_purchase_of_eight_decimals():
    """30 USDC for 0.0005 WBTC where 0.00048 were offered."""
    intent = mined(Side.BUY, "30", "0.00048", WBTC, quote="1", price="60000")
    fill = fill_of(received(intent, 30 * 10**6, 50_000), NOW)
    assert figures(fill) == (Decimal("0.0005"), Decimal(30), Decimal(60_000), Decimal(62_500))


def test_a_sale_of_six_decimals():
    """50 iSEI for 15.5 USDC where 15 were offered."""
    intent = mined(Side.SELL, "50", "15", ISEI, quote="1", price="0.3")
    fill = fill_of(received(intent, 50 * 10**6, 15_500_000), NOW)
    assert figures(fill) == (Decimal(50), Decimal("15.5"), Decimal("0.31"), Decimal("0.3"))


def test_what_was_spent_counts_not_what_was_offered():
    """The pool took 8 of the 10 USDC."""
    intent = mined(Side.BUY, "10", "40", SEI, quote="1", price="0.25")
    fill = fill_of(received(intent, 8 * 10**6, 32 * 10**18), NOW)
    assert figures(fill) == (Decimal(32), Decimal(8), Decimal("0.25"), Decimal("0.25"))


def test_a_swap_that_gave_nothing_has_no_price():
    intent = mined(Side.BUY, "10", "40", SEI, quote="1", price="0.25")
    fill = fill_of(received(intent, 10 * 10**6, 0), NOW)
    assert figures(fill)[:3] == (Decimal(0), Decimal(10), Decimal(0))


def test_figures_beyond_the_usual_precision_are_exact():
    intent = mined(Side.SELL, "1000000000001", "10", SEI, quote="1", price="0.25")
    spent = 1_000_000_000_000_000_000_000_000_000_001
    fill = fill_of(received(intent, spent, 10**7), NOW)
    assert str(fill.quantity) == "1000000000000.000000000000000001"


def test_a_settled_swap_accounts_for_both_balances():
    intent = mined(Side.BUY, "10", "40", SEI, quote="1", price="0.25")
    step = settled_step(received(intent, 9 * 10**6, 36 * 10**18), NOW, NOTICE)
    assert (step.expect, step.to, step.now) == (IntentState.MINED, IntentState.SETTLED, NOW)
    assert step.balance_changes == {"USDC": -9 * 10**6, "SEI": 36 * 10**18}
    assert step.notice == NOTICE
    assert step.fill is not None


def test_a_reverted_one_accounts_for_nothing():
    intent = mined(Side.BUY, "10", "40", SEI, quote="1", price="0.25")
    reverted = received(intent, 0, 0, succeeded=False, reason="Paused")
    step = settled_step(reverted, NOW, NOTICE)
    assert (step.to, step.reason, step.fill) == (IntentState.REVERTED, "Paused", None)
    assert step.balance_changes == {}
    assert step.notice == NOTICE


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (IntentKind.WITHDRAW, {"USDC": -10 * 10**6}),
        (IntentKind.FUND_ACTOR, {"USDC": -10 * 10**6}),
        (IntentKind.OPEN_AGENT, {}),
    ],
)
def test_other_kinds_are_no_trade(kind: IntentKind, changes: dict[str, int]):
    intent = mined(Side.BUY, "10", "40", SEI, quote="1", price="0.25")
    other = replace(intent, kind=kind, side=None, order=Order(USDC.amount(Decimal(10))))
    step = settled_step(received(other, 0, 0, escrow="0xe5c"), NOW, None)
    assert (step.to, step.fill, step.escrow) == (IntentState.SETTLED, None, "0xe5c")
    assert step.balance_changes == changes


def test_what_cannot_be_is_a_bug():
    intent = mined(Side.BUY, "10", "40", SEI, quote="1", price="0.25")
    with pytest.raises(LookupError, match="without a receipt"):
        receipt_of(intent)
    with pytest.raises(LookupError, match="no expectation"):
        fill_of(received(replace(intent, side=None), 1, 1), NOW)
