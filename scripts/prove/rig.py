"""The contracts beside the real Uniswap contracts on an anvil of their own, for the gas table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isqrt

import requests
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_typing import HexStr
from hexbytes import HexBytes
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.contract.contract import ContractFunction
from web3.types import RPCEndpoint, TxParams, TxReceipt, Wei

from bot.chain.artifacts import Artifact, load_artifact, load_published
from bot.domain.money import NATIVE

OWNER_KEY = "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"
"""Of anvil's fifth account."""
EXIT_CODE = b"\x07" * 32
EXIT_HASH = Web3.keccak(EXIT_CODE)
FEE = 3000
USD = USDC = 10**6
SEI = 10**18
DAY_S = 24 * 3600
FAR = 2**40
UNLIMITED = 2**256 - 1

_GAS = 12_000_000
_POLL_S = 0.005
_PERIPHERY = "@uniswap/v3-periphery/artifacts/contracts"
# Price, fees, liquidity; and the price history's only entry.
_POOL_SLOTS = (0, 1, 2, 3, 4, 8)
# A swap of $20 moves this pool by more than a tick, so that every one writes the price history.
_DEEP_SEI = 1_000_000 * SEI
_DEEP_USDC = 250_000 * USDC
_TICK = 887220
_MANDATE_FIELDS = (
    ("nonce", "uint32"),
    ("issuedAt", "uint40"),
    ("validUntil", "uint40"),
    ("signBy", "uint40"),
    ("slippageBps", "uint16"),
    ("tradeCap", "uint48"),
    ("dailyVolume", "uint48"),
    ("dailyLoss", "uint48"),
    ("tokens", "address[]"),
    ("adapters", "address[]"),
)
_NO_MANDATE: tuple[object, ...] = (0, 0, 0, 0, 0, 0, 0, 0, [], [])
# Codes of bands around $1 and $0.25, as `Listing.bandOf` reads them: $0.0003 times 2^(code / 8).
_ONE_BAND = (88, 95)
_SEI_BAND = (60, 101)

Listed = Mapping[str, str]
"""Token addresses by symbol, or feeds by symbol."""


class Chain:
    """A node whose accounts are unlocked; what is sent is mined at once, and must succeed."""

    def __init__(self, rpc_url: str) -> None:
        # A proxy set in the environment is for the outside, not for the loopback.
        session = requests.Session()
        session.trust_env = False
        self.w3 = Web3(HTTPProvider(rpc_url, session=session))
        self.w3.middleware_onion.remove("validation")
        self.accounts: Sequence[str] = self.w3.eth.accounts
        self.deployer = self.accounts[0]

    def deploy(self, artifact: Artifact, *args: object) -> Contract:
        """Create a contract."""
        factory = self.w3.eth.contract(abi=artifact.abi, bytecode=HexStr(artifact.bytecode))
        terms = _terms(self.deployer, 0)
        made = self._settle(factory.constructor(*args).transact(terms))
        address = made["contractAddress"]
        if address is None:
            raise RuntimeError(f"{artifact.name} was not created")
        return self.w3.eth.contract(address=address, abi=artifact.abi)

    def call(
        self, function: ContractFunction, sender: str | None = None, value: int = 0
    ) -> TxReceipt:
        """Call a function, by the deployer unless somebody else is named."""
        return self._settle(function.transact(_terms(sender or self.deployer, value)))

    def pay(self, to: str, value: int) -> TxReceipt:
        """Send native SEI, in wei."""
        terms = _terms(self.deployer, value) | TxParams(to=Web3.to_checksum_address(to))
        return self._settle(self.w3.eth.send_transaction(terms))

    def request(self, method: str, *params: object) -> str:
        """Ask the node for what web3 has no name for; most answers are a word or nothing."""
        answer = self.w3.provider.make_request(RPCEndpoint(method), params)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return str(answer["result"])

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.request("evm_increaseTime", seconds)
        self.request("evm_mine")

    @property
    def now(self) -> int:
        """The last block's time, Unix seconds."""
        return self.w3.eth.get_block("latest")["timestamp"]

    def _settle(self, tx_hash: HexBytes) -> TxReceipt:
        receipt = self.w3.eth.wait_for_transaction_receipt(tx_hash, poll_latency=_POLL_S)
        if receipt["status"] != 1:
            raise RuntimeError(f"{tx_hash.to_0x_hex()} reverted")
        return receipt


