"""Swaps through the real Uniswap contracts, and every reason to refuse one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from web3.contract.contract import ContractFunction
from web3.exceptions import ContractLogicError

from tests.integration.contracts.stage import (
    FAR_DEADLINE,
    NATIVE,
    OFF,
    ON,
    SEI,
    USDC,
    Stage,
    event_names,
    only_event,
    refused,
)

V2, V3 = "uniswap_v2", "uniswap_v3"


@dataclass(frozen=True)
class Order:
    """A swap's arguments, to vary one at a time."""

    adapter: str
    token_in: str
    token_out: str
    amount_in: int
    data: bytes
    min_out: int = 1
    id: int = 1
    deadline: int = FAR_DEADLINE

    def on(self, stage: Stage) -> ContractFunction:
        return stage.escrow.functions.swap(
            self.id,
            self.deadline,
            self.adapter,
            self.token_in,
            self.token_out,
            self.amount_in,
            self.min_out,
            self.data,
        )


def usdc_to_weth(stage: Stage, amount: int = 100 * USDC) -> Order:
    tokens = stage.address("USDC"), stage.address("WETH")
    return Order(stage.venue(V2), *tokens, amount, stage.v2_path("USDC", "WETH"))


def sei_to_usdc(stage: Stage, amount: int) -> Order:
    tokens = stage.address("SEI"), stage.address("USDC")
    return Order(stage.venue(V3), *tokens, amount, stage.v3_path("SEI", 500, "USDC"))


@pytest.fixture
def funded(stage: Stage) -> Stage:
    stage.give("USDC", stage.escrow_address, 1_000 * USDC)
    return stage


def assert_nothing_left_behind(stage: Stage, *symbols: str) -> None:
    for symbol in symbols:
        for kind in (V2, V3):
            for spender in (stage.router(kind), stage.venue(kind)):
                allowance = stage.token(symbol).functions.allowance(stage.escrow_address, spender)
                assert allowance.call() == 0
                assert stage.balance(stage.address(symbol), spender) == 0


ROUTES: dict[str, tuple[str, str, Callable[[Stage], bytes], int]] = {
    "v2 direct": (V2, "WETH", lambda s: s.v2_path("USDC", "WETH"), 4_000 * USDC),
    "v2 by way of SEI": (V2, "iSEI", lambda s: s.v2_path("USDC", "SEI", "iSEI"), 300_000),
    "v3 direct": (V3, "WBTC", lambda s: s.v3_path("USDC", 3000, "WBTC"), 100_000 * USDC),
    "v3 by way of SEI": (
        V3,
        "iSEI",
        lambda s: s.v3_path("USDC", 500, "SEI", 3000, "iSEI"),
        300_000,
    ),
    "v3 three hops": (
        V3,
        "iSEI",
        lambda s: s.v3_path("USDC", 3000, "WETH", 3000, "SEI", 3000, "iSEI"),
        300_000,
    ),
}


@pytest.mark.parametrize("route", ROUTES)
def test_a_swap_pays_in_full_and_its_output_stays_in_the_escrow(funded: Stage, route: str) -> None:
    kind, symbol, path, usdc_for_one = ROUTES[route]
    token_in, token_out = funded.address("USDC"), funded.address(symbol)
    fair = 100 * USDC * 10 ** funded.deployment.token(symbol).decimals // usdc_for_one
    order = Order(
        funded.venue(kind), token_in, token_out, 100 * USDC, path(funded), fair * 98 // 100
    )
    promised = order.on(funded).call({"from": funded.actor})

    receipt = funded.send(order.on(funded), funded.actor)

    got = funded.balance(token_out, funded.escrow_address)
    assert fair * 98 // 100 <= got < fair
    assert promised == [100 * USDC, got]
    assert funded.balance(token_in, funded.escrow_address) == 900 * USDC
    assert only_event(receipt, funded.escrow, "Swapped") == {
        "id": 1,
        "adapter": order.adapter,
        "tokenIn": token_in,
        "tokenOut": token_out,
        "spent": 100 * USDC,
        "got": got,
    }
    assert_nothing_left_behind(funded, "USDC", "SEI", "WETH", symbol)


