"""Hostile and broken answers: bounded, scrubbed or refused; never believed."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.analysis import Action, MoreContext, TradeDecision
from bot.llm.outputs import (
    AdviceAnswer,
    DecisionAnswer,
    GuardAnswer,
    MalformedError,
    TickerAnswer,
    parse_advice,
    parse_decision,
    parse_extraction,
    parse_guard,
)
from tests.unit.llm.samples import ADDRESS, LISTED, brief, view

GOOD: dict[str, Any] = {
    "action": "BUY",
    "symbol": "SEI",
    "entry_usd": 0.3123,
    "stop_loss_usd": 0.29,
    "take_profit_usd": 0.36,
    "confidence": 61,
    "suggested_usd": 20,
    "summary": "A small buy fits.",
    "reasons": ["RSI is 54."],
    "risks": ["It is volatile."],
    "more_symbols": [],
    "more_days": 0,
}


def decided(text: str | None = None, **changes: Any) -> TradeDecision | MoreContext:
    asked = changes.pop("asked", brief())
    answer = DecisionAnswer.model_validate_json(text or json.dumps(GOOD | changes))
    return parse_decision(answer, asked, "test-model")


def decision(**changes: Any) -> TradeDecision:
    parsed = decided(**changes)
    assert isinstance(parsed, TradeDecision)
    return parsed


def test_a_good_answer_becomes_a_decision() -> None:
    assert decision() == TradeDecision(
        action=Action.BUY,
        symbol="SEI",
        entry=Decimal("0.3123"),
        stop_loss=Decimal("0.29"),
        take_profit=Decimal("0.36"),
        confidence=61,
        suggested_usd=Decimal("20.00"),
        summary="A small buy fits.",
        reasons=("RSI is 54.",),
        risks=("It is volatile.",),
        analyst="test-model",
    )


@pytest.mark.parametrize(
    ("wish", "suggested"),
    [("1e30", "50"), ("50.019", "50"), ("12.349", "12.34"), ("-7", "0"), ("1e-400", "0")],
)
def test_the_amount_is_clipped_between_nothing_and_the_cap(wish: str, suggested: str) -> None:
    text = json.dumps(GOOD).replace('"suggested_usd": 20', f'"suggested_usd": {wish}')
    parsed = decided(text)
    assert isinstance(parsed, TradeDecision)
    assert parsed.suggested_usd == Decimal(suggested)


@pytest.mark.parametrize("field", ["entry_usd", "stop_loss_usd", "take_profit_usd"])
@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", "1e30", "-0.3", "0", "true", "[]"]
)
def test_prices_are_finite_positive_and_bounded(field: str, value: str) -> None:
    text = json.dumps(GOOD).replace(f'"{field}": {GOOD[field]}', f'"{field}": {value}')
    with pytest.raises(ValidationError):
        decided(text)


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", '"all of it"', "null", "{}", "1e99999999999999999999"]
)
def test_an_amount_that_is_no_number_is_refused(value: str) -> None:
    text = json.dumps(GOOD).replace('"suggested_usd": 20', f'"suggested_usd": {value}')
    with pytest.raises(ValidationError):
        decided(text)


@pytest.mark.parametrize("confidence", [-1, 101, 10**30, "61", 61.5, True, None])
def test_confidence_is_a_whole_number_up_to_100(confidence: object) -> None:
    with pytest.raises(ValidationError):
        decided(confidence=confidence)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"entry_usd": 0.38}, "far from the market"),
        ({"entry_usd": 0.24, "stop_loss_usd": 0.2}, "far from the market"),
        ({"stop_loss_usd": 0.33}, "wrong side"),
        ({"stop_loss_usd": 0.3123}, "wrong side"),
        ({"take_profit_usd": 0.30}, "wrong side"),
        ({"action": "SELL"}, "wrong side"),
        ({"take_profit_usd": 1.6}, "out of proportion"),
        ({"stop_loss_usd": 0.06}, "out of proportion"),
        ({"stop_loss_usd": None}, "without stop"),
        ({"symbol": "WETH"}, "nobody asked for"),
        ({"symbol": "DOGE"}, "nobody asked for"),
        ({"symbol": "SЕI"}, "nobody asked for"),  # noqa: RUF001 (Cyrillic E)
        ({"reasons": []}, "without a reason"),
        ({"summary": "\u200b"}, "without a reason"),
        ({"asked": brief(tradable=("WETH",))}, "not tradable"),
        ({"action": "MORE", "more_symbols": ["WETH"]}, "twice"),
    ],
)
def test_what_cannot_be_believed_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        decided(**changes)


def test_a_sale_has_its_stop_above_and_its_target_below() -> None:
    sale = decision(action="SELL", stop_loss_usd=0.33, take_profit_usd=0.28)
    assert (sale.stop_loss, sale.take_profit) == (Decimal("0.33"), Decimal("0.28"))


def test_hold_suggests_nothing_and_drops_levels_that_make_no_sense() -> None:
    hold = decision(action="HOLD", stop_loss_usd=0.33, take_profit_usd=0.28)
    assert hold.suggested_usd == 0
    assert hold.stop_loss is hold.take_profit is None
    assert decision(action="HOLD").stop_loss == Decimal("0.29")
    bare = {"entry_usd": None, "stop_loss_usd": None, "take_profit_usd": None}
    assert decision(action="HOLD", **bare).entry == Decimal("0.3123")


def test_a_second_token_counts_only_if_the_question_names_it() -> None:
    views = (view(), view("WETH", "0.3"))
    weth = {"symbol": "WETH", "asked": brief(question="sei or eth?", views=views)}
    assert decision(**weth).symbol == "WETH"
    with pytest.raises(MalformedError):
        decided(symbol="WETH", asked=brief(question="sei?", views=views))


@pytest.mark.parametrize("field", ["summary", "reasons", "risks"])
def test_words_carry_nothing_to_tap_copy_or_obey(field: str) -> None:
    hostile = f"Send it to {ADDRESS} or https://evil.example, then /withdraw <b>now</b>\u202e"
    text = str(decision(**{field: hostile if field == "summary" else [hostile]}))
    assert "0x" not in text
    assert "evil" not in text
    assert "/withdraw" not in text
    assert "<b>" not in text
    assert "\u202e" not in text


def test_long_words_and_lists_are_cut() -> None:
    parsed = decision(summary="x" * 100_000, reasons=["y" * 100_000] * 10, risks=["z"] * 50)
    assert len(parsed.summary) <= 500
    assert len(parsed.reasons) == 5
    assert all(len(reason) <= 300 for reason in parsed.reasons)
    assert len(parsed.risks) == 5


@pytest.mark.parametrize("field", sorted(GOOD.keys() - {"more_symbols", "more_days"}))
def test_a_decision_has_all_its_fields(field: str) -> None:
    with pytest.raises(ValidationError):
        decided(json.dumps({name: GOOD[name] for name in GOOD if name != field}))


def test_fields_nobody_asked_for_have_nowhere_to_go() -> None:
    assert decision(recipient=ADDRESS, amount_wei=10**30, execute=True) == decision()


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({"more_symbols": ["eth", "DOGE", ADDRESS, "SEI"]}, MoreContext(("WETH",), 14)),
        ({"more_days": 60}, MoreContext((), 90)),
        ({"more_days": 10**30}, MoreContext((), 365)),
        ({"more_symbols": ["WBTC"], "more_days": 7}, MoreContext(("WBTC",), 7)),
    ],
)
def test_more_context_is_listed_tokens_and_known_spans(
    changes: dict[str, Any], more: MoreContext
) -> None:
    assert decided(action="MORE", asked=brief(may_ask_more=True), **changes) == more


@pytest.mark.parametrize(
    "changes", [{}, {"more_symbols": ["DOGE"]}, {"more_days": -5}, {"more_days": 14}]
)
def test_more_context_without_a_usable_wish_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        decided(action="MORE", asked=brief(may_ask_more=True), **changes)


def test_guard_reasons_are_for_people() -> None:
    refusal = GuardAnswer(allowed=False, reason="See https://evil.example\x00")
    assert parse_guard(refusal).reason == "See [removed]"
    assert parse_guard(GuardAnswer(allowed=False, reason=" ")).reason
    assert parse_guard(GuardAnswer(allowed=True, reason="psst")).reason == ""


def test_extraction_keeps_listed_tokens_and_words_that_were_said() -> None:
    answer = TickerAnswer(
        symbols=["eth", "WETH", "FAKE", "SЕI"],  # noqa: RUF001
        unknown=["doge", "TRUSTME", ADDRESS, "usd", "sei"],
    )
    found = parse_extraction(answer, "eth or $doge for usd?", LISTED)
    assert found.symbols == ("WETH", "SEI")
    assert found.unknown == ("DOGE",)


def test_extraction_is_bounded() -> None:
    answer = TickerAnswer(symbols=["SEI"] * 10_000, unknown=["x" * 100_000])
    assert parse_extraction(answer, "sei?", LISTED).symbols == ("SEI",)


def test_advice_is_plain_text() -> None:
    advice = parse_advice(AdviceAnswer(text=f"**Calm**.\n\nAsk {ADDRESS}\x07" + "x" * 9999), "m")
    assert advice.text.startswith("Calm.\n\nAsk [removed]")
    assert len(advice.text) <= 2500
    with pytest.raises(ValidationError):
        AdviceAnswer(text=" \u200b\n")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), _JSON))
def test_any_json_is_refused_or_bounded(changes: dict[str, Any]) -> None:
    asked = brief()
    try:
        parsed = decided(asked=asked, **changes)
    except (ValidationError, MalformedError):
        return
    assert isinstance(parsed, TradeDecision)
    price = asked.views[0].price.usd
    assert parsed.symbol == "SEI"
    assert 0 <= parsed.suggested_usd <= asked.trade_cap_usd
    assert abs(parsed.entry - price) <= price / 5
    assert 0 <= parsed.confidence <= 100
