"""The ways out of an escrow: to the owner, by the owner, to the actor as gas, and no others."""

from itertools import product

import pytest
from eth_utils.crypto import keccak
from web3.contract import Contract

from bot.chain.artifacts import load_artifact
from tests.integration.contracts.stage import (
    DAY_S,
    EXIT_CODE,
    NATIVE,
    SEI,
    USDC,
    Stage,
    event_names,
    only_event,
    refused,
)

ALL = 2**256 - 1


@pytest.fixture
def funded(stage: Stage) -> Stage:
    """The escrow holds 10 native SEI, 5 WSEI and 100 USDC."""
    stage.pay(stage.escrow_address, 10 * SEI)
    stage.send(stage.wsei.functions.deposit(), stage.stranger, 5 * SEI)
    stage.send(stage.wsei.functions.transfer(stage.escrow_address, 5 * SEI), stage.stranger)
    stage.give("USDC", stage.escrow_address, 100 * USDC)
    return stage


def held(stage: Stage, holder: str) -> tuple[int, int, int]:
    sei, usdc = (stage.balance(stage.address(symbol), holder) for symbol in ("SEI", "USDC"))
    return stage.balance(NATIVE, holder), sei, usdc


def test_there_are_five_ways_out_and_no_setter_but_the_owners() -> None:
    changing = {
        entry["name"]
        for entry in load_artifact("CaretEscrow").abi
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    }
    ways_out = {"withdraw", "exit", "releaseFunds", "fundActor", "swap"}
    assert changing == ways_out | {"setMandate", "revoke", "drop"}


def test_the_owner_withdraws_to_wherever_it_says(funded: Stage) -> None:
    withdraw, to = funded.escrow.functions.withdraw, funded.w3.eth.accounts[1]
    usdc, wsei = funded.address("USDC"), funded.address("SEI")
    before = held(funded, to)
    for token, amount in ((usdc, 40 * USDC), (wsei, SEI), (NATIVE, 12 * SEI)):
        receipt = funded.send(withdraw(token, to, amount), funded.owner)
        assert event_names(receipt, funded.escrow) == ["Withdrawn"]
        event = only_event(receipt, funded.escrow, "Withdrawn")
        assert event == {"token": token, "to": to, "amount": amount}
    gained = [now - then for now, then in zip(held(funded, to), before, strict=True)]
    assert gained == [12 * SEI, SEI, 40 * USDC]
    assert held(funded, funded.escrow_address) == (0, 2 * SEI, 60 * USDC)


def test_all_of_it_needs_no_figure(funded: Stage) -> None:
    withdraw, to = funded.escrow.functions.withdraw, funded.w3.eth.accounts[1]
    before = funded.balance(NATIVE, to)
    for token, amount in ((NATIVE, 15 * SEI), (funded.address("USDC"), 100 * USDC)):
        receipt = funded.send(withdraw(token, to, ALL), funded.owner)
        assert only_event(receipt, funded.escrow, "Withdrawn")["amount"] == amount
    assert funded.balance(NATIVE, to) - before == 15 * SEI
    assert held(funded, funded.escrow_address) == (0, 0, 0)
    with refused("ZeroAmount"):
        withdraw(NATIVE, to, ALL).transact({"from": funded.owner})


def test_a_withdrawal_has_an_amount_and_an_address(funded: Stage) -> None:
    withdraw = funded.escrow.functions.withdraw
    with refused("ZeroAmount"):
        withdraw(NATIVE, funded.owner, 0).transact({"from": funded.owner})
    with refused("ZeroAddress"):
        withdraw(NATIVE, NATIVE, 1).transact({"from": funded.owner})
    with refused("InsufficientBalance", NATIVE, 15 * SEI, 15 * SEI + 1):
        withdraw(NATIVE, funded.owner, 15 * SEI + 1).transact({"from": funded.owner})


@pytest.mark.parametrize("role", ["server", "guardian", "admin", "actor", "stranger"])
def test_nobody_but_the_owner_withdraws(funded: Stage, role: str) -> None:
    caller = funded.role(role)
    with refused("NotOwner", caller):
        funded.escrow.functions.withdraw(NATIVE, caller, 1).transact({"from": caller})


