"""The watchers of alerts on the fakes: a person, a market, an agent, and what rings."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import bot.policy.alerts.kinds
from bot.catalogue import discover
from bot.domain.alerts import (
    Alert,
    AlertDraft,
    AlertState,
    Condition,
    Place,
    Repeat,
    Standing,
)
from bot.domain.analysis import Candle, PriceHistory
from bot.policy.alerts.digest_times import next_due
from bot.policy.alerts.kind import AlertKinds
from bot.policy.alerts.states import begin
from bot.ports.ledger import Notice
from bot.services.alerts.ring import Ring
from bot.services.alerts.send_digests import SendDigests
from bot.services.alerts.watch_candles import WatchCandles
from bot.services.alerts.watch_holdings import WatchHoldings
from bot.services.alerts.watch_prices import WatchPrices
from tests.fakes.alerts import FakeAlerts, FakeTicks
from tests.fakes.market import history_of
from tests.unit.services.office import ANN, LISTING, PRICES, Office

KINDS = AlertKinds(tuple(discover(bot.policy.alerts.kinds, "ALERT").values()))
MINUTE = timedelta(minutes=1)


@dataclass
class Lookout:
    """Everything that watches; `moved` makes time pass with fresh prices."""

    office: Office
    ports: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        office = self.office
        self.clock, self.market = office.clock, office.market
        self.ticks = FakeTicks()
        self.alerts = FakeAlerts(office.records, office.ledger, self.ticks)
        self.start()

    def start(self, **ports: Any) -> None:
        """As a process does: with nothing in memory."""
        office, ring = self.office, Ring(self.clock, KINDS)
        alerts = ports.pop("alerts", self.alerts)
        parts: dict[str, Any] = {"market": self.market, "venues": [], **ports}
        self.prices = WatchPrices(
            clock=self.clock,
            reader=office.reader,
            agents=office.records,
            alerts=alerts,
            ticks=self.ticks,
            kinds=KINDS,
            listing=LISTING,
            limits=office.limits,
            ring=ring,
            wake=office.wake,
            **parts,
        )
        self.candles = WatchCandles(
            self.clock, self.market, alerts, KINDS, LISTING, ring, self.prices, office.wake
        )
        self.holdings = WatchHoldings(
            clock=self.clock,
            reader=office.reader,
            agents=office.records,
            deposits=office.ledger,
            alerts=alerts,
            kinds=KINDS,
            listing=LISTING,
            ring=ring,
            prices=self.prices,
            wake=office.wake,
        )
        watchers = (self.prices, self.candles, self.holdings)
        self.digests = SendDigests(self.clock, alerts, ring, watchers, office.wake)

    async def add(
        self, kind: str, symbol: str = "", threshold: str = "0", window: str = "", **more: Any
    ) -> Alert:
        """An alert as people set it: armed if its condition is false now."""
        await self.office.user()
        agent, place = more.pop("agent", 0), more.pop("place", Place(int(ANN)))
        figure = more.pop("figure", None)
        condition = Condition(kind, symbol, Decimal(threshold), window, agent)
        draft = AlertDraft(condition, **{"repeat": Repeat.EVERY, **more})
        watch = KINDS.watch(condition)
        if watch:
            figure = figure or await self.prices.measure_now(condition)
            standing = begin(watch, figure, at_once=draft.at_once)
        else:
            due_at = next_due(condition, "UTC", self.clock.now())
            standing = Standing(AlertState.ARMED, None, due_at)
        alert = await self.alerts.create(
            ANN,
            place,
            draft,
            series=watch.series if watch else "",
            standing=standing,
            seen=figure,
            now=self.clock.now(),
            most=100,
        )
        assert alert
        return alert

    async def minute(self, sei: str | None = None, minutes: float = 1) -> None:
        """Time passes, then one look at prices."""
        self.clock.jump(60 * minutes)
        self.office.refresh_prices()
        for symbol in ("USDC", "WBTC", "iSEI"):
            for days in (1, 7):
                closes = [Decimal(PRICES[symbol])] * 12
                self.market.set_history(history_of(symbol, days, closes, self.clock.now()))
        if sei:
            self.market.set_price("SEI", sei)
        await self.prices.tick()

    def now(self, alert: Alert) -> Alert:
        return self.alerts.alerts[alert.id]

    @property
    def told(self) -> list[Notice]:
        return [n for n in self.office.notices() if n.kind in ("alert", "digest", "alert_ended")]

    @property
    def values(self) -> list[Decimal]:
        return [Decimal(notice.data["value"]) for notice in self.told]


def candles(
    symbol: str,
    days: int,
    first: datetime,
    period: timedelta,
    rows: list[tuple[str, str, str, str]],
) -> PriceHistory:
    """A history of (open, high, low, close)."""
    made = tuple(
        Candle(
            opened_at=first + period * number,
            open=Decimal(opened),
            high=Decimal(high),
            low=Decimal(low),
            close=Decimal(closed),
            volume=Decimal(100),
        )
        for number, (opened, high, low, closed) in enumerate(rows)
    )
    return PriceHistory(symbol, days, made, first + period * len(rows))
