"""Figures for the eye: what no look measures just now is measured when it is shown."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.domain.alerts import Alert, AlertState, Condition
from bot.policy.alerts.kind import AlertKinds, Source, split_series
from bot.ports.figures import Figures

_PATIENCE_S = 1.0
_MOST = 12
_SHOWN = (AlertState.ARMED, AlertState.DISARMED, AlertState.RESTING)
"""States that show a figure."""


@dataclass(frozen=True, slots=True)
class MeasureShown:
    """Looks measure what an alert waits for at a line; a resting one waits for none.

    Prices are left out: each tick measures them all.
    """

    kinds: AlertKinds
    figures: Figures
    _running: set[asyncio.Task[object]] = field(default_factory=set)

    async def measure(self, alerts: Sequence[Alert]) -> None:
        """Fetch what is missing, a few of them, for a second; what takes longer comes later."""
        wanted: dict[str, Condition] = {}
        for alert in alerts:
            if self._is_missing(alert):
                wanted.setdefault(alert.series, alert.condition)
        if not wanted:
            return
        tasks = {
            asyncio.ensure_future(self.figures.measure_now(condition))
            for condition in list(wanted.values())[:_MOST]
        }
        self._running.update(tasks)
        for task in tasks:
            task.add_done_callback(self._running.discard)
        done, _ = await asyncio.wait(tasks, timeout=_PATIENCE_S)
        for task in done:
            task.result()

    def _is_missing(self, alert: Alert) -> bool:
        watch = self.kinds.watch(alert.condition)
        if watch is None or watch.is_pulse or alert.standing.state not in _SHOWN:
            return False
        if self.kinds.meters[split_series(alert.series)[0]].source is Source.TICK:
            return False
        resting = alert.standing.state is AlertState.RESTING
        return resting or self.figures.figure(alert.series) is None
