"""How a job declares itself: one file in `jobs/catalogue/`, one `JOB`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.tokens import Listing
from bot.ports.clock import Clock
from bot.ports.market import Market
from bot.ports.records import Conversations
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


@dataclass(frozen=True, slots=True)
class Job:
    """Something that runs by itself. A run that is still going is not started again."""

    name: str
    every: timedelta
    run: Callable[[JobDesk], Awaitable[None]]
