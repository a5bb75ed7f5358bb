"""The best quote over all venues."""

import asyncio
from collections.abc import Mapping, Sequence

from bot.domain.errors import UpstreamError, UserError
from bot.domain.money import Amount, Price, Token
from bot.domain.trade import Quote
from bot.ports.chain import Venue


async def read_quotes(
    venues: Sequence[Venue], sell: Amount, buy: Token, native: Token
) -> list[Quote]:
    """Quotes of all venues, direct and by way of SEI; a venue that fails is left out.

    Raises:
        UpstreamError: no venue answered.
    """
    via = [native] if native not in (sell.token, buy) else []
    answers = await asyncio.gather(
        *(venue.read_quotes(sell, buy, via) for venue in venues), return_exceptions=True
    )
    quotes: list[Quote] = []
    failures: list[BaseException] = []
    for answer in answers:
        if isinstance(answer, BaseException):
            failures.append(answer)
        else:
            quotes.extend(answer)
    for failure in failures:
        if not quotes or not isinstance(failure, UpstreamError):
            raise failure
    return quotes


def best_quote(quotes: Sequence[Quote], sell: Amount, buy: Token) -> Quote:
    """The quote that buys most.

    Raises:
        UserError: nobody trades this pair.
    """
    if not quotes:
        raise UserError(f"No exchange offers {buy.symbol} for {sell.token.symbol} now.")
    return max(quotes, key=lambda quote: quote.buy.raw)


def price_of(prices: Mapping[str, Price], token: Token) -> Price:
    """A token's price.

    Raises:
        UpstreamError: the feed does not know it.
    """
    price = prices.get(token.symbol)
    if price is None:
        raise UpstreamError("market", f"no price for {token.symbol}", retryable=True)
    return price
