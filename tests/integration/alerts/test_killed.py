"""The process killed at random moments, many times: the same rings, once each."""

import asyncio
import multiprocessing
import random
import signal
from collections import Counter
from pathlib import Path

from structlog.testing import capture_logs

import db
from tests.fakes.clock import FakeClock
from tests.integration.alerts import killed_plan
from tests.integration.alerts.killed_plan import PLAN
from tests.integration.alerts.replaying import begun, consult, firings_of, keys_of, replay

KILLS, IN_A_GAP = 40, 8
A_MINUTE_TAKES_S, A_GAP_TAKES_S = 0.015, 0.15
PATIENCE_S = 60


def test_a_process_that_is_killed_again_and_again_rings_once(tmp_path: Path) -> None:
    path, rng = tmp_path / "bot.db", random.Random(PLAN.seed)  # noqa: S311
    wanted = asyncio.run(_prepare(path))
    moments = PLAN.moments()
    gaps = [number for number, moment in enumerate(moments) if moment.restart][:2]
    kills = [
        *((number, A_MINUTE_TAKES_S) for number in rng.sample(range(1, len(moments) - 15), KILLS)),
        *((number, A_GAP_TAKES_S) for number in gaps for _ in range(IN_A_GAP)),
    ]

    ends = [_run(path, number, rng.uniform(0, within_s)) for number, within_s in sorted(kills)]
    assert ends.count(-signal.SIGKILL) >= 25
    assert _run(path, len(moments), PATIENCE_S) == 0

    rang, keys = asyncio.run(_read(path))
    assert Counter(rang) == wanted
    told = [f"alert:{alert}:{number}" for alert, number, _, _ in rang]
    assert Counter(key for key in keys if key.startswith("alert:")) == Counter(told)


def _run(path: Path, until: int, more_s: float) -> int | None:
    """Let a process live until some time into a minute, then kill it; how it ended."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([killed_plan.__name__])
    hears, tells = processes.Pipe(duplex=False)
    process = processes.Process(target=replay, args=(path, PLAN, tells))
    process.start()
    tells.close()
    try:
        while hears.recv() < until:
            pass
    except EOFError:
        pass  # It came to the end.
    process.join(more_s)
    process.kill()  # Which one that has ended does not feel.
    process.join()
    hears.close()
    return process.exitcode


async def _prepare(path: Path) -> Counter[object]:
    """Set the alerts; what is to ring, by the oracle."""
    with capture_logs():
        async with begun(path, PLAN) as (_, oracle):
            for moment in PLAN.moments()[1:]:
                consult(oracle, moment)
    assert len(oracle.firings) > 500
    return Counter(oracle.firings)


async def _read(path: Path) -> tuple[list[tuple[object, ...]], list[str]]:
    database = await db.open(f"sqlite:///{path}", FakeClock())
    rang, keys = await firings_of(database), await keys_of(database)
    await database.close()
    return [*rang], keys
