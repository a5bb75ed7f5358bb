"""Kill the process at every step of a trade, restart it: the trade ran once or not at all.

The Telegram stand-in, the market stand-in and the chain live in this process and outlast the bot,
as the real ones would.
"""

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.chain.reader import RpcReader
from bot.chain.rpc import Rpc
from bot.chain.signer import address_of
from bot.clock import SystemClock
from bot.local.chain.accounts import TEST_WALLET
from bot.local.chain.exchange import LOCAL_COINS
from bot.local.chain.world import LocalChain, LocalChainOptions, local_chain
from bot.local.gemini.server import GeminiStandIn
from bot.local.market.standin import MarketStandIn
from bot.local.telegram.stand_in import TelegramStandIn
from bot.local.telegram.world import ANN
from bot.serving import served
from tests.e2e.hands import Hands
from tests.e2e.stage import Person, buttons_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = "1:crash-test-token"
SPENT = Decimal(5)
OUTCOMES = ("Bought", "Nothing was traded")
JOURNALLED = ("confirmed", "sign", "signed", "send", "sent", "mined", "settled")
STEPS = (*JOURNALLED, "mark_sending", "mark_sent")
POINTS = [f"{when} {step}" for step in STEPS for when in ("before", "after")]


@dataclass
class World:
    """What outlasts the bot, and the means to start it."""

    telegram: TelegramStandIn
    ann: Person
    chain: LocalChain
    reader: RpcReader
    environment: dict[str, str]
    armed: Path
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.armed.unlink(missing_ok=True)
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.e2e.crashing_bot", env=self.environment
        )

    async def dies(self) -> None:
        """Wait until the bot has killed itself at the armed point."""
        assert self.process
        async with asyncio.timeout(20):
            assert await self.process.wait() == -9

    async def stop(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.terminate()
            with contextlib.suppress(ProcessLookupError):
                await self.process.wait()

    def arm(self, point: str) -> None:
        """Written whole or not at all: the bot reads it at any moment."""
        draft = self.armed.with_suffix(".draft")
        draft.write_text(point)
        draft.replace(self.armed)

    async def held(self, escrow: str, symbol: str) -> Decimal:
        token = self.chain.deployment.token(symbol)
        return (await self.reader.read_balances([escrow], [token]))[escrow][symbol].value


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("crash")
    clock = SystemClock()
    market = MarketStandIn(clock)
    telegram = TelegramStandIn(TOKEN, clock, limits=False)
    key = secrets.token_hex(32)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(telegram)
        app = Starlette(
            routes=[
                Mount("/market", app=market.app),
                Mount("/gemini", app=GeminiStandIn().app),
                Mount("/telegram", app=telegram.app),
            ]
        )
        serving = await stack.enter_async_context(served(app))
        stack.callback(telegram.end_streams)
        prices = {symbol: market.price_of(coin) for symbol, coin in LOCAL_COINS.items()}
        options = LocalChainOptions(address_of(key), prices, None, at_sei_pace=False)
        chain = await stack.enter_async_context(local_chain(options))
        (folder / "deployments").mkdir()
        chain.deployment.save(folder / "deployments" / "local.json")
        rpc = Rpc(chain.rpc_url)
        stack.push_async_callback(rpc.close)
        world = World(
            telegram=telegram,
            ann=Person(telegram, ANN),
            chain=chain,
            reader=RpcReader(rpc, chain.deployment.lens),
            environment=os.environ
            | {
                "TG_BOT_TOKEN": TOKEN,
                "TG_API_URL": f"{serving.url}/telegram",
                "GOOGLE_API_KEY": "key",
                "GOOGLE_API_URL": f"{serving.url}/gemini",
                "COINGECKO_API_URL": f"{serving.url}/market",
                "SEI_RPC_URL": chain.rpc_url,
                "PVT_KEY": key,
                "ACTOR_SEED": secrets.token_hex(32),
                "DATA_DIR": str(folder),
                "PORT": "0",
                "CRASH_FILE": str(folder / "armed"),
            },
            armed=folder / "armed",
        )
        await world.start()
        stack.push_async_callback(world.stop)
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def escrow(world: World) -> str:
    """The escrow of Ann's funded agent."""
    ann = world.ann
    await ann.comes_in()
    await ann.press(await ann.say("/agents"), "Open my first agent")
    await ann.press(await ann.say(TEST_WALLET), "I sign with it")
    await ann.say("Alpha")
    last = await ann.say("careful")
    await ann.sees("is open", after=last["message_id"])
    deposit = await ann.deposit_screen()
    escrow = next(line for line in text_of(deposit).splitlines() if line.startswith("0x"))
    await Hands(world.chain.rpc_url, world.chain.deployment).bring_in(escrow)
    await ann.sees("signed by the owner, is in force")
    for symbol in ("SEI", "USDC"):
        token = world.chain.deployment.token(symbol)
        await world.chain.faucet.give(escrow, token.amount(Decimal(150)))
        await ann.sees("arrived", symbol)
    return escrow


@pytest.mark.parametrize("point", POINTS)
async def test_a_trade_runs_once_or_not_at_all(world: World, escrow: str, point: str) -> None:
    ann = world.ann
    before = await world.held(escrow, "USDC")
    asked = world.telegram.send(ann.id, f"/buy SEI {SPENT}")
    offer = await ann.sees("You give", after=asked["message_id"])

    world.arm(point)
    world.telegram.press(ann.id, offer["message_id"], "✅ Confirm")
    await world.dies()
    await world.start()

    if point == "before confirmed":
        # Nothing was journalled. Telegram may deliver the tap again; if not, the person taps again.
        with contextlib.suppress(TimeoutError):
            await world.telegram.wait_for(
                lambda: ann.last["message_id"] > offer["message_id"], timeout_s=4
            )
        if "✅ Confirm" in buttons_of(world.telegram.message(offer["message_id"])):
            world.telegram.press(ann.id, offer["message_id"], "✅ Confirm")
    told = await _verdict(world, offer["message_id"])
    if point == "before mark_sent":
        # The receipt arrived, but nobody knows: it is repeated, and says so.
        await ann.sees("Repeated", after=offer["message_id"])
    asked = world.telegram.send(ann.id, "/help")
    pong = await ann.sees("Ask me anything", after=asked["message_id"])
    verdicts = [
        text
        for text in (
            text_of(m)
            for m in ann.messages
            if offer["message_id"] < m["message_id"] < pong["message_id"]
        )
        if any(word in text for word in OUTCOMES)
    ]
    repeats = [text for text in verdicts if "Repeated" in text]
    # Marked and never sent, it may have arrived for all the bot knows: the only one is a "repeat".
    unlabelled = 0 if point == "after mark_sending" else 1
    assert len(verdicts) - len(repeats) == unlabelled, "told once, or labelled as a repeat"
    assert verdicts

    spent = before - await world.held(escrow, "USDC")
    assert spent == (SPENT if "Bought" in told else 0)


async def _verdict(world: World, after: int) -> str:
    def found() -> str | None:
        for message in world.ann.messages:
            if message["message_id"] > after and any(w in text_of(message) for w in OUTCOMES):
                return text_of(message)
        return None

    return await world.telegram.wait_for(found, 30)


WITHDRAWAL_POINTS = ("after confirmed", "after signed", "after send", "before settled")


@pytest.mark.parametrize("point", WITHDRAWAL_POINTS)
async def test_a_withdrawal_leaves_once(world: World, escrow: str, point: str) -> None:
    ann = world.ann
    before = await world.held(TEST_WALLET, "USDC")
    asked = world.telegram.send(ann.id, "/withdraw USDC 1")
    question = await ann.sees("Withdraw?", after=asked["message_id"])
    world.arm(point)
    world.telegram.press(ann.id, question["message_id"], "✅ Confirm")
    await world.dies()
    await world.start()
    await ann.sees("for its owner", after=question["message_id"])
    assert await world.held(TEST_WALLET, "USDC") - before == 1


@pytest.mark.parametrize("point", ["after signed", "after send", "before settled"])
async def test_a_panic_goes_on_after_a_crash(world: World, escrow: str, point: str) -> None:
    """Whether it was answered or not: the agent is paused, and its mandate is dropped."""
    ann = world.ann
    world.arm(point)
    sent = world.telegram.send(ann.id, "/panic")
    await world.dies()
    await world.start()
    await ann.sees("Dropped.", "trades nothing", after=sent["message_id"])
    for words, hint in (("/mandate", "nothing is traded"), ("/buy SEI 5", "agent is paused")):
        asked = world.telegram.send(ann.id, words)
        assert hint in text_of(await ann.sees(hint, after=asked["message_id"]))
    hands = Hands(world.chain.rpc_url, world.chain.deployment)
    assert await hands.is_dropped(escrow)


@pytest.mark.parametrize("point", ["after signed", "after send", "before settled"])
async def test_an_agent_is_opened_once(world: World, escrow: str, point: str) -> None:
    assert escrow
    ann = world.ann
    name = f"Agent {point}"
    screen = await ann.say("/agents")
    await ann.press(screen, "New agent")
    await ann.press(await ann.say(TEST_WALLET), "I sign with it")
    await ann.say(name)
    world.arm(point)
    sent = world.telegram.send(ann.id, "careful")
    await world.dies()
    await world.start()
    opened = await ann.sees("is open", after=sent["message_id"])
    assert name in text_of(opened)
