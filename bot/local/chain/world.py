"""The whole local chain: anvil, exchanges, contracts, market maker, faucet; kept in a folder."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from web3 import AsyncHTTPProvider, AsyncWeb3

from bot.chain.artifacts import contracts_digest, load_artifact
from bot.chain.deployer import Deployer, KeyedAccount, connected, replace_file
from bot.chain.deployment import Deployment, DeployPlan, deploy_contracts, verify_deployment
from bot.domain.errors import SettingsError
from bot.local.chain.accounts import DEPLOYER_KEY, FAUCET_KEY, MAKER_KEY
from bot.local.chain.anvil import Anvil, AnvilFailedError, start_anvil, state_file
from bot.local.chain.exchange import Exchange, deploy_exchange
from bot.local.chain.faucet import Faucet
from bot.local.chain.maker import MarketMaker, deploy_maker
from bot.local.chain.pacer import sei_pace

_SERVER_FLOAT_SEI = 10_000


@dataclass(frozen=True, slots=True)
class LocalChainOptions:
    """How to run the local chain.

    Args:
        server: the address registered as the orchestrator's server; it is given SEI.
        prices: USD by symbol, what pools and feeds start with.
        folder: keeps the chain across restarts; None forgets it at the end.
        at_sei_pace: receipts after 0.4 s, else at once.
        port: of the node; 0 takes a free one.
        start_over: why what the folder holds is of no use any more; empty to carry it on.
    """

    server: str
    prices: Mapping[str, Decimal]
    folder: Path | None = None
    at_sei_pace: bool = True
    port: int = 0
    start_over: str = ""


@dataclass(frozen=True, slots=True)
class LocalChain:
    """A running local chain.

    `started_over` says in a sentence why what the folder held before could not be carried on, so
    agents recorded elsewhere have no escrow any more; empty in every other case.
    """

    anvil: Anvil
    deployment: Deployment
    exchange: Exchange
    maker: MarketMaker
    faucet: Faucet
    admin: KeyedAccount
    started_over: str

    @property
    def rpc_url(self) -> str:
        """The node's HTTP address."""
        return self.anvil.rpc_url

    async def resume(self) -> None:
        """End a pause of the orchestrator, as its admin.

        Raises:
            UpstreamError: the chain refused or did not answer.
        """
        at = self.admin.w3.to_checksum_address(self.deployment.orchestrator)
        orchestrator = self.admin.w3.eth.contract(abi=load_artifact("CaretOrchestrator").abi)
        await self.admin.transact(at, orchestrator.encode_abi("unpause"))


class _World(BaseModel):
    """What is on the chain, as the folder remembers it."""

    model_config = ConfigDict(frozen=True)

    deployment: Deployment
    exchange: Exchange
    maker: str


class _StaleError(Exception):
    """The folder's chain cannot be carried on; the text says why."""


@asynccontextmanager
async def local_chain(options: LocalChainOptions) -> AsyncIterator[LocalChain]:
    """Run the chain; deploys everything the first time, in about a second.

    Raises:
        SettingsError: anvil is missing or does not start.
    """
    if options.start_over:
        _set_aside(options.folder)
    async with AsyncExitStack() as stack:
        try:
            anvil, w3 = await _start(options, stack)
            world = await _carry_on(options, w3)
            started_over = options.start_over
        except _StaleError as stale:
            await stack.aclose()
            _set_aside(options.folder)
            started_over = str(stale)
            anvil, w3 = await _start(options, stack)
            world = None
        if world is None:
            world = await _build(options, w3)
        maker = MarketMaker(w3, MAKER_KEY, world.maker, world.exchange)
        # A chain that slept for days has stale feeds until the maker has been at work.
        await maker.step(options.prices)
        faucet = KeyedAccount(w3, FAUCET_KEY)
        await _fund_server(faucet, options.server)
        if options.at_sei_pace:
            await stack.enter_async_context(sei_pace(anvil))
        yield LocalChain(
            anvil=anvil,
            deployment=world.deployment,
            exchange=world.exchange,
            maker=maker,
            faucet=Faucet(faucet),
            admin=KeyedAccount(w3, DEPLOYER_KEY),
            started_over=started_over,
        )


async def _start(
    options: LocalChainOptions, stack: AsyncExitStack
) -> tuple[Anvil, AsyncWeb3[AsyncHTTPProvider]]:
    try:
        anvil = await start_anvil(options.folder, options.port)
    except AnvilFailedError as error:
        if options.folder is None or not state_file(options.folder).exists():
            raise
        raise _StaleError(f"the local chain's saved state cannot be read ({error})") from error
    stack.push_async_callback(anvil.stop)
    return anvil, await stack.enter_async_context(connected(anvil.rpc_url))


async def _carry_on(options: LocalChainOptions, w3: AsyncWeb3[AsyncHTTPProvider]) -> _World | None:
    """The world the folder holds, None where it holds nothing yet.

    Raises:
        _StaleError: it holds something else than the present program and server need.
    """
    if options.folder is None:
        return None
    if not await w3.eth.block_number:
        if _record(options.folder).exists():
            raise _StaleError("the local chain's saved state is gone")
        return None
    try:
        world = _World.model_validate_json(_record(options.folder).read_text())
    except (OSError, ValidationError) as error:
        raise _StaleError(
            "the record of the local chain is missing, damaged or an older program's"
        ) from error
    if world.deployment.digest != contracts_digest():
        raise _StaleError("the contracts have changed since the local chain was made")
    if world.deployment.server.lower() != options.server.lower():
        raise _StaleError("the local chain was made for another server key")
    try:
        await verify_deployment(w3, world.deployment)
    except SettingsError as error:
        raise _StaleError(str(error)) from error
    return world


async def _build(options: LocalChainOptions, w3: AsyncWeb3[AsyncHTTPProvider]) -> _World:
    deployer, keeper = Deployer(w3, DEPLOYER_KEY), KeyedAccount(w3, MAKER_KEY)
    exchange = await deploy_exchange(deployer, options.prices, keeper.address)
    maker = await deploy_maker(deployer, exchange, keeper.address)
    plan = DeployPlan(
        server=options.server,
        tokens=exchange.tokens,
        venues=exchange.venues,
        test_tokens=True,
        test_feeds=exchange.feeds,
    )
    deployment = await deploy_contracts(deployer, plan)
    world = _World(deployment=deployment, exchange=exchange, maker=maker)
    if options.folder is not None:
        replace_file(_record(options.folder), world.model_dump_json(indent=1))
    return world


async def _fund_server(faucet: KeyedAccount, server: str) -> None:
    address = faucet.w3.to_checksum_address(server)
    if await faucet.w3.eth.get_balance(address) < _SERVER_FLOAT_SEI * 10**18 // 2:
        await faucet.transact(address, value=_SERVER_FLOAT_SEI * 10**18)


def _set_aside(folder: Path | None) -> None:
    """Keep one old state for the curious; the record describes it no more."""
    if folder is None:
        return
    state = state_file(folder)
    if state.exists():
        state.replace(state.with_suffix(".old"))
    _record(folder).unlink(missing_ok=True)


def holds_chain(folder: Path) -> bool:
    """Whether a folder has a chain to carry on."""
    return _record(folder).exists()


def _record(folder: Path) -> Path:
    return folder / "world.json"
