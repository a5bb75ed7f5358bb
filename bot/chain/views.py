"""View functions of contracts that may not be what they should: an answer, or None."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_utils.address import is_address, to_checksum_address

from bot.chain.bindings import load_abi
from bot.chain.errors import NodeError, refusal
from bot.chain.rpc import Ask, Rpc, read_call
from bot.domain.errors import UpstreamError
from bot.ports.chain import Call


@dataclass(frozen=True, slots=True)
class View:
    """A function of one of our contracts, asked at an address."""

    contract: str
    to: str
    name: str
    arguments: tuple[object, ...] = ()

    def ask(self) -> Ask[Any]:
        """The request; the answer is the one value returned, a tuple of several, or None."""
        method = load_abi(self.contract).methods[self.name]
        return read_call(Call(self.to, method.encode(*self.arguments)), _lenient(method.decode))


async def read_views(rpc: Rpc, views: Sequence[View]) -> list[Any]:
    """Answers in order, addresses checksummed; None where there is no such function or it failed.

    Raises:
        UpstreamError: the node did not answer.
    """
    answers = await rpc.batch([view.ask() for view in views])
    return [_or_none(answer) for answer in answers]


def _lenient(decode: Callable[[bytes], tuple[Any, ...]]) -> Callable[[bytes], Any]:
    def parse(answer: bytes) -> Any:  # noqa: ANN401
        try:
            values = tuple(map(_checksummed, decode(answer)))
        except (DecodingError, UnicodeDecodeError, OverflowError):
            return None
        return values[0] if len(values) == 1 else values

    return parse


def _checksummed(value: object) -> object:
    return to_checksum_address(value) if isinstance(value, str) and is_address(value) else value


def _or_none(answer: object) -> object:
    if not isinstance(answer, NodeError):
        return answer
    error = refusal(answer)
    if isinstance(error, UpstreamError):
        raise error
    return None
