"""Balances, gas price and head of the chain; never a zero that the chain did not say."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.chain.bindings import load_abi
from bot.chain.errors import NodeError, not_answered, refusal, upstream
from bot.chain.rpc import Ask, Rpc, parse_quantity, read_call
from bot.domain.money import NATIVE, Amount, Token, Wei
from bot.ports.chain import Call, ChainRefusedError, Head

_PAIRS_PER_CALL = 400
"""Balances a lens reads in one call, well below the gas a node gives to one."""


class RpcReader:
    """`ChainReader` and `ChainCalls` over a node and the deployment's lens contract."""

    def __init__(self, rpc: Rpc, lens: str) -> None:
        self._rpc = rpc
        self._lens = lens
        self._balances = load_abi("BalanceLens").methods["balances"]

    async def read_balances(
        self, holders: Sequence[str], tokens: Sequence[Token]
    ) -> Mapping[str, Mapping[str, Amount]]:
        """Amounts by holder (as given) and symbol; one round trip.

        Raises:
            UpstreamError: no answer, or a token that cannot be read.
        """
        if not holders or not tokens:
            return {holder: {} for holder in holders}
        columns = [NATIVE, *(token.address for token in tokens)]
        step = max(1, _PAIRS_PER_CALL // len(columns))
        chunks = [holders[start : start + step] for start in range(0, len(holders), step)]
        answers = await self._rpc.batch([self._ask(chunk, columns) for chunk in chunks])
        raw = [balance for answer in answers for balance in _readable(answer)]
        if len(raw) != len(holders) * len(columns):
            raise upstream("the balance lens answered with the wrong number of balances")
        rows = (raw[start : start + len(columns)] for start in range(0, len(raw), len(columns)))
        return {holder: _amounts(tokens, row) for holder, row in zip(holders, rows, strict=True)}

    async def read_native(self, holder: str) -> Wei:
        """Native SEI alone."""
        return await self._rpc.ask(Ask("eth_getBalance", (holder, "latest"), parse_wei))

    async def read_gas_price(self) -> Wei:
        """What the node suggests to pay for one unit of gas."""
        return await self._rpc.ask(Ask("eth_gasPrice", (), parse_wei))

    async def read_head(self) -> Head:
        """The latest block's number and time."""
        return await self._rpc.ask(Ask("eth_getBlockByNumber", ("latest", False), _parse_head))

    async def call_many(self, calls: Sequence[Call]) -> list[bytes | None]:
        """Answers in order, None where a call reverted."""
        answers = await self._rpc.batch([read_call(call, bytes) for call in calls])
        return [_or_none(answer) for answer in answers]

    def _ask(self, holders: Sequence[str], columns: Sequence[str]) -> Ask[Any]:
        call = Call(self._lens, self._balances.encode(holders, columns))
        return read_call(call, lambda answer: self._balances.decode(answer)[0])


def parse_wei(result: object) -> Wei:
    """A quantity of wei."""
    return Wei(parse_quantity(result))


def _amounts(tokens: Sequence[Token], row: Sequence[int]) -> dict[str, Amount]:
    native = row[0]
    return {
        token.symbol: Amount(token, raw + native if token.is_wrapped_native else raw)
        for token, raw in zip(tokens, row[1:], strict=True)
    }


def _readable(answer: Sequence[int] | NodeError) -> Sequence[int]:
    if isinstance(answer, NodeError):
        raise upstream(f"balances cannot be read: {refusal(answer)}")
    return answer


def _or_none(answer: bytes | NodeError) -> bytes | None:
    if not isinstance(answer, NodeError):
        return answer
    if isinstance(refusal(answer), ChainRefusedError):
        return None
    raise not_answered(answer)


def _parse_head(block: Mapping[str, Any]) -> Head:
    at = datetime.fromtimestamp(parse_quantity(block["timestamp"]), UTC)
    return Head(parse_quantity(block["number"]), at)
