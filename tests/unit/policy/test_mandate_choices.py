from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.errors import UserError
from bot.domain.money import Token
from bot.policy.mandate_choices import Choices, Offer, check_choices

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SEI, USDC, WBTC = (Token(s, f"0x{n}", 18) for n, s in enumerate(("SEI", "USDC", "WBTC")))
OFFER = Offer((SEI, USDC, WBTC), USDC, {"0xd": "Dragon", "0xe": "Eel"})
CHOICES = Choices(
    tokens=[WBTC.address, USDC.address],
    adapters=["0xe", "0xd"],
    trade_usd=Decimal(50),
    volume_usd=Decimal(200),
    loss_usd=Decimal("10.25"),
    slippage_pct=Decimal("1.5"),
    valid_until=NOW + timedelta(days=30),
)


def test_choices_become_the_contracts_units_in_the_offers_order():
    terms = check_choices(CHOICES, OFFER, NOW)
    assert terms.tokens == (USDC.address, WBTC.address)
    assert terms.adapters == ("0xd", "0xe")
    assert (terms.trade_cap, terms.daily_volume) == (50_000_000, 200_000_000)
    assert (terms.daily_loss, terms.slippage) == (10_250_000, 150)
    assert terms.valid_until == CHOICES.valid_until


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tokens": ["0x66", "0x1"]}, "not listed"),
        ({"tokens": ["0x1", "0x1"]}, "not listed"),
        ({"adapters": ["0x66"]}, "not listed"),
        ({"tokens": ["0x0", "0x2"]}, "USDC: it must be included"),
        ({"tokens": ["0x1"]}, "at least one token besides USDC"),
        ({"adapters": []}, "at least one exchange"),
        ({"trade_usd": Decimal("0.99")}, "limit of a trade must be at least $1"),
        ({"volume_usd": Decimal(0)}, "volume of a day must be at least"),
        ({"loss_usd": Decimal(0)}, "loss of a day must be at least"),
        ({"volume_usd": Decimal(281_474_976)}, "must be below $281,474,976"),
        ({"trade_usd": Decimal("100.01")}, "Allow $200.02 a day"),
        ({"loss_usd": Decimal(201)}, "cannot be more than its volume"),
        ({"slippage_pct": Decimal("0.09")}, "between 0.1 % and 10 %"),
        ({"slippage_pct": Decimal("10.01")}, "between 0.1 % and 10 %"),
        ({"valid_until": NOW + timedelta(minutes=59)}, "at least an hour"),
        ({"valid_until": NOW + timedelta(days=366, seconds=1)}, "at most one year"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], said: str):
    with pytest.raises(UserError, match=said.replace("$", r"\$")):
        check_choices(replace(CHOICES, **change), OFFER, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"trade_usd": Decimal(100)},
        {"trade_usd": Decimal(1)},
        {"loss_usd": Decimal(200)},
        {"slippage_pct": Decimal("0.1")},
        {"slippage_pct": Decimal(10)},
        {"valid_until": NOW + timedelta(hours=1)},
        {"valid_until": NOW + timedelta(days=366)},
        {"volume_usd": Decimal("281474975.99")},
    ],
)
def test_the_edges_are_allowed(change: dict[str, Any]):
    terms = check_choices(replace(CHOICES, **change), OFFER, NOW)
    assert terms.daily_volume < 1 << 48
