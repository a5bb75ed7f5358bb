"""/history: settled trades by page, what was turned down, and all of it as a file."""

import csv
import io
from collections.abc import Sequence

from bot.chat.command import Command
from bot.chat.commands.deposit import chosen_agent
from bot.chat.render import agent_line, esc, price, quantity, units, usd
from bot.chat.talk import Talk, patient
from bot.chat.view import View, button, pages
from bot.domain.people import Agent
from bot.domain.trade import Fill, Intent, IntentState, Side
from bot.policy.amounts import plain

_ROWS = 6
_DECLINED = (IntentState.DECLINED, IntentState.EXPIRED, IntentState.REFUSED, IntentState.REVERTED)
_COLUMNS = (
    "time_utc",
    "side",
    "token",
    "quantity",
    "price_usd",
    "value_usd",
    "offered_price_usd",
    "gas_sei",
    "gas_usd",
    "exchange",
    "transaction",
)


async def run(talk: Talk, _: str) -> None:
    """The first page of the current agent."""
    await page(talk, "0")


async def page(talk: Talk, argument: str) -> None:
    """One page of trades, newest first."""
    number, _, agent_id = argument.partition(":")
    agent = await chosen_agent(talk, agent_id)
    journal = talk.services.journal
    count = await journal.count_fills(int(agent.id))
    last = max(0, (count - 1) // _ROWS)
    index = min(int(number) if number.isascii() and number.isdigit() else 0, last)
    fills = await journal.load_fills(int(agent.id), _ROWS, index * _ROWS)
    await talk.show(_view(agent, fills, index, last + 1, count))


async def turned_down(talk: Talk, argument: str) -> None:
    """The latest offers that were declined, expired or refused."""
    agent = await chosen_agent(talk, argument)
    intents = await talk.services.journal.load_recent(int(agent.id), _DECLINED, _ROWS)
    lines = [f"🚫 <b>Not traded</b> · {agent_line(agent)}", ""]
    lines += [_declined(intent) for intent in intents] or ["Nothing."]
    rows = ((button("‹ Trades", "history", "page", 0, agent.id),),)
    await talk.show(View("\n".join(lines), rows))


async def export(talk: Talk, argument: str) -> None:
    """All trades as a CSV file."""
    agent = await chosen_agent(talk, argument)
    fills = await talk.services.journal.load_fills(int(agent.id))
    document = render_csv(fills).encode()
    await patient(
        lambda: talk.bot.send_document(
            talk.chat_id,
            document,
            filename=f"trades-{agent.id}.csv",
            caption=f"{len(fills)} trade{'' if len(fills) == 1 else 's'}",
        )
    )


def render_csv(fills: Sequence[Fill]) -> str:
    """Trades as CSV, newest first, exact figures."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for fill in fills:
        figures = (fill.quantity, fill.price_usd, fill.value_usd, fill.expected_price_usd)
        gas = (fill.gas_sei, fill.gas_usd)
        texts = [plain(figure) for figure in (*figures, *gas)]
        writer.writerow(
            [fill.at.isoformat(), fill.side.value, fill.symbol, *texts, fill.venue, fill.tx_hash]
        )
    return out.getvalue()


def _view(agent: Agent, fills: Sequence[Fill], index: int, count: int, trades: int) -> View:
    lines = [f"🕘 <b>Trades</b> · {agent_line(agent)} · {trades:,}", ""]
    lines += [_fill(fill) for fill in fills] or ["None yet. Ask me about a token, or /buy one."]
    rows = (
        *((row,) if (row := pages("history", "page", index, count, agent.id)) else ()),
        (
            button("📄 CSV", "history", "csv", agent.id),
            button("🚫 Not traded", "history", "declined", agent.id),
        ),
        (button("📊 Portfolio", "portfolio", "view", agent.id),),
    )
    return View("\n".join(lines), rows)


def _fill(fill: Fill) -> str:
    mark = "🟢" if fill.side is Side.BUY else "🔴"
    return (
        f"{mark} {fill.at:%d %b %H:%M} {fill.side.value} <b>{quantity(fill.quantity)} "
        f"{esc(fill.symbol)}</b> at {price(fill.price_usd)} ({usd(fill.value_usd)})"
    )


def _declined(intent: Intent) -> str:
    what = f"{intent.side.value if intent.side else ''} for {units(intent.order.sell)}"
    return f"{intent.created_at:%d %b %H:%M} {what}: {intent.state.value}"


COMMAND = Command(
    name="history",
    summary="Your trades, also as a file",
    order=8,
    run=run,
    taps={"page": page, "declined": turned_down, "csv": export},
)
