"""`sei-trader feeds`: a test network's prices stay fresh, by the deployer's key alone."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from web3.types import RPCEndpoint

from bot.chain.artifacts import load_artifact
from bot.chain.deployer import connected
from bot.chain.deployment import Deployment
from bot.local.chain.accounts import DEPLOYER_KEY, TEST_WALLET_KEY
from tests.e2e.test_commands import edges, environment, run


async def _read_updates(rpc_url: str, deployment: Deployment) -> list[int]:
    """When each token's feed was published last, Unix seconds."""
    async with connected(rpc_url) as w3:
        code = load_artifact("TestFeed")
        feeds = [
            w3.eth.contract(address=w3.to_checksum_address(token.feed.feed), abi=code.abi)
            for token in deployment.tokens
            if token.feed
        ]
        return [await feed.functions.updatedAt().call() for feed in feeds]


async def test_feeds_are_published_when_they_are_due_until_it_is_stopped(tmp_path: Path) -> None:
    async with edges() as (anvil, settings):
        env = environment(tmp_path, **settings) | {"DEPLOYER_KEY": DEPLOYER_KEY}
        code, said = await run("feeds", cwd=tmp_path, env=env)
        assert code == 2
        assert "sei-trader deploy" in said, "nothing is deployed yet"
        code, said = await run("deploy", cwd=tmp_path, env=env)
        assert code == 0, said
        assert "sei-trader feeds" in said
        deployment = Deployment.load(tmp_path / "deployments" / "local.json")
        before = await _read_updates(anvil.rpc_url, deployment)
        async with connected(anvil.rpc_url) as w3:
            await w3.provider.make_request(RPCEndpoint("evm_increaseTime"), [3 * 3600])

        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "feeds", env=env, stdout=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout
            async with asyncio.timeout(60):
                while b"feeds published" not in await process.stdout.readline():
                    assert process.returncode is None
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                assert await process.wait() == 0
        after = await _read_updates(anvil.rpc_url, deployment)
        assert all(new - old >= 3 * 3600 for old, new in zip(before, after, strict=True))


async def test_another_key_publishes_nothing_and_says_so(tmp_path: Path) -> None:
    async with edges() as (anvil, settings):
        env = environment(tmp_path, **settings)
        code, said = await run("feeds", cwd=tmp_path, env=env)
        assert code == 2
        assert "DEPLOYER_KEY" in said
        code, said = await run("deploy", cwd=tmp_path, env=env | {"DEPLOYER_KEY": DEPLOYER_KEY})
        assert code == 0, said
        async with connected(anvil.rpc_url) as w3:
            await w3.provider.make_request(RPCEndpoint("evm_increaseTime"), [3 * 3600])
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "feeds"),
            env=env | {"DEPLOYER_KEY": TEST_WALLET_KEY},
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stdout
            async with asyncio.timeout(60):
                while b"Waiting" not in await process.stdout.readline():
                    assert process.returncode is None
        finally:
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                await process.wait()
