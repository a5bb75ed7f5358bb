"""Tokens and routers that misbehave: what an escrow measures is what counts."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from eth_abi.abi import encode
from web3.contract import Contract
from web3.contract.contract import ContractFunction
from web3.exceptions import ContractLogicError

from tests.integration.contracts.stage import (
    FAR_DEADLINE,
    LISTING_DELAY_S,
    NATIVE,
    PRICES,
    SEI,
    Message,
    Stage,
    only_event,
    read_error,
    refused,
)

PAID, BOUGHT = 100 * SEI, 50 * SEI
_PRICES = {"SOLD": Decimal(1), "BGHT": Decimal(2)}


@dataclass(frozen=True)
class Bazaar:
    """A listed venue whose router does whatever the swap's data says, and two odd tokens."""

    adapter: Contract
    router: Contract
    sold: Contract
    bought: Contract
    escrow: Contract
    mandate: Message

    def swap(self, call: str, *, id_: int = 1, min_out: int = BOUGHT) -> ContractFunction:
        return self.escrow.functions.swap(*self._terms(call, id_, min_out))

    def swap_data(self, call: str, *, id_: int = 1) -> str:
        return str(self.escrow.encode_abi("swap", args=self._terms(call, id_, BOUGHT)))

    def _terms(self, call: str, id_: int, min_out: int) -> tuple[object, Message]:
        tokens = self.sold.address, self.bought.address
        data = encode(["bytes", "address[]"], [bytes.fromhex(call[2:]), tokens])
        trade = id_, FAR_DEADLINE, self.adapter.address, *tokens, PAID, min_out, data
        return trade, self.mandate

    def trade(self, take: int = PAID, give: int = BOUGHT, to: str = "") -> str:
        places = self.sold.address, take, self.bought.address, give, to or self.escrow.address
        return str(self.router.encode_abi("trade", args=places))

    def allowance(self) -> int:
        pair = self.escrow.address, self.router.address
        return int(self.sold.functions.allowance(*pair).call())


def open_bazaar(stage: Stage, sold: str = "", bought: str = "", actor: str = "") -> Bazaar:
    """Listed long enough, and in a new mandate of the escrow, or of a new one with `actor`."""
    tokens = [
        stage.deploy(f"test/{name}") if name else stage.deploy("TestToken", *plain)
        for name, plain in (
            (sold, ("Sold", "SOLD", 18, stage.admin)),
            (bought, ("Bought", "BGHT", 18, stage.admin)),
        )
    ]
    adapter, router = stage.deploy("test/ScriptedAdapter"), stage.deploy("test/ScriptedRouter")
    stage.send(stage.orchestrator.functions.listVenue(adapter.address, router.address), stage.admin)
    for (symbol, usd), token in zip(_PRICES.items(), tokens, strict=True):
        stage.list_token(symbol, token, stage.make_feed(symbol, usd))
    escrow = stage.register(stage.owner, actor) if actor else stage.escrow
    stage.send(tokens[0].functions.mint(escrow.address, 10 * PAID), stage.admin)
    stage.send(tokens[1].functions.mint(router.address, 10 * BOUGHT), stage.admin)
    stage.wait(LISTING_DELAY_S)
    stage.publish(PRICES | _PRICES)
    traded = {"tokens": [token.address for token in tokens], "adapters": [adapter.address]}
    mandate = stage.write_mandate(nonce=2, **traded)
    stage.adopt(mandate, escrow)
    return Bazaar(adapter, router, tokens[0], tokens[1], escrow, mandate)


def test_an_honest_trade_of_plain_tokens_goes_through(stage: Stage) -> None:
    bazaar = open_bazaar(stage)
    receipt = stage.send(bazaar.swap(bazaar.trade()), stage.actor)
    event = only_event(receipt, stage.escrow, "Swapped")
    assert (event["spent"], event["got"]) == (PAID, BOUGHT)


def test_a_router_that_takes_less_keeps_an_allowance_of_one_unit(stage: Stage) -> None:
    bazaar = open_bazaar(stage)
    receipt = stage.send(bazaar.swap(bazaar.trade(take=PAID - 7)), stage.actor)
    assert only_event(receipt, stage.escrow, "Swapped")["spent"] == PAID - 7
    assert bazaar.allowance() == 1
    with refused("ERC20InsufficientAllowance", bazaar.router.address, 1, 2):
        bazaar.router.functions.rob(bazaar.sold.address, stage.escrow_address, 2).transact(
            {"from": stage.stranger}
        )


def test_an_allowance_left_by_a_token_of_its_own_will_does_not_survive_a_swap(stage: Stage) -> None:
    bazaar = open_bazaar(stage, sold="SilentToken")
    for id_ in (1, 2):
        stage.send(bazaar.swap(bazaar.trade(take=PAID - 1), id_=id_), stage.actor)
    assert bazaar.allowance() == 1


def test_a_router_cannot_take_more_than_is_sold(stage: Stage) -> None:
    bazaar = open_bazaar(stage)
    with refused("ERC20InsufficientAllowance", bazaar.router.address, PAID + 1, PAID + 2):
        bazaar.swap(bazaar.trade(take=PAID + 2)).transact({"from": stage.actor})
    with refused("Overspent", PAID + 1, PAID):
        bazaar.swap(bazaar.trade(take=PAID + 1)).transact({"from": stage.actor})


