"""Values kept under a name: switches of the service, and the market cache's second level."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from db.schema import market_cache, switches
from db.store import Store, upsert

_SWITCH = sa.select(switches.c.value).where(switches.c.name == sa.bindparam("named"))
_CACHED = sa.select(market_cache).where(market_cache.c.key == sa.bindparam("kept_as"))


class SqlSwitches:
    """Durable switches of the whole service."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load_switch(self, name: str) -> str | None:
        """A switch's value."""
        row = await self._store.fetch_one(_SWITCH, named=name)
        return str(row.value) if row else None

    async def save_switch(self, name: str, value: str) -> None:
        """Set a switch."""
        row = {"name": name, "value": value}
        await self._store.transact(lambda tx: upsert(tx, switches, row))


class SqlMarketStore:
    """Market data that survives restarts, with the time it was fetched."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def load_cached(self, key: str) -> tuple[Any, datetime] | None:
        """The JSON value last saved under `key`, and when it was fetched."""
        row = await self._store.fetch_one(_CACHED, kept_as=key)
        return row and (row.body, row.fetched_at)

    async def save_cached(self, key: str, body: Any, fetched_at: datetime) -> None:  # noqa: ANN401
        """Replace what is kept under `key`; `body` is JSON."""
        row = {"key": key, "body": body, "fetched_at": fetched_at}
        await self._store.transact(lambda tx: upsert(tx, market_cache, row))
