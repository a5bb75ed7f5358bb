"""One sample of all prices: the feed's, as far as it is believed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import structlog

from bot.domain.errors import UpstreamError, UserError
from bot.domain.money import Price, Token, exact
from bot.domain.tokens import Listing
from bot.policy.alerts.price_doubts import STALE, PriceDoubts
from bot.ports.alerts import Ticks
from bot.ports.chain import Venue
from bot.ports.market import Market
from bot.services.quotes import best_quote, read_quotes

_PATIENCE_S = 5.0
_SIZE = Decimal(10)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sample:
    """Believed prices by symbol, and the tokens whose prices are new but not believed."""

    believed: Mapping[str, Price]
    doubted: frozenset[str]


@dataclass(frozen=True, slots=True)
class SamplePrices:
    """Asks the feed and, as a second source, the exchanges; what is doubted is counted."""

    market: Market
    venues: Sequence[Venue]
    ticks: Ticks
    listing: Listing
    doubts: PriceDoubts

    async def sample(self, now: datetime, last: Mapping[str, Decimal]) -> Sample:
        """One sample of all tokens; `last` are the prices of the last tick.

        Raises:
            UpstreamError: the feed does not answer.
        """
        prices, pools = await asyncio.gather(
            self.market.fetch_prices(self.listing.tokens), self._ask_exchanges()
        )
        quote = prices.get(self.listing.quote.symbol)
        with exact():
            in_usd = {s: units * quote.usd for s, units in pools.items()} if quote else {}
        judged = self.doubts.judge(now, prices, in_usd, last)
        for refusal in judged.refused:
            _log.info("price_doubted", symbol=refusal.symbol, why=refusal.reason)
            await self.ticks.save_doubt(refusal.symbol, refusal.reason, now, refusal.detail)
        doubted = frozenset(r.symbol for r in judged.refused if r.reason != STALE)
        return Sample(judged.believed, doubted)

    async def _ask_exchanges(self) -> Mapping[str, Decimal]:
        """What tokens cost there, in units of the quote token; missing where nobody says."""
        tokens = self.listing.tradable
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await asyncio.gather(*(self._ask(token) for token in tokens))
        except TimeoutError:
            return {}
        return {t.symbol: cost for t, cost in zip(tokens, found, strict=True) if cost is not None}

    async def _ask(self, token: Token) -> Decimal | None:
        sell = self.listing.quote.amount(_SIZE)
        try:
            quotes = await read_quotes(self.venues, sell, token, self.listing.native)
            bought = best_quote(quotes, sell, token).buy.value
        except (UpstreamError, UserError):
            return None
        with exact():
            return sell.value / bought if bought else None
