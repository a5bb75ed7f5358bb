"""Sentences as people write them, and the alerts that come of them."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given

from bot.catalogue import discover
from bot.domain.alerts import AlertDraft, Condition, Repeat
from bot.domain.errors import UserError
from bot.policy.alerts import kinds as alert_kinds
from bot.policy.alerts.kind import AlertKinds
from bot.policy.alerts.phrases import LONGEST
from bot.policy.alerts.ring_words import LONGEST_COOLDOWN, USUAL_COOLDOWN
from bot.policy.alerts.words import keep_manner, parse_alert, wants_alert
from tests.unit.policy.alerts.test_phrases import LISTED, SENTENCES

KINDS = AlertKinds(tuple(discover(alert_kinds, "ALERT").values()))
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
"""A Thursday; one o'clock in Berlin."""
BERLIN = "Europe/Berlin"
AGENT = 7


def parse(text: str, agent_id: int = AGENT, zone: str = BERLIN) -> AlertDraft | None:
    return parse_alert(text, KINDS, LISTED, NOW, zone, agent_id)


def draft(text: str) -> AlertDraft:
    found = parse(text)
    assert found is not None
    return found


def is_(type_: str, symbol: str, threshold: str = "0", window: str = "") -> Condition:
    return Condition(type_, symbol, Decimal(threshold), window)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("SEI above 0.25", is_("PRICE_ABOVE", "SEI", "0.25")),
        ("sei > 0,25", is_("PRICE_ABOVE", "SEI", "0.25")),
        ("sei >= 0.25", is_("PRICE_ABOVE", "SEI", "0.25")),
        ("sei/usdc over $0.25", is_("PRICE_ABOVE", "SEI", "0.25")),
        ("sei above 0.25 usdc", is_("PRICE_ABOVE", "SEI", "0.25")),
        ("when 1 eth is above 3000", is_("PRICE_ABOVE", "WETH", "3000")),
        ("sei rises to 0.3", is_("PRICE_ABOVE", "SEI", "0.3")),
        ("eth crosses above 3k", is_("PRICE_ABOVE", "WETH", "3000")),
        ("sei more than .3", is_("PRICE_ABOVE", "SEI", "0.3")),
        ("btc below 95k", is_("PRICE_BELOW", "WBTC", "95000")),
        ("btc under $95,000", is_("PRICE_BELOW", "WBTC", "95000")),
        ("the price of bitcoin drops below 95'000", is_("PRICE_BELOW", "WBTC", "95000")),
        ("sei<0.2", is_("PRICE_BELOW", "SEI", "0.2")),
        ("solv btc lower than 90000", is_("PRICE_BELOW", "SolvBTC", "90000")),
        ("$SEI crosses 0.3", is_("PRICE_CROSSES", "SEI", "0.3")),
        ("sei hits 0.3", is_("PRICE_CROSSES", "SEI", "0.3")),
        ("btc at 100k", is_("PRICE_CROSSES", "WBTC", "100000")),
        ("eth -5% 1h", is_("PERCENT_CHANGE", "WETH", "-5", "1h")),
        ("eth +3 % in 15 min", is_("PERCENT_CHANGE", "WETH", "3", "15m")),
        ("sei drops 5% in an hour", is_("PERCENT_CHANGE", "SEI", "-5", "1h")),
        ("sei drops by more than 5%", is_("PERCENT_CHANGE", "SEI", "-5", "1h")),
        ("bitcoin loses 5% within a day", is_("PERCENT_CHANGE", "WBTC", "-5", "1d")),
        ("sei loses -5%", is_("PERCENT_CHANGE", "SEI", "-5", "1h")),
        ("sei up 3%", is_("PERCENT_CHANGE", "SEI", "3", "1h")),
        ("sei over 3%", is_("PERCENT_CHANGE", "SEI", "3", "1h")),
        ("sei doubles", is_("PERCENT_CHANGE", "SEI", "100", "1d")),
        ("sei halves within 4h", is_("PERCENT_CHANGE", "SEI", "-50", "4h")),
        ("eth up 10% today", is_("PERCENT_CHANGE", "WETH", "10", "1d")),
        ("sei above 25 cents", is_("PRICE_ABOVE", "SEI", "0.25")),
        ("eth gets above four thousand", is_("PRICE_ABOVE", "WETH", "4000")),
        ("1 SEI = 0.5 USD", is_("PRICE_CROSSES", "SEI", "0.5")),
        ("sei weekly low", is_("NEW_LOW", "SEI", window="7d")),
        ("the 20 day average of eth crosses above the 50", is_("MA_CROSS_UP", "WETH", "0", "1d")),
        ("sei new high 30 days", is_("NEW_HIGH", "SEI", window="30d")),
        ("sei new high", is_("NEW_HIGH", "SEI", window="30d")),
        ("sei new high for 7 days", is_("NEW_HIGH", "SEI", window="7d")),
        ("wbtc 52 week high", is_("NEW_HIGH", "WBTC", window="365d")),
        ("sei at a 7 day low", is_("NEW_LOW", "SEI", window="7d")),
        ("sei volume 3x", is_("VOLUME_SPIKE", "SEI", "3")),
        ("volume of sei triples", is_("VOLUME_SPIKE", "SEI", "3")),
        ("sei volume +150%", is_("VOLUME_SPIKE", "SEI", "2.5")),
        ("sei rsi below 30 4h", is_("RSI_BELOW", "SEI", "30", "4h")),
        ("eth rsi(14) > 70 daily", is_("RSI_ABOVE", "WETH", "70", "1d")),
        ("sei oversold", is_("RSI_BELOW", "SEI", "30", "4h")),
        ("sei golden cross", is_("MA_CROSS_UP", "SEI", window="4h")),
        ("sei death cross 1d", is_("MA_CROSS_DOWN", "SEI", window="1d")),
        ("sei ma cross up", is_("MA_CROSS_UP", "SEI", window="4h")),
        ("sei sma 20 crosses below sma 50", is_("MA_CROSS_DOWN", "SEI", window="4h")),
        ("gas above 50", is_("GAS_ABOVE", "", "50")),
        ("gas price under 20 nsei", is_("GAS_BELOW", "", "20")),
        ("daily at 8", is_("DIGEST_DAILY", "", window="08:00")),
        ("daily digest 08:00", is_("DIGEST_DAILY", "", window="08:00")),
        ("every morning at 7:30", is_("DIGEST_DAILY", "", window="07:30")),
        ("a summary every evening", is_("DIGEST_DAILY", "", window="18:00")),
        ("weekly summary monday 9am", is_("DIGEST_WEEKLY", "", window="mon 09:00")),
        ("digest on fridays at 17:00", is_("DIGEST_WEEKLY", "", window="fri 17:00")),
        ("digest every weekday at 8", is_("DIGEST_DAILY", "", window="weekdays 08:00")),
        ("every weekday at 7:30", is_("DIGEST_DAILY", "", window="weekdays 07:30")),
        ("summary on workdays", is_("DIGEST_DAILY", "", window="weekdays 08:00")),
        ("digest monday to friday at 9", is_("DIGEST_DAILY", "", window="weekdays 09:00")),
        ("weekly report", is_("DIGEST_WEEKLY", "", window="mon 08:00")),
        ("send me a daily digest at 7:30", is_("DIGEST_DAILY", "", window="07:30")),
        ("daily digest at 7am", is_("DIGEST_DAILY", "", window="07:00")),
        ("give me a weekly report on fridays", is_("DIGEST_WEEKLY", "", window="fri 08:00")),
        ("I want a market summary every morning at 8", is_("DIGEST_DAILY", "", window="08:00")),
        ("sei 24h volume 3x", is_("VOLUME_SPIKE", "SEI", "3")),
        ("sei daily volume 3x", is_("VOLUME_SPIKE", "SEI", "3")),
    ],
)
def test_conditions(text: str, condition: Condition) -> None:
    assert draft(text).condition == condition
    for lead in ("please alert me when ", "wake me up if ", "Let me know as soon as "):
        assert draft(lead + text).condition == condition