@pytest.mark.parametrize("give", [0, 1, BOUGHT - 1])
def test_a_router_that_delivers_too_little_is_refused(stage: Stage, give: int) -> None:
    bazaar = open_bazaar(stage)
    with refused("TooLittleReceived", give, BOUGHT):
        bazaar.swap(bazaar.trade(give=give)).transact({"from": stage.actor})


def test_output_sent_elsewhere_counts_as_nothing(stage: Stage) -> None:
    bazaar = open_bazaar(stage)
    for thief in (stage.actor, stage.server, stage.stranger):
        with refused("TooLittleReceived", 0, 1):
            bazaar.swap(bazaar.trade(to=thief), min_out=1).transact({"from": stage.actor})


def test_a_token_that_shrinks_on_the_way_counts_as_what_arrives(stage: Stage) -> None:
    bazaar = open_bazaar(stage, bought="FeeOnTransferToken")
    arrives = BOUGHT * 99 // 100
    with refused("TooLittleReceived", arrives, BOUGHT):
        bazaar.swap(bazaar.trade()).transact({"from": stage.actor})
    receipt = stage.send(bazaar.swap(bazaar.trade(), min_out=arrives), stage.actor)
    assert only_event(receipt, stage.escrow, "Swapped")["got"] == arrives


def test_a_token_that_takes_a_fee_on_top_is_refused(stage: Stage) -> None:
    bazaar = open_bazaar(stage, sold="FeeOnTopToken")
    with refused("Overspent", PAID * 101 // 100, PAID):
        bazaar.swap(bazaar.trade()).transact({"from": stage.actor})


def test_tokens_that_answer_nothing_are_traded_and_released(stage: Stage) -> None:
    bazaar = open_bazaar(stage, sold="SilentToken", bought="SilentToken")
    receipt = stage.send(bazaar.swap(bazaar.trade()), stage.actor)
    assert only_event(receipt, stage.escrow, "Swapped")["got"] == BOUGHT
    release = stage.escrow.functions.releaseFunds(bazaar.bought.address, stage.owner, BOUGHT)
    stage.send(release, stage.server)
    assert bazaar.bought.functions.balanceOf(stage.owner).call() == BOUGHT


def test_a_transfer_answered_with_false_is_no_payment(stage: Stage) -> None:
    bazaar = open_bazaar(stage, bought="FalseToken")
    with refused("TooLittleReceived", 0, BOUGHT):
        bazaar.swap(bazaar.trade()).transact({"from": stage.actor})
    stage.send(bazaar.bought.functions.mint(stage.escrow_address, 1), stage.admin)
    release = stage.escrow.functions.releaseFunds(bazaar.bought.address, stage.owner, 1)
    for caller in (stage.server, stage.owner):
        with refused("SafeERC20FailedOperation", bazaar.bought.address):
            release.transact({"from": caller})


def test_a_broken_token_keeps_no_other_from_leaving(stage: Stage) -> None:
    stage.list_token("BROKEN", stage.deploy("test/BrokenToken"), None)
    stage.give("USDC", stage.escrow_address, 5)
    withdraw = stage.escrow.functions.withdraw(stage.address("USDC"), stage.owner, 5)
    stage.send(withdraw, stage.owner)


def _reenter(stage: Stage, call: str) -> tuple[str, tuple[object, ...]]:
    """A swap during which the actor, a contract, makes `call`; how that call failed."""
    actor = stage.deploy("test/Puppet")
    bazaar = open_bazaar(stage, bought="CallingToken", actor=actor.address)
    stage.send(bazaar.bought.functions.setListener(actor.address), stage.admin)
    stage.pay(bazaar.escrow.address, SEI)
    calls = {
        "swap": bazaar.swap_data(bazaar.trade(), id_=2),
        "fundActor": bazaar.escrow.encode_abi("fundActor", args=[NATIVE, 1]),
        "exit": bazaar.escrow.encode_abi("exit", args=[b"\0" * 32, NATIVE]),
        "revoke": bazaar.escrow.encode_abi("revoke", args=[9, b""]),
    }
    stage.send(actor.functions.arm(bazaar.escrow.address, calls[call]), stage.admin)
    outer = bazaar.swap_data(bazaar.trade())
    stage.send(actor.functions.run(bazaar.escrow.address, outer), stage.stranger)
    assert bazaar.escrow.functions.sequence().call() == 1
    assert bazaar.bought.functions.balanceOf(bazaar.escrow.address).call() == BOUGHT
    assert actor.functions.touched().call()
    assert not actor.functions.succeeded().call()
    return read_error(actor.functions.answer().call())


@pytest.mark.parametrize("call", ["swap", "fundActor", "exit", "revoke"])
def test_a_swap_cannot_be_entered_again(stage: Stage, call: str) -> None:
    assert _reenter(stage, call) == ("ReentrancyGuardReentrantCall", ())


def test_a_router_without_code_is_never_called(stage: Stage) -> None:
    bazaar = open_bazaar(stage)
    stage.w3.provider.make_request("anvil_setCode", [bazaar.router.address, "0x"])
    with pytest.raises(ContractLogicError):
        bazaar.swap(bazaar.trade(), min_out=1).transact({"from": stage.actor})
