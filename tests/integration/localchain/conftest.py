"""Local chains for these tests: at once, and none outlives its test."""

from collections.abc import AsyncIterator

import pytest_asyncio

from bot.local.chain.world import LocalChain, LocalChainOptions, local_chain
from tests.integration.localchain.setting import PRICES, SERVER


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain() -> AsyncIterator[LocalChain]:
    options = LocalChainOptions(server=SERVER, prices=PRICES, at_sei_pace=False)
    async with local_chain(options) as running:
        yield running
