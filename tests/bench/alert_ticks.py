"""Ticks over a database full of alerts, in a process of their own: prints figures as JSON."""

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal
from typing import Any

import psutil

import db
from bot.domain.alerts import sortable
from bot.domain.money import Token
from bot.domain.tokens import Listing
from bot.policy.risk import Limits
from bot.services.alerts.ring import Ring
from bot.services.alerts.watch_prices import WatchPrices
from tests.bench.crowd import PRICE, TOKENS, kinds, raised
from tests.fakes.chain import FakeChain, FakeReader
from tests.fakes.clock import FakeClock
from tests.fakes.market import FakeMarket

QUIET = 21
SCANS = 3
_TICK_S = 60
_USDC = Token("USDC", "0x" + "f" * 40, 6, "usd-coin")
_ALL = "SELECT series, direction, level FROM market_alerts WHERE is_active"


class Trial:
    """The engine of the product over one database, on a clock that the trial moves."""

    def __init__(self, database: db.Database, clock: FakeClock) -> None:
        self._clock = clock
        self._market = FakeMarket(clock)
        known = kinds()
        self.watch = WatchPrices(
            clock=clock,
            market=self._market,
            reader=FakeReader(FakeChain(clock)),
            venues=(),
            agents=database.agents,
            alerts=database.alerts,
            ticks=database.ticks,
            kinds=known,
            listing=Listing((*TOKENS, _USDC), _USDC, TOKENS[0]),
            limits=Limits(),
            ring=Ring(clock, known),
            wake=lambda: None,
        )

    async def tick(self, price: Decimal) -> float:
        """Seconds of a tick at which all tokens cost this."""
        self._clock.jump(_TICK_S)
        for token in TOKENS:
            self._market.set_price(token.symbol, price)
        self._market.set_price(_USDC.symbol, Decimal(1))
        began = time.perf_counter()
        await self.watch.tick()
        return time.perf_counter() - began


def scan(path: str) -> float:
    """Seconds of the same question put the obvious way: every alert is read and compared."""
    levels = {f"price:{token.symbol}:": sortable(PRICE) for token in TOKENS}
    hits = 0
    began = time.perf_counter()
    with closing(sqlite3.connect(path)) as file:
        for series, direction, level in file.execute(_ALL):
            hits += (levels.get(series, 0) - level) * direction >= 0
    return time.perf_counter() - began


async def measure(path: str, rises: int) -> Mapping[str, Any]:
    clock = FakeClock()
    database = await db.open(f"sqlite:///{path}", clock)
    try:
        trial = Trial(database, clock)
        waiting = await database.alerts.count_active()
        await trial.tick(PRICE)
        quiet = [await trial.tick(PRICE + Decimal(number % 3) / 100) for number in range(QUIET)]
        resident = psutil.Process().memory_info().rss / 2**20
        if await database.alerts.count_active() != waiting:
            raise RuntimeError("an alert rang that should have waited")
        firing = [await trial.tick(raised(number + 1)) for number in range(rises)]
        rang = waiting - await database.alerts.count_active()
        scans = [scan(path) for _ in range(SCANS if rises else 0)]
    finally:
        await database.close()
    return {
        "quiet": quiet,
        "firing": firing,
        "rang": rang,
        "scans": scans,
        "resident_mb": resident,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(measure(sys.argv[1], int(sys.argv[2])))) + "\n")
