"""Swaps through the real Uniswap contracts, and every reason to refuse one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from web3.contract.contract import ContractFunction
from web3.exceptions import ContractLogicError

from bot.chain.listing import answer_of
from tests.integration.contracts.stage import (
    FAR_DEADLINE,
    LISTING_DELAY_S,
    NATIVE,
    PRICES,
    SEI,
    USD,
    USDC,
    V2,
    V3,
    V3_DEADLINE,
    Message,
    Stage,
    event_names,
    only_event,
    refused,
)


@dataclass(frozen=True)
class Order:
    """A trade, to vary one field at a time."""

    adapter: str
    token_in: str
    token_out: str
    amount_in: int
    data: bytes
    min_out: int = 1
    id: int = 1
    deadline: int = FAR_DEADLINE

    def on(self, stage: Stage, mandate: Message | None = None) -> ContractFunction:
        trade = {
            "id": self.id,
            "deadline": self.deadline,
            "adapter": self.adapter,
            "tokenIn": self.token_in,
            "tokenOut": self.token_out,
            "amountIn": self.amount_in,
            "minOut": self.min_out,
            "data": self.data,
        }
        return stage.escrow.functions.swap(trade, mandate or stage.mandate)


def usdc_to_weth(stage: Stage, amount: int = 100 * USDC) -> Order:
    tokens = stage.address("USDC"), stage.address("WETH")
    return Order(stage.venue(V2), *tokens, amount, stage.v2_path("USDC", "WETH"))


def sei_to_usdc(stage: Stage, amount: int, kind: str = V3) -> Order:
    tokens = stage.address("SEI"), stage.address("USDC")
    return Order(stage.venue(kind), *tokens, amount, stage.v3_path("SEI", 500, "USDC"))


@pytest.fixture
def funded(stage: Stage) -> Stage:
    stage.give("USDC", stage.escrow_address, 1_000 * USDC)
    return stage


def assert_nothing_left_behind(stage: Stage, *symbols: str) -> None:
    """No allowance worth anything, and no money outside of the escrow."""
    for symbol in symbols:
        for venue in stage.deployment.venues:
            for spender in (venue.router, venue.adapter):
                allowance = stage.token(symbol).functions.allowance(stage.escrow_address, spender)
                assert allowance.call() <= 1
                assert stage.balance(stage.address(symbol), spender) == 0


Path = Callable[[Stage], bytes]
ROUTES: dict[str, tuple[str, str, Path]] = {
    "v2 direct": (V2, "WETH", lambda s: s.v2_path("USDC", "WETH")),
    "v2 by way of SEI": (V2, "iSEI", lambda s: s.v2_path("USDC", "SEI", "iSEI")),
    "v3 direct": (V3, "WBTC", lambda s: s.v3_path("USDC", 3000, "WBTC")),
    "v3 by way of SEI": (V3, "iSEI", lambda s: s.v3_path("USDC", 500, "SEI", 3000, "iSEI")),
    "v3 three hops": (
        V3,
        "iSEI",
        lambda s: s.v3_path("USDC", 3000, "WETH", 3000, "SEI", 3000, "iSEI"),
    ),
    "original v3 direct": (V3_DEADLINE, "WETH", lambda s: s.v3_path("USDC", 500, "WETH")),
    "original v3 by way of SEI": (
        V3_DEADLINE,
        "iSEI",
        lambda s: s.v3_path("USDC", 3000, "SEI", 3000, "iSEI"),
    ),
}


@pytest.mark.parametrize("route", ROUTES)
def test_a_swap_pays_in_full_and_its_output_stays_in_the_escrow(funded: Stage, route: str) -> None:
    kind, symbol, path = ROUTES[route]
    token_in, token_out = funded.address("USDC"), funded.address(symbol)
    fair = int(100 / PRICES[symbol] * 10 ** funded.deployment.token(symbol).decimals)
    order = Order(
        funded.venue(kind), token_in, token_out, 100 * USDC, path(funded), fair * 98 // 100
    )
    promised = order.on(funded).call({"from": funded.actor})

    receipt = funded.send(order.on(funded), funded.actor)

    got = funded.balance(token_out, funded.escrow_address)
    assert fair * 98 // 100 <= got < fair
    assert promised == [100 * USDC, got]
    assert funded.balance(token_in, funded.escrow_address) == 900 * USDC
    # What was paid by the feeds at most, less what was received at least.
    worth = got * answer_of(PRICES[symbol]) * (10_000 - 65)
    charge = 100_350_000 - worth // (10_000 * 10 ** (funded.deployment.token(symbol).decimals + 2))
    assert only_event(receipt, funded.escrow, "Swapped") == {
        "id": 1,
        "adapter": order.adapter,
        "tokenIn": token_in,
        "tokenOut": token_out,
        "spent": 100 * USDC,
        "got": got,
        "valueIn": 100 * USD,
        "charge": charge,
    }
    loss, volume, since, _, trading = funded.escrow.functions.status().call()
    assert (loss, volume, since, trading) == (charge, 100 * USD, funded.now(), True)
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


@pytest.mark.parametrize("role", ["server", "guardian", "owner", "admin", "stranger"])
def test_only_the_actor_trades(funded: Stage, role: str) -> None:
    caller = funded.role(role)
    with refused("NotActor", caller):
        usdc_to_weth(funded).on(funded).transact({"from": caller})


def test_an_intent_runs_once_and_in_order(funded: Stage) -> None:
    order = usdc_to_weth(funded, USDC)
    for id_, sequence in ((0, 0), (1025, 0)):
        with refused("IdOutOfRange", id_, sequence):
            replace(order, id=id_).on(funded).transact({"from": funded.actor})
    funded.send(replace(order, id=1024).on(funded), funded.actor)
    assert funded.escrow.functions.sequence().call() == 1024
    for id_ in (1024, 1, 2049, 2**256 - 1):
        with refused("IdOutOfRange", id_, 1024):
            replace(order, id=id_).on(funded).transact({"from": funded.actor})
    funded.send(replace(order, id=1025).on(funded), funded.actor)


def test_a_failed_swap_uses_up_no_id(funded: Stage) -> None:
    with pytest.raises(ContractLogicError, match="INSUFFICIENT_OUTPUT_AMOUNT"):
        replace(usdc_to_weth(funded), min_out=SEI).on(funded).transact({"from": funded.actor})
    assert funded.escrow.functions.sequence().call() == 0


@pytest.mark.parametrize("kind", [V3, V3_DEADLINE])
def test_a_v3_swap_below_its_minimum_reverts(stage: Stage, kind: str) -> None:
    stage.pay(stage.escrow_address, SEI)
    order = replace(sei_to_usdc(stage, SEI, kind), min_out=USDC)
    with pytest.raises(ContractLogicError, match="Too little received"):
        order.on(stage).transact({"from": stage.actor})


@pytest.mark.parametrize("kind", [V2, V3, V3_DEADLINE])
def test_the_deadline_is_inclusive_whatever_the_router_knows_of_it(
    funded: Stage, kind: str
) -> None:
    now = funded.now() + 1000
    funded.w3.provider.make_request("evm_setNextBlockTimestamp", [now])
    funded.w3.provider.make_request("evm_mine", [])
    funded.pay(funded.escrow_address, SEI)
    now = funded.now()
    order = usdc_to_weth(funded) if kind == V2 else sei_to_usdc(funded, SEI, kind)
    with refused("DeadlinePassed", now - 1, now):
        replace(order, deadline=now - 1).on(funded).call({"from": funded.actor}, "latest")
    replace(order, deadline=now).on(funded).call({"from": funded.actor}, "latest")


def test_nothing_is_traded_while_paused(funded: Stage) -> None:
    functions = funded.orchestrator.functions
    funded.send(functions.pause(), funded.parts.guardian)
    with refused("TradingPaused"):
        usdc_to_weth(funded).on(funded).transact({"from": funded.actor})
    funded.send(functions.unpause(), funded.admin)
    funded.send(usdc_to_weth(funded).on(funded), funded.actor)


@pytest.mark.parametrize("change", [{"amount_in": 0}, {"min_out": 0}])
def test_zero_is_no_amount(funded: Stage, change: dict[str, Any]) -> None:
    with refused("ZeroAmount"):
        replace(usdc_to_weth(funded), **change).on(funded).transact({"from": funded.actor})


def test_only_listed_venues_are_called(funded: Stage) -> None:
    order = usdc_to_weth(funded)
    own = funded.deploy("UniswapV2Adapter").address
    others = own, funded.stranger, funded.router(V2), funded.address("USDC")
    mandate = funded.write_mandate(nonce=2, adapters=[*funded.mandate["adapters"], *others])
    funded.adopt(mandate)
    for adapter in others:
        with refused("VenueNotListed", adapter):
            replace(order, adapter=adapter).on(funded, mandate).transact({"from": funded.actor})
    funded.send(funded.orchestrator.functions.switchOff(order.adapter), funded.admin)
    with refused("VenueNotListed", order.adapter):
        order.on(funded, mandate).transact({"from": funded.actor})


@pytest.mark.parametrize("symbol", ["USDC", "SEI", "iSEI"])
@pytest.mark.parametrize("route", ["v2 by way of SEI", "v3 by way of SEI"])
def test_every_token_on_the_way_must_be_listed(funded: Stage, symbol: str, route: str) -> None:
    kind, _, path = ROUTES[route]
    tokens = funded.address("USDC"), funded.address("iSEI")
    order = Order(funded.venue(kind), *tokens, USDC, path(funded))
    switch = funded.orchestrator.functions.switchOff(funded.address(symbol))
    funded.send(switch, funded.admin)
    with refused("TokenNotListed", funded.address(symbol)):
        order.on(funded).transact({"from": funded.actor})


def test_a_path_must_lead_from_the_one_token_to_the_other(funded: Stage) -> None:
    usdc, weth, sei = (funded.address(symbol) for symbol in ("USDC", "WETH", "SEI"))
    v2, v3 = usdc_to_weth(funded), replace(usdc_to_weth(funded), adapter=funded.venue(V3))
    packed = funded.v3_path("USDC", 3000, "WETH")
    orders = [
        replace(v2, data=funded.v2_path("USDC", "SEI")),
        replace(v2, data=funded.v2_path("USDC")),
        replace(v2, data=funded.v2_path()),
        replace(v2, token_in=sei),
        replace(v2, token_out=usdc, data=funded.v2_path("USDC", "WETH", "USDC")),
        replace(v3, data=packed, token_in=sei),
        replace(v3, data=packed + b"\0"),
        replace(v3, data=b""),
        replace(v3, data=packed[:-1], adapter=funded.venue(V3_DEADLINE)),
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


def test_the_mandate_names_what_is_traded_where(funded: Stage) -> None:
    usdc, weth, sei = (funded.address(symbol) for symbol in ("USDC", "WETH", "SEI"))
    order = usdc_to_weth(funded)
    for nonce, (change, error, named) in enumerate(
        (
            ({"tokens": [weth, sei]}, "TokenNotInMandate", usdc),
            ({"tokens": [usdc, sei]}, "TokenNotInMandate", weth),
            ({"adapters": [funded.venue(V3)]}, "VenueNotInMandate", order.adapter),
        ),
        start=2,
    ):
        mandate = funded.write_mandate(nonce=nonce, **change)
        funded.adopt(mandate)
        with refused(error, named):
            order.on(funded, mandate).transact({"from": funded.actor})
    # A hop in between need not be in it.
    mandate = funded.write_mandate(nonce=9, tokens=[usdc, funded.address("iSEI")])
    funded.adopt(mandate)
    by_sei = Order(
        funded.venue(V2), usdc, funded.address("iSEI"), USDC, funded.v2_path("USDC", "SEI", "iSEI")
    )
    funded.send(by_sei.on(funded, mandate), funded.actor)


def test_the_mandate_limits_a_trade_and_a_day(funded: Stage) -> None:
    order = usdc_to_weth(funded)
    cases = (
        ({"tradeCap": 100 * USD - 1}, "TradeCapExceeded", (100 * USD, 100 * USD - 1)),
        ({"dailyVolume": 199 * USD}, "VolumeExceeded", (100 * USD, 99_500_000)),
        ({"dailyLoss": 2 * USD}, "LossBudgetExceeded", None),
        ({"slippageBps": 20}, "SlippageExceeded", None),
    )
    for nonce, (change, error, figures) in enumerate(cases, start=2):
        mandate = funded.write_mandate(nonce=nonce, **change)
        funded.adopt(mandate)
        with refused(error, *(figures or ()), exact=figures is not None):
            order.on(funded, mandate).transact({"from": funded.actor})


def test_an_odd_feed_stops_trades_of_its_token(funded: Stage) -> None:
    order, weth = usdc_to_weth(funded), funded.deployment.tokens[2]
    assert weth.symbol == "WETH"
    assert weth.feed is not None
    for answer in (0, -1, 500 * 10**8, 50_000 * 10**8):
        funded.publish({"WETH": Decimal(answer).scaleb(-8)})
        with refused("FeedUnusable", weth.feed.feed, answer, funded.now()):
            order.on(funded).transact({"from": funded.actor})
    funded.publish({"WETH": PRICES["WETH"]})
    published = funded.now()
    funded.wait(weth.feed.max_age_s + 1)
    funded.publish({"USDC": PRICES["USDC"]})
    with refused("FeedUnusable", weth.feed.feed, answer_of(PRICES["WETH"]), published):
        order.on(funded).transact({"from": funded.actor})
    funded.publish(PRICES)
    funded.send(order.on(funded), funded.actor)


def test_a_token_without_a_feed_is_a_hop_and_nothing_else(funded: Stage) -> None:
    sei = funded.at("TestToken", funded.address("SEI"))
    usdc, isei = funded.address("USDC"), funded.address("iSEI")
    funded.send(funded.orchestrator.functions.switchOff(sei.address), funded.admin)
    funded.list_token("SEI", sei, None)
    funded.wait(LISTING_DELAY_S)
    funded.publish(PRICES)
    mandate = funded.write_mandate(nonce=2)
    funded.adopt(mandate)
    buying = Order(funded.venue(V2), usdc, sei.address, USDC, funded.v2_path("USDC", "SEI"))
    for order in (buying, sei_to_usdc(funded, SEI)):
        with refused("NoFeed", sei.address):
            order.on(funded, mandate).transact({"from": funded.actor})
    passing = replace(buying, token_out=isei, data=funded.v2_path("USDC", "SEI", "iSEI"))
    funded.send(passing.on(funded, mandate), funded.actor)


def test_what_was_listed_after_the_mandate_was_signed_does_not_count(funded: Stage) -> None:
    adapter = funded.deploy("UniswapV2Adapter").address
    listing = funded.orchestrator.functions.listVenue(adapter, funded.router(V2))
    funded.send(listing, funded.admin)
    early = funded.write_mandate(nonce=2, adapters=[adapter])
    funded.adopt(early)
    funded.wait(LISTING_DELAY_S)
    funded.publish(PRICES)
    order = replace(usdc_to_weth(funded), adapter=adapter)
    with refused("VenueNotListed", adapter):
        order.on(funded, early).transact({"from": funded.actor})
    late = funded.write_mandate(nonce=3, adapters=[adapter])
    funded.adopt(late)
    funded.send(order.on(funded, late), funded.actor)
