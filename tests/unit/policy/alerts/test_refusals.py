"""What would be taken for another alert than is meant: read as it is meant, or refused."""

import pytest

from bot.domain.errors import UserError
from bot.policy.alerts.words import keep_manner
from tests.unit.policy.alerts.test_words import BERLIN, KINDS, NOW, draft, parse

AGENT = 7
TOLD = "it does not trade"
MANAGED = "/alerts deletes, pauses and changes"
HELD = "not how long it is held"
CLOCK = "/settings changes it"
MARKET = "about the whole market"
USD = "watched in USD"
UNITS = "how much of it you hold"


def shown(text: str) -> str:
    found = parse(text, agent_id=AGENT)
    assert found is not None
    return KINDS.describe(found.condition)


@pytest.mark.parametrize(
    ("text", "alert"),
    [
        ("alert me if my escrow falls below 10 sei", "SEI balance below 10"),
        ("alert me if i have less than 10 SEI", "SEI balance below 10"),
        ("my wallet has less than 10 sei", "SEI balance below 10"),
        ("i own less than 10 sei", "SEI balance below 10"),
        ("my agent has under 5 SEI", "SEI balance below 5"),
        ("my agent holds less than 5 SEI", "SEI balance below 5"),
        ("the sei in my escrow drops under 10", "SEI balance below 10"),
        ("tell me when i hold more than 100 usdc", "USDC balance above 100"),
        ("i hold sei, tell me if it drops below 0.2", "SEI below $0.2"),
        ("tell me if 1 sei costs 0.3 usdc", "SEI crosses $0.3"),
        ("below $0.25 sei", "SEI below $0.25"),
        ("sei below US$0.25", "SEI below $0.25"),
        ("digest mon-fri 9", "Digest on weekdays at 09:00"),
        ("daily digest at 8.30", "Daily digest at 08:30"),
        ("digest at 8.30pm", "Daily digest at 20:30"),
        ("digest at half past eight", "Daily digest at 08:30"),
        ("digest at quarter to 9 in the evening", "Daily digest at 20:45"),
        ("digest at 3 in the afternoon", "Daily digest at 15:00"),
        ("daily digest at 7 local time", "Daily digest at 07:00"),
        ("bitcoin under ninety thousand", "WBTC below $90,000"),
        ("bitcoin under ninety-five thousand", "WBTC below $95,000"),
        ("btc above one hundred and twenty thousand", "WBTC above $120,000"),
        ("weth above forty five hundred", "WETH above $4,500"),
        ("sei above twenty five cents", "SEI above $0.25"),
        ("sei above one dollar", "SEI above $1"),
        ("sei drops by half within 1d", "SEI falls 50 % within 1d"),
        ("sei above 0.250", "SEI above $0.25"),
        ("btc below 80,000", "WBTC below $80,000"),
        ("btc below 80.000k", "WBTC below $80,000"),
        ("sell signal sei above 0.3", "SEI above $0.3"),
        ("alert me when sei is above 0.3 so i can look and sell", "SEI above $0.3"),
    ],
)
def test_it_is_read_as_it_is_meant(text: str, alert: str) -> None:
    assert shown(text) == alert


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tell me if below 10 sei", UNITS),
        ("sei above 10 sei", "SEI balance above 10"),
        ("alert me if my escrow falls below $100", "portfolio above"),
        ("my wallet has sei below $10", "portfolio above"),
        ("sei below C$0.25", USD),
        ("sei below A$ 0.25", USD),
        ("sei below R$1", USD),
        ("sei below HK$2", USD),
        ("sei below 0.2 C$", USD),
        ("daily digest at 8 New York time", CLOCK),
        ("daily digest at 8am EST", CLOCK),
        ("daily digest at 9 Berlin time", CLOCK),
        ("daily digest at 8 utc", CLOCK),
        ("daily digest about bitcoin at 8", MARKET),
        ("daily digest of SEI only", MARKET),
        ("digest at 8 in london", MARKET),
        ("delete sei above 0.25", MANAGED),
        ("pause sei above 0.25", MANAGED),
        ("no alert for sei above 0.3", MANAGED),
        ("change my sei alert to 0.3", MANAGED),
        ("cancel my daily digest at 7:30", MANAGED),
        ("remove the alert on sei", MANAGED),
        ("alert me and sell if sei below 0.2", TOLD),
        ("buy sei when it falls below 0.2", TOLD),
        ("sell half my sei if it drops below 0.2", TOLD),
        ("when sei trades above 0.25 for 10 minutes", HELD),
        ("when sei is above 0.25 for 3 days", HELD),
        ("sei above 0.25 for 30 minutes", HELD),
        ("sei drops 5% for 10 minutes", HELD),
        ("sei abov 0.25", "Did you mean above"),
        ("sei crosess 0.25", r"Did you mean crosses\?"),
        ("SEI drpos 5%", "Did you mean drops"),
        ("ETHERIUM below 3000", "Did you mean WETH"),
        ("BTCOIN below 90000", "Did you mean WBTC"),
        ("SIE above 0.25", "Did you mean SEI"),
        ("PEPE above 0.25", "I watch SEI"),
        ("everything drops 5%", "One alert watches one token"),
        ("sei above zero point three", "I cannot read"),
        ("btc falls to 80.000", r"80,000 or 80\?"),
        ("sei above 1.250", r"1,250 or 1\.25\?"),
    ],
)
def test_it_is_refused_with_what_helps(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        parse(text, agent_id=AGENT)


def test_days_are_the_life_of_an_alert_and_so_are_the_next_minutes() -> None:
    for text in ("sei above 0.25 for 3 days", "sei above 0.25 for the next 10 minutes"):
        found = parse(text)
        assert found is not None
        assert found.expires_at is not None


def test_silently_is_not_urgent() -> None:
    found = parse("wake me silently if sei is above 0.3")
    assert found is not None
    assert not found.urgent


@pytest.mark.parametrize(
    ("sentence", "text", "refusal"),
    [
        ("SEI below 10", "tell me if i have less than 10 of my sei", "portfolio above"),
        ("SEI below 0.2", "buy some if it gets as cheap as a fifth", TOLD),
        ("daily digest at 08:00", "cancel the news in my mornings", MANAGED),
        ("daily digest at 08:00", "news about bitcoin with my coffee", MARKET),
        ("daily digest at 08:00", "news at 8:00 EST with my breakfast", CLOCK),
    ],
)
def test_what_an_analyst_made_of_it_is_refused_too(sentence: str, text: str, refusal: str) -> None:
    with pytest.raises(UserError, match=refusal):
        keep_manner(draft(sentence), text, KINDS, NOW, BERLIN)
