"""Real escrows in any state one likes, on a chain whose clock the test turns.

The venue does as it is told, so that what a swap spends and gets can be any two numbers.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3.contract import AsyncContract

from bot.chain.artifacts import load_artifact
from bot.chain.bindings import load_abi
from bot.chain.deployer import Deployer, connected
from bot.chain.deployment import DeployedVenue
from bot.chain.errors import NodeError, refusal
from bot.chain.escrows import RpcEscrows
from bot.chain.networks import VenueKind
from bot.chain.rpc import Ask, Rpc, read_call
from bot.chain.typed import mandate_struct
from bot.domain.mandate import Mandate, Standing
from bot.domain.money import Token
from bot.domain.people import Agent
from bot.local.chain.accounts import DEPLOYER_KEY
from bot.local.chain.world import LocalChain
from bot.policy.exit_codes import exit_hash_of
from bot.ports.chain import Call, ChainRefusedError
from tests.ports.chain_world import World, anvil

LISTING_DELAY_S = 2 * 86_400
WEEK_S = 7 * 86_400
PLENTY = 10**38
_BARE = (False,)
"""A block without its transactions."""


@dataclass(frozen=True)
class Found:
    """What the contract said: an error's name with its figures, or nothing."""

    name: str = ""
    figures: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Kept:
    """What an escrow keeps in its first word, as `CaretEscrow.State` packs it; its nonce is 1."""

    loss: int = 0
    volume: int = 0
    since: int = 0
    flags: int = 0

    @property
    def packed(self) -> int:
        return self.loss | self.volume << 48 | self.since << 96 | self.flags << 216 | 1 << 224


