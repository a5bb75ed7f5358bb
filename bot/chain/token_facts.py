"""The tokens an orchestrator lists under the symbols this release knows, for somebody who looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.chain.rpc import Rpc
from bot.chain.token_book import SYMBOLS
from bot.chain.views import View, read_views
from bot.domain.money import NATIVE


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A listing. `feed` is zero where the token has none: it can be a hop of a route only.

    `counts_from` is None where it counted from the start; `is_on` is whether it is not switched
    off.
    """

    symbol: str
    address: str
    feed: str
    counts_from: datetime | None
    is_on: bool


async def read_listed(rpc: Rpc, orchestrator: str) -> Sequence[ListedToken]:
    """Every token of this release's symbols that is or was listed; others are not looked for.

    Raises:
        UpstreamError: the node did not answer.
    """
    named = await read_views(
        rpc, [View("CaretOrchestrator", orchestrator, "tokens", (s,)) for s in SYMBOLS]
    )
    found = [(s, a) for s, a in zip(SYMBOLS, named, strict=True) if a not in (None, NATIVE)]
    listings = await read_views(
        rpc, [View("CaretOrchestrator", orchestrator, "tokenListing", (a,)) for _, a in found]
    )
    return [
        ListedToken(symbol, address, feed, _moment(listed_at), is_on)
        for (symbol, address), listing in zip(found, listings, strict=True)
        if listing is not None
        for feed, *_, listed_at, is_on in [listing]
    ]


def _moment(listed_at: int) -> datetime | None:
    return datetime.fromtimestamp(listed_at, UTC) if listed_at else None
