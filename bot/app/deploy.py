"""`sei-trader deploy`: put our contracts on a network and record their addresses."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from bot.app.edges import chain_id, chain_url, deployment_path, market_url
from bot.chain.artifacts import contracts_digest
from bot.chain.deployer import Deployer, StepLog, connected
from bot.chain.deployment import Deployment, DeployPlan, deploy_contracts, verify_deployment
from bot.chain.networks import NETWORKS
from bot.chain.signer import address_of
from bot.clock import SystemClock
from bot.domain.errors import SettingsError
from bot.domain.money import NATIVE, Token
from bot.local.chain.exchange import LOCAL_COINS, Depth, deploy_exchange
from bot.market.coingecko import CoinGecko
from bot.settings import NetworkName, Settings

_TESTNET_DEPTH = Depth(with_sei=Decimal(1), others=Decimal(500_000))
"""USD a side: testnet SEI comes from a faucet, test tokens from nowhere."""


async def deploy(settings: Settings) -> None:
    """Deploy, or carry on a deployment that broke off. Spends the deployer's SEI.

    Raises:
        SettingsError: keys are missing or the same, a public address is not what it should be, or
            what is recorded was deployed from other contracts.
        UpstreamError: the chain refused or did not answer; run it again.
    """
    server = _server(settings)
    path = deployment_path(settings)
    log = StepLog(path.with_suffix(".steps.json"))
    path.parent.mkdir(parents=True, exist_ok=True)
    _check_contracts(log, path)
    if settings.deployer_key is None:
        raise LookupError("settings are checked before they are used")
    async with connected(chain_url(settings)) as w3:
        found = await w3.eth.chain_id
        if found != chain_id(settings):
            raise SettingsError(
                f"SEI_RPC_URL is a node of chain {found}, SEI_NETWORK means {chain_id(settings)}"
            )
        deployer = Deployer(w3, settings.deployer_key.get_secret_value(), log)
        guardian = w3.to_checksum_address(settings.guardian_address or NATIVE)
        _check_roles(deployer.address, server, guardian)
        plan = await _plan(settings, deployer, server)
        deployment = await deploy_contracts(deployer, replace(plan, guardian=guardian))
        await verify_deployment(w3, deployment)
    deployment.save(path)
    sys.stdout.write(_report(settings, deployment, path))


def _check_contracts(log: StepLog, path: Path) -> None:
    """Other contracts are another deployment: its steps are no part of this one."""
    digest = contracts_digest()
    recorded = Deployment.load(path).digest if path.exists() else digest
    if {recorded, log.settle("contracts", digest)} != {digest}:
        raise SettingsError(
            f"{path} or the steps beside it belong to a deployment of other contracts, whose "
            "escrows stay where they are. Move both files away to deploy these."
        )


def _check_roles(admin: str, server: str, guardian: str) -> None:
    if admin == server:
        raise SettingsError(
            "DEPLOYER_KEY and PVT_KEY are the same: a stolen server could then list its own "
            "exchange. Use two keys and keep the deployer's off the server."
        )
    if guardian == server:
        raise SettingsError(
            "GUARDIAN_ADDRESS is the account of PVT_KEY, which may pause trading anyway: a "
            "guardian is there for when the server's key is gone."
        )


def _report(settings: Settings, deployment: Deployment, path: Path) -> str:
    """What was done, and what the operator should do next."""
    lines = [
        f"Orchestrator {deployment.orchestrator} on {settings.sei_network}; recorded in {path}.",
        "Its lists are closed: a token or exchange added from now on takes two days to count.",
        "Next:",
        f"- {deployment.admin}, the account of DEPLOYER_KEY, is its admin. Hand that to a Safe: "
        "call transferOwnership(<the Safe>) from this account, then acceptOwnership() from the "
        "Safe. Until the Safe accepts, nothing changes.",
        "- Take DEPLOYER_KEY off this machine.",
    ]
    if deployment.guardian == NATIVE:
        lines.append(
            "- There is no guardian: nobody but server and admin can pause trading. The admin "
            "names one with setGuardian(<account>); keep that account's key off the server."
        )
    if deployment.test_feeds:
        lines.append(
            "- Trades are refused where the test tokens' prices are older than six hours: keep "
            "them fresh with `sei-trader feeds`, which needs DEPLOYER_KEY, on a machine of yours."
        )
    return "\n".join([*lines, ""])


async def _plan(settings: Settings, deployer: Deployer, server: str) -> DeployPlan:
    if settings.sei_network is NetworkName.PACIFIC_1:
        network = NETWORKS[settings.sei_network.value]
        return DeployPlan(server, network.tokens, network.venues, explorer=network.explorer)
    exchange = await deploy_exchange(
        deployer, await fetch_prices(settings), deployer.address, _TESTNET_DEPTH
    )
    known = NETWORKS.get(settings.sei_network.value)
    return DeployPlan(
        server,
        exchange.tokens,
        exchange.venues,
        explorer=known.explorer if known else "",
        test_tokens=True,
        test_feeds=exchange.feeds,
    )


async def fetch_prices(settings: Settings) -> Mapping[str, Decimal]:
    """Prices to fund test pools at, and to publish to test feeds."""
    key = settings.coingecko_api_key
    feed = CoinGecko(SystemClock(), market_url(settings), key.get_secret_value() if key else None)
    tokens = [Token(symbol, NATIVE, 0, coin) for symbol, coin in LOCAL_COINS.items()]
    try:
        prices = await feed.fetch_prices(tokens)
    finally:
        await feed.aclose()
    return {symbol: price.usd for symbol, price in prices.items()}


def _server(settings: Settings) -> str:
    if settings.pvt_key is None:
        raise LookupError("settings are checked before they are used")
    return address_of(settings.pvt_key.get_secret_value())
