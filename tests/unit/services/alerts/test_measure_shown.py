"""Figures that no look measures just now are measured when somebody looks at the list."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from typing_extensions import override

from bot.domain.alerts import Alert, AlertDraft, AlertState, Condition, Standing
from bot.services.alerts import measure_shown
from tests.unit.services.alerts.room import KINDS, Figures, Room, above


class Measured(Figures):
    """Knows figures only once they were asked for."""

    def __init__(self, **later: str) -> None:
        super().__init__()
        self.later = {name.replace("__", ":"): Decimal(value) for name, value in later.items()}
        self.asked: list[str] = []
        self.never = asyncio.Event()
        self.hangs = False

    @override
    async def measure_now(self, condition: Condition) -> Decimal | None:
        watch = KINDS.watch(condition)
        assert watch is not None
        self.asked.append(watch.series)
        if self.hangs:
            await self.never.wait()
        figure = self.later.get(watch.series)
        if figure is not None:
            self.known[watch.series] = figure
        return figure


@pytest.fixture
def room() -> Room:
    return Room()


async def portfolio(room: Room, state: AlertState, worth: str = "100") -> Alert:
    agent = await room.office.agent()
    condition = Condition("PORTFOLIO_ABOVE", "", Decimal(worth), "", int(agent.id))
    alert = await room.sets(AlertDraft(condition))
    due_at = room.clock.now() if state is AlertState.RESTING else None
    room.alerts.alerts[alert.id] = replace(alert, standing=Standing(state, None, due_at))
    return room.now(alert)


async def listed(room: Room, figures: Measured) -> list[Decimal | None]:
    room.set.watch = figures
    room.set.__post_init__()
    return [nearby.figure for nearby in await room.set.nearest(await room.office.user())]


async def test_a_resting_one_has_its_figure_after_a_restart(room: Room):
    alert = await portfolio(room, AlertState.RESTING)
    figures = Measured(**{alert.series: "81"})
    assert await listed(room, figures) == [Decimal(81)]
    figures.later[alert.series] = Decimal(82)
    assert await listed(room, figures) == [Decimal(82)], "no look measures it"
    assert (await room.set.see(alert)).figure == Decimal(82)


async def test_one_that_looks_measure_is_asked_for_only_if_unknown(room: Room):
    alert = await portfolio(room, AlertState.DISARMED)
    figures = Measured(**{alert.series: "81"})
    assert await listed(room, figures) == [Decimal(81)]
    await listed(room, figures)
    assert figures.asked == [alert.series]


async def test_prices_and_what_shows_no_figure_are_left_alone(room: Room):
    await room.sets(above("0.3", "iSEI"))
    await portfolio(room, AlertState.PAUSED)
    figures = Measured()
    assert await listed(room, figures) == [None, None]
    assert not figures.asked


async def test_what_takes_too_long_is_left_unknown(room: Room, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(measure_shown, "_PATIENCE_S", 0.0)
    alert = await portfolio(room, AlertState.RESTING)
    figures = Measured(**{alert.series: "81"})
    figures.hangs = True
    assert await listed(room, figures) == [None]
    figures.never.set()
