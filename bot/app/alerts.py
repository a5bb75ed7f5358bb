"""Alerts, wired: kinds, the engine that measures, what people do with alerts, who is told."""

from collections.abc import Callable
from dataclasses import dataclass

import bot.policy.alerts.kinds
from bot.app.adapters import Parts
from bot.catalogue import discover
from bot.domain.tokens import Listing
from bot.policy.alerts.kind import AlertKind, AlertKinds
from bot.policy.risk import Limits
from bot.services.alerts.ring import Ring
from bot.services.alerts.send_digests import SendDigests
from bot.services.alerts.set_alerts import SetAlerts
from bot.services.alerts.watch_candles import WatchCandles
from bot.services.alerts.watch_holdings import WatchHoldings
from bot.services.alerts.watch_prices import WatchPrices
from bot.services.lose_chat import LoseChat
from bot.services.publish_signals import PublishSignals


@dataclass(frozen=True, slots=True)
class AlertServices:
    """Everything about alerts that doors and jobs call."""

    kinds: AlertKinds
    prices: WatchPrices
    candles: WatchCandles
    holdings: WatchHoldings
    digests: SendDigests
    set_alerts: SetAlerts
    lose_chat: LoseChat
    signals: PublishSignals


def wire_alerts(
    parts: Parts, listing: Listing, limits: Limits, wake: Callable[[], None]
) -> AlertServices:
    """Build them around the adapters. Starts nothing."""
    books, clock = parts.database, parts.clock
    found: dict[str, AlertKind] = discover(bot.policy.alerts.kinds, "ALERT")
    kinds = AlertKinds(tuple(sorted(found.values(), key=lambda kind: kind.order)))
    ring = Ring(clock, kinds)
    prices = _watch_prices(parts, kinds, ring, listing, limits, wake)
    candles = WatchCandles(
        clock=clock,
        market=parts.market,
        alerts=books.alerts,
        kinds=kinds,
        listing=listing,
        ring=ring,
        prices=prices,
        wake=wake,
    )
    holdings = WatchHoldings(
        clock=clock,
        reader=parts.reader,
        agents=books.agents,
        deposits=books.deposits,
        alerts=books.alerts,
        kinds=kinds,
        listing=listing,
        ring=ring,
        prices=prices,
        wake=wake,
    )
    return AlertServices(
        kinds=kinds,
        prices=prices,
        candles=candles,
        holdings=holdings,
        digests=SendDigests(clock, books.alerts, ring, (prices, candles, holdings), wake),
        set_alerts=SetAlerts(
            clock, books.alerts, books.people, books.agents, kinds, prices, listing, limits
        ),
        lose_chat=LoseChat(clock, books.people, books.alerts, books.groups, parts.outbox, wake),
        signals=PublishSignals(
            clock, books.groups, books.agents, books.conversations, parts.journal, wake
        ),
    )


def _watch_prices(
    parts: Parts,
    kinds: AlertKinds,
    ring: Ring,
    listing: Listing,
    limits: Limits,
    wake: Callable[[], None],
) -> WatchPrices:
    return WatchPrices(
        clock=parts.clock,
        market=parts.market,
        reader=parts.reader,
        venues=parts.venues,
        agents=parts.database.agents,
        alerts=parts.database.alerts,
        ticks=parts.database.ticks,
        kinds=kinds,
        listing=listing,
        limits=limits,
        ring=ring,
        wake=wake,
    )
