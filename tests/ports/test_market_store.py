"""What every `MarketStore` owes its callers: the fake, SQLite and PostgreSQL."""

from datetime import timedelta, timezone
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.ports.databases import Stores


@pytest.mark.parametrize(
    "body", [None, [], {"a": [1, 2.5, None, True, "ü\0"]}, "text", 10**30, {"usd": "0.1"}]
)
async def test_json_comes_back_as_it_was(stores: Stores, clock: FakeClock, body: Any) -> None:
    await stores.market.save_cached("prices", body, clock.now())
    assert await stores.market.load_cached("prices") == (body, clock.now())


async def test_the_last_one_counts(stores: Stores, clock: FakeClock) -> None:
    assert await stores.market.load_cached("prices") is None
    await stores.market.save_cached("prices", 1, clock.now())
    later = clock.now() + timedelta(microseconds=1)
    await stores.market.save_cached("prices", 2, later)
    assert await stores.market.load_cached("prices") == (2, later)
    assert await stores.market.load_cached("summary") is None


async def test_a_time_is_the_same_in_any_zone(stores: Stores, clock: FakeClock) -> None:
    tokyo = clock.now().astimezone(timezone(timedelta(hours=9)))
    await stores.market.save_cached("prices", 1, tokyo)
    cached = await stores.market.load_cached("prices")
    assert cached is not None
    assert cached[1] == clock.now()
