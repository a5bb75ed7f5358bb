"""Whenever somebody starts local mode, the rule-based analyst has a trade to show for."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from bot.domain.analysis import Action, MarketView, TradeDecision, Trend
from bot.domain.money import Token
from bot.llm.rules import RuleBrain
from bot.local.market import MarketStandIn
from bot.market.coingecko import CoinGecko
from bot.policy.indicators import indicators
from bot.policy.measures import measures
from tests.fakes.clock import START, FakeClock
from tests.unit.llm.samples import brief, price

TOKENS = (
    Token("SEI", "0x" + "1" * 40, 18, "sei-network"),
    Token("WETH", "0x" + "2" * 40, 18, "ethereum"),
    Token("WBTC", "0x" + "3" * 40, 8, "wrapped-bitcoin"),
)
HELD = tuple((token.symbol, Decimal(1), Decimal(100)) for token in TOKENS)
DAYS = 30


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
async def market(clock: FakeClock) -> AsyncIterator[CoinGecko]:
    transport = httpx.ASGITransport(MarketStandIn(clock).app)
    made = CoinGecko(clock, "http://market.test", transport=transport, rate_per_min=10_000)
    yield made
    await made.aclose()


async def look(market: CoinGecko, token: Token) -> MarketView:
    history = await market.fetch_history(token, 30)
    last = price(token.symbol, str(history.candles[-1].close))
    return MarketView(token, last, history, indicators(history), measures(history), None)


async def ask(question: str, *views: MarketView) -> TradeDecision:
    asked = brief(question=question, views=views, holdings=HELD)
    decision = await RuleBrain().decide(asked)
    assert isinstance(decision, TradeDecision)
    return decision


async def test_on_any_day_one_token_is_a_sound_buy_and_one_falls(
    market: CoinGecko, clock: FakeClock
) -> None:
    """Thirty starts, a day and some hours apart: more than a cycle of the market."""
    seen: set[tuple[str, Action]] = set()
    for day in range(DAYS):
        views = [await look(market, token) for token in TOKENS]
        best = await ask("should I buy SEI, ETH or BTC?", *views)
        alone = [await ask(f"{view.token.symbol}?", view) for view in views]
        seen |= {(card.symbol, card.action) for card in alone}

        assert best.action is Action.BUY, f"nothing to buy on day {day}"
        assert (best.symbol, Action.BUY) in {(card.symbol, card.action) for card in alone}
        assert best.stop_loss is not None
        assert Decimal("0.01") <= 1 - best.stop_loss / best.entry <= Decimal("0.12")
        assert 0 < best.suggested_usd <= 50
        assert Trend.DOWN in {view.indicators.trend for view in views}
        clock.jump(timedelta(days=1, hours=3, minutes=7).total_seconds())
    assert seen == {(token.symbol, action) for token in TOKENS for action in Action}
