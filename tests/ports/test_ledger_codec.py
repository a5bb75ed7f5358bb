"""What the journal keeps as JSON comes back as it was."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.analysis import Action, TradeDecision
from bot.domain.mandate import Mandate
from bot.domain.money import Amount, Token
from bot.domain.trade import Order, Receipt, SignedTx
from db import codec

text = st.text(max_size=20)
raw = st.integers(0, 2**256 - 1)
decimals = st.decimals(allow_nan=False, allow_infinity=False)
tokens = st.builds(
    Token, text, text, st.integers(0, 255), st.none() | text, is_wrapped_native=st.booleans()
)
amounts = st.builds(Amount, tokens, raw)
seconds = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0))
micro = st.integers(0, 2**48 - 1)
mandates = st.builds(
    Mandate,
    nonce=st.integers(0, 2**32 - 1),
    issued_at=seconds,
    valid_until=seconds,
    sign_by=seconds,
    slippage=st.integers(0, 9_999),
    trade_cap=micro,
    daily_volume=micro,
    daily_loss=micro,
    tokens=st.lists(text).map(tuple),
    adapters=st.lists(text).map(tuple),
)
orders = st.builds(
    Order,
    sell=amounts,
    expected_buy=st.none() | amounts,
    min_buy=st.none() | amounts,
    venue=text,
    adapter=text,
    path=st.lists(text).map(tuple),
    data=st.binary(max_size=99),
    price_impact=st.integers(0, 10_000),
    fee=st.integers(0, 10_000),
    native_usd=decimals,
    buy_price_usd=decimals,
    mandate=st.none() | mandates,
    signature=st.binary(max_size=99),
    nonce=st.integers(0, 2**32 - 1),
)
signed = st.builds(SignedTx, text, st.integers(0, 2**63), text, st.binary(max_size=99))
receipts = st.builds(
    Receipt,
    tx_hash=text,
    block=st.integers(0, 2**63),
    succeeded=st.booleans(),
    gas_used=st.integers(0, 2**63),
    gas_paid=raw,
    spent=raw,
    got=raw,
    escrow=text,
    index=st.integers(0, 2**63),
    reason=text,
)
decisions = st.builds(
    TradeDecision,
    action=st.sampled_from(Action),
    symbol=text,
    entry=decimals,
    stop_loss=st.none() | decimals,
    take_profit=st.none() | decimals,
    confidence=st.integers(0, 100),
    suggested_usd=decimals,
    summary=text,
    reasons=st.lists(text).map(tuple),
    risks=st.lists(text).map(tuple),
    analyst=text,
)


def through(dump: Callable[[Any], Any], load: Callable[[Any], Any], value: Any) -> Any:
    return load(json.loads(json.dumps(dump(value), allow_nan=False)))


@given(orders)
def test_orders(order: Order) -> None:
    assert through(codec.dump_order, codec.load_order, order) == order


@given(mandates)
def test_mandates(mandate: Mandate) -> None:
    assert through(codec.dump_mandate, codec.load_mandate, mandate) == mandate


@given(orders)
def test_orders_of_before_there_were_mandates(order: Order) -> None:
    body = codec.dump_order(order)
    old = {k: v for k, v in body.items() if k not in ("mandate", "signature", "nonce")}
    expected = replace(order, mandate=None, signature=b"", nonce=0)
    assert codec.load_order(json.loads(json.dumps(old))) == expected


@given(receipts)
def test_receipts_of_before_escrows_had_numbers(receipt: Receipt) -> None:
    old = codec.dump_receipt(receipt)
    del old["index"]
    assert codec.load_receipt(old) == replace(receipt, index=0)


@given(signed)
def test_signed_transactions(tx: SignedTx) -> None:
    assert through(codec.dump_signed, codec.load_signed, tx) == tx


@given(receipts)
def test_receipts(receipt: Receipt) -> None:
    assert through(codec.dump_receipt, codec.load_receipt, receipt) == receipt


@given(decisions)
def test_decisions(decision: TradeDecision) -> None:
    assert through(codec.dump_decision, codec.load_decision, decision) == decision


def test_a_row_keeps_its_token_whatever_is_listed_later() -> None:
    body = codec.dump_amount(Amount(Token("SEI", "0x1", 18), 2**200))
    assert body["raw"] == str(2**200)
    assert body["token"]["address"] == "0x1"
