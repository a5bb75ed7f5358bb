"""Local mode: an embedded stand-in for every edge that is not set."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import structlog
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route

from bot.app.edges import (
    Edge,
    Edges,
    analyst_edge,
    chain_edge,
    chain_url,
    deployment_path,
    market_edge,
    market_url,
    public_rpc,
    telegram_edge,
)
from bot.app.keys import Keys
from bot.chain.deployment import Deployment
from bot.chain.signer import Signer
from bot.chat.services import Faucet
from bot.domain.errors import UpstreamError
from bot.domain.money import NATIVE, Token
from bot.local.chain.accounts import TEST_WALLET, sign_as_test_wallet
from bot.local.chain.exchange import LOCAL_COINS
from bot.local.chain.world import LocalChain, LocalChainOptions, holds_chain, local_chain
from bot.local.market.standin import MarketStandIn
from bot.local.telegram.stand_in import TelegramStandIn
from bot.local.telegram.world import ADA
from bot.market.coingecko import CoinGecko
from bot.ports.clock import Clock
from bot.settings import NetworkName, Settings

log = structlog.get_logger(__name__)

TELEGRAM_PREFIX = "/telegram"
MARKET_PREFIX = "/market/api/v3"
_MAKER_EVERY_S = 10
_MAKER_EVERY_REAL_S = 60
_DRIPS = {"SEI": Decimal(200), "USDC": Decimal(500)}
_OTHER_DRIP_USD = Decimal(100)
_SHOWN = 10

PriceSource = Callable[[], Awaitable[Mapping[str, Decimal]]]


@dataclass(slots=True)
class StandIns:
    """Stand-ins under construction; their routes are mounted on the HTTP door."""

    settings: Settings
    clock: Clock
    at_sei_pace: bool = True
    telegram_limits: bool = True
    market: MarketStandIn | None = None
    telegram: TelegramStandIn | None = None
    telegram_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        settings = self.settings
        if settings.coingecko_api_url is None and settings.coingecko_api_key is None:
            self.market = MarketStandIn(self.clock)
        if settings.tg_bot_token is None:
            self.telegram_token = f"1:{secrets.token_urlsafe(26)}"
            self.telegram = TelegramStandIn(
                self.telegram_token,
                self.clock,
                limits=self.telegram_limits,
                state_file=settings.data_dir / "local-telegram.json",
            )

    @property
    def routes(self) -> list[BaseRoute]:
        """What the HTTP door serves besides its own."""
        routes: list[BaseRoute] = []
        if self.market:
            routes.append(Mount(MARKET_PREFIX, app=self.market.app))
        if self.telegram:
            routes.append(Mount(TELEGRAM_PREFIX, app=self.telegram.app))
            routes.append(
                Route("/", lambda _: RedirectResponse(f"{TELEGRAM_PREFIX}/"), methods=["GET"])
            )
        return routes


@asynccontextmanager
async def local_edges(standins: StandIns, keys: Keys, port: int) -> AsyncIterator[Edges]:
    """Start the stand-ins; the HTTP door listens on `port` already.

    Raises:
        SettingsError: the local chain cannot be started.
    """
    settings = standins.settings
    base = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        report = []
        if standins.telegram:
            await stack.enter_async_context(standins.telegram)
            report.append(Edge("Telegram", real=False, detail=f"chat page at {base}/"))
        else:
            report.append(telegram_edge(settings))
        report.append(analyst_edge(settings))
        if standins.market:
            report.append(Edge("Market data", real=False, detail="a seeded market that moves"))
        else:
            report.append(market_edge(settings))
        rpc_url, deployment, faucet = await _chain(standins, keys, stack, report)
        token = settings.tg_bot_token
        yield Edges(
            telegram_token=token.get_secret_value() if token else standins.telegram_token,
            telegram_url=f"{base}{TELEGRAM_PREFIX}"
            if standins.telegram
            else telegram_edge(settings).detail,
            market_url=f"{base}{MARKET_PREFIX}" if standins.market else market_url(settings),
            rpc_url=rpc_url,
            public_rpc=rpc_url if faucet else public_rpc(settings),
            deployment=deployment,
            keys=keys,
            report=tuple(report),
            admin_ids=settings.admin_ids
            or (frozenset({ADA}) if standins.telegram else frozenset()),
            faucet=faucet,
        )


async def _chain(
    standins: StandIns, keys: Keys, stack: AsyncExitStack, report: list[Edge]
) -> tuple[str, Deployment, Faucet | None]:
    settings = standins.settings
    if settings.sei_network is not NetworkName.LOCAL or settings.sei_rpc_url:
        report.append(chain_edge(settings))
        return chain_url(settings), Deployment.load(deployment_path(settings)), None
    prices = await _price_source(standins, stack)
    folder = settings.data_dir / "local-chain"
    own_books, has_chain = settings.database_url is None, holds_chain(folder)
    has_books = own_books and _books(settings).exists()
    options = LocalChainOptions(
        server=Signer(keys.server, keys.seeds).server,
        prices=await prices(),
        folder=folder,
        at_sei_pace=standins.at_sei_pace,
        start_over="its books are gone" if own_books and has_chain and not has_books else "",
    )
    chain = await stack.enter_async_context(local_chain(options))
    report.append(Edge("Chain", real=False, detail="anvil with Uniswap V2 and V3"))
    lost = chain.started_over or ("its state is gone" if has_books and not has_chain else "")
    if lost:
        _set_aside_books(settings)
        report.append(Edge("Chain", real=False, detail=f"rebuilt, old agents are gone: {lost}"))
    every_s = _MAKER_EVERY_S if standins.market else _MAKER_EVERY_REAL_S
    maker = asyncio.create_task(_keep_market(chain, prices, every_s))
    stack.push_async_callback(_end, maker)
    return chain.rpc_url, chain.deployment, _faucet(chain, prices)


async def _price_source(standins: StandIns, stack: AsyncExitStack) -> PriceSource:
    """USD by symbol for the pools: the stand-in market's, or the real feed's."""
    market = standins.market
    if market:

        async def invented() -> Mapping[str, Decimal]:
            return {symbol: market.price_of(coin) for symbol, coin in LOCAL_COINS.items()}

        return invented
    settings = standins.settings
    key = settings.coingecko_api_key
    feed = CoinGecko(
        standins.clock,
        market_url(settings),
        key.get_secret_value() if key else None,
        rate_per_min=settings.coingecko_rate_per_min,
    )
    stack.push_async_callback(feed.aclose)
    tokens = [Token(symbol, NATIVE, 0, coin) for symbol, coin in LOCAL_COINS.items()]

    async def real() -> Mapping[str, Decimal]:
        return {symbol: price.usd for symbol, price in (await feed.fetch_prices(tokens)).items()}

    return real


async def _keep_market(chain: LocalChain, prices: PriceSource, every_s: float) -> None:
    """Keep the pools near the market for as long as the process lives."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await chain.maker.step(await prices())
        except UpstreamError as error:
            log.info("market_maker_waits", reason=error.reason)


def _faucet(chain: LocalChain, prices: PriceSource) -> Faucet:
    async def give(address: str, symbol: str) -> str:
        token = chain.deployment.token(symbol)
        units = _DRIPS.get(symbol)
        if units is None:
            units = _OTHER_DRIP_USD / (await prices())[symbol]
        amount = token.amount(units)
        await chain.faucet.give(address, amount)
        return f"{amount.value.normalize():f}"[:_SHOWN] + f" {symbol}"

    symbols = tuple(token.symbol for token in chain.deployment.all_tokens())
    return Faucet(give, symbols, TEST_WALLET, sign_as_test_wallet, chain.resume)


def _books(settings: Settings) -> Path:
    return settings.data_dir / "bot.db"


def _set_aside_books(settings: Settings) -> None:
    """The books tell of a chain that is gone: start new ones, keep one old set."""
    books = _books(settings)
    for suffix in ("", "-wal", "-shm"):
        file = books.with_name(books.name + suffix)
        if file.exists():
            file.replace(books.with_name(f"bot-old.db{suffix}"))


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