def test_selling_sei_wraps_what_is_missing_and_no_more(stage: Stage) -> None:
    stage.pay(stage.escrow_address, 10 * SEI)
    first = stage.send(sei_to_usdc(stage, 4 * SEI).on(stage), stage.actor)
    assert stage.balance(NATIVE, stage.escrow_address) == 6 * SEI
    assert stage.balance(stage.address("SEI"), stage.escrow_address) == 0
    assert event_names(first, stage.escrow) == ["Swapped"]

    stage.send(stage.wsei.functions.deposit(), stage.stranger, 3 * SEI)
    stage.send(stage.wsei.functions.transfer(stage.escrow_address, 3 * SEI), stage.stranger)
    stage.send(replace(sei_to_usdc(stage, 5 * SEI), id=2).on(stage), stage.actor)
    assert stage.balance(NATIVE, stage.escrow_address) == 4 * SEI
    assert stage.balance(stage.address("SEI"), stage.escrow_address) == 0


def test_bought_sei_arrives_wrapped(funded: Stage) -> None:
    tokens = funded.address("USDC"), funded.address("SEI")
    order = Order(funded.venue(V2), *tokens, 25 * USDC, funded.v2_path("USDC", "SEI"))
    receipt = funded.send(order.on(funded), funded.actor)
    got = only_event(receipt, funded.escrow, "Swapped")["got"]
    assert funded.balance(funded.address("SEI"), funded.escrow_address) == got
    assert funded.balance(NATIVE, funded.escrow_address) == 0
    assert 98 * SEI < got < 100 * SEI


@pytest.mark.parametrize("role", ["server", "owner", "admin", "stranger"])
def test_only_the_actor_trades(funded: Stage, role: str) -> None:
    caller = getattr(funded, role)
    with refused("NotActor", caller):
        usdc_to_weth(funded).on(funded).transact({"from": caller})


def test_an_intent_runs_once_and_in_order(funded: Stage) -> None:
    order = usdc_to_weth(funded, USDC)
    for id_, sequence in ((0, 0), (1025, 0)):
        with refused("IdOutOfRange", id_, sequence):
            replace(order, id=id_).on(funded).transact({"from": funded.actor})
    funded.send(replace(order, id=1024).on(funded), funded.actor)
    assert funded.escrow.functions.sequence().call() == 1024
    for id_ in (1024, 1023, 1, 2049, 2**256 - 1):
        with refused("IdOutOfRange", id_, 1024):
            replace(order, id=id_).on(funded).transact({"from": funded.actor})
    funded.send(replace(order, id=1025).on(funded), funded.actor)


def test_a_failed_swap_uses_up_no_id(funded: Stage) -> None:
    with pytest.raises(ContractLogicError, match="INSUFFICIENT_OUTPUT_AMOUNT"):
        replace(usdc_to_weth(funded), min_out=SEI).on(funded).transact({"from": funded.actor})
    assert funded.escrow.functions.sequence().call() == 0


def test_the_deadline_is_inclusive(funded: Stage) -> None:
    now = funded.now() + 1000
    funded.w3.provider.make_request("evm_setNextBlockTimestamp", [now])
    funded.w3.provider.make_request("evm_mine", [])
    with refused("DeadlinePassed", now - 1, now):
        replace(usdc_to_weth(funded), deadline=now - 1).on(funded).call(
            {"from": funded.actor}, "latest"
        )
    replace(usdc_to_weth(funded), deadline=now).on(funded).call({"from": funded.actor}, "latest")
    # The V3 router knows no deadline: the escrow's own check has to hold.
    funded.pay(funded.escrow_address, SEI)
    with refused("DeadlinePassed", 1, funded.now()):
        replace(sei_to_usdc(funded, SEI), deadline=1).on(funded).call({"from": funded.actor})


def test_nothing_is_traded_while_paused(funded: Stage) -> None:
    pause = funded.orchestrator.functions.setTradingPaused
    funded.send(pause(ON), funded.server)
    with refused("TradingPaused"):
        usdc_to_weth(funded).on(funded).transact({"from": funded.actor})
    funded.send(pause(OFF), funded.server)
    funded.send(usdc_to_weth(funded).on(funded), funded.actor)


