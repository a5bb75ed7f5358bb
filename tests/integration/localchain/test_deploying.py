"""Deploying by one key and an RPC, interrupted and resumed, and checking what is there."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio
from eth_account import Account
from hexbytes import HexBytes
from typing_extensions import override
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.contract import AsyncContract

from bot.chain.artifacts import load_artifact
from bot.chain.deployer import Deployer, KeyedAccount, StepLog, connected
from bot.chain.deployment import (
    Deployment,
    DeployPlan,
    check_tokens,
    deploy_contracts,
    verify_deployment,
)
from bot.chain.networks import ATLANTIC_2, PACIFIC_1, Network
from bot.domain.errors import SettingsError, UpstreamError
from bot.domain.money import NATIVE
from bot.local.chain.accounts import FAUCET_KEY
from bot.local.chain.exchange import Depth, Exchange, deploy_exchange
from bot.local.chain.feeds import FeedKeeper
from bot.local.chain.world import LocalChain
from tests.integration.localchain.setting import PRICES, SERVER

pytestmark = pytest.mark.asyncio(loop_scope="module")

Client = AsyncWeb3[AsyncHTTPProvider]


class CutShortError(Exception):
    """The process ends here."""


class FailingLog(StepLog):
    """Ends the run when a certain step has been recorded, before anything is sent."""

    def __init__(self, path: Path, last: str) -> None:
        super().__init__(path)
        self._last = last

    @override
    def save(self, step: str, tx_hash: HexBytes) -> None:
        super().save(step, tx_hash)
        if step == self._last:
            raise CutShortError


@pytest_asyncio.fixture(loop_scope="module")
async def w3(chain: LocalChain) -> AsyncIterator[Client]:
    async with connected(chain.rpc_url) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def poor_key(w3: Client) -> str:
    """A key that is nobody's on this chain, with 5,000 SEI."""
    account = Account.create()
    await KeyedAccount(w3, FAUCET_KEY).transact(account.address, value=5_000 * 10**18)
    return str(account.key.hex())


def plan_of(exchange: Exchange) -> DeployPlan:
    return DeployPlan(server=SERVER, tokens=exchange.tokens, venues=exchange.venues)


async def test_any_key_with_a_little_sei_sets_up_a_test_network(
    w3: Client, poor_key: str, tmp_path: Path
) -> None:
    log, depth = tmp_path / "steps.json", Depth(with_sei=PRICES["SEI"])
    with pytest.raises(CutShortError):
        await deploy_exchange(
            Deployer(w3, poor_key, FailingLog(log, "v3 pool SEI USDC 500")), PRICES, SERVER, depth
        )
    dearer = {symbol: price * 3 for symbol, price in PRICES.items()} | {"SEI": Decimal("0.01")}
    deployer = Deployer(w3, poor_key, StepLog(log))
    exchange = await deploy_exchange(deployer, dearer, SERVER, depth)
    plan = replace(plan_of(exchange), test_tokens=True, test_feeds=exchange.feeds)
    deployment = await deploy_contracts(deployer, plan)

    await verify_deployment(w3, deployment)
    assert deployment.admin == deployer.address
    assert deployment.test_feeds == exchange.feeds
    assert await orchestrator_of(w3, deployment).functions.tokenFactory().call() != NATIVE
    spent = 5_000 * 10**18 - await w3.eth.get_balance(deployer.address)
    assert 7 * 10**18 < spent < 12 * 10**18


async def test_where_tokens_are_real_none_can_be_made(
    w3: Client, poor_key: str, chain: LocalChain
) -> None:
    deployment = await deploy_contracts(Deployer(w3, poor_key), plan_of(chain.exchange))
    assert await orchestrator_of(w3, deployment).functions.tokenFactory().call() == NATIVE


def orchestrator_of(w3: Client, deployment: Deployment) -> AsyncContract:
    address = w3.to_checksum_address(deployment.orchestrator)
    return w3.eth.contract(address=address, abi=load_artifact("CaretOrchestrator").abi)


async def test_an_interrupted_deployment_goes_on_where_it_stopped(
    w3: Client, poor_key: str, chain: LocalChain, tmp_path: Path
) -> None:
    log, plan = tmp_path / "steps.json", plan_of(chain.exchange)
    for last in ("orchestrator", "lens", "list USDC", "list Uniswap V3", "seal"):
        with pytest.raises(CutShortError):
            await deploy_contracts(Deployer(w3, poor_key, FailingLog(log, last)), plan)
    deployment = await deploy_contracts(Deployer(w3, poor_key, StepLog(log)), plan)
    await verify_deployment(w3, deployment)

    sent = await w3.eth.get_transaction_count(w3.to_checksum_address(deployment.admin))
    assert sent == len(json.loads(log.read_text()))
    again = await deploy_contracts(Deployer(w3, poor_key, StepLog(log)), plan)
    assert again.orchestrator == deployment.orchestrator
    assert await w3.eth.get_transaction_count(w3.to_checksum_address(again.admin)) == sent


