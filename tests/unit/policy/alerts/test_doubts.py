"""What is not surely understood is refused, and so is what an analyst made of it."""

import pytest

from bot.domain.errors import UserError
from bot.policy.alerts.words import keep_manner
from tests.unit.policy.alerts.test_words import BERLIN, KINDS, NOW, draft, parse

AMOUNT = "By how many per cent, or to which price"
FIGURE = "To which figure"
NOT = "not for what does not"
ONE = "One alert watches one thing"
NOT_WATCHED = "I do not watch"
USD = "watched in USD"
ODD = "I cannot read .* as a figure"
HELD = "not how long it is held"
ALWAYS = "watches day and night"
UNTIL = "Say until when"
WITHIN = "A change is watched within"
DIGESTS = "Digests come every day"
DAYS = "Every day or once a week"
AVERAGES = "simple average of 20 candles crossing that of 50"
AHEAD = "what is to come"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("wake me if sei drops by $0.05", AMOUNT),
        ("btc drops by 1000", AMOUNT),
        ("btc gains $500", AMOUNT),
        ("btc moves 1000 dollars", AMOUNT),
        ("sei loses 10 cents in an hour", AMOUNT),
        ("sei is 0.05 down", AMOUNT),
        ("sei +5", AMOUNT),
        ("sei doubles from 0.2", AMOUNT),
        ("sei drops 5 points", AMOUNT),
        ("eth drops 500 bps", ODD),
        ("portfolio drops by $50", FIGURE),
        ("gas rises by 10", FIGURE),
        ("usdc balance drops 100", FIGURE),
        ("sei is no longer above 0.3", NOT),
        ("sei is not above 0.3", NOT),
        ("tell me unless sei is above 0.3", NOT),
        ("sei no more than 0.3", NOT),
        ("sei doesn't drop below 0.2", NOT),
        ("sei doesn\u2019t drop below 0.2", NOT),
        ("sei never below 0.2", NOT),
        ("sei no longer overbought", NOT),
        ("sei rsi leaves overbought", NOT),
        ("sei != 0.3", NOT),
        ("don't wake me when sei is above 0.3", NOT),
        ("sei drops less than 5%", "at least so large"),
        ("sei drops under 5%", "at least so large"),
        ("sei volume drops 50%", "more than usual, not less"),
        ("sei volume below 2x", "more than usual, not less"),
        ("sei up 10% and volume 3x", ONE),
        ("sei up 10%, volume 3x", ONE),
        ("sei volume 3x or rsi oversold", ONE),
        ("sei drops 5% with rsi oversold", ONE),
        ("sei above 0.3 or golden cross", ONE),
        ("sei above 0.3 or new high", ONE),
        ("sei new high or up 10%", ONE),
        ("sei oversold or below 60", ONE),
        ("sei oversold and above 20", ONE),
        ("any deposit or if sei above 0.3", ONE),
        ("portfolio below 100 and sei drops", ONE),
        ("sei above 0.3 and gas below 20", ONE),
        ("sei oversold above 25", "up and down at once"),
        ("sei +-5% 1h", "up and down at once"),
        ("btc dominance above 60%", f"{NOT_WATCHED} dominance"),
        ("btc dominance above 60", f"{NOT_WATCHED} dominance"),
        ("sei market cap above 1b", f"{NOT_WATCHED} market cap"),
        ("sei tvl above 500m", f"{NOT_WATCHED} tvl"),
        ("sei funding rate above 0.1", f"{NOT_WATCHED} funding"),
        ("eth staking yield above 5%", NOT_WATCHED),
        ("sei apy above 10%", f"{NOT_WATCHED} apy"),
        ("sei open interest up 10%", f"{NOT_WATCHED} interest"),
        ("sei fees above 1", f"{NOT_WATCHED} fees"),
        ("sei volatility above 5%", f"{NOT_WATCHED} volatility"),
        ("my loss on sei is above 10%", f"{NOT_WATCHED} loss"),
        ("my sei position is above $500", f"{NOT_WATCHED} position"),
        ("my pnl above 100", f"{NOT_WATCHED} pnl"),
        ("bitcoin cash above 500", f"{NOT_WATCHED} bitcoin cash"),
        ("ethereum classic above 30", f"{NOT_WATCHED} ethereum classic"),
        ("macd bullish cross on sei", f"{NOT_WATCHED} macd"),
        ("my sei is worth more than 500", "SEI balance below 10"),
        ("my sei holdings below 100", "SEI balance below 10"),
        ("sei above 0.3 eur", USD),
        ("sei above \u20ac0.3", USD),
        ("sei above \xa30.3", USD),
        ("sei above 3 dimes", ODD),
        ("sei above O.3", ODD),
        ("eth above 3k5", ODD),
        ("eth above 3,5OO", ODD),
        ("sei x 2", ODD),
        ("sei up 5% in half an hour", "not 30m"),
        ("sei up 5% in an hour and a half", "not 90m"),
        ("sei above yesterday's high", AHEAD),
        ("sei highest since january", AHEAD),
        ("sei up 5% since monday", AHEAD),
        ("sei was ever above 1", AHEAD),
        ("sei drops 5% from here", WITHIN),
        ("sei drops 10% from its high", WITHIN),
        ("sei rsi below 30 on the weekly", "4h or 1d, not 7d"),
        ("sei above its 50 day average", AVERAGES),
        ("sei above 20 ma", AVERAGES),
        ("sei 50/200 ma golden cross", AVERAGES),
        ("sei sma 50 crosses above sma 20", AVERAGES),
        ("sei above 0.3 until friday morning", "until friday 17:00"),
        ("sei above 0.3 until friday at 5", "until friday 17:00"),
        ("sei above 0.3 by christmas", "cannot read until when"),
        ("every monday if sei is above 0.3", ALWAYS),
        ("alert me only on weekdays if sei above 0.3", ALWAYS),
        ("alert me but not at night if sei above 0.3", ALWAYS),
        ("sei above 0.3 at 9am", ALWAYS),
        ("sei above 0.3 tomorrow", ALWAYS),
        ("alert me in 2 hours if btc above 100k", ALWAYS),
        ("sei above 0.3 hourly", ALWAYS),
        ("sei above 0.3 twice", ALWAYS),
        ("alert me 3 times if sei above 0.3", ALWAYS),
        ("btc hits 100k in december", ALWAYS),
        ("sei above 0.3 within 2 hours", UNTIL),
        ("sei above 0.3 today", UNTIL),
        ("sei stays above 0.3 for 2h", HELD),
        ("sei above 0.3 for at least an hour", HELD),
        ("sei closes above 0.3", "not closes"),
        ("0.3 is above sei", "token first"),
        ("0.2 > sei", "token first"),
        ("digest every hour", DIGESTS),
        ("monthly digest", DIGESTS),
        ("digest in 2 hours", DIGESTS),
        ("digest on weekends", DIGESTS),
        ("digest twice a day", DIGESTS),
        ("digest tomorrow at 8", DIGESTS),
        ("digest every 2 days", DIGESTS),
        ("digest every other day at 8", DIGESTS),
        ("daily digest at 8:00 and 20:00", DIGESTS),
        ("digest on monday and friday at 9", DAYS),
        ("digest monday, friday 9am", DAYS),
    ],
)
def test_it_is_refused_with_help(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        parse(text)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        ("SEI above 0.3", "let me know once sei is no longer beyond thirty cents"),
        ("SEI above 0.3", "give me a shout when sei sinks to thirty cents"),
        ("SEI below 0.2", "give me a shout when sei soars"),
        ("SEI -5% 1h", "a shout if sei sheds 6% of its price"),
        ("SEI above 0.3", "a shout if sei is 10% richer"),
        ("SEI below 0.05", "a shout if sei drops by 0.05"),
        ("SEI above 60", "a shout when the dominance of sei is over sixty"),
        ("SEI volume 2x", "a shout when sei volume is halved"),
        ("daily digest at 08:00", "a digest on 5 dec at 8"),
        ("daily digest at 08:00", "a digest every other day"),
    ],
)
def test_what_an_analyst_made_must_fit_the_words(made: str, text: str) -> None:
    with pytest.raises(UserError):
        keep_manner(draft(made), text, KINDS, NOW, BERLIN)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        ("WBTC -5% 1h", "a shout each time bitcoin sheds a twentieth of its price"),
        ("WBTC above 90000", "tell me when bitcoin breaks through ninety thousand dollars"),
        ("SEI -50% 1d", "tell me when sei drops by half"),
        ("SEI crosses 0.3", "tell me when sei returns to 0.3"),
    ],
)
def test_what_fits_is_kept(made: str, text: str) -> None:
    kept = keep_manner(draft(made), text, KINDS, NOW, BERLIN)
    assert kept.condition == draft(made).condition


def test_what_follows_a_token_unknown_is_left_to_the_analyst() -> None:
    assert parse("sei retracement above 0.3") is None
    assert parse("sei skyrockets 10%") is None
