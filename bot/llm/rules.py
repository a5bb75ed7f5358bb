"""The analyst without a model: deterministic, from indicators only, and labelled as such."""

from collections.abc import Sequence
from decimal import Decimal

from typing_extensions import override

from bot.domain.alerts import AlertWords
from bot.domain.analysis import (
    Advice,
    Brief,
    Extraction,
    GuardVerdict,
    MarketSummary,
    MoreContext,
    TradeDecision,
    Turn,
)
from bot.domain.money import Price
from bot.llm.rule_decision import decide_by_rules
from bot.llm.rule_language import find_symbols, judge
from bot.llm.wording import dollars, listing, percent
from bot.ports.brain import Brain

LABEL = "rule-based analyst"

_CONCENTRATED = Decimal("0.6")


class RuleBrain(Brain):
    """Never fails and never asks for more context."""

    @property
    @override
    def label(self) -> str:
        return LABEL

    @override
    async def guard(self, question: str) -> GuardVerdict:
        return judge(question)

    @override
    async def extract(
        self, question: str, turns: Sequence[Turn], listed: Sequence[str]
    ) -> Extraction:
        return find_symbols(question, turns, listed)

    @override
    async def decide(self, brief: Brief) -> TradeDecision | MoreContext:
        return decide_by_rules(brief, LABEL)

    @override
    async def advise(self, brief: Brief) -> Advice:
        parts = [
            _market(brief.summary) if brief.summary else _NO_DATA,
            _movers(brief.summary.prices) if brief.summary else "",
            _concentration(brief),
            _hint(brief.tradable),
        ]
        return Advice(" ".join(part for part in parts if part), LABEL)

    @override
    async def parse_alert(self, question: str, listed: Sequence[str]) -> AlertWords | None:
        """The rules are all in `policy/alert_words`, which has read it already."""
        return None


_NO_DATA = "I have no market data at the moment, so I would rather not guess."


def _market(summary: MarketSummary) -> str:
    change = summary.cap_change_24h_pct
    way = "up" if change > 0 else "down" if change < 0 else "unchanged"
    by = f" {percent(abs(change) / 100)}" if change else ""
    return (
        f"The crypto market is worth {dollars(summary.total_cap_usd)}, {way}{by} in 24 hours; "
        f"bitcoin makes up {percent(summary.btc_dominance_pct / 100)} of it."
    )


def _movers(prices: Sequence[Price]) -> str:
    moved = sorted(
        (price for price in prices if price.change_24h_pct),
        key=lambda price: price.change_24h_pct or 0,
        reverse=True,
    )
    if not moved:
        return ""
    best, worst = moved[0], moved[-1]
    if best is worst:
        return f"{_move(best)}."
    return f"Of the tokens here {_move(best)} did best and {_move(worst)} worst."


def _move(price: Price) -> str:
    change = price.change_24h_pct or Decimal(0)
    sign = "+" if change > 0 else "-"
    return f"{price.symbol} ({sign}{percent(abs(change) / 100)}, now {dollars(price.usd)})"


def _concentration(brief: Brief) -> str:
    total = sum((usd for _, _, usd in brief.holdings), Decimal(0))
    if total <= 0:
        return ""
    symbol, _, usd = max(brief.holdings, key=lambda holding: holding[2])
    share = usd / total
    if share < _CONCENTRATED:
        return ""
    return f"{percent(share)} of this agent's {dollars(total)} is in {symbol}."


def _hint(tradable: Sequence[str]) -> str:
    if not tradable:
        return ""
    return f"For a decision ask about up to three tokens by name: {listing(tradable)}."