async def test_until_all_is_listed_the_server_opens_no_escrow(
    w3: Client, poor_key: str, chain: LocalChain, tmp_path: Path
) -> None:
    log, server = tmp_path / "steps.json", KeyedAccount(w3, FAUCET_KEY)
    plan = replace(plan_of(chain.exchange), server=server.address)
    with pytest.raises(CutShortError):
        await deploy_contracts(Deployer(w3, poor_key, FailingLog(log, "seal")), plan)
    steps = list(json.loads(log.read_text()).items())
    assert [name for name, _ in steps[-2:]] == ["list Uniswap V3 (original router)", "seal"]
    created = dict(steps)["orchestrator"]
    place = (await w3.eth.get_transaction_receipt(HexBytes(created)))["contractAddress"]
    code = load_artifact("CaretOrchestrator")
    register = w3.eth.contract(address=place, abi=code.abi).encode_abi(
        "registerActor", args=[int(chain.deployment.admin, 16), Account.create().address]
    )
    with pytest.raises(UpstreamError):
        await server.transact(place, register)
    deployment = await deploy_contracts(Deployer(w3, poor_key, StepLog(log)), plan)
    assert deployment.orchestrator == place
    await server.transact(place, register)


async def test_what_is_added_to_a_plan_later_is_listed_two_days_ahead(
    w3: Client, poor_key: str, chain: LocalChain, tmp_path: Path
) -> None:
    log, plan = tmp_path / "steps.json", plan_of(chain.exchange)
    first = replace(plan, tokens=plan.tokens[:-1])
    await deploy_contracts(Deployer(w3, poor_key, StepLog(log)), first)
    deployment = await deploy_contracts(Deployer(w3, poor_key, StepLog(log)), plan)
    await verify_deployment(w3, deployment)
    functions = orchestrator_of(w3, deployment).functions
    early, late = (w3.to_checksum_address(plan.tokens[i].address) for i in (0, -1))
    assert await functions.isListed(early).call()
    assert not await functions.isListed(late).call()


async def test_a_plan_that_is_wrong_about_the_chain_sends_nothing(
    w3: Client, poor_key: str, chain: LocalChain
) -> None:
    plan = plan_of(chain.exchange)
    token = plan.tokens[1].model_copy(update={"decimals": 18})
    venue = plan.venues[0].model_copy(update={"router": "0x" + "77" * 20})
    terms = plan.tokens[1].feed
    assert terms is not None
    fed = [
        plan.tokens[1].model_copy(update={"feed": terms.model_copy(update={"feed": feed})})
        for feed in (venue.router, plan.tokens[1].address)
    ]
    wrong = (
        *(replace(plan, tokens=[plan.tokens[0], each, *plan.tokens[2:]]) for each in (token, *fed)),
        replace(plan, venues=[venue]),
    )
    deployer = Deployer(w3, poor_key)
    for each in wrong:
        with pytest.raises(SettingsError):
            await deploy_contracts(deployer, each)
    assert await w3.eth.get_transaction_count(deployer.address) == 0


async def test_a_record_that_differs_from_the_chain_is_refused_with_every_difference(
    w3: Client, chain: LocalChain
) -> None:
    good = chain.deployment
    await verify_deployment(w3, good)
    nobody = "0x" + "77" * 20
    usdc = next(token for token in good.tokens if token.symbol == "USDC")

    def with_usdc(**change: object) -> Deployment:
        changed = usdc.model_copy(update=change)
        tokens = tuple(changed if token == usdc else token for token in good.tokens)
        return good.model_copy(update={"tokens": tokens})

    def with_feed(**change: object) -> Deployment:
        assert usdc.feed is not None
        return with_usdc(feed=usdc.feed.model_copy(update=change))

    venue = good.venues[1].model_copy(update={"quoter": nobody, "adapter": "0x" + "88" * 20})
    cases = [
        (good.model_copy(update={"chain_id": 1329}), ["1329"]),
        (good.model_copy(update={"orchestrator": nobody}), [nobody]),
        (good.model_copy(update={"lens": nobody}), [nobody]),
        (good.model_copy(update={"server": nobody}), ["server"]),
        (good.model_copy(update={"guardian": nobody}), ["guardian"]),
        (good.model_copy(update={"venues": (venue,)}), [nobody, "0x" + "88" * 20]),
        (with_usdc(address=nobody), [nobody]),
        (with_usdc(decimals=18), ["expected ('USDC', 18)"]),
        (with_usdc(contract_symbol="USDT"), ["expected ('USDT', 6)"]),
        (with_usdc(feed=None), ["USDC is not listed on the terms"]),
        (with_feed(feed=nobody), ["feed of USDC", "USDC is not listed on the terms"]),
        (with_feed(max_age_s=1), ["USDC is not listed on the terms"]),
        (with_feed(epsilon_bps=36), ["USDC is not listed on the terms"]),
        (with_feed(low_usd=Decimal("0.8")), ["USDC is not listed on the terms"]),
        (with_feed(high_usd=Decimal("1.2")), ["USDC is not listed on the terms"]),
    ]
    for record, words in cases:
        with pytest.raises(SettingsError) as caught:
            await verify_deployment(w3, record)
        for word in words:
            assert word in str(caught.value)


