"""Users and their settings."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.money import Bps
from bot.domain.people import QuietHours, User, UserId
from bot.ports.clock import Clock
from bot.ports.records import UserSettings
from db.schema import users
from db.store import Store, insert

_USER = sa.select(users).where(users.c.id == sa.bindparam("user_id"))
_IDS = sa.select(users.c.id).order_by(users.c.id)


class SqlPeople:
    """Everybody who talked to the bot, by Telegram's numeric id."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def load_user(self, user_id: UserId) -> User | None:
        """A known person."""
        rows = await self._store.recall(_USER, user_id=user_id)
        return _user(rows[0]) if rows else None

    async def save_user(
        self, user_id: UserId, name: str, username: str | None, defaults: UserSettings
    ) -> User:
        """Add a person, or refresh the names of a known one; settings stay."""
        now = self._clock.now()
        names = {"name": name, "username": username, "updated_at": now}
        row = {"id": user_id, "created_at": now, **names, **_settings(defaults)}

        async def work(tx: AsyncConnection) -> User:
            statement = (
                insert(tx, users)
                .values(row)
                .on_conflict_do_update(index_elements=["id"], set_=names)
                .returning(*users.c)
            )
            return _user((await tx.execute(statement)).one())

        return await self._store.transact(work)

    async def accept_terms(self, user_id: UserId, version: str, now: datetime) -> None:
        """Record which version of the terms was accepted, and when."""
        await self._change(user_id, accepted_terms=version, accepted_at=now)

    async def save_settings(self, user_id: UserId, settings: UserSettings) -> None:
        """Replace a person's settings."""
        await self._change(user_id, **_settings(settings))

    async def load_user_ids(self) -> Sequence[UserId]:
        """Everyone, for notices to all."""
        return [UserId(row.id) for row in await self._store.fetch(_IDS)]

    async def _change(self, user_id: UserId, **values: object) -> None:
        await self._store.execute(
            sa.update(users)
            .where(users.c.id == user_id)
            .values(updated_at=self._clock.now(), **values)
        )


def _settings(settings: UserSettings) -> dict[str, Any]:
    return {
        "slippage_bps": settings.slippage,
        "trade_cap_usd": settings.trade_cap_usd,
        "day_cap_usd": settings.day_cap_usd,
        "language": settings.language,
        "time_zone": settings.time_zone,
        "quiet_hours": settings.quiet and _dump_quiet(settings.quiet),
    }


def _dump_quiet(quiet: QuietHours) -> dict[str, Any]:
    return {
        "start": quiet.start.isoformat("minutes"),
        "end": quiet.end.isoformat("minutes"),
        "lets_urgent": quiet.lets_urgent,
    }


def quiet_of(body: dict[str, Any] | None) -> QuietHours | None:
    """Quiet hours as the column `quiet_hours` keeps them, to the minute."""
    if body is None:
        return None
    start, end = (time.fromisoformat(body[name]) for name in ("start", "end"))
    return QuietHours(start, end, body["lets_urgent"])


def _user(row: Any) -> User:  # noqa: ANN401
    return User(
        id=UserId(row.id),
        name=row.name,
        username=row.username,
        accepted_terms=row.accepted_terms,
        slippage=Bps(row.slippage_bps),
        trade_cap_usd=row.trade_cap_usd,
        day_cap_usd=row.day_cap_usd,
        language=row.language,
        time_zone=row.time_zone,
        quiet=quiet_of(row.quiet_hours),
    )
