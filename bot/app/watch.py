"""`sei-trader watch`: what happens to escrows, from the chain alone: no settings, no key."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from bot.app.process import PATIENCE_S, say, stop_event
from bot.chain.errors import NodeError, not_answered
from bot.chain.escrow_facts import read_facts
from bot.chain.escrow_logs import LOG_SPAN, RpcEscrowLogs
from bot.chain.rpc import Ask, Rpc, parse_quantity
from bot.chain.token_book import TokenBook
from bot.domain.errors import UpstreamError, UserError
from bot.domain.mandate import EscrowEvent
from bot.domain.money import NATIVE
from bot.policy.event_words import describe_event

_POLL_S = 2.0
_TOKEN_FIELDS = ("token", "tokenIn", "tokenOut", "entry")
_OF_ONE_ESCROW = frozenset({"EscrowDeployed", "ActorRegistered"})
_NOT_SEEN = (
    "Not seen here: native SEI that arrives without a transaction of the EVM (from a sei1 address, "
    "say), and native SEI forced in by a contract that destroys itself. Compare the balance."
)


@dataclass(frozen=True, slots=True)
class WatchOrder:
    """`first` is the block to begin with; None is some minutes ago. `once` ends at the head."""

    escrows: tuple[str, ...]
    rpc_url: str
    first: int | None = None
    once: bool = False
    as_json: bool = False


async def watch(order: WatchOrder) -> int:
    """Report events of escrows and what concerns them of their orchestrators, until stopped.

    Raises:
        UserError: an address is no escrow.
        UpstreamError: the RPC does not answer at the start, or refuses for good.
    """
    rpc = Rpc(order.rpc_url, timeout_s=PATIENCE_S)
    try:
        orchestrators = [await _orchestrator_of(rpc, escrow) for escrow in order.escrows]
        watcher = _Watcher(order, rpc, orchestrators)
        await watcher.begin()
        if order.once:
            await watcher.look()
        else:
            await watcher.follow()
    finally:
        await rpc.close()
    return 0


async def _orchestrator_of(rpc: Rpc, escrow: str) -> str:
    facts = await read_facts(rpc, escrow)
    if not facts.deployed:
        raise UserError(f"Nothing is deployed at {escrow} on chain {facts.chain_id}.")
    if facts.orchestrator is None or facts.orchestrator.address == NATIVE:
        raise UserError(f"{escrow} is no escrow: `sei-trader check` says more.")
    return facts.orchestrator.address


class _Watcher:
    """Goes from block to block."""

    def __init__(self, order: WatchOrder, rpc: Rpc, orchestrators: Sequence[str]) -> None:
        self._order = order
        self._rpc = rpc
        self._orchestrators = tuple(dict.fromkeys(orchestrators))
        self._logs = RpcEscrowLogs(rpc)
        self._book = TokenBook(rpc, self._orchestrators)
        self._next = 0

    async def begin(self) -> None:
        """Say what is watched, and what is not."""
        head = await self._head()
        first = self._order.first
        self._next = max(0, head - LOG_SPAN + 1) if first is None else first
        await self._book.load()
        of = f"with what concerns them of {' and '.join(self._orchestrators)}"
        self._note(f"Watching {' and '.join(self._order.escrows)}, {of}, from block {self._next}.")
        self._note(_NOT_SEEN)

    async def follow(self) -> None:
        """Look every two seconds until asked to stop; wait out an RPC that does not answer."""
        stopped, silent = stop_event(), False
        while not stopped.is_set():
            try:
                await self.look()
                if silent:
                    self._note("The RPC answers again; nothing was missed.")
                silent = False
            except UpstreamError as error:
                if not error.retryable:
                    raise
                if not silent:
                    self._note(f"The RPC does not answer ({error.reason}). Waiting for it.")
                silent = True
            await _pause(stopped)

    async def look(self) -> None:
        """Report the blocks up to the head; one chunk of 2,000 at a time."""
        head = await self._head()
        while self._next <= head:
            last = min(self._next + LOG_SPAN - 1, head)
            for line in await self._lines(self._next, last):
                say(line)
            self._next = last + 1

    async def _lines(self, first: int, last: int) -> list[str]:
        ours = self._order.escrows
        said = await self._logs.read_events([*ours, *self._orchestrators], first, last)
        said = [e for e in said if e.name not in _OF_ONE_ESCROW or e.fields["escrow"] in ours]
        moved = await self._logs.read_transfers(ours, first, last)
        events = sorted([*said, *_untold(said, moved)], key=lambda e: (e.block, e.log_index))
        await self._book.learn(_tokens_of(events))
        times = await self._times({event.block for event in events})
        return [self._line(event, times[event.block]) for event in events]

    def _line(self, event: EscrowEvent, at: datetime) -> str:
        text = describe_event(event, self._book.symbol_of, self._book.amount_of)
        if self._order.as_json:
            return json.dumps(_as_json(event, at, text))
        return (
            f"{at:%Y-%m-%d %H:%M:%S} UTC, block {event.block}, {event.emitter}: {text} "
            f"[{event.tx_hash}]"
        )

    def _note(self, text: str) -> None:
        """What is no event; apart from the events where a program reads them."""
        if self._order.as_json:
            sys.stderr.write(f"{text}\n")
        else:
            say(text)

    async def _head(self) -> int:
        return await self._rpc.ask(Ask("eth_blockNumber", (), parse_quantity))

    async def _times(self, blocks: set[int]) -> dict[int, datetime]:
        numbers = sorted(blocks)
        asks = [Ask("eth_getBlockByNumber", (hex(n), False), _time) for n in numbers]
        answers = await self._rpc.batch(asks)
        for answer in answers:
            if isinstance(answer, NodeError):
                raise not_answered(answer)
        return dict(zip(numbers, answers, strict=True))


def _untold(said: Sequence[EscrowEvent], moved: Sequence[EscrowEvent]) -> list[EscrowEvent]:
    """Transfers that no event of the escrow itself tells of."""
    told = {
        (event.tx_hash, event.emitter, event.fields[name])
        for event in said
        for name in _TOKEN_FIELDS
        if name in event.fields
    }
    return [e for e in moved if (e.tx_hash, e.emitter, e.fields["token"]) not in told]


def _tokens_of(events: Sequence[EscrowEvent]) -> set[str]:
    found = {e.fields[name] for e in events for name in _TOKEN_FIELDS if name in e.fields}
    for event in events:
        if event.mandate is not None:
            found.update(event.mandate.tokens)
    return found


def _as_json(event: EscrowEvent, at: datetime, text: str) -> dict[str, Any]:
    mandate = asdict(event.mandate) if event.mandate else {}
    return {
        "at": at.isoformat(),
        "block": event.block,
        "tx": event.tx_hash,
        "log_index": event.log_index,
        "contract": event.emitter,
        "event": event.name,
        "fields": dict(event.fields)
        | {k: v.isoformat() if isinstance(v, datetime) else v for k, v in mandate.items()},
        "text": text,
    }


def _time(block: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(parse_quantity(block["timestamp"]), UTC)


async def _pause(stopped: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_POLL_S):
            await stopped.wait()
    except TimeoutError:
        return
