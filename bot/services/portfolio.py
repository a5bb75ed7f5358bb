"""What an agent holds, what it is worth, and what its trades made of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.domain.errors import UpstreamError
from bot.domain.money import Amount, Price, exact
from bot.domain.people import Agent
from bot.domain.tokens import Listing
from bot.policy.pnl import Position, concentration_advice, positions
from bot.ports.chain import ChainReader
from bot.ports.ledger import Journal
from bot.ports.market import Market

_NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Holding:
    """One token of a portfolio; USD figures are None while its price is unknown."""

    amount: Amount
    price: Price | None
    value_usd: Decimal | None
    share: Decimal | None
    position: Position | None

    @property
    def unrealised_usd(self) -> Decimal | None:
        """Gain on what trades bought and is still held."""
        if self.position is None or self.price is None:
            return None
        return self.position.unrealised_usd(self.amount.value, self.price.usd)


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A snapshot. `prices_as_of` is the oldest price used, None if there was none."""

    agent: Agent
    holdings: tuple[Holding, ...]
    total_usd: Decimal
    realised_usd: Decimal
    unrealised_usd: Decimal
    prices_as_of: datetime | None
    advice: str | None


@dataclass(frozen=True, slots=True)
class ViewPortfolio:
    """Reads portfolios. Needs the chain; makes do without prices."""

    reader: ChainReader
    market: Market
    journal: Journal
    listing: Listing

    async def view(self, agent: Agent) -> Portfolio:
        """Balances in one chain read, cached prices, profit by average cost.

        Raises:
            UpstreamError: the chain did not answer: no false zeros.
        """
        balances, prices, fills = await asyncio.gather(
            self.reader.read_balances([agent.escrow], self.listing.tokens),
            self._prices(),
            self.journal.load_fills(int(agent.id)),
        )
        by_symbol = positions(reversed(fills))
        held = balances[agent.escrow]
        values = {
            symbol: amount.worth(prices[symbol])
            for symbol, amount in held.items()
            if symbol in prices
        }
        total = sum(values.values(), _NONE)
        holdings = tuple(
            Holding(
                amount,
                prices.get(symbol),
                values.get(symbol),
                _share(values.get(symbol), total),
                by_symbol.get(symbol),
            )
            for symbol, amount in held.items()
            if amount.raw or symbol in by_symbol
        )
        return self._portfolio(agent, holdings, total, by_symbol)

    def _portfolio(
        self,
        agent: Agent,
        holdings: tuple[Holding, ...],
        total: Decimal,
        by_symbol: Mapping[str, Position],
    ) -> Portfolio:
        used = [h.price.as_of for h in holdings if h.price]
        ordered = tuple(sorted(holdings, key=lambda h: h.value_usd or _NONE, reverse=True))
        return Portfolio(
            agent=agent,
            holdings=ordered,
            total_usd=total,
            realised_usd=sum((p.realised_usd for p in by_symbol.values()), _NONE),
            unrealised_usd=sum((h.unrealised_usd or _NONE for h in holdings), _NONE),
            prices_as_of=min(used, default=None),
            advice=concentration_advice(
                [(h.amount.token.symbol, h.value_usd or _NONE) for h in ordered],
                frozenset({self.listing.quote.symbol}),
            ),
        )

    async def _prices(self) -> Mapping[str, Price]:
        try:
            return await self.market.fetch_prices(self.listing.tokens)
        except UpstreamError:
            return {}


def _share(value: Decimal | None, total: Decimal) -> Decimal | None:
    if value is None or not total:
        return None
    with exact():
        return value / total