def test_whoever_has_the_exit_code_pushes_everything_to_the_owner(stage: Stage) -> None:
    escrow = stage.register_with_exit(stage.owner, stage.w3.eth.accounts[1])
    stage.pay(escrow.address, 3 * SEI)
    stage.send(stage.wsei.functions.deposit(), stage.stranger, SEI)
    stage.send(stage.wsei.functions.transfer(escrow.address, SEI), stage.stranger)
    before = held(stage, stage.owner)
    for wrong in (b"\0" * 32, keccak(EXIT_CODE)):
        with refused("WrongExitCode"):
            escrow.functions.exit(wrong, NATIVE).transact({"from": stage.owner})

    receipt = stage.send(escrow.functions.exit(EXIT_CODE, NATIVE), stage.stranger)

    assert only_event(receipt, escrow, "ExitUsed") == {"by": stage.stranger}
    released = {"token": NATIVE, "to": stage.owner, "amount": 4 * SEI}
    assert only_event(receipt, escrow, "Released") == released
    assert held(stage, stage.owner)[0] - before[0] == 4 * SEI
    assert escrow.functions.stopped().call() == [False, True]
    stage.give("USDC", escrow.address, USDC)
    receipt = stage.send(escrow.functions.exit(EXIT_CODE, stage.address("USDC")), stage.stranger)
    assert event_names(receipt, escrow) == ["Released"]
    assert held(stage, stage.owner)[2] - before[2] == USDC
    with refused("Exited"):
        escrow.functions.fundActor(NATIVE, 1).transact({"from": stage.w3.eth.accounts[1]})
    with refused("Exited"):
        stage.set_mandate(stage.mandate, escrow).transact({"from": stage.owner})


def test_an_escrow_without_an_exit_code_has_no_exit(funded: Stage) -> None:
    for code in (b"\0" * 32, EXIT_CODE):
        with refused("WrongExitCode"):
            funded.escrow.functions.exit(code, NATIVE).transact({"from": funded.owner})


def test_a_release_pays_nobody_but_the_owner_whoever_asks(funded: Stage) -> None:
    callers = funded.server, funded.owner, funded.actor, funded.admin, funded.stranger
    others = (
        *(funded.server, funded.actor, funded.admin, funded.stranger, NATIVE),
        *(funded.escrow_address, funded.orchestrator.address, funded.deployment.implementation),
    )
    tokens = NATIVE, funded.address("SEI"), funded.address("USDC")
    for caller, to, token in product(callers, others, tokens):
        release = funded.escrow.functions.releaseFunds(token, to, 1)
        if caller in (funded.server, funded.owner):
            with refused("NotTheOwner", to, funded.owner):
                release.transact({"from": caller})
        else:
            with refused("NotServerOrOwner", caller):
                release.transact({"from": caller})
    assert held(funded, funded.escrow_address) == (10 * SEI, 5 * SEI, 100 * USDC)


@pytest.mark.parametrize("role", ["actor", "admin", "guardian", "stranger"])
def test_nobody_else_may_even_pay_the_owner(funded: Stage, role: str) -> None:
    caller = funded.role(role)
    with refused("NotServerOrOwner", caller):
        funded.escrow.functions.releaseFunds(NATIVE, funded.owner, 1).transact({"from": caller})


@pytest.mark.parametrize("role", ["server", "owner"])
def test_server_and_owner_release_tokens_and_sei(funded: Stage, role: str) -> None:
    release = funded.escrow.functions.releaseFunds
    usdc, caller = funded.address("USDC"), funded.role(role)
    receipt = funded.send(release(usdc, funded.owner, 40 * USDC), caller)
    assert only_event(receipt, funded.escrow, "Released") == {
        "token": usdc,
        "to": funded.owner,
        "amount": 40 * USDC,
    }
    assert funded.balance(usdc, funded.owner) == 40 * USDC
    assert funded.escrow.functions.balance(usdc).call() == 60 * USDC

    receipt = funded.send(release(funded.address("SEI"), funded.owner, 2 * SEI), caller)
    assert funded.balance(funded.address("SEI"), funded.owner) == 2 * SEI
    assert held(funded, funded.escrow_address) == (10 * SEI, 3 * SEI, 60 * USDC)


def test_a_shortfall_of_native_sei_is_unwrapped_without_a_deposit_event(funded: Stage) -> None:
    before = funded.balance(NATIVE, funded.owner)
    release = funded.escrow.functions.releaseFunds
    receipt = funded.send(release(NATIVE, funded.owner, 12 * SEI), funded.server)
    assert funded.balance(NATIVE, funded.owner) - before == 12 * SEI
    assert held(funded, funded.escrow_address)[:2] == (0, 3 * SEI)
    assert event_names(receipt, funded.escrow) == ["Released"]
    assert funded.escrow.functions.balance(NATIVE).call() == 0

    with refused("InsufficientBalance", NATIVE, 3 * SEI, 3 * SEI + 1):
        release(NATIVE, funded.owner, 3 * SEI + 1).transact({"from": funded.server})
    funded.send(release(NATIVE, funded.owner, 3 * SEI), funded.server)


