"""Sentences as people say them, that are alerts; how they end, and how loud they are."""

from datetime import datetime, timedelta

import pytest

from bot.domain.alerts import Condition, Repeat
from bot.policy.alerts.words import parse_alert, wants_alert
from tests.unit.policy.alerts.test_phrases import LISTED
from tests.unit.policy.alerts.test_words import BERLIN, KINDS, NOW, draft, is_


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("let me know when sei goes back up to 0.3", is_("PRICE_ABOVE", "SEI", "0.3")),
        ("ping me when eth climbs above 4k again", is_("PRICE_ABOVE", "WETH", "4000")),
        ("alert me as soon as bitcoin trades under 90k", is_("PRICE_BELOW", "WBTC", "90000")),
        ("tell me when sei falls under 20 cents", is_("PRICE_BELOW", "SEI", "0.2")),
        ("tell me when sei falls to 20ct", is_("PRICE_BELOW", "SEI", "0.2")),
        ("tell me when sei is at 0.25 or below", is_("PRICE_BELOW", "SEI", "0.25")),
        ("alert me at 0.25 or below for sei", is_("PRICE_BELOW", "SEI", "0.25")),
        ("let me know when sei is worth more than 0.3", is_("PRICE_ABOVE", "SEI", "0.3")),
        ("alert me when 1 eth costs more than 3000 usdc", is_("PRICE_ABOVE", "WETH", "3000")),
        ("alert me if sei breaks above the 0.3 resistance", is_("PRICE_ABOVE", "SEI", "0.3")),
        ("alert me if eth breaks down 3k", is_("PRICE_BELOW", "WETH", "3000")),
        ("tell me when sei is going above 0.3", is_("PRICE_ABOVE", "SEI", "0.3")),
        ("tell me if sei ever hits 1", is_("PRICE_CROSSES", "SEI", "1")),
        ("if sei were to fall below 0.2, tell me", is_("PRICE_BELOW", "SEI", "0.2")),
        ("good morning, tell me when sei is above 0.3", is_("PRICE_ABOVE", "SEI", "0.3")),
        ("give me a heads up when sei hits 0.3", is_("PRICE_CROSSES", "SEI", "0.3")),
        ("please set up an alert for btc under 90k", is_("PRICE_BELOW", "WBTC", "90000")),
        ("keep me up to date when sei hits 0.3", is_("PRICE_CROSSES", "SEI", "0.3")),
        ("hit me up when btc 100k", is_("PRICE_CROSSES", "WBTC", "100000")),
        ("drop me a line when sei hits .3", is_("PRICE_CROSSES", "SEI", "0.3")),
        ("no matter what, alert me if sei is below 0.2", is_("PRICE_BELOW", "SEI", "0.2")),
        ("alert me if sei rises more than 5% within 15 minutes",
         is_("PERCENT_CHANGE", "SEI", "5", "15m")),
        ("let me know if btc is down 10% in a day", is_("PERCENT_CHANGE", "WBTC", "-10", "1d")),
        ("warn me if sei is down 5% for the day", is_("PERCENT_CHANGE", "SEI", "-5", "1d")),
        ("tell me when sei is up by at least 5%", is_("PERCENT_CHANGE", "SEI", "5", "1h")),
        ("alert me if sei falls 5% from its 24h high", is_("PERCENT_CHANGE", "SEI", "-5", "1d")),
        ("alert me if sei goes under -5%", is_("PERCENT_CHANGE", "SEI", "-5", "1h")),
        ("tell me when sei halves", is_("PERCENT_CHANGE", "SEI", "-50", "1d")),
        ("alert me when sei volume is 3 times the usual", is_("VOLUME_SPIKE", "SEI", "3")),
        ("alert me if sei volume is above 3x its average", is_("VOLUME_SPIKE", "SEI", "3")),
        ("tell me when sei is overbought on the daily", is_("RSI_ABOVE", "SEI", "70", "1d")),
        ("alert me when sei is overbought above 80", is_("RSI_ABOVE", "SEI", "80", "4h")),
        ("alert me when sei rsi falls to 25", is_("RSI_BELOW", "SEI", "25", "4h")),
        ("tell me if eth hits its lowest price for 90 days", is_("NEW_LOW", "WETH", window="90d")),
        ("tell me when sei is at its highest for 7 days", is_("NEW_HIGH", "SEI", window="7d")),
        ("alert me when the 20 ma crosses above the 50 ma on eth",
         is_("MA_CROSS_UP", "WETH", window="4h")),
        ("alert me on a golden cross 50/20 of eth", is_("MA_CROSS_UP", "WETH", window="4h")),
        ("alert me on a death cross of btc on the daily chart",
         is_("MA_CROSS_DOWN", "WBTC", window="1d")),
        ("alert me when gas fees are above 80", is_("GAS_ABOVE", "", "80")),
        ("send me a digest monday through friday at 8pm",
         is_("DIGEST_DAILY", "", window="weekdays 20:00")),
        ("daily digest mon - fri at 8", is_("DIGEST_DAILY", "", window="weekdays 08:00")),
        ("weekly digest sunday night at 11", is_("DIGEST_WEEKLY", "", window="sun 23:00")),
    ],
)  # fmt: skip
def test_it_is_that_alert(text: str, condition: Condition) -> None:
    assert wants_alert(text)
    assert draft(text).condition == condition


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("until friday 5pm", "2026-11-27 16:00:00"),
        ("until friday at 17:00", "2026-11-27 16:00:00"),
        ("until tomorrow 9am", "2026-11-27 08:00:00"),
        ("by tomorrow noon", "2026-11-27 11:00:00"),
        ("until 31 dec 6pm", "2026-12-31 17:00:00"),
        ("until 5pm", "2026-11-26 16:00:00"),
        ("until noon", "2026-11-27 11:00:00"),
        ("until midnight", "2026-11-26 22:59:59"),
        ("until sunday night", "2026-11-29 22:59:59"),
        ("until next friday", "2026-11-27 22:59:59"),
        ("until next thursday", "2026-12-03 22:59:59"),
        ("until this thursday", "2026-11-26 22:59:59"),
        ("till eod", "2026-11-26 22:59:59"),
        ("by eoy", "2026-12-31 22:59:59"),
        ("for 3 days 4 hours", "2026-11-29 16:00:00"),
        ("for 1.5 days", "2026-11-28 00:00:00"),
        ("in the next 2 hours", "2026-11-26 14:00:00"),
    ],
)
def test_it_ends_then(said: str, end: str) -> None:
    found = draft(f"sei above 0.25 {said}")
    assert found.expires_at == datetime.fromisoformat(f"{end}+00:00")
    assert found.condition == is_("PRICE_ABOVE", "SEI", "0.25")


