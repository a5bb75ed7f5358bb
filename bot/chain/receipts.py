"""A node's receipt as a domain `Receipt`: gas, and what our contracts' events tell. Pure."""

from collections.abc import Mapping
from typing import Any

from eth_utils.address import to_checksum_address

from bot.chain.bindings import Event, load_abi
from bot.chain.rpc import parse_bytes, parse_quantity
from bot.domain.money import Wei
from bot.domain.people import Agent
from bot.domain.trade import Intent, IntentKind, Receipt, TxHash


def parse_receipt(
    raw: Mapping[str, Any], intent: Intent, agent: Agent, orchestrator: str
) -> Receipt:
    """Decode a receipt; raises ValueError or KeyError when it is not one of this intent."""
    gas_used = parse_quantity(raw["gasUsed"])
    succeeded = parse_quantity(raw["status"]) == 1
    figures = _figures(raw, intent, agent, orchestrator) if succeeded else {}
    return Receipt(
        tx_hash=TxHash(raw["transactionHash"]),
        block=parse_quantity(raw["blockNumber"]),
        succeeded=succeeded,
        gas_used=gas_used,
        gas_paid=Wei(gas_used * parse_quantity(raw["effectiveGasPrice"])),
        **figures,
    )


def _figures(
    raw: Mapping[str, Any], intent: Intent, agent: Agent, orchestrator: str
) -> dict[str, Any]:
    if intent.kind is IntentKind.SWAP:
        swapped = load_abi("CaretEscrow").events["Swapped"]
        event = _find(raw, swapped, agent.escrow, "id", intent.sequence)
        return {"spent": event["spent"], "got": event["got"]}
    if intent.kind is IntentKind.OPEN_AGENT:
        registered = load_abi("CaretOrchestrator").events["ActorRegistered"]
        event = _find(raw, registered, orchestrator, "actor", agent.actor.lower())
        return {"escrow": to_checksum_address(event["escrow"]), "index": event["index"]}
    return {}


def _find(
    raw: Mapping[str, Any], event: Event, emitter: str, field: str, value: object
) -> dict[str, Any]:
    for log in raw["logs"]:
        topics = [parse_bytes(topic) for topic in log["topics"]]
        if log["address"].lower() != emitter.lower() or topics[:1] != [event.topic]:
            continue
        fields = event.decode(topics, parse_bytes(log["data"]))
        if fields[field] == value:
            return fields
    raise ValueError(f"no {event.name} event of ours in the receipt")
