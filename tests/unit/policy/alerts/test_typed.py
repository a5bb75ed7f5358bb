"""What is typed into a waiting question: what surely answers it, and what is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.policy.alerts.kinds
from bot.catalogue import discover
from bot.domain.alerts import Condition
from bot.domain.errors import UserError
from bot.policy.alerts.kind import AlertKinds
from bot.policy.alerts.typed import parse_change, parse_level, parse_window

KINDS = AlertKinds(tuple(discover(bot.policy.alerts.kinds, "ALERT").values()))
BY_NAME = {kind.name: kind for kind in KINDS.kinds}

PRICE = Condition("PRICE_ABOVE", "SEI", Decimal("0.25"))
CROSSING = Condition("PRICE_CROSSES", "WBTC", Decimal(60_000))
FALL = Condition("PERCENT_CHANGE", "SEI", Decimal(-5), "1h")
VOLUME = Condition("VOLUME_SPIKE", "SEI", Decimal(3))
RSI = Condition("RSI_BELOW", "SEI", Decimal(30), "4h")
GAS = Condition("GAS_ABOVE", "", Decimal(50))
BALANCE = Condition("BALANCE_BELOW", "USDC", Decimal(10), "", 3)
AVERAGES = Condition("MA_CROSS_UP", "SEI", Decimal(0), "4h")
DAILY = Condition("DIGEST_DAILY", "", Decimal(0), "08:00")
WEEKLY = Condition("DIGEST_WEEKLY", "", Decimal(0), "fri 08:00")


@pytest.mark.parametrize(
    ("condition", "text", "words"),
    [
        (PRICE, "0.3", "SEI above $0.3"),
        (PRICE, "$1,250", "SEI above $1,250"),
        (PRICE, "60k", "SEI above $60,000"),
        (PRICE, "1e3", "SEI above $1,000"),
        (PRICE, "0.3 usd", "SEI above $0.3"),
        (PRICE, "5 cents", "SEI above $0.05"),
        (PRICE, "> 0.3", "SEI above $0.3"),
        (PRICE, "SEI above 0.3", "SEI above $0.3"),
        (CROSSING, "bitcoin crosses 65k", "WBTC crosses $65,000"),
        (FALL, "8%", "SEI falls 8 % within 1h"),
        (FALL, "8", "SEI falls 8 % within 1h"),
        (FALL, "\u22128 %", "SEI falls 8 % within 1h"),
        (FALL, "+3%", "SEI rises 3 % within 1h"),
        (FALL, "rises 3%", "SEI rises 3 % within 1h"),
        (FALL, "minus 8%", "SEI falls 8 % within 1h"),
        (FALL, "-5% 4h", "SEI falls 5 % within 4h"),
        (FALL, "8% in 4h", "SEI falls 8 % within 4h"),
        (FALL, "within a day", "SEI falls 5 % within 1d"),
        (VOLUME, "5x", "SEI volume 5x the usual"),
        (VOLUME, "5", "SEI volume 5x the usual"),
        (VOLUME, "+50%", "SEI volume 1.5x the usual"),
        (RSI, "below 25", "SEI RSI below 25 (4h)"),
        (RSI, "25 1d", "SEI RSI below 25 (1d)"),
        (GAS, "20 nsei", "Gas above 20 nsei"),
        (BALANCE, "below 20 USDC", "USDC balance below 20"),
        (AVERAGES, "1d", "SEI golden cross of averages (1d)"),
    ],
)
def test_a_figure_or_a_span_changes_it(condition: Condition, text: str, words: str):
    after = parse_change(text, KINDS, condition)
    assert KINDS.describe(after) == words
    assert after.type == condition.type


@pytest.mark.parametrize(
    ("condition", "text", "hint"),
    [
        (PRICE, "5%", "the figure itself, not per cent"),
        (PRICE, "2x", "the figure itself, not per cent or times"),
        (PRICE, "below 0.15", "for above a figure, and you wrote another way"),
        (PRICE, "crosses 0.3", "another way"),
        (PRICE, "BTC above 3", "alone, like 0.25"),
        (PRICE, "0.3 every time", "alone"),
        (PRICE, "0.3 once", "alone"),
        (PRICE, "0.3 1h", "A span has no place here"),
        (PRICE, "0.3 until friday", "alone"),
        (PRICE, "+0.05", "alone"),
        (PRICE, "-5", "alone"),
        (PRICE, "0.05 higher", "alone"),
        (PRICE, "up 0.05", "alone"),
        (PRICE, "by 0.05", "alone"),
        (PRICE, "0.2-0.3", "alone"),
        (PRICE, "new high 30", "alone"),
        (PRICE, "is it 0.25?", "alone"),
        (PRICE, "should I buy at 0.25", "alone"),
        (CROSSING, "above 65k", "for a figure from either side"),
        (FALL, "0.15", "Is that per cent"),
        (FALL, "$8", "in per cent"),
        (FALL, "5 cents", "in per cent"),
        (FALL, "+3% falls", "up and down at once"),
        (FALL, "-3% up", "up and down at once"),
        (FALL, "8% every 4h", "alone"),
        (FALL, "2x", "per cent"),
        (FALL, "3% 9h", "I can watch 5m"),
        (FALL, "5% 1h 4h", "span"),
        (VOLUME, "150%", "alone, like 3x"),
        (VOLUME, "-50%", "alone, like 3x"),
        (VOLUME, "5x more", "alone"),
        (VOLUME, "below 2x", "another way"),
        (RSI, "above 70", "for below a figure"),
        (RSI, "30%", "the figure itself"),
        (RSI, "oversold", "alone"),
        (GAS, "$5", "alone"),
        (BALANCE, "$20", "alone"),
        (AVERAGES, "7", "I can watch 4h, 1d"),
    ],
)
def test_what_may_mean_another_alert_is_refused(condition: Condition, text: str, hint: str):
    with pytest.raises(UserError, match=hint):
        parse_change(text, KINDS, condition)


@pytest.mark.parametrize(
    ("condition", "text", "words"),
    [
        (PRICE, "below 0.15", "SEI below $0.15"),
        (PRICE, "crosses 0.3", "SEI crosses $0.3"),
        (CROSSING, "above 65k", "WBTC above $65,000"),
        (RSI, "above 70", "SEI RSI above 70 (4h)"),
        (GAS, "< 20", "Gas below 20 nsei"),
        (BALANCE, "above 20", "USDC balance above 20"),
    ],
)
def test_a_card_may_be_turned_to_the_other_way(condition: Condition, text: str, words: str):
    assert KINDS.describe(parse_change(text, KINDS, condition, may_turn=True)) == words


@pytest.mark.parametrize("text", ["", "abc", "1 2", "NaN", "0x10", "1e999", "x" * 400, "?"])
@pytest.mark.parametrize("name", ["price_above", "percent_change", "volume_spike", "rsi_level"])
def test_what_is_no_figure(name: str, text: str):
    with pytest.raises(UserError):
        parse_level(text, BY_NAME[name])


@given(st.decimals(min_value="1e-9", max_value="1e9", allow_nan=False))
def test_a_price_is_read_as_it_is_written(value: Decimal):
    level = parse_level(f"{value:f}", BY_NAME["price_above"])
    assert abs(level.value - value) <= value / 10**14
    assert (level.signed, level.window, level.turn) == (False, "", "")


@pytest.mark.parametrize(
    ("condition", "text", "words"),
    [
        (DAILY, "9", "Daily digest at 09:00"),
        (DAILY, "at 9pm", "Daily digest at 21:00"),
        (DAILY, "8 in the evening", "Daily digest at 20:00"),
        (DAILY, "noon", "Daily digest at 12:00"),
        (DAILY, "weekdays 9:00", "Digest on weekdays at 09:00"),
        (DAILY, "every weekday", "Digest on weekdays at 08:00"),
        (DAILY, "monday to friday 9:00", "Digest on weekdays at 09:00"),
        (DAILY, "friday 9:00", "Weekly digest on Friday at 09:00"),
        (DAILY, "friday", "Weekly digest on Friday at 08:00"),
        (WEEKLY, "9:00", "Weekly digest on Friday at 09:00"),
        (WEEKLY, "monday 7:30", "Weekly digest on Monday at 07:30"),
        (WEEKLY, "every day", "Daily digest at 08:00"),
    ],
)
def test_a_digest_moves_to_another_time_or_day(condition: Condition, text: str, words: str):
    after = parse_change(text, KINDS, condition)
    assert KINDS.describe(after) == words
    assert after.threshold == 0


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("9:00 on monday and thursday", "every day, on weekdays, or on one day"),
        ("monday and friday 9:00", "every day, on weekdays, or on one day"),
        ("every day or friday", "as a time"),
        ("weekly 9:00", "which day"),
        ("9:00 and 18:00", "as a time"),
        ("9:00 and noon", "as a time"),
        ("9am 6pm", "as a time"),
        ("sunday night 11", "as a time"),
        ("11 at night", "as a time"),
        ("tomorrow 9:00", "as a time"),
        ("noonish", "as a time"),
        ("-5", "as a time"),
        ("9:00 SEI", "as a time"),
        ("", "as a time"),
        ("25:00", "no time of the day"),
    ],
)
def test_what_is_no_time_of_a_digest(text: str, hint: str):
    with pytest.raises(UserError, match=hint):
        parse_change(text, KINDS, DAILY)


@pytest.mark.parametrize(
    ("name", "text", "window"),
    [
        ("percent_change", "1 H", "1h"),
        ("percent_change", "an hour", "1h"),
        ("percent_change", "4 hours", "4h"),
        ("new_extreme", "30 days", "30d"),
        ("new_extreme", "a week", "7d"),
        ("digest", "Weekdays", "weekdays"),
        ("digest", "every weekday", "weekdays"),
        ("digest", "every day", "daily"),
        ("digest", "fridays", "fri"),
    ],
)
def test_a_window_as_people_say_it(name: str, text: str, window: str):
    assert parse_window(text, BY_NAME[name]) == window


@pytest.mark.parametrize(
    ("name", "text"), [("percent_change", "9 years"), ("digest", "9"), ("digest", "")]
)
def test_a_window_that_is_not_watched(name: str, text: str):
    with pytest.raises(UserError, match="I can watch"):
        parse_window(text, BY_NAME[name])
