"""The service itself, wired: doors over services over adapters."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

import bot.chat.commands
import bot.jobs.catalogue
import bot.venues
from bot.app.adapters import Parts
from bot.app.alerts import wire_alerts
from bot.app.edges import Edges
from bot.app.facts import EdgeStates, facts_of, network_name
from bot.catalogue import discover
from bot.chat.command import Command
from bot.chat.door import TelegramDoor, build_door
from bot.chat.services import EdgeStatus, Facts, Services
from bot.domain.people import UserId
from bot.domain.tokens import Listing
from bot.jobs.job import Job, JobDesk
from bot.jobs.runner import JobRunner
from bot.policy.mandate_choices import Offer
from bot.policy.risk import Limits
from bot.policy.web_app import web_app_key
from bot.ports.jobs import JobBoard
from bot.ports.ledger import Notice
from bot.services.answering import Desk
from bot.services.change_mandate import ChangeMandate
from bot.services.confirm import Confirm
from bot.services.converse import Converse
from bot.services.execute import Execute
from bot.services.manage_agents import CloseAgent
from bot.services.open_agent import OpenAgent
from bot.services.panic import Panic
from bot.services.portfolio import ViewPortfolio
from bot.services.propose import Propose
from bot.services.prove_owner import ProveOwner
from bot.services.sign_in import SignIn
from bot.services.sign_mandate import SignMandate
from bot.services.signing import Signing, Site
from bot.services.signing_links import Links
from bot.services.tell_admins import TellAdmins
from bot.services.watch_deposits import WatchDeposits
from bot.services.watch_escrows import WatchEscrows
from bot.services.withdraw import Withdraw
from bot.settings import Settings

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
        self.links = Links(parts.clock)
        self.door: TelegramDoor | None = None
        self.alerts = wire_alerts(parts, self.listing, self.limits, self.wake)

    def wake(self) -> None:
        if self.door is not None:
            self.door.sender.wake()

    def service(self) -> Service:
        parts = self.parts
        execute = self._execute()
        deposits = self._watch_deposits()
        jobs = self._jobs(deposits)
        services = self._services(execute, self._change_mandate(execute), jobs)
        commands: dict[str, Command] = discover(bot.chat.commands, "COMMAND")
        self.door = build_door(
            self.edges.telegram_token, self.edges.telegram_url, services, commands, parts.outbox
        )
        return Service(self.door, services, execute, deposits, jobs, parts)

    def _jobs(self, deposits: WatchDeposits) -> JobRunner:
        parts, books, alerts = self.parts, self.parts.database, self.alerts
        desk = JobDesk(
            clock=parts.clock,
            market=parts.market,
            conversations=books.conversations,
            deposits=deposits,
            escrows=self._watch_escrows(),
            listing=self.listing,
            prices=alerts.prices,
            candles=alerts.candles,
            holdings=alerts.holdings,
            digests=alerts.digests,
            ticks=books.ticks,
            signals=alerts.signals,
        )
        jobs: dict[str, Job] = discover(bot.jobs.catalogue, "JOB")
        admins = TellAdmins(
            parts.clock, books.people, parts.outbox, self.edges.admin_ids, self.wake
        )
        return JobRunner(jobs.values(), desk, books.job_runs, admins)

    def _watch_deposits(self) -> WatchDeposits:
        parts, books = self.parts, self.parts.database
        return WatchDeposits(
            books.agents,
            books.deposits,
            parts.reader,
            parts.market,
            self.listing,
            self.limits,
            self.wake,
        )

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

    def _change_mandate(self, execute: Execute) -> ChangeMandate:
        parts, books = self.parts, self.parts.database
        return ChangeMandate(
            clock=parts.clock,
            journal=parts.journal,
            agents=books.agents,
            mandates=books.mandates,
            escrows=parts.escrows,
            signatures=parts.signatures,
            executor=parts.executor,
            execute=execute,
            native=self.listing.native,
        )

    def _watch_escrows(self) -> WatchEscrows:
        parts, books, deployment = self.parts, self.parts.database, self.edges.deployment
        return WatchEscrows(
            agents=books.agents,
            mandates=books.mandates,
            events=books.escrow_events,
            reader=parts.reader,
            logs=parts.logs,
            signatures=parts.signatures,
            orchestrator=deployment.orchestrator,
            deployed_at=deployment.deployed_at_block,
            admin_ids=self.edges.admin_ids,
            wake=self.wake,
        )

    def _signing(
        self, change: ChangeMandate, open_agent: OpenAgent, reserved: frozenset[str]
    ) -> Signing:
        """The wallet page's service."""
        parts, books, deployment = self.parts, self.parts.database, self.edges.deployment
        site = Site(
            public_url=self.settings.public,
            network=network_name(self.settings),
            chain_id=deployment.chain_id,
            rpc_url=self.edges.public_rpc,
            explorer=deployment.explorer,
            orchestrator=deployment.orchestrator,
            implementation=deployment.implementation,
        )
        tradable = tuple(t.to_token() for t in deployment.tokens if t.feed is not None)
        offer = Offer(tradable, deployment.quote, {v.adapter: v.name for v in deployment.venues})
        return Signing(
            clock=parts.clock,
            links=self.links,
            sign_in=SignIn(parts.clock, parts.signatures, site.page_url, site.chain_id),
            prove_owner=ProveOwner(
                parts.clock, books.dialogues, open_agent, parts.outbox, reserved, self.wake
            ),
            mandates=SignMandate(parts.clock, parts.escrows, parts.signatures, change, offer),
            people=books.people,
            agents=books.agents,
            journal=parts.journal,
            site=site,
            web_app_key=web_app_key(self.edges.telegram_token),
        )

    def _services(self, execute: Execute, change: ChangeMandate, board: JobBoard) -> Services:
        parts, books, alerts = self.parts, self.parts.database, self.alerts
        listing, limits, clock = self.listing, self.limits, parts.clock
        facts = self._facts()
        open_agent = self._open_agent(execute)
        return Services(
            clock=clock,
            listing=listing,
            limits=limits,
            facts=facts,
            people=books.people,
            agents=books.agents,
            dialogues=books.dialogues,
            conversations=books.conversations,
            switches=books.switches,
            journal=parts.journal,
            market=parts.market,
            reader=parts.reader,
            venues=parts.venues,
            propose=self._propose(change),
            confirm=self._confirm(),
            execute=execute,
            open_agent=open_agent,
            close_agent=CloseAgent(books.alerts, parts.reader, parts.market, listing, limits),
            converse=Converse(self._desk(change), parts.brain, parts.fallback),
            portfolio=ViewPortfolio(parts.reader, parts.market, parts.journal, listing),
            withdraw=Withdraw(
                clock, parts.journal, parts.reader, parts.executor, parts.market, listing
            ),
            escrows=parts.escrows,
            signing=self._signing(change, open_agent, facts.reserved),
            change_mandate=change,
            panic=Panic(clock, books.agents, parts.journal, change, self.links),
            groups=books.groups,
            lose_chat=alerts.lose_chat,
            signals=alerts.signals,
            set_alerts=alerts.set_alerts,
            alerts=books.alerts,
            ticks=books.ticks,
            outbox=parts.outbox,
            board=board,
            kinds=alerts.kinds,
            prices=alerts.prices,
        )

    def _desk(self, change: ChangeMandate) -> Desk:
        parts = self.parts
        return Desk(
            clock=parts.clock,
            market=parts.market,
            reader=parts.reader,
            conversations=parts.database.conversations,
            journal=parts.journal,
            listing=self.listing,
            limits=self.limits,
            escrows=parts.escrows,
            change_mandate=change,
        )

    def _open_agent(self, execute: Execute) -> OpenAgent:
        parts = self.parts
        return OpenAgent(
            clock=parts.clock,
            agents=parts.database.agents,
            journal=parts.journal,
            executor=parts.executor,
            execute=execute,
            limits=self.limits,
            native=self.listing.native,
        )

    def _propose(self, change: ChangeMandate) -> Propose:
        parts, books = self.parts, self.parts.database
        return Propose(
            clock=parts.clock,
            journal=parts.journal,
            agents=books.agents,
            market=parts.market,
            reader=parts.reader,
            venues=parts.venues,
            switches=books.switches,
            listing=self.listing,
            limits=self.limits,
            escrows=parts.escrows,
            change_mandate=change,
        )

    def _confirm(self) -> Confirm:
        parts, books = self.parts, self.parts.database
        return Confirm(
            clock=parts.clock,
            journal=parts.journal,
            agents=books.agents,
            market=parts.market,
            switches=books.switches,
            conversations=books.conversations,
            listing=self.listing,
            limits=self.limits,
        )

    def _facts(self) -> Facts:
        states = EdgeStates(
            self.edges, self.parts, self.listing, self.limits, self._telegram_answers
        )
        return facts_of(self.settings, self.edges, states, self._username)

    def _username(self) -> str:
        """The bot's own; known once the door is open."""
        return self.door.bot.username if self.door is not None else ""

    async def _telegram_answers(self) -> bool:
        return self.door is not None and await self.door.healthy()


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
    try:
        await service.jobs.start()
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