def test_zero_is_nothing_to_release(funded: Stage) -> None:
    with refused("ZeroAmount"):
        funded.escrow.functions.releaseFunds(NATIVE, funded.owner, 0).transact(
            {"from": funded.server}
        )


def test_more_than_there_is_of_a_token_cannot_leave(funded: Stage) -> None:
    release = funded.escrow.functions.releaseFunds(
        funded.address("USDC"), funded.owner, 100 * USDC + 1
    )
    with refused("ERC20InsufficientBalance", funded.escrow_address, 100 * USDC, 100 * USDC + 1):
        release.transact({"from": funded.server})


def _owned_by_contract(stage: Stage) -> tuple[Contract, Contract]:
    owner = stage.deploy("test/Puppet")
    escrow = stage.register(owner.address, stage.w3.eth.accounts[1])
    stage.pay(escrow.address, 3 * SEI)
    return owner, escrow


def test_an_owner_that_cannot_take_native_sei_gets_it_wrapped(stage: Stage) -> None:
    owner, escrow = _owned_by_contract(stage)
    stage.send(owner.functions.setAccepting(False), stage.admin)
    receipt = stage.send(escrow.functions.releaseFunds(NATIVE, owner.address, SEI), stage.server)
    assert held(stage, owner.address) == (0, SEI, 0)
    assert held(stage, escrow.address) == (2 * SEI, 0, 0)
    event = only_event(receipt, escrow, "Released")
    assert event == {"token": stage.address("SEI"), "to": owner.address, "amount": SEI}


def test_a_contract_may_own_and_leave_by_itself(stage: Stage) -> None:
    owner, escrow = _owned_by_contract(stage)
    data = escrow.encode_abi("withdraw", args=[NATIVE, owner.address, 3 * SEI])
    stage.send(owner.functions.run(escrow.address, data), stage.stranger)
    assert held(stage, owner.address) == (3 * SEI, 0, 0)


def test_an_owner_cannot_enter_again_while_being_paid(stage: Stage) -> None:
    owner, escrow = _owned_by_contract(stage)
    again = escrow.encode_abi("releaseFunds", args=[NATIVE, owner.address, SEI])
    stage.send(owner.functions.arm(escrow.address, again), stage.admin)
    stage.send(escrow.functions.releaseFunds(NATIVE, owner.address, SEI), stage.server)
    total = sum(held(stage, owner.address))
    assert total == SEI
    assert sum(held(stage, escrow.address)) == 2 * SEI


def test_an_owner_can_always_leave(funded: Stage) -> None:
    """Paused, without a server, with every token switched off: nothing stands in the way."""
    functions = funded.orchestrator.functions
    funded.send(functions.pause(), funded.server)
    funded.send(functions.switchOff(funded.address("USDC")), funded.admin)
    funded.send(functions.switchOff(funded.address("SEI")), funded.admin)
    funded.send(functions.setServer(NATIVE), funded.admin)
    funded.w3.provider.make_request("anvil_setCode", [funded.orchestrator.address, "0x"])
    withdraw, release = funded.escrow.functions.withdraw, funded.escrow.functions.releaseFunds
    funded.send(withdraw(NATIVE, funded.stranger, 15 * SEI), funded.owner)
    funded.send(withdraw(funded.address("USDC"), funded.stranger, 60 * USDC), funded.owner)
    funded.send(release(funded.address("USDC"), funded.owner, 40 * USDC), funded.owner)
    assert held(funded, funded.escrow_address) == (0, 0, 0)


def test_the_server_releases_while_trading_is_paused(funded: Stage) -> None:
    funded.send(funded.orchestrator.functions.pause(), funded.server)
    funded.send(funded.escrow.functions.releaseFunds(NATIVE, funded.owner, SEI), funded.server)


def test_a_deposit_of_native_sei_is_told(stage: Stage) -> None:
    receipt = stage.pay(stage.escrow_address, 7)
    assert only_event(receipt, stage.escrow, "Received") == {"from": stage.stranger, "amount": 7}
    assert receipt["gasUsed"] < 30_000


