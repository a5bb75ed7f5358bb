"""Pictures for alerts and digests; a picture that cannot be drawn is left out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from bot.chat.pictures.spark import Point
from bot.chat.services import Services
from bot.domain.analysis import PriceHistory
from bot.domain.errors import UpstreamError
from bot.domain.money import Token
from bot.policy.alerts.worth_path import worth_path
from bot.services.portfolio import Portfolio

_DAY = timedelta(days=1)
_ENOUGH = timedelta(hours=12)
_PATIENCE_S = 5.0
_PICTURE_S = 8.0


async def alert_chart(services: Services, symbol: str, line: Decimal | None) -> bytes | None:
    """The last day of a token, with the line that was watched."""
    token = services.listing.find(symbol)
    if token is None:
        return None
    minute = services.clock.now().replace(second=0, microsecond=0)

    async def load() -> Sequence[Point]:
        return await services.sparks.points(
            (symbol, minute), lambda: _last_day(services, token, minute)
        )

    return await _drawn(
        services, ("alert", symbol, minute, line), load, line, f"{symbol} · 24 h, UTC"
    )


async def price_chart(services: Services, token: Token, days: int) -> bytes | None:
    """A token's last days."""
    hour = services.clock.now().replace(minute=0, second=0, microsecond=0)

    async def load() -> Sequence[Point]:
        found = await histories_of(services, [token], days)
        return _closes(found.get(token.symbol))

    title = f"{token.symbol} · {_span(days)}"
    return await _drawn(services, ("price", token.symbol, days, hour), load, None, title)


async def worth_chart(services: Services, portfolio: Portfolio, days: int) -> bytes | None:
    """What a portfolio holds now, over the last days."""
    held = {h.amount.token: h.amount.value for h in portfolio.holdings if h.amount.raw}
    found = await histories_of(services, list(held), days)
    points = worth_path({token.symbol: units for token, units in held.items()}, found)
    if not points:
        return None
    points = [*points, (services.clock.now(), portfolio.total_usd)]

    async def load() -> Sequence[Point]:
        return points

    key = ("worth", int(portfolio.agent.id), services.clock.now())
    title = f"{portfolio.agent.name}: what it holds now · {_span(days)}"
    return await _drawn(services, key, load, None, title)


def _span(days: int) -> str:
    """What the axis covers; where it has times of the day, whose they are."""
    return "24 h, UTC" if days == 1 else f"{days} days"


async def histories_of(
    services: Services, tokens: Sequence[Token], days: int
) -> Mapping[str, PriceHistory]:
    """Histories by symbol; those that are not to be had in a few seconds are missing."""

    async def fetch(token: Token) -> PriceHistory | None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await services.market.fetch_history(token, days)
        except (UpstreamError, TimeoutError):
            return None

    found = await asyncio.gather(*(fetch(token) for token in tokens))
    return {history.symbol: history for history in found if history is not None}


async def _last_day(services: Services, token: Token, now: datetime) -> Sequence[Point]:
    """Our own ticks; what was before the first of them from the day's candles."""
    ticks = await services.ticks.load_ticks(now - _DAY)
    points = [(tick.at, tick.prices[token.symbol]) for tick in ticks if token.symbol in tick.prices]
    if points and now - points[0][0] >= _ENOUGH:
        return points
    found = await histories_of(services, [token], 1)
    first = points[0][0] if points else now
    before = [point for point in _closes(found.get(token.symbol)) if point[0] < first]
    return [*before, *points]


def _closes(history: PriceHistory | None) -> Sequence[Point]:
    """Closes by when their candles closed."""
    if history is None or not history.candles:
        return ()
    closings = [*(candle.opened_at for candle in history.candles[1:]), history.as_of]
    closes = zip(closings, (candle.close for candle in history.candles), strict=True)
    return [(history.candles[0].opened_at, history.candles[0].open), *closes]


async def _drawn(
    services: Services,
    key: tuple[object, ...],
    load: Callable[[], Awaitable[Sequence[Point]]],
    line: Decimal | None,
    title: str,
) -> bytes | None:
    try:
        async with asyncio.timeout(_PICTURE_S):
            return await services.sparks.draw(key, load, line=line, title=title)
    except TimeoutError:
        return None
