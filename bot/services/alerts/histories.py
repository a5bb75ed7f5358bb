"""Candles of many tokens at once."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import structlog

from bot.domain.analysis import PriceHistory
from bot.domain.errors import UpstreamError
from bot.domain.tokens import Listing
from bot.ports.market import Market

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Histories:
    """Histories by symbol and days; `failure` if asking again may bring one that is missing."""

    found: Mapping[tuple[str, int], PriceHistory]
    failure: UpstreamError | None


async def fetch_histories(
    market: Market, listing: Listing, wanted: Collection[tuple[str, int]]
) -> Histories:
    """Fetch what there is of these symbols and days; tokens without a price feed are left out."""
    asked = [
        (token, days)
        for symbol, days in sorted(wanted)
        if (token := listing.find(symbol)) and token.coin_id
    ]
    answers = await asyncio.gather(
        *(market.fetch_history(token, days) for token, days in asked), return_exceptions=True
    )
    found: dict[tuple[str, int], PriceHistory] = {}
    failure: UpstreamError | None = None
    for (token, days), answer in zip(asked, answers, strict=True):
        if isinstance(answer, PriceHistory):
            found[token.symbol, days] = answer
        elif isinstance(answer, UpstreamError):
            _log.info("no_history", symbol=token.symbol, days=days, why=answer.reason)
            failure = answer if answer.retryable else failure
        else:
            raise answer
    return Histories(found, failure)
