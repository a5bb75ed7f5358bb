"""/admin: state of the edges and of the machinery, open intents, pause and resume trading.

No spending power.
"""

import structlog

from bot.chat.admin_views import (
    dead_view,
    jobs_view,
    machinery_lines,
    machinery_row,
    perhaps_view,
    prices_view,
)
from bot.chat.cards import resuming
from bot.chat.command import Command
from bot.chat.render import age, clock, esc, units
from bot.chat.services import Services
from bot.chat.talk import Talk
from bot.chat.view import Row, View, button
from bot.domain.errors import UpstreamError, UserError
from bot.services.switches import pause_trading, trading_paused

log = structlog.get_logger(__name__)
_SHOWN = 10
_MOST_DIGITS = 18
"""What fits a database's keys."""


async def show(talk: Talk, _: str) -> None:
    """Everything at a glance."""
    services = talk.services
    now = services.clock.now()
    edges = await services.facts.edges()
    paused, stopped = await trading_paused(services.switches), await _stopped(services)
    intents = await services.journal.load_open()
    lines = [
        f"🛠 <b>Admin</b> · {esc(services.facts.network)} · version {esc(services.facts.version)}",
        "",
        *(
            f"{'🟢' if edge.healthy else '🔴'} {esc(edge.name)}: {esc(edge.detail)}"
            for edge in edges
        ),
        "",
        _trading_line(paused=paused, stopped=stopped),
        *([f"On the chain: <b>paused</b>. {_chain_way(services)}"] * stopped),
        f"Open intents: {len(intents)}",
        *(
            f"• {esc(intent.kind.value)} {units(intent.order.sell)}, {intent.state.value} for "
            f"{age(now - intent.updated_at)}"
            for intent in intents[:_SHOWN]
        ),
        "",
        *await machinery_lines(services),
        "",
        f"<i>Updated {clock(now)}</i>",
    ]
    toggle = (
        button("▶️ Resume trading", "admin", "resume", style="success")
        if paused
        else button("⏸ Pause trading", "admin", "pause", style="danger")
    )
    rows: list[Row] = [(toggle, button("🔄 Refresh", "admin", "show")), machinery_row()]
    if not stopped:
        rows.append((button("⛔ Pause on the chain", "admin", "chain", style="danger"),))
    elif services.facts.faucet:
        rows.append((button("🧪 Resume on the chain", "admin", "unchain", style="success"),))
    await talk.show(View("\n".join(lines), tuple(rows)))


def _trading_line(*, paused: bool, stopped: bool) -> str:
    """One tap pauses here and on the chain; each is resumed by itself."""
    if not paused:
        return "Trading: <b>running</b>"
    here = "Trading: <b>paused</b> here; ▶️ Resume trading ends that"
    return f"{here}, the pause on the chain it does not" if stopped else here


def _chain_way(services: Services) -> str:
    return "🧪 Resume on the chain ends that" if services.facts.faucet else resuming(services)


async def _stopped(services: Services) -> bool:
    """Whether the chain is known to be paused; any escrow tells."""
    live = await services.agents.load_live()
    try:
        return bool(live) and (await services.escrows.read_escrow(live[0].escrow)).paused
    except UpstreamError:
        return False


async def pause(talk: Talk, _: str) -> None:
    """Stop all trading at once, also confirmed trades that are not signed yet."""
    await _switch(talk, paused=True)


async def resume(talk: Talk, _: str) -> None:
    """Let trades run again."""
    await _switch(talk, paused=False)


async def chain(talk: Talk, _: str) -> None:
    """Ask before pausing on the chain: outside local mode I cannot take it back."""
    await talk.show(
        View(
            "⛔ <b>Pause trading on the chain, for every escrow?</b>\n\nThe contracts then refuse "
            f"every trade and gas refill, whoever asks. {resuming(talk.services)} Trading here is "
            "paused too, until ▶️ Resume trading. Withdrawals to owners go on.",
            (
                (
                    button("⛔ Pause on the chain", "admin", "chained", style="danger"),
                    button("‹ Back", "admin", "show"),
                ),
            ),
        )
    )


async def chained(talk: Talk, _: str) -> None:
    """Stop here at once, then on the chain; a notice follows."""
    await pause_trading(talk.services.switches, paused=True)
    await talk.services.change_mandate.pause_chain(talk.origin())
    log.warning("chain_paused", admin=int(talk.user.id))
    await talk.disarm("⏳ <b>Paused here; pausing on the chain.</b> I tell you when it is done.")


async def unchain(talk: Talk, _: str) -> None:
    """Local mode: resume on the chain with the admin key that everybody knows."""
    faucet = talk.services.facts.faucet
    if faucet is None:
        raise UserError("Only the deployment's admin key resumes trading on this chain.")
    await faucet.resume()
    log.warning("chain_resumed", admin=int(talk.user.id))
    await show(talk, "")


async def jobs(talk: Talk, _: str) -> None:
    """What runs by itself, and how that goes."""
    await talk.show(jobs_view(talk.services))


async def dead(talk: Talk, _: str) -> None:
    """What was given up."""
    await talk.show(await dead_view(talk.services))


async def perhaps(talk: Talk, _: str) -> None:
    """What may have arrived, and is not sent again."""
    await talk.show(await perhaps_view(talk.services))


async def job(talk: Talk, argument: str) -> None:
    """Try a dead job again."""
    fresh = await talk.services.board.retry(argument)
    talk.toast = "It runs again." if fresh else "It is not dead any more."
    await dead(talk, "")


async def notice(talk: Talk, argument: str) -> None:
    """Put a failed notice back in the queue."""
    known = argument.isascii() and argument.isdigit() and len(argument) <= _MOST_DIGITS
    now = talk.services.clock.now()
    fresh = known and await talk.services.outbox.retry_failed(int(argument), now)
    talk.toast = "It is in the queue again." if fresh else "It has not failed, or is gone."
    await dead(talk, "")


async def prices(talk: Talk, argument: str) -> None:
    """Prices that were not believed."""
    known = argument.isascii() and argument.isdigit() and len(argument) <= _MOST_DIGITS
    await talk.show(await prices_view(talk.services, int(argument) if known else 0))


async def _switch(talk: Talk, *, paused: bool) -> None:
    await pause_trading(talk.services.switches, paused=paused)
    log.warning("trading_switched", paused=paused, admin=int(talk.user.id))
    await show(talk, "")


COMMAND = Command(
    name="admin",
    summary="State of the service (admins)",
    order=90,
    run=show,
    taps={
        "show": show,
        "pause": pause,
        "resume": resume,
        "chain": chain,
        "chained": chained,
        "unchain": unchain,
        "jobs": jobs,
        "dead": dead,
        "perhaps": perhaps,
        "job": job,
        "notice": notice,
        "prices": prices,
    },
    needs_terms=False,
    admins_only=True,
)
