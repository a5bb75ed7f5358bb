"""What can be had of prices that nobody looked at in time."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.domain.alerts import Tick
from bot.domain.analysis import PriceHistory, PricePath
from bot.domain.errors import UpstreamError
from bot.domain.tokens import Listing
from bot.policy.alerts.late_path import STEP, Gap, LateTick, late_ticks
from bot.ports.alerts import Ticks
from bot.ports.market import Market
from bot.services.alerts.histories import fetch_histories

_LAG = timedelta(minutes=10)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Missed:
    """The history of some tokens in a gap; `failure` if asking again may bring what is lacking."""

    histories: Sequence[PriceHistory]
    days: Mapping[str, PricePath]
    failure: UpstreamError | None


@dataclass(frozen=True, slots=True)
class MissedPrices:
    """Asks the market for what happened in a gap."""

    market: Market
    ticks: Ticks
    listing: Listing

    async def fetch(self, symbols: Collection[str], gap: Gap) -> Missed:
        """Candles and single prices of these tokens, which must reach to the end of the gap."""
        histories = await fetch_histories(
            self.market, self.listing, [(symbol, gap.days) for symbol in symbols]
        )
        days, failure = await self._days([symbol for symbol, _ in histories.found])
        found = list(histories.found.values())
        failure = histories.failure or failure
        if not failure and any(_is_behind(h, days.get(h.symbol), gap.until) for h in found):
            failure = UpstreamError("market", "the gap's history is not there yet", retryable=True)
        return Missed(found, days, failure)

    async def path(self, missed: Missed, gap: Gap) -> Sequence[LateTick]:
        """The late ticks of a gap, without those that were looked at before."""
        seen: Sequence[Tick] = await self.ticks.load_ticks(gap.since - gap.grain)
        return late_ticks(missed.histories, missed.days, seen, gap)

    async def _days(
        self, symbols: Sequence[str]
    ) -> tuple[Mapping[str, PricePath], UpstreamError | None]:
        tokens = [token for symbol in symbols if (token := self.listing.find(symbol))]
        answers = await asyncio.gather(
            *(self.market.fetch_day(token) for token in tokens), return_exceptions=True
        )
        found: dict[str, PricePath] = {}
        failure: UpstreamError | None = None
        for token, answer in zip(tokens, answers, strict=True):
            if isinstance(answer, PricePath):
                found[token.symbol] = answer
            elif isinstance(answer, UpstreamError):
                _log.info("no_day", symbol=token.symbol, why=answer.reason)
                failure = answer if answer.retryable else failure
            else:
                raise answer
        return found, failure


def _is_behind(history: PriceHistory, day: PricePath | None, until: datetime) -> bool:
    """Whether more of the gap can still be told than this does."""
    if until - history.as_of > 2 * Gap(until - timedelta(days=history.days), until).grain:
        return True
    return day is not None and until - day.as_of > STEP + _LAG
