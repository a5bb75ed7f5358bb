"""How a job declares itself: one file in `jobs/catalogue/`, one `JOB`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.tokens import Listing
from bot.ports.alerts import Ticks
from bot.ports.clock import Clock
from bot.ports.market import Market
from bot.ports.records import Conversations
from bot.services.alerts.send_digests import SendDigests
from bot.services.alerts.watch_candles import WatchCandles
from bot.services.alerts.watch_holdings import WatchHoldings
from bot.services.alerts.watch_prices import WatchPrices
from bot.services.publish_signals import PublishSignals
from bot.services.watch_deposits import WatchDeposits
from bot.services.watch_escrows import WatchEscrows


@dataclass(frozen=True, slots=True)
class JobDesk:
    """What jobs work with."""

    clock: Clock
    market: Market
    conversations: Conversations
    deposits: WatchDeposits
    escrows: WatchEscrows
    listing: Listing
    prices: WatchPrices
    candles: WatchCandles
    holdings: WatchHoldings
    digests: SendDigests
    ticks: Ticks
    signals: PublishSignals


@dataclass(frozen=True, slots=True)
class Job:
    """Something that runs by itself. A run that is still going is not started again.

    Args:
        name: also its key in the database; keep it.
        every: from the end of one run to the next.
        run: one run; may be broken off at any time, and is then run again at the next start.
        longest_wait: up to which the waits between failing runs double; never below `every`.
        at_once: whether the very first run comes at start, rather than after one interval.
    """

    name: str
    every: timedelta
    run: Callable[[JobDesk], Awaitable[None]]
    longest_wait: timedelta = timedelta(minutes=5)
    at_once: bool = False
