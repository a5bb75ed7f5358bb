"""The bot as a process that kills itself at a named step when the test has armed it.

Reads the step from the file CRASH_FILE each time it passes one, so that one process can be armed
between two trades. Every step of the journal, the send and the delivery has a before and an after.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bot.app.adapters import Parts
from bot.app.run import prepare, real_service
from bot.domain.trade import IntentState
from bot.settings import load_settings, real_problems

ARMED = Path(os.environ["CRASH_FILE"])


def pass_by(point: str) -> None:
    """Die here if the test wants it."""
    if ARMED.exists() and ARMED.read_text() == point:
        os.kill(os.getpid(), signal.SIGKILL)


class Crashing:
    """Stands in front of an adapter and names the steps that go through it."""

    def __init__(self, inner: Any, name_step: Callable[[str, tuple[Any, ...]], str | None]) -> None:
        self._inner = inner
        self._name_step = name_step

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._inner, method)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def around(*args: Any, **kwargs: Any) -> Any:
            return await self._around(method, found, args, kwargs)

        return around

    async def _around(
        self, method: str, found: Callable[..., Awaitable[Any]], args: tuple[Any, ...], kwargs: Any
    ) -> Any:
        step = self._name_step(method, args)
        if step is None:
            return await found(*args, **kwargs)
        pass_by(f"before {step}")
        result = await found(*args, **kwargs)
        pass_by(f"after {step}")
        return result


def _journal_step(method: str, args: tuple[Any, ...]) -> str | None:
    if method == "advance":
        to: IntentState = args[1].to
        return to.value
    return "confirmed" if method == "confirm" else None


def _executor_step(method: str, _: tuple[Any, ...]) -> str | None:
    return method if method in ("sign", "send") else None


def _outbox_step(method: str, _: tuple[Any, ...]) -> str | None:
    return method if method in ("mark_sending", "mark_sent") else None


def wrap(parts: Parts) -> None:
    """Put the crash points in."""
    parts.journal = Crashing(parts.journal, _journal_step)
    parts.executor = Crashing(parts.executor, _executor_step)
    parts.outbox = Crashing(parts.outbox, _outbox_step)


async def main() -> None:
    settings = load_settings(real_problems)
    prepare(settings)
    async with real_service(settings, wrap):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
