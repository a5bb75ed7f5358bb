"""A person who sets alerts, at figures that a test has set."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import bot.policy.alerts.kinds
from bot.catalogue import discover
from bot.domain.alerts import Alert, AlertDraft, Condition, Place, Reading, Repeat
from bot.policy.alerts.kind import AlertKinds
from bot.policy.risk import Limits
from bot.ports.alerts import Look
from bot.services.alerts.ring import Ring
from bot.services.alerts.set_alerts import SetAlerts
from tests.fakes.alerts import FakeAlerts, FakeTicks
from tests.fakes.clock import FakeClock
from tests.unit.services.office import ANN, LISTING, Office

KINDS = AlertKinds(tuple(discover(bot.policy.alerts.kinds, "ALERT").values()))
GROUP = -100
HOME = Place(int(ANN))


class Figures:
    """Present figures, as a test has set them."""

    def __init__(self) -> None:
        self.known = {"price:SEI:": Decimal("0.2"), "price:WBTC:": Decimal(60_000)}

    def figure(self, series: str) -> Decimal | None:
        return self.known.get(series)

    async def measure_now(self, condition: Condition) -> Decimal | None:
        watch = KINDS.watch(condition)
        return self.known.get(watch.series) if watch else None


class Room:
    """A person, her alerts and the figures of now."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.clock = FakeClock()
        self.office = Office(self.clock)
        self.alerts = FakeAlerts(self.office.records, self.office.ledger, FakeTicks())
        self.figures = Figures()
        self.gap_since = self.clock.now()
        self.set = SetAlerts(
            clock=self.clock,
            alerts=self.alerts,
            people=self.office.records,
            agents=self.office.records,
            kinds=KINDS,
            watch=self.figures,
            listing=LISTING,
            limits=limits or Limits(),
        )

    async def sets(self, draft: AlertDraft, place: Place = HOME) -> Alert:
        return await self.set.create(await self.office.user(), place, draft)

    async def rings(self, alert: Alert, usd: str = "0.26", *, ago: timedelta | None = None) -> bool:
        """Whether a look at its figure lets it ring; one of some time ago makes up for a gap."""
        at = self.clock.now() - (ago or timedelta(0))
        reading = Reading(Decimal(usd), at, at, late=ago is not None)
        decide = Ring(self.clock, KINDS).looking(self.gap_since if ago is not None else None)
        return (await self.alerts.apply(Look(at, {alert.series: reading}), decide)).rang > 0

    def now(self, alert: Alert) -> Alert:
        return self.alerts.alerts[alert.id]


def above(usd: str, symbol: str = "SEI", **options: object) -> AlertDraft:
    draft = AlertDraft(Condition("PRICE_ABOVE", symbol, Decimal(usd)))
    return replace(draft, **options)  # type: ignore[arg-type]


def below(usd: str) -> AlertDraft:
    return AlertDraft(Condition("PRICE_BELOW", "SEI", Decimal(usd)))


DAILY = AlertDraft(Condition("DIGEST_DAILY", "", Decimal(0), "08:00"), Repeat.EVERY)
