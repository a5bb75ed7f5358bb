"""What the model may propose as an alert, and the sentence that is made of it."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.catalogue import discover
from bot.domain.alerts import AlertWords, Condition, Repeat
from bot.domain.errors import AnswerUnusableError, UserError
from bot.llm.gemini import GeminiBrain
from bot.llm.outputs import AlertAnswer, AlertType, MalformedError, parse_alert_words
from bot.local.gemini import replies
from bot.local.gemini.defaults import Kind
from bot.local.gemini.server import GeminiStandIn
from bot.policy.alerts import kinds as alert_kinds
from bot.policy.alerts.kind import AlertKinds
from bot.policy.alerts.words import parse_alert
from tests.unit.llm.conftest import PROMPTS
from tests.unit.llm.samples import ADDRESS, LISTED, NOW

KINDS = AlertKinds(tuple(discover(alert_kinds, "ALERT").values()))
GOOD: Mapping[str, Any] = {
    "condition": "PRICE_ABOVE",
    "symbol": "SEI",
    "figure": 0.25,
    "window": "",
    "every_time": False,
    "hours_between": 0,
    "until": "",
}
EXAMPLES = {
    "PRICE_ABOVE": (0.25, ""),
    "PRICE_BELOW": (0.25, ""),
    "PRICE_CROSSES": (0.25, ""),
    "PERCENT_CHANGE": (-5, "1h"),
    "NEW_HIGH": (None, "30d"),
    "NEW_LOW": (None, "7d"),
    "VOLUME_SPIKE": (3, ""),
    "RSI_ABOVE": (70, "4h"),
    "RSI_BELOW": (30, "1d"),
    "MA_CROSS_UP": (None, "4h"),
    "MA_CROSS_DOWN": (None, "1d"),
    "PORTFOLIO_ABOVE": (500, ""),
    "PORTFOLIO_BELOW": (500, ""),
    "BALANCE_ABOVE": (10, ""),
    "BALANCE_BELOW": (10, ""),
    "DEPOSIT": (None, ""),
    "GAS_ABOVE": (50, ""),
    "GAS_BELOW": (50, ""),
    "DIGEST_DAILY": (None, "08:00"),
    "DIGEST_WEEKLY": (None, "mon 08:00"),
}


def words(question: str = "sei?", **changes: Any) -> AlertWords | None:
    answer = AlertAnswer.model_validate_json(json.dumps({**GOOD, **changes}))
    return parse_alert_words(answer, question, LISTED)


def sentence(question: str = "sei?", **changes: Any) -> str:
    found = words(question, **changes)
    assert found is not None
    return found.sentence


def condition_of(text: str) -> Condition:
    draft = parse_alert(text, KINDS, LISTED, NOW, "UTC", 7)
    assert draft is not None
    return draft.condition


def test_all_conditions_of_all_kinds_can_be_proposed() -> None:
    names = {name for kind in KINDS.kinds for name in kind.conditions}
    assert names | {"NONE"} == {member.value for member in AlertType}
    assert names == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_becomes_what_it_says(name: str) -> None:
    figure, window = EXAMPLES[name]
    found = condition_of(sentence(condition=name, figure=figure, window=window))
    assert found.type == name
    assert found.threshold == Decimal(str(figure or 0))
    assert found.window == window


def test_how_often_and_until_when() -> None:
    text = sentence(every_time=True, hours_between=4, until="2026-12-31")
    assert text == "SEI above 0.25, every time, at most every 4h, until 2026-12-31"
    draft = parse_alert(text, KINDS, LISTED, NOW, "UTC")
    assert draft is not None
    assert (draft.repeat, draft.cooldown.total_seconds()) == (Repeat.EVERY, 4 * 3600)
    assert draft.expires_at is not None
    assert not draft.urgent
    assert not draft.at_once


def test_the_prompts_example_is_read() -> None:
    prompt = PROMPTS["alert"]
    answer = AlertAnswer.model_validate_json(json.dumps(prompt.example_output))
    found = parse_alert_words(answer, prompt.example_inputs["question"], LISTED)
    assert found is not None
    assert condition_of(found.sentence) == Condition("PERCENT_CHANGE", "WBTC", Decimal(-5), "1h")


def test_no_alert() -> None:
    assert words(condition="NONE", symbol="", figure=None) is None


def test_a_token_that_is_not_listed_is_told_to_the_person_who_named_it() -> None:
    text = sentence("shout when doge is over a quarter", symbol="DOGE")
    with pytest.raises(UserError, match="a token called DOGE"):
        condition_of(text)


@pytest.mark.parametrize(
    "changes",
    [{"symbol": "DOGE"}, {"symbol": ADDRESS}, {"symbol": ""}, {"figure": None},
     {"symbol": "SEI above 1, every time"}],
)  # fmt: skip
def test_what_cannot_be_believed(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        words(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"condition": "SEND_MONEY"},
        {"figure": "0.25; urgent"},
        {"figure": 1e13},
        {"window": "1h, urgent"},
        {"window": "1 hour in every chat"},
        {"until": "tomorrow"},
        {"hours_between": -1},
        {"hours_between": 10_000},
        {"every_time": "yes"},
    ],
)
def test_fields_are_bounded(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        words(**changes)


@given(
    st.sampled_from(AlertType),
    st.sampled_from(("SEI", "sei", "DOGE", "", "bitcoin", "SEI now too", "wake me")),
    st.none() | st.floats(-1e12, 1e12),
    st.sampled_from(("", "1h", "4h", "1d", "30d", "999d", "08:00", "99:99", "mon 08:00")),
    st.sampled_from(("", "2026-12-31", "2020-01-01", "2026-99-99")),
)
def test_any_answer_is_an_alert_or_a_sentence_why_not(
    condition: AlertType, symbol: str, figure: float | None, window: str, until: str
) -> None:
    changes = {"condition": condition, "symbol": symbol, "figure": figure, "window": window}
    try:
        found = words("sei or doge?", **changes, until=until)
        draft = found and parse_alert(found.sentence, KINDS, LISTED, NOW, "UTC", 7)
    except (MalformedError, UserError):
        return
    if draft:
        assert draft.condition.type == condition
        assert not draft.urgent
        assert not draft.at_once


@pytest.mark.asyncio(loop_scope="module")
async def test_it_is_the_fast_model_that_is_asked(
    google: GeminiStandIn, brain: GeminiBrain
) -> None:
    google.play(replies.answer(GOOD), kind=Kind.ALERT)
    found = await brain.parse_alert("shout when sei is pricier than a quarter", LISTED)
    assert found == AlertWords("SEI above 0.25")
    asked = google.asked(Kind.ALERT)[0]
    assert "fast" in asked.model
    assert "pricier than a quarter" in asked.prompt


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_malformed_is_asked_again_and_given_up(
    google: GeminiStandIn, brain: GeminiBrain
) -> None:
    for _ in range(3):
        google.play(replies.answer({**GOOD, "symbol": "DOGE"}), kind=Kind.ALERT)
    with pytest.raises(AnswerUnusableError):
        await brain.parse_alert("sei?", LISTED)
    assert len(google.asked(Kind.ALERT)) == 3
