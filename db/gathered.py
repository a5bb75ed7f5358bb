"""Small writes of the same kind that come close together, made in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, TypeVar

V = TypeVar("V")


class Gathered(Generic[V]):
    """What is added while a write runs is written by the next one; each is on disk when it returns.

    Args:
        write: takes values by key, and says for which keys it did something.
    """

    def __init__(self, write: Callable[[Mapping[int, V]], Awaitable[Collection[int]]]) -> None:
        self._write = write
        self._values: dict[int, V] = {}
        self._answers: dict[int, asyncio.Future[bool]] = {}
        self._running: asyncio.Task[None] | None = None

    async def add(self, key: int, value: V) -> bool:
        """Have it written; whether that did anything. Of two with one key only the first does."""
        if key in self._answers:
            await asyncio.wait([self._answers[key]])
            return False
        answer = self._answers[key] = asyncio.get_running_loop().create_future()
        self._values[key] = value
        if self._running is None:
            self._running = asyncio.create_task(self._drain())
        return await asyncio.shield(answer)

    async def _drain(self) -> None:
        try:
            while self._values:
                values, self._values = self._values, {}
                answers, self._answers = self._answers, {}
                await self._write_and_answer(values, answers)
        finally:
            self._running = None

    async def _write_and_answer(
        self, values: Mapping[int, V], answers: Mapping[int, asyncio.Future[bool]]
    ) -> None:
        writing = asyncio.ensure_future(self._write(values))
        await asyncio.wait([writing])
        error = writing.exception()
        for key, answer in answers.items():
            if error is None:
                answer.set_result(key in writing.result())
            else:
                answer.set_exception(error)
                answer.exception()  # Who waited may be gone: then it is nobody's news.
