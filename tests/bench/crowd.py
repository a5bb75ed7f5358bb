"""A million alerts that wait, and some that are about to ring: rows as the product writes them."""

import random
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import bot.policy.alerts.kinds
import db
from bot.catalogue import discover
from bot.domain.alerts import AlertDraft, Condition, Place
from bot.domain.money import Token
from bot.policy.alerts.kind import AlertKinds
from bot.policy.alerts.states import begin
from bot.policy.alerts.tape import WINDOWS
from db.alert_rows import draft_values
from db.alert_schema import market_alerts
from db.schema import users
from tests.fakes.clock import START

TOKENS = tuple(
    Token(f"T{number}", f"0x{number:040x}", 18, f"token-{number}") for number in range(1, 201)
)
PRICE = Decimal(100)
RISES = 5
FIRING = 1_000
"""Alerts that ring when the price goes up for the first time, and as many at each further rise."""

_PEOPLE = 10_000
_CHUNK = 10_000
_ONE_IN = 10


def kinds() -> AlertKinds:
    """All kinds of the product."""
    return AlertKinds(tuple(discover(bot.policy.alerts.kinds, "ALERT").values()))


def raised(rises: int) -> Decimal:
    """The price after so many rises, of a percent of the first one each."""
    return PRICE * (100 + rises) / 100


async def seed(database: db.Database, waiting: int, rising: int) -> None:
    """Fill an empty database with alerts; `rising` sets of them wait just above the price."""
    rows = _rows(waiting, rising)

    async def work(tx: AsyncConnection) -> None:
        await tx.execute(sa.insert(users), [_person(number) for number in range(1, _PEOPLE + 1)])
        while chunk := list(islice(rows, _CHUNK)):
            await tx.execute(sa.insert(market_alerts), chunk)

    await database.store.transact(work)


def _rows(waiting: int, rising: int) -> Iterator[Mapping[str, Any]]:
    dice = random.Random(7)  # noqa: S311
    known = kinds()
    for number in range(waiting):
        symbol = TOKENS[number // _ONE_IN % len(TOKENS)].symbol
        rise = number // FIRING
        close = rise if rise < rising else None
        if number % _ONE_IN:
            condition = _threshold(symbol, dice, close)
        else:
            condition = _window(symbol, dice, close)
        yield _row(number % _PEOPLE + 1, condition, known)


def _threshold(symbol: str, dice: random.Random, close: int | None) -> Condition:
    if close is not None:
        return Condition("PRICE_ABOVE", symbol, PRICE * (201 + 2 * close) / 200)
    if dice.random() < 1 / 2:
        return Condition("PRICE_ABOVE", symbol, Decimal(dice.randint(110_000, 500_000)) / 1000)
    return Condition("PRICE_BELOW", symbol, Decimal(dice.randint(10_000, 98_000)) / 1000)


def _window(symbol: str, dice: random.Random, close: int | None) -> Condition:
    window = dice.choice(list(WINDOWS))
    if close is not None:
        return Condition("PERCENT_CHANGE", symbol, Decimal(1 + 2 * close) / 2, "1d")
    percent = Decimal(dice.randint(20_000, 90_000)) / 1000
    return Condition("PERCENT_CHANGE", symbol, percent * dice.choice((1, -1)), window)


def _row(person: int, condition: Condition, known: AlertKinds) -> Mapping[str, Any]:
    watch = known.watch(condition)
    assert watch
    seen = PRICE if condition.type.startswith("PRICE") else Decimal(0)
    return {
        **draft_values(AlertDraft(condition), Place(person), begin(watch, seen)),
        "user_id": person,
        "series": watch.series,
        "seen_value": seen,
        "seen_at": START,
        "created_at": START,
        "rings": 0,
        "share": None,
        "version": 1,
    }


def _person(number: int) -> Mapping[str, Any]:
    return {
        "id": number,
        "name": "Ann",
        "slippage_bps": 50,
        "trade_cap_usd": Decimal(50),
        "day_cap_usd": Decimal(200),
        "language": "en",
        "created_at": START,
        "updated_at": START,
    }
