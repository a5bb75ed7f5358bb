"""What jobs work with, on the fakes."""

import pytest

import bot.policy.alerts.kinds
from bot.catalogue import discover
from bot.jobs.job import JobDesk
from bot.policy.alerts.kind import AlertKinds
from bot.services.alerts.ring import Ring
from bot.services.alerts.send_digests import SendDigests
from bot.services.alerts.watch_candles import WatchCandles
from bot.services.alerts.watch_holdings import WatchHoldings
from bot.services.alerts.watch_prices import WatchPrices
from bot.services.publish_signals import PublishSignals
from tests.fakes.alerts import FakeAlerts, FakeTicks
from tests.fakes.clock import FakeClock
from tests.fakes.groups import FakeGroups
from tests.unit.services.office import LISTING, Office

KINDS = AlertKinds(tuple(discover(bot.policy.alerts.kinds, "ALERT").values()))


@pytest.fixture
def office(clock: FakeClock) -> Office:
    return Office(clock)


@pytest.fixture
def ticks() -> FakeTicks:
    return FakeTicks()


@pytest.fixture
def alerts(office: Office, ticks: FakeTicks) -> FakeAlerts:
    return FakeAlerts(office.records, office.ledger, ticks)


@pytest.fixture
def groups(office: Office) -> FakeGroups:
    return FakeGroups(office.records, office.ledger)


@pytest.fixture
def prices(office: Office, alerts: FakeAlerts, ticks: FakeTicks) -> WatchPrices:
    return WatchPrices(
        clock=office.clock,
        market=office.market,
        reader=office.reader,
        venues=office.venues,
        agents=office.records,
        alerts=alerts,
        ticks=ticks,
        kinds=KINDS,
        listing=LISTING,
        limits=office.limits,
        ring=Ring(office.clock, KINDS),
        wake=office.wake,
    )


@pytest.fixture
def desk(
    office: Office, alerts: FakeAlerts, ticks: FakeTicks, groups: FakeGroups, prices: WatchPrices
) -> JobDesk:
    ring = Ring(office.clock, KINDS)
    return JobDesk(
        clock=office.clock,
        market=office.market,
        conversations=office.records,
        deposits=office.deposits,
        escrows=office.watch_escrows(),
        listing=LISTING,
        prices=prices,
        candles=WatchCandles(
            clock=office.clock,
            market=office.market,
            alerts=alerts,
            kinds=KINDS,
            listing=LISTING,
            ring=ring,
            prices=prices,
            wake=office.wake,
        ),
        holdings=WatchHoldings(
            clock=office.clock,
            reader=office.reader,
            agents=office.records,
            deposits=office.ledger,
            alerts=alerts,
            kinds=KINDS,
            listing=LISTING,
            ring=ring,
            prices=prices,
            wake=office.wake,
        ),
        digests=SendDigests(office.clock, alerts, ring, (prices,), office.wake),
        ticks=ticks,
        signals=PublishSignals(
            office.clock, groups, office.records, office.records, office.ledger, office.wake
        ),
    )