@pytest.mark.parametrize(
    ("text", "type_", "symbol", "threshold"),
    [
        ("portfolio above $500", "PORTFOLIO_ABOVE", "", 500),
        ("my portfolio under 200", "PORTFOLIO_BELOW", "", 200),
        ("usdc balance below 10", "BALANCE_BELOW", "USDC", 10),
        ("my balance of sei exceeds 1.5k", "BALANCE_ABOVE", "SEI", 1500),
        ("deposit of 100 usdc", "DEPOSIT", "USDC", 100),
        ("when 100 usdc arrive", "DEPOSIT", "USDC", 100),
        ("deposit sei", "DEPOSIT", "SEI", 0),
    ],
)
def test_what_an_agent_holds(text: str, type_: str, symbol: str, threshold: int) -> None:
    assert draft(text).condition == Condition(type_, symbol, Decimal(threshold), "", AGENT)
    with pytest.raises(UserError, match="about one agent"):
        parse(text, agent_id=0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("doge above 0.25", "do not know a token called DOGE. I watch SEI, USDC"),
        ("\u0405EI above 0.25", "do not know that token"),
        ("<b>DOGE</b> above 0.25", "do not know a token called"),
        ("above 0.25", "Name the token, like: SEI above 0.25"),
        ("stablecoin balance below 5", "Say USDC or USDT0"),
        ("sei and eth above 0.25", "Make one for each: SEI and WETH"),
        ("sei above", "Say at which figure, like: SEI above"),
        ("sei crosses", "Say at which figure"),
        ("sei volume", "how many times"),
        ("sei above and below 0.25", "up and down at once"),
        ("sei above 0.3 or below 0.2", "up and down at once"),
        ("sei rises below 0.2", "up and down at once"),
        ("sei drops +5%", "up and down at once"),
        ("sei +3% or -3%", "two figures"),
        ("sei new high or low", "up and down at once"),
        ("sei golden death cross", "up and down at once"),
        ("sei ma cross", "golden cross 4h or SEI death cross"),
        ("sei above 0.25 0.3", "two figures, 0.25 and 0.3"),
        ("sei above 0", "more than zero"),
        ("sei above -1", "more than zero"),
        ("sei above 1e12", "from 0.000000000000001 to 1,000,000,000"),
        ("sei above 0.1234567890123456", "more than 15 digits"),
        ("sei above 1.2.3", "cannot read 1.2.3"),
        ("sei 5%", r"Up or down\? Write SEI \+5% 1h or SEI -5% 1h"),
        ("sei moves 5%", r"Up or down\?"),
        ("sei moves by more than 5% in an hour", r"Up or down\?"),
        ("sei +5% weekly", "not 7d"),
        ("sei -100%", "by 100 % or more"),
        ("sei +10001%", "over 10,000 %"),
        ("sei +0.01%", "at least 0.1 %"),
        ("sei -5% 2h", "5m, 15m, 1h, 4h or 1d, not 2h"),
        ("sei -5% 1h 4h", "two spans"),
        ("sei high 5d", "not 5d"),
        ("sei all-time high", "one year only"),
        ("sei ath", "one year only"),
        ("sei rsi above 30 1h", "4h or 1d, not 1h"),
        ("sei rsi above 100", "from 1 to 99"),
        ("sei rsi 30", "Above or below"),
        ("SEI volume 2x 4h", r"that of the last 24 hours.* like: SEI volume 3x\."),
        ("sei weekly volume 3x", "that of the last 24 hours"),
        ("sei volume +200% in an hour", "that of the last 24 hours"),
        ("a deposit arrives", r"deposit of 100 USDC, or deposit SEI\. I watch SEI, USDC, WETH"),
        ("sei volume 1x", "from 1.1 to 100"),
        ("gas 50", "Above or below"),
        ("gas below 0", "more than zero"),
        ("portfolio above 5%", "not in per cent"),
        ("deposit of 0 sei", "more than zero"),
        ("daily at 25:00", "no time of the day"),
        ("daily weekly digest", "Every day or once a week"),
        ("digest on mondays and thursdays", "Every day or once a week"),
        ("sei above 0.25 until 2020-12-31", "past already"),
        ("sei above 0.25 until 2026-11-26 10:00", "past already"),
        ("sei above 0.25 until 2026-02-30", "no such date"),
        ("sei above 0.25 until 9999-12-31", "up to five years"),
        ("sei above 0.25 for 100 years", "up to five years"),
        ("sei above 0.25 until lunch", "cannot read until when"),
        ("sei above 0.25 every minute", "from 5 minutes to 30 days"),
        ("sei above 0.25 only once every time", r"Once or every time\?"),
        ("sei above " + "0" * LONGEST, "too long"),
    ],
)
def test_what_cannot_be_is_said_helpfully(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        parse(text)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "sei", "should I buy sei?", "tell me about SEI", "buy 100 sei", "5",
     "alert me if the moon is full", "bitcoin breaks through umpteen dollars soon"],
)  # fmt: skip
def test_what_is_no_alert(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("said", "repeat", "cooldown"),
    [
        ("", Repeat.ONCE, timedelta(0)),
        (", once", Repeat.ONCE, timedelta(0)),
        (" only once", Repeat.ONCE, timedelta(0)),
        (" every time", Repeat.EVERY, USUAL_COOLDOWN),
        (" each time it happens", Repeat.EVERY, USUAL_COOLDOWN),
        (", each time, at most every 4h", Repeat.EVERY, timedelta(hours=4)),
        (" at most once a day", Repeat.EVERY, timedelta(days=1)),
        (" once per hour", Repeat.EVERY, timedelta(hours=1)),
        (" max 3 times a day", Repeat.EVERY, timedelta(hours=8)),
        (" every 30 minutes", Repeat.EVERY, timedelta(minutes=30)),
        (" with a cooldown of 2 hours", Repeat.EVERY, timedelta(hours=2)),
        (" every time, 2h cooldown", Repeat.EVERY, timedelta(hours=2)),
        (" with a 2 hour cooldown", Repeat.EVERY, timedelta(hours=2)),
        (" every time rest 2h", Repeat.EVERY, timedelta(hours=2)),
        (" at most every 30 days", Repeat.EVERY, LONGEST_COOLDOWN),
    ],
)
def test_how_often(said: str, repeat: Repeat, cooldown: timedelta) -> None:
    for text in ("sei above 0.25", "sei -5% 1h", "sei new high 7d"):
        found = draft(text + said)
        assert (found.repeat, found.cooldown) == (repeat, cooldown)
        assert found.condition == draft(text).condition


