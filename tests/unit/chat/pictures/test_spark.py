"""The small chart: it is a picture of the right size, whatever it is given, and made once."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.chat.pictures.spark import Point, Sparks, render_spark
from tests.fakes.clock import START

DAY = [(START + timedelta(minutes=n), Decimal("0.2") + Decimal(n % 7) / 1000) for n in range(1440)]


def size_of(png: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(png)) as image:
        image.verify()
        return image.size


@pytest.mark.parametrize(
    "points",
    [
        DAY,
        DAY[:2],
        DAY[:1],
        [],
        [(at, Decimal("0.2")) for at, _ in DAY[:50]],
        [(at, Decimal(0)) for at, _ in DAY[:50]],
        [(at, Decimal("NaN")) for at, _ in DAY[:5]],
        [(START, Decimal(1)), (START, Decimal(2))],
        [(at, value.scaleb(-15)) for at, value in DAY[:50]],
        [(at, value.scaleb(12)) for at, value in DAY[:50]],
    ],
    ids=["day", "two", "one", "none", "flat", "zero", "nan", "same time", "tiny", "huge"],
)
@pytest.mark.parametrize("line", [None, "0.203", "0.9", "1E-9", "0", "-1", "Infinity"])
def test_any_day_makes_a_picture(points: Sequence[Point], line: str | None):
    png = render_spark(points, line=line and Decimal(line), title="SEI $x$ ^_^")  # type: ignore[arg-type]
    assert size_of(png) == (600, 260)


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.decimals(min_value="1e-12", max_value="1e12"), min_size=2, max_size=20),
    line=st.decimals(min_value="1e-12", max_value="1e12"),
)
def test_no_price_breaks_it(values: list[Decimal], line: Decimal):
    points = [(START + timedelta(hours=n), value) for n, value in enumerate(values)]
    assert size_of(render_spark(points, line=line, title="x")) == (600, 260)


def test_the_line_is_drawn_where_it_stands():
    plain = render_spark(DAY, line=None, title="x")
    assert render_spark(DAY, line=Decimal("0.203"), title="x") != plain
    assert render_spark(DAY, line=Decimal("0.203"), title="x") != render_spark(
        DAY, line=Decimal("0.205"), title="x"
    )


async def test_who_asks_at_once_waits_for_one_picture():
    sparks, loads = Sparks(), []

    async def load() -> Sequence[Point]:
        loads.append(1)
        await asyncio.sleep(0)
        return DAY[:20]

    async def draw(key: str) -> bytes:
        return await sparks.draw((key,), load, line=None, title="x")

    found = await asyncio.gather(*(draw("a") for _ in range(10)), draw("b"))
    assert len(loads) == 2
    assert len({id(png) for png in found}) == 2
    await draw("a")
    assert len(loads) == 2, "it is remembered"


async def test_a_failure_is_not_remembered():
    sparks, fails = Sparks(), [True]

    async def load() -> Sequence[Point]:
        if fails.pop() if fails else False:
            raise RuntimeError("no prices")
        return DAY[:20]

    with pytest.raises(RuntimeError):
        await sparks.draw(("a",), load, line=None, title="x")
    assert size_of(await sparks.draw(("a",), load, line=None, title="x")) == (600, 260)


async def test_who_gives_up_waiting_does_not_take_it_from_the_others():
    sparks, gate = Sparks(), asyncio.Event()

    async def load() -> Sequence[Point]:
        await gate.wait()
        return DAY[:20]

    first = asyncio.create_task(sparks.draw(("a",), load, line=None, title="x"))
    second = asyncio.create_task(sparks.draw(("a",), load, line=None, title="x"))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert size_of(await second) == (600, 260)


async def test_only_so_many_are_kept():
    sparks, loads = Sparks(), []

    async def load() -> Sequence[Point]:
        loads.append(1)
        return ()

    for number in [*range(100), 99, 0]:
        await sparks.points((number,), load)
    assert len(loads) == 101, "the last is still known, the first is not"
