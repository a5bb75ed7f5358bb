"""Many balances in one read, and never a false zero."""

from tests.integration.contracts.stage import NATIVE, SEI, Stage, refused


def test_balances_come_holder_by_holder(stage: Stage) -> None:
    usdc, weth = stage.address("USDC"), stage.address("WETH")
    stage.give("USDC", stage.escrow_address, 11)
    stage.give("WETH", stage.stranger, 22)
    stage.pay(stage.escrow_address, SEI)
    lens = stage.at("BalanceLens", stage.deployment.lens)
    native = stage.balance(NATIVE, stage.stranger)
    read = lens.functions.balances([stage.escrow_address, stage.stranger], [NATIVE, usdc, weth])
    assert read.call() == [SEI, 11, 0, native, 0, 22]


def test_nobody_or_nothing_is_no_balance(stage: Stage) -> None:
    lens = stage.at("BalanceLens", stage.deployment.lens)
    assert lens.functions.balances([], [NATIVE]).call() == []
    assert lens.functions.balances([stage.owner], []).call() == []


def test_a_token_that_cannot_be_read_is_named(stage: Stage) -> None:
    lens = stage.at("BalanceLens", stage.deployment.lens)
    broken = stage.deploy("test/BrokenToken").address
    for token in (broken, stage.stranger, stage.deployment.orchestrator):
        with refused("BalanceUnreadable", token, stage.owner):
            lens.functions.balances([stage.owner], [stage.address("USDC"), token]).call()
