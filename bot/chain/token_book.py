"""Names and amounts of tokens, as far as the orchestrator vouches for them.

Anybody can make a token called USDC and send it to an escrow. So a token is named only where the
orchestrator lists it; any other one is its address, and its amounts are base units.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from bot.chain.networks import PACIFIC_1, QUOTE_SYMBOL
from bot.chain.rpc import Rpc
from bot.chain.views import View, read_views
from bot.domain.money import NATIVE, exact

SYMBOLS = tuple(token.symbol for token in PACIFIC_1.tokens)
"""Listed under these on every network; any other listed token is found by its event or address."""

WRAPPED_SYMBOL = "WSEI"

_NATIVE_DECIMALS = 18
_LONGEST_SYMBOL = 20


class TokenBook:
    """What is known of tokens; `load` and `learn` ask the chain, the rest does not."""

    def __init__(self, rpc: Rpc, orchestrators: Sequence[str]) -> None:
        self._rpc = rpc
        self._orchestrators = tuple(orchestrators)
        self._tokens: dict[str, tuple[str, int]] = {NATIVE: ("SEI", _NATIVE_DECIMALS)}
        self._unlisted: set[str] = set()

    async def load(self) -> None:
        """Look up the tokens that this release knows by symbol, the wrapper and the quote token.

        Raises:
            UpstreamError: no answer.
        """
        for orchestrator in self._orchestrators:
            views = [View("CaretOrchestrator", orchestrator, name) for name in ("wsei", "usdt")]
            views += [
                View("CaretOrchestrator", orchestrator, "tokens", (symbol,)) for symbol in SYMBOLS
            ]
            found = await read_views(self._rpc, views)
            names = dict(zip(found[2:], SYMBOLS, strict=True))
            names |= {found[1]: QUOTE_SYMBOL, found[0]: WRAPPED_SYMBOL}
            named = {str(a): s for a, s in names.items() if a not in (None, NATIVE)}
            await self._add(orchestrator, named)

    async def learn(self, addresses: Iterable[str]) -> None:
        """Look up tokens by address, unless that was done before.

        Raises:
            UpstreamError: no answer.
        """
        new = sorted(set(addresses) - set(self._tokens) - self._unlisted)
        if not new:
            return
        symbols = await read_views(self._rpc, [View("TestToken", a, "symbol") for a in new])
        # A token may call itself anything, so its address stays with it.
        named = {a: f"{_clean(symbol)} ({a})" for a, symbol in zip(new, symbols, strict=True)}
        for orchestrator in self._orchestrators:
            await self._add(orchestrator, named)
        self._unlisted.update(set(new) - set(self._tokens))

    @property
    def known(self) -> Sequence[str]:
        """Native SEI and every listed token that was looked up."""
        return tuple(self._tokens)

    def symbol_of(self, address: str) -> str:
        """A listed token's symbol, or the address itself."""
        found = self._tokens.get(address)
        return found[0] if found else address

    def list_of(self, held: Mapping[str, int | None]) -> str:
        """`1.5 USDC, 2 SEI`; None is an amount that cannot be read."""
        amounts = [
            self.amount_of(token, raw)
            if raw is not None
            else f"an unreadable amount of {self.symbol_of(token)}"
            for token, raw in held.items()
        ]
        return ", ".join(amounts) or "nothing"

    def amount_of(self, token: str, raw: int) -> str:
        """`1.5 USDC`, or base units of a token that is not listed."""
        found = self._tokens.get(token)
        if found is None:
            return f"{raw:,} base units of the unlisted token {token}"
        symbol, decimals = found
        with exact():
            return f"{Decimal(raw).scaleb(-decimals).normalize():,f} {symbol}"

    async def _add(self, orchestrator: str, named: Mapping[str, str]) -> None:
        """Keep those that are or were listed. The wrapper and the quote token need not be."""
        addresses = list(named)
        listings = await read_views(
            self._rpc,
            [View("CaretOrchestrator", orchestrator, "tokenListing", (a,)) for a in addresses],
        )
        decimals = await read_views(
            self._rpc, [View("TestToken", address, "decimals") for address in addresses]
        )
        for address, listing, places in zip(addresses, listings, decimals, strict=True):
            symbol = named[address]
            if listing is not None and any(listing[1:]):
                self._tokens.setdefault(address, (symbol, listing[1]))
            elif symbol in (WRAPPED_SYMBOL, QUOTE_SYMBOL) and places is not None:
                self._tokens.setdefault(address, (symbol, places))


def _clean(symbol: object) -> str:
    """A symbol from the chain may hold anything, control characters included."""
    text = symbol if isinstance(symbol, str) else ""
    return "".join(c for c in text if c.isprintable())[:_LONGEST_SYMBOL] or "?"
