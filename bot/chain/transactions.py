"""What each kind of intent is on the chain: sender, target, value and calldata. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from bot.chain.bindings import load_abi
from bot.chain.typed import mandate_struct
from bot.domain.money import NATIVE, Token
from bot.domain.people import Agent
from bot.domain.trade import Intent, IntentKind, Order
from bot.ports.chain import ChainRefusedError

GRACE = timedelta(seconds=30)
"""How long after its expiry a swap confirmed in the last moment may still be mined."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A transaction without nonce, gas and signature. `value` is wei of native SEI."""

    sender: str
    to: str
    value: int
    data: bytes


def outgoing_of(intent: Intent, agent: Agent, orchestrator: str) -> Outgoing:
    """The transaction that does `intent`; always the same one for the same intent.

    Raises:
        ChainRefusedError: the agent has no escrow yet, or a swap has no minimum.
    """
    if intent.kind is IntentKind.OPEN_AGENT:
        return Outgoing(intent.account, orchestrator, intent.order.sell.raw, _registration(agent))
    if intent.kind is IntentKind.PAUSE_CHAIN:
        pause = load_abi("CaretOrchestrator").methods["pause"]
        return Outgoing(intent.account, orchestrator, 0, pause.encode())
    if not agent.escrow:
        raise ChainRefusedError("NoEscrow")
    return Outgoing(intent.account, agent.escrow, 0, _escrow_call(intent, agent))


def _registration(agent: Agent) -> bytes:
    methods = load_abi("CaretOrchestrator").methods
    owner = int(agent.owner, 16)
    if not agent.exit_hash:
        return methods["registerActor"].encode(owner, agent.actor)
    exit_hash = bytes.fromhex(agent.exit_hash.removeprefix("0x"))
    return methods["registerActorWithExit"].encode(owner, agent.actor, exit_hash)


def _escrow_call(intent: Intent, agent: Agent) -> bytes:
    methods = load_abi("CaretEscrow").methods
    sell = intent.order.sell
    match intent.kind:
        case IntentKind.SET_MANDATE:
            struct = mandate_struct(intent.order.mandate)
            return methods["setMandate"].encode(struct, intent.order.signature)
        case IntentKind.REVOKE_MANDATE:
            return methods["revoke"].encode(intent.order.nonce, intent.order.signature)
        case IntentKind.DROP_MANDATE:
            return methods["drop"].encode()
        case IntentKind.SWAP:
            trade = _trade_struct(intent, intent.order)
            return methods["swap"].encode(trade, mandate_struct(intent.order.mandate))
        case IntentKind.WITHDRAW:
            return methods["releaseFunds"].encode(_payable(sell.token), agent.owner, sell.raw)
        case IntentKind.FUND_ACTOR:
            return methods["fundActor"].encode(_payable(sell.token), sell.raw)
        case _:
            raise ValueError(f"no escrow call for {intent.kind}")


def _trade_struct(intent: Intent, order: Order) -> tuple[object, ...]:
    if order.min_buy is None:
        raise ChainRefusedError("NoMinimum")
    return (
        intent.sequence,
        int((intent.expires_at + GRACE).timestamp()),
        order.adapter,
        order.sell.token.address,
        order.min_buy.token.address,
        order.sell.raw,
        order.min_buy.raw,
        order.data,
    )


def _payable(token: Token) -> str:
    """SEI is paid out natively: the escrow unwraps what is missing."""
    return NATIVE if token.is_wrapped_native else token.address
