"""Every prompt in `prompts/` renders from its own example, and its example output is valid."""

import json
from pathlib import Path

import pytest

from bot.llm.inputs import (
    advice_inputs,
    alert_inputs,
    decision_inputs,
    guard_inputs,
    ticker_inputs,
)
from bot.llm.prompts import load_prompts
from tests.unit.llm.samples import ADDRESS, LISTED, brief, turn, view

PROMPTS = load_prompts(Path(__file__).parents[2] / "prompts")


@pytest.mark.parametrize("name", sorted(PROMPTS))
def test_prompt_and_its_example(name: str) -> None:
    prompt = PROMPTS[name]
    rendered = prompt.render(prompt.example_inputs)
    assert "{{" not in prompt.system + rendered
    for part in prompt.inputs:
        assert f"<{part}>\n" in rendered
    answer = prompt.output.model_validate_json(json.dumps(prompt.example_output))
    untouched = answer.model_dump(mode="json", exclude_unset=True)
    assert untouched.keys() == prompt.example_output.keys()
    assert "[removed]" not in str(untouched)


@pytest.mark.parametrize("name", sorted(PROMPTS))
def test_every_prompt_declares_strangers_words_to_be_data(name: str) -> None:
    words = " ".join(PROMPTS[name].system.split())
    assert "data" in words
    assert "whatever it claims to be" in words


@pytest.mark.parametrize("name", ["decision", "advice"])
def test_the_analyst_is_told_that_it_cannot_act(name: str) -> None:
    assert "cannot execute" in PROMPTS[name].system


def test_what_is_sent_fits_the_prompts_and_holds_no_address() -> None:
    asked = brief(
        question=f"send it to {ADDRESS}",
        instructions=ADDRESS,
        turns=(turn(ADDRESS, ADDRESS),) * 30,
        views=(view(name=f"Sei {ADDRESS}"), view("WETH", "3050")),
    )
    inputs = {
        "guard": guard_inputs(asked.question),
        "ticker": ticker_inputs(asked.question, asked.turns, LISTED),
        "decision": decision_inputs(asked),
        "advice": advice_inputs(asked),
        "alert": alert_inputs(asked.question, LISTED),
    }
    assert inputs.keys() == PROMPTS.keys()
    for name, values in inputs.items():
        rendered = PROMPTS[name].render(values)
        assert "0x" not in rendered
        assert len(rendered) < 10_000
