"""The table on the screen, and BENCHMARKS.md."""

import platform
from collections.abc import Sequence
from datetime import date

import psutil

from tests.bench.figure import Result


def table(results: Sequence[Result]) -> str:
    """Columns for a terminal."""
    rows = [("Figure", "Target", "Measured", ""), *(_cells(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _cells(result: Result) -> tuple[str, str, str, str]:
    return result.name, result.target, result.measured, "ok" if result.ok else "MISSED"


def document(results: Sequence[Result], today: date) -> str:
    """The whole of BENCHMARKS.md."""
    rows = [" | ".join(["", *_cells(result), ""]).strip() for result in results]
    notes = [f"- **{result.name}.** {result.how}" for result in results]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"`make bench` on {today:%d %B %Y}: {machine()}.",
            "",
            "Every figure is measured against a bare program in the same run and in turns with it,",
            "so that a busy machine weighs on both. Absolute times are this machine's; the ratios",
            "are what is promised. The run fails when one is missed.",
            "",
            "| Figure | Target | Measured | |",
            "|---|---|---|---|",
            *rows,
            "",
            "## How each is measured",
            "",
            "Telegram's, the market's and Gemini's stand-ins, anvil and the driver run outside the",
            "bot's process and talk to it over loopback HTTP. Times are taken where the Telegram",
            "stand-in delivers an update and where it has read a call.",
            "",
            *notes,
            "",
        ]
    )


def machine() -> str:
    """In words that name no particular machine."""
    memory_gb = round(psutil.virtual_memory().total / 2**30)
    return (
        f"{psutil.cpu_count()} cores, {memory_gb} GB, {platform.system()} {platform.machine()},"
        f" {platform.python_implementation()} {platform.python_version()}"
    )
