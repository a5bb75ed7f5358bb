"""Present figures of series that are not read from the tape of prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.domain.alerts import rounded
from bot.domain.money import Amount, Price, Wei, exact
from bot.domain.people import AgentId
from bot.domain.tokens import Listing
from bot.policy.alerts.candle_ends import closed_candles
from bot.policy.alerts.kind import AlertKinds, Source, split_series
from bot.policy.alerts.tape import Holdings
from bot.ports.chain import ChainReader
from bot.ports.market import Market
from bot.ports.records import Agents
from bot.services.alerts.histories import fetch_histories

_NSEI = Decimal(10) ** 9


@dataclass(frozen=True, slots=True)
class Measure:
    """Fetches what one series needs, and reads it."""

    market: Market
    reader: ChainReader
    agents: Agents
    kinds: AlertKinds
    listing: Listing

    async def fetch_figure(self, series: str, prices: Mapping[str, Price]) -> Decimal | None:
        """The present figure; None where it cannot be told. `prices` are fresh ones.

        Raises:
            UpstreamError: the chain does not answer.
        """
        name, subject, window = split_series(series)
        meter = self.kinds.meters[name]
        figure: Decimal | None = None
        if meter.source is Source.CANDLES:
            key = subject, (meter.days or {})[window]
            history = (await fetch_histories(self.market, self.listing, {key})).found.get(key)
            closed = closed_candles(history) if history else None
            figure = meter.measure(closed.upto(-1), window) if closed and closed.ends else None
        elif meter.source is Source.HOLDINGS:
            agent = await self.agents.load_agent(AgentId(int(subject)))
            if agent is None or not agent.escrow:
                return None
            balances = await self.reader.read_balances([agent.escrow], self.listing.tokens)
            figure = meter.measure(holdings_of(balances[agent.escrow], prices, {}), window)
        elif meter.source is Source.GAS:
            figure = meter.measure(nsei(await self.reader.read_gas_price()), window)
        return None if figure is None else rounded(figure)


def holdings_of(
    balances: Mapping[str, Amount],
    prices: Mapping[str, Price],
    deposits: Mapping[str, Decimal],
) -> Holdings:
    """What an escrow holds; its worth only if every token in it that has a price has a fresh one.

    Tokens that no feed knows count for nothing, as in the portfolio.
    """
    worth: Decimal | None = Decimal(0)
    for symbol, amount in balances.items():
        if not amount.raw or not amount.token.coin_id:
            continue
        price = prices.get(symbol)
        with exact():
            worth = None if worth is None or price is None else worth + amount.worth(price)
    units = {symbol: amount.value for symbol, amount in balances.items()}
    return Holdings(worth, units, deposits)


def worth_as_of(
    balances: Mapping[str, Amount], prices: Mapping[str, Price], now: datetime
) -> datetime:
    """How old a portfolio's figure is: as old as the oldest price in it."""
    held = [symbol for symbol, amount in balances.items() if amount.raw and symbol in prices]
    return min((prices[symbol].as_of for symbol in held), default=now)


def nsei(wei: Wei) -> Decimal:
    """A price of gas in 1e-9 SEI a unit."""
    with exact():
        return Decimal(wei) / _NSEI
