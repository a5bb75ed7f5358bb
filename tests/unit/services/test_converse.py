"""Questions: who may ask, what the analyst is told, and how little its words can do."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.analysis import (
    Action,
    Extraction,
    GuardVerdict,
    MoreContext,
    TradeDecision,
    Turn,
)
from bot.domain.errors import AnswerBlockedError, SeiTraderError, UpstreamError, UserError
from bot.domain.people import Agent
from bot.services.converse import Converse
from bot.services.questions import Advised, Decided, Question, SecretPastedError
from tests.unit.services.faults import Faulty, failing
from tests.unit.services.office import BO, CHAT, PRICES, Office

DOWN = UpstreamError("gemini", "503", retryable=True)
GARBLED = UpstreamError("gemini", "no JSON", retryable=False)
BLOCKED = AnswerBlockedError("gemini", "SAFETY", retryable=False)
SECRET = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"  # noqa: S105
STAND_IN = "so this is the rule-based analyst."


@pytest.fixture
async def agent(office: Office) -> Agent:
    return await office.agent(USDC="100", SEI="100", iSEI="10")


async def said(_step: str) -> None:
    """Progress nobody looks at."""


async def ask(
    office: Office, agent: Agent, text: str, converse: Converse | None = None, **settings: Any
) -> Decided | Advised:
    user = await office.user(agent.user_id, **settings)
    question = Question(user, agent, CHAT, text)
    return await (converse or office.converse()).ask(question, said)


async def asked(office: Office, agent: Agent, text: str = "buy SEI?", **settings: Any) -> Decided:
    answer = await ask(office, agent, text, **settings)
    assert isinstance(answer, Decided)
    return answer


def decide(office: Office, **changes: Any) -> None:
    """Let the analyst's next decision be the agreeable one with changes."""
    office.brain.decisions.append(replace(DECISION, **changes))


DECISION = TradeDecision(
    action=Action.BUY,
    symbol="SEI",
    entry=Decimal("0.25"),
    stop_loss=None,
    take_profit=None,
    confidence=60,
    suggested_usd=Decimal(20),
    summary="It looks fine.",
    reasons=(),
    risks=(),
    analyst="deep model",
)


async def test_a_question_gets_a_recorded_decision(office: Office, agent: Agent):
    answer = await asked(office, agent, "should I buy SEI?")
    assert answer.decision == office.records.decisions[answer.decision_id][1]
    assert office.records.decisions[answer.decision_id][0] == agent.id
    assert answer.decision.analyst == "deep model"
    assert answer.view.price.source == "fake"
    assert answer.suggested_usd == 25
    assert answer.notes == ()
    brief = office.brain.briefs[0]
    assert (brief.question, brief.instructions, brief.language) == (
        "should I buy SEI?",
        "buy low",
        "en",
    )
    assert brief.may_ask_more
    assert brief.tradable == ("SEI", "WBTC", "iSEI")
    assert dict((s, (units, usd)) for s, units, usd in brief.holdings) == {
        "SEI": (Decimal(100), Decimal(25)),
        "USDC": (Decimal(100), Decimal(100)),
        "iSEI": (Decimal(10), Decimal(3)),
    }
    assert office.fallback.questions == []
    assert office.chain.signed == {}
    assert office.ledger.intents == {}


async def test_the_door_hears_how_it_goes(office: Office, agent: Agent):
    steps: list[str] = []

    async def hear(step: str) -> None:
        steps.append(step)

    question = Question(await office.user(), agent, CHAT, "SEI or iSEI?")
    await office.converse().ask(question, hear)
    assert steps == ["Reading your question", "Reading the market for SEI, iSEI", "Weighing it up"]


async def test_the_guard_says_no_with_its_reason(office: Office, agent: Agent):
    office.brain.verdict = GuardVerdict(allowed=False, reason="No recipes here.")
    with pytest.raises(UserError, match="No recipes here"):
        await ask(office, agent, "SEI cake?")
    office.brain.verdict = GuardVerdict(allowed=False)
    with pytest.raises(UserError, match="only talk about trading"):
        await ask(office, agent, "SEI cake?")
    assert office.brain.briefs == []
    assert office.records.turns == []


async def test_a_secret_reaches_nobody(office: Office, agent: Agent):
    with pytest.raises(SecretPastedError) as caught:
        await ask(office, agent, f"is {SECRET} a good key?")
    assert SECRET not in str(caught.value)
    assert office.brain.questions == []
    assert office.records.turns == []


