"""What the doors know about the service they belong to, and how its edges are now."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from bot.app.adapters import Parts
from bot.app.edges import Edges
from bot.chat.services import EdgeStatus, Facts
from bot.domain.errors import UpstreamError
from bot.domain.tokens import Listing
from bot.policy.risk import Limits
from bot.settings import Settings
from bot.web.terms import TERMS_VERSION


@dataclass(frozen=True, slots=True)
class EdgeStates:
    """Asks every edge whether it answers. `telegram_answers` asks the door."""

    edges: Edges
    parts: Parts
    listing: Listing
    limits: Limits
    telegram_answers: Callable[[], Awaitable[bool]]

    async def read(self) -> Sequence[EdgeStatus]:
        """All edges, asked now."""
        healthy = await asyncio.gather(
            self.telegram_answers(), self._chain_answers(), self._market_answers()
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


def facts_of(
    settings: Settings, edges: Edges, states: EdgeStates, username: Callable[[], str]
) -> Facts:
    """The deployment, the network and the people in charge, in the doors' words."""
    deployment = edges.deployment
    reserved = {
        deployment.orchestrator,
        deployment.implementation,
        deployment.lens,
        deployment.admin,
        deployment.server,
        deployment.guardian,
        *(token.feed.feed for token in deployment.tokens if token.feed),
        *(token.address for token in deployment.tokens),
        *(venue.router for venue in deployment.venues),
        *(venue.adapter for venue in deployment.venues),
    }
    return Facts(
        version=version("sei-trader"),
        network=network_name(settings),
        market=next(e for e in edges.report if e.name == "Market data").source,
        explorer=deployment.explorer,
        public_url=settings.public,
        terms_version=TERMS_VERSION,
        admin_ids=edges.admin_ids,
        reserved=frozenset(reserved),
        edges=states.read,
        orchestrator=deployment.orchestrator,
        public_rpc=edges.public_rpc,
        venues={venue.adapter: venue.name for venue in deployment.venues},
        faucet=edges.faucet,
        username=username,
    )


def network_name(settings: Settings) -> str:
    """As users know it."""
    network = settings.sei_network.value
    return "the local chain" if network == "local" else f"Sei {network}"
