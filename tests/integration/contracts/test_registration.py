"""Who may open an escrow, for whom, and what it is from then on."""

import pytest
from eth_utils.crypto import keccak
from web3.exceptions import Web3Exception

from tests.integration.contracts.stage import (
    EXIT_CODE,
    NATIVE,
    SEI,
    Stage,
    event_names,
    only_event,
    refused,
)

NO_EXIT = b"\0" * 32


def test_an_escrow_knows_its_owner_actor_and_orchestrator_and_where_it_is(stage: Stage) -> None:
    owner, actor = stage.w3.eth.accounts[1:3]
    number = int(owner, 16)
    functions = stage.orchestrator.functions
    foretold = functions.escrowAddress(number, NO_EXIT, 0).call()
    before = stage.balance(NATIVE, actor)

    receipt = stage.send(functions.registerActor(number, actor), stage.server, 3 * SEI)

    escrow = stage.at("CaretEscrow", foretold)
    assert escrow.functions.owner().call() == owner
    assert escrow.functions.actor().call() == actor
    assert escrow.functions.index().call() == 0
    assert escrow.functions.exitHash().call() == NO_EXIT
    assert escrow.functions.orchestrator().call() == stage.orchestrator.address
    assert escrow.functions.wsei().call() == stage.address("SEI")
    assert functions.actors(number, 0).call() == actor
    assert functions.actorCount(number).call() == 1
    assert functions.isActor(actor).call()
    assert functions.escrows(actor).call() == foretold
    assert stage.balance(NATIVE, actor) - before == 3 * SEI
    assert only_event(receipt, stage.orchestrator, "EscrowDeployed") == {
        "owner": owner,
        "escrow": foretold,
        "exitHash": NO_EXIT,
        "index": 0,
    }
    assert only_event(receipt, stage.orchestrator, "ActorRegistered") == {
        "owner": owner,
        "actor": actor,
        "escrow": foretold,
        "index": 0,
        "gas": 3 * SEI,
    }


def test_a_new_escrow_trades_nothing_before_its_owner_has_signed(stage: Stage) -> None:
    escrow = stage.register(stage.owner, stage.w3.eth.accounts[1]).functions
    assert escrow.status().call() == [0, 0, 0, 0, False]
    assert escrow.stopped().call() == [False, False]
    assert escrow.nonce().call() == escrow.sequence().call() == 0
    assert escrow.gasAvailable().call() == SEI


def test_an_owner_may_have_several_actors_in_order(stage: Stage) -> None:
    actors = stage.w3.eth.accounts[1:3]
    escrows = [stage.register(stage.owner, actor) for actor in actors]
    number = int(stage.owner, 16)
    functions = stage.orchestrator.functions
    assert [functions.actors(number, i).call() for i in range(4)] == [stage.actor, *actors, NATIVE]
    assert functions.actorCount(number).call() == 3
    assert [escrow.functions.index().call() for escrow in escrows] == [1, 2]


def test_anybody_deploys_an_escrow_ahead_and_its_owner_leaves_by_it(stage: Stage) -> None:
    """Money paid in before anything else happened is the owner's already."""
    functions = stage.orchestrator.functions
    terms = int(stage.owner, 16), keccak(EXIT_CODE), 1
    escrow = stage.at("CaretEscrow", functions.escrowAddress(*terms).call())
    stage.pay(escrow.address, 2 * SEI)
    receipt = stage.send(functions.deployEscrow(*terms), stage.stranger)
    assert event_names(receipt, stage.orchestrator) == ["EscrowDeployed"]
    stage.send(functions.deployEscrow(*terms), stage.stranger)
    stage.send(escrow.functions.withdraw(NATIVE, stage.stranger, SEI), stage.owner)
    assert stage.balance(NATIVE, escrow.address) == SEI

    later = stage.register_with_exit(stage.owner, stage.w3.eth.accounts[1])
    assert later.address == escrow.address
    assert later.functions.actor().call() == stage.w3.eth.accounts[1]


@pytest.mark.parametrize("number", [0, 12345, 2**64 - 1, 2**160, 2**256 - 1])
def test_an_owner_that_is_no_address_is_refused(stage: Stage, number: int) -> None:
    register = stage.orchestrator.functions.registerActor(number, stage.stranger)
    with refused("OwnerOutOfRange", number):
        register.transact({"from": stage.server})


@pytest.mark.parametrize("number", [2**64, 2**160 - 1])
def test_the_lowest_and_highest_owner_are_accepted(stage: Stage, number: int) -> None:
    stage.send(stage.orchestrator.functions.registerActor(number, stage.stranger), stage.server)
    assert int(stage.escrow_of(stage.stranger).functions.owner().call(), 16) == number


@pytest.mark.parametrize("role", ["admin", "guardian", "owner", "actor", "stranger"])
def test_only_the_server_registers(stage: Stage, role: str) -> None:
    caller, functions = stage.role(role), stage.orchestrator.functions
    number = int(stage.owner, 16)
    for register in (
        functions.registerActor(number, stage.stranger),
        functions.registerActorWithExit(number, stage.stranger, keccak(EXIT_CODE)),
    ):
        with refused("NotServer", caller):
            register.transact({"from": caller})


def test_an_actor_is_registered_once_whoever_the_owner_is(stage: Stage) -> None:
    for owner in (stage.owner, stage.stranger):
        register = stage.orchestrator.functions.registerActor(int(owner, 16), stage.actor)
        with refused("ActorAlreadyRegistered", stage.actor, stage.escrow_address):
            register.transact({"from": stage.server})


def test_nobody_and_the_owner_are_no_actors(stage: Stage) -> None:
    for actor in (NATIVE, stage.owner):
        register = stage.orchestrator.functions.registerActor(int(stage.owner, 16), actor)
        with refused("ActorNotAllowed", actor):
            register.transact({"from": stage.server})


def test_an_actor_that_cannot_take_its_first_gas_is_not_registered(stage: Stage) -> None:
    puppet = stage.deploy("test/Puppet")
    stage.send(puppet.functions.setAccepting(False), stage.admin)
    register = stage.orchestrator.functions.registerActor(int(stage.owner, 16), puppet.address)
    with refused("ActorPaymentFailed", puppet.address, SEI):
        stage.send(register, stage.server, SEI)


def test_the_code_behind_the_proxies_is_no_escrow_itself(stage: Stage) -> None:
    code = stage.at("CaretEscrow", stage.deployment.implementation)
    stage.pay(code.address, SEI)
    calls = (
        code.functions.withdraw(NATIVE, stage.owner, 1),
        code.functions.releaseFunds(NATIVE, stage.server, 1),
        code.functions.exit(EXIT_CODE, NATIVE),
        code.functions.fundActor(NATIVE, 1),
    )
    for role in ("server", "admin", "owner", "actor", "stranger"):
        for call in calls:
            with pytest.raises(Web3Exception):
                call.transact({"from": stage.role(role)})


def test_a_proxy_is_tiny_and_two_differ_in_their_arguments_only(stage: Stage) -> None:
    other = stage.register(stage.stranger, stage.w3.eth.accounts[1])
    codes = [bytes(stage.w3.eth.get_code(a)) for a in (stage.escrow_address, other.address)]
    assert [code[45:] for code in codes] == [
        bytes.fromhex(owner[2:]) + NO_EXIT + bytes(12) for owner in (stage.owner, stage.stranger)
    ]
    assert codes[0][:45] == codes[1][:45]
    assert bytes.fromhex(stage.deployment.implementation[2:]) in codes[0]
