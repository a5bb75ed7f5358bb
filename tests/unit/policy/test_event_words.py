"""Every event of ours has words, and they say what happened."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.chain.bindings import load_abi
from bot.domain.mandate import EscrowEvent, Mandate, MicroUsd
from bot.domain.money import NATIVE, Bps
from bot.policy.event_words import TOLD_EVENTS, describe_event, is_unusual

ESCROW, OWNER, OTHER = ("0x" + digit * 40 for digit in "123")
USDC, WSEI, ADAPTER = ("0x" + digit * 40 for digit in "456")
SYMBOLS = {USDC: "USDC", WSEI: "WSEI", NATIVE: "SEI", ADAPTER: "DragonSwap"}


def symbol_of(address: str) -> str:
    return SYMBOLS.get(address, address)


def amount_of(token: str, raw: int) -> str:
    return f"{raw} {symbol_of(token)}"


def event(name: str, **fields: str) -> EscrowEvent:
    return EscrowEvent(ESCROW, name, fields, 7, "0xabc", 0)


def told(name: str, **fields: str) -> str:
    return describe_event(event(name, **fields), symbol_of, amount_of)


SWAP = {
    "id": "12",
    "adapter": ADAPTER,
    "tokenIn": USDC,
    "tokenOut": WSEI,
    "spent": "25",
    "got": "99",
    "valueIn": "25000000",
    "charge": "400000",
}
LISTED = {"symbol": "PEPE", "token": OTHER, "feed": OWNER, "listedAt": "1800000000"}


@pytest.mark.parametrize("contract", ["CaretEscrow", "CaretOrchestrator"])
def test_every_event_of_the_contracts_has_words(contract: str) -> None:
    assert set(load_abi(contract).events) <= TOLD_EVENTS


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("Received", {"from": OTHER, "amount": "5"}, ["5 SEI came in", OTHER]),
        (
            "Withdrawn",
            {"token": USDC, "to": OTHER, "amount": "5"},
            ["owner withdrew 5 USDC", OTHER],
        ),
        ("Released", {"token": NATIVE, "to": OWNER, "amount": "5"}, ["5 SEI was paid out", OWNER]),
        ("ActorFunded", {"amount": "5"}, ["drew 5 SEI for gas"]),
        ("Swapped", SWAP, ["Trade 12 on DragonSwap: 25 USDC for 99 WSEI", "$25 ", "$0.40 "]),
        ("MandateSet", {"nonce": "3", "mandateHash": "0x1"}, ["Mandate 3", "in force"]),
        ("Revoked", {"nonce": "9"}, ["owner revoked", "number 9 is void"]),
        ("Dropped", {"by": OTHER}, [OTHER, "dropped the mandate"]),
        ("ExitUsed", {"by": OTHER}, [OTHER, "never trades again"]),
        ("Transfer", {"token": USDC, "from": ESCROW, "to": OTHER, "value": "5"}, ["5 USDC left"]),
        ("Transfer", {"token": USDC, "from": OTHER, "to": ESCROW, "value": "5"}, ["came in from"]),
        (
            "EscrowDeployed",
            {"owner": OWNER, "escrow": ESCROW, "exitHash": "0x" + "0" * 64, "index": "2"},
            ["number 2", OWNER, "without an exit code"],
        ),
        (
            "ActorRegistered",
            {"owner": OWNER, "actor": OTHER, "escrow": ESCROW, "index": "0", "gas": "7"},
            [OTHER, "with 7 SEI"],
        ),
        ("ServerSet", {"server": OTHER}, ["server is", OTHER]),
        ("ServerSet", {"server": NATIVE}, ["server was removed", "withdraw"]),
        ("GuardianSet", {"guardian": OTHER}, [OTHER, "can pause"]),
        ("GuardianSet", {"guardian": NATIVE}, ["no guardian"]),
        ("Paused", {"by": OTHER}, ["paused for all escrows", OTHER, "Withdrawals"]),
        ("Unpaused", {"by": OTHER}, ["resumed", OTHER]),
        ("Sealed", {}, ["two days"]),
        ("TokenListed", LISTED, ["PEPE", OTHER, "priced by", "2027-01-15 08:00 UTC"]),
        ("TokenListed", {**LISTED, "feed": NATIVE, "listedAt": "0"}, ["passed through", "at once"]),
        (
            "VenueListed",
            {"adapter": ADAPTER, "router": OTHER, "listedAt": "0"},
            [ADAPTER, OTHER, "at once"],
        ),
        ("SwitchedOff", {"entry": USDC}, ["USDC was switched off"]),
        ("TokenRegistered", {"token": OTHER, "symbol": "T"}, ["test token T", "not listed"]),
        (
            "OwnershipTransferStarted",
            {"previousOwner": OWNER, "newOwner": OTHER},
            [OWNER, "offers", OTHER, "accept"],
        ),
        ("OwnershipTransferred", {"previousOwner": OWNER, "newOwner": OTHER}, ["admin is", OTHER]),
        ("0x1234", {}, ["no words for", "0x1234"]),
    ],
)
def test_what_happened_is_said(name: str, fields: dict[str, str], words: list[str]) -> None:
    text = told(name, **fields)
    assert [word for word in words if word not in text] == []
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("charge", "unusual"), [("0", False), ("750000", False), ("750001", True), ("25000000", True)]
)
def test_a_loss_that_nothing_explains_is_pointed_out(charge: str, *, unusual: bool) -> None:
    swap = {**SWAP, "charge": charge}
    assert is_unusual(event("Swapped", **swap)) is unusual
    assert ("more than price feeds and fees explain" in told("Swapped", **swap)) is unusual


def test_a_mandate_is_told_with_all_it_allows() -> None:
    mandate = Mandate(
        nonce=3,
        issued_at=datetime(2026, 12, 1, tzinfo=UTC),
        valid_until=datetime(2027, 3, 1, 23, 59, 59, tzinfo=UTC),
        sign_by=datetime(2026, 12, 2, tzinfo=UTC),
        slippage=Bps(150),
        trade_cap=MicroUsd(50_000_000),
        daily_volume=MicroUsd(200_000_000),
        daily_loss=MicroUsd(10_000_000),
        tokens=(USDC, WSEI),
        adapters=(ADAPTER,),
    )
    said = replace(event("MandateSet", nonce="3", mandateHash="0x1"), mandate=mandate)
    text = describe_event(said, symbol_of, amount_of)
    for word in ("USDC and WSEI", "DragonSwap", "$50 a trade", "$200 a day", "1 March 2027"):
        assert word in text


def test_a_symbol_from_the_chain_cannot_write_on_the_terminal() -> None:
    text = told("TokenListed", **{**LISTED, "symbol": "\x1b[2JUSDC\n" + "x" * 99})
    assert text.isprintable()
    assert len(text) < 300
