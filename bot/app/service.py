"""The service itself, wired: doors over services over adapters."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import structlog

import bot.chat.commands
import bot.jobs.catalogue
import bot.venues
from bot.app.adapters import Parts
from bot.app.edges import Edges
from bot.catalogue import discover
from bot.chat.command import Command
from bot.chat.door import TelegramDoor, build_door
from bot.chat.services import EdgeStatus, Facts, Services
from bot.domain.errors import UpstreamError
from bot.domain.people import UserId
from bot.domain.tokens import Listing
from bot.jobs.job import Job, JobDesk
from bot.jobs.runner import JobRunner
from bot.policy.risk import Limits
from bot.ports.ledger import Notice
from bot.services.answering import Desk
from bot.services.confirm import Confirm
from bot.services.converse import Converse
from bot.services.execute import Execute
from bot.services.manage_agents import CloseAgent
from bot.services.open_agent import OpenAgent
from bot.services.portfolio import ViewPortfolio
from bot.services.propose import Propose
from bot.services.watch_deposits import WatchDeposits
from bot.services.withdraw import Withdraw
from bot.settings import Settings
from bot.web.terms import TERMS_VERSION

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Service:
    """A running service."""

    door: TelegramDoor
    services: Services
    execute: Execute
    deposits: WatchDeposits
    jobs: JobRunner
    parts: Parts

    async def edges(self) -> Sequence[EdgeStatus]:
        """Every edge, asked now."""
        return await self.services.facts.edges()


def wire(settings: Settings, edges: Edges, parts: Parts) -> Service:
    """Build every use case and door around the adapters. Starts nothing."""
    return _Wiring(settings, edges, parts).service()


class _Wiring:
    """One wiring; the outbox's bell is the only thing that points backwards."""

    def __init__(self, settings: Settings, edges: Edges, parts: Parts) -> None:
        self.settings = settings
        self.edges = edges
        self.parts = parts
        deployment = edges.deployment
        self.listing = Listing(deployment.all_tokens(), deployment.quote, deployment.sei)
        self.limits = Limits()
        self.door: TelegramDoor | None = None

    def wake(self) -> None:
        if self.door is not None:
            self.door.sender.wake()

    def service(self) -> Service:
        parts, books = self.parts, self.parts.database
        execute = self._execute()
        deposits = WatchDeposits(
            books.agents,
            books.deposits,
            parts.reader,
            parts.market,
            self.listing,
            self.limits,
            self.wake,
        )
        services = self._services(execute)
        commands: dict[str, Command] = discover(bot.chat.commands, "COMMAND")
        self.door = build_door(
            self.edges.telegram_token, self.edges.telegram_url, services, commands, parts.outbox
        )
        jobs: dict[str, Job] = discover(bot.jobs.catalogue, "JOB")
        desk = JobDesk(parts.clock, parts.market, books.conversations, deposits, self.listing)
        runner = JobRunner(jobs.values(), desk)
        return Service(self.door, services, execute, deposits, runner, parts)

    def _execute(self) -> Execute:
        parts, books = self.parts, self.parts.database
        return Execute(
            clock=parts.clock,
            journal=parts.journal,
            agents=books.agents,
            executor=parts.executor,
            reader=parts.reader,
            outbox=parts.outbox,
            switches=books.switches,
            limits=self.limits,
            native=self.listing.native,
            wake=self.wake,
        )

    def _services(self, execute: Execute) -> Services:
        parts, books = self.parts, self.parts.database
        listing, limits, clock = self.listing, self.limits, parts.clock
        desk = Desk(
            clock, parts.market, parts.reader, books.conversations, parts.journal, listing, limits
        )
        return Services(
            clock=clock,
            listing=listing,
            limits=limits,
            facts=self._facts(),
            people=books.people,
            agents=books.agents,
            dialogues=books.dialogues,
            conversations=books.conversations,
            switches=books.switches,
            journal=parts.journal,
            market=parts.market,
            reader=parts.reader,
            venues=parts.venues,
            propose=Propose(
                clock=clock,
                journal=parts.journal,
                agents=books.agents,
                market=parts.market,
                reader=parts.reader,
                venues=parts.venues,
                switches=books.switches,
                listing=listing,
                limits=limits,
            ),
            confirm=Confirm(
                clock=clock,
                journal=parts.journal,
                agents=books.agents,
                market=parts.market,
                switches=books.switches,
                conversations=books.conversations,
                listing=listing,
                limits=limits,
            ),
            execute=execute,
            open_agent=OpenAgent(
                clock=clock,
                agents=books.agents,
                journal=parts.journal,
                executor=parts.executor,
                execute=execute,
                limits=limits,
                native=listing.native,
            ),
            close_agent=CloseAgent(books.agents, parts.reader, parts.market, listing, limits),
            converse=Converse(desk, parts.brain, parts.fallback),
            portfolio=ViewPortfolio(parts.reader, parts.market, parts.journal, listing),
            withdraw=Withdraw(
                clock, parts.journal, parts.reader, parts.executor, parts.market, listing
            ),
        )

    def _facts(self) -> Facts:
        deployment = self.edges.deployment
        reserved = {
            deployment.orchestrator,
            deployment.implementation,
            deployment.lens,
            deployment.admin,
            deployment.server,
            *(token.address for token in deployment.tokens),
            *(venue.router for venue in deployment.venues),
            *(venue.adapter for venue in deployment.venues),
        }
        network = self.settings.sei_network.value
        return Facts(
            version=version("sei-trader"),
            network="the local chain" if network == "local" else f"Sei {network}",
            market=next(e for e in self.edges.report if e.name == "Market data").source,
            explorer=deployment.explorer,
            public_url=self.settings.public,
            terms_version=TERMS_VERSION,
            admin_ids=self.edges.admin_ids,
            reserved=frozenset(reserved),
            edges=self._edge_states,
            faucet=self.edges.faucet,
        )

    async def _edge_states(self) -> Sequence[EdgeStatus]:
        healthy = await asyncio.gather(
            self._telegram_answers(), self._chain_answers(), self._market_answers()
        )
        states = dict(zip(("Telegram", "Chain", "Market data"), healthy, strict=True))
        states["Analyst"] = getattr(self.parts.brain, "healthy", True)
        return [
            EdgeStatus(
                edge.name,
                f"{edge.detail}{'' if edge.real else ' (stand-in)'}",
                states.get(edge.name, True),
            )
            for edge in self.edges.report
        ]

    async def _telegram_answers(self) -> bool:
        return self.door is not None and await self.door.healthy()

    async def _chain_answers(self) -> bool:
        try:
            await self.parts.reader.read_head()
        except UpstreamError:
            return False
        return True

    async def _market_answers(self) -> bool:
        try:
            prices = await self.parts.market.fetch_prices(self.listing.tokens)
        except UpstreamError:
            return False
        now = self.parts.clock.now()
        return bool(prices) and all(
            now - price.as_of < self.limits.max_price_age for price in prices.values()
        )


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[Service]:
    """Recover what a stop interrupted, then open the doors; close them in the other order.

    Raises:
        UpstreamError: Telegram refuses the token or cannot be reached.
    """
    parts = service.parts
    await parts.outbox.release_claims()
    recovered = await service.execute.recover()
    recovered += await service.services.open_agent.recover()
    warming = asyncio.create_task(parts.market.warm(service.services.listing.tokens))
    await _tell_admins(service, recovered)
    await service.door.start()
    service.jobs.start()
    try:
        yield service
    finally:
        await service.jobs.stop()
        await service.door.stop()
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)
        await service.execute.stop()


async def _tell_admins(service: Service, recovered: int) -> None:
    facts, clock = service.services.facts, service.services.clock
    now = clock.now()
    data = {"version": facts.version, "network": facts.network, "recovered": str(recovered)}
    for admin_id in facts.admin_ids:
        if await service.services.people.load_user(UserId(admin_id)) is None:
            continue  # Telegram lets nobody be written to who never pressed Start.
        notice = Notice(admin_id, "boot", f"boot:{admin_id}:{now.isoformat()}", data)
        await service.parts.outbox.queue(notice, now)
