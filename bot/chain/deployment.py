"""What is deployed where: the record every other part reads, how it is made, how it is checked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.contract import AsyncContract

from bot.chain.artifacts import contracts_digest, load_artifact
from bot.chain.deployer import Deployer, chain_errors, replace_file
from bot.chain.inspection import (
    find_code_problems,
    find_listing_problems,
    find_role_problems,
    find_token_problems,
    read_chain_id,
)
from bot.chain.listing import listed_terms
from bot.chain.networks import NATIVE_SYMBOL, QUOTE_SYMBOL, TokenInfo, VenueInfo, VenueKind
from bot.domain.errors import SettingsError
from bot.domain.money import NATIVE, Token

_ADAPTERS = {
    VenueKind.UNISWAP_V2: "UniswapV2Adapter",
    VenueKind.UNISWAP_V3: "UniswapV3Adapter",
    VenueKind.UNISWAP_V3_DEADLINE: "UniswapV3DeadlineAdapter",
}


class DeployedVenue(VenueInfo):
    """A listed exchange and the adapter that encodes its swaps."""

    adapter: str


class Deployment(BaseModel):
    """The addresses of one network. `digest` is that of the contracts they were deployed from.

    Nobody is guardian where `guardian` is the zero address. `test_feeds` publishes the prices of
    test tokens; empty where the feeds are an oracle's.
    """

    model_config = ConfigDict(frozen=True)

    chain_id: int
    explorer: str
    orchestrator: str
    implementation: str
    lens: str
    admin: str
    server: str
    guardian: str
    test_feeds: str = ""
    tokens: tuple[TokenInfo, ...]
    venues: tuple[DeployedVenue, ...]
    deployed_at_block: int
    digest: str

    @classmethod
    def load(cls, path: Path) -> "Deployment":
        """Read a record.

        Raises:
            SettingsError: there is none, or it is damaged or an older program's.
        """
        try:
            return cls.model_validate_json(path.read_text())
        except FileNotFoundError:
            raise SettingsError(
                f"no deployment recorded in {path}: run `sei-trader deploy`"
            ) from None
        except (ValidationError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"the deployment record {path} is damaged or an older program's: {error}"
            ) from error

    def save(self, path: Path) -> None:
        """Write the record whole or not at all."""
        replace_file(path, self.model_dump_json(indent=1) + "\n")

    def token(self, symbol: str) -> Token:
        """The listed token of that symbol; KeyError where there is none."""
        return {token.symbol: token for token in self.all_tokens()}[symbol]

    def all_tokens(self) -> tuple[Token, ...]:
        """Every listed token, SEI first, then the quote token."""
        return tuple(info.to_token() for info in self.tokens)

    @property
    def quote(self) -> Token:
        """What trades start from and return to."""
        return self.token(QUOTE_SYMBOL)

    @property
    def sei(self) -> Token:
        """SEI, native and wrapped; its address is the wrapper's."""
        return self.token(NATIVE_SYMBOL)

    def transaction_url(self, tx_hash: str) -> str | None:
        """The explorer's page, None where the network has no explorer."""
        return f"{self.explorer}/tx/{tx_hash}" if self.explorer else None


@dataclass(frozen=True, slots=True)
class DeployPlan:
    """What to deploy for. The deploying account becomes the admin, who lists tokens and venues.

    `test_tokens` lets the server make new tokens: never where money is real. `test_feeds` is only
    recorded.
    """

    server: str
    tokens: Sequence[TokenInfo]
    venues: Sequence[VenueInfo]
    guardian: str = NATIVE
    explorer: str = ""
    test_tokens: bool = False
    test_feeds: str = ""

    def address_of(self, symbol: str) -> str:
        """The address of a token of the plan."""
        return next(token.address for token in self.tokens if token.symbol == symbol)