@dataclass
class Lab:
    """`signer` has a wallet, `sleeper` an exit code. `adapter` is of the obedient venue."""

    world: World
    local: LocalChain
    rpc: Rpc
    deployer: Deployer
    escrows: RpcEscrows
    signer: Agent
    sleeper: Agent
    adapter: str = ""
    router: str = ""
    listed_at: int = 0

    def token(self, symbol: str) -> Token:
        return self.world.tokens[symbol]

    async def node(self, method: str, *params: object) -> Any:
        return await self.rpc.ask(Ask(method, params, lambda answer: answer))

    async def now(self) -> int:
        """The latest block's time."""
        return int((await self.node("eth_getBlockByNumber", "latest", *_BARE))["timestamp"], 16)

    async def at(self, timestamp: int) -> None:
        """Mine a block of that time; it cannot be earlier than the last one."""
        await self.node("evm_setNextBlockTimestamp", timestamp)
        await self.node("evm_mine")

    async def poke(self, address: str, slot: int | bytes, value: int) -> None:
        key = slot if isinstance(slot, bytes) else slot.to_bytes(32)
        await self.node(
            "anvil_setStorageAt", address, f"0x{key.hex()}", f"0x{value.to_bytes(32).hex()}"
        )

    @property
    def orchestrator(self) -> AsyncContract:
        address = self.deployer.w3.to_checksum_address(self.world.orchestrator)
        return self.deployer.at(load_artifact("CaretOrchestrator"), address)

    async def list_venue(self) -> None:
        """An obedient exchange, in place of the one before; it counts from `listed_at` on."""
        again = f"again after {self.listed_at}"
        artifacts = load_artifact("test/ScriptedAdapter"), load_artifact("test/ScriptedRouter")
        adapter, router = [
            await self.deployer.deploy(f"{again} {n}", a) for n, a in enumerate(artifacts)
        ]
        named = adapter.address, router.address
        await self.deployer.call(again, self.orchestrator, "listVenue", *named)
        self.adapter, self.router = named
        self.listed_at = await self.now() + LISTING_DELAY_S
        venue = DeployedVenue(
            name="Obedient",
            kind=VenueKind.UNISWAP_V2,
            router=self.router,
            factory=self.router,
            quoter=None,
            fees=(),
            adapter=self.adapter,
        )
        found = self.local.deployment
        self.escrows = RpcEscrows(
            self.rpc, found.model_copy(update={"venues": (*found.venues, venue)})
        )

    async def enrich(self) -> None:
        """More money than any swap asks for, for escrows and the venue."""
        for holder in (self.signer.escrow, self.sleeper.escrow, self.router):
            await self.node("anvil_setBalance", holder, hex(PLENTY))
            for symbol in ("USDC", "WETH", "WBTC"):
                slot = keccak(encode(["address", "uint256"], [holder, 0]))
                await self.poke(self.token(symbol).address, slot, PLENTY)

    async def set_feed(self, symbol: str, answer: int, age_s: int) -> None:
        """What a token's feed says, as of the latest block; both may be nonsense."""
        info = next(t for t in self.local.deployment.tokens if t.symbol == symbol)
        assert info.feed
        updated_at = await self.now() - age_s
        await self.poke(info.feed.feed, 1, (answer % 2**192) | updated_at << 192)

    async def set_escrow(self, agent: Agent, word: int = 0, kept: Kept | None = None) -> None:
        """The two words an escrow keeps; a `word` of 0 is no mandate, or the default one."""
        await self.poke(agent.escrow, 0, (kept or Kept()).packed)
        await self.poke(agent.escrow, 1, word)

    async def standing(self, agent: Agent, sell: str, buy: str) -> Standing:
        tokens = self.token(sell).address, self.token(buy).address
        return await self.escrows.read_standing(agent.escrow, *tokens)

    async def try_swap(
        self, agent: Agent, mandate: Mandate | None, trade: tuple[str, int, str, int]
    ) -> Found:
        """What the chain says to selling so much of one token for so much of another now."""
        sell, spent, buy, got = trade
        tokens = self.token(sell).address, self.token(buy).address
        selector = keccak(text="trade(address,uint256,address,uint256,address)")[:4]
        told = encode(
            ["address", "uint256", "address", "uint256", "address"],
            [tokens[0], spent, tokens[1], got, agent.escrow],
        )
        route = encode(["bytes", "address[]"], [selector + told, list(tokens)])
        struct = (1, 2**40, self.adapter, *tokens, spent, 1, route)
        data = load_abi("CaretEscrow").methods["swap"].encode(struct, mandate_struct(mandate))
        call = {"from": agent.actor, "to": agent.escrow, "data": f"0x{data.hex()}"}
        ask = Ask("eth_call", (call, "latest"), lambda answer: answer)
        answer = (await self.rpc.batch([ask]))[0]
        if not isinstance(answer, NodeError):
            return Found()
        error = refusal(answer)
        assert isinstance(error, ChainRefusedError), error
        return Found(error.name, error.figures)

    async def constant(self, name: str) -> int:
        """A constant of the deployed code."""
        method = load_abi("CaretEscrow").methods[name]
        to = self.local.deployment.implementation
        answer = await self.rpc.ask(read_call(Call(to, method.encode()), method.decode))
        return int(answer[0])


@asynccontextmanager
async def lab() -> AsyncIterator[Lab]:
    """A laboratory; its obedient venue counts for every mandate, the default one included."""
    async with anvil() as world, connected(_rpc_url(world)) as w3:
        assert world.local
        assert world.rpc
        signer = await world.register(world.new_agent())
        sleeper = await world.register(world.new_agent(exit_hash_of(b"\7" * 32)))
        escrows = RpcEscrows(world.rpc, world.local.deployment)
        deployer = Deployer(w3, DEPLOYER_KEY)
        made = Lab(world, world.local, world.rpc, deployer, escrows, signer, sleeper)
        await made.list_venue()
        await made.enrich()
        await made.at(made.listed_at + WEEK_S)
        yield made


def _rpc_url(world: World) -> str:
    assert world.local
    return world.local.rpc_url


def time_of(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
