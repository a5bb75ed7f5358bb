"""The contracts on a real chain beside the real exchanges, and who plays which part."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils.abi import abi_to_signature, function_signature_to_4byte_selector
from eth_utils.crypto import keccak
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import ContractCustomError
from web3.types import TxReceipt

from bot.chain.artifacts import load_artifact
from bot.chain.deployment import Deployment

PRICES = {
    "SEI": Decimal("0.25"),
    "USDC": Decimal(1),
    "WETH": Decimal(4000),
    "WBTC": Decimal(100_000),
    "iSEI": Decimal("0.3"),
    "SolvBTC": Decimal(100_000),
    "USDT0": Decimal(1),
}

NATIVE = "0x" + "00" * 20
SEI = 10**18
USDC = 10**6
DAY_S = 24 * 3600
FAR_DEADLINE = 2**40
ON, OFF = True, False


def _signature(entry: Any) -> str:
    return abi_to_signature(entry)


_ERRORS = {
    function_signature_to_4byte_selector(_signature(entry)): entry
    for name in ("CaretOrchestrator", "CaretEscrow", "TestToken", "WSEI", "test/Puppet")
    for entry in load_artifact(name).abi
    if entry["type"] == "error"
}


@contextmanager
def refused(name: str, *figures: object) -> Iterator[None]:
    """The call within reverts with exactly this custom error."""
    with pytest.raises(ContractCustomError) as caught:
        yield
    assert read_error(bytes.fromhex(str(caught.value.data)[2:])) == (name, figures)


def read_error(data: bytes) -> tuple[str, tuple[object, ...]]:
    """A revert's custom error and its figures; addresses are checksummed."""
    entry = _ERRORS[data[:4]]
    kinds = [item["type"] for item in entry["inputs"]]
    values = decode(kinds, data[4:])
    return entry["name"], tuple(
        Web3.to_checksum_address(value) if kind == "address" else value
        for kind, value in zip(kinds, values, strict=True)
    )


@dataclass(frozen=True)
class Stage:
    """One chain. The unlocked accounts play the parts; `escrow` is the owner's and actor's."""

    w3: Any  # web3's own types tell apart what every test here would have to cast
    deployment: Deployment
    admin: str
    server: str
    owner: str
    actor: str
    stranger: str
    escrow_address: str

    @property
    def orchestrator(self) -> Contract:
        return self.at("CaretOrchestrator", self.deployment.orchestrator)

    @property
    def escrow(self) -> Contract:
        return self.at("CaretEscrow", self.escrow_address)

    @property
    def wsei(self) -> Contract:
        return self.at("WSEI", self.address("SEI"))

    def address(self, symbol: str) -> str:
        return self.deployment.token(symbol).address

    def token(self, symbol: str) -> Contract:
        return self.at("TestToken", self.address(symbol))

    def venue(self, kind: str) -> str:
        return next(v.adapter for v in self.deployment.venues if v.kind == kind)

    def router(self, kind: str) -> str:
        return next(v.router for v in self.deployment.venues if v.kind == kind)

    def at(self, artifact: str, address: str) -> Contract:
        contract: Contract = self.w3.eth.contract(address=address, abi=load_artifact(artifact).abi)
        return contract

    def deploy(self, artifact: str, *args: object) -> Contract:
        code = load_artifact(artifact)
        factory = self.w3.eth.contract(abi=code.abi, bytecode=code.bytecode)
        receipt = self.mined(factory.constructor(*args).transact({"from": self.admin}))
        return self.at(artifact, str(receipt["contractAddress"]))

    def send(self, function: Any, sender: str, value: int = 0) -> TxReceipt:
        return self.mined(function.transact({"from": sender, "value": value}))

    def pay(self, to: str, value: int, sender: str | None = None) -> TxReceipt:
        payer = sender or self.stranger
        return self.mined(self.w3.eth.send_transaction({"from": payer, "to": to, "value": value}))

    def mined(self, tx_hash: bytes) -> TxReceipt:
        receipt: TxReceipt = self.w3.eth.wait_for_transaction_receipt(
            tx_hash, timeout=10, poll_latency=0.002
        )
        assert receipt["status"] == 1
        return receipt

    def now(self) -> int:
        return int(self.w3.eth.get_block("latest")["timestamp"])

    def wait(self, seconds: int) -> None:
        """Let the chain's time pass."""
        self.w3.provider.make_request("evm_mine", [self.now() + seconds])

    def give(self, symbol: str, to: str, amount: int) -> None:
        if symbol == "SEI":
            self.pay(to, amount)
        else:
            self.send(self.token(symbol).functions.mint(to, amount), self.admin)

    def balance(self, token: str, holder: str) -> int:
        if token == NATIVE:
            return int(self.w3.eth.get_balance(holder))
        return int(self.at("TestToken", token).functions.balanceOf(holder).call())

    def register(self, owner: str, actor: str, value: int = 0) -> Contract:
        register = self.orchestrator.functions.registerActor(int(owner, 16), actor)
        self.send(register, self.server, value)
        return self.at("CaretEscrow", self.orchestrator.functions.escrows(actor).call())

    def list_token(self, symbol: str, token: Contract) -> None:
        self.send(self.orchestrator.functions.listToken(symbol, token.address), self.admin)

    def v2_path(self, *symbols: str) -> bytes:
        return encode(["address[]"], [[self.address(symbol) for symbol in symbols]])

    def v3_path(self, *steps: str | int) -> bytes:
        """Symbols with a fee between each two."""
        parts = [
            step.to_bytes(3, "big")
            if isinstance(step, int)
            else bytes.fromhex(self.address(step)[2:])
            for step in steps
        ]
        return b"".join(parts)


def event_names(receipt: TxReceipt, contract: Contract) -> list[str]:
    """Events of this very contract in a receipt, in order."""
    topics = {
        keccak(text=_signature(entry)): entry["name"]
        for entry in contract.abi
        if entry["type"] == "event"
    }
    logs = (log for log in receipt["logs"] if log["address"] == contract.address)
    return [topics[bytes(log["topics"][0])] for log in logs]


def only_event(receipt: TxReceipt, contract: Contract, name: str) -> dict[str, Any]:
    """The arguments of the one event of that name this very contract has emitted."""
    logs = [log for log in receipt["logs"] if log["address"] == contract.address]
    decoded = [
        contract.events[name]().process_log(log)
        for log in logs
        if bytes(log["topics"][0]) == keccak(text=_signature(contract.events[name]().abi))
    ]
    assert len(decoded) == 1
    return dict(decoded[0]["args"])
