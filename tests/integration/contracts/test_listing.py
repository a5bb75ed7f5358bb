"""Who lists, names and pauses: above all, what a stolen server key cannot do."""

from dataclasses import replace
from decimal import Decimal

import pytest
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from bot.chain.listing import band_answer, listed_terms
from tests.integration.contracts.stage import (
    LISTING_DELAY_S,
    NATIVE,
    PRICES,
    SEI,
    V2,
    V3,
    Stage,
    only_event,
    refused,
)

NO_FEED = NATIVE, 0, 0, 0, 0


def _new_token(stage: Stage, decimals: int = 18) -> Contract:
    return stage.deploy("TestToken", "New", "NEW", decimals, stage.admin)


def _admin_calls(stage: Stage) -> list[ContractFunction]:
    token = _new_token(stage).address
    functions = stage.orchestrator.functions
    return [
        functions.listToken("NEW", token, *NO_FEED),
        functions.listVenue(stage.deploy("UniswapV2Adapter").address, stage.router(V2)),
        functions.switchOff(stage.address("WETH")),
        functions.setGuardian(stage.stranger),
        functions.setServer(stage.stranger),
        functions.unpause(),
    ]


@pytest.mark.parametrize("role", ["server", "guardian", "owner", "actor", "stranger"])
def test_only_the_admin_lists_and_names(stage: Stage, role: str) -> None:
    caller, functions = stage.role(role), stage.orchestrator.functions
    sealing = functions.seal(), functions.transferOwnership(caller), functions.renounceOwnership()
    for call in (*_admin_calls(stage), *sealing):
        with refused("OwnableUnauthorizedAccount", caller):
            call.transact({"from": caller})


def test_the_admin_may_do_all_of_it(stage: Stage) -> None:
    for call in _admin_calls(stage):
        stage.send(call, stage.admin)


