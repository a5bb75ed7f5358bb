"""`sei-trader deploy`: put our contracts on a network and record their addresses."""

import sys
from collections.abc import Mapping
from decimal import Decimal

from bot.app.edges import chain_id, chain_url, deployment_path, market_url
from bot.chain.deployer import Deployer, StepLog, connected
from bot.chain.deployment import DeployPlan, deploy_contracts, verify_deployment
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
        SettingsError: keys are missing or the same, or a public address is not what it should be.
        UpstreamError: the chain refused or did not answer; run it again.
    """
    server = _server(settings)
    path = deployment_path(settings)
    log = StepLog(path.with_suffix(".steps.json"))
    path.parent.mkdir(parents=True, exist_ok=True)
    if settings.deployer_key is None:
        raise LookupError("settings are checked before they are used")
    async with connected(chain_url(settings)) as w3:
        found = await w3.eth.chain_id
        if found != chain_id(settings):
            raise SettingsError(
                f"SEI_RPC_URL is a node of chain {found}, SEI_NETWORK means {chain_id(settings)}"
            )
        deployer = Deployer(w3, settings.deployer_key.get_secret_value(), log)
        if deployer.address == server:
            raise SettingsError(
                "DEPLOYER_KEY and PVT_KEY are the same: a stolen server could then list its own "
                "exchange. Use two keys and keep the deployer's off the server."
            )
        plan = await _plan(settings, deployer, server)
        deployment = await deploy_contracts(deployer, plan)
        await verify_deployment(w3, deployment)
    deployment.save(path)
    sys.stdout.write(
        f"Orchestrator {deployment.orchestrator} on {settings.sei_network}; recorded in {path}.\n"
    )


async def _plan(settings: Settings, deployer: Deployer, server: str) -> DeployPlan:
    if settings.sei_network is NetworkName.PACIFIC_1:
        network = NETWORKS[settings.sei_network.value]
        return DeployPlan(server, network.tokens, network.venues, network.explorer)
    exchange = await deploy_exchange(deployer, await _prices(settings), _TESTNET_DEPTH)
    known = NETWORKS.get(settings.sei_network.value)
    explorer = known.explorer if known else ""
    return DeployPlan(server, exchange.tokens, exchange.venues, explorer, test_tokens=True)


async def _prices(settings: Settings) -> Mapping[str, Decimal]:
    """Prices to fund test pools at."""
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
