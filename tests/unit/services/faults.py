"""Ports that fail: between a use case and its fake, before or after the work was done."""

import asyncio
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

Fault = Callable[[str, tuple[Any, ...]], Exception | None]


def no_fault(_method: str, _args: tuple[Any, ...]) -> None:
    """Nothing fails."""


class Faulty:
    """Any port; `before` and `after` are asked at every call what to raise, if anything."""

    def __init__(self, port: Any, before: Fault = no_fault, after: Fault = no_fault) -> None:
        self._port = port
        self._before = before
        self._after = after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if not iscoroutinefunction(method):
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(0)
            if error := self._before(name, args):
                raise error
            answer = await method(*args, **kwargs)
            if error := self._after(name, args):
                raise error
            return answer

        return call


def failing(error: Exception, *methods: str, times: int = 10**9) -> Fault:
    """A fault of these methods, the first `times` times."""
    left = [times]

    def fault(method: str, _args: tuple[Any, ...]) -> Exception | None:
        if method not in methods or not left[0]:
            return None
        left[0] -= 1
        return error

    return fault


class KilledError(Exception):
    """The process is dead."""


class Kill:
    """A process that dies right after the first call of these methods: then nothing works."""

    def __init__(self, *methods: str) -> None:
        self._methods = methods
        self._dead = False

    def of(self, port: Any) -> Faulty:
        return Faulty(port, self.before, self.after)

    def before(self, _method: str, _args: tuple[Any, ...]) -> Exception | None:
        return KilledError() if self._dead else None

    def after(self, method: str, _args: tuple[Any, ...]) -> Exception | None:
        self._dead = self._dead or method in self._methods
        return KilledError() if self._dead else None
