from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import render
from bot.chat.sentences import denied_sentence, sentence
from bot.domain.errors import UpstreamError, UserError
from bot.domain.money import Amount, Token
from bot.domain.trade import Denied, DeniedReason
from bot.local.telegram.entities import parse_html
from bot.services.refusals import DeniedError

amounts = st.builds(
    lambda decimals, raw: Amount(Token("SEI", "0x", decimals), raw),
    st.integers(0, 18),
    st.integers(0, 2**256 - 1),
)


@pytest.mark.parametrize(
    ("change", "words"),
    [("0", "unchanged"), ("0.004", "unchanged"), ("-0.04", "▼ 0.04 %"), ("0.06", "▲ 0.1 %"),
     ("-1.5", "▼ 1.5 %")],
)  # fmt: skip
def test_what_did_not_move_is_unchanged(change: str, words: str):
    assert render.change_words(Decimal(change)) == words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "$0.00"),
        ("0.004", "about $0.00"),
        ("-0.004", "about $0.00"),
        ("0.01", "$0.01"),
        ("1234.567", "$1,234.57"),
        ("-3.2", "-$3.20"),
        ("1e30", "$1" + ",000" * 10 + ".00"),
    ],
)
def test_dollars(value: str, text: str):
    assert render.usd(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "$0"),
        ("0.24753", "$0.24753"),
        ("0.0000123456789", "$0.000012346"),
        ("1", "$1"),
        ("12.34567", "$12.346"),
        ("98765.4321", "$98,765.43"),
        ("1e-30", "$0." + "0" * 29 + "1"),
    ],
)
def test_prices(value: str, text: str):
    assert render.price(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("12.3456789", "12.3456"),
        ("0.99999999", "0.999999"),
        ("1999999.999", "1,999,999.99"),
        ("1e-18", "0.000000000000000001"),
        ("100", "100"),
    ],
)
def test_quantities_are_cut_and_never_rounded_up(value: str, text: str):
    assert render.quantity(Decimal(value)) == text


@given(amounts)
def test_nobody_is_shown_more_than_there_is(amount: Amount):
    shown, symbol = render.units(amount).split()
    assert symbol == "SEI"
    assert Decimal(shown.replace(",", "")) <= amount.value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40))
def test_no_figure_breaks_a_card(value: Decimal):
    for shown in (render.usd(value), render.significant(value, 5), render.quantity(abs(value))):
        assert shown
        assert "E" not in shown


def test_a_hostile_symbol_is_text():
    amount = Amount(Token("<b>&", "0x", 0), 1)
    assert parse_html(render.units(amount))[0] == "1 <b>&"


def test_percent_and_time():
    at = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
    assert render.percent(30) == "0.30 %"
    assert render.clock(at) == "14:02 UTC"
    ages = [(0, "just now"), (59, "just now"), (60, "1 min ago"), (7_200, "2 h ago")]
    for seconds, text in ages:
        assert render.ago(timedelta(seconds=seconds)) == text
    assert render.age(timedelta(days=4)) == "4 days"
    assert render.short("0x" + "ab" * 20) == "0xabab…abab"


@pytest.mark.parametrize("reason", DeniedReason)
def test_every_refusal_has_a_sentence_that_says_that_nothing_moved(reason: DeniedReason):
    said = denied_sentence(Denied(reason, Decimal(300), Decimal(360)), "SEI")
    assert said.endswith("Nothing was moved.")
    assert len(said) > len("Nothing was moved.") + 15


@pytest.mark.parametrize(
    ("denied", "words"),
    [
        (Denied(DeniedReason.DAY_CAP, Decimal(200), Decimal(12)), ("$200.00", "$12.00 is left")),
        (Denied(DeniedReason.STALE_PRICE, Decimal(300), Decimal(421)), ("7 minutes", "5 minutes")),
        (Denied(DeniedReason.PRICE_IMPACT, Decimal(300), Decimal(512)), ("5.12 %", "3.00 %")),
        (Denied(DeniedReason.UNFAIR_QUOTE, Decimal(300), Decimal(450)), ("4.50 %", "3.00 %")),
        (Denied(DeniedReason.BALANCE, Decimal(1), Decimal("2.5")), ("2.5 SEI", "1 SEI")),
    ],
)
def test_a_refusal_tells_its_figures(denied: Denied, words: tuple[str, ...]):
    said = sentence(DeniedError(denied, "SEI"))
    assert all(word in said for word in words)


@pytest.mark.parametrize("edge", ["chain", "market", "gemini", "telegram", "unheard of"])
def test_every_edge_has_a_sentence_without_its_secrets(edge: str):
    retryable = sentence(UpstreamError(edge, "https://node/?key=hush", retryable=True))
    final = sentence(UpstreamError(edge, "https://node/?key=hush", retryable=False))
    assert "hush" not in retryable + final
    assert "try again in a minute" in retryable
    assert "An admin has to look" in final


def test_a_user_error_is_said_as_it_is():
    assert sentence(UserError("No <b> here.")) == "No <b> here."