def test_the_admins_part_passes_when_it_is_accepted(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    stage.send(functions.transferOwnership(stage.stranger), stage.admin)
    assert functions.owner().call() == stage.admin
    assert functions.pendingOwner().call() == stage.stranger
    stage.send(functions.acceptOwnership(), stage.stranger)
    with refused("OwnableUnauthorizedAccount", stage.admin):
        functions.setServer(stage.admin).transact({"from": stage.admin})


def test_everything_the_deployment_lists_is_listed_and_the_lists_are_closed(stage: Stage) -> None:
    functions, deployment = stage.orchestrator.functions, stage.deployment
    for token in deployment.tokens:
        terms = listed_terms(token.feed)
        assert functions.tokens(token.symbol).call() == token.address
        assert functions.isListed(token.address).call()
        assert functions.tokenListing(token.address).call() == [
            terms.feed,
            token.decimals,
            *(terms.max_age_s, terms.epsilon_bps, band_answer(terms.low), band_answer(terms.high)),
            *(0, True),
        ]
    for venue in deployment.venues:
        assert functions.venueListing(venue.adapter).call() == [venue.router, 0, True]
        assert functions.isRouter(venue.router).call()
    assert functions.usdt().call() == stage.address("USDC")
    assert functions.wsei().call() == stage.address("SEI")
    assert functions.server().call() == stage.server
    assert functions.guardian().call() == stage.parts.guardian
    assert functions.owner().call() == stage.admin
    assert functions.implementation().call() == deployment.implementation
    assert functions.isSealed().call()
    with refused("AlreadySealed"):
        functions.seal().transact({"from": stage.admin})


def test_a_listed_token_has_a_symbol_of_its_own_and_one_part_for_good(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    fresh, much = _new_token(stage).address, _new_token(stage, 19).address
    usdc = stage.address("USDC")
    cases = [
        (("", fresh), "EmptySymbol", ()),
        (("USDC", fresh), "SymbolTaken", ("USDC", usdc)),
        (("USDC", usdc), "AlreadyListed", (usdc,)),
        (("USDC2", usdc), "AlreadyListed", (usdc,)),
        (("NEW", stage.router(V2)), "AlreadyListed", (stage.router(V2),)),
        (("NEW", stage.venue(V2)), "AlreadyListed", (stage.venue(V2),)),
        (("NEW", stage.stranger), "NotAContract", (stage.stranger,)),
        (("NEW", much), "DecimalsNotAllowed", (much, 19)),
    ]
    for arguments, error, figures in cases:
        with refused(error, *figures):
            functions.listToken(*arguments, *NO_FEED).transact({"from": stage.admin})


def test_a_feed_comes_with_terms_that_make_sense(stage: Stage) -> None:
    list_token, token = stage.orchestrator.functions.listToken, _new_token(stage).address
    good = listed_terms(stage.make_feed("NEW", Decimal(4)))
    six = stage.deploy("TestToken", "Six", "SIX", 6, stage.admin).address
    low, high = band_answer(good.low), band_answer(good.high)
    answer, told_at = 4 * 10**8, stage.now()
    cases = [
        (good._replace(max_age_s=0), "FeedTermsNotAllowed", (0, 65)),
        (good._replace(epsilon_bps=0), "FeedTermsNotAllowed", (22_000, 0)),
        (good._replace(epsilon_bps=1001), "FeedTermsNotAllowed", (22_000, 1001)),
        (good._replace(feed=six), "DecimalsNotAllowed", (six, 6)),
        (good._replace(high=good.low), "BandNotAllowed", (low, low)),
        (good._replace(high=good.low + 49), "BandNotAllowed", (low, band_answer(good.low + 49))),
        (good._replace(low=good.high - 1), "FeedUnusable", (good.feed, answer, told_at)),
    ]
    for terms, error, figures in cases:
        with refused(error, *figures):
            list_token("NEW", token, *terms).transact({"from": stage.admin})
    stage.send(list_token("NEW", token, *good), stage.admin)
    assert stage.orchestrator.functions.tokenListing(token).call()[4:6] == [low, high]


def test_a_listing_is_announced_two_days_ahead(stage: Stage) -> None:
    token, functions = _new_token(stage), stage.orchestrator.functions
    feed = stage.make_feed("NEW", Decimal(4))
    receipt = stage.list_token("NEW", token, feed)
    due = stage.now() + LISTING_DELAY_S
    assert only_event(receipt, stage.orchestrator, "TokenListed") == {
        "token": token.address,
        "symbol": "NEW",
        "feed": feed.feed,
        "listedAt": due,
    }
    adapter, router = stage.deploy("UniswapV2Adapter").address, stage.router(V2)
    receipt = stage.send(functions.listVenue(adapter, router), stage.admin)
    listed = only_event(receipt, stage.orchestrator, "VenueListed")
    assert listed == {
        "adapter": adapter,
        "router": router,
        "listedAt": stage.now() + LISTING_DELAY_S,
    }
    stage.wait(LISTING_DELAY_S - 3)
    assert not functions.isListed(token.address).call(block_identifier="latest")
    stage.wait(3)
    assert functions.isListed(token.address).call(block_identifier="latest")
    assert functions.venueListing(adapter).call() == [router, listed["listedAt"], True]


def test_a_venue_is_a_contract_that_is_no_token_and_is_never_edited(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    fresh, usdc = stage.deploy("UniswapV2Adapter").address, stage.address("USDC")
    router = stage.router(V2)
    cases = [
        ((fresh, usdc), "AlreadyListed", usdc),
        ((usdc, router), "AlreadyListed", usdc),
        ((stage.venue(V2), stage.router(V3)), "AlreadyListed", stage.venue(V2)),
        ((router, stage.router(V3)), "AlreadyListed", router),
        ((fresh, stage.venue(V3)), "AlreadyListed", stage.venue(V3)),
        ((stage.stranger, router), "NotAContract", stage.stranger),
        ((fresh, stage.stranger), "NotAContract", stage.stranger),
    ]
    for arguments, error, figure in cases:
        with refused(error, figure):
            functions.listVenue(*arguments).transact({"from": stage.admin})


def test_entries_are_switched_off_at_once_and_a_token_is_listed_anew(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    weth, adapter = stage.token("WETH"), stage.venue(V3)
    for entry in (weth.address, adapter):
        receipt = stage.send(functions.switchOff(entry), stage.admin)
        assert only_event(receipt, stage.orchestrator, "SwitchedOff") == {"entry": entry}
    assert not functions.isListed(weth.address).call()
    assert functions.tokenListing(weth.address).call()[-1] is False
    assert functions.venueListing(adapter).call()[-1] is False
    with refused("AlreadyListed", adapter):
        functions.listVenue(adapter, stage.router(V3)).transact({"from": stage.admin})
    for entry in (stage.stranger, stage.router(V2)):
        with refused("TokenNotListed", entry):
            functions.switchOff(entry).transact({"from": stage.admin})

    stage.list_token("WETH", weth, None)
    stage.wait(LISTING_DELAY_S)
    assert functions.isListed(weth.address).call()


def test_the_server_makes_test_tokens_that_are_not_tradable(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    receipt = stage.send(functions.registerToken("Play", "PLAY"), stage.server)
    token = functions.tokens("PLAY").call()
    event = only_event(receipt, stage.orchestrator, "TokenRegistered")
    assert event == {"token": token, "symbol": "PLAY"}
    assert not functions.isListed(token).call()
    contract = stage.at("TestToken", token)
    assert contract.functions.symbol().call() == "PLAY"
    assert contract.functions.isMinter(stage.admin).call()
    assert not contract.functions.isMinter(stage.server).call()

    stage.list_token("PLAY", contract, None)
    for symbol, taken in (("PLAY", token), ("USDC", stage.address("USDC"))):
        with refused("SymbolTaken", symbol, taken):
            functions.registerToken("Again", symbol).transact({"from": stage.server})
    with refused("EmptySymbol"):
        functions.registerToken("Again", "").transact({"from": stage.server})
    with refused("NotServer", stage.admin):
        functions.registerToken("Mine", "MINE").transact({"from": stage.admin})


def _real_network(stage: Stage, **changes: str) -> tuple[str, ...]:
    usual = {
        "admin": stage.admin,
        "server": stage.server,
        "guardian": NATIVE,
        "quote": stage.address("USDC"),
        "wsei": stage.address("SEI"),
        "factory": NATIVE,
    }
    return tuple((usual | changes).values())


def test_where_money_is_real_no_token_can_be_made(stage: Stage) -> None:
    orchestrator = stage.deploy("CaretOrchestrator", *_real_network(stage))
    assert orchestrator.functions.tokenFactory().call() == NATIVE
    with refused("NoTokenFactory"):
        orchestrator.functions.registerToken("Fake", "FAKE").transact({"from": stage.server})


def test_a_deployment_needs_an_admin_a_quote_token_and_wsei(stage: Stage) -> None:
    for missing in ("quote", "wsei"):
        with refused("ZeroAddress"):
            stage.deploy("CaretOrchestrator", *_real_network(stage, **{missing: NATIVE}))
    with refused("OwnableInvalidOwner", NATIVE):
        stage.deploy("CaretOrchestrator", *_real_network(stage, admin=NATIVE))


def test_before_the_lists_are_closed_they_count_at_once_and_no_actor_comes_in(
    stage: Stage,
) -> None:
    orchestrator = stage.deploy("CaretOrchestrator", *_real_network(stage))
    other = replace(
        stage, deployment=stage.deployment.model_copy(update={"orchestrator": orchestrator.address})
    )
    other.list_token("NEW", _new_token(stage), None)
    token = orchestrator.functions.tokens("NEW").call()
    assert orchestrator.functions.isListed(token).call()
    register = orchestrator.functions.registerActor(int(stage.owner, 16), stage.stranger)
    with refused("NotSealed"):
        register.transact({"from": stage.server})
    receipt = stage.send(orchestrator.functions.seal(), stage.admin)
    assert only_event(receipt, orchestrator, "Sealed") == {}
    stage.send(register, stage.server)


def test_a_replaced_server_is_powerless_at_once(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    stage.pay(stage.escrow_address, SEI)
    receipt = stage.send(functions.setServer(stage.stranger), stage.admin)
    assert only_event(receipt, stage.orchestrator, "ServerSet") == {"server": stage.stranger}
    release = stage.escrow.functions.releaseFunds(NATIVE, stage.owner, SEI)
    for call in (release, stage.escrow.functions.drop()):
        with refused("NotServerOrOwner", stage.server):
            call.transact({"from": stage.server})
    with refused("NotServer", stage.server):
        functions.registerActor(int(stage.owner, 16), stage.admin).transact({"from": stage.server})
    with refused("NotPauser", stage.server):
        functions.pause().transact({"from": stage.server})
    stage.send(release, stage.stranger)


def test_guardian_server_and_admin_pause_and_the_admin_alone_resumes(stage: Stage) -> None:
    functions = stage.orchestrator.functions
    for role in ("guardian", "server", "admin"):
        pauser = stage.role(role)
        receipt = stage.send(functions.pause(), pauser)
        assert only_event(receipt, stage.orchestrator, "Paused") == {"by": pauser}
        assert functions.tradingPaused().call()
        if role != "admin":
            with refused("OwnableUnauthorizedAccount", pauser):
                functions.unpause().transact({"from": pauser})
        receipt = stage.send(functions.unpause(), stage.admin)
        assert only_event(receipt, stage.orchestrator, "Unpaused") == {"by": stage.admin}
        assert not functions.tradingPaused().call()
    for role in ("owner", "actor", "stranger"):
        with refused("NotPauser", stage.role(role)):
            functions.pause().transact({"from": stage.role(role)})


def test_a_replaced_guardian_pauses_no_more(stage: Stage) -> None:
    functions, old = stage.orchestrator.functions, stage.parts.guardian
    receipt = stage.send(functions.setGuardian(stage.stranger), stage.admin)
    assert only_event(receipt, stage.orchestrator, "GuardianSet") == {"guardian": stage.stranger}
    with refused("NotPauser", old):
        functions.pause().transact({"from": old})
    stage.send(functions.pause(), stage.stranger)


def test_all_local_tokens_have_a_price(stage: Stage) -> None:
    assert {token.symbol for token in stage.deployment.tokens if token.feed} == set(PRICES)