class Market:
    """Five tokens, a V3 pool of SEI and USDC, its router; two sets of feeds."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.wsei = chain.deploy(load_artifact("WSEI"))
        self.usdc = self._token("USDC", 6)
        others = {symbol: self._token(symbol, 18).address for symbol in ("AAA", "BBB", "CCC")}
        self.tokens: Listed = others | {"USDC": self.usdc.address, "SEI": self.wsei.address}
        self._open_pool()

    def _token(self, symbol: str, decimals: int) -> Contract:
        return self.chain.deploy(
            load_artifact("TestToken"), symbol, symbol, decimals, self.chain.deployer
        )

    def _open_pool(self) -> None:
        chain = self.chain
        factory = chain.deploy(
            load_published(
                "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json"
            )
        )
        positions = chain.deploy(
            load_published(
                f"{_PERIPHERY}/NonfungiblePositionManager.sol/NonfungiblePositionManager.json"
            ),
            *(factory.address, self.wsei.address, NATIVE),
        )
        self.router = chain.deploy(
            load_published(
                "@uniswap/swap-router-contracts/artifacts/contracts/SwapRouter02.sol/SwapRouter02.json"
            ),
            *(chain.deployer, factory.address, positions.address, self.wsei.address),
        )
        self.give(chain.deployer, _DEEP_USDC, _DEEP_SEI)
        for token in (self.usdc, self.wsei):
            chain.call(token.functions.approve(positions.address, UNLIMITED))
        sides = sorted(
            [(self.usdc.address, _DEEP_USDC), (self.wsei.address, _DEEP_SEI)], key=_number
        )
        (token0, amount0), (token1, amount1) = sides
        price = isqrt((amount1 << 192) // amount0)
        key = token0, token1, FEE
        chain.call(positions.functions.createAndInitializePoolIfNecessary(*key, price))
        terms = (*key, -_TICK, _TICK, amount0, amount1, 0, 0, chain.deployer, FAR)
        chain.call(positions.functions.mint(terms))
        self._pool = str(factory.functions.getPool(*key).call())
        self._pool_slots: list[str] = []

    def give(self, to: str, usdc: int, sei: int) -> None:
        """Make USDC and wrapped SEI, in base units."""
        self.chain.call(self.usdc.functions.mint(to, usdc))
        self.chain.call(self.wsei.functions.deposit(), value=sei)
        if to != self.chain.deployer:
            self.chain.call(self.wsei.functions.transfer(to, sei))

    def rewind_pool(self) -> None:
        """Put the pool where it was at the first call, so that swaps after it do the same work."""
        if not self._pool_slots:
            read = self.chain.w3.eth.get_storage_at
            self._pool_slots = [
                read(Web3.to_checksum_address(self._pool), slot).to_0x_hex() for slot in _POOL_SLOTS
            ]
        for slot, value in zip(_POOL_SLOTS, self._pool_slots, strict=True):
            self.chain.request("anvil_setStorageAt", self._pool, f"{slot:#066x}", value)

    @property
    def path(self) -> bytes:
        """USDC to SEI."""
        return HexBytes(self.usdc.address) + FEE.to_bytes(3, "big") + HexBytes(self.wsei.address)

    def plain_feeds(self) -> Listed:
        """Push feeds that keep their answer themselves."""
        keeper = self.chain.deploy(load_artifact("TestFeeds"), self.chain.deployer)
        feeds = {}
        for symbol in self.tokens:
            create = keeper.functions.create(symbol, _answer(symbol))
            feeds[symbol] = create.call({"from": self.chain.deployer})
            self.chain.call(create)
        return feeds

    def redstone_feeds(self) -> Listed:
        """Proxied push feeds that ask one proxied adapter."""
        chain, stranger = self.chain, self.chain.accounts[7]
        proxy = load_artifact("test/TransparentShapedProxy")
        code = load_artifact("test/RedStoneShapedAdapter")
        adapter = chain.deploy(proxy, chain.deploy(code).address, stranger)
        feeds = {}
        for symbol in self.tokens:
            feed_id = symbol.encode().ljust(32, b"\0")
            at_proxy = chain.w3.eth.contract(address=adapter.address, abi=code.abi)
            chain.call(at_proxy.functions.publish(feed_id, _answer(symbol)))
            feed = chain.deploy(load_artifact("test/RedStoneShapedFeed"), adapter.address, feed_id)
            feeds[symbol] = chain.deploy(proxy, feed.address, stranger).address
        return feeds


class Ours:
    """Our contracts with one kind of feeds: sealed, and listed long enough for any mandate."""

    def __init__(self, market: Market, feeds: Listed) -> None:
        self.market, self.chain = market, market.chain
        chain, accounts = self.chain, self.chain.accounts
        self.server: str = accounts[1]
        self.owner: str = accounts[4]
        self.actor: str = accounts[5]
        self.exit_actor: str = accounts[6]
        self.adapter = chain.deploy(load_artifact("UniswapV3Adapter"))
        self.orchestrator = chain.deploy(
            load_artifact("CaretOrchestrator"),
            *(chain.deployer, self.server, accounts[3]),
            *(market.usdc.address, market.wsei.address, NATIVE),
        )
        list_ = self.orchestrator.functions
        for symbol, token in market.tokens.items():
            low, high = _SEI_BAND if symbol == "SEI" else _ONE_BAND
            chain.call(list_.listToken(symbol, token, feeds[symbol], 65_535, 65, low, high))
        chain.call(list_.listVenue(self.adapter.address, market.router.address))
        chain.call(list_.seal())

    def register(self, actor: str, owner: str, exit_hash: bytes = b"", value: int = 0) -> TxReceipt:
        """Open the owner's next escrow, with an exit code or without."""
        register = self.orchestrator.functions
        number = int(owner, 16)
        function = (
            register.registerActorWithExit(number, actor, exit_hash)
            if exit_hash
            else register.registerActor(number, actor)
        )
        return self.chain.call(function, self.server, value)

    def escrow_of(self, actor: str) -> Contract:
        """The escrow this actor trades for."""
        address = self.orchestrator.functions.escrows(actor).call()
        abi = load_artifact("CaretEscrow").abi
        contract: Contract = self.chain.w3.eth.contract(address=address, abi=abi)
        return contract

    def write_mandate(self, nonce: int) -> tuple[object, ...]:
        """Of all five tokens; those that are traded come last."""
        now = self.chain.now
        limits = 500, 100 * USD, 1_000 * USD, 100 * USD
        lists = list(self.market.tokens.values()), [self.adapter.address]
        return (nonce, now, now + 30 * DAY_S, now + DAY_S, *limits, *lists)

    def sign(self, escrow: Contract, mandate: Sequence[object]) -> bytes:
        """By the owner, as EIP-712 says."""
        domain = {
            "name": "Sei Trader Escrow",
            "version": "1",
            "chainId": self.chain.w3.eth.chain_id,
            "verifyingContract": escrow.address,
        }
        types = {"Mandate": [{"name": name, "type": kind} for name, kind in _MANDATE_FIELDS]}
        names = [name for name, _ in _MANDATE_FIELDS]
        message = encode_typed_data(domain, types, dict(zip(names, mandate, strict=True)))
        return bytes(Account.sign_message(message, OWNER_KEY).signature)


@dataclass(frozen=True)
class Trader:
    """An escrow that holds both tokens, and the mandate in force there."""

    ours: Ours
    escrow: Contract
    actor: str
    mandate: Sequence[object] = _NO_MANDATE

    def swap(self, amount: int) -> TxReceipt:
        """Sell that much USDC for SEI."""
        market = self.ours.market
        trade = (
            self.escrow.functions.sequence().call() + 1,
            FAR,
            self.ours.adapter.address,
            market.usdc.address,
            market.wsei.address,
            amount,
            1,
            market.path,
        )
        return self.ours.chain.call(self.escrow.functions.swap(trade, self.mandate), self.actor)

    @cached_property
    def address(self) -> str:
        """The escrow's."""
        return str(self.escrow.address)


def _terms(sender: str, value: int) -> TxParams:
    return {"from": Web3.to_checksum_address(sender), "value": Wei(value), "gas": _GAS}


def _answer(symbol: str) -> int:
    return 25_000_000 if symbol == "SEI" else 100_000_000


def _number(side: tuple[str, int]) -> int:
    return int(side[0], 16)
