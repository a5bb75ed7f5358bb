"""Measure everything, print the table, write BENCHMARKS.md; exits with 1 when a target is missed.

Names of parts as arguments measure those alone and write nothing.
"""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.clock import SystemClock
from tests.bench import alerts, burst, fanout, memory, portfolio, question, start, taps, trade
from tests.bench.figure import Result
from tests.bench.processes import ROOT
from tests.bench.report import document, table
from tests.bench.stage import raise_curtain

STAGED = {
    "memory": memory.measure,
    "taps": taps.measure,
    "portfolio": portfolio.measure,
    "question": question.measure,
    "trade": trade.measure,
    "burst": burst.measure,
}
ALONE = {"start": start.measure, "alerts": alerts.measure, "fanout": fanout.measure}
PARTS = (*ALONE, *STAGED)


async def measure(parts: Sequence[str], folder: Path) -> list[Result]:
    """Everything that is started ends with this, also when it is cancelled by SIGTERM."""
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    results: list[Result] = []
    for part in [part for part in ALONE if part in parts]:
        say(f"measuring {part}")
        results += await ALONE[part](folder / part)
    staged = [part for part in STAGED if part in parts]
    if staged:
        say("setting the stage")
        async with raise_curtain(folder / "stage") as stage:
            for part in staged:
                say(f"measuring {part}")
                results += await STAGED[part](stage)
    return results


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    parts = sys.argv[1:] or PARTS
    with tempfile.TemporaryDirectory(prefix="sei-trader-bench-") as folder:
        results = asyncio.run(measure(parts, Path(folder)))
    say(f"\n{table(results)}")
    if parts is PARTS:
        today = SystemClock().now().date()
        (ROOT / "BENCHMARKS.md").write_text(document(results, today), encoding="utf-8")
    sys.exit(0 if all(result.ok for result in results) else 1)


if __name__ == "__main__":
    main()
