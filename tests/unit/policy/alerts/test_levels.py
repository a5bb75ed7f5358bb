"""Figures that are suggested, and what answers may mean."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.policy.alerts.kinds
from bot.catalogue import discover
from bot.domain.alerts import Direction
from bot.domain.errors import UserError
from bot.policy.alerts.answers import Answers, meant, next_question
from bot.policy.alerts.kind import AlertKind
from bot.policy.alerts.levels import is_ahead, suggest_levels

KINDS: dict[str, AlertKind] = {
    kind.name: kind for kind in discover(bot.policy.alerts.kinds, "ALERT").values()
}


@given(st.decimals(min_value="1e-9", max_value="1e9"))
def test_suggestions_lie_around_the_figure(figure: Decimal):
    found = suggest_levels(KINDS["price_above"], figure)
    assert list(found) == sorted(found)
    assert len(found) == 6
    for step, level in zip((-10, -5, -2, 2, 5, 10), found, strict=True):
        wanted = figure * (100 + step) / 100
        assert abs(level - wanted) <= wanted / 1_000


def test_changes_are_suggested_where_the_figure_is_one():
    found = suggest_levels(KINDS["percent_change"], None)
    assert [int(level) for level in found] == [-10, -5, -2, 2, 5, 10]
    assert not suggest_levels(KINDS["price_above"], None)
    assert not suggest_levels(KINDS["gas_price"], Decimal(0))


@pytest.mark.parametrize("figure", [None, Decimal(1), Decimal(52)])
def test_usual_lines_are_suggested_whatever_the_figure(figure: Decimal | None):
    assert list(suggest_levels(KINDS["volume_spike"], figure)) == [2, 3, 5]
    rsi = KINDS["rsi_level"]
    assert list(suggest_levels(rsi, figure)) == [30, 70]
    assert list(suggest_levels(rsi, figure, Direction.UP)) == [70]
    assert list(suggest_levels(rsi, figure, Direction.DOWN)) == [30]


def test_what_is_reached_is_not_ahead():
    kind = KINDS["price_below"]
    (condition,) = meant(kind, Answers("SEI", threshold=Decimal("0.2")))
    watch = kind.watch(condition)
    assert watch is not None
    assert is_ahead(watch, Decimal("0.21"))
    assert is_ahead(watch, None)
    assert not is_ahead(watch, Decimal("0.2"))


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_comes_to_its_conditions(name: str):
    kind, answers = KINDS[name], Answers(agent_id=3)
    window = kind.windows[0] if kind.windows else ""
    given_ = {"token": "SEI", "window": window, "threshold": Decimal(5), "time": "08:00"}
    asked = []
    while question := next_question(kind, answers):
        asked.append(question)
        answers = Answers(
            **{name: given_[name] for name in asked},  # type: ignore[arg-type]
            agent_id=3,
        )
    assert tuple(asked) == kind.asks
    found = meant(kind, answers)
    assert found
    for condition in found:
        kind.check(condition)
        assert condition.type in kind.conditions


def test_an_unsigned_change_may_be_both():
    kind = KINDS["percent_change"]
    answers = Answers("SEI", "1h", Decimal(5), signed=False)
    assert [condition.threshold for condition in meant(kind, answers)] == [5, -5]


def test_an_answer_that_cannot_be_is_refused_in_the_kinds_words():
    with pytest.raises(UserError, match="more than zero"):
        meant(KINDS["price_above"], Answers("SEI", threshold=Decimal(0)))


@pytest.mark.parametrize(
    ("turn", "types"),
    [
        ("", ["RSI_ABOVE", "RSI_BELOW"]),
        ("up", ["RSI_ABOVE"]),
        ("down", ["RSI_BELOW"]),
    ],
)
def test_a_way_that_was_written_is_kept(turn: str, types: list[str]):
    answers = Answers("SEI", "4h", Decimal(30), turn=turn)
    assert [condition.type for condition in meant(KINDS["rsi_level"], answers)] == types


def test_a_way_against_the_chosen_kind_is_refused():
    with pytest.raises(UserError, match="and wrote another way"):
        meant(KINDS["price_above"], Answers("SEI", threshold=Decimal("0.15"), turn="down"))
