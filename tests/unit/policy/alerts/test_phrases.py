"""Taking sentences apart: numbers, percents, spans, times, tokens and what is left."""

from contextlib import suppress
from datetime import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.policy.alerts.phrases import LONGEST, Phrase, read_number, read_phrase, seconds_of, span_of

LISTED = ("SEI", "USDC", "WETH", "WBTC", "iSEI", "SolvBTC", "USDT0")


@pytest.mark.parametrize(
    ("digits", "value"),
    [
        ("0.25", "0.25"),
        ("0,25", "0.25"),
        ("0,250", "0.25"),
        (".5", "0.5"),
        (",5", "0.5"),
        ("12,5", "12.5"),
        ("95,000", "95000"),
        ("95'000", "95000"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1'234.5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("1.250", "1.25"),
        ("007", "7"),
        ("1234,56", "1234.56"),
    ],
)
def test_commas_and_points(digits: str, value: str) -> None:
    assert read_number(digits) == Decimal(value)


@pytest.mark.parametrize("digits", ["1.2.3", "1,2,3", "1,23,456", "12'34", "1.2,3.4", "1,,000"])
def test_what_can_be_read_in_two_ways_is_refused(digits: str) -> None:
    with pytest.raises(UserError, match="as a number"):
        read_number(digits)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("sei above 0.25", ["0.25"]),
        ("sei above $0.25", ["0.25"]),
        ("sei above $ 0.25", ["0.25"]),
        ("sei above 0.25$", ["0.25"]),
        ("sei above 0.25 usd.", ["0.25"]),
        ("sei above 0.25usd", ["0.25"]),
        ("sei above 25c", ["0.25"]),
        ("sei above 25\xa2", ["0.25"]),
        ("sei under 20ct", ["0.2"]),
        ("eth above 3 grand", ["3000"]),
        ("btc below 95k", ["95000"]),
        ("btc below 95 k", ["95000"]),
        ("btc below $1.5M", ["1500000"]),
        ("btc below 95 000", ["95000"]),
        ("btc below 95\xa0000", ["95000"]),
        ("btc below 95 thousand", ["95000"]),
        ("portfolio above 2m", ["2000000"]),
        ("sei above 2.5e-3", ["0.0025"]),
        ("sei above -1", ["-1"]),
        ("sei above \u22121", ["-1"]),
        ("between 0.2-0.3", ["0.2", "0.3"]),
        ("sei>0.3", ["0.3"]),
        ("usdt0 below 1", ["1"]),
        ("sei +5% 1h", []),
        ("sei new high 30d", []),
    ],
)
def test_numbers(text: str, numbers: list[str]) -> None:
    assert read_phrase(text, LISTED).numbers == tuple(map(Decimal, numbers))


def test_arabic_and_other_digits_are_no_numbers() -> None:
    assert read_phrase("sei above \u0665", LISTED).numbers == ()
    assert read_phrase("sei above \uff15", LISTED).numbers == ()


@pytest.mark.parametrize(
    ("text", "percents"),
    [
        ("-5%", ["-5"]),
        ("- 5 %", ["-5"]),
        ("\u22125%", ["-5"]),
        ("+3 percent", ["3"]),
        ("3.5 pct", ["3.5"]),
        ("2,5%", ["2.5"]),
        ("five percent", ["5"]),
        ("+3% or -3%", ["3", "-3"]),
    ],
)
def test_percents(text: str, percents: list[str]) -> None:
    assert read_phrase(text, LISTED).percents == tuple(map(Decimal, percents))


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("5% 1h", ["1h"]),
        ("5% in 15m", ["15m"]),
        ("5% in 15 min", ["15m"]),
        ("5% in fifteen minutes", ["15m"]),
        ("5% 60 minutes", ["1h"]),
        ("5% 24h", ["1d"]),
        ("5% within a day", ["1d"]),
        ("5% in an hour", ["1h"]),
        ("5% in the last hour", ["1h"]),
        ("5% over 4 hours", ["4h"]),
        ("high of 1 week", ["7d"]),
        ("7-day low", ["7d"]),
        ("a 7 day low", ["7d"]),
        ("52 week high", ["364d"]),
        ("high of a month", ["30d"]),
        ("high of 3 months", ["90d"]),
        ("high in a year", ["365d"]),
        ("above 2m", []),
        ("above 2.5h", ["150m"]),
        ("5% in half an hour", ["30m"]),
        ("5% in an hour and a half", ["90m"]),
        ("5% within 1h 30m", ["90m"]),
        ("high of 2 days 4 hours", ["52h"]),
        ("5% 1h or 4h", ["1h", "4h"]),
    ],
)
def test_spans(text: str, spans: list[str]) -> None:
    assert read_phrase(text, LISTED).spans == tuple(spans)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("daily at 8", time(8)),
        ("daily at 8.", time(8)),
        ("daily digest 08:00", time(8)),
        ("daily at 8 pm", time(20)),
        ("daily at 12am", time(0)),
        ("daily at 12pm", time(12)),
        ("daily at 7:05 p.m.", time(19, 5)),
        ("every evening at 7:30", time(19, 30)),
        ("every day at noon", time(12)),
        ("digest at midnight", time(0)),
        ("digest at 8 o'clock", time(8)),
        ("digest on sunday night at 11", time(23)),
        ("digest at 12 at night", time(0)),
        ("digest at 2 at night", time(2)),
        ("digest at 3 in the afternoon", time(15)),
        ("sei at 8", None),
        ("daily", None),
    ],
)
def test_times(text: str, at: time | None) -> None:
    assert read_phrase(text, LISTED).at == at


