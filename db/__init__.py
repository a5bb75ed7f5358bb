"""The database: SQLite by default, PostgreSQL by URL; `await open(url, clock)` is the way in."""

import sqlite3
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from bot.domain.errors import SettingsError, StorageBusyError
from bot.ports.clock import Clock
from db.agents import SqlAgents
from db.alerts import SqlAlerts
from db.conversations import SqlConversations, SqlDialogues
from db.deposits import SqlDeposits
from db.escrows import SqlEscrowEvents, SqlMandates
from db.groups import SqlGroups
from db.jobs import SqlJobRuns
from db.journal import SqlJournal
from db.kept import SqlMarketStore, SqlSwitches
from db.migrate import migrate
from db.outbox import SqlOutbox
from db.people import SqlPeople
from db.store import Store, connect
from db.ticks import SqlTicks


@dataclass(frozen=True, slots=True)
class Database:
    """One repository a port, over one store."""

    store: Store
    journal: SqlJournal
    deposits: SqlDeposits
    outbox: SqlOutbox
    people: SqlPeople
    agents: SqlAgents
    dialogues: SqlDialogues
    conversations: SqlConversations
    switches: SqlSwitches
    market: SqlMarketStore
    mandates: SqlMandates
    escrow_events: SqlEscrowEvents
    groups: SqlGroups
    alerts: SqlAlerts
    ticks: SqlTicks
    job_runs: SqlJobRuns

    async def close(self) -> None:
        """Let running transactions end, then let go of the database."""
        await self.store.close()


async def open(url: str, clock: Clock) -> Database:
    """Connect to `sqlite:///path` (made if missing) or `postgresql://...` and migrate it.

    Raises:
        SettingsError: the URL is neither, nothing answers there, or a newer version wrote it.
    """
    try:
        store = await connect(url)
        await _bring_up(store)
    except (DBAPIError, sqlite3.Error, StorageBusyError, OSError) as error:
        raise SettingsError(f"DATABASE_URL: the database cannot be opened: {error}") from error
    return Database(
        store=store,
        journal=SqlJournal(store),
        deposits=SqlDeposits(store, clock),
        outbox=SqlOutbox(store),
        people=SqlPeople(store, clock),
        agents=SqlAgents(store, clock),
        dialogues=SqlDialogues(store),
        conversations=SqlConversations(store),
        switches=SqlSwitches(store),
        market=SqlMarketStore(store),
        mandates=SqlMandates(store, clock),
        escrow_events=SqlEscrowEvents(store, clock),
        groups=SqlGroups(store),
        alerts=SqlAlerts(store, clock),
        ticks=SqlTicks(store),
        job_runs=SqlJobRuns(store),
    )


async def _bring_up(store: Store) -> None:
    try:
        await store.transact(migrate)
    except BaseException:
        await store.close()
        raise
