"""The real clock; only the composition root builds it, everybody else is handed a `Clock`."""

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """Wall-clock time; `sleep` follows the event loop's monotonic time."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Suspend the task for `seconds`; zero or less only yields."""
        await asyncio.sleep(max(seconds, 0))
