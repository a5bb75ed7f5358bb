"""Prices as they were looked at, and those that were not believed."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.alerts import Tick
from bot.ports.alerts import Doubt
from db.alert_schema import price_doubts, price_ticks
from db.store import Store, insert, upsert

_SINCE = (
    sa.select(price_ticks)
    .where(price_ticks.c.at >= sa.bindparam("since"))
    .order_by(price_ticks.c.at)
)
_LATEST = sa.select(price_ticks).order_by(price_ticks.c.at.desc()).limit(1)
_LAST_LIVE = _LATEST.where(~price_ticks.c.late)
_DOUBTS = sa.select(price_doubts).order_by(
    price_doubts.c.at.desc(), price_doubts.c.symbol, price_doubts.c.reason
)


async def save_tick(tx: AsyncConnection, tick: Tick) -> None:
    """Keep a tick within somebody's transaction; the same again changes nothing."""
    prices = {symbol: str(price) for symbol, price in tick.prices.items()}
    await upsert(tx, price_ticks, {"at": tick.at, "prices": prices, "late": tick.late})


class SqlTicks:
    """One row a tick: JSON of symbols with their prices in full."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load_ticks(self, since: datetime) -> Sequence[Tick]:
        """Ticks at or after a time, oldest first."""
        return [_tick(row) for row in await self._store.fetch(_SINCE, since=since)]

    async def load_last_tick(self) -> Tick | None:
        """The latest one."""
        row = await self._store.fetch_one(_LATEST)
        return row and _tick(row)

    async def load_last_live(self) -> datetime | None:
        """When a tick was last taken on time, rather than made up from history."""
        row = await self._store.fetch_one(_LAST_LIVE)
        return row and _tick(row).at

    async def forget_ticks(self, before: datetime) -> int:
        """Delete older ones."""
        return await self._forget(price_ticks.c.at < before)

    async def forget_future(self, now: datetime) -> int:
        """Delete those after `now`: the clock was set back."""
        return await self._forget(price_ticks.c.at > now)

    async def save_doubt(self, symbol: str, reason: str, now: datetime, detail: str) -> None:
        """Count a price that was not believed."""
        row = {"symbol": symbol, "reason": reason, "count": 1, "at": now, "detail": detail}
        latest = {"count": price_doubts.c["count"] + 1, "at": now, "detail": detail}

        async def work(tx: AsyncConnection) -> None:
            keys = ["symbol", "reason"]
            statement = insert(tx, price_doubts).values(row)
            await tx.execute(statement.on_conflict_do_update(index_elements=keys, set_=latest))

        await self._store.transact(work)

    async def load_doubts(self) -> Sequence[Doubt]:
        """All of them, latest first."""
        return [Doubt(*row) for row in await self._store.fetch(_DOUBTS)]

    async def _forget(self, old: sa.ColumnElement[bool]) -> int:
        return (await self._store.execute(sa.delete(price_ticks).where(old))).rowcount


def _tick(row: Any) -> Tick:  # noqa: ANN401
    prices = {symbol: Decimal(price) for symbol, price in row.prices.items()}
    return Tick(row.at, prices, late=row.late)
