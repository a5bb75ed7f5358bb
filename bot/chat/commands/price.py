"""/price: what tokens cost, by the market and by the exchanges."""

import asyncio
from decimal import Decimal

from bot.chat.command import Command
from bot.chat.pictures.chart import render_price_chart
from bot.chat.render import ago, change_words, clock, esc, price
from bot.chat.talk import Talk
from bot.chat.tokens import resolve_token
from bot.chat.view import View, button, grid
from bot.domain.analysis import PriceHistory
from bot.domain.errors import UpstreamError, UserError
from bot.domain.money import Price, Token
from bot.policy.indicators import indicators
from bot.policy.measures import measures
from bot.services.quotes import best_quote, price_of, read_quotes

_DAYS = 30


async def run(talk: Talk, words: str) -> None:
    """`/price` lists all, `/price SEI` shows one."""
    if words:
        await show_one(talk, resolve_token(talk, words).symbol)
    else:
        await show_list(talk, "")


async def show_list(talk: Talk, _: str) -> None:
    """All listed tokens with their day's change."""
    listing = talk.services.listing
    prices = await talk.services.market.fetch_prices(listing.tokens)
    lines = ["<b>Prices</b>", ""]
    lines += [_line(prices[t.symbol]) for t in listing.tokens if t.symbol in prices]
    lines += ["", f"<i>{_stamp(talk, *prices.values())}</i>"]
    picks = [button(t.symbol, "price", "one", t.symbol) for t in listing.tradable]
    rows = (*grid(picks, 3), (button("🔄 Refresh", "price", "list"),))
    await talk.show(View("\n".join(lines), rows))


async def show_one(talk: Talk, symbol: str) -> None:
    """One token: market price, exchange price, figures, chart."""
    services = talk.services
    token = services.listing.find(symbol)
    if token is None:
        raise UserError(f"I do not know {symbol[:10]}. /price lists what I trade.")
    now = price_of(await services.market.fetch_prices(services.listing.tokens), token)
    history = await _history(talk, token)
    lines = [
        f"<b>{esc(token.symbol)}</b> {price(now.usd)} {_change(now)}",
        await _exchange_line(talk, token),
        "",
        *(_figures(history) if history else ["<i>The market data source has no chart now.</i>"]),
        f"<i>{_stamp(talk, now)}</i>",
    ]
    rows = (
        (
            button(f"🟢 Buy {token.symbol}", "buy", "ask", token.symbol),
            button(f"🔴 Sell {token.symbol}", "sell", "ask", token.symbol),
        ),
        (button("💱 All prices", "price", "list"),),
    )
    title = f"{token.symbol} · {_DAYS} days"
    chart = None
    if history:
        chart = await asyncio.to_thread(render_price_chart, history, title=title)
    await talk.show(View("\n".join(lines), rows, chart))


async def _history(talk: Talk, token: Token) -> PriceHistory | None:
    try:
        return await talk.services.market.fetch_history(token, _DAYS)
    except UpstreamError:
        return None


def _figures(history: PriceHistory) -> list[str]:
    figures, risk = indicators(history), measures(history)
    rsi = "" if figures.rsi_14 is None else f", RSI {figures.rsi_14:.0f}"
    return [
        f"Trend: {figures.trend}{rsi}",
        f"Volatility {risk.volatility:.0%} a year, worst fall in {_DAYS} days "
        f"{risk.max_drawdown:.0%}",
    ]


async def _exchange_line(talk: Talk, token: Token) -> str:
    services = talk.services
    listing = services.listing
    if token == listing.quote:
        return "This is what trades are paid in."
    sell = listing.quote.amount(Decimal(10))
    try:
        quotes = await read_quotes(services.venues, sell, token, listing.native)
        quote = best_quote(quotes, sell, token)
    except (UpstreamError, UserError):
        return "<i>No exchange answers right now.</i>"
    unit = sell.value / quote.buy.value
    return f"Best offer now: {price(unit)} on {esc(quote.venue)}"


def _line(now: Price) -> str:
    return f"<b>{esc(now.symbol)}</b>  {price(now.usd)}  {_change(now)}"


def _change(now: Price) -> str:
    change = now.change_24h_pct
    if change is None:
        return ""
    return f"{change_words(change)} in 24 h"


def _stamp(talk: Talk, *prices: Price) -> str:
    if not prices:
        return "No prices right now"
    oldest = min(price.as_of for price in prices)
    now, source = talk.services.clock.now(), esc(talk.services.facts.market)
    return f"Updated {clock(now)}, prices from {ago(now - oldest)} ({source})"


COMMAND = Command(
    name="price",
    summary="Prices and figures",
    order=4,
    run=run,
    taps={"list": show_list, "one": show_one},
)
