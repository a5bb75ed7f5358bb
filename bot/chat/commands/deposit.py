"""/deposit: one address, the escrow's."""

from bot.chat.command import Command
from bot.chat.mandates import check_view
from bot.chat.pictures.qr import render_qr
from bot.chat.render import agent_line, esc
from bot.chat.talk import Talk
from bot.chat.view import Row, View, button, copy, grid
from bot.domain.errors import UserError
from bot.domain.people import Agent
from bot.services.manage_agents import open_agent_of


async def show(talk: Talk, argument: str) -> None:
    """The address as text, QR picture and copy button."""
    agent = await chosen_agent(talk, argument)
    talk.services.change_mandate.require_key(agent)
    if await _is_first(talk, agent):
        await talk.say(check_view(talk.services, agent))
    listing, faucet = talk.services.listing, talk.services.facts.faucet
    others = [token for token in listing.tokens if token != listing.native]
    tokens = ", ".join(esc(token.symbol) for token in others)
    rows: list[Row] = [
        (copy("📋 Copy address", agent.escrow),),
        (button("🔎 Check this address without me", "deposit", "check", agent.id),),
    ]
    if faucet:
        drips = [button(f"🚰 {s}", "deposit", "drip", agent.id, s) for s in faucet.symbols]
        rows += grid(drips, 4)
    await talk.show(
        View(
            f"📥 <b>Deposit</b> · {agent_line(agent)}\n\n<code>{agent.escrow}</code>\n\n"
            f"Send native SEI, wrapped SEI or {tokens} on "
            f"<b>{esc(talk.services.facts.network)}</b>, nothing else. Buys spend "
            f"{esc(listing.quote.symbol)}; 1 SEI is kept for gas. I notice what arrives and tell "
            "you. Money leaves to the owner only.\n\nSome exchanges send SEI with too little gas "
            "for a contract: send it to your own wallet first, then here."
            + ("\n\n🚰 Test money for this local chain:" if faucet else ""),
            tuple(rows),
            render_qr(agent.escrow),
        )
    )


async def _is_first(talk: Talk, agent: Agent) -> bool:
    """Whether nothing has been paid in yet: then the address is to be checked first."""
    balances = await talk.services.reader.read_balances(
        [agent.escrow], talk.services.listing.tokens
    )
    traded = await talk.services.journal.count_fills(agent.id)
    return not traded and not any(amount.raw for amount in balances[agent.escrow].values())


async def check(talk: Talk, argument: str) -> None:
    """How to check the address without us."""
    await talk.show(check_view(talk.services, await chosen_agent(talk, argument)))


async def drip(talk: Talk, argument: str) -> None:
    """Local mode's faucet: test money into the escrow."""
    faucet = talk.services.facts.faucet
    agent_id, _, symbol = argument.partition(":")
    if faucet is None or symbol not in faucet.symbols:
        raise UserError("There is no faucet on this network.")
    agent = await chosen_agent(talk, agent_id)
    given = await faucet.give(agent.escrow, symbol)
    talk.toast = f"🚰 {given} is on its way"


async def chosen_agent(talk: Talk, argument: str) -> Agent:
    """The agent a button names, or the current one."""
    if argument.isascii() and argument.isdigit():
        return await open_agent_of(talk.services.agents, int(argument), talk.user)
    return await talk.opened_agent()


COMMAND = Command(
    name="deposit",
    summary="Where to send money",
    order=3,
    run=show,
    taps={"show": show, "check": check, "drip": drip},
)
