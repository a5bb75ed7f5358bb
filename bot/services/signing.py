"""The owner's wallet page: links made in chat, addresses proven, mandates signed.

Moves no money. A link alone shows an agent's name and addresses; everything else needs the
session that a signature of the address opens, and nothing counts that its owner did not sign.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.errors import UpstreamError, UserError
from bot.domain.people import Agent, AgentId, UserId
from bot.domain.trade import IntentId
from bot.policy.addresses import parse_owner, shortened
from bot.policy.mandate_choices import Choices, Offer
from bot.policy.web_app import read_opener
from bot.ports.clock import Clock
from bot.ports.ledger import Journal
from bot.ports.records import Agents, People
from bot.services.intents import Origin
from bot.services.manage_agents import open_agent_of
from bot.services.prove_owner import ProveOwner
from bot.services.sign_in import SignIn
from bot.services.sign_mandate import MandateView, Progress, SignMandate, progress_of
from bot.services.signing_links import Draft, Link, LinkExpiredError, Links, Purpose

PAGE = "/wallet"
_CORRELATION_BYTES = 4


@dataclass(frozen=True, slots=True)
class Site:
    """Where the page is, and the deployment it speaks of.

    `rpc_url` is a public one, for wallets that do not know the network yet.
    """

    public_url: str
    network: str
    chain_id: int
    rpc_url: str
    explorer: str
    orchestrator: str
    implementation: str

    @property
    def page_url(self) -> str:
        """The page, without a link's token."""
        return f"{self.public_url}{PAGE}"


@dataclass(frozen=True, slots=True)
class LinkView:
    """What a link is about. `agent` is missing where its owner is still to be proven."""

    purpose: Purpose
    expires_at: datetime
    done: bool
    site: Site
    agent: Agent | None
    offer: Offer


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A proven address and the secret of its session."""

    address: str
    session: str


@dataclass(frozen=True, slots=True)
class Signing:
    """All that the wallet page can ask. `web_app_key` checks what Telegram says of its opener."""

    clock: Clock
    links: Links
    sign_in: SignIn
    prove_owner: ProveOwner
    mandates: SignMandate
    people: People
    agents: Agents
    journal: Journal
    site: Site
    web_app_key: bytes = field(repr=False)

    async def open(
        self, purpose: Purpose, user_id: UserId, chat_id: int, agent_id: AgentId | None = None
    ) -> str:
        """A new link's token, for the chat to hand out; it works for 30 minutes."""
        return self.links.open(purpose, user_id, chat_id, agent_id)

    def url(self, token: str) -> str:
        """A link. The token stands in the fragment, which browsers send to nobody."""
        return f"{self.site.page_url}#{token}"

    async def look(self, token: str, init_data: str) -> LinkView:
        """What a link is about. `init_data` is Telegram's, empty in a plain browser.

        Raises:
            UserError: the link has expired, or was opened by another Telegram user.
        """
        link = self.links.find(token)
        if init_data:
            opener = read_opener(init_data, self.web_app_key, self.clock.now())
            if opener != link.user_id:
                raise UserError("This link was made for somebody else. Ask the bot for your own.")
        agent = await self._agent(link) if link.purpose is Purpose.MANDATE else None
        return LinkView(
            link.purpose, link.expires_at, link.done, self.site, agent, self.mandates.offer
        )

    async def challenge(self, token: str, address: str) -> str:
        """The message that proves an address; the last one given out is the one that counts.

        Raises:
            UserError: the link has expired, or the address is of no use for it.
        """
        link = self.links.find(token)
        if link.purpose is Purpose.PROVE_OWNER:
            known = await self.prove_owner.check(address)
        else:
            known = parse_owner(address)
            _require_owner(await self._agent(link), known)
        link.challenge = self.sign_in.challenge(known)
        return link.challenge.text

    async def answer(self, token: str, signature: bytes) -> SignedIn:
        """Sign in with a signed challenge; a new agent's owner is proven by it.

        Raises:
            UserError: no challenge, a wrong signature, or the chat has gone on.
            UpstreamError: a contract's signature could not be checked.
        """
        link = self.links.find(token)
        challenge, link.challenge = link.challenge, None
        if challenge is None:
            raise UserError("That signature was used or never asked for. Sign in again.")
        await self.sign_in.verify(challenge, signature)
        if link.purpose is Purpose.PROVE_OWNER and not link.done:
            key = secrets.token_hex(_CORRELATION_BYTES)
            await self.prove_owner.answer(link.chat_id, challenge.address, key)
            link.done = True
        return SignedIn(challenge.address, link.bind(challenge.address))

    async def view(self, token: str, session: str) -> MandateView:
        """The mandate in force.

        Raises:
            UserError: expired, signed out, or not the owner.
            UpstreamError: the chain did not answer.
        """
        _, agent = await self._signed_in(token, session)
        return await self.mandates.view(agent)

    async def prepare(self, token: str, session: str, choices: Choices) -> Mapping[str, object]:
        """The typed message of a mandate; what was given out last is what can be brought in.

        Raises:
            UserError: as `view`, or the choices make no sense.
            UpstreamError: the chain did not answer.
        """
        link, agent = await self._signed_in(token, session)
        return self._give_out(link, agent, await self.mandates.prepare(agent, choices))

    async def prepare_revocation(self, token: str, session: str) -> Mapping[str, object]:
        """The same for a revocation."""
        link, agent = await self._signed_in(token, session)
        return self._give_out(link, agent, await self.mandates.prepare_revocation(agent))

    async def bring_in(self, token: str, session: str, signature: bytes) -> Progress:
        """Bring in what was given out last, signed.

        Raises:
            UserError: as `view`, nothing was given out, or it is not the owner's signature.
            UpstreamError: the chain did not answer; the same signature may be sent again.
        """
        link, agent = await self._signed_in(token, session)
        draft, link.draft = link.draft, None
        if draft is None:
            raise UserError("That was brought in already or never asked for. Start again.")
        user = await self.people.load_user(link.user_id)
        if user is None:
            raise LinkExpiredError
        origin = Origin(user, link.chat_id, secrets.token_hex(_CORRELATION_BYTES))
        try:
            intent = await self.mandates.bring_in(agent, draft, signature, origin)
        except UpstreamError:
            link.draft = draft
            raise
        link.intent_id = intent.id
        return progress_of(intent)

    async def progress(self, token: str, session: str) -> Progress:
        """How what was brought in last stands.

        Raises:
            UserError: as `view`, or nothing was.
        """
        link = self.links.find(token)
        link.require_session(session)
        intent = await self.journal.load_intent(link.intent_id or IntentId(""))
        if intent is None:
            raise UserError("Nothing was brought in yet.")
        return progress_of(intent)

    def _give_out(self, link: Link, agent: Agent, draft: Draft) -> Mapping[str, object]:
        link.draft = draft
        return self.mandates.type_draft(agent, draft)

    async def _signed_in(self, token: str, session: str) -> tuple[Link, Agent]:
        link = self.links.find(token)
        link.require_session(session)
        agent = await self._agent(link)
        _require_owner(agent, link.address)
        return link, agent

    async def _agent(self, link: Link) -> Agent:
        user = await self.people.load_user(link.user_id)
        if user is None or link.agent_id is None:
            raise LinkExpiredError
        return await open_agent_of(self.agents, link.agent_id, user)


def _require_owner(agent: Agent, address: str) -> None:
    if address != agent.owner:
        raise UserError(
            f"The owner of {agent.name} is {shortened(agent.owner)}, and your wallet shows "
            f"{shortened(address)}. Choose the owner's account in your wallet."
        )
