"""Views and briefs to ask analysts with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.domain.analysis import (
    Brief,
    Candle,
    Indicators,
    MarketSummary,
    MarketView,
    PriceHistory,
    RiskMeasures,
    TokenProfile,
    Trend,
    Turn,
)
from bot.domain.money import Price, Token

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LISTED = ("SEI", "USDC", "WETH", "WBTC", "iSEI", "SolvBTC", "USDT0")
ADDRESS = "0x" + "aB" * 20

RISING = Indicators(Trend.UP, 54.1, 0.31, 0.30, 0.002, 0.001, 0.28, 0.34, 0.012)
FALLING = Indicators(Trend.DOWN, 46.0, 0.31, 0.33, -0.002, -0.001, 0.28, 0.36, 0.012)
MIXED = Indicators(Trend.UP, 55.0, 0.31, 0.30, 0.001, 0.002, 0.28, 0.34, 0.012)
UNKNOWN = Indicators(Trend.FLAT, None, None, None, None, None, None, None, None)


def price(symbol: str = "SEI", usd: str = "0.3123", change: str | None = "-1.8") -> Price:
    moved = None if change is None else Decimal(change)
    return Price(symbol, Decimal(usd), NOW, "test", moved)


def view(
    symbol: str = "SEI",
    usd: str = "0.3123",
    indicators: Indicators = RISING,
    risk: RiskMeasures | None = None,
    name: str = "Sei",
) -> MarketView:
    close = Decimal(usd)
    candles = tuple(
        Candle(NOW - timedelta(hours=4 * (90 - i)), close, close * 2, close / 2, close, Decimal(9))
        for i in range(90)
    )
    return MarketView(
        Token(symbol, ADDRESS, 18, "sei-network"),
        price(symbol, usd),
        PriceHistory(symbol, 14, candles, NOW),
        indicators,
        risk or RiskMeasures(volatility=0.5, max_drawdown=0.2, value_at_risk_95=0.052),
        TokenProfile(symbol, name, 60, Decimal("1.9e9"), Decimal("1e8")),
    )


def summary() -> MarketSummary:
    prices = (price(), price("WETH", "3050.5", "2.25"), price("WBTC", "98000", "0.4"))
    return MarketSummary(NOW, Decimal("3.1e12"), Decimal("-1.2"), Decimal("55.3"), prices)


def turn(question: str, answer: str = "Hold.") -> Turn:
    return Turn(question, answer, NOW - timedelta(minutes=5))


_BRIEF = Brief(
    question="should I buy SEI now?",
    instructions="",
    language="English",
    turns=(),
    views=(view(),),
    summary=summary(),
    holdings=(("USDC", Decimal(120), Decimal(120)),),
    trade_cap_usd=Decimal(50),
    tradable=("SEI", "WETH", "WBTC"),
    may_ask_more=False,
)


def brief(**changes: Any) -> Brief:
    return replace(_BRIEF, **changes)
