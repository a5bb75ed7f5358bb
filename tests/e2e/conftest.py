"""Local mode in this process, with Gemini played by its stand-in: real HTTP on every edge."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.stage import Stage, raise_curtain


@pytest.fixture
async def stage(tmp_path) -> AsyncIterator[Stage]:
    """A fresh service with an analyst behind google-genai."""
    async with raise_curtain(tmp_path, gemini=True) as stage:
        yield stage


@pytest.fixture
async def plain_stage(tmp_path) -> AsyncIterator[Stage]:
    """A fresh service with the rule-based analyst."""
    async with raise_curtain(tmp_path, gemini=False) as stage:
        yield stage
