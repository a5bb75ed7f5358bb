"""Idle memory, against a process that imports the same libraries and does nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figure import Promise, Result
from tests.bench.processes import PYTHON, ROOT, running
from tests.bench.stage import Stage

MAX_ABOVE_MB = 40
OURS = {"bot", "db"}

MEMORY = Promise(
    "Idle memory",
    f"at most {MAX_ABOVE_MB} MB above its libraries",
    "Resident memory of `sei-trader run` some seconds after it is ready; against a process that"
    " runs every import statement of a foreign library in bot/ and db/, and nothing else.",
)


async def measure(stage: Stage) -> list[Result]:
    program = "\n".join([*sorted(foreign_imports()), "print('ready', flush=True)", "input()"])
    async with running(PYTHON, "-c", program, folder=stage.folder) as bare:
        await bare.line("ready")
        anchor = bare.resident_mb
    above = stage.idle_mb - anchor
    measured = f"{above:+.0f} MB ({stage.idle_mb:.0f} MB, imports alone {anchor:.0f} MB)"
    return [MEMORY.result(measured, ok=above <= MAX_ABOVE_MB)]


def foreign_imports() -> set[str]:
    """The import statements of the product, those of its own rooms left out."""
    files = (path for room in OURS for path in (ROOT / room).rglob("*.py"))
    return {statement for path in files for statement in _imports(path)}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        if not OURS.intersection(name.partition(".")[0] for name in names):
            yield ast.unparse(node)
