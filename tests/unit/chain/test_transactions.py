"""What each kind of intent is on the chain: who calls what where, and who pays."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.chain.bindings import load_abi
from bot.chain.transactions import outgoing_of
from bot.domain.mandate import Mandate, MicroUsd
from bot.domain.money import NATIVE, Amount, Bps, Token
from bot.domain.trade import IntentKind, Order
from bot.ports.chain import ChainRefusedError
from tests.fakes.clock import START
from tests.unit.chain.sender_case import (
    ADAPTER,
    AGENT,
    ESCROW,
    ORCHESTRATOR,
    OWNER,
    SEI,
    SIGNER,
    SWAP,
    USDC,
    intent_of,
)

MANDATE = Mandate(
    nonce=3,
    issued_at=START,
    valid_until=START + timedelta(days=30),
    sign_by=START + timedelta(hours=1),
    slippage=Bps(150),
    trade_cap=MicroUsd(50),
    daily_volume=MicroUsd(200),
    daily_loss=MicroUsd(10),
    tokens=(USDC.address, SEI.address),
    adapters=(ADAPTER,),
)
_START_S = int(START.timestamp())
MANDATE_STRUCT = (
    *(3, _START_S, _START_S + 30 * 86_400, _START_S + 3_600, 150, 50, 200, 10),
    (USDC.address, SEI.address),
    (ADAPTER,),
)
"""Field by field as `ICaretTypes.sol` has it."""

NOTHING = Order(Amount(SEI, 0))


EMPTY_STRUCT = (0, 0, 0, 0, 0, 0, 0, 0, (), ())


@pytest.mark.parametrize(
    ("mandate", "struct"), [(MANDATE, MANDATE_STRUCT), (None, EMPTY_STRUCT)], ids=["own", "default"]
)
def test_a_swap_is_the_escrows_call_with_a_deadline_and_the_mandate(
    mandate: Mandate | None, struct: tuple[object, ...]
) -> None:
    order = replace(SWAP, mandate=mandate)
    outgoing = outgoing_of(intent_of(IntentKind.SWAP, order), AGENT, ORCHESTRATOR)
    deadline = int((START + timedelta(minutes=1, seconds=30)).timestamp())
    trade = (9, deadline, ADAPTER, USDC.address, SEI.address, 25, 100, b"route")
    expected = load_abi("CaretEscrow").methods["swap"].encode(trade, struct)
    assert (outgoing.sender, outgoing.to, outgoing.value) == (AGENT.actor, ESCROW, 0)
    assert outgoing.data == expected


def test_a_mandate_is_brought_in_with_its_signature_by_the_server() -> None:
    order = Order(Amount(SEI, 0), mandate=MANDATE, signature=b"signature")
    outgoing = outgoing_of(intent_of(IntentKind.SET_MANDATE, order), AGENT, ORCHESTRATOR)
    method = load_abi("CaretEscrow").methods["setMandate"]
    assert (outgoing.sender, outgoing.to, outgoing.value) == (SIGNER.server, ESCROW, 0)
    assert outgoing.data == method.encode(MANDATE_STRUCT, b"signature")


def test_a_revocation_and_a_drop_are_the_servers() -> None:
    methods = load_abi("CaretEscrow").methods
    order = Order(Amount(SEI, 0), nonce=7, signature=b"signature")
    outgoing = outgoing_of(intent_of(IntentKind.REVOKE_MANDATE, order), AGENT, ORCHESTRATOR)
    assert (outgoing.sender, outgoing.to, outgoing.value) == (SIGNER.server, ESCROW, 0)
    assert outgoing.data == methods["revoke"].encode(7, b"signature")
    outgoing = outgoing_of(intent_of(IntentKind.DROP_MANDATE, NOTHING), AGENT, ORCHESTRATOR)
    assert (outgoing.sender, outgoing.to, outgoing.value) == (SIGNER.server, ESCROW, 0)
    assert outgoing.data == methods["drop"].encode()


def test_a_pause_goes_to_the_orchestrator_whatever_the_agent() -> None:
    for agent in (AGENT, replace(AGENT, escrow="")):
        outgoing = outgoing_of(intent_of(IntentKind.PAUSE_CHAIN, NOTHING), agent, ORCHESTRATOR)
        assert (outgoing.sender, outgoing.to, outgoing.value) == (SIGNER.server, ORCHESTRATOR, 0)
        assert outgoing.data == load_abi("CaretOrchestrator").methods["pause"].encode()


def test_an_exit_code_is_registered_by_its_hash() -> None:
    agent = replace(AGENT, exit_hash="0x" + "ab" * 32)
    outgoing = outgoing_of(intent_of(IntentKind.OPEN_AGENT, NOTHING), agent, ORCHESTRATOR)
    register = load_abi("CaretOrchestrator").methods["registerActorWithExit"]
    assert outgoing.data == register.encode(int(OWNER, 16), AGENT.actor, b"\xab" * 32)


def test_no_intent_moves_money_of_the_server_but_an_opening() -> None:
    orders = {kind: SWAP if kind is IntentKind.SWAP else NOTHING for kind in IntentKind}
    paying = replace(NOTHING, sell=Amount(SEI, 5), mandate=MANDATE)
    for kind, order in orders.items():
        order = order if kind is IntentKind.SWAP else paying
        outgoing = outgoing_of(intent_of(kind, order), AGENT, ORCHESTRATOR)
        assert outgoing.value == (5 if kind is IntentKind.OPEN_AGENT else 0), kind


@pytest.mark.parametrize(("token", "paid_as"), [(SEI, NATIVE), (USDC, USDC.address)])
def test_a_withdrawal_names_the_owner_and_pays_sei_natively(token: Token, paid_as: str) -> None:
    order = Order(Amount(token, 7))
    outgoing = outgoing_of(intent_of(IntentKind.WITHDRAW, order), AGENT, ORCHESTRATOR)
    release = load_abi("CaretEscrow").methods["releaseFunds"]
    assert (outgoing.sender, outgoing.to) == (SIGNER.server, ESCROW)
    assert outgoing.data == release.encode(paid_as, OWNER, 7)


def test_a_refill_is_paid_natively() -> None:
    order = Order(Amount(SEI, 7))
    outgoing = outgoing_of(intent_of(IntentKind.FUND_ACTOR, order), AGENT, ORCHESTRATOR)
    fund = load_abi("CaretEscrow").methods["fundActor"]
    assert (outgoing.sender, outgoing.to) == (AGENT.actor, ESCROW)
    assert outgoing.data == fund.encode(NATIVE, 7)


def test_registering_says_the_owner_as_a_number_and_pays_the_first_gas() -> None:
    order = Order(Amount(SEI, 7))
    outgoing = outgoing_of(intent_of(IntentKind.OPEN_AGENT, order), AGENT, ORCHESTRATOR)
    register = load_abi("CaretOrchestrator").methods["registerActor"]
    assert (outgoing.sender, outgoing.to, outgoing.value) == (SIGNER.server, ORCHESTRATOR, 7)
    assert outgoing.data == register.encode(int(OWNER, 16), AGENT.actor)


def test_a_swap_without_a_minimum_is_refused() -> None:
    naked = intent_of(IntentKind.SWAP, replace(SWAP, min_buy=None))
    with pytest.raises(ChainRefusedError, match="NoMinimum"):
        outgoing_of(naked, AGENT, ORCHESTRATOR)