@pytest.mark.parametrize("text", ["daily at 25:00", "daily at 8:60", "digest at 24"])
def test_no_times(text: str) -> None:
    with pytest.raises(UserError, match="no time of the day"):
        read_phrase(text, LISTED)


@pytest.mark.parametrize(
    ("text", "weekdays"),
    [("mon", [0]), ("on Fridays", [4]), ("sunday", [6]), ("thurs", [3]), ("may", []),
     ("monday to friday", [0, 4]), ("mon-fri", [0, 4]), ("weekdays", [])],
)  # fmt: skip
def test_weekdays(text: str, weekdays: list[int]) -> None:
    assert list(read_phrase(text, LISTED).weekdays) == weekdays


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("$SEI crosses 0.3", ["SEI"]),
        ("bitcoin", ["WBTC"]),
        ("SEI/USDC above 1", ["SEI"]),
        ("sei / usd above 1", ["SEI"]),
        ("sei above 0.3 usdc", ["SEI", "USDC"]),
        ("\u0405EI above 1", []),  # a Cyrillic letter
        ("SE\u0406 above 1", []),
        ("\uff33\uff25\uff29 above 1", []),  # full width
        ("S\u200bEI above 1", []),
        ("\u212aSEI above 1", []),
        ("w\u1d07th above 1", []),
    ],
)
def test_tokens(text: str, symbols: list[str]) -> None:
    assert read_phrase(text, LISTED).symbols == tuple(symbols)


@pytest.mark.parametrize(
    ("text", "strangers"),
    [
        ("doge above 1", ["doge"]),
        ("wake me up when $pepe goes below 1", ["$pepe"]),
        ("please tell me as soon as the price of sei is above 1", []),
        ("alert me when staked sei or wrapped bitcoin drops within an hour", []),
        ("\u0405EI above 1", ["\u0405ei"]),
    ],
)
def test_what_is_left(text: str, strangers: list[str]) -> None:
    assert read_phrase(text, LISTED).strangers == tuple(strangers)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("sei drops by $0.05", ["0.05"]),
        ("btc gains more than 500", ["500"]),
        ("sei loses 10 cents", ["0.1"]),
        ("eth is 100 dollars up", ["100"]),
        ("doubles from 0.2", ["0.2"]),
        ("sei drops to 0.2", []),
        ("sei falls below 0.2", []),
        ("sei goes back up to 0.3", []),
        ("eth breaks down 3k", []),
        ("sei hits 0.3", []),
    ],
)
def test_amounts_are_no_lines(text: str, amounts: list[str]) -> None:
    assert read_phrase(text, LISTED).amounts == tuple(map(Decimal, amounts))


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("sei above 3 dimes", ["3 dimes"]),
        ("eth above 3k5", ["3k5"]),
        ("sei above O.3", ["o.3"]),
        ("eth above 3,5OO", ["3,5oo"]),
        ("sei x 2", ["x2"]),
        ("100sei arrive", []),
        ("sei above 0.25 usd please", []),
    ],
)
def test_figures_that_are_not_sure(text: str, odd: list[str]) -> None:
    assert list(read_phrase(text, LISTED).odd) == odd


def test_the_unit_behind_a_number() -> None:
    phrase = read_phrase("1 eth above 3000 usdc or 5", LISTED)
    assert [int(number) for number in phrase.numbers] == [1, 3000, 5]
    assert phrase.units == ("WETH", "USDC", "")


@pytest.mark.parametrize(
    ("text", "factors"),
    [("volume 3x", [3]), ("volume triples", [3]), ("2.5 times", ["2.5"]), ("doubled", [2])],
)
def test_factors(text: str, factors: list[str]) -> None:
    assert read_phrase(text, LISTED).factors == tuple(map(Decimal, factors))


def test_too_long() -> None:
    with pytest.raises(UserError, match="too long"):
        read_phrase("sei " * LONGEST, LISTED)


@given(st.integers(1, 10**6))
def test_spans_are_exact(seconds: int) -> None:
    assert seconds_of(span_of(seconds)) == seconds


@given(st.decimals(0, 10**12, allow_nan=False, places=6))
def test_numbers_are_read_as_they_are_written(value: Decimal) -> None:
    plain = f"{value:,f}"
    for written in (plain, plain.replace(",", ""), plain.replace(",", "'")):
        assert read_phrase(f"sei above ${written}", LISTED).numbers == (value,)


WORDS = """
    sei $sei eth doge above below > < - + % $ 0,25 95'000 1.2.3 5% 1h 30 days at 8 25:00 every
    time once until friday 2026-13-45 for 3 m rsi volume x 3x digest daily \u0405EI \u202e . , :
    99999999999999999999999999 1e99 1e-99 0x12 '' / // ; 00:00 am pm a an in 1,2,3 at most usd
"""
PIECES = st.sampled_from(WORDS.split())
SENTENCES = st.lists(PIECES, max_size=14).map(" ".join) | st.text(max_size=60)


@given(SENTENCES)
def test_nothing_but_sentences_for_people_is_raised(text: str) -> None:
    with suppress(UserError):
        check(read_phrase(text, LISTED))


def check(phrase: Phrase) -> None:
    assert len(phrase.numbers) == len(phrase.units)
    assert all(number.is_finite() for number in (*phrase.numbers, *phrase.percents))
