"""Who lists, names and pauses: above all, what a stolen server key cannot do."""

import pytest
from web3.contract.contract import ContractFunction

from tests.integration.contracts.stage import (
    NATIVE,
    OFF,
    ON,
    PRICES,
    SEI,
    Stage,
    only_event,
    refused,
)


def _admin_calls(stage: Stage) -> list[ContractFunction]:
    token = stage.deploy("TestToken", "New", "NEW", 18, stage.server).address
    functions = stage.orchestrator.functions
    return [
        functions.listToken("NEW", token),
        functions.listVenue(stage.deploy("UniswapV2Adapter").address, token),
        functions.setEnabled(stage.address("WETH"), OFF),
        functions.setServer(stage.stranger),
        functions.transferOwnership(stage.stranger),
        functions.renounceOwnership(),
    ]


@pytest.mark.parametrize("role", ["server", "owner", "actor", "stranger"])
def test_only_the_admin_lists_and_names(stage: Stage, role: str) -> None:
    caller = getattr(stage, role)
    for call in _admin_calls(stage):
        with refused("OwnableUnauthorizedAccount", caller):
            call.transact({"from": caller})


def test_the_admin_may_do_all_of_it(stage: Stage) -> None:
    for call in _admin_calls(stage)[2:]:
        stage.send(call, stage.admin)
    with refused("OwnableUnauthorizedAccount", stage.admin):
        stage.orchestrator.functions.setServer(stage.admin).transact({"from": stage.admin})


