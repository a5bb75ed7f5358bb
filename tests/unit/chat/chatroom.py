"""The chat's services on the fakes, and a Bot API that remembers what it was told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import bot.policy.alerts.kinds
from bot.catalogue import discover
from bot.chat.services import Facts, Faucet, Services
from bot.chat.talk import Talk
from bot.chat.view import View, bare
from bot.domain.alerts import Condition
from bot.domain.people import User
from bot.policy.alerts.kind import AlertKinds
from bot.policy.mandate_choices import Offer
from bot.ports.ledger import Notice
from bot.services.alerts.set_alerts import SetAlerts
from bot.services.lose_chat import LoseChat
from bot.services.publish_signals import PublishSignals
from bot.services.sign_mandate import SignMandate
from tests.fakes.alerts import FakeAlerts, FakeTicks
from tests.fakes.contracts import ORCHESTRATOR, fake_address, fake_signature
from tests.fakes.groups import FakeGroups
from tests.fakes.jobs import FakeJobBoard
from tests.unit.services.notary import Notary
from tests.unit.services.office import ADMIN, ANN, CHAT, LISTING, SEI, USDC, WBTC, Office

KINDS = AlertKinds(tuple(discover(bot.policy.alerts.kinds, "ALERT").values()))
TEST_WALLET = fake_address("the test wallet")
VENUES = {fake_address(name): name for name in ("Cheap", "Dear")}


@dataclass
class FakeFigures:
    """Present figures of series, as a test has set them."""

    known: dict[str, Decimal] = field(default_factory=dict)

    def figure(self, series: str) -> Decimal | None:
        return self.known.get(series)

    async def measure_now(self, condition: Condition) -> Decimal | None:
        watch = KINDS.watch(condition)
        return self.known.get(watch.series) if watch else None


@dataclass
class FakeBot:
    """What was said, edited and deleted; `said` are texts without their markup."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    edited: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[tuple[int, int]] = field(default_factory=list)
    disarmed: list[int] = field(default_factory=list)

    async def send_message(self, chat_id: int, text: str, **options: Any) -> SimpleNamespace:
        self.sent.append({"chat_id": chat_id, "text": text, **options})
        return SimpleNamespace(message_id=len(self.sent))

    async def send_photo(self, chat_id: int, photo: bytes, **options: Any) -> SimpleNamespace:
        self.sent.append({"chat_id": chat_id, "text": options.pop("caption") or "", **options})
        return SimpleNamespace(message_id=len(self.sent))

    async def edit_message_text(self, text: str, chat_id: int, message_id: int, **options: Any):
        self.edited.append({"chat_id": chat_id, "text": text, "id": message_id, **options})
        return SimpleNamespace(message_id=message_id)

    async def send_message_draft(self, *_: Any, **__: Any) -> bool:
        return True

    async def send_chat_action(self, *_: Any, **__: Any) -> bool:
        return True

    async def edit_message_reply_markup(self, _: int, message_id: int, **__: Any) -> bool:
        self.disarmed.append(message_id)
        return True

    async def delete_message(self, chat_id: int, message_id: int) -> None:
        self.deleted.append((chat_id, message_id))

    @property
    def texts(self) -> list[str]:
        return [bare(message["text"]) for message in self.sent]


class Chatroom:
    """`services` as the composition root wires them; `talk` is one update being answered."""

    def __init__(self, office: Office, *, local: bool = False, explorer: str = "") -> None:
        self.office = office
        self.bot = FakeBot()
        self.groups = FakeGroups(office.records, office.ledger)
        self.ticks = FakeTicks()
        self.alerts = FakeAlerts(office.records, office.ledger, self.ticks)
        self.figures = FakeFigures()
        self.board = FakeJobBoard()
        faucet = Faucet(_give, ("USDC",), TEST_WALLET, _sign, self._resume) if local else None
        facts = Facts(
            version="1",
            network="Sei pacific-1",
            market="CoinGecko",
            explorer=explorer,
            public_url="https://bot.example",
            terms_version="1",
            admin_ids=frozenset({ADMIN}),
            reserved=frozenset({ORCHESTRATOR}),
            edges=_no_edges,
            orchestrator=ORCHESTRATOR,
            public_rpc="https://rpc.example",
            venues=VENUES,
            faucet=faucet,
            username=lambda: "SeiTraderBot",
        )
        change = office.change_mandate
        offer = Offer((SEI, USDC, WBTC), USDC, dict(VENUES))
        mandates = SignMandate(office.clock, office.escrows, office.signatures, change, offer)
        self.services = Services(
            clock=office.clock,
            listing=LISTING,
            limits=office.limits,
            facts=facts,
            people=office.records,
            agents=office.records,
            dialogues=office.records,
            conversations=office.records,
            switches=office.records,
            journal=office.ledger,
            market=office.market,
            reader=office.reader,
            venues=office.venues,
            propose=office.propose,
            confirm=office.confirm,
            execute=office.execute,
            open_agent=office.open_agent,
            close_agent=replace(office.close_agent, alerts=self.alerts),
            converse=office.converse(),
            portfolio=office.portfolio,
            withdraw=office.withdraw,
            escrows=office.escrows,
            signing=replace(Notary(office).signing, mandates=mandates),
            change_mandate=change,
            panic=office.panic,
            groups=self.groups,
            lose_chat=LoseChat(
                office.clock, office.records, self.alerts, self.groups, office.ledger, office.wake
            ),
            signals=PublishSignals(
                office.clock,
                self.groups,
                office.records,
                office.records,
                office.ledger,
                office.wake,
            ),
            set_alerts=SetAlerts(
                clock=office.clock,
                alerts=self.alerts,
                people=office.records,
                agents=office.records,
                kinds=KINDS,
                watch=self.figures,
                listing=LISTING,
                limits=office.limits,
            ),
            alerts=self.alerts,
            ticks=self.ticks,
            outbox=office.ledger,
            board=self.board,
            kinds=KINDS,
            prices=self.figures,
        )

    async def _resume(self) -> None:
        self.office.chain.paused = False

    async def talk(self, user: User | None = None, tapped: int | None = None) -> Talk:
        """An update; `tapped` is the id of the message whose button it is about."""
        bot: Any = self.bot
        message: Any = tapped and SimpleNamespace(
            message_id=tapped, photo=(), text_html="what was said"
        )
        return Talk(
            bot=bot,
            services=self.services,
            user=user or await self.office.user(ANN),
            chat_id=CHAT,
            correlation_id="c0ffee",
            tapped=message,
        )


def notice_of(kind: str, **data: str) -> Notice:
    return Notice(CHAT, kind, "key", data)


def taps(view: View) -> list[str]:
    """What the buttons of a view send back."""
    return [str(b.callback_data) for row in view.rows for b in row if b.callback_data]


async def _give(address: str, symbol: str) -> str:
    return f"10 {symbol}"


def _sign(message: Mapping[str, object]) -> bytes:
    return fake_signature(TEST_WALLET, message)


async def _no_edges() -> list[Any]:
    return []
