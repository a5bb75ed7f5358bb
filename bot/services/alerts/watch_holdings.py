"""What escrows hold, what comes in, and what gas costs: no history, what is true now counts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bot.domain.alerts import Reading, rounded
from bot.domain.money import Amount, Price
from bot.domain.tokens import Listing
from bot.policy.alerts.kind import AlertKinds, Meter, Source, split_series
from bot.ports.alerts import Alerts, Decide, Hit, Look, Outcome
from bot.ports.chain import ChainReader
from bot.ports.clock import Clock
from bot.ports.ledger import DepositRow, Deposits
from bot.ports.records import Agents
from bot.services.alerts.measure import holdings_of, nsei, worth_as_of
from bot.services.alerts.ring import Ring
from bot.services.alerts.watch_prices import WatchPrices

_PORTFOLIO = "portfolio"
_DEPOSIT = "deposit"
_DEPOSITS = "deposits"
_Deposited = Mapping[str, DepositRow]
"""The largest new deposit by series."""


@dataclass(slots=True)
class WatchHoldings:
    """Looks at escrows and gas; `wake` tells the outbox of new notices."""

    clock: Clock
    reader: ChainReader
    agents: Agents
    deposits: Deposits
    alerts: Alerts
    kinds: AlertKinds
    listing: Listing
    ring: Ring
    prices: WatchPrices
    wake: Callable[[], None]
    looked_at: datetime | None = field(init=False, default=None)
    """Up to when all that happened has been looked at; None until then."""
    _deposits_upto: int | None = field(init=False, default=None)

    async def tick(self) -> None:
        """Look once, at all escrows in one read.

        Raises:
            UpstreamError: the chain does not answer.
        """
        now = self.clock.now()
        await self.alerts.apply(Look(now, {}), self.ring.looking())  # What wakes looks along.
        meters = {
            meter.name: meter
            for meter in self.kinds.meters.values()
            if meter.source in (Source.HOLDINGS, Source.GAS)
        }
        waiting = sorted(await self.alerts.load_series(list(meters)))
        gas = [s for s in waiting if meters[split_series(s)[0]].source is Source.GAS]
        held = [s for s in waiting if s not in gas]
        upto = await self.deposits.last_deposit_id()
        deposited = _largest(await self._new_deposits(held, upto), held)
        readings = await self._gas(meters, gas, now)
        readings |= await self._holdings(meters, held, deposited, now)
        marks = {_DEPOSITS: now} if upto != self._deposits_upto else {}
        if readings or marks:
            counts = await self.alerts.apply(Look(now, readings, marks=marks), self._decide())
            if counts.rang:
                self.wake()
        self._deposits_upto, self.looked_at = upto, now
        for series, reading in readings.items():
            self.prices.note(series, reading.value)

    def _decide(self) -> Decide:
        """A deposit says nothing to an alert that was set after it."""
        fresh = self.prices.fresh_prices()
        look = self.ring.looking(prices={symbol: price.usd for symbol, price in fresh.items()})

        def decide(hit: Hit) -> Outcome:
            alert, reading = hit.alert, hit.reading
            is_deposit = alert.series.startswith(f"{_DEPOSIT}:")
            if is_deposit and reading and reading.as_of < (alert.seen_at or alert.created_at):
                return Outcome(alert)
            return look(hit)

        return decide

    async def _gas(
        self, meters: Mapping[str, Meter], series: Sequence[str], now: datetime
    ) -> dict[str, Reading]:
        if not series:
            return {}
        cost = nsei(await self.reader.read_gas_price())
        figures = {name: meters[split_series(name)[0]].measure(cost, "") for name in series}
        return {n: Reading(rounded(v), now, now) for n, v in figures.items() if v is not None}

    async def _new_deposits(self, held: Iterable[str], upto: int) -> Sequence[DepositRow]:
        """Deposits since the last look, of agents whose deposits somebody waits for.

        Numbers tell what is new; in the first look of a process, the time of the last look does.
        """
        agents = {int(split_series(s)[1]) for s in held if split_series(s)[0] == _DEPOSIT}
        if not agents:
            return []
        rows = await self.deposits.load_deposits(self._deposits_upto or 0, sorted(agents))
        since: datetime | None = None
        if self._deposits_upto is None:
            since = (await self.alerts.load_marks([_DEPOSITS])).get(_DEPOSITS, self.clock.now())
        return [row for row in rows if row.id <= upto and (since is None or row.at > since)]

    async def _holdings(
        self,
        meters: Mapping[str, Meter],
        held: Sequence[str],
        deposited: _Deposited,
        now: datetime,
    ) -> dict[str, Reading]:
        wanted = {int(split_series(series)[1]) for series in held}
        live = {a.id: a for a in await self.agents.load_live() if a.id in wanted} if wanted else {}
        if not live:
            return {}
        escrows = [agent.escrow for agent in live.values()]
        balances = await self.reader.read_balances(escrows, self.listing.tokens)
        fresh = self.prices.fresh_prices()
        readings: dict[str, Reading] = {}
        for series in held:
            name, subject, window = split_series(series)
            agent = next((a for a in live.values() if int(a.id) == int(subject)), None)
            if agent is None:
                continue
            own = balances[agent.escrow]
            sums = self._units(deposited.get(series), window)
            figure = meters[name].measure(holdings_of(own, fresh, sums), window)
            if figure is not None:
                as_of = _as_of(name, own, fresh, deposited.get(series), now)
                readings[series] = Reading(rounded(figure), now, as_of)
        return readings

    def _units(self, row: DepositRow | None, symbol: str) -> dict[str, Decimal]:
        token = self.listing.find(symbol)
        return {symbol: Amount(token, row.raw).value} if row and token else {}


def _largest(rows: Sequence[DepositRow], held: Iterable[str]) -> dict[str, DepositRow]:
    """The largest deposit of each series."""
    found: dict[str, DepositRow] = {}
    for series in held:
        own = [row for row in rows if _is_of(row, series)]
        if own and split_series(series)[0] == _DEPOSIT:
            found[series] = max(own, key=lambda row: row.raw)
    return found


def _is_of(row: DepositRow, series: str) -> bool:
    return split_series(series)[1:] == (str(row.agent_id), row.symbol)


def _as_of(
    name: str,
    balances: Mapping[str, Amount],
    prices: Mapping[str, Price],
    row: DepositRow | None,
    now: datetime,
) -> datetime:
    if name == _PORTFOLIO:
        return worth_as_of(balances, prices, now)
    return row.at if row else now
