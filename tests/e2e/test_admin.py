"""/admin over the whole service: what runs, what died, what waits; and trying it again."""

import asyncio
from collections.abc import Callable, Iterator, MutableMapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.app.adapters import Parts
from bot.clock import SystemClock
from bot.local.chain.accounts import DEPLOYER_KEY
from bot.local.telegram.world import ANN
from bot.ports.ledger import Notice
from tests.e2e.hands import STRANGER, Hands
from tests.e2e.stage import Person, Stage, buttons_of, raise_curtain, text_of

PACE = 20


class QuickClock:
    """Time at many times its pace: jobs give up after a minute."""

    def __init__(self) -> None:
        self._real = SystemClock()
        self._began = self._real.now()

    def now(self) -> datetime:
        return self._began + (self._real.now() - self._began) * PACE

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds / PACE)


class Broken:
    """Hands out what it wraps, until it is broken: then all it does is a bug of ours."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.error: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        if self.error:
            raise self.error
        return getattr(self.inner, name)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """Printing long traces takes seconds, and those pass quickly here."""
    with capture_logs() as logs:
        yield logs


def breaking(logs: list[Broken]) -> Callable[[Parts], None]:
    """Have the escrows' events come by something that can be broken."""

    def wrap(parts: Parts) -> None:
        logs.append(Broken(parts.logs))
        parts.logs = logs[-1]

    return wrap


async def breaks(stage: Stage, logs: list[Broken], error: Exception | None) -> None:
    """Break (or mend) it, and give the job that needs it a block to look at."""
    logs[0].error = error
    hands = Hands(stage.local.edges.rpc_url, stage.local.edges.deployment)
    await hands.give(DEPLOYER_KEY, STRANGER, "SEI", "1")


async def screen(stage: Stage, person: Person, *ways: str, holds: str) -> dict[str, Any]:
    """A screen of /admin, reached by these buttons; asked for until it holds some words."""
    message = {}
    for _ in range(100):
        message = await person.say("/admin")
        for way in ways:
            message = await person.press(message, way)
        if holds in text_of(message):
            return message
        await asyncio.sleep(0.1)
    raise AssertionError(f"no {holds!r} in {text_of(message)!r}")


async def test_a_new_service_shows_that_all_is_well(plain_stage: Stage) -> None:
    ada = plain_stage.ada
    await ada.comes_in()
    first = await screen(plain_stage, ada, holds="UTC, just now")
    count = len(plain_stage.service.jobs.runs())
    for line in (
        f"🟢 Jobs: {count} running well, 0 failing, 0 dead",
        "Messages of the last 24 h: none went astray",
        "Alerts active: 0",
        "Prices not believed: none",
    ):
        assert line in text_of(first)
    jobs = await ada.press(first, "🗓 Jobs")
    for name in ("watch_prices", "watch_deposits", "forget_turns"):
        assert f"🟢 {name}" in text_of(jobs)
    assert "next in" in text_of(jobs)
    back = await ada.press(jobs, "‹ Admin")
    letters = await ada.press(back, "Dead letters")
    assert "There are none." in text_of(letters)
    prices = await ada.press(await ada.press(letters, "‹ Admin"), "🔎 Prices")
    assert "There were none." in text_of(prices)


async def test_others_see_nothing_of_it(plain_stage: Stage) -> None:
    await plain_stage.ann.comes_in()
    assert "Jobs" not in text_of(await plain_stage.ann.say("/admin"))


async def test_a_dead_job_is_told_shown_and_tried_again(tmp_path: Path) -> None:
    logs: list[Broken] = []
    async with raise_curtain(
        tmp_path, gemini=False, clock=QuickClock(), wrap=breaking(logs)
    ) as stage:
        ada = stage.ada
        await ada.comes_in()
        await breaks(stage, logs, KeyError("topic"))
        told = await ada.sees("A job stopped", "watch_escrows", "KeyError: 'topic'")
        assert "☠️ Jobs:" in text_of(await screen(stage, ada, holds="1 dead"))
        letters = await screen(stage, ada, "Dead letters", holds="watch_escrows")
        assert "🔁 watch_escrows" in buttons_of(letters)
        await breaks(stage, logs, None)
        assert "There are none." in text_of(await ada.press(told, "Try again"))
        await screen(stage, ada, holds="0 failing, 0 dead")
        assert len([m for m in ada.messages if "A job stopped" in text_of(m)]) <= 1
        run = next(r for r in stage.service.jobs.runs() if r.name == "watch_escrows")
        assert (run.failures, run.error) == (0, "")


async def test_a_restart_tries_dead_jobs_again(tmp_path: Path) -> None:
    logs: list[Broken] = []
    async with raise_curtain(
        tmp_path, gemini=False, clock=QuickClock(), wrap=breaking(logs)
    ) as stage:
        await stage.ada.comes_in()
        await breaks(stage, logs, KeyError("topic"))
        await stage.ada.sees("A job stopped", "watch_escrows")
    async with raise_curtain(tmp_path, gemini=False) as stage:
        text = text_of(await screen(stage, stage.ada, holds="0 failing, 0 dead"))
        assert "1 failed" not in text


async def test_a_failed_notice_is_shown_and_tried_again(plain_stage: Stage) -> None:
    stage, ada = plain_stage, plain_stage.ada
    await ada.comes_in()
    await stage.ann.comes_in()
    now = stage.service.services.clock.now()
    wrong = Notice(ANN, "of no kind", "test:of no kind")
    await stage.service.parts.outbox.queue(wrong, now - timedelta(hours=3))
    letters = await screen(stage, ada, "Dead letters", holds="of no kind")
    assert f"to {ANN}, queued 3 h ago" in text_of(letters).replace("<code>", "")
    again = await ada.press(letters, "of no kind")
    assert "There are none." in text_of(again)
    await screen(stage, ada, "Dead letters", holds="of no kind")
    assert "1 failed" in text_of(await screen(stage, ada, holds="1 failed"))
