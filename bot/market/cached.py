"""Memory over the database over a feed: few calls, and an answer also while the feed is down."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

import structlog
from cachetools import LRUCache
from pydantic import TypeAdapter, ValidationError
from typing_extensions import override

from bot.domain.analysis import MarketSummary, PriceHistory, PricePath, TokenProfile
from bot.domain.errors import UpstreamError
from bot.domain.money import Price, Token
from bot.ports.clock import Clock
from bot.ports.market import Market, MarketStore

_REMEMBERED = 512
_REST_AFTER_FAILURE = timedelta(seconds=10)
_WHOLE_FEED = "feed"
_PRICES_KEY = "prices"
_SLOW = UpstreamError("market", "the feed is slow", retryable=True)
_VERSION = "market/1/"  # of the JSON below; raise it when a type changes

_log = structlog.get_logger()
T = TypeVar("T")
_Fetch = Callable[[], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Prices by CoinGecko id, and the ids that were asked for: one without a price is unknown."""

    asked: frozenset[str]
    prices: dict[str, Price]


@dataclass(frozen=True)
class _Shelf(Generic[T]):
    """One kind of data: how it becomes JSON, and for how long nobody asks the feed again."""

    json: TypeAdapter[T]
    ttl: timedelta


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    value: T
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class _Ask(Generic[T]):
    """A fetch that may become necessary. Asks with the same `flight` share one fetch."""

    shelf: _Shelf[T]
    key: str
    fetch: _Fetch[T]
    flight: str


_PRICES = _Shelf(TypeAdapter(_Batch), timedelta(seconds=45))
_SUMMARY = _Shelf(TypeAdapter(MarketSummary), timedelta(minutes=10))
_PROFILE = _Shelf(TypeAdapter(TokenProfile), timedelta(hours=24))
_HISTORY = TypeAdapter(PriceHistory)
_DAY = _Shelf(TypeAdapter(PricePath), timedelta(minutes=1))


def _history_shelf(days: int) -> _Shelf[PriceHistory]:
    if days == 1:
        return _Shelf(_HISTORY, timedelta(minutes=5))
    if days <= 90:
        return _Shelf(_HISTORY, timedelta(minutes=30))
    return _Shelf(_HISTORY, timedelta(hours=24))


