"""A bot process and the Telegram it talks to, with a stopwatch at Telegram's end."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bot.local.telegram.faults import Call
from bot.local.telegram.stand_in import TelegramStandIn
from bot.local.telegram.updates import QueuedUpdate
from tests.bench.processes import Child
from tests.e2e.stage import Person

_PATIENCE_S = 60
_LOOK_S = 0.02


@dataclass(frozen=True)
class Burst:
    """What a burst came to."""

    count: int
    seconds: float
    cpu_s: float

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    @property
    def cpu_ms(self) -> float:
        return self.cpu_s / self.count * 1000


@dataclass(frozen=True)
class Line:
    """Every time is from the update's delivery to the receipt of the call that answers it."""

    telegram: TelegramStandIn
    child: Child

    def person(self, person_id: int) -> Person:
        return Person(self.telegram, person_id)

    async def answer(self, person_id: int, text: str, method: str = "sendMessage") -> float:
        """Seconds to the answer to a message."""
        await self.telegram.updates.polled()
        seen = self.last_call
        self.telegram.send(person_id, text)
        return await self._until(self.telegram.updates.log[-1], method, seen)

    async def tap(self, person_id: int, message_id: int, data: str) -> float:
        """Seconds to the edit that answers a tap; returns when the button's spinner stops."""
        await self.telegram.updates.polled()
        seen = self.last_call
        self.telegram.press(person_id, message_id, data)
        seconds = await self._until(self.telegram.updates.log[-1], "editMessageText", seen)
        await self.call("answerCallbackQuery", seen)
        return seconds

    async def burst(self, people: Sequence[int], text: str, count: int) -> Burst:
        """Many messages queued at once; over when the last is answered."""
        await self.telegram.updates.polled()
        seen, cpu_s = len(self.telegram.calls("sendMessage")), self.child.cpu_s
        for number in range(count):
            self.telegram.send(people[number % len(people)], text)
        began = time.perf_counter()
        async with asyncio.timeout(_PATIENCE_S):
            # Being told of every call would weigh on the stand-in more than looking now and then.
            while len(calls := self.telegram.calls("sendMessage")) < seen + count:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_S)
        return Burst(count, calls[-1].received_s - began, self.child.cpu_s - cpu_s)

    async def call(self, method: str, seen: int, *words: str) -> Call:
        """The bot's next call of a method, after number `seen`, that says all of `words`."""

        def found() -> Call | None:
            for call in self.telegram.calls(method):
                text = str(call.params.get("text", ""))
                if call.number > seen and all(word in text for word in words):
                    return call
            return None

        return await self.telegram.wait_for(found, _PATIENCE_S)

    @property
    def last_call(self) -> int:
        calls = self.telegram.calls()
        return calls[-1].number if calls else 0

    async def _until(self, update: QueuedUpdate, method: str, seen: int) -> float:
        call = await self.call(method, seen)
        assert update.delivered_s
        return call.received_s - update.delivered_s
