"""Rules of the house that no linter knows: sizes, names, who may catch everything."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = sorted(path for room in ("bot", "db") for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

LONGEST_MODULE = 400
LONGEST_TEST = 500
LONGEST_FUNCTION = 60
BANNED = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}

CATCH_ALL = {
    "bot/chat/answers.py",
    "bot/chat/commands/trade.py",
    "bot/chat/delivery/outbox.py",
    "bot/chat/router.py",
    "bot/jobs/runner.py",
}
"""Ends of a door or a background task, where an error has nobody left to go to."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize(
    ("paths", "limit"), [(PRODUCT, LONGEST_MODULE), (TESTS, LONGEST_TEST)], ids=["bot", "tests"]
)
def test_modules_can_be_read_in_one_sitting(paths: list[Path], limit: int):
    sizes = {name_of(path): len(path.read_bytes().splitlines()) for path in paths}
    assert {name: size for name, size in sizes.items() if size > limit} == {}


def test_functions_fit_on_a_screen():
    long = [
        f"{name_of(path)}:{function.lineno} {function.name}"
        for path in PRODUCT
        if "migrations" not in path.parts
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_names_say_what_is_inside():
    vague = [
        name_of(path)
        for path in [*PRODUCT, *TESTS]
        if BANNED & set(path.stem.split("_")) or BANNED & set(path.relative_to(ROOT).parts)
    ]
    assert vague == []


def test_only_the_ends_of_doors_catch_everything():
    catching = {
        name_of(path)
        for path in PRODUCT
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and swallows_everything(node)
    }
    assert catching == CATCH_ALL


def swallows_everything(handler: ast.ExceptHandler) -> bool:
    broad = handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )
    ends = handler.body[-1]
    return broad and not (isinstance(ends, ast.Raise) and ends.exc is None)