class CachedMarket(Market):
    """A `Market` that asks `feed` seldom, and survives its failures with what it knows.

    For how long an answer is used before the feed is asked again:

    - prices 45 s. Alerts look at prices every 60 s, and each look has to see new ones: with a life
      as long as that, every other look would see the last one's. All listed tokens come in one
      call, so it costs two calls of a budget of 30 a minute at most. The rule that nothing trades
      on a price over 5 minutes old is kept with room to spare, which it needs: that age is counted
      from `as_of`, which lags a minute or two behind at CoinGecko.
    - market summary 10 min, profiles 24 h, single prices of a day 1 min (asked after a gap only).
    - histories: a day 5 min (its candles last 30 min), up to 90 days 30 min (an eighth of a 4 h
      candle; a decision hangs on the last one), longer ones 24 h (daily candles).

    One fetch a key runs at a time, whoever asks; it goes on when those who asked are cancelled.
    Who asks while an older answer is known waits `patience_s` for a better one at most. When the
    feed fails, the older answer is given with its own `as_of`, however old, and for 10 s nobody
    asks again.
    """

    def __init__(
        self, feed: Market, store: MarketStore, clock: Clock, *, patience_s: float = 3.0
    ) -> None:
        self._feed = feed
        self._store = store
        self._clock = clock
        self._patience_s = patience_s
        self._listed: dict[str, Token] = {}
        self._memory: LRUCache[str, _Kept[Any]] = LRUCache(_REMEMBERED)
        self._flights: dict[str, asyncio.Task[Any]] = {}
        self._failures: LRUCache[str, _Kept[UpstreamError]] = LRUCache(_REMEMBERED)

    async def aclose(self) -> None:
        """End the fetches under way."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def warm(self, tokens: Sequence[Token], days: int = 30) -> None:
        """List `tokens`, and fetch their prices, histories and the summary where not fresh.

        One after the other, to leave room in the call budget; what fails is logged, not raised.
        """
        steps: list[Callable[[], Awaitable[object]]] = [
            partial(self.fetch_prices, tokens),
            self.fetch_summary,
            *(partial(self.fetch_history, token, days) for token in tokens if token.coin_id),
        ]
        for step in steps:
            try:
                await step()
            except UpstreamError as error:
                _log.warning("market not warmed", why=error.reason)

    @override
    async def fetch_prices(self, tokens: Sequence[Token]) -> Mapping[str, Price]:
        wanted = {token.coin_id: token for token in tokens if token.coin_id}
        if not wanted:
            return {}
        self._listed |= wanted
        batch = await self._price_batch(wanted.keys())
        return {
            token.symbol: replace(batch.prices[token.coin_id], symbol=token.symbol)
            for token in tokens
            if token.coin_id in batch.prices
        }

    @override
    async def fetch_history(self, token: Token, days: int) -> PriceHistory:
        shelf, key = _history_shelf(days), f"history/{token.coin_id}/{days}"
        history = await self._get(shelf, key, lambda: self._feed.fetch_history(token, days))
        return replace(history, symbol=token.symbol)

    @override
    async def fetch_day(self, token: Token) -> PricePath:
        path = await self._get(_DAY, f"day/{token.coin_id}", lambda: self._feed.fetch_day(token))
        return replace(path, symbol=token.symbol)

    @override
    async def fetch_profile(self, token: Token) -> TokenProfile:
        key = f"profile/{token.coin_id}"
        profile = await self._get(_PROFILE, key, lambda: self._feed.fetch_profile(token))
        return replace(profile, symbol=token.symbol)

    @override
    async def fetch_summary(self) -> MarketSummary:
        """The totals, with the prices of all tokens listed so far."""
        summary = await self._get(_SUMMARY, "summary", self._feed.fetch_summary)
        try:
            prices = await self.fetch_prices(list(self._listed.values()))
        except UpstreamError:
            prices = {}
        return replace(summary, prices=tuple(prices.values()))

    async def _price_batch(self, wanted: Set[str]) -> _Batch:
        """A batch of all listed tokens; without some of `wanted` only while the feed fails."""
        known = await self._recall(_PRICES, _PRICES_KEY)
        complete = known if known and known.value.asked >= wanted else None
        listed = dict(self._listed)
        flight = f"{_PRICES_KEY}:{','.join(sorted(listed))}"
        ask = _Ask(_PRICES, _PRICES_KEY, partial(self._fetch_batch, listed), flight)
        try:
            return await self._answer(ask, complete)
        except UpstreamError:
            if known is None or wanted.isdisjoint(known.value.prices):
                raise
            return known.value

    async def _fetch_batch(self, listed: Mapping[str, Token]) -> _Batch:
        """Ask for all; a coin the feed has no price for this time keeps the one it had."""
        prices = await self._feed.fetch_prices(list(listed.values()))
        fresh = {
            id_: prices[token.symbol] for id_, token in listed.items() if token.symbol in prices
        }
        known = await self._recall(_PRICES, _PRICES_KEY)
        return _Batch(frozenset(listed), {**(known.value.prices if known else {}), **fresh})

    async def _get(self, shelf: _Shelf[T], key: str, fetch: _Fetch[T]) -> T:
        known = await self._recall(shelf, key)
        return await self._answer(_Ask(shelf, key, fetch, flight=key), known)

    async def _recall(self, shelf: _Shelf[T], key: str) -> _Kept[T] | None:
        """What memory or the database has, of any age."""
        if key not in self._memory and (row := await self._store.load_cached(_VERSION + key)):
            try:
                found = _Kept(shelf.json.validate_python(row[0]), row[1])
            except ValidationError:
                _log.warning("cached market data unreadable", key=key)
            else:
                self._memory.setdefault(key, found)  # a fetch may have been quicker
        return self._memory.get(key)

    async def _answer(self, ask: _Ask[T], known: _Kept[T] | None) -> T:
        """`known` while fresh; else what the feed says, or `known` where it fails or dawdles."""
        if known and self._younger(known, ask.shelf.ttl):
            return known.value
        outcome = self._recent_failure(ask) or await self._land(ask, waits=known is None)
        if isinstance(outcome, _Kept):
            return outcome.value
        if known:
            return known.value
        raise UpstreamError(outcome.edge, outcome.reason, retryable=outcome.retryable)

    async def _land(self, ask: _Ask[T], *, waits: bool) -> _Kept[T] | UpstreamError:
        flight = self._join(ask)
        await asyncio.wait({flight}, timeout=None if waits else self._patience_s)
        return flight.result() if flight.done() else _SLOW

    def _join(self, ask: _Ask[T]) -> asyncio.Task[_Kept[T] | UpstreamError]:
        """The fetch under way, or a new one. Waiting for it does not tie its life to ours."""
        if ask.flight not in self._flights:
            flight = asyncio.create_task(self._refresh(ask))
            flight.add_done_callback(lambda _: self._flights.pop(ask.flight))
            self._flights[ask.flight] = flight
        return self._flights[ask.flight]

    async def _refresh(self, ask: _Ask[T]) -> _Kept[T] | UpstreamError:
        """Fetch and keep. An error is a result here, because perhaps nobody waits for it."""
        try:
            value = await ask.fetch()
        except UpstreamError as error:
            _log.warning("market feed failed", key=ask.key, why=error.reason)
            reach = _WHOLE_FEED if error.retryable else ask.flight
            self._failures[reach] = _Kept(error, self._clock.now())
            return error
        kept = self._memory[ask.key] = _Kept(value, self._clock.now())
        body = ask.shelf.json.dump_python(value, mode="json")
        await self._store.save_cached(_VERSION + ask.key, body, kept.fetched_at)
        return kept

    def _recent_failure(self, ask: _Ask[T]) -> UpstreamError | None:
        for reach in (_WHOLE_FEED, ask.flight):
            failure = self._failures.get(reach)
            if failure and self._younger(failure, _REST_AFTER_FAILURE):
                return failure.value
        return None

    def _younger(self, kept: _Kept[Any], age: timedelta) -> bool:
        """Also False when the clock was set back behind `kept`."""
        return timedelta(0) <= self._clock.now() - kept.fetched_at < age
