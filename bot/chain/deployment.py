"""What is deployed where: the record every other part reads, how it is made, how it is checked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from pydantic import BaseModel, ConfigDict, ValidationError
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.contract import AsyncContract
from web3.types import RPCEndpoint

from bot.chain.artifacts import contracts_digest, load_artifact
from bot.chain.deployer import Deployer, chain_errors, replace_file
from bot.chain.networks import NATIVE_SYMBOL, QUOTE_SYMBOL, TokenInfo, VenueInfo, VenueKind
from bot.domain.errors import SettingsError, UpstreamError
from bot.domain.money import NATIVE, Token

_ADAPTERS = {
    VenueKind.UNISWAP_V2: "UniswapV2Adapter",
    VenueKind.UNISWAP_V3: "UniswapV3Adapter",
}
_SYMBOL = "0x95d89b41"
_DECIMALS = "0x313ce567"
_SERVER = "0xfd922a42"


class DeployedVenue(VenueInfo):
    """A listed exchange and the adapter that encodes its swaps."""

    adapter: str


class Deployment(BaseModel):
    """The addresses of one network. `digest` is that of the contracts they were deployed from."""

    model_config = ConfigDict(frozen=True)

    chain_id: int
    explorer: str
    orchestrator: str
    implementation: str
    lens: str
    admin: str
    server: str
    tokens: tuple[TokenInfo, ...]
    venues: tuple[DeployedVenue, ...]
    deployed_at_block: int
    digest: str

    @classmethod
    def load(cls, path: Path) -> "Deployment":
        """Read a record.

        Raises:
            SettingsError: there is none, or it is damaged.
        """
        try:
            return cls.model_validate_json(path.read_text())
        except FileNotFoundError:
            raise SettingsError(
                f"no deployment recorded in {path}: run `sei-trader deploy`"
            ) from None
        except (ValidationError, UnicodeDecodeError) as error:
            raise SettingsError(f"the deployment record {path} is damaged: {error}") from error

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

    `test_tokens` lets the server make new tokens: never where money is real.
    """

    server: str
    tokens: Sequence[TokenInfo]
    venues: Sequence[VenueInfo]
    explorer: str = ""
    test_tokens: bool = False

    def address_of(self, symbol: str) -> str:
        """The address of a token of the plan."""
        return next(token.address for token in self.tokens if token.symbol == symbol)


@chain_errors("deploying the contracts")
async def deploy_contracts(deployer: Deployer, plan: DeployPlan) -> Deployment:
    """Deploy our contracts and list the plan's tokens and venues. Spends the deployer's gas.

    Safe to run again with the same step log: what is on the chain already is kept.

    Raises:
        SettingsError: a token or venue is not what the plan says it is; nothing was sent.
        UpstreamError: the chain refused or did not answer.
    """
    await check_tokens(deployer.w3, plan.tokens)
    await _check_code(deployer.w3, _plan_addresses(plan))
    block = await deployer.w3.eth.block_number
    orchestrator = await _deploy_orchestrator(deployer, plan)
    lens = await deployer.deploy("lens", load_artifact("BalanceLens"))
    for token in plan.tokens:
        await deployer.call(
            f"list {token.symbol}", orchestrator, "listToken", token.symbol, token.address
        )
    venues = [await _list_venue(deployer, orchestrator, venue) for venue in plan.venues]
    return Deployment(
        chain_id=await deployer.w3.eth.chain_id,
        explorer=plan.explorer,
        orchestrator=orchestrator.address,
        implementation=await orchestrator.functions.implementation().call(),
        lens=lens.address,
        admin=deployer.address,
        server=plan.server,
        tokens=tuple(plan.tokens),
        venues=tuple(venues),
        deployed_at_block=block,
        digest=contracts_digest(),
    )