def test_a_high_for_days_ends_no_alert() -> None:
    assert draft("sei lowest for 90 days").expires_at is None
    assert draft("sei down 5% for the day").expires_at is None
    lasting = draft("sei new high 7d for 3 days")
    assert lasting.expires_at == NOW + timedelta(days=3)


@pytest.mark.parametrize(
    "said",
    ["but don't wake me", "no need to wake me", "not urgent", "it is not urgent",
     "and please don't wake me up for this", "without waking me", "non-urgent"],
)  # fmt: skip
def test_nobody_is_woken(said: str) -> None:
    text = f"tell me if sei is above 0.25, {said}"
    assert wants_alert(text)
    assert draft(text) == draft("tell me if sei is above 0.25")


@pytest.mark.parametrize(
    ("said", "repeat", "rest"),
    [
        ("not every time", Repeat.ONCE, timedelta(0)),
        ("only the first time", Repeat.ONCE, timedelta(0)),
        ("not only once", Repeat.EVERY, timedelta(hours=1)),
        ("not once but every time", Repeat.EVERY, timedelta(hours=1)),
        ("every 1h 30m", Repeat.EVERY, timedelta(minutes=90)),
        ("at most every half hour", Repeat.EVERY, timedelta(minutes=30)),
        ("at most twice a day", Repeat.EVERY, timedelta(hours=12)),
        ("each hour", Repeat.EVERY, timedelta(hours=1)),
    ],
)
def test_it_rings_so_often(said: str, repeat: Repeat, rest: timedelta) -> None:
    found = draft(f"sei above 0.25 {said}")
    assert (found.repeat, found.cooldown) == (repeat, rest)


def test_daily_when_is_every_day_if() -> None:
    found = draft("alert me daily when sei is above 0.25")
    assert found == draft("alert me every day if sei is above 0.25")
    assert (found.repeat, found.cooldown) == (Repeat.EVERY, timedelta(days=1))


def test_a_date_of_today_can_still_come() -> None:
    found = parse_alert("sei above 1 until 18:00", KINDS, LISTED, NOW, BERLIN)
    assert found is not None
    assert found.expires_at is not None


@pytest.mark.parametrize(
    "text",
    [
        "lmk when sei hits 0.3",
        "send me a message when sei hits 0.3",
        "don't forget to tell me when sei hits 0.3",
        "dont forget to alert me when sei hits 0.3",
        "never let me miss it when sei hits 0.3",
        "you should tell me when sei hits 0.3",
        "i should be told when sei hits 0.3",
        "I'd like to know when sei hits 0.3",
        "i wanna know when sei hits 0.3",
        "ring me when btc hits 100k",
        "hit me up when btc hits 100k",
        "shout if sei drops 5%",
        "tell me when i receive 100 usdc",
        "tell me when sei is falling 5%",
    ],
)
def test_these_want_an_alert(text: str) -> None:
    assert wants_alert(text)
    assert parse_alert(text, KINDS, LISTED, NOW, BERLIN, 7) is not None


@pytest.mark.parametrize(
    "text",
    [
        "tell me when sei was last above 0.3",
        "tell me when sei last hit 0.3",
        "tell me if sei was ever above 1",
        "tell me if sei has ever been above $1",
        "tell me if sei dropped 5% today",
        "tell me if sei is going up",
        "tell me if sei is a scam",
        "tell me when sei launched",
        "tell me if my stop loss is ok",
        "let me know when the fed meeting is",
        "remind me when i bought sei",
        "remind me if i already sold my eth",
        "remind me what a stop loss is if you can",
        "do i need an alert for sei at 0.3",
        "did you alert me on friday?",
        "don't wake me when sei hits 0.3",
    ],
)
def test_these_want_an_answer(text: str) -> None:
    assert not wants_alert(text)