async def test_a_deployment_that_is_not_sealed_is_not_used(
    w3: Client, poor_key: str, chain: LocalChain, tmp_path: Path
) -> None:
    log, plan = tmp_path / "steps.json", plan_of(chain.exchange)
    with pytest.raises(CutShortError):
        await deploy_contracts(Deployer(w3, poor_key, FailingLog(log, "seal")), plan)
    created = json.loads(log.read_text())["orchestrator"]
    receipt = await w3.eth.get_transaction_receipt(HexBytes(created))
    open_still = {"orchestrator": receipt["contractAddress"]}
    with pytest.raises(SettingsError, match="not sealed"):
        await verify_deployment(w3, chain.deployment.model_copy(update=open_still))


async def test_a_guardian_is_named(w3: Client, poor_key: str, chain: LocalChain) -> None:
    guardian = Account.create().address
    plan = replace(plan_of(chain.exchange), guardian=guardian)
    deployment = await deploy_contracts(Deployer(w3, poor_key), plan)
    await verify_deployment(w3, deployment)
    assert deployment.guardian == guardian
    assert await orchestrator_of(w3, deployment).functions.guardian().call() == guardian


async def test_what_is_switched_off_keeps_nobody_out(w3: Client, poor_key: str) -> None:
    deployer, depth = Deployer(w3, poor_key), Depth(with_sei=PRICES["SEI"])
    exchange = await deploy_exchange(deployer, PRICES, SERVER, depth)
    deployment = await deploy_contracts(deployer, plan_of(exchange))
    weth = w3.to_checksum_address(deployment.token("WETH").address)
    await deployer.call("switch off", orchestrator_of(w3, deployment), "switchOff", weth)
    await verify_deployment(w3, deployment)


async def test_the_keeper_of_the_feeds_is_the_one_named(w3: Client, poor_key: str) -> None:
    deployer, keeper = Deployer(w3, poor_key), KeyedAccount(w3, FAUCET_KEY)
    depth = Depth(with_sei=PRICES["SEI"])
    exchange = await deploy_exchange(deployer, PRICES, keeper.address, depth)
    moved = PRICES | {"WETH": PRICES["WETH"] * 2}
    with pytest.raises(UpstreamError):
        await FeedKeeper(deployer, exchange.feeds, exchange.tokens).step(moved)
    feeds = FeedKeeper(keeper, exchange.feeds, exchange.tokens)
    assert await feeds.step(moved) == 1
    assert await feeds.step(moved) == 0


async def test_the_tugrik_sign_of_usdt_is_a_t(w3: Client, chain: LocalChain) -> None:
    usdt = chain.exchange.token("USDT0")
    await check_tokens(w3, [usdt.model_copy(update={"contract_symbol": "USD₮0"})])


async def test_no_node_is_an_edge_that_failed_not_a_wrong_record(chain: LocalChain) -> None:
    async with connected("http://127.0.0.1:9") as nowhere:
        with pytest.raises(UpstreamError) as caught:
            await verify_deployment(nowhere, chain.deployment)
        assert caught.value.retryable
        with pytest.raises(UpstreamError):
            await deploy_contracts(Deployer(nowhere, FAUCET_KEY), plan_of(chain.exchange))


async def test_a_missing_or_damaged_record_is_said(tmp_path: Path) -> None:
    record = tmp_path / "deployment.json"
    with pytest.raises(SettingsError, match="sei-trader deploy"):
        Deployment.load(record)
    record.write_text('{"chain_id": 1}')
    with pytest.raises(SettingsError, match="damaged"):
        Deployment.load(record)


@pytest.mark.parametrize("network", [PACIFIC_1, ATLANTIC_2])
async def test_public_addresses_are_checksummed_and_distinct(w3: Client, network: Network) -> None:
    addresses = [token.address for token in network.tokens]
    addresses += [token.feed.feed for token in network.tokens if token.feed is not None]
    for venue in network.venues:
        addresses += [a for a in (venue.router, venue.factory, venue.quoter) if a]
    assert all(w3.is_checksum_address(address) for address in addresses)
    assert len(set(addresses)) == len(addresses)
