"""An office for the commands and cards of the chat, and a Bot API for what is delivered."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.chat.delivery.outbox import OutboxSender
from bot.local.telegram import TelegramStandIn
from bot.serving import serve
from tests.fakes.clock import FakeClock
from tests.unit.chat.delivery.stage import ANN, BO, make_sender
from tests.unit.local.telegram.staging import TOKEN, Stage
from tests.unit.services.office import Office


@pytest.fixture
def office(clock: FakeClock) -> Office:
    return Office(clock)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    stage.serving = await serve(stage.app)
    yield stage
    await stage.serving.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def telegram(clock: FakeClock, stage: Stage) -> AsyncIterator[TelegramStandIn]:
    """Two persons who have pressed Start."""
    async with TelegramStandIn(TOKEN, clock, limits=False) as stand_in:
        for person_id, name in ((ANN, "Ann"), (BO, "Bo")):
            stand_in.add_person(person_id, name)
            stand_in.send(person_id, "/start")
        stage.stand_in = stand_in
        yield stand_in


@pytest_asyncio.fixture(loop_scope="module")
async def sender(
    office: Office, telegram: TelegramStandIn, stage: Stage
) -> AsyncIterator[OutboxSender]:
    assert stage.serving is not None
    sender = make_sender(office, stage.serving.url)
    await sender.bot.initialize()
    yield sender
    await sender.bot.shutdown()