async def test_the_length_has_a_bound(office: Office, agent: Agent):
    await ask(office, agent, "SEI " * 250)
    with pytest.raises(UserError, match="1,001 characters; a question may have 1,000"):
        await ask(office, agent, "S" * 1_001)
    assert len(office.brain.questions) == 1


async def test_ten_questions_a_minute_a_person(office: Office, agent: Agent):
    converse, other = office.converse(), await office.agent("Beta", BO)
    for _ in range(10):
        await ask(office, agent, "SEI?", converse)
        office.clock.jump(2)
    with pytest.raises(UserError, match=r"10 questions in a minute. Ask again in 41 seconds"):
        await ask(office, agent, "SEI?", converse)
    await ask(office, other, "SEI?", converse)
    office.clock.jump(39)
    with pytest.raises(UserError, match="in 2 seconds"):
        await ask(office, agent, "SEI?", converse)
    office.clock.jump(1)
    await ask(office, agent, "SEI?", converse)
    with pytest.raises(UserError, match="in 3 seconds"):
        await ask(office, agent, "SEI?", converse)


async def test_refused_texts_do_not_count(office: Office, agent: Agent):
    converse = office.converse()
    for text in [SECRET, "S" * 1_001] * 6:
        with pytest.raises(UserError):
            await ask(office, agent, text, converse)
    await ask(office, agent, "SEI?", converse)


async def test_no_token_gets_advice_on_the_market(office: Office, agent: Agent):
    answer = await ask(office, agent, "how is the market?")
    assert isinstance(answer, Advised)
    assert answer.advice.analyst == "deep model"
    assert office.brain.briefs[0].summary is not None
    assert office.brain.briefs[0].views == ()
    assert [turn.answer for _, _, turn in office.records.turns] == ["The market is calm."]


async def test_unknown_tokens_are_named_and_left_out(office: Office, agent: Agent):
    office.brain.extraction = Extraction(("SEI",), ("DOGE", "PEPE"))
    answer = await asked(office, agent, "SEI, DOGE or PEPE?")
    assert answer.notes == ("I do not trade DOGE, PEPE, so I left that out.",)
    office.brain.extraction = Extraction((), ("DOGE",))
    assert isinstance(await ask(office, agent, "DOGE?"), Advised)


async def test_symbols_nobody_lists_and_the_quote_token_make_no_view(office: Office, agent: Agent):
    office.brain.extraction = Extraction(("DOGE", "USDC", "WBTC", "WBTC", "SEI", "iSEI", "SEI"))
    await asked(office, agent)
    assert [v.token.symbol for v in office.brain.briefs[0].views] == ["SEI", "WBTC", "iSEI"]


async def test_a_token_that_is_named_comes_before_what_the_analyst_heard(
    office: Office, agent: Agent
):
    office.brain.extraction = Extraction(("WETH",))
    await asked(office, agent)
    assert office.brain.briefs[0].views[0].token.symbol == "SEI"


async def test_more_context_is_given_once(office: Office, agent: Agent):
    office.brain.decisions.append(MoreContext(("wbtc", "NOPE", "SEI"), 80))
    answer = await asked(office, agent)
    first, second = office.brain.briefs
    assert (first.may_ask_more, second.may_ask_more) == (True, False)
    assert [(v.token.symbol, v.history.days) for v in second.views] == [("SEI", 90), ("WBTC", 90)]
    assert answer.decision.analyst == "deep model"
    assert answer.notes == ()


async def test_who_asks_for_more_twice_is_replaced(office: Office, agent: Agent):
    office.brain.decisions += [MoreContext(("WBTC",), 30)] * 2
    answer = await asked(office, agent)
    assert answer.decision.analyst == "rule-based analyst"
    assert answer.notes == (f"deep model gave no usable answer, {STAND_IN}",)
    assert not office.fallback.briefs[0].may_ask_more


async def test_a_wider_look_that_fails_leaves_the_first_one(office: Office, agent: Agent):
    office.brain.decisions.append(MoreContext(("WBTC",), 365))
    answer = await asked(office, agent)
    assert answer.notes == ("The analyst wanted more market data than there is now.",)
    assert [v.history.days for v in office.brain.briefs[1].views] == [30]
    assert not office.brain.briefs[1].may_ask_more


@pytest.mark.parametrize("symbol", ["WBTC", "0xdead", "sei"])
async def test_a_decision_on_what_was_not_asked_is_replaced(
    office: Office, agent: Agent, symbol: str
):
    decide(office, symbol=symbol)
    answer = await asked(office, agent)
    assert (answer.decision.symbol, answer.decision.analyst) == ("SEI", "rule-based analyst")
    assert answer.notes == (f"deep model gave no usable answer, {STAND_IN}",)


