"""Bring a database to the present schema, at every start."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.errors import SettingsError

_ONE_AT_A_TIME = 0x5E1_7AB1E
"""Any number, but always the same: the advisory lock that starting processes queue at."""


async def migrate(tx: AsyncConnection) -> None:
    """Upgrade within the caller's transaction, one process at a time.

    Raises:
        SettingsError: a newer version of the bot has written this database.
    """
    if tx.dialect.name == "postgresql":
        await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    await tx.run_sync(upgrade)


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Apply revisions up to `revision`."""
    try:
        command.upgrade(_config(connection), revision)
    except CommandError as error:
        raise SettingsError(f"DATABASE_URL: the database cannot be migrated: {error}") from error


def downgrade(connection: sa.Connection, revision: str = "base") -> None:
    """Take revisions back down to `revision`. DESTROYS what they hold."""
    command.downgrade(_config(connection), revision)


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
