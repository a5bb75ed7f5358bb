"""Writes that come close together are one, and each learns of its own."""

import asyncio
from collections.abc import Collection, Mapping

import pytest

from db.gathered import Gathered


class Table:
    """Writes when it is let; knows odd keys only."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.writes: list[dict[int, str]] = []
        self.failures: list[Exception] = []

    async def write(self, values: Mapping[int, str]) -> Collection[int]:
        self.writes.append(dict(values))
        await self.open.wait()
        if self.failures:
            raise self.failures.pop()
        return {key for key in values if key % 2}


async def test_what_comes_during_a_write_is_in_the_next_one():
    table = Table()
    gathered = Gathered(table.write)
    first = asyncio.create_task(gathered.add(1, "a"))
    await asyncio.sleep(0)
    others = [asyncio.create_task(gathered.add(key, "b")) for key in (2, 3, 4, 5)]
    await asyncio.sleep(0)
    assert not first.done()
    table.open.set()
    assert await asyncio.gather(first, *others) == [True, False, True, False, True]
    assert table.writes == [{1: "a"}, {2: "b", 3: "b", 4: "b", 5: "b"}]
    assert await gathered.add(7, "c")
    assert table.writes[2:] == [{7: "c"}]


async def test_of_two_with_the_same_key_one_did_it():
    table = Table()
    gathered = Gathered(table.write)
    both = [asyncio.create_task(gathered.add(1, name)) for name in "ab"]
    table.open.set()
    assert await asyncio.gather(*both) == [True, False]
    assert table.writes == [{1: "a"}]


async def test_a_failure_is_told_to_all_of_its_write_and_to_no_other():
    table = Table()
    table.failures.append(RuntimeError("busy"))
    gathered = Gathered(table.write)
    two = [asyncio.create_task(gathered.add(key, "a")) for key in (1, 3)]
    table.open.set()
    for failed in two:
        with pytest.raises(RuntimeError, match="busy"):
            await failed
    assert await gathered.add(5, "b")


async def test_who_goes_away_takes_nothing_with_him():
    table = Table()
    gathered = Gathered(table.write)
    gone = asyncio.create_task(gathered.add(1, "a"))
    stays = asyncio.create_task(gathered.add(3, "a"))
    await asyncio.sleep(0)
    gone.cancel()
    table.open.set()
    assert await stays
    assert table.writes == [{1: "a", 3: "a"}]
