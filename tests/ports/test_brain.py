"""What every `Brain` owes its callers: the fake, the rules, and Gemini over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from bot.catalogue import discover
from bot.domain.alerts import AlertWords, Condition
from bot.domain.analysis import Action, TradeDecision
from bot.llm.gemini import GeminiBrain
from bot.llm.prompts import load_prompts
from bot.llm.rules import RuleBrain
from bot.local.gemini.server import GeminiStandIn
from bot.policy.alerts import kinds as alert_kinds
from bot.policy.alerts.kind import AlertKinds
from bot.policy.alerts.words import parse_alert
from bot.ports.brain import Brain
from bot.serving import served
from tests.fakes.brain import FakeBrain
from tests.fakes.market import SteppingClock
from tests.unit.llm.samples import FALLING, LISTED, NOW, UNKNOWN, brief, turn, view

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROMPTS = load_prompts(Path(__file__).parents[2] / "prompts")
KINDS = AlertKinds(tuple(discover(alert_kinds, "ALERT").values()))
BRIEFS = {
    "rising": brief(),
    "held and falling": brief(
        views=(view(indicators=FALLING),), holdings=(("SEI", Decimal(100), Decimal("31.23")),)
    ),
    "short history": brief(views=(view(indicators=UNKNOWN),)),
    "tiny price": brief(views=(view(usd="0.0000001234"),)),
    "large price": brief(question="btc?", views=(view("WBTC", "98765.4321"),)),
    "two tokens": brief(question="SEI or ETH?", views=(view(), view("WETH", "3050"))),
    "not tradable": brief(question="usdc?", views=(view("USDC", "1.0001"),)),
    "no cap left": brief(trade_cap_usd=Decimal(0)),
    "in a conversation": brief(turns=(turn("sei?"),) * 10, instructions="Be careful."),
}


@asynccontextmanager
async def gemini() -> AsyncIterator[Brain]:
    async with served(GeminiStandIn().app) as serving:
        made = GeminiBrain("key", serving.url, "deep-1", "fast-1", PROMPTS, SteppingClock())
        try:
            yield made
        finally:
            await made.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["fake", "rules", "gemini"])
async def brain(request: pytest.FixtureRequest) -> AsyncIterator[Brain]:
    if request.param == "gemini":
        async with gemini() as made:
            yield made
    else:
        yield {"fake": FakeBrain, "rules": RuleBrain}[request.param]()


async def test_it_says_who_it_is(brain: Brain) -> None:
    assert brain.label
    assert brain.label == brain.label.strip()


async def test_a_question_about_trading_passes(brain: Brain) -> None:
    verdict = await brain.guard("should I buy SEI now?")
    assert verdict.allowed
    assert verdict.reason == ""


async def test_tokens_are_named_by_their_listed_symbols(brain: Brain) -> None:
    found = await brain.extract("sei or eth?", (), LISTED)
    assert found.symbols == ("SEI", "WETH")
    assert found.unknown == ()


async def test_a_general_question_names_none(brain: Brain) -> None:
    assert (await brain.extract("how does the market look?", (), LISTED)).symbols == ()


@pytest.mark.parametrize("name", BRIEFS)
async def test_a_decision_is_complete_and_bounded(brain: Brain, name: str) -> None:
    asked = BRIEFS[name]
    decision = await brain.decide(asked)
    assert isinstance(decision, TradeDecision)
    view = next(v for v in asked.views if v.token.symbol == decision.symbol)
    assert abs(decision.entry - view.price.usd) <= view.price.usd / 5
    assert 0 <= decision.confidence <= 100
    assert 0 <= decision.suggested_usd <= asked.trade_cap_usd
    assert decision.summary
    assert decision.reasons
    assert decision.analyst == brain.label
    if decision.action is Action.HOLD:
        assert decision.suggested_usd == 0
    else:
        assert decision.symbol in asked.tradable
        assert decision.stop_loss is not None
        assert decision.take_profit is not None
        levels = [decision.stop_loss, decision.entry, decision.take_profit]
        assert sorted(levels, reverse=decision.action is Action.SELL) == levels
        assert decision.reward_to_risk is not None
        assert decision.reward_to_risk > 1


async def test_a_general_question_gets_words(brain: Brain) -> None:
    advice = await brain.advise(brief(question="how does the market look?", views=()))
    assert advice.text
    assert advice.analyst == brain.label


async def test_words_without_an_alert_are_none(brain: Brain) -> None:
    assert await brain.parse_alert("how does the market look?", LISTED) is None


async def test_an_alert_is_a_sentence_that_the_rules_can_read(brain: Brain) -> None:
    question = "do shout once a bitcoin costs north of 123000"
    if isinstance(brain, FakeBrain):
        brain.alert = AlertWords("WBTC above 123000")
    words = await brain.parse_alert(question, LISTED)
    if isinstance(brain, RuleBrain):
        assert words is None
        return
    assert words is not None
    draft = parse_alert(words.sentence, KINDS, LISTED, NOW, "UTC")
    assert draft is not None
    assert draft.condition == Condition("PRICE_ABOVE", "WBTC", Decimal(123_000))


async def test_questions_do_not_disturb_each_other(brain: Brain) -> None:
    symbols = ("SEI", "WETH", "WBTC") * 4
    asked = [brief(question=symbol, views=(view(symbol),)) for symbol in symbols]
    decisions = await asyncio.gather(*map(brain.decide, asked))
    assert tuple(d.symbol for d in decisions if isinstance(d, TradeDecision)) == symbols