async def test_nobody_is_advised_to_buy_the_quote_token_with_itself(office: Office, agent: Agent):
    office.brain.decisions.append(MoreContext(("USDC",), 30))
    decide(office, symbol="USDC")
    assert (await asked(office, agent)).decision.symbol == "SEI"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (DOWN, "cannot be reached or is busy"),
        (GARBLED, "gave no usable answer"),
        (BLOCKED, "would not answer for its own safety rules"),
    ],
)
@pytest.mark.parametrize("call", ["verdict", "extraction", "decide", "second decide"])
async def test_an_analyst_that_fails_is_replaced_and_that_is_said(
    office: Office, agent: Agent, call: str, error: SeiTraderError, why: str
):
    match call:
        case "decide":
            office.brain.decisions.append(error)
        case "second decide":
            office.brain.decisions += [MoreContext(("WBTC",), 30), error]
        case _:
            setattr(office.brain, call, error)
    answer = await asked(office, agent)
    assert answer.decision.analyst == "rule-based analyst"
    assert answer.notes == (f"deep model {why}, {STAND_IN}",)


async def test_two_calls_that_fail_side_by_side_are_one_failure(office: Office, agent: Agent):
    """Guard and tickers are asked at once; both are asked of the stand-in again."""
    both = failing(DOWN, "guard", "extract")
    office.brain = Faulty(office.brain, both)  # type: ignore[assignment]
    answer = await asked(office, agent)
    assert answer.decision.analyst == "rule-based analyst"
    assert answer.notes == (f"deep model cannot be reached or is busy, {STAND_IN}",)
    assert office.fallback.questions == ["buy SEI?"]


async def test_advice_falls_back_too(office: Office, agent: Agent):
    office.brain.advice = DOWN
    answer = await ask(office, agent, "how is the market?")
    assert isinstance(answer, Advised)
    assert answer.advice.analyst == "rule-based analyst"
    assert answer.notes == (f"deep model cannot be reached or is busy, {STAND_IN}",)


async def test_after_a_failure_the_stand_in_stays_for_the_question_only(
    office: Office, agent: Agent
):
    converse = office.converse()
    office.brain.extraction = DOWN
    await ask(office, agent, "SEI?", converse)
    assert office.brain.briefs == []
    office.brain.extraction = None
    answer = await ask(office, agent, "SEI?", converse)
    assert isinstance(answer, Decided)
    assert (answer.decision.analyst, answer.notes) == ("deep model", ())


async def test_without_any_analyst_the_failure_is_told(office: Office, agent: Agent):
    office.brain.fail(DOWN)
    office.fallback.fail(DOWN)
    with pytest.raises(UpstreamError, match="gemini"):
        await ask(office, agent, "SEI?")


async def test_a_stand_in_that_decides_nothing_is_a_failure(office: Office, agent: Agent):
    office.brain.decisions += [MoreContext((), 1)] * 2
    office.fallback.decisions.append(MoreContext((), 1))
    with pytest.raises(UpstreamError, match="no analyst would decide"):
        await ask(office, agent, "SEI?")


async def test_without_market_data_there_is_no_answer(office: Office, agent: Agent):
    office.market.fail()
    for text in ("SEI?", "how is the market?"):
        with pytest.raises(UpstreamError, match="market"):
            await ask(office, agent, text)
    assert office.records.turns == []


async def test_a_token_without_a_price_cannot_be_weighed(office: Office, agent: Agent):
    office.market.forget_price("SEI")
    with pytest.raises(UpstreamError, match="no prices"):
        await ask(office, agent, "SEI?")
    answer = await asked(office, agent, "SEI or iSEI?")
    assert answer.decision.symbol == "iSEI"


@pytest.mark.parametrize("wishes", [[], [MoreContext(("WBTC",), 30)]], ids=["once", "twice"])
async def test_without_the_chain_it_answers_and_claims_no_balance(
    office: Office, agent: Agent, wishes: list[MoreContext]
):
    office.chain.down = True
    office.brain.decisions += wishes
    answer = await asked(office, agent)
    assert answer.suggested_usd == 0
    assert answer.notes == ("The chain does not answer, so I do not know what you hold.",)
    assert office.brain.briefs[0].holdings == ()