def test_whenever_is_every_time() -> None:
    assert draft("tell me whenever sei drops 5%").repeat is Repeat.EVERY


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("until friday", "2026-11-27 22:59:59"),
        ("until thursday", "2026-11-26 22:59:59"),
        ("till wednesday", "2026-12-02 22:59:59"),
        ("until 2026-12-31", "2026-12-31 22:59:59"),
        ("until 2027-07-01 18:00", "2027-07-01 16:00:00"),
        ("until 31.12.", "2026-12-31 22:59:59"),
        ("until 1 march", "2027-03-01 22:59:59"),
        ("until Dec 31st, 2027", "2027-12-31 22:59:59"),
        ("until tomorrow 9:00", "2026-11-27 08:00:00"),
        ("until 18:00", "2026-11-26 17:00:00"),
        ("until 9:00", "2026-11-27 08:00:00"),
        ("until the end of the month", "2026-11-30 22:59:59"),
        ("until end of year", "2026-12-31 22:59:59"),
        ("by friday", "2026-11-27 22:59:59"),
        ("for 3 days", "2026-11-29 12:00:00"),
        ("for the next 2 weeks", "2026-12-10 12:00:00"),
        ("for a month", "2026-12-26 12:00:00"),
    ],
)
def test_until_when(said: str, end: str) -> None:
    found = draft(f"sei above 0.25 {said}")
    assert found.expires_at == datetime.fromisoformat(f"{end}+00:00")
    assert found.condition == is_("PRICE_ABOVE", "SEI", "0.25")


