"""The tokens a deployment lists."""

from dataclasses import dataclass

from bot.domain.money import Token


@dataclass(frozen=True, slots=True)
class Listing:
    """Listed tokens; `quote` is what buys spend and sells return to, `native` is SEI."""

    tokens: tuple[Token, ...]
    quote: Token
    native: Token

    def find(self, symbol: str) -> Token | None:
        """A token by its exact symbol, in any case."""
        wanted = symbol.upper()
        return next((t for t in self.tokens if t.symbol.upper() == wanted), None)

    @property
    def symbols(self) -> tuple[str, ...]:
        """All symbols, in listing order."""
        return tuple(token.symbol for token in self.tokens)

    @property
    def tradable(self) -> tuple[Token, ...]:
        """All but the quote token."""
        return tuple(token for token in self.tokens if token != self.quote)
