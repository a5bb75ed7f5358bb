"""Adapters: the database, and a client for every edge."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import bot.venues
import db
from bot.app.edges import Edges
from bot.catalogue import discover
from bot.chain.escrow_logs import RpcEscrowLogs
from bot.chain.escrows import RpcEscrows
from bot.chain.reader import RpcReader
from bot.chain.rpc import Rpc
from bot.chain.sender import RpcExecutor
from bot.chain.signatures import RpcSignatures
from bot.chain.signer import Signer
from bot.llm.prompts import load_prompts
from bot.llm.rules import RuleBrain
from bot.market.cached import CachedMarket
from bot.market.coingecko import CoinGecko
from bot.ports.brain import Brain
from bot.ports.chain import EscrowLogs, EscrowReader, Executor, Signatures, Venue
from bot.ports.clock import Clock
from bot.ports.ledger import Journal, Outbox
from bot.settings import Settings

PROMPTS = Path(__file__).resolve().parents[2] / "prompts"


@dataclass(slots=True)
class Parts:
    """Adapters that tests may wrap before the service is wired around them."""

    clock: Clock
    database: db.Database
    journal: Journal
    outbox: Outbox
    executor: Executor
    reader: RpcReader
    escrows: EscrowReader
    logs: EscrowLogs
    signatures: Signatures
    venues: Sequence[Venue]
    market: CachedMarket
    brain: Brain
    fallback: Brain


@asynccontextmanager
async def adapters(settings: Settings, edges: Edges, clock: Clock) -> AsyncIterator[Parts]:
    """Open the database and connect to every edge.

    Raises:
        SettingsError: the chain is another one, or the database cannot be used.
        UpstreamError: the chain does not answer.
    """
    async with AsyncExitStack() as stack:
        database = await db.open(settings.database, clock)
        stack.push_async_callback(database.close)
        rpc = Rpc(edges.rpc_url)
        stack.push_async_callback(rpc.close)
        signer = Signer(edges.keys.server, edges.keys.seeds)
        executor = RpcExecutor(
            rpc,
            signer,
            clock,
            chain_id=edges.deployment.chain_id,
            orchestrator=edges.deployment.orchestrator,
        )
        await executor.check_chain_id()
        reader = RpcReader(rpc, edges.deployment.lens)
        kinds = discover(bot.venues, "VENUE")
        key = settings.coingecko_api_key
        feed = CoinGecko(
            clock,
            edges.market_url,
            key.get_secret_value() if key else None,
            rate_per_min=settings.coingecko_rate_per_min,
        )
        stack.push_async_callback(feed.aclose)
        market = CachedMarket(feed, database.market, clock)
        stack.push_async_callback(market.aclose)
        fallback = RuleBrain()
        brain = _gemini(settings, clock, stack) or fallback
        yield Parts(
            clock=clock,
            database=database,
            journal=database.journal,
            outbox=database.outbox,
            executor=executor,
            reader=reader,
            escrows=RpcEscrows(rpc, edges.deployment),
            logs=RpcEscrowLogs(rpc),
            signatures=RpcSignatures(rpc, edges.deployment.chain_id),
            venues=[kinds[v.kind].build(v, reader) for v in edges.deployment.venues],
            market=market,
            brain=brain,
            fallback=fallback,
        )


def _gemini(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Brain | None:
    prompts = load_prompts(PROMPTS)
    if settings.google_api_key is None:
        return None
    # Google's library takes a quarter of the start to load: only where there is a key.
    from bot.llm.gemini import GeminiBrain  # noqa: PLC0415

    brain = GeminiBrain(
        settings.google_api_key.get_secret_value(),
        settings.google_api_url,
        settings.gemini_model,
        settings.gemini_fast_model,
        prompts,
        clock,
    )
    stack.push_async_callback(brain.aclose)
    return brain
