"""What the Telegram door can call, wired once by the composition root."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.chat.pictures.spark import Sparks
from bot.domain.tokens import Listing
from bot.policy.alerts.kind import AlertKinds
from bot.policy.risk import Limits
from bot.ports.alerts import Alerts, Ticks
from bot.ports.chain import ChainReader, EscrowReader, Venue
from bot.ports.clock import Clock
from bot.ports.figures import Figures
from bot.ports.groups import Groups
from bot.ports.jobs import JobBoard
from bot.ports.ledger import Journal, Outbox
from bot.ports.market import Market
from bot.ports.records import Agents, Conversations, Dialogues, People, Switches
from bot.services.alerts.set_alerts import SetAlerts
from bot.services.change_mandate import ChangeMandate
from bot.services.confirm import Confirm
from bot.services.converse import Converse
from bot.services.execute import Execute
from bot.services.lose_chat import LoseChat
from bot.services.manage_agents import CloseAgent
from bot.services.open_agent import OpenAgent
from bot.services.panic import Panic
from bot.services.portfolio import ViewPortfolio
from bot.services.propose import Propose
from bot.services.publish_signals import PublishSignals
from bot.services.signing import Signing
from bot.services.withdraw import Withdraw


@dataclass(frozen=True, slots=True)
class EdgeStatus:
    """One edge to the outside: what stands behind it, and whether it answers now."""

    name: str
    detail: str
    healthy: bool


@dataclass(frozen=True, slots=True)
class Faucet:
    """Test money of local mode. `give` hands an address some of a token; never on a real chain.

    `sign` is the test wallet's signature of a typed message: its key is known to everybody, as is
    the deployment's admin key, with which `resume` ends a pause on the chain.
    """

    give: Callable[[str, str], Awaitable[str]]
    symbols: tuple[str, ...]
    test_wallet: str
    sign: Callable[[Mapping[str, object]], bytes]
    resume: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the doors know about the service they belong to. `venues` are names by adapter.

    `username` is the bot's own on Telegram, once that is known.
    """

    version: str
    network: str
    market: str
    explorer: str
    public_url: str
    terms_version: str
    admin_ids: frozenset[int]
    reserved: frozenset[str]
    edges: Callable[[], Awaitable[Sequence[EdgeStatus]]]
    orchestrator: str
    public_rpc: str
    venues: Mapping[str, str]
    faucet: Faucet | None = None
    username: Callable[[], str] = lambda: ""


@dataclass(frozen=True, slots=True)
class Services:
    """Use cases and the few stores a conversation itself needs."""

    clock: Clock
    listing: Listing
    limits: Limits
    facts: Facts
    people: People
    agents: Agents
    dialogues: Dialogues
    conversations: Conversations
    switches: Switches
    journal: Journal
    market: Market
    reader: ChainReader
    venues: Sequence[Venue]
    propose: Propose
    confirm: Confirm
    execute: Execute
    open_agent: OpenAgent
    close_agent: CloseAgent
    converse: Converse
    portfolio: ViewPortfolio
    withdraw: Withdraw
    escrows: EscrowReader
    signing: Signing
    change_mandate: ChangeMandate
    panic: Panic
    groups: Groups
    lose_chat: LoseChat
    signals: PublishSignals
    set_alerts: SetAlerts
    alerts: Alerts
    ticks: Ticks
    outbox: Outbox
    board: JobBoard
    kinds: AlertKinds
    prices: Figures
    sparks: Sparks = field(default_factory=Sparks)