def test_everything_the_deployment_lists_is_listed(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    for symbol in PRICES:
        assert functions.tokens(symbol).call() == stage.address(symbol)
        assert functions.isListed(stage.address(symbol)).call()
    for venue in stage.deployment.venues:
        assert functions.routerFor(venue.adapter).call() == venue.router
    assert functions.usdt().call() == stage.address("USDC")
    assert functions.server().call() == stage.server
    assert functions.owner().call() == stage.admin


def test_a_listed_token_has_a_symbol_of_its_own_and_one_part_for_good(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    fresh = stage.deploy("TestToken", "New", "NEW", 18, stage.admin).address
    usdc, v2 = stage.address("USDC"), stage.venue("uniswap_v2")
    cases = [
        (("", fresh), "EmptySymbol", ()),
        (("USDC", fresh), "SymbolTaken", ("USDC", usdc)),
        (("USDC", usdc), "AlreadyListed", (usdc,)),
        (("USDC2", usdc), "AlreadyListed", (usdc,)),
        (("NEW", stage.router("uniswap_v2")), "AlreadyListed", (stage.router("uniswap_v2"),)),
        (("NEW", v2), "AlreadyListed", (v2,)),
        (("NEW", stage.stranger), "NotAContract", (stage.stranger,)),
    ]
    for arguments, error, figures in cases:
        with refused(error, *figures):
            functions.listToken(*arguments).transact({"from": stage.admin})
    receipt = stage.send(functions.listToken("NEW", fresh), stage.admin)
    assert only_event(receipt, stage.orchestrator, "TokenListed")["token"] == fresh


def test_a_venue_is_a_contract_that_is_no_token_and_is_never_edited(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    fresh, usdc = stage.deploy("UniswapV2Adapter").address, stage.address("USDC")
    v2, v3 = stage.venue("uniswap_v2"), stage.venue("uniswap_v3")
    router = stage.router("uniswap_v2")
    cases = [
        ((fresh, usdc), "AlreadyListed", usdc),
        ((usdc, router), "AlreadyListed", usdc),
        ((v2, stage.router("uniswap_v3")), "AlreadyListed", v2),
        ((router, stage.router("uniswap_v3")), "AlreadyListed", router),
        ((fresh, v3), "AlreadyListed", v3),
        ((stage.stranger, router), "NotAContract", stage.stranger),
        ((fresh, stage.stranger), "NotAContract", stage.stranger),
    ]
    for arguments, error, figure in cases:
        with refused(error, figure):
            functions.listVenue(*arguments).transact({"from": stage.admin})
    stage.send(functions.listVenue(fresh, router), stage.admin)
    assert functions.routerFor(fresh).call() == router


def test_tokens_and_venues_are_switched_off_and_on_and_nothing_else_is(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    weth, adapter = stage.address("WETH"), stage.venue("uniswap_v3")
    for entry in (weth, adapter):
        stage.send(functions.setEnabled(entry, OFF), stage.admin)
    assert not functions.isListed(weth).call()
    with refused("TokenNotListed", weth):
        functions.requireListed([stage.address("USDC"), weth]).call()
    with refused("VenueNotListed", adapter):
        functions.routerFor(adapter).call()
    for entry in (weth, adapter):
        stage.send(functions.setEnabled(entry, ON), stage.admin)
    assert functions.isListed(weth).call()
    assert functions.routerFor(adapter).call()
    router = stage.router("uniswap_v2")
    for entry, error in ((stage.stranger, "TokenNotListed"), (router, "VenueNotListed")):
        with refused(error, entry):
            functions.setEnabled(entry, OFF).transact({"from": stage.admin})


def test_the_server_makes_test_tokens_that_are_not_tradable(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    stage.send(functions.registerToken("Play", "PLAY"), stage.server)
    token = functions.tokens("PLAY").call()
    assert not functions.isListed(token).call()
    contract = stage.at("TestToken", token)
    assert contract.functions.symbol().call() == "PLAY"
    assert contract.functions.isMinter(stage.admin).call()
    assert not contract.functions.isMinter(stage.server).call()

    stage.send(functions.listToken("PLAY", token), stage.admin)
    assert functions.isListed(token).call()
    for symbol, taken in (("PLAY", token), ("USDC", stage.address("USDC"))):
        with refused("SymbolTaken", symbol, taken):
            functions.registerToken("Again", symbol).transact({"from": stage.server})
    with refused("EmptySymbol"):
        functions.registerToken("Again", "").transact({"from": stage.server})
    with refused("NotServer", stage.admin):
        functions.registerToken("Mine", "MINE").transact({"from": stage.admin})


def _real_network(stage: Stage, *changes: object) -> tuple[object, ...]:
    usual = (stage.admin, stage.server, stage.address("USDC"), stage.address("SEI"), NATIVE)
    return tuple(change or usual[i] for i, change in enumerate(changes)) + usual[len(changes) :]


def test_where_money_is_real_no_token_can_be_made(stage: Stage) -> None:
    orchestrator = stage.deploy("CaretOrchestrator", *_real_network(stage))
    assert orchestrator.functions.tokenFactory().call() == NATIVE
    with refused("NoTokenFactory"):
        orchestrator.functions.registerToken("Fake", "FAKE").transact({"from": stage.server})


def test_a_deployment_needs_an_admin_a_quote_token_and_wsei(stage: Stage) -> None:
    for missing in ((None, None, NATIVE), (None, None, None, NATIVE)):
        with refused("ZeroAddress"):
            stage.deploy("CaretOrchestrator", *_real_network(stage, *missing))
    with refused("OwnableInvalidOwner", NATIVE):
        stage.deploy("CaretOrchestrator", *_real_network(stage, NATIVE))


def test_a_replaced_server_is_powerless_at_once(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    stage.pay(stage.escrow_address, SEI)
    stage.send(functions.setServer(stage.stranger), stage.admin)
    release = stage.escrow.functions.releaseFunds(NATIVE, stage.owner, SEI)
    with refused("NotServerOrOwner", stage.server):
        release.transact({"from": stage.server})
    with refused("NotServer", stage.server):
        functions.registerActor(int(stage.owner, 16), stage.admin).transact({"from": stage.server})
    with refused("NotServerOrAdmin", stage.server):
        functions.setTradingPaused(ON).transact({"from": stage.server})
    stage.send(release, stage.stranger)


def test_server_and_admin_pause_and_resume_nobody_else(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    for pauser, resumer in ((stage.server, stage.admin), (stage.admin, stage.server)):
        receipt = stage.send(functions.setTradingPaused(ON), pauser)
        event = only_event(receipt, stage.orchestrator, "TradingPausedSet")
        assert event == {"paused": True, "by": pauser}
        with refused("TradingPaused"):
            functions.routerFor(stage.venue("uniswap_v2")).call()
        stage.send(functions.setTradingPaused(OFF), resumer)
        assert functions.routerFor(stage.venue("uniswap_v2")).call()
    for caller in (stage.owner, stage.actor, stage.stranger):
        with refused("NotServerOrAdmin", caller):
            functions.setTradingPaused(ON).transact({"from": caller})
