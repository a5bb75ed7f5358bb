"""The owner is a wallet of the person's own, and nothing that belongs to the service."""

from pathlib import Path

import pytest

from tests.e2e.stage import raise_curtain, text_of


@pytest.mark.parametrize("of", ["escrow", "actor"])
async def test_an_agents_address_is_no_owner(tmp_path: Path, of: str) -> None:
    async with raise_curtain(tmp_path, gemini=False) as stage:
        await stage.ann.opens_agent()
        (agent,) = await stage.service.services.agents.load_live()
        bo = stage.bo
        await bo.comes_in()
        await bo.press(await bo.say("/agents"), "Open my first agent")
        assert "wallet of your own" in text_of(await bo.say(getattr(agent, of)))
        token = stage.local.edges.deployment.token("USDC")
        assert "not to you" in text_of(await bo.say(token.address))
        assert len(await stage.service.services.agents.load_live()) == 1
