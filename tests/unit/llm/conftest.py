"""Gemini on loopback: one server, client and event loop for all tests of a module."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.llm.gemini import GeminiBrain
from bot.llm.prompts import load_prompts
from bot.local.gemini.server import GeminiStandIn
from bot.serving import served
from tests.fakes.market import SteppingClock

PROMPTS = load_prompts(Path(__file__).parents[3] / "prompts")
KEY = "AIza-secret-key"
DEEP, FAST = "gemini-deep", "gemini-fast"


@pytest.fixture(scope="module")
def stand_in() -> GeminiStandIn:
    return GeminiStandIn(accepted_key=KEY)


@pytest.fixture
def google(stand_in: GeminiStandIn) -> GeminiStandIn:
    stand_in.reset()
    return stand_in


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def google_url(stand_in: GeminiStandIn) -> AsyncIterator[str]:
    async with served(stand_in.app) as serving:
        yield serving.url


@pytest.fixture(scope="module")
def module_clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
def stepping(module_clock: SteppingClock) -> SteppingClock:
    module_clock.slept.clear()
    return module_clock


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def brain(google_url: str, module_clock: SteppingClock) -> AsyncIterator[GeminiBrain]:
    made = GeminiBrain(KEY, google_url, DEEP, FAST, PROMPTS, module_clock, timeout_s=0.2)
    yield made
    await made.aclose()