async def test_a_chain_that_is_back_at_the_second_look_is_not_blamed(office: Office, agent: Agent):
    lost = failing(UpstreamError("chain", "no answer", retryable=True), "read_balances", times=1)
    office.reader = Faulty(office.reader, lost)  # type: ignore[assignment]
    office.brain.decisions.append(MoreContext(("WBTC",), 30))
    answer = await asked(office, agent)
    assert answer.notes == ()
    assert answer.suggested_usd == 25


async def test_an_agent_that_is_still_opening_may_ask(office: Office, agent: Agent):
    answer = await asked(office, replace(agent, escrow=""))
    assert answer.suggested_usd == 0
    assert answer.notes == ("Alpha holds no USDC to trade with yet.",)


@pytest.mark.parametrize(
    ("suggested", "own_cap", "usdc", "clipped"),
    [
        ("20", "50", "100", "20"),
        ("1e30", "50", "100", "50"),
        ("1e30", "1000", "100", "50"),
        ("45", "30", "100", "30"),
        ("45", "50", "12.5", "12.5"),
    ],
)
async def test_a_suggestion_is_clipped(
    office: Office, suggested: str, own_cap: str, usdc: str, clipped: str
):
    agent = await office.agent(USDC=usdc)
    decide(office, suggested_usd=Decimal(suggested))
    answer = await asked(office, agent, trade_cap_usd=Decimal(own_cap))
    assert answer.suggested_usd == Decimal(clipped)
    assert office.brain.briefs[0].trade_cap_usd == min(Decimal(own_cap), 50)


@pytest.mark.parametrize(("symbol", "clipped"), [("SEI", "24.75"), ("iSEI", "3"), ("WBTC", "0")])
async def test_a_sale_is_clipped_to_what_can_be_sold(
    office: Office, agent: Agent, symbol: str, clipped: str
):
    """Of SEI the reserve for gas stays: 1 SEI is $0.25."""
    decide(office, action=Action.SELL, symbol=symbol, suggested_usd=Decimal(30))
    answer = await asked(office, agent, f"sell {symbol}?")
    assert answer.suggested_usd == Decimal(clipped)
    said_so = answer.notes == (f"Alpha holds no {symbol} to trade with yet.",)
    assert said_so is (clipped == "0")


async def test_less_than_the_smallest_trade_is_nothing(office: Office):
    for usdc, offered in (("0.49", 0), ("0.5", Decimal("0.5"))):
        agent = await office.agent(f"With {usdc}", USDC=usdc)
        assert (await asked(office, agent)).suggested_usd == offered


async def test_hold_offers_nothing(office: Office, agent: Agent):
    decide(office, action=Action.HOLD)
    answer = await asked(office, agent)
    assert answer.suggested_usd == 0
    assert answer.notes == ()


@pytest.mark.parametrize(("age_s", "offered"), [(300, 25), (301, 0), (3_000, 0)])
async def test_an_old_price_is_shown_with_its_age_and_offers_nothing(
    office: Office, agent: Agent, age_s: int, offered: int
):
    office.market.set_price("SEI", PRICES["SEI"], age_s=age_s)
    answer = await asked(office, agent)
    assert answer.suggested_usd == offered
    note = f"The price is {age_s // 60} minutes old, too old to trade on; trading waits."
    assert answer.notes == (() if offered else (note,))
    assert office.clock.now() - answer.view.price.as_of == timedelta(seconds=age_s)


def remembered(office: Office) -> list[str]:
    """The earlier questions the analyst was last told of."""
    return [turn.question for turn in office.brain.briefs[-1].turns]


async def test_follow_ups_know_the_last_ten_turns_of_a_day(office: Office, agent: Agent):
    converse, other = office.converse(), await office.agent("Beta", USDC="5")
    await ask(office, agent, "SEI number old?", converse)
    office.clock.jump(86_401 - 12 * 10)
    office.refresh_prices()
    for n in range(12):
        await ask(office, agent, f"SEI number {n}?", converse)
        office.clock.jump(10)
    assert remembered(office) == [f"SEI number {n}?" for n in range(1, 11)]
    assert office.brain.briefs[-1].turns[0].answer == "BUY SEI: It looks fine."
    await ask(office, other, "SEI?", converse)
    assert remembered(office) == []

    office.clock.jump(86_400 - 25)
    office.refresh_prices()
    await ask(office, agent, "SEI?", converse)
    assert remembered(office) == [
        "SEI number 10?",
        "SEI number 11?",
    ]


async def test_turns_are_those_of_the_chat(office: Office, agent: Agent):
    turn = Turn("elsewhere?", "yes", office.clock.now())
    await office.records.save_turn(CHAT + 1, agent.id, turn)
    await ask(office, agent, "SEI?")
    assert remembered(office) == []
