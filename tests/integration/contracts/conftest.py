"""One chain for all tests of the contracts; each test leaves it as it found it."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from web3 import HTTPProvider, Web3

from bot.chain.deployer import Deployer, connected
from bot.chain.deployment import Deployment, DeployPlan, deploy_contracts
from bot.local.chain.accounts import DEPLOYER_KEY
from bot.local.chain.anvil import start_anvil
from bot.local.chain.exchange import deploy_exchange
from tests.integration.contracts.stage import NOTHING_SIGNED, PRICES, Parts, Stage


@pytest.fixture(scope="session")
def chain() -> Iterator[Stage]:
    anvil = asyncio.run(start_anvil())
    try:
        w3 = _connect(anvil.rpc_url)
        parts = Parts(*(w3.eth.accounts[i] for i in (0, 3, 8, 9, 4, 5, 6)))
        deployment = asyncio.run(_deploy(anvil.rpc_url, parts))
        stage = Stage(w3, deployment, parts, "", NOTHING_SIGNED)
        escrow = stage.register(parts.owner, parts.actor).address
        stage = replace(stage, escrow_address=escrow, mandate=stage.write_mandate())
        stage.adopt(stage.mandate)
        yield stage
    finally:
        asyncio.run(anvil.stop())


@pytest.fixture
def stage(chain: Stage) -> Iterator[Stage]:
    snapshot = chain.w3.provider.make_request("evm_snapshot", [])["result"]
    yield chain
    assert chain.w3.provider.make_request("evm_revert", [snapshot])["result"]


def _connect(rpc_url: str) -> Web3:
    # A proxy set in the environment is for the outside, not for the loopback.
    session = requests.Session()
    session.trust_env = False
    w3 = Web3(HTTPProvider(rpc_url, session=session))
    w3.middleware_onion.remove("validation")
    return w3


async def _deploy(rpc_url: str, parts: Parts) -> Deployment:
    async with connected(rpc_url) as w3:
        deployer = Deployer(w3, DEPLOYER_KEY)
        exchange = await deploy_exchange(deployer, PRICES, parts.keeper)
        plan = DeployPlan(
            parts.server,
            exchange.tokens,
            exchange.venues,
            guardian=parts.guardian,
            test_tokens=True,
            test_feeds=exchange.feeds,
        )
        return await deploy_contracts(deployer, plan)
