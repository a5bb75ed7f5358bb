"""The contracts on a real chain beside the real exchanges, and who plays which part."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_account import Account
from eth_utils.abi import abi_to_signature, function_signature_to_4byte_selector
from eth_utils.crypto import keccak
from web3 import Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction
from web3.exceptions import ContractCustomError
from web3.types import TxReceipt

from bot.chain.artifacts import load_artifact
from bot.chain.deployment import Deployment
from bot.chain.listing import answer_of, listed_terms
from bot.chain.networks import FeedTerms, volatile_feed

PRICES = {
    "SEI": Decimal("0.25"),
    "USDC": Decimal(1),
    "WETH": Decimal(4000),
    "WBTC": Decimal(100_000),
    "iSEI": Decimal("0.3"),
    "SolvBTC": Decimal(100_000),
    "USDT0": Decimal(1),
}

V2, V3, V3_DEADLINE = "uniswap_v2", "uniswap_v3", "uniswap_v3_deadline"
OWNER_KEY = "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"
"""Of anvil's fifth account, which plays the owner."""

NATIVE = "0x" + "00" * 20
SEI = 10**18
USDC = 10**6
USD = 10**6
DAY_S = 24 * 3600
LISTING_DELAY_S = 2 * DAY_S
FAR_DEADLINE = 2**40
EXIT_CODE = b"\x07" * 32

Message = Mapping[str, Any]
"""A mandate or revocation, by the contract's names."""

_DOMAIN = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
_TYPES = {
    "Mandate": [
        {"name": "nonce", "type": "uint32"},
        {"name": "issuedAt", "type": "uint40"},
        {"name": "validUntil", "type": "uint40"},
        {"name": "signBy", "type": "uint40"},
        {"name": "slippageBps", "type": "uint16"},
        {"name": "tradeCap", "type": "uint48"},
        {"name": "dailyVolume", "type": "uint48"},
        {"name": "dailyLoss", "type": "uint48"},
        {"name": "tokens", "type": "address[]"},
        {"name": "adapters", "type": "address[]"},
    ],
    "Revoke": [{"name": "nonce", "type": "uint32"}],
}

NOTHING_SIGNED: Message = {
    field["name"]: [] if field["type"] == "address[]" else 0 for field in _TYPES["Mandate"]
}
"""The mandate to pass where the default one is in force."""


def _signature(entry: Any) -> str:
    return abi_to_signature(entry)


_ERRORS = {
    function_signature_to_4byte_selector(_signature(entry)): entry
    for name in ("CaretOrchestrator", "CaretEscrow", "TestToken", "WSEI", "test/Puppet")
    for entry in load_artifact(name).abi
    if entry["type"] == "error"
}


@contextmanager
def refused(name: str, *figures: object, exact: bool = True) -> Iterator[None]:
    """The call within reverts with this custom error; its figures are these unless not `exact`."""
    with pytest.raises(ContractCustomError) as caught:
        yield
    error, said = read_error(bytes.fromhex(str(caught.value.data)[2:]))
    assert (error, said if exact else figures) == (name, figures)


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
class Parts:
    """Who plays what: anvil's unlocked accounts."""

    admin: str
    server: str
    guardian: str
    keeper: str
    owner: str
    actor: str
    stranger: str


@dataclass(frozen=True)
class Stage:
    """One chain. `escrow` is the owner's and actor's; `mandate` is in force there."""

    w3: Any  # web3's own types tell apart what every test here would have to cast
    deployment: Deployment
    parts: Parts
    escrow_address: str
    mandate: Message

    @property
    def admin(self) -> str:
        return self.parts.admin

    @property
    def server(self) -> str:
        return self.parts.server

    @property
    def owner(self) -> str:
        return self.parts.owner

    @property
    def actor(self) -> str:
        return self.parts.actor

    @property
    def stranger(self) -> str:
        return self.parts.stranger

    def role(self, name: str) -> str:
        return str(getattr(self.parts, name))

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
        return self.escrow_of(actor)

    def register_with_exit(self, owner: str, actor: str) -> Contract:
        terms = int(owner, 16), actor, keccak(EXIT_CODE)
        self.send(self.orchestrator.functions.registerActorWithExit(*terms), self.server)
        return self.escrow_of(actor)

    def escrow_of(self, actor: str) -> Contract:
        return self.at("CaretEscrow", self.orchestrator.functions.escrows(actor).call())

    def write_mandate(self, **changes: object) -> dict[str, Any]:
        """Everything listed, up to $10,000 a trade, for 30 days from now."""
        now = self.now()
        return {
            "nonce": 1,
            "issuedAt": now,
            "validUntil": now + 30 * DAY_S,
            "signBy": now + 3600,
            "slippageBps": 500,
            "tradeCap": 10_000 * USD,
            "dailyVolume": 1_000_000 * USD,
            "dailyLoss": 10_000 * USD,
            "tokens": [token.address for token in self.deployment.tokens],
            "adapters": [venue.adapter for venue in self.deployment.venues],
            **changes,
        }

    def typed(self, kind: str, message: Message, escrow: str = "") -> dict[str, Any]:
        """An EIP-712 message, a `Mandate` or a `Revoke`, as wallets get it to sign."""
        return {
            "types": {"EIP712Domain": _DOMAIN, kind: _TYPES[kind]},
            "primaryType": kind,
            "domain": {
                "name": "Sei Trader Escrow",
                "version": "1",
                "chainId": self.deployment.chain_id,
                "verifyingContract": escrow or self.escrow_address,
            },
            "message": dict(message),
        }

    def sign(self, kind: str, message: Message, escrow: str, key: str = OWNER_KEY) -> bytes:
        """A wallet's signature over such a message."""
        typed = self.typed(kind, message, escrow)
        return bytes(Account.sign_typed_data(key, full_message=typed).signature)

    def set_mandate(self, mandate: Message, escrow: Contract | None = None) -> ContractFunction:
        """The call that brings in a mandate with the owner's signature."""
        at = escrow or self.escrow
        return at.functions.setMandate(mandate, self.sign("Mandate", mandate, at.address))

    def adopt(self, mandate: Message, escrow: Contract | None = None) -> TxReceipt:
        return self.send(self.set_mandate(mandate, escrow), self.stranger)

    def publish(self, prices: Mapping[str, Decimal]) -> None:
        """Let feeds say these prices, now."""
        feeds = self.at("TestFeeds", self.deployment.test_feeds)
        places = [feeds.functions.feeds(f"{symbol} / USD").call() for symbol in prices]
        answers = [answer_of(usd) for usd in prices.values()]
        self.send(feeds.functions.push(places, answers), self.parts.keeper)

    def make_feed(self, symbol: str, usd: Decimal) -> FeedTerms:
        feeds = self.at("TestFeeds", self.deployment.test_feeds)
        name = f"{symbol} / USD"
        self.send(feeds.functions.create(name, answer_of(usd)), self.parts.keeper)
        return volatile_feed(feeds.functions.feeds(name).call(), usd / 5, usd * 5)

    def list_token(self, symbol: str, token: Contract, feed: FeedTerms | None) -> TxReceipt:
        """Announce a token, which takes effect in two days."""
        terms = listed_terms(feed)
        listing = self.orchestrator.functions.listToken(symbol, token.address, *terms)
        return self.send(listing, self.admin)

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
