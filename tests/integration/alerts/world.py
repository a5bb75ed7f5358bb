"""A market, a chain and an escrow that are functions of time alone, made from one seed.

Whoever asks at the same moment hears the same, before or after a restart.
"""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

from typing_extensions import override

from bot.domain.analysis import Candle, MarketSummary, PriceHistory, PricePath, TokenProfile
from bot.domain.errors import UpstreamError
from bot.domain.money import Amount, Bps, Price, Token, Wei
from bot.domain.people import Agent, AgentId, AgentState, UserId
from bot.domain.tokens import Listing
from bot.domain.trade import Quote
from bot.ports.chain import Head
from bot.ports.clock import Clock
from bot.ports.ledger import DepositRow
from bot.ports.market import Market

START = datetime(2026, 11, 20, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LAG = timedelta(seconds=30)
BEFORE, AFTER = 1, 3
"""Days of minutes known before and after START."""

STARTS = {
    "SEI": "0.25",
    "USDC": "1",
    "WETH": "3000",
    "WBTC": "60000",
    "ATOM": "4.5",
    "PEPE": "0.0000081",
    "SOL": "140",
    "ISEI": "0.31",
}
TOKENS = tuple(
    Token(symbol, f"0x{number:040x}", 18 if symbol != "USDC" else 6, f"coin-{symbol.lower()}")
    for number, symbol in enumerate(STARTS, 1)
)
LISTING = Listing(TOKENS, quote=TOKENS[1], native=TOKENS[0])
AGENTS = (1, 2, 3)


def tidy(value: float) -> Decimal:
    """Five digits: so that prices meet lines exactly now and then."""
    return Decimal(f"{value:.5g}")


@dataclass(frozen=True)
class Glitch:
    """What is wrong with one token's samples, from one minute of START on to another."""

    kind: str
    symbol: str
    first: int
    last: int


@dataclass
class World:
    """The truth by minute, and the candles made of it."""

    seed: int
    glitches: Sequence[Glitch] = ()
    down: Sequence[tuple[int, int]] = ()
    """Minutes in which the market does not answer."""

    minutes: dict[str, list[Decimal]] = field(init=False)
    older: dict[str, list[Candle]] = field(init=False)
    origin: datetime = START - DAY * BEFORE

    def __post_init__(self) -> None:
        self.minutes = {symbol: self._walk(symbol) for symbol in STARTS}
        self.older = {symbol: self._past(symbol) for symbol in STARTS}
        self.candles = cache(self._candles)
        self.histories = cache(self._history)
        self.held = cache(self._held)

    def truth(self, symbol: str, at: datetime) -> Decimal:
        return self.minutes[symbol][(at - self.origin) // MINUTE]

    def sample(self, symbol: str, at: datetime) -> Price | None:
        """What the feed says at a time, right or wrong."""
        minute = (at - START) // MINUTE
        usd, as_of = self.truth(symbol, at), START + minute * MINUTE - LAG
        for glitch in self.glitches:
            if glitch.symbol == symbol and glitch.first <= minute <= glitch.last:
                if glitch.kind == "missing":
                    return None
                if glitch.kind == "stale":
                    as_of = START + glitch.first * MINUTE - LAG
                    usd = self.truth(symbol, START + glitch.first * MINUTE)
                if glitch.kind == "absurd":
                    usd *= 250
                if glitch.kind == "tiny":
                    usd /= 300
        return Price(symbol, usd, as_of, "world")

    def pool(self, symbol: str, at: datetime) -> Decimal | None:
        """What the exchange says, in USDC; nothing for some tokens."""
        if symbol in ("PEPE", "USDC"):
            return None
        minute = (at - START) // MINUTE
        odd = any(
            g.kind == "pool" and g.symbol == symbol and g.first <= minute <= g.last
            for g in self.glitches
        )
        return self.truth(symbol, at) * (Decimal("1.09") if odd else Decimal("1.001"))

    def is_down(self, at: datetime) -> bool:
        minute = (at - START) // MINUTE
        return any(first <= minute <= last for first, last in self.down)

    def history(self, symbol: str, days: int, now: datetime) -> PriceHistory:
        """As of the last five minutes; long ones end with a candle under way, as the feed's do."""
        return self.histories(symbol, days, now - (now - START) % (5 * MINUTE))

    def points(self, symbol: str, now: datetime) -> list[tuple[datetime, Decimal]]:
        """Every five minutes of the last day."""
        last = now - (now - START) % (5 * MINUTE)
        times = [last - 5 * MINUTE * back for back in reversed(range(288))]
        return [(at, self.truth(symbol, at)) for at in times if at >= self.origin]

    def _history(self, symbol: str, days: int, now: datetime) -> PriceHistory:
        period = period_of(days)
        known = self.candles(symbol, period)
        first = bisect_left(known, now - DAY * days, key=lambda candle: candle.opened_at)
        last = bisect_right(known, now - period, key=lambda candle: candle.opened_at)
        closed = known[first:last]
        as_of = closed[-1].opened_at + period
        if days > 30 and now - as_of >= MINUTE:
            closed.append(self._candle(symbol, as_of, now - as_of))
            as_of = now
        return PriceHistory(symbol, days, tuple(closed), as_of)

    def gas(self, at: datetime) -> Wei:
        """In wei: a slow wave with steps."""
        rng = random.Random(f"{self.seed}/gas/{(at - START) // (23 * MINUTE)}")  # noqa: S311
        return Wei(rng.randrange(40, 90) * 10**9)

    def balance(self, agent: int, symbol: str, at: datetime) -> int:
        """Base units, changing now and then."""
        return self.held(agent, symbol, (at - START) // (31 * MINUTE))

    def _held(self, agent: int, symbol: str, step: int) -> int:
        rng = random.Random(f"{self.seed}/{agent}/{symbol}/{step}")  # noqa: S311
        token = LISTING.find(symbol)
        assert token is not None
        dollars = rng.choice([0, 50, 100, 100, 150, 400])
        return token.amount(Decimal(dollars) / Decimal(STARTS[symbol])).raw

    def deposits(self, upto: datetime) -> list[DepositRow]:
        """Numbered, at 20 seconds past a minute, several within some minutes."""
        rng = random.Random(f"{self.seed}/deposits")  # noqa: S311
        rows: list[DepositRow] = []
        at = START + 3 * MINUTE + timedelta(seconds=20)
        while at <= upto:
            for _ in range(rng.choice([1, 1, 2])):
                token = LISTING.tokens[rng.randrange(2)]
                raw = token.amount(Decimal(rng.choice([5, 20, 50, 100, 250]))).raw
                rows.append(DepositRow(len(rows) + 1, rng.choice(AGENTS), token.symbol, raw, at))
            at += rng.randrange(4, 25) * MINUTE
        return rows

    def _walk(self, symbol: str) -> list[Decimal]:
        rng = random.Random(f"{self.seed}/{symbol}")  # noqa: S311
        calm = 0.00005 if symbol == "USDC" else 0.0016
        price, home, path = float(STARTS[symbol]), float(STARTS[symbol]), []
        for _ in range((BEFORE + AFTER) * 1440):
            step = rng.gauss(0, calm)
            if symbol != "USDC" and rng.random() < 0.002:
                step += rng.choice([-0.06, -0.03, 0.03, 0.06])
            price *= 1 + step + 0.0005 * (home / price - 1)
            path.append(tidy(price))
        return path

    def _past(self, symbol: str) -> list[Candle]:
        """Candles of 4 hours for a year, up to where the minutes begin."""
        rng = random.Random(f"{self.seed}/{symbol}/past")  # noqa: S311
        price, candles = self.minutes[symbol][0], []
        opened_at = self.origin
        for number in range(366 * 6):
            opened_at -= 4 * HOUR
            before = tidy(float(price) * (1 + rng.gauss(0.0002, 0.001 if number < 120 else 0.01)))
            top, low = max(price, before), min(price, before)
            volume = Decimal(rng.randrange(100, 300))
            candles.append(Candle(opened_at, before, top, low, price, volume))
            price = before
        return candles[::-1]

    def _candles(self, symbol: str, period: timedelta) -> list[Candle]:
        past = self.older[symbol] if period == 4 * HOUR else []
        if period == DAY:
            days = [self.older[symbol][at : at + 6] for at in range(0, len(self.older[symbol]), 6)]
            past = [_joined(day) for day in days]
        count = (BEFORE + AFTER) * DAY // period
        return past + [self._candle(symbol, self.origin + k * period, period) for k in range(count)]

    def _candle(self, symbol: str, opened_at: datetime, span: timedelta) -> Candle:
        first = (opened_at - self.origin) // MINUTE
        prices = self.minutes[symbol][first : first + max(1, span // MINUTE)]
        rng = random.Random(f"{self.seed}/{symbol}/{opened_at}/{span}")  # noqa: S311
        volume = Decimal(rng.choice([100, 150, 200, 2500])) * (span // HOUR + 1) / 5
        high, low = tidy(float(max(prices)) * 1.0004), tidy(float(min(prices)) * 0.9996)
        high, low = max(high, *prices), min(low, *prices)
        return Candle(opened_at, prices[0], high, low, prices[-1], volume)


def _joined(candles: Sequence[Candle]) -> Candle:
    return Candle(
        candles[0].opened_at,
        candles[0].open,
        max(c.high for c in candles),
        min(c.low for c in candles),
        candles[-1].close,
        sum((c.volume for c in candles), Decimal(0)),
    )


def period_of(days: int) -> timedelta:
    if days == 1:
        return HOUR / 2
    return 4 * HOUR if days <= 90 else DAY


@dataclass
class WorldMarket(Market):
    """`Market` as the world has it at the clock's time."""

    world: World
    clock: Clock

    @override
    async def fetch_prices(self, tokens: Sequence[Token]) -> Mapping[str, Price]:
        self._answer()
        found = {t.symbol: self.world.sample(t.symbol, self.clock.now()) for t in tokens}
        return {symbol: price for symbol, price in found.items() if price}

    @override
    async def fetch_history(self, token: Token, days: int) -> PriceHistory:
        self._answer()
        return self.world.history(token.symbol, days, self.clock.now())

    @override
    async def fetch_day(self, token: Token) -> PricePath:
        self._answer()
        return PricePath(token.symbol, tuple(self.world.points(token.symbol, self.clock.now())))

    @override
    async def fetch_profile(self, token: Token) -> TokenProfile:
        raise NotImplementedError

    @override
    async def fetch_summary(self) -> MarketSummary:
        raise NotImplementedError

    def _answer(self) -> None:
        if self.world.is_down(self.clock.now()):
            raise UpstreamError("market", "down", retryable=True)


@dataclass
class WorldChain:
    """`ChainReader`, `Venue`, `Agents` and `Deposits` as far as alerts ask them."""

    world: World
    clock: Clock
    name: str = "Pool"
    latest: datetime = START

    async def read_balances(
        self, holders: Sequence[str], tokens: Sequence[Token]
    ) -> Mapping[str, Mapping[str, Amount]]:
        now = self.clock.now()
        return {
            holder: {
                t.symbol: Amount(t, self.world.balance(int(holder), t.symbol, now)) for t in tokens
            }
            for holder in holders
        }

    async def read_gas_price(self) -> Wei:
        return self.world.gas(self.clock.now())

    async def read_native(self, holder: str) -> Wei:
        raise NotImplementedError

    async def read_head(self) -> Head:
        raise NotImplementedError

    async def read_quotes(self, sell: Amount, buy: Token, via: Sequence[Token]) -> Sequence[Quote]:
        cost = self.world.pool(buy.symbol, self.clock.now())
        if cost is None:
            return []
        bought = buy.amount(sell.value / cost)
        path = (sell.token, buy)
        return [Quote("Pool", "0x", path, b"", sell, bought, price_impact=Bps(0), fee=Bps(0))]

    async def load_live(self) -> Sequence[Agent]:
        return [_agent(number) for number in AGENTS]

    async def load_agent(self, agent_id: AgentId) -> Agent | None:
        return _agent(int(agent_id))

    async def load_deposits(self, after_id: int, agent_ids: Sequence[int]) -> Sequence[DepositRow]:
        rows = self._deposits()
        return [row for row in rows if row.id > after_id and row.agent_id in agent_ids]

    async def last_deposit_id(self) -> int:
        return len(self._deposits())

    def _deposits(self) -> list[DepositRow]:
        """What was noticed once stays, also when the clock is set back."""
        self.latest = max(self.latest, self.clock.now())
        return self.world.deposits(self.latest)


def _agent(number: int) -> Agent:
    return Agent(
        id=AgentId(number),
        user_id=UserId(1),
        name=f"Agent {number}",
        instructions="",
        owner="",
        actor="",
        escrow=str(number),
        seed_version=1,
        state=AgentState.ACTIVE,
        created_at=START,
    )
