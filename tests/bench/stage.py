"""The stage: stand-ins in this process, and beside it the bot and the echo as processes.

Both bots poll one HTTP server, each a Telegram of its own; the one that is not being measured
waits in a long poll. So the bot's process runs nothing but the bot.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.chain.signer import address_of
from bot.clock import SystemClock
from bot.domain.mandate import Mandate
from bot.local.chain.accounts import TEST_WALLET
from bot.local.chain.exchange import LOCAL_COINS
from bot.local.chain.world import LocalChain, LocalChainOptions, local_chain
from bot.local.gemini.server import GeminiStandIn
from bot.local.market.standin import MarketStandIn
from bot.local.telegram.stand_in import TelegramStandIn
from bot.local.telegram.world import ADA, ANN, BO
from bot.serving import served
from tests.bench import echo
from tests.bench.line import Line
from tests.bench.processes import PYTHON, clean_environment, running
from tests.e2e.hands import Hands
from tests.e2e.stage import Person, text_of

BOT_TOKEN = "1:bench"
TRADERS = (ANN, BO, ADA)
CROWD = range(10_001, 10_051)
FUNDS = {"SEI": Decimal(50), "USDC": Decimal(150)}
_SETTLE_S = 3
"""The bot warms its caches after it is ready; then it is idle."""


class TimedGemini:
    """The Gemini stand-in, noting when each call came and when it was answered."""

    def __init__(self) -> None:
        self._inner = GeminiStandIn()
        self.spans: list[tuple[float, float]] = []

    def delay(self, seconds: float) -> None:
        """Take this long for every answer from now on."""
        self._inner.delay_s = seconds

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        await self._inner.app(scope, receive, send)
        self.spans.append((began, time.perf_counter()))


@dataclass(frozen=True)
class Stage:
    """Everything that runs. `escrows` are the traders', funded; the crowd has accepted the terms.

    `idle_mb` is the bot's resident memory before anybody said anything.
    """

    folder: Path
    chain: LocalChain
    gemini: TimedGemini
    bot: Line
    echo: Line
    server_key: str
    idle_mb: float
    escrows: dict[int, str] = field(default_factory=dict)

    async def fund(self, escrow: str) -> None:
        """Give an escrow what trades need."""
        for symbol, units in FUNDS.items():
            await self.chain.faucet.give(escrow, self.chain.deployment.token(symbol).amount(units))

    async def allow(self, escrow: str) -> Mandate:
        """Put a mandate of the test wallet in force that lets everything by."""
        return await Hands(self.chain.rpc_url, self.chain.deployment).bring_in(escrow)


@asynccontextmanager
async def raise_curtain(folder: Path) -> AsyncIterator[Stage]:
    """Start everything in `folder`, open the agents, let the crowd in."""
    clock, gemini, server_key = SystemClock(), TimedGemini(), secrets.token_hex(32)
    market = MarketStandIn(clock)
    async with AsyncExitStack() as stack:
        ours, theirs = [await _telegram(stack, token) for token in (BOT_TOKEN, echo.TOKEN)]
        url = await _serve(
            stack,
            {"market": market.app, "gemini": gemini.app, "bot": ours.app, "echo": theirs.app},
        )
        # Called before the server is stopped, which would wait for open polls.
        stack.callback(ours.end_streams)
        stack.callback(theirs.end_streams)
        prices = {symbol: market.price_of(coin) for symbol, coin in LOCAL_COINS.items()}
        options = LocalChainOptions(address_of(server_key), prices)
        chain = await stack.enter_async_context(local_chain(options))
        environment = _real_mode(folder, url, chain, server_key)
        command = (PYTHON, "-m", "bot", "run")
        bot = await stack.enter_async_context(
            running(*command, folder=folder, environment=environment)
        )
        command = (PYTHON, "-m", "tests.bench.echo", f"{url}/echo")
        anchor = await stack.enter_async_context(running(*command, folder=folder))
        await bot.line("Ready")
        await anchor.line("ready")
        await asyncio.sleep(_SETTLE_S)
        lines = Line(ours, bot), Line(theirs, anchor)
        stage = Stage(folder, chain, gemini, *lines, server_key, bot.resident_mb)
        await _gather(stage)
        yield stage


async def _telegram(stack: AsyncExitStack, token: str) -> TelegramStandIn:
    return await stack.enter_async_context(TelegramStandIn(token, SystemClock(), limits=False))


async def _serve(stack: AsyncExitStack, apps: Mapping[str, ASGIApp]) -> str:
    app = Starlette(routes=[Mount(f"/{name}", app=part) for name, part in apps.items()])
    return (await stack.enter_async_context(served(app))).url


def _real_mode(folder: Path, url: str, chain: LocalChain, key: str) -> Mapping[str, str]:
    """The settings of `sei-trader run`, with every edge on this machine."""
    (folder / "deployments").mkdir(parents=True)
    chain.deployment.save(folder / "deployments" / "local.json")
    return clean_environment(
        TG_BOT_TOKEN=BOT_TOKEN,
        TG_API_URL=f"{url}/bot",
        GOOGLE_API_KEY="bench",
        GOOGLE_API_URL=f"{url}/gemini",
        COINGECKO_API_URL=f"{url}/market",
        SEI_RPC_URL=chain.rpc_url,
        PVT_KEY=key,
        ACTOR_SEED=secrets.token_hex(32),
        DATA_DIR=str(folder),
        PORT="0",
    )


async def _gather(stage: Stage) -> None:
    opened = await asyncio.gather(*(_open(stage, stage.bot.person(who)) for who in TRADERS))
    stage.escrows.update(zip(TRADERS, opened, strict=True))
    for who, escrow in stage.escrows.items():
        await stage.allow(escrow)
        await stage.bot.person(who).sees("signed by the owner, is in force")
    for who in CROWD:
        for line in (stage.bot, stage.echo):
            line.telegram.add_person(who, f"P{who}")
        await stage.bot.person(who).comes_in()


async def _open(stage: Stage, person: Person) -> str:
    """Open and fund an agent; its escrow."""
    await person.comes_in()
    await person.press(await person.say("/agents"), "Open my first agent")
    await person.press(await person.say(TEST_WALLET), "I sign with it")
    await person.say("Alpha")
    last = await person.say("careful")
    await person.sees("is open", after=last["message_id"])
    deposit = await person.deposit_screen()
    escrow = next(line for line in text_of(deposit).splitlines() if line.startswith("0x"))
    await stage.fund(escrow)
    for symbol in FUNDS:
        await person.sees("arrived", symbol)
    return escrow
