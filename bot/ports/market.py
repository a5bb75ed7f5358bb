"""Market data and where it is kept between restarts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.domain.analysis import MarketSummary, PriceHistory, PricePath, TokenProfile
from bot.domain.money import Price, Token

SPANS_DAYS = (1, 7, 14, 30, 90, 180, 365)
"""The histories a market has."""


class Market(Protocol):
    """Raises `UpstreamError("market")` only when neither feed nor cache can answer.

    Whatever comes from a cache carries the age of its data in `as_of`; deciding whether that is
    fresh enough to trade on is the caller's.
    """

    async def fetch_prices(self, tokens: Sequence[Token]) -> Mapping[str, Price]:
        """USD prices by symbol in one call; tokens the feed does not know are missing."""
        ...

    async def fetch_history(self, token: Token, days: int) -> PriceHistory:
        """Candles for the last `days` (one of `SPANS_DAYS`, else ValueError)."""
        ...

    async def fetch_day(self, token: Token) -> PricePath:
        """Prices of the last 24 hours, about one every five minutes, up to a few minutes ago."""
        ...

    async def fetch_profile(self, token: Token) -> TokenProfile:
        """Slow-moving facts about a token."""
        ...

    async def fetch_summary(self) -> MarketSummary:
        """The whole market at a glance."""
        ...


class MarketStore(Protocol):
    """The cache's second level: survives restarts."""

    async def load_cached(self, key: str) -> tuple[Any, datetime] | None:
        """The JSON value last saved under `key`, and when it was fetched."""
        ...

    async def save_cached(self, key: str, body: Any, fetched_at: datetime) -> None:  # noqa: ANN401
        """Replace what is kept under `key`; `body` is JSON."""
        ...