def test_gas_reaches_the_actor_out_of_native_or_wrapped_sei(funded: Stage) -> None:
    wsei, fund = funded.address("SEI"), funded.escrow.functions.fundActor
    funded.w3.provider.make_request("anvil_setBalance", [funded.actor, hex(1000 * SEI)])
    for token, left in ((NATIVE, (9.75, 5)), (wsei, (9.75, 4.75))):
        before = funded.balance(NATIVE, funded.actor)
        receipt = funded.send(fund(token, SEI // 4), funded.actor)
        paid = receipt["gasUsed"] * receipt["effectiveGasPrice"]
        assert funded.balance(NATIVE, funded.actor) - before == SEI // 4 - paid
        assert event_names(receipt, funded.escrow) == ["ActorFunded"]
        assert only_event(receipt, funded.escrow, "ActorFunded") == {"amount": SEI // 4}
        assert held(funded, funded.escrow_address)[:2] == tuple(int(x * SEI) for x in left)


def test_gas_unwraps_a_shortfall_and_cannot_exceed_what_is_held(stage: Stage) -> None:
    stage.pay(stage.escrow_address, SEI // 10)
    stage.send(stage.wsei.functions.deposit(), stage.stranger, SEI // 5)
    stage.send(stage.wsei.functions.transfer(stage.escrow_address, SEI // 5), stage.stranger)
    fund = stage.escrow.functions.fundActor
    total = SEI // 10 + SEI // 5
    with refused("InsufficientBalance", NATIVE, total, total + 1):
        fund(NATIVE, total + 1).transact({"from": stage.actor})
    with refused("InsufficientBalance", stage.address("SEI"), SEI // 5, SEI // 5 + 1):
        fund(stage.address("SEI"), SEI // 5 + 1).transact({"from": stage.actor})
    stage.send(fund(NATIVE, total), stage.actor)
    assert held(stage, stage.escrow_address)[:2] == (0, 0)


@pytest.mark.parametrize("role", ["server", "guardian", "owner", "admin", "stranger"])
def test_only_the_actor_draws_gas(funded: Stage, role: str) -> None:
    caller = funded.role(role)
    with refused("NotActor", caller):
        funded.escrow.functions.fundActor(NATIVE, 1).transact({"from": caller})


def test_gas_is_sei_and_nothing_else_and_not_while_paused(funded: Stage) -> None:
    fund, usdc = funded.escrow.functions.fundActor, funded.address("USDC")
    with refused("NotGasToken", usdc):
        fund(usdc, 1).transact({"from": funded.actor})
    with refused("ZeroAmount"):
        fund(NATIVE, 0).transact({"from": funded.actor})
    funded.send(funded.orchestrator.functions.pause(), funded.server)
    with refused("TradingPaused"):
        fund(NATIVE, 1).transact({"from": funded.actor})


def test_an_actor_that_cannot_take_gas_draws_none(stage: Stage) -> None:
    actor = stage.deploy("test/Puppet")
    escrow = stage.register(stage.owner, actor.address)
    stage.adopt(stage.mandate, escrow)
    stage.pay(escrow.address, SEI)
    stage.send(actor.functions.setAccepting(False), stage.admin)
    data = escrow.encode_abi("fundActor", args=[NATIVE, 5])
    with refused("ActorPaymentFailed", actor.address, 5):
        actor.functions.run(escrow.address, data).transact({"from": stage.stranger})
    assert escrow.functions.gasAvailable().call() == SEI


def test_the_gas_allowance_refills_evenly_and_never_above_one_sei(funded: Stage) -> None:
    fund, available = funded.escrow.functions.fundActor, funded.escrow.functions.gasAvailable
    with refused("GasLimitExceeded", SEI + 1, SEI):
        fund(NATIVE, SEI + 1).transact({"from": funded.actor})
    funded.send(fund(NATIVE, SEI), funded.actor)
    drawn_at = funded.now()
    assert available().call() == 0

    funded.wait(DAY_S // 2)
    refilled = (funded.now() - drawn_at) * 10**6 // DAY_S
    assert available().call(block_identifier="latest") == refilled * 10**12
    limit = available().call()
    with refused("GasLimitExceeded", SEI, limit):
        fund(NATIVE, SEI).call({"from": funded.actor}, "latest")
    funded.send(fund(NATIVE, limit), funded.actor)
    assert available().call() < SEI // 1000

    funded.wait(5 * DAY_S)
    assert available().call() == SEI


def test_a_greedy_actor_gets_less_than_two_sei_in_any_24_hours(funded: Stage) -> None:
    fund, available = funded.escrow.functions.fundActor, funded.escrow.functions.gasAvailable
    draws: list[tuple[int, int]] = []
    for pause_s in (0, 1, 7, 40_000, 46_391, 1, 50_000, 36_399, 86_399, 1, 86_400, 3, 0):
        funded.wait(pause_s)
        amount = available().call()
        if amount:
            funded.send(fund(NATIVE, amount), funded.actor)
            draws.append((funded.now(), amount))
    windows = [sum(a for at, a in draws if start <= at < start + DAY_S) for start, _ in draws]
    assert SEI < max(windows) <= 2 * SEI
