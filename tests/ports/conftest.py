"""The chain for the suites of the chain ports, built once a module."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.ports.chain_world import World, anvil, fake


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=[fake, anvil], ids=lambda make: make.__name__
)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """The fake and the real thing: what holds for one must hold for the other."""
    async with request.param() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def local_world() -> AsyncIterator[World]:
    """anvil alone, for what only a real chain has."""
    async with anvil() as made:
        yield made
