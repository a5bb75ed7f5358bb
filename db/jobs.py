"""How jobs went."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.ports.jobs import JobRun
from db.alert_schema import job_runs
from db.store import Store, upsert

_RUNS = sa.select(job_runs).order_by(job_runs.c.name)
_MS = timedelta(milliseconds=1)


class SqlJobRuns:
    """The due times of jobs, and their dead letters. A run's time is kept to the millisecond."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load_runs(self) -> Sequence[JobRun]:
        """All jobs ever run, by name."""
        return [_run(row) for row in await self._store.fetch(_RUNS)]

    async def save_run(self, run: JobRun) -> None:
        """Replace what is kept of a job."""
        values = {
            "name": run.name,
            "started_at": run.started_at,
            "took_ms": run.took // _MS,
            "next_at": run.next_at,
            "failures": run.failures,
            "error": run.error,
            "dead_at": run.dead_at,
        }

        async def work(tx: AsyncConnection) -> None:
            await upsert(tx, job_runs, values)

        await self._store.transact(work)


def _run(row: Any) -> JobRun:  # noqa: ANN401
    return JobRun(
        name=row.name,
        started_at=row.started_at,
        took=row.took_ms * _MS,
        next_at=row.next_at,
        failures=row.failures,
        error=row.error,
        dead_at=row.dead_at,
    )
