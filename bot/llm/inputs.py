"""What an analyst is told, as text for prompts: figures and names, never an address."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.domain.analysis import Brief, Indicators, MarketSummary, MarketView, Turn
from bot.llm.outputs import candidates
from bot.llm.scrub import clean_line, clip

_CLOSES = 30
_QUESTION = 1000
_TURNS = 10


def guard_inputs(question: str) -> Mapping[str, str]:
    """Inputs of the guard prompt."""
    return {"question": clip(question, _QUESTION)}


def decision_inputs(brief: Brief) -> Mapping[str, str]:
    """Inputs of the decision prompt."""
    decide_on = ", ".join(view.token.symbol for view in candidates(brief))
    limits = (
        f"decide_on: {decide_on}\n"
        f"tradable: {', '.join(brief.tradable)}\n"
        f"trade_cap_usd: {brief.trade_cap_usd}\n"
        f"may_ask_more: {'yes' if brief.may_ask_more else 'no'}"
    )
    market = "\n\n".join(_view(view) for view in brief.views)
    return {**_common(brief), "market": market, "limits": limits}


def advice_inputs(brief: Brief) -> Mapping[str, str]:
    """Inputs of the advice prompt."""
    return {**_common(brief), "listed": ", ".join(brief.tradable)}


def ticker_inputs(question: str, turns: Sequence[Turn], listed: Sequence[str]) -> Mapping[str, str]:
    """Inputs of the ticker prompt."""
    return {
        "question": clip(question, _QUESTION),
        "conversation": _conversation(turns),
        "listed": ", ".join(listed),
    }


def alert_inputs(question: str, listed: Sequence[str]) -> Mapping[str, str]:
    """Inputs of the alert prompt."""
    return {"question": clip(question, _QUESTION), "listed": ", ".join(listed)}


def _common(brief: Brief) -> dict[str, str]:
    return {
        "question": clip(brief.question, _QUESTION),
        "instructions": clip(brief.instructions, 2000),
        "language": clean_line(brief.language, 40),
        "conversation": _conversation(brief.turns),
        "overview": _overview(brief.summary) if brief.summary else "",
        "holdings": "\n".join(
            f"{symbol} {number(units)} ({usd:.2f} USD)" for symbol, units, usd in brief.holdings
        ),
    }


def _conversation(turns: Sequence[Turn]) -> str:
    return "\n".join(
        f"user: {clean_line(turn.question, 300)}\nassistant: {clean_line(turn.answer, 400)}"
        for turn in turns[-_TURNS:]
    )


def _overview(summary: MarketSummary) -> str:
    prices = "\n".join(
        f"{price.symbol}: {number(price.usd)} USD"
        + ("" if price.change_24h_pct is None else f", 24h {number(price.change_24h_pct)} %")
        for price in summary.prices
    )
    return (
        f"as_of: {summary.as_of:%Y-%m-%d %H:%M} UTC\n"
        f"total_market_cap_usd: {number(summary.total_cap_usd)}\n"
        f"market_cap_change_24h_pct: {number(summary.cap_change_24h_pct)}\n"
        f"btc_dominance_pct: {number(summary.btc_dominance_pct)}\n{prices}"
    )


def _view(view: MarketView) -> str:
    candles = view.history.candles
    step = max(1, -(-len(candles) // _CLOSES))
    figures: dict[str, str | None] = {
        "name": clean_line(view.profile.name, 40) if view.profile else None,
        "rank": str(view.profile.rank) if view.profile and view.profile.rank else None,
        "price_usd": number(view.price.usd),
        "price_as_of": f"{view.price.as_of:%Y-%m-%d %H:%M} UTC",
        "change_24h_pct": _optional(view.price.change_24h_pct),
        "history_days": str(view.history.days),
        "high_usd": number(max(c.high for c in candles)) if candles else None,
        "low_usd": number(min(c.low for c in candles)) if candles else None,
        "closes_usd_oldest_first": " ".join(number(c.close) for c in candles[::-step][::-1]),
        **_indicators(view.indicators),
        "volatility_annual_pct": number(view.risk.volatility * 100),
        "max_drawdown_pct": number(view.risk.max_drawdown * 100),
        "value_at_risk_95_1d_pct": number(view.risk.value_at_risk_95 * 100),
    }
    lines = (f"{name}: {figure}" for name, figure in figures.items() if figure)
    return "\n".join((f"[{view.token.symbol}]", *lines))


def _indicators(known: Indicators) -> dict[str, str | None]:
    return {
        "trend": known.trend.value,
        "rsi_14": _optional(known.rsi_14),
        "sma_20": _optional(known.sma_20),
        "sma_50": _optional(known.sma_50),
        "macd": _optional(known.macd),
        "macd_signal": _optional(known.macd_signal),
        "bollinger_low": _optional(known.bollinger_low),
        "bollinger_high": _optional(known.bollinger_high),
        "atr_14": _optional(known.atr_14),
    }


def _optional(value: Decimal | float | None) -> str | None:
    return None if value is None else number(value)


def number(value: Decimal | float) -> str:
    """Five significant digits, never in exponent form; whole numbers stay whole."""
    exact = Decimal(str(value)) if isinstance(value, float) else value
    if exact and exact.is_finite() and exact.adjusted() < 4:
        exact = round(exact, 4 - exact.adjusted())
    else:
        exact = round(exact, 0)
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
