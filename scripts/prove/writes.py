"""Which storage slots a transaction writes, by a debug trace of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from web3 import Web3
from web3.types import RPCEndpoint, TxReceipt

SEI_FRESH_SLOT = 72_000
_STOCK_FRESH_SLOT = 22_100
EXTRA_FRESH_SLOT = SEI_FRESH_SLOT - _STOCK_FRESH_SLOT
"""What a slot that was zero costs on Sei on top of the stock schedule, cold access included."""

# Of the stock schedule, only writing to a slot that was zero before the transaction costs as much.
_LEAST_FRESH_COST = 20_000
_ADDRESS = (1 << 160) - 1


@dataclass(frozen=True, slots=True)
class Write:
    """One SSTORE; `account` is None for a contract that the transaction itself creates."""

    account: str | None
    slot: int
    is_fresh: bool


def read_writes(w3: Web3, receipt: TxReceipt) -> Sequence[Write]:
    """Every SSTORE of a transaction alone in its block, in order.

    It is run anew on the state before it: anvil keeps no steps of what it has mined.
    """
    tx = w3.eth.get_transaction(receipt["transactionHash"])
    again = {
        "from": tx["from"],
        "to": tx["to"],
        "data": tx["input"].to_0x_hex(),
        "value": hex(tx["value"]),
        "gas": hex(tx["gas"]),
    }
    options = {"enableMemory": False, "disableStorage": True, "enableReturnData": False}
    before = hex(receipt["blockNumber"] - 1)
    answer = w3.provider.make_request(RPCEndpoint("debug_traceCall"), [again, before, options])
    result = answer["result"]
    if result["failed"]:
        raise RuntimeError(f"{receipt['transactionHash'].to_0x_hex()} fails when traced")
    return tuple(_writes(result["structLogs"], tx["to"]))


def _writes(steps: Sequence[dict[str, Any]], to: str) -> Sequence[Write]:
    found: list[Write] = []
    frames: list[str | None] = [to]
    entered: str | None = to
    for step in steps:
        if step["depth"] > len(frames):
            frames.append(entered)
        del frames[step["depth"] :]
        stack = step["stack"]
        match step["op"]:
            case "CALL" | "STATICCALL":
                entered = Web3.to_checksum_address(f"{int(stack[-2], 16) & _ADDRESS:#042x}")
            case "DELEGATECALL":
                entered = frames[-1]
            case "CREATE" | "CREATE2":
                entered = None
            case "SSTORE":
                is_fresh = step["gasCost"] >= _LEAST_FRESH_COST
                found.append(Write(frames[-1], int(stack[-1], 16), is_fresh))
    return found