@chain_errors("deploying the contracts")
async def deploy_contracts(deployer: Deployer, plan: DeployPlan) -> Deployment:
    """Deploy our contracts, list the plan's tokens and venues, and seal. Spends the deployer's gas.

    Sealing is last: only then can the server open escrows, and every later listing takes two days.
    Safe to run again with the same step log: what is on the chain already is kept.

    Raises:
        SettingsError: a token, feed or venue is not what the plan says it is; nothing was sent.
        UpstreamError: the chain refused or did not answer.
    """
    await check_tokens(deployer.w3, plan.tokens)
    _refuse(await find_code_problems(deployer.w3, _plan_addresses(plan)))
    block = await deployer.w3.eth.block_number
    orchestrator = await _deploy_orchestrator(deployer, plan)
    lens = await deployer.deploy("lens", load_artifact("BalanceLens"))
    for token in plan.tokens:
        named = token.symbol, token.address
        terms = listed_terms(token.feed)
        await deployer.call(f"list {token.symbol}", orchestrator, "listToken", *named, *terms)
    venues = [await _list_venue(deployer, orchestrator, venue) for venue in plan.venues]
    if not await orchestrator.functions.isSealed().call():
        await deployer.call("seal", orchestrator, "seal")
    return Deployment(
        chain_id=await deployer.w3.eth.chain_id,
        explorer=plan.explorer,
        orchestrator=orchestrator.address,
        implementation=await orchestrator.functions.implementation().call(),
        lens=lens.address,
        admin=deployer.address,
        server=plan.server,
        guardian=plan.guardian,
        test_feeds=plan.test_feeds,
        tokens=tuple(plan.tokens),
        venues=tuple(venues),
        deployed_at_block=block,
        digest=contracts_digest(),
    )


async def verify_deployment(w3: AsyncWeb3[AsyncHTTPProvider], deployment: Deployment) -> None:
    """Check the record against the chain: id, code, roles, seal, tokens, their feeds and terms.

    Whether an entry is switched off is not looked at: people must be able to leave all the same.

    Raises:
        SettingsError: they disagree; the text lists every difference.
        UpstreamError: the node did not answer.
    """
    if await read_chain_id(w3) != deployment.chain_id:
        _refuse([f"the node's chain is not {deployment.chain_id}"])
    roles = {"server": deployment.server, "guardian": deployment.guardian}
    found = await asyncio.gather(
        find_code_problems(w3, _record_addresses(deployment)),
        find_role_problems(w3, deployment.orchestrator, roles),
        find_token_problems(w3, deployment.tokens),
        find_listing_problems(w3, deployment.orchestrator, deployment.tokens),
    )
    _refuse([problem for problems in found for problem in problems])


async def check_tokens(w3: AsyncWeb3[AsyncHTTPProvider], tokens: Sequence[TokenInfo]) -> None:
    """Ask every token for its symbol and decimals, and every feed for its decimals.

    Raises:
        SettingsError: some answered otherwise than expected.
    """
    _refuse(await find_token_problems(w3, tokens))


async def _deploy_orchestrator(deployer: Deployer, plan: DeployPlan) -> AsyncContract:
    factory = NATIVE
    if plan.test_tokens:
        contract = await deployer.deploy("token factory", load_artifact("TestTokenFactory"))
        factory = contract.address
    return await deployer.deploy(
        "orchestrator",
        load_artifact("CaretOrchestrator"),
        *(deployer.address, plan.server, plan.guardian),
        *(plan.address_of(QUOTE_SYMBOL), plan.address_of(NATIVE_SYMBOL)),
        factory,
    )


async def _list_venue(
    deployer: Deployer, orchestrator: AsyncContract, venue: VenueInfo
) -> DeployedVenue:
    artifact = load_artifact(_ADAPTERS[venue.kind])
    adapter = await deployer.deploy(f"adapter of {venue.name}", artifact)
    await deployer.call(
        f"list {venue.name}", orchestrator, "listVenue", adapter.address, venue.router
    )
    return DeployedVenue(adapter=adapter.address, **venue.model_dump())


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise SettingsError("the chain is not as recorded: " + "; ".join(problems))


def _plan_addresses(plan: DeployPlan) -> list[str]:
    quoters = [venue.quoter for venue in plan.venues if venue.quoter]
    return [a for venue in plan.venues for a in (venue.router, venue.factory)] + quoters


def _record_addresses(deployment: Deployment) -> list[str]:
    ours = [deployment.orchestrator, deployment.implementation, deployment.lens]
    adapters = [venue.adapter for venue in deployment.venues]
    venues = [a for v in deployment.venues for a in (v.router, v.factory, v.quoter) if a]
    return ours + adapters + venues
