"""A tick of the alerts over a million that wait, against a scan over all of them."""

import json
from pathlib import Path
from typing import Any

import db
from bot.clock import SystemClock
from tests.bench.alert_ticks import QUIET, SCANS
from tests.bench.crowd import FIRING, RISES, seed
from tests.bench.figure import Promise, Result, ms
from tests.bench.processes import PYTHON, running

WAITING = 1_000_000
FEW = 1_000
MAX_QUIET_MS = 50
MAX_FIRING_MS = 1_000
MAX_ABOVE_MB = 8

_SET = (
    f"{WAITING:,} alerts of 10,000 people on 200 tokens in a SQLite file, 90 % of them price"
    " thresholds, 10 % percent changes in windows of 5 minutes to a day. The whole tick of the"
    " product: prices of all tokens, the figures of all windows, the look, the tick stored."
)
QUIET_TICK = Promise(
    "Tick over a million alerts, none ringing",
    f"at most {MAX_QUIET_MS} ms",
    f"{_SET} Against reading every row and comparing it in the same process, prices alone."
    f" Medians of {QUIET} and {SCANS}.",
)
FIRING_TICK = Promise(
    "Tick over a million alerts, 1,000 ringing",
    f"at most {MAX_FIRING_MS / 1000:.0f} s",
    f"The same, with {FIRING:,} firings recorded and notices queued in the tick's transaction;"
    f" against the same scan, which writes nothing. Median of {RISES}.",
)
MEMORY = Promise(
    "Memory of ticks over a million alerts",
    f"at most {MAX_ABOVE_MB} MB above {FEW:,} alerts",
    f"Resident memory of the process after {QUIET + 1} ticks with none ringing, with {WAITING:,}"
    f" and with {FEW:,} alerts waiting.",
)


async def measure(folder: Path) -> list[Result]:
    few = await _ticks(folder, FEW, 0)
    many = await _ticks(folder, WAITING, RISES)
    if many["rang"] != RISES * FIRING:
        raise RuntimeError(f"{many['rang']:,} alerts rang, not {RISES * FIRING:,}")
    quiet, firing, scan = (ms(many[name]) for name in ("quiet", "firing", "scans"))
    above = many["resident_mb"] - few["resident_mb"]
    return [
        QUIET_TICK.result(
            f"{scan / quiet:.0f}x faster than a scan ({quiet:.1f} ms, scan {scan:,.0f} ms)",
            ok=quiet <= MAX_QUIET_MS,
        ),
        FIRING_TICK.result(
            f"{scan / firing:.1f}x faster than a scan ({firing:.0f} ms, scan {scan:,.0f} ms)",
            ok=firing <= MAX_FIRING_MS,
        ),
        MEMORY.result(
            f"{above:+.1f} MB ({many['resident_mb']:.0f} MB, few {few['resident_mb']:.0f} MB)",
            ok=above <= MAX_ABOVE_MB,
        ),
    ]


async def _ticks(folder: Path, waiting: int, rises: int) -> dict[str, Any]:
    path = folder / f"{waiting}.db"
    database = await db.open(f"sqlite:///{path}", SystemClock())
    try:
        await seed(database, waiting, rises)
    finally:
        await database.close()
    async with running(
        PYTHON, "-m", "tests.bench.alert_ticks", str(path), str(rises), folder=folder
    ) as child:
        found: dict[str, Any] = json.loads(await child.line('"quiet"', within_s=600))
        return found
