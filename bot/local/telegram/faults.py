"""Calls that go wrong on purpose, and the record of all calls."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any


class Fault(Enum):
    """What happens to a call.

    `LOSE_ANSWER` does the call and never answers; `DROP` does nothing and cuts the connection.
    """

    TOO_MANY_REQUESTS = "too_many_requests"
    SERVER_ERROR = "server_error"
    LOSE_ANSWER = "lose_answer"
    DROP = "drop"


@dataclass(frozen=True)
class PlannedFault:
    """A fault with the seconds a 429 asks to wait."""

    fault: Fault
    retry_after_s: int = 1


class Faults:
    """Faults that wait for the next calls of a method."""

    def __init__(self) -> None:
        self._planned: defaultdict[str, deque[PlannedFault]] = defaultdict(deque)

    def plan(self, method: str, fault: Fault, *, times: int = 1, retry_after_s: int = 1) -> None:
        """Let the next calls of `method` go wrong, after those already planned."""
        planned = PlannedFault(fault, retry_after_s)
        self._planned[method.lower()].extend([planned] * times)

    def clear(self) -> None:
        """Let everything go well again."""
        self._planned.clear()

    def take(self, method: str) -> PlannedFault | None:
        """The fault of this call, used up."""
        if not self._planned:
            return None
        waiting = self._planned.get(method)
        return waiting.popleft() if waiting else None


@dataclass(slots=True)
class Call:
    """One call of the bot; `received_s` is monotonic, `status` the HTTP code (0: no answer)."""

    number: int
    method: str
    params: dict[str, Any]
    at: datetime
    received_s: float
    status: int = 0
    description: str = ""
    message_id: int | None = None

    @property
    def chat_id(self) -> int | None:
        """The chat the call was about, if any."""
        raw = str(self.params.get("chat_id", ""))
        return int(raw) if raw.removeprefix("-").isdecimal() else None


@dataclass
class CallLog:
    """The latest 50,000 calls, getUpdates left out."""

    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=50_000))
    total: int = 0
    _grown: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, call: Call) -> None:
        """Record a finished call."""
        call.number = self.total = self.total + 1
        self.calls.append(call)
        self._grown.set()

    def after(self, number: int) -> list[Call]:
        """The calls with a higher number."""
        fresh: list[Call] = []
        for call in reversed(self.calls):
            if call.number <= number:
                break
            fresh.append(call)
        return fresh[::-1]

    async def wait_total(self, total: int, timeout_s: float) -> None:
        """Return when `total` calls were made in all, or after the timeout."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.total < total:
                    self._grown.clear()
                    await self._grown.wait()
        except TimeoutError:
            return
