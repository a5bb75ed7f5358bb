"""What is really on the chain, asked for in batches and held against what is said to be there."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from eth_abi.exceptions import DecodingError
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.types import RPCEndpoint

from bot.chain.bindings import Method, load_abi
from bot.chain.deployer import chain_errors
from bot.chain.listing import band_answer, listed_terms
from bot.chain.networks import TokenInfo
from bot.domain.errors import UpstreamError

_FEED_DECIMALS = 8

Client = AsyncWeb3[AsyncHTTPProvider]


class _Ask(NamedTuple):
    """A view function to call."""

    to: str
    method: Method
    arguments: tuple[object, ...] = ()


async def read_chain_id(w3: Client) -> int:
    """The node's chain."""
    (answer,) = await _request(w3, [("eth_chainId", [])])
    return int(str(answer), 16)


async def find_code_problems(w3: Client, addresses: Sequence[str]) -> list[str]:
    """The addresses without a contract."""
    found = await _request(w3, [("eth_getCode", [address, "latest"]) for address in addresses])
    without = [a for a, code in zip(addresses, found, strict=True) if code in (None, "0x")]
    return [f"no contract at {address}" for address in without]


async def find_role_problems(w3: Client, orchestrator: str, roles: Mapping[str, str]) -> list[str]:
    """Roles, by the view that says who has it, which somebody else has; and a missing seal."""
    methods = load_abi("CaretOrchestrator").methods
    asks = [_Ask(orchestrator, methods[role]) for role in (*roles, "isSealed")]
    *holders, is_sealed = await _read(w3, asks)
    problems = [
        f"the orchestrator's {role} is not {expected}"
        for (role, expected), holder in zip(roles.items(), holders, strict=True)
        if holder != (expected.lower(),)
    ]
    if is_sealed != (True,):
        problems.append("the orchestrator is not sealed: finish `sei-trader deploy`")
    return problems


async def find_token_problems(w3: Client, tokens: Sequence[TokenInfo]) -> list[str]:
    """Tokens whose symbol or decimals, and feeds whose decimals are not as expected."""
    erc20, feed = load_abi("TestToken").methods, load_abi("TestFeed").methods
    names = ("symbol", "decimals")
    fed = [token for token in tokens if token.feed is not None]
    asks = [_Ask(token.address, erc20[name]) for token in tokens for name in names]
    asks += [_Ask(token.feed.feed, feed["decimals"]) for token in fed if token.feed]
    answers = await _read(w3, asks)
    of_tokens, of_feeds = answers[: 2 * len(tokens)], answers[2 * len(tokens) :]
    problems = []
    for token, *both in zip(tokens, of_tokens[::2], of_tokens[1::2], strict=True):
        said = tuple(answer[0] if answer else None for answer in both)
        if not _is_symbol(said[0], token.contract_symbol) or said[1] != token.decimals:
            expected = token.contract_symbol, token.decimals
            problems.append(f"{token.address} says {said}, expected {expected}")
    for token, answer in zip(fed, of_feeds, strict=True):
        if answer != (_FEED_DECIMALS,):
            problems.append(f"the price feed of {token.symbol} has not {_FEED_DECIMALS} decimals")
    return problems


async def find_listing_problems(
    w3: Client, orchestrator: str, tokens: Sequence[TokenInfo]
) -> list[str]:
    """Tokens that are not listed, or on other terms, whether switched off or not."""
    view = load_abi("CaretOrchestrator").methods["tokenListing"]
    answers = await _read(w3, [_Ask(orchestrator, view, (token.address,)) for token in tokens])
    problems = []
    for token, answer in zip(tokens, answers, strict=True):
        feed, max_age_s, epsilon_bps, low, high = listed_terms(token.feed)
        band = band_answer(low), band_answer(high)
        expected = feed.lower(), token.decimals, max_age_s, epsilon_bps, *band
        if answer is None or answer[: len(expected)] != expected:
            problems.append(f"{token.symbol} is not listed on the terms recorded")
    return problems


def _is_symbol(said: object, expected: str) -> bool:
    # Issuers of USDT write its T as a tugrik sign on some networks and later changed it on others.
    return isinstance(said, str) and said.replace("₮", "T") == expected.replace("₮", "T")


async def _read(w3: Client, asks: Sequence[_Ask]) -> list[tuple[Any, ...] | None]:
    """What the views returned; None where one reverted or returned something else."""
    calls = [{"to": ask.to, "data": _data(ask)} for ask in asks]
    answers = await _request(w3, [("eth_call", [call, "latest"]) for call in calls])
    return [_decode(ask.method, answer) for ask, answer in zip(asks, answers, strict=True)]


def _data(ask: _Ask) -> str:
    return f"0x{ask.method.encode(*ask.arguments).hex()}"


def _decode(method: Method, answer: object) -> tuple[Any, ...] | None:
    try:
        return method.decode(bytes.fromhex(str(answer)[2:]))
    except (DecodingError, ValueError):
        return None


async def _request(w3: Client, requests: Sequence[tuple[str, list[Any]]]) -> list[object]:
    """One batch; None where the node answered with an error."""
    if not requests:
        return []
    batch = [(RPCEndpoint(method), params) for method, params in requests]
    async with chain_errors("batch"):
        answers = await w3.provider.make_batch_request(batch)
    if not isinstance(answers, list):
        raise UpstreamError("chain", f"batch: {answers.get('error')}", retryable=True)
    return [answer.get("result") for answer in answers]
