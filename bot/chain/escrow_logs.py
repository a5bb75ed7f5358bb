"""What escrows and the orchestrator say on the chain, as events of the domain."""

from collections.abc import Mapping, Sequence
from typing import Any

from eth_utils.address import is_address, to_checksum_address
from eth_utils.crypto import keccak

from bot.chain.bindings import Event, load_abi
from bot.chain.errors import NodeError, not_answered
from bot.chain.rpc import Ask, Rpc, parse_bytes, parse_quantity
from bot.chain.typed import mandate_of
from bot.domain.mandate import EscrowEvent

LOG_SPAN = 2_000
"""Blocks one `eth_getLogs` may ask for on Sei."""

TRANSFER = "Transfer"
"""The name of a token's own event, in which an escrow is the sender or the receiver."""

_MANDATE_FIELD = "mandate"
_TRANSFER_TOPIC = f"0x{keccak(text='Transfer(address,address,uint256)').hex()}"
_TRANSFER_TOPICS = 3
_TOPICS_OF_SENDER = 2
_WORD = 32


class RpcEscrowLogs:
    """`EscrowLogs` over a node."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        known = [load_abi(name).events.values() for name in ("CaretEscrow", "CaretOrchestrator")]
        self._events: dict[bytes, Event] = {e.topic: e for events in known for e in events}

    async def read_events(
        self, emitters: Sequence[str], first: int, last: int
    ) -> Sequence[EscrowEvent]:
        """Every event of ours from these contracts in some blocks, ends included, oldest first.

        One request for each 2,000 blocks, batched. An event we do not know (the base contracts'
        own) is named by its topic.

        Raises:
            UpstreamError: no answer, or none that makes sense.
        """
        asks = [
            self._ask(emitters, start, min(start + LOG_SPAN - 1, last))
            for start in range(first, last + 1, LOG_SPAN)
        ]
        return await self._read(asks) if emitters else []

    async def read_transfers(
        self, holders: Sequence[str], first: int, last: int
    ) -> Sequence[EscrowEvent]:
        """Every ERC-20 transfer out of and into these escrows, of whatever token, oldest first.

        Each is told by the escrow concerned (its `emitter`), with the token among its fields.

        Raises:
            UpstreamError: no answer, or none that makes sense.
        """
        holding = [f"0x{address.removeprefix('0x').lower():0>64}" for address in holders]
        asks = [
            self._ask_transfers(topics, start, min(start + LOG_SPAN - 1, last))
            for start in range(first, last + 1, LOG_SPAN)
            for topics in ((_TRANSFER_TOPIC, holding), (_TRANSFER_TOPIC, None, holding))
        ]
        found = await self._read(asks) if holders else []
        return sorted(found, key=lambda event: (event.block, event.log_index))

    async def _read(self, asks: Sequence[Ask[list[EscrowEvent]]]) -> list[EscrowEvent]:
        found: list[EscrowEvent] = []
        for answer in await self._rpc.batch(asks):
            if isinstance(answer, NodeError):
                raise not_answered(answer)
            found += answer
        return found

    def _ask_transfers(
        self, topics: Sequence[object], first: int, last: int
    ) -> Ask[list[EscrowEvent]]:
        wanted = {"topics": list(topics), "fromBlock": hex(first), "toBlock": hex(last)}
        holder = "to" if len(topics) > _TOPICS_OF_SENDER else "from"
        return Ask(
            "eth_getLogs",
            (wanted,),
            lambda logs: [e for log in logs if (e := _transfer(log, holder))],
        )

    def _ask(self, emitters: Sequence[str], first: int, last: int) -> Ask[list[EscrowEvent]]:
        wanted = {"address": list(emitters), "fromBlock": hex(first), "toBlock": hex(last)}
        return Ask("eth_getLogs", (wanted,), lambda logs: [self._parse(log) for log in logs])

    def _parse(self, log: Mapping[str, Any]) -> EscrowEvent:
        topics = [parse_bytes(topic) for topic in log["topics"]]
        event = self._events.get(topics[0]) if topics else None
        values = event.decode(topics, parse_bytes(log["data"])) if event else {}
        struct = values.pop(_MANDATE_FIELD, None)
        return EscrowEvent(
            emitter=to_checksum_address(log["address"]),
            name=event.name if event else log["topics"][0] if topics else "anonymous",
            fields={name: _text(value) for name, value in values.items()},
            block=parse_quantity(log["blockNumber"]),
            tx_hash=str(log["transactionHash"]),
            log_index=parse_quantity(log["logIndex"]),
            mandate=mandate_of(struct) if struct is not None else None,
        )


def _transfer(log: Mapping[str, Any], holder: str) -> EscrowEvent | None:
    """None for what is no ERC-20 transfer: an NFT's has the same name, and its id as a topic."""
    topics = [parse_bytes(topic) for topic in log["topics"]]
    data = parse_bytes(log["data"])
    if len(topics) != _TRANSFER_TOPICS or len(data) != _WORD:
        return None
    sender, receiver = (to_checksum_address(f"0x{topic[-20:].hex()}") for topic in topics[1:])
    fields = {
        "token": to_checksum_address(log["address"]),
        "from": sender,
        "to": receiver,
        "value": str(int.from_bytes(data)),
    }
    return EscrowEvent(
        emitter=fields[holder],
        name=TRANSFER,
        fields=fields,
        block=parse_quantity(log["blockNumber"]),
        tx_hash=str(log["transactionHash"]),
        log_index=parse_quantity(log["logIndex"]),
    )


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    text = str(value)
    return to_checksum_address(text) if is_address(text) else text
