"""The benchmark's own arithmetic, and that its document speaks of every figure."""

from datetime import date

import pytest

from tests.bench import alerts, burst, fanout, memory, portfolio, question, start, taps, trade
from tests.bench.__main__ import PARTS
from tests.bench.figure import Promise, ms
from tests.bench.memory import foreign_imports
from tests.bench.processes import ROOT, clean_environment
from tests.bench.question import in_a_row, in_calls
from tests.bench.report import document, table

MODULES = (alerts, burst, fanout, memory, portfolio, question, start, taps, trade)
PROMISES = [
    value for module in MODULES for value in vars(module).values() if isinstance(value, Promise)
]


def test_every_part_is_run():
    assert {module.__name__.rpartition(".")[2] for module in MODULES} == set(PARTS)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.name)
def test_the_document_holds_every_figure_with_its_target_and_its_way(promise: Promise):
    lines = (ROOT / "BENCHMARKS.md").read_text(encoding="utf-8").splitlines()
    row = next(line for line in lines if line.startswith(f"| {promise.name} |"))
    assert f"| {promise.target} |" in row
    assert f"- **{promise.name}.** {promise.how}" in lines


def test_a_missed_target_is_plain_to_see():
    results = [
        Promise("Kept", "1", "").result("1", ok=True),
        Promise("Broken", "1", "").result("2", ok=False),
    ]
    for text in (table(results), document(results, date(2026, 11, 20))):
        kept, broken = (
            next(x for x in text.splitlines() if name in x) for name in ("Kept", "Broken")
        )
        assert "ok" in kept
        assert "MISSED" in broken


@pytest.mark.parametrize(
    ("spans", "row", "seconds"),
    [
        ([], 0, 0),
        ([(1, 2), (3, 4)], 2, 2),
        ([(1, 3), (2, 4)], 1, 3),
        ([(1, 5), (2, 3), (6, 7)], 2, 5),
    ],
    ids=["none", "one after the other", "side by side", "one within another"],
)
def test_model_calls_are_counted_by_what_they_wait_for(spans, row, seconds):
    assert in_a_row(spans) == row
    assert in_calls(spans) == pytest.approx(seconds)


def test_milliseconds_are_of_the_median():
    assert ms([0.001, 0.002, 9]) == pytest.approx(2)


def test_the_memory_anchor_imports_what_the_product_does_and_none_of_ours():
    statements = foreign_imports()
    assert any("telegram" in statement for statement in statements)
    assert any("matplotlib" in statement for statement in statements)
    assert not any(
        statement.startswith(("import bot", "from bot", "from db")) for statement in statements
    )


def test_no_setting_of_the_desk_reaches_the_bot(monkeypatch: pytest.MonkeyPatch):
    assert "TG_BOT_TOKEN" not in clean_environment()
    assert clean_environment(PORT="0")["PORT"] == "0"
