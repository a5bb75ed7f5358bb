"""/portfolio: balances, value, allocation, profit and loss."""

from decimal import Decimal

from bot.chat.command import Command
from bot.chat.commands.deposit import chosen_agent
from bot.chat.render import agent_line, ago, clock, esc, price, units, usd
from bot.chat.talk import Talk
from bot.chat.view import View, button
from bot.services.portfolio import Holding, Portfolio

_BAR = 10


async def view(talk: Talk, argument: str) -> None:
    """One agent's portfolio; Refresh edits it in place."""
    agent = await chosen_agent(talk, argument)
    portfolio = await talk.services.portfolio.view(agent)
    await talk.show(_view(talk, portfolio))


def _view(talk: Talk, portfolio: Portfolio) -> View:
    agent = portfolio.agent
    lines = [f"📊 <b>Portfolio</b> · {agent_line(agent)}", ""]
    if not portfolio.holdings:
        lines += ["Nothing here yet. /deposit shows where to send money."]
    for holding in portfolio.holdings:
        lines += _holding(holding)
    if portfolio.holdings:
        lines += [
            *_total(portfolio),
            f"Profit and loss: {_signed(portfolio.realised_usd)} realised, "
            f"{_signed(portfolio.unrealised_usd)} open",
            "<i>By average cost of what was traded here, gas included; deposits have no cost.</i>",
        ]
    if portfolio.advice:
        lines += ["", f"⚠️ {esc(portfolio.advice)}"]
    lines += ["", f"<i>{_stamp(talk, portfolio)}</i>"]
    rows = (
        (
            button("🔄 Refresh", "portfolio", "view", agent.id),
            button("🕘 History", "history", "page", 0, agent.id),
        ),
        (
            button("📥 Deposit", "deposit", "show", agent.id),
            button("📤 Withdraw", "withdraw", "menu", agent.id),
        ),
    )
    return View("\n".join(lines), rows)


def _total(portfolio: Portfolio) -> list[str]:
    """No total where prices are missing: it would be a false one."""
    priced = [holding.value_usd is not None for holding in portfolio.holdings]
    if all(priced):
        return [f"<b>Total {usd(portfolio.total_usd)}</b>"]
    if any(priced):
        return [f"<b>{usd(portfolio.total_usd)}</b> without what has no price now"]
    return []


def _holding(holding: Holding) -> list[str]:
    if holding.price is None or holding.value_usd is None:
        return [f"<b>{units(holding.amount)}</b> · price not known now", ""]
    share = holding.share or Decimal(0)
    bar = "█" * round(share * _BAR)
    lines = [
        f"<b>{units(holding.amount)}</b> · {usd(holding.value_usd)} at {price(holding.price.usd)}",
        f"{bar or '▏'} {share:.0%}",
    ]
    average = holding.position.average_usd if holding.position else None
    if average is not None:
        lines.append(
            f"Average cost {price(average)}, open {_signed(holding.unrealised_usd or Decimal(0))}"
        )
    return [*lines, ""]


def _signed(value: Decimal) -> str:
    text = usd(value)
    return f"+{text}" if value > 0 and text.startswith("$") else text


def _stamp(talk: Talk, portfolio: Portfolio) -> str:
    now = talk.services.clock.now()
    if portfolio.prices_as_of is None:
        return f"Updated {clock(now)}. The market does not answer, so there are no values."
    return f"Updated {clock(now)}, prices from {ago(now - portfolio.prices_as_of)}"


COMMAND = Command(
    name="portfolio",
    summary="Balances, value, profit and loss",
    order=7,
    run=view,
    taps={"view": view},
)
