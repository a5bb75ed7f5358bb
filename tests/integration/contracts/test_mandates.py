"""What an owner signs, and how it ends."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from tests.integration.contracts.stage import (
    DAY_S,
    EXIT_CODE,
    NATIVE,
    NOTHING_SIGNED,
    OWNER_KEY,
    PRICES,
    SEI,
    USD,
    USDC,
    V2,
    Message,
    Stage,
    only_event,
    refused,
)
from tests.integration.contracts.test_swap import usdc_to_weth

STRANGER_KEY = "0x" + "77" * 32


@pytest.fixture
def funded(stage: Stage) -> Stage:
    stage.give("USDC", stage.escrow_address, 1_000 * USDC)
    stage.pay(stage.escrow_address, SEI)
    return stage


def struct_hash(stage: Stage, mandate: Message) -> bytes:
    """As wallets hash it."""
    return encode_typed_data(full_message=stage.typed("Mandate", mandate)).body


def test_a_mandate_is_told_whole_and_kept_as_its_hash(stage: Stage) -> None:
    mandate = stage.write_mandate(nonce=7, slippageBps=123, tokens=[stage.address("WETH")])
    receipt = stage.adopt(mandate)
    event = only_event(receipt, stage.escrow, "MandateSet")
    hashed = struct_hash(stage, mandate)
    assert (event["nonce"], event["mandateHash"]) == (7, hashed)
    assert dict(event["mandate"]) == mandate
    word = int.from_bytes(hashed) >> 40 << 40 | mandate["validUntil"]
    assert stage.escrow.functions.status().call()[3:] == [word, True]
    assert stage.escrow.functions.nonce().call() == 7


def test_only_what_the_owner_signed_for_this_escrow_on_this_chain_counts(stage: Stage) -> None:
    mandate, escrow = stage.write_mandate(nonce=2), stage.escrow
    other = stage.register(stage.owner, stage.w3.eth.accounts[1])
    elsewhere = replace(stage, deployment=stage.deployment.model_copy(update={"chain_id": 1329}))
    for signature in (
        stage.sign("Mandate", mandate, escrow.address, STRANGER_KEY),
        stage.sign("Mandate", mandate, other.address),
        stage.sign("Mandate", mandate | {"dailyLoss": 1}, escrow.address),
        stage.sign("Revoke", {"nonce": 2}, escrow.address),
        elsewhere.sign("Mandate", mandate, escrow.address),
        b"",
    ):
        with refused("NotSignedByOwner", stage.owner):
            escrow.functions.setMandate(mandate, signature).transact({"from": stage.owner})


def test_a_mandate_has_a_time_and_a_turn(stage: Stage) -> None:
    stage.wait(1)
    now = stage.now()
    cases: list[tuple[dict[str, Any], str, tuple[int, ...]]] = [
        ({"nonce": 1}, "NonceTooLow", (1, 1)),
        ({"signBy": now - 1}, "SignatureTooLate", (now - 1, now)),
        ({"issuedAt": now + 1}, "MandateNotIssuedYet", (now + 1, now)),
        ({"validUntil": now - 1}, "MandateExpired", (now - 1, now)),
        ({"slippageBps": 10_000}, "SlippageNotAllowed", (10_000,)),
    ]
    for change, error, figures in cases:
        mandate = stage.write_mandate(**{"nonce": 2, **change})
        with refused(error, *figures):
            stage.set_mandate(mandate).call({"from": stage.stranger}, "latest")
    edge = stage.write_mandate(nonce=2, signBy=now, issuedAt=now, validUntil=now, slippageBps=9_999)
    stage.set_mandate(edge).call({"from": stage.stranger}, "latest")


def test_a_swap_names_the_mandate_in_force(funded: Stage) -> None:
    order = usdc_to_weth(funded)
    word = funded.escrow.functions.status().call()[3].to_bytes(32)
    for change in ({"dailyLoss": 1}, {"tokens": funded.mandate["tokens"][::-1]}):
        passed = {**funded.mandate, **change}
        hashed = struct_hash(funded, passed)
        claimed = hashed[:27] + passed["validUntil"].to_bytes(5)
        with refused("NotTheMandate", claimed, word):
            order.on(funded, passed).transact({"from": funded.actor})
    until = funded.mandate["validUntil"]
    funded.wait(until - funded.now())
    funded.publish(PRICES)
    funded.wait(1)
    with refused("MandateExpired", until, funded.now()):
        order.on(funded).call({"from": funded.actor}, "latest")
    with refused("MandateExpired", until, funded.now()):
        funded.escrow.functions.fundActor(NATIVE, 1).call({"from": funded.actor}, "latest")
    assert not funded.escrow.functions.status().call()[-1]


def test_the_owner_revokes_and_its_withheld_signatures_are_void(funded: Stage) -> None:
    revoke = funded.escrow.functions.revoke
    with refused("NonceTooLow", 0, 1):
        revoke(0, b"").transact({"from": funded.owner})
    receipt = funded.send(revoke(5, b""), funded.owner)
    assert only_event(receipt, funded.escrow, "Revoked") == {"nonce": 5}
    assert funded.escrow.functions.stopped().call() == [True, False]
    with refused("NonceTooLow", 5, 5):
        funded.set_mandate(funded.write_mandate(nonce=5)).transact({"from": funded.owner})
    with refused("NoMandate"):
        usdc_to_weth(funded).on(funded).transact({"from": funded.actor})
    with refused("NoMandate"):
        funded.escrow.functions.fundActor(NATIVE, 1).transact({"from": funded.actor})
    fresh = funded.write_mandate(nonce=6)
    funded.adopt(fresh)
    funded.send(usdc_to_weth(funded).on(funded, fresh), funded.actor)


def test_anybody_brings_in_a_signed_revocation(funded: Stage) -> None:
    revoke = funded.escrow.functions.revoke
    for nonce, key in ((3, STRANGER_KEY), (4, OWNER_KEY)):
        signature = funded.sign("Revoke", {"nonce": nonce}, funded.escrow_address, key)
        with refused("NotSignedByOwner", funded.owner):
            revoke(3, signature).transact({"from": funded.stranger})
    signature = funded.sign("Revoke", {"nonce": 3}, funded.escrow_address)
    funded.send(revoke(3, signature), funded.stranger)
    assert funded.escrow.functions.nonce().call() == 3
    assert not funded.escrow.functions.status().call()[-1]


@pytest.mark.parametrize("role", ["server", "owner"])
def test_server_and_owner_drop_a_mandate(funded: Stage, role: str) -> None:
    drop = funded.escrow.functions.drop()
    receipt = funded.send(drop, funded.role(role))
    assert only_event(receipt, funded.escrow, "Dropped") == {"by": funded.role(role)}
    with refused("NoMandate"):
        usdc_to_weth(funded).on(funded).transact({"from": funded.actor})
    with refused("NonceTooLow", 1, 1):
        funded.set_mandate(funded.mandate).transact({"from": funded.server})


@pytest.mark.parametrize("role", ["admin", "guardian", "actor", "stranger"])
def test_nobody_else_drops_one(stage: Stage, role: str) -> None:
    with refused("NotServerOrOwner", stage.role(role)):
        stage.escrow.functions.drop().transact({"from": stage.role(role)})


def test_a_new_mandate_does_not_empty_the_buckets(funded: Stage) -> None:
    funded.send(usdc_to_weth(funded, 400 * USDC).on(funded), funded.actor)
    tight = funded.write_mandate(nonce=2, dailyVolume=1_000 * USD)
    funded.adopt(tight)
    more = replace(usdc_to_weth(funded, 200 * USDC), id=2)
    with refused("VolumeExceeded", exact=False):
        more.on(funded, tight).transact({"from": funded.actor})
    funded.wait(DAY_S // 4)
    funded.publish(PRICES)
    funded.send(more.on(funded, tight), funded.actor)


def test_an_owner_that_cannot_sign_has_the_default_mandate_and_an_exit(stage: Stage) -> None:
    actor = stage.w3.eth.accounts[1]
    escrow = stage.register_with_exit(stage.owner, actor)
    hidden = replace(stage, escrow_address=escrow.address)
    stage.give("USDC", escrow.address, 200 * USDC)
    assert escrow.functions.exitHash().call() == keccak(EXIT_CODE)
    assert escrow.functions.status().call()[3:] == [0, True]

    receipt = stage.send(usdc_to_weth(stage, 50 * USDC).on(hidden, NOTHING_SIGNED), actor)
    assert only_event(receipt, escrow, "Swapped")["valueIn"] == 50 * USD
    with refused("TradeCapExceeded", 50 * USD + 1, 50 * USD):
        order = replace(usdc_to_weth(stage, 50 * USDC + 1), id=2)
        order.on(hidden, NOTHING_SIGNED).transact({"from": actor})

    stage.send(escrow.functions.exit(EXIT_CODE, stage.address("USDC")), stage.stranger)
    stage.give("USDC", escrow.address, 10 * USDC)
    with refused("Exited"):
        order = replace(usdc_to_weth(stage, USDC), id=2)
        order.on(hidden, NOTHING_SIGNED).transact({"from": actor})


def test_the_default_mandate_covers_what_was_listed_a_week_ago(stage: Stage) -> None:
    actor = stage.w3.eth.accounts[1]
    escrow = stage.register_with_exit(stage.owner, actor)
    hidden = replace(stage, escrow_address=escrow.address)
    stage.give("USDC", escrow.address, 100 * USDC)
    adapter = stage.deploy("UniswapV2Adapter").address
    listing = stage.orchestrator.functions.listVenue(adapter, stage.router(V2))
    stage.send(listing, stage.admin)
    order = replace(usdc_to_weth(stage, USDC), adapter=adapter)
    stage.wait(9 * DAY_S - 60)
    stage.publish(PRICES)
    with refused("VenueNotListed", adapter):
        order.on(hidden, NOTHING_SIGNED).transact({"from": actor})
    stage.wait(120)
    stage.send(order.on(hidden, NOTHING_SIGNED), actor)


def test_a_loss_is_counted_and_a_gain_is_not(funded: Stage) -> None:
    """Where pool and feed are apart: a loss is charged, and a gain later gives nothing back."""
    mandate = funded.write_mandate(nonce=2, slippageBps=3_000, dailyLoss=50 * USD)
    funded.adopt(mandate)
    dear = Decimal("1.1") * PRICES["WETH"]
    funded.publish({"WETH": PRICES["WETH"] / Decimal("1.1")})
    cheap = usdc_to_weth(funded, 200 * USDC)
    receipt = funded.send(cheap.on(funded, mandate), funded.actor)
    lost = only_event(receipt, funded.escrow, "Swapped")["charge"]
    assert 18 * USD < lost < 22 * USD
    again = replace(cheap, id=2)
    with refused("LossBudgetExceeded", exact=False):
        again.on(funded, mandate).transact({"from": funded.actor})
    funded.publish({"WETH": dear})
    receipt = funded.send(again.on(funded, mandate), funded.actor)
    assert only_event(receipt, funded.escrow, "Swapped")["charge"] == 0
    assert funded.escrow.functions.status().call()[0] <= lost