@pytest.mark.parametrize("change", [{"amount_in": 0}, {"min_out": 0}])
def test_zero_is_no_amount(funded: Stage, change: dict[str, Any]) -> None:
    with refused("ZeroAmount"):
        replace(usdc_to_weth(funded), **change).on(funded).transact({"from": funded.actor})


def test_only_listed_venues_are_called(funded: Stage) -> None:
    order = usdc_to_weth(funded)
    own = funded.deploy("UniswapV2Adapter").address
    for adapter in (own, funded.stranger, funded.router(V2), funded.address("USDC")):
        with refused("VenueNotListed", adapter):
            replace(order, adapter=adapter).on(funded).transact({"from": funded.actor})
    disable = funded.orchestrator.functions.setEnabled(order.adapter, OFF)
    funded.send(disable, funded.admin)
    with refused("VenueNotListed", order.adapter):
        order.on(funded).transact({"from": funded.actor})


@pytest.mark.parametrize("symbol", ["USDC", "SEI", "iSEI"])
@pytest.mark.parametrize("kind", [V2, V3])
def test_every_token_on_the_way_must_be_listed(funded: Stage, symbol: str, kind: str) -> None:
    path = {V2: funded.v2_path("USDC", "SEI", "iSEI"), V3: ROUTES["v3 by way of SEI"][2](funded)}
    tokens = funded.address("USDC"), funded.address("iSEI")
    order = Order(funded.venue(kind), *tokens, USDC, path[kind])
    funded.send(funded.orchestrator.functions.setEnabled(funded.address(symbol), OFF), funded.admin)
    with refused("TokenNotListed", funded.address(symbol)):
        order.on(funded).transact({"from": funded.actor})


def test_a_path_must_lead_from_the_one_token_to_the_other(funded: Stage) -> None:
    usdc, weth, sei = (funded.address(symbol) for symbol in ("USDC", "WETH", "SEI"))
    v2, v3 = usdc_to_weth(funded), replace(usdc_to_weth(funded), adapter=funded.venue(V3))
    packed = funded.v3_path("USDC", 3000, "WETH")
    orders = [
        replace(v2, data=funded.v2_path("USDC", "SEI")),
        replace(v2, data=funded.v2_path("SEI", "WETH")),
        replace(v2, data=funded.v2_path("USDC")),
        replace(v2, data=funded.v2_path()),
        replace(v2, token_in=sei),
        replace(v2, token_out=sei),
        replace(v2, token_out=usdc, data=funded.v2_path("USDC", "WETH", "USDC")),
        replace(v2, token_in=NATIVE),
        replace(v3, data=packed, token_in=sei),
        replace(v3, data=packed[:-1]),
        replace(v3, data=packed + b"\0"),
        replace(v3, data=packed[:20]),
        replace(v3, data=b""),
        replace(v3, data=funded.v3_path("WETH", 3000, "USDC")),
    ]
    for order in orders:
        with refused("BadPath", order.token_in, order.token_out):
            order.on(funded).transact({"from": funded.actor})
    with pytest.raises(ContractLogicError):
        replace(v2, data=b"\1\2\3").on(funded).transact({"from": funded.actor})
    assert funded.balance(weth, funded.escrow_address) == 0


def test_one_cannot_spend_more_than_there_is(funded: Stage) -> None:
    with refused("InsufficientBalance", funded.address("USDC"), 1_000 * USDC, 1_000 * USDC + 1):
        usdc_to_weth(funded, 1_000 * USDC + 1).on(funded).transact({"from": funded.actor})
    funded.pay(funded.escrow_address, 2 * SEI)
    with refused("InsufficientBalance", funded.address("SEI"), 2 * SEI, 2 * SEI + 1):
        sei_to_usdc(funded, 2 * SEI + 1).on(funded).transact({"from": funded.actor})
    funded.send(sei_to_usdc(funded, 2 * SEI).on(funded), funded.actor)


def test_a_v3_swap_below_its_minimum_reverts(stage: Stage) -> None:
    stage.pay(stage.escrow_address, SEI)
    with pytest.raises(ContractLogicError, match="Too little received"):
        replace(sei_to_usdc(stage, SEI), min_out=USDC).on(stage).transact({"from": stage.actor})
