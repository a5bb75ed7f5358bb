"""Market data, the figures drawn from it, and what an analyst may say about it.

Floats appear here for statistics only; prices and money are Decimal.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bot.domain.money import Price, Token


@dataclass(frozen=True, slots=True)
class Candle:
    """One period; prices in USD, volume in USD (0 where the feed has none)."""

    opened_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """Candles of a token, oldest first."""

    symbol: str
    days: int
    candles: tuple[Candle, ...]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class PricePath:
    """USD prices of a token at single moments, oldest first, at least one."""

    symbol: str
    points: tuple[tuple[datetime, Decimal], ...]

    @property
    def as_of(self) -> datetime:
        """The last moment."""
        return self.points[-1][0]


@dataclass(frozen=True, slots=True)
class TokenProfile:
    """What changes rarely: full name, market cap and its rank."""

    symbol: str
    name: str
    rank: int | None
    market_cap_usd: Decimal | None
    volume_24h_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class MarketSummary:
    """The market at a glance."""

    as_of: datetime
    total_cap_usd: Decimal
    cap_change_24h_pct: Decimal
    btc_dominance_pct: Decimal
    prices: tuple[Price, ...]


class Trend(StrEnum):
    """Direction by moving averages."""

    UP = "up"
    DOWN = "down"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Indicators:
    """Technical indicators over the closes of a history; None where it is too short."""

    trend: Trend
    rsi_14: float | None
    sma_20: float | None
    sma_50: float | None
    macd: float | None
    macd_signal: float | None
    bollinger_low: float | None
    bollinger_high: float | None
    atr_14: float | None


@dataclass(frozen=True, slots=True)
class RiskMeasures:
    """Risk over the history: fractions (0.05 is 5 %), volatility annualised, VaR for one day."""

    volatility: float
    max_drawdown: float
    value_at_risk_95: float


@dataclass(frozen=True, slots=True)
class MarketView:
    """Everything an analyst is told about one token."""

    token: Token
    price: Price
    history: PriceHistory
    indicators: Indicators
    risk: RiskMeasures
    profile: TokenProfile | None = None


class Action(StrEnum):
    """What a decision advises."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"


@dataclass(frozen=True, slots=True)
class TradeDecision:
    """An analyst's words: untrusted, bounded, without address, final amount or permission.

    `confidence` is 0-100, `suggested_usd` is clipped by policy before anybody sees a button.
    """

    action: Action
    symbol: str
    entry: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    confidence: int
    suggested_usd: Decimal
    summary: str
    reasons: tuple[str, ...]
    risks: tuple[str, ...]
    analyst: str

    @property
    def reward_to_risk(self) -> Decimal | None:
        """Distance to target over distance to stop; None without both."""
        if self.stop_loss is None or self.take_profit is None or self.entry == self.stop_loss:
            return None
        return abs(self.take_profit - self.entry) / abs(self.entry - self.stop_loss)


@dataclass(frozen=True, slots=True)
class MoreContext:
    """An analyst asks for other tokens or another span before it decides; honoured once."""

    symbols: tuple[str, ...]
    days: int


@dataclass(frozen=True, slots=True)
class Advice:
    """A general answer without a trade."""

    text: str
    analyst: str


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """Whether a question may go on; `reason` is for the user."""

    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Extraction:
    """Symbols a question is about: listed ones, and words like tokens that are not ours."""

    symbols: tuple[str, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of the conversation."""

    question: str
    answer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Brief:
    """The question and all an analyst may know for it. `holdings` are (symbol, units, USD)."""

    question: str
    instructions: str
    language: str
    turns: tuple[Turn, ...]
    views: tuple[MarketView, ...]
    summary: MarketSummary | None
    holdings: tuple[tuple[str, Decimal, Decimal], ...]
    trade_cap_usd: Decimal
    tradable: tuple[str, ...]
    may_ask_more: bool