def test_dates_are_those_of_the_persons_zone() -> None:
    there = parse("sei above 1 until friday", zone="America/Los_Angeles")
    assert there is not None
    assert there.expires_at == datetime(2026, 11, 28, 7, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("said", ["urgent", "urgently", "wake me", "even at night"])
def test_urgent(said: str) -> None:
    found = draft(f"{said} sei above 0.25")
    assert found.urgent
    assert found.condition == is_("PRICE_ABOVE", "SEI", "0.25")
    assert not draft("tell me when sei is above 0.25").urgent


@pytest.mark.parametrize("said", ["now too", "even if already", "even if it is already", "at once"])
def test_at_once(said: str) -> None:
    assert draft(f"sei above 0.25 {said}").at_once
    assert not draft("sei above 0.25").at_once


def test_everything_together() -> None:
    found = draft(
        "Wake me every time bitcoin loses 5% in an hour, at most every 4h, until 2026-12-31"
    )
    assert found == AlertDraft(
        is_("PERCENT_CHANGE", "WBTC", "-5", "1h"),
        Repeat.EVERY,
        timedelta(hours=4),
        datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC),
        urgent=True,
    )


def test_digests_come_every_time_without_a_cooldown() -> None:
    found = draft("daily digest at 08:00")
    assert (found.repeat, found.cooldown) == (Repeat.EVERY, timedelta(0))


