from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from telegram import Bot

from bot.local.telegram import ANN, TelegramStandIn
from bot.serving import serve
from tests.fakes.clock import FakeClock
from tests.unit.local.telegram.staging import TOKEN, Stage, make_bot


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    stage.serving = await serve(stage.app)
    yield stage
    await stage.serving.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def quiet(stage: Stage, clock: FakeClock) -> AsyncIterator[TelegramStandIn]:
    """A stand-in nobody has written in, without limits."""
    async with TelegramStandIn(TOKEN, clock, limits=False) as stand_in:
        stage.stand_in = stand_in
        yield stand_in


@pytest.fixture
def stand_in(quiet: TelegramStandIn) -> TelegramStandIn:
    """A stand-in in which Ann has pressed Start (update fetched, so none waits)."""
    quiet.send(ANN, "/start")
    quiet.updates.drop_all()
    return quiet


@pytest.fixture
def url(stage: Stage) -> str:
    assert stage.serving is not None
    return stage.serving.url


@pytest_asyncio.fixture(loop_scope="module")
async def bot(quiet: TelegramStandIn, url: str) -> AsyncIterator[Bot]:
    async with make_bot(url) as bot:
        yield bot
