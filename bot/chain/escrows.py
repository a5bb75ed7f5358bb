"""How escrows stand: flags, buckets and mandate, and the listings and feeds a swap would meet."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector

from bot.chain.bindings import load_abi
from bot.chain.deployment import Deployment
from bot.chain.errors import NodeError, refusal, upstream
from bot.chain.escrow_logs import LOG_SPAN, RpcEscrowLogs
from bot.chain.rpc import Ask, Rpc, parse_quantity, read_call
from bot.chain.typed import word_of
from bot.domain.mandate import (
    EscrowState,
    Mandate,
    MandateWord,
    MicroUsd,
    Standing,
    TokenTerms,
    VenueTerms,
)
from bot.domain.money import NATIVE, Bps, Wei
from bot.ports.chain import Call, ChainRefusedError

_LATEST_ROUND = function_signature_to_4byte_selector("latestRoundData()")
_ROUND = ("uint256", "int256", "uint256", "uint256", "uint256")
_SEARCH_SPAN = 20 * LOG_SPAN


class RpcEscrows:
    """`EscrowReader` over a node."""

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        self._rpc = rpc
        self._orchestrator = deployment.orchestrator
        self._feeds = {token.address: token.feed.feed for token in deployment.tokens if token.feed}
        self._adapters = [venue.adapter for venue in deployment.venues]
        self._since = deployment.deployed_at_block
        self._escrow_abi = load_abi("CaretEscrow")
        self._orchestrator_abi = load_abi("CaretOrchestrator")

    async def read_escrow(self, escrow: str) -> EscrowState:
        """Buckets, mandate, flags and the deployment's pause; one round trip.

        Raises:
            UpstreamError: no answer, or not an escrow.
        """
        return _state(_answers(await self._rpc.batch(self._state_asks(escrow))))

    async def read_standing(self, escrow: str, sell: str, buy: str) -> Standing:
        """The same with the feeds of two tokens, and the listings of them and of all venues.

        Raises:
            UpstreamError: no answer, or not an escrow.
        """
        state = self._state_asks(escrow)
        tokens = [self._ask_orchestrator("tokenListing", token) for token in (sell, buy)]
        venues = [self._ask_orchestrator("venueListing", adapter) for adapter in self._adapters]
        feeds = [self._ask_feed(sell), self._ask_feed(buy)]
        answers = await self._rpc.batch([*state, *tokens, *venues, *feeds])
        told = _answers(answers[: -len(feeds)])
        now = _state(told)
        sell_listing, buy_listing = told[len(state) : len(state) + len(tokens)]
        sell_round, buy_round = (_or_none(answer) for answer in answers[-len(feeds) :])
        listed = zip(self._adapters, told[len(state) + len(tokens) :], strict=True)
        return Standing(
            now,
            self._terms(sell, sell_listing, sell_round, now.at),
            self._terms(buy, buy_listing, buy_round, now.at),
            {a: VenueTerms(a, on=terms[2], listed_at=_time(terms[1])) for a, terms in listed},
        )

    async def find_mandate(self, escrow: str, word: MandateWord) -> Mandate | None:
        """Look through the escrow's events, newest first, for the mandate of a word."""
        logs = RpcEscrowLogs(self._rpc)
        end = await self._rpc.ask(Ask("eth_blockNumber", (), parse_quantity))
        while end >= self._since:
            first = max(self._since, end - _SEARCH_SPAN + 1)
            for event in reversed(await logs.read_events([escrow], first, end)):
                if event.mandate is not None and word_of(event.mandate) == word:
                    return event.mandate
            end = first - 1
        return None

    def _terms(
        self, token: str, listing: tuple[Any, ...], answer: tuple[int, int] | None, now: datetime
    ) -> TokenTerms:
        """A token that was listed anew with another feed than we know has no usable price here."""
        known = self._feeds.get(token, NATIVE).lower() == listing[0].lower()
        return _terms(token, listing, answer if known else None, now)

    def _state_asks(self, escrow: str) -> list[Ask[Any]]:
        return [
            Ask("eth_getBlockByNumber", ("latest", False), _parse_time),
            self._ask_orchestrator("tradingPaused"),
            self._ask_escrow(escrow, "status"),
            self._ask_escrow(escrow, "stopped"),
            self._ask_escrow(escrow, "nonce"),
            self._ask_escrow(escrow, "sequence"),
            self._ask_escrow(escrow, "gasAvailable"),
        ]

    def _ask_escrow(self, escrow: str, name: str) -> Ask[Any]:
        method = self._escrow_abi.methods[name]
        return read_call(Call(escrow, method.encode()), method.decode)

    def _ask_orchestrator(self, name: str, *arguments: str) -> Ask[Any]:
        method = self._orchestrator_abi.methods[name]
        return read_call(Call(self._orchestrator, method.encode(*arguments)), method.decode)

    def _ask_feed(self, token: str) -> Ask[Any]:
        """A token without a feed is asked at the zero address, which answers nothing."""
        feed = self._feeds.get(token, NATIVE)
        return read_call(Call(feed, _LATEST_ROUND), _parse_round)


def _answers(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, NodeError):
            error = refusal(answer)
            if isinstance(error, ChainRefusedError):
                raise upstream(f"the escrow cannot be read: {error}", retryable=False)
            raise error
    return answers


def _or_none(answer: tuple[int, int] | NodeError | None) -> tuple[int, int] | None:
    """A feed that does not answer is unusable, as the contract sees it."""
    return None if isinstance(answer, NodeError) else answer


def _state(answers: list[Any]) -> EscrowState:
    timestamp, paused, status, stopped, nonce, sequence, gas = answers[:7]
    loss, volume, since, word, _ = status
    return EscrowState(
        at=_time(timestamp),
        paused=paused[0],
        dropped=stopped[0],
        exited=stopped[1],
        nonce=nonce[0],
        sequence=sequence[0],
        word=MandateWord(word),
        loss=MicroUsd(loss),
        volume=MicroUsd(volume),
        since=_time(since),
        gas_available=Wei(gas[0]),
    )


def _terms(
    address: str, listing: tuple[Any, ...], answer: tuple[int, int] | None, now: datetime
) -> TokenTerms:
    feed, decimals, max_age_s, epsilon, low, high, listed_at, on = listing
    price, updated_at = answer or (0, 0)
    age_s = int(now.timestamp()) - updated_at
    return TokenTerms(
        address=address,
        on=on,
        listed_at=_time(listed_at),
        feed="" if feed == NATIVE else feed,
        decimals=decimals,
        epsilon=Bps(epsilon),
        price=price,
        updated_at=_time(max(0, updated_at)),
        max_age=timedelta(seconds=max_age_s),
        usable=0 <= age_s <= max_age_s and 0 < low <= price <= high,
    )


def _parse_round(answer: bytes) -> tuple[int, int] | None:
    try:
        _, price, _, updated_at, _ = decode(_ROUND, answer)
    except DecodingError:
        return None
    return price, updated_at if updated_at < 1 << 40 else 0


def _parse_time(block: Mapping[str, Any]) -> int:
    return parse_quantity(block["timestamp"])


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