@pytest.mark.parametrize(
    "text",
    [
        "wake me if bitcoin loses 5% in an hour",
        "alert me when sei is above 0.3",
        "Notify me once eth crosses 3000",
        "ping me as soon as sei hits 0.3",
        "tell me when sei drops below 0.2",
        "let me know if my portfolio falls under 200",
        "warn me whenever gas goes above 50",
        "remind me every day at 9",
        "when sei hits 0.3 let me know",
        "should sei drop below 0.2, wake me",
        "set an alert for sei at 0.3",
        "create a price alert: sei > 0.3",
        "can you message me if sei volume triples?",
        "I want to be told when sei is at a 7 day low",
        "send me a digest alert every morning",
        "alert SEI above 0.25",
        "tell me each time sei loses 5%",
        "send me a daily digest at 7:30",
        "daily digest at 7am",
        "daily digest",
        "digest every day at 7",
        "give me a weekly report on fridays",
        "I want a market summary every morning at 8",
        "I'd like a daily digest",
        "can you send me a summary of the market every evening?",
        "set up a weekly digest for mondays at 9",
        "every morning at 7:30 send me the news",
    ],
)
def test_who_wants_an_alert(text: str) -> None:
    assert wants_alert(text)
    assert wants_alert(text.upper())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tell me about SEI",
        "tell me more about SEI if you can",
        "should I buy SEI when it drops?",
        "when should I sell?",
        "tell me when to sell sei",
        "tell me when I should sell sei",
        "tell me if sei is a good buy",
        "tell me if sei will go up",
        "let me know what you think about eth",
        "let me know if you can see my portfolio",
        "what happens when sei crosses 0.3?",
        "how do I get an alert when sei is above 0.3?",
        "why did you alert me when sei was at 0.3?",
        "don't alert me when sei hits 0.3",
        "stop notifying me when sei drops",
        "sei above 0.25",
        "buy sei when it is below 0.2",
        "is sei going up?",
        "tell me once more about sei",
        "what does the daily report say?",
        "give me a summary of the market",
        "give me the daily report",
        "is a weekly close above 0.3 bullish?",
        "is the daily digest good?",
        "send me a summary of the weekly chart",
        "give me a weekly report on SEI",
        "give me a summary of what happened every day this week",
        "i read the daily news every morning",
        "did you send me the weekly report on friday?",
        "don't send me a daily digest at 8",
        "stop the daily digest",
        "cancel my daily digest at 7:30",
        "thanks for the daily digest",
        "daily digest " + "tues " * 50 + "x",
        "sei " * LONGEST,
    ],
)
def test_who_does_not(text: str) -> None:
    assert not wants_alert(text)


def test_the_persons_own_words_say_how_it_rings() -> None:
    def kept(sentence: str, text: str) -> AlertDraft:
        return keep_manner(draft(sentence), text, KINDS, NOW, BERLIN)

    loud = kept("SEI above 0.25", "wake me every time it looks strong, now too, until friday")
    assert loud == draft("wake me SEI above 0.25 every time, now too, until friday")
    assert kept("SEI above 0.25, every time", "just once, if it looks strong") == draft(
        "SEI > 0.25"
    )
    often = kept("SEI above 0.25", "if it looks strong, at most every 4h")
    assert (often.repeat, often.cooldown) == (Repeat.EVERY, timedelta(hours=4))
    whole = "wake me SEI above 0.25, at most every 4h, now too, until friday"
    assert kept(whole, "if it looks strong") == draft(whole)
    digest = kept("daily digest at 08:00", "news with my coffee, only once")
    assert digest == draft("daily digest at 08:00")


@given(SENTENCES)
@example("until " * 40)
@example("every 9999 years sei above 1 until 9999-12-31 23:59")
@example("sei above 1 until 31.12.0001")
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    wants_alert(text)
    found = None
    with suppress(UserError):
        found = parse(text)
    if found is not None:
        assert KINDS.describe(found.condition)
        assert found.expires_at is None or found.expires_at > NOW
