"""A clock some times as fast as ours, the same in all processes that know when it began."""

import asyncio
import time
from datetime import datetime, timedelta

from tests.fakes.clock import START


class FastClock:
    """`began_s` is monotonic."""

    def __init__(self, times: int, began_s: float) -> None:
        self._times = times
        self.began_s = began_s

    def now(self) -> datetime:
        return START + timedelta(seconds=(time.monotonic() - self.began_s) * self._times)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0) / self._times)
