"""The wallet page's service on the fakes, and an owner's wallet beside it."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bot.domain.people import Agent
from bot.policy.mandate_choices import Choices, Offer
from bot.policy.web_app import web_app_key
from bot.services.prove_owner import ProveOwner
from bot.services.sign_in import SignIn
from bot.services.sign_mandate import SignMandate
from bot.services.signing import Signing, Site
from bot.services.signing_links import Links, Purpose
from tests.fakes.contracts import CHAIN_ID, fake_signature
from tests.unit.services.office import ANN, CHAT, SEI, USDC, WBTC, Office

OWNER = "0x52908400098527886E0F7030069857D2E4169EE7"
STRANGER = "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
RESERVED = "0xde709f2102306220921060314715629080e2fb77"
BOT_TOKEN = "1:play"  # noqa: S105
OFFER = Offer((SEI, USDC, WBTC), USDC, {"0x" + "d" * 40: "Dragon", "0x" + "e" * 40: "Eel"})
SITE = Site(
    public_url="https://bot.example:8443",
    network="Sei pacific-1",
    chain_id=CHAIN_ID,
    rpc_url="https://rpc.example",
    explorer="https://explorer.example",
    orchestrator="0x" + "b" * 40,
    implementation="0x" + "c" * 40,
)


@dataclass
class Notary:
    """`signing` as the composition root wires it; `sign_in` and `choices` are what a page does."""

    office: Office

    def __post_init__(self) -> None:
        office, clock = self.office, self.office.clock
        self.signing = Signing(
            clock=clock,
            links=Links(clock),
            sign_in=SignIn(clock, office.signatures, SITE.page_url, CHAIN_ID),
            prove_owner=ProveOwner(
                clock,
                office.records,
                office.open_agent,
                office.ledger,
                frozenset({RESERVED}),
                office.wake,
            ),
            mandates=SignMandate(
                clock, office.escrows, office.signatures, office.change_mandate, OFFER
            ),
            people=office.records,
            agents=office.records,
            journal=office.ledger,
            site=SITE,
            web_app_key=web_app_key(BOT_TOKEN),
        )

    async def agent(self) -> Agent:
        """An agent without a mandate, of an owner with a wallet."""
        agent = replace(await self.office.bare_agent(), owner=OWNER)
        self.office.records.agents[agent.id] = agent
        self.office.chain.contracts.open(agent.escrow, agent)
        return agent

    async def link(self, agent: Agent | None = None) -> str:
        if agent is None:
            await self.office.user()
            return await self.signing.open(Purpose.PROVE_OWNER, ANN, CHAT)
        return await self.signing.open(Purpose.MANDATE, ANN, CHAT, agent.id)

    async def sign_in(self, token: str, address: str = OWNER) -> str:
        """The session of a wallet that signs what it is given."""
        text = await self.signing.challenge(token, address)
        signer = text.split("\n")[1]
        return (await self.signing.answer(token, fake_signature(signer, text))).session

    def choices(self, **change: Any) -> Choices:
        usual = Choices(
            tokens=[USDC.address, SEI.address],
            adapters=list(OFFER.venues),
            trade_usd=Decimal(50),
            volume_usd=Decimal(200),
            loss_usd=Decimal(10),
            slippage_pct=Decimal("1.5"),
            valid_until=self.office.clock.now() + timedelta(days=30),
        )
        return replace(usual, **change)
