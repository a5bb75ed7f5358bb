"""Present figures of what alerts watch."""

from decimal import Decimal
from typing import Protocol

from bot.domain.alerts import Condition


class Figures(Protocol):
    """Present figures of series: `services.watch_prices.WatchPrices`."""

    def figure(self, series: str) -> Decimal | None:
        """The latest figure, from memory; None if nobody has measured it yet."""
        ...

    async def measure_now(self, condition: Condition) -> Decimal | None:
        """The present figure of a condition's series, fetched if need be; None if unknown."""
        ...