async def verify_deployment(w3: AsyncWeb3[AsyncHTTPProvider], deployment: Deployment) -> None:
    """Check the record against the chain: its id, code everywhere, tokens, and the server.

    Raises:
        SettingsError: they disagree; the text lists every difference.
        UpstreamError: the node did not answer.
    """
    (chain_id, server), missing = await asyncio.gather(
        _request(w3, [("eth_chainId", []), _call(deployment.orchestrator, _SERVER)]),
        _without_code(w3, _record_addresses(deployment)),
    )
    problems = [f"no contract at {address}" for address in missing]
    if int(str(chain_id), 16) != deployment.chain_id:
        problems.insert(0, f"the node's chain is not {deployment.chain_id}")
    elif _decode("address", server) != deployment.server.lower():
        problems.append(f"the orchestrator's server is not {deployment.server}")
    problems += await _token_problems(w3, deployment.tokens)
    _refuse(problems)


async def check_tokens(w3: AsyncWeb3[AsyncHTTPProvider], tokens: Sequence[TokenInfo]) -> None:
    """Ask every token for its symbol and decimals.

    Raises:
        SettingsError: some answered otherwise than expected.
    """
    _refuse(await _token_problems(w3, tokens))


async def _deploy_orchestrator(deployer: Deployer, plan: DeployPlan) -> AsyncContract:
    factory = NATIVE
    if plan.test_tokens:
        contract = await deployer.deploy("token factory", load_artifact("TestTokenFactory"))
        factory = contract.address
    return await deployer.deploy(
        "orchestrator",
        load_artifact("CaretOrchestrator"),
        deployer.address,
        plan.server,
        plan.address_of(QUOTE_SYMBOL),
        plan.address_of(NATIVE_SYMBOL),
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


async def _check_code(w3: AsyncWeb3[AsyncHTTPProvider], addresses: Sequence[str]) -> None:
    missing = await _without_code(w3, addresses)
    _refuse([f"no contract at {address}" for address in missing])


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


async def _token_problems(
    w3: AsyncWeb3[AsyncHTTPProvider], tokens: Sequence[TokenInfo]
) -> list[str]:
    asked = [_call(token.address, data) for token in tokens for data in (_SYMBOL, _DECIMALS)]
    answers = await _request(w3, asked)
    problems = []
    for token, symbol, decimals in zip(tokens, answers[::2], answers[1::2], strict=True):
        said = _decode("string", symbol), _decode("uint8", decimals)
        if not _is_symbol(said[0], token.contract_symbol) or said[1] != token.decimals:
            expected = token.contract_symbol, token.decimals
            problems.append(f"{token.address} says {said}, expected {expected}")
    return problems


def _is_symbol(said: object, expected: str) -> bool:
    # Issuers of USDT write its T as a tugrik sign on some networks and later changed it on others.
    return isinstance(said, str) and said.replace("₮", "T") == expected.replace("₮", "T")


async def _without_code(w3: AsyncWeb3[AsyncHTTPProvider], addresses: Sequence[str]) -> list[str]:
    found = await _request(w3, [("eth_getCode", [address, "latest"]) for address in addresses])
    return [address for address, code in zip(addresses, found, strict=True) if code in (None, "0x")]


def _call(to: str, data: str) -> tuple[str, list[object]]:
    return "eth_call", [{"to": to, "data": data}, "latest"]


async def _request(
    w3: AsyncWeb3[AsyncHTTPProvider], requests: Sequence[tuple[str, list[object]]]
) -> list[object]:
    """One batch; None where the node answered with an error."""
    if not requests:
        return []
    batch = [(RPCEndpoint(method), params) for method, params in requests]
    async with chain_errors("batch"):
        answers = await w3.provider.make_batch_request(batch)
    if not isinstance(answers, list):
        raise UpstreamError("chain", f"batch: {answers.get('error')}", retryable=True)
    return [answer.get("result") for answer in answers]


def _decode(kind: str, answer: object) -> object:
    """The single value in an eth_call's answer, None where it is something else."""
    try:
        return cast("object", decode([kind], bytes.fromhex(str(answer)[2:]))[0])
    except (DecodingError, ValueError):
        return None
