"""The engine on a real database and a clock of our own, led through a script.

As a process of its own (`replay`) it goes on from where its database is, whatever ended it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

import bot.policy.alerts.kinds
import db
from bot.catalogue import discover
from bot.domain.alerts import AlertId, AlertState, Standing
from bot.domain.errors import UpstreamError
from bot.domain.money import Bps
from bot.domain.people import UserId
from bot.policy.alerts.digest_times import next_due
from bot.policy.alerts.kind import AlertKinds
from bot.policy.alerts.states import begin, pause, snooze
from bot.policy.risk import Limits
from bot.ports.records import UserSettings
from bot.services.alerts.ring import Ring
from bot.services.alerts.send_digests import SendDigests
from bot.services.alerts.watch_candles import WatchCandles
from bot.services.alerts.watch_holdings import WatchHoldings
from bot.services.alerts.watch_prices import WatchPrices
from db.alert_rows import draft_values
from db.alert_schema import alert_firings, market_alerts
from db.schema import outbox
from tests.fakes.clock import FakeClock
from tests.integration.alerts.model import Model
from tests.integration.alerts.oracle import Firing, Oracle
from tests.integration.alerts.script import ZONES, Action, Moment, Spec, moments, specs
from tests.integration.alerts.world import (
    DAY,
    HOUR,
    LISTING,
    START,
    Glitch,
    World,
    WorldChain,
    WorldMarket,
)

KINDS = AlertKinds(tuple(discover(bot.policy.alerts.kinds, "ALERT").values()))
_REPLAYED = "replayed"


@dataclass
class Engine:
    """One process: what it knows beyond the database goes when it does."""

    database: db.Database
    clock: FakeClock
    world: World
    wakes: int = 0
    prices: WatchPrices = field(init=False)
    candles: WatchCandles = field(init=False)
    holdings: WatchHoldings = field(init=False)
    digests: SendDigests = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        chain: Any = WorldChain(self.world, self.clock)
        market, ring = WorldMarket(self.world, self.clock), Ring(self.clock, KINDS)
        alerts = self.database.alerts
        self.prices = WatchPrices(
            clock=self.clock,
            market=market,
            reader=chain,
            venues=[chain],
            agents=chain,
            alerts=alerts,
            ticks=self.database.ticks,
            kinds=KINDS,
            listing=LISTING,
            limits=Limits(),
            ring=ring,
            wake=self._wake,
        )
        self.candles = WatchCandles(
            self.clock, market, alerts, KINDS, LISTING, ring, self.prices, self._wake
        )
        self.holdings = WatchHoldings(
            clock=self.clock,
            reader=chain,
            agents=chain,
            deposits=chain,
            alerts=alerts,
            kinds=KINDS,
            listing=LISTING,
            ring=ring,
            prices=self.prices,
            wake=self._wake,
        )
        watchers = (self.prices, self.candles, self.holdings)
        self.digests = SendDigests(self.clock, alerts, ring, watchers, self._wake)

    async def live(self, moment: Moment) -> None:
        """One minute of all jobs, and what people do in it."""
        if moment.restart:
            self.restart()
        self._turn(moment.at)
        try:
            await self.prices.tick()
        except UpstreamError:
            assert self.world.is_down(moment.at)
        if moment.holdings:
            await self.holdings.tick()
        if moment.candles:
            await self.candles.tick()
        if moment.digests:
            await self.digests.tick()
        for action in moment.actions:
            await self._act(action)

    async def set_all(self, wanted: list[Spec]) -> None:
        """Set alerts as people would, numbered from 1 on."""
        settings = UserSettings(Bps(50), Decimal(50), Decimal(200), "en")
        for user, zone in enumerate(ZONES, 1):
            await self.database.people.save_user(UserId(user), "Ann", None, settings)
            own = replace(settings, time_zone=zone)
            await self.database.people.save_settings(UserId(user), own)
        rows = [await self._row(spec) for spec in wanted]

        async def work(tx: AsyncConnection) -> None:
            await tx.execute(sa.insert(market_alerts), rows)

        await self.database.store.transact(work)

    async def _row(self, spec: Spec) -> dict[str, Any]:
        """One of thousands, which would take long one by one."""
        draft, now, figure = spec.draft, self.clock.now(), None
        watch = KINDS.watch(draft.condition)
        if watch is None:
            due_at = next_due(draft.condition, ZONES[spec.user], now)
            standing = Standing(AlertState.ARMED, None, due_at)
        else:
            figure = self.prices.figure(watch.series)
            if figure is None:
                figure = await self.prices.measure_now(draft.condition)
            standing = begin(watch, figure, at_once=draft.at_once)
        return {
            **draft_values(draft, spec.place, standing),
            "user_id": spec.user + 1,
            "series": watch.series if watch else "",
            "seen_value": figure,
            "seen_at": None if figure is None else now,
            "created_at": now,
            "rings": 0,
            "share": None,
            "version": 1,
        }

    async def _act(self, action: Action) -> None:
        alert = await self.database.alerts.load_alert(AlertId(action.alert))
        assert alert
        watch = KINDS.watch(alert.condition)
        if watch is None:
            return
        if action.what == "snooze":
            after = snooze(alert, self.clock.now() + action.span)
        elif not alert.is_active:
            return
        elif action.what == "pause":
            after = pause(alert)
        else:
            condition = alert.condition
            if action.what == "edit":
                condition = replace(condition, threshold=condition.threshold * action.factor)
                watch = KINDS.watch(condition)
                assert watch
            figure = await self.prices.measure_now(condition)
            after = replace(
                alert,
                condition=condition,
                standing=begin(watch, figure),
                seen_value=figure,
                seen_at=self.clock.now(),
            )
            if action.what == "edit" and alert.standing.state is AlertState.PAUSED:
                after = pause(after)
        assert await self.database.alerts.save_alert(after)

    def _turn(self, at: datetime) -> None:
        self.clock.jump((at - self.clock.now()).total_seconds())

    def _wake(self) -> None:
        self.wakes += 1


def consult(oracle: Oracle, moment: Moment) -> None:
    """The same minute as the oracle sees it."""
    if moment.restart:
        oracle.restart()
    oracle.prices(moment.at)
    if moment.holdings:
        oracle.holdings(moment.at)
    if moment.candles:
        oracle.candles(moment.at)
    if moment.digests:
        oracle.digests(moment.at)
    for action in moment.actions:
        if not oracle.models[action.alert].is_digest:
            _consult(oracle, action, moment.at)


def _consult(oracle: Oracle, action: Action, now: datetime) -> None:
    if action.what == "snooze":
        oracle.snooze(action.alert, now + action.span)
    elif action.what == "pause":
        oracle.pause(action.alert)
    elif action.what == "resume":
        oracle.resume(action.alert, now)
    else:
        line = oracle.models[action.alert].condition.threshold * action.factor
        oracle.edit(action.alert, line, now)


def tell(oracle: Oracle, wanted: list[Spec], now: datetime) -> None:
    """Set the same alerts there."""
    for number, spec in enumerate(wanted, 1):
        draft = spec.draft
        model = Model(
            id=number,
            condition=draft.condition,
            repeat=draft.repeat,
            cooldown=draft.cooldown,
            expires_at=draft.expires_at,
            zone=ZONES[spec.user],
            begun=now,
            created=now,
        )
        oracle.add(model, at_once=draft.at_once, now=now)


async def firings_of(database: db.Database) -> list[Firing]:
    """What rang, in no order."""
    rows = await database.store.fetch(
        sa.select(
            alert_firings.c.alert_id,
            alert_firings.c.number,
            alert_firings.c.met_at,
            alert_firings.c.late,
        )
    )
    return [(row.alert_id, row.number, row.met_at, bool(row.late)) for row in rows]


async def keys_of(database: db.Database) -> list[str]:
    """The notices in the queue."""
    rows = await database.store.fetch(sa.select(outbox.c.key).order_by(outbox.c.id))
    return [row.key for row in rows]


async def hurry(database: db.Database) -> None:
    """Let the file system keep what it is told when it likes: processes die here, machines not."""

    async def work(tx: AsyncConnection) -> None:
        await tx.exec_driver_sql("COMMIT")
        await tx.exec_driver_sql("PRAGMA synchronous=OFF")
        await tx.exec_driver_sql("BEGIN IMMEDIATE")

    await database.store.transact(work)


@dataclass(frozen=True)
class Plan:
    """A run, made anew from these figures in every process."""

    seed: int
    alerts: int
    parts: tuple[tuple[int, timedelta], ...]
    glitches: tuple[Glitch, ...] = ()
    down: tuple[tuple[int, int], ...] = ()

    def world(self) -> World:
        return _world(self)

    def specs(self, world: World) -> list[Spec]:
        return specs(world, self.seed, self.alerts)

    def moments(self) -> list[Moment]:
        return list(moments(self.seed, self.parts, self.alerts))


@cache
def _world(plan: Plan) -> World:
    """Made once a process: it is a function of time that nothing changes."""
    world = World(plan.seed, plan.glitches, plan.down)
    for token in LISTING.tokens:
        for period in (HOUR / 2, 4 * HOUR, DAY):
            world.candles(token.symbol, period)
    return world


@asynccontextmanager
async def begun(path: Path, plan: Plan) -> AsyncIterator[tuple[Engine, Oracle]]:
    """An engine and an oracle behind the first minute of a plan, with all alerts set."""
    clock, world = FakeClock(START), plan.world()
    database = await db.open(f"sqlite:///{path}", clock)
    await hurry(database)
    engine, oracle = Engine(database, clock, world), Oracle(world)
    first, wanted = replace(plan.moments()[0], actions=()), plan.specs(world)
    await engine.live(first)
    consult(oracle, first)
    await engine.set_all(wanted)
    tell(oracle, wanted, START)
    yield engine, oracle
    await database.close()


def replay(path: Path, plan: Plan, told: "Connection[int, int]") -> None:
    """Go on from where the database is, to the end of the plan, telling of each minute."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(_replay(path, plan, told))


async def _replay(path: Path, plan: Plan, told: "Connection[int, int]") -> None:
    clock = FakeClock(START)
    database = await db.open(f"sqlite:///{path}", clock)
    await hurry(database)
    engine = Engine(database, clock, plan.world())
    upto = await database.switches.load_switch(_REPLAYED)
    for number, moment in enumerate(plan.moments()):
        if number and (upto is None or moment.at >= datetime.fromisoformat(upto)):
            await database.switches.save_switch(_REPLAYED, moment.at.isoformat())
            told.send(number)
            await engine.live(moment)
    await database.close()
