"""What the deposit watcher has seen of each escrow."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.trade import IN_FLIGHT
from bot.ports.clock import Clock
from bot.ports.ledger import DepositRow, Notice, SeenBalances
from db.alert_schema import deposits
from db.outbox import queue_notice
from db.schema import intents, seen_balances, user_agents
from db.store import Store, upsert

_KIND = "deposit"
_IN_FLIGHT = sa.exists().where(
    intents.c.agent_id == user_agents.c.id, intents.c.state.in_(sorted(IN_FLIGHT))
)
_QUIET = (
    sa.select(user_agents.c.id, seen_balances.c.version, seen_balances.c.raw)
    .outerjoin(seen_balances, seen_balances.c.agent_id == user_agents.c.id)
    .where(user_agents.c.id.in_(sa.bindparam("agent_ids", expanding=True)), ~_IN_FLIGHT)
)

_BEHIND = (
    sa.select(deposits)
    .where(
        deposits.c.agent_id.in_(sa.bindparam("agent_ids", expanding=True)),
        deposits.c.id > sa.bindparam("after_id"),
    )
    .order_by(deposits.c.id)
)
_LAST = sa.select(sa.func.max(deposits.c.id).label("last"))


async def lock_agent(tx: AsyncConnection, agent_id: int) -> bool:
    """Hold an agent's row to the end of the transaction; False if there is none.

    Whatever counts over an agent (day volume, sequence, seen balances) is serialised by this on
    PostgreSQL; SQLite has one writer anyway.
    """
    row = await tx.execute(
        sa.select(user_agents.c.id)
        .where(user_agents.c.id == agent_id)
        .with_for_update(key_share=True)
    )
    return row.first() is not None


async def change_seen(tx: AsyncConnection, agent_id: int, changes: Mapping[str, int]) -> None:
    """Apply changes in base units and raise the version; the caller holds the agent's row.

    A balance may go below zero: what came in unseen and was spent then still counts as a deposit.
    """
    seen = await _load(tx, agent_id)
    raw = dict(seen.raw)
    for symbol, change in changes.items():
        raw[symbol] = raw.get(symbol, 0) + change
    await _save(tx, agent_id, SeenBalances(seen.version + 1, raw))


class SqlDeposits:
    """Balances already accounted for."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def load_seen(self, agent_ids: Sequence[int]) -> Mapping[int, SeenBalances]:
        """Versions and base units by symbol; agents with an intent in flight are left out."""
        rows = await self._store.fetch(_QUIET, agent_ids=list(agent_ids))
        return {row.id: _seen(row.version, row.raw) for row in rows}

    async def save_seen(self, agent_id: int, seen: SeenBalances, notices: Sequence[Notice]) -> bool:
        """Replace an agent's balances and queue the notices, if `seen.version` still stands."""

        async def work(tx: AsyncConnection) -> bool:
            if not await lock_agent(tx, agent_id):
                return False
            quiet = (await tx.execute(_QUIET, {"agent_ids": [agent_id]})).first()
            if quiet is None or (quiet.version or 0) != seen.version:
                return False
            await _save(tx, agent_id, SeenBalances(seen.version + 1, seen.raw))
            now = self._clock.now()
            for notice in notices:
                if await queue_notice(tx, notice, now) and notice.kind == _KIND:
                    await _note(tx, agent_id, notice, now)
            return True

        return await self._store.transact(work)

    async def load_deposits(self, after_id: int, agent_ids: Sequence[int]) -> Sequence[DepositRow]:
        """Deposits of these agents behind a number, oldest first."""
        rows = await self._store.fetch(_BEHIND, after_id=after_id, agent_ids=list(agent_ids))
        return [DepositRow(row.id, row.agent_id, row.symbol, int(row.raw), row.at) for row in rows]

    async def last_deposit_id(self) -> int:
        """The highest number of a deposit so far, of any agent; 0 before the first."""
        row = await self._store.fetch_one(_LAST)
        return row.last or 0


async def _note(tx: AsyncConnection, agent_id: int, notice: Notice, now: datetime) -> None:
    symbol, raw = notice.data["symbol"], notice.data["raw"]
    row = {"agent_id": agent_id, "symbol": symbol, "raw": raw, "at": now}
    await tx.execute(sa.insert(deposits).values(row))


async def _load(tx: AsyncConnection, agent_id: int) -> SeenBalances:
    query = sa.select(seen_balances).where(seen_balances.c.agent_id == agent_id)
    row = (await tx.execute(query)).first()
    return _seen(row.version, row.raw) if row else SeenBalances(0, {})


async def _save(tx: AsyncConnection, agent_id: int, seen: SeenBalances) -> None:
    raw = {symbol: str(held) for symbol, held in seen.raw.items()}
    row = {"agent_id": agent_id, "version": seen.version, "raw": raw}
    await upsert(tx, seen_balances, row)


def _seen(version: int | None, raw: Mapping[str, str] | None) -> SeenBalances:
    held = {symbol: int(text) for symbol, text in (raw or {}).items()}
    return SeenBalances(version or 0, held)
