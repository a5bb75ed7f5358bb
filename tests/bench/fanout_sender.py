"""The sender's side of the fan-out, in a process of its own: prints what it queued as JSON."""

import asyncio
import json
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import structlog
from telegram.ext import ExtBot
from typing_extensions import override

import db
from bot.chat.delivery.outbox import OutboxSender
from bot.chat.delivery.pace import Pace, PaceLimiter
from bot.chat.services import Services
from bot.chat.transport import AiohttpRequest
from bot.clock import SystemClock
from bot.domain.alerts import AlertDraft, Condition, Place
from bot.domain.money import Bps, Price, Token
from bot.domain.people import UserId
from bot.policy.alerts.states import begin
from bot.policy.risk import Limits
from bot.ports.clock import Clock
from bot.ports.ledger import Notice, Priority
from bot.ports.records import UserSettings
from bot.services.alerts.ring import Ring
from bot.services.alerts.watch_prices import WatchPrices
from db.outbox import queue_notices
from tests.bench.fanout import BACKLOGS, CHATS, FASTER, FIRST_CHAT, SAMPLES, TOKEN
from tests.bench.fast_clock import FastClock
from tests.fakes.chain import FakeChain, FakeReader
from tests.fakes.market import FakeMarket
from tests.unit.chat.chatroom import KINDS, Chatroom
from tests.unit.services.office import LISTING, PRICES, Office

_MONEY_EVERY_S = 5
_RISE = Decimal("0.002")
_SETTINGS = UserSettings(Bps(50), Decimal(50), Decimal(200), "en")


def _told(key: str, chat_id: int, priority: Priority) -> Notice:
    data = {"version": key, "network": "test", "recovered": "0"}
    return Notice(chat_id, "boot", key, data, priority)


class SampledMarket(FakeMarket):
    """Knows when prices were last told."""

    sampled_s = 0.0

    @override
    async def fetch_prices(self, tokens: Sequence[Token]) -> Mapping[str, Price]:
        prices = await super().fetch_prices(tokens)
        self.sampled_s = time.perf_counter()
        return prices


class Side:
    """The product's sender over a real database and a real connection."""

    def __init__(self, database: db.Database, clock: Any, url: str) -> None:
        self.database = database
        self.clock: Clock = clock
        office = Office(clock)
        self.services: Services = Chatroom(office).services
        pace = Pace(clock)
        request = AiohttpRequest()
        self.bot: ExtBot[Any] = ExtBot(
            TOKEN,
            f"{url}/bot",
            request=request,
            get_updates_request=request,
            rate_limiter=PaceLimiter(pace),
        )
        chats = self.services.lose_chat
        self.sender = OutboxSender(
            self.bot, database.outbox, self.services, pace, chats.lose, chats.move
        )

    async def drained(self) -> None:
        while await self.database.outbox.count_waiting():
            await self.clock.sleep(0.05)


async def crowd(side: Side) -> dict[str, Any]:
    """Everybody gets an alert at once; now and then there is money in between."""
    books, now = side.database, side.clock.now()
    chats = range(FIRST_CHAT, FIRST_CHAT + CHATS)
    alerts = [_told(f"alert-{chat}-0", chat, Priority.ALERT) for chat in chats]
    for n in (1, 2):
        alerts += [_told(f"alert-{c}-{n}", c, Priority.ALERT) for c in chats[:BACKLOGS]]
    await books.store.transact(lambda tx: queue_notices(tx, alerts, now))
    money: dict[str, str] = {}
    delivery = asyncio.create_task(side.sender.run())
    rounds = int(CHATS / 30 / _MONEY_EVERY_S) - 2
    for n in range(rounds):
        await side.clock.sleep(_MONEY_EVERY_S)
        notice = _told(f"money-{n}", FIRST_CHAT + n * CHATS // rounds, Priority.MONEY)
        at = side.clock.now()
        await books.outbox.queue(notice, at)
        side.sender.wake()
        money[notice.key] = at.isoformat()
    await side.drained()
    delivery.cancel()
    await asyncio.gather(delivery, return_exceptions=True)
    return {"done": "crowd", "money": money}


async def single(side: Side) -> dict[str, Any]:
    """One alert after the other rings, each of another person."""
    books, market = side.database, SampledMarket(side.clock)
    watch = _watch(side, market)
    side.sender.services = replace(
        side.services,
        people=books.people,
        agents=books.agents,
        alerts=books.alerts,
        ticks=books.ticks,
        prices=watch,
    )
    price = Decimal(PRICES["SEI"])
    await _set_alerts(side, price)
    delivery = asyncio.create_task(side.sender.run())
    sampled: dict[str, float] = {}
    for n in range(SAMPLES + 1):
        for symbol, usd in PRICES.items():
            risen = price * (1 + _RISE * n) if symbol == "SEI" else Decimal(usd)
            market.set_price(symbol, risen)
        await watch.tick()
        if n:
            sampled[str(FIRST_CHAT + n)] = market.sampled_s
        await side.drained()
        await asyncio.sleep(0.05)
    delivery.cancel()
    await asyncio.gather(delivery, return_exceptions=True)
    return {"done": "single", "sampled": sampled}


def _watch(side: Side, market: FakeMarket) -> WatchPrices:
    clock: Any = side.clock
    return WatchPrices(
        clock=clock,
        market=market,
        reader=FakeReader(FakeChain(clock)),
        venues=(),
        agents=side.database.agents,
        alerts=side.database.alerts,
        ticks=side.database.ticks,
        kinds=KINDS,
        listing=LISTING,
        limits=Limits(),
        ring=Ring(clock, KINDS),
        wake=side.sender.wake,
    )


async def _set_alerts(side: Side, price: Decimal) -> None:
    """The n-th person's alert rings at the n-th rise."""
    for n in range(1, SAMPLES + 1):
        line = price * (1 + _RISE * n - _RISE / 2)
        draft = AlertDraft(Condition("PRICE_ABOVE", "SEI", line))
        watch = KINDS.watch(draft.condition)
        assert watch
        user_id = UserId(FIRST_CHAT + n)
        await side.database.people.save_user(user_id, "Ann", None, _SETTINGS)
        await side.database.alerts.create(
            user_id,
            Place(user_id),
            draft,
            series=watch.series,
            standing=begin(watch, price, at_once=False),
            seen=price,
            now=side.clock.now(),
            most=100,
        )


async def main(name: str, path: str, url: str, began_s: float) -> None:
    clock = FastClock(FASTER, began_s) if name == "crowd" else SystemClock()
    database = await db.open(f"sqlite:///{path}", clock)
    try:
        side = Side(database, clock, url)
        async with side.bot:
            said = await (crowd if name == "crowd" else single)(side)
    finally:
        await database.close()
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])))
