"""/mandate: what the escrow lets an agent do, signing and dropping it."""

from bot.chat.command import Command
from bot.chat.commands.deposit import chosen_agent
from bot.chat.mandates import mandate_view, usual_choices
from bot.chat.render import agent_line, esc
from bot.chat.talk import Talk
from bot.chat.view import Row, View, button, page_link
from bot.domain.errors import UserError
from bot.domain.people import Agent
from bot.services.manage_agents import open_agent_of
from bot.services.signing_links import Purpose


async def show(talk: Talk, argument: str) -> None:
    """The mandate in force, in plain words, and what is left of it."""
    agent = await chosen_agent(talk, argument)
    state = await talk.services.escrows.read_escrow(agent.escrow)
    mandate = await talk.services.change_mandate.find(agent, state)
    await talk.show(mandate_view(talk.services, agent, state, mandate))


async def page(talk: Talk, argument: str) -> None:
    """A link to the page where the owner signs, for half an hour."""
    agent = await _named(talk, argument)
    signing = talk.services.signing
    url = signing.url(await signing.open(Purpose.MANDATE, talk.user.id, talk.chat_id, agent.id))
    rows: list[Row] = [*page_link("✍️ Open the signing page", url)]
    rows.append((button("‹ Mandate", "mandate", "show", agent.id),))
    await talk.show(
        View(
            f"✍️ <b>Sign</b> · {agent_line(agent)}\n\nOpen this page where your wallet is: a "
            "browser with its extension, or the wallet's own browser. Connect the owner, "
            f"<code>{agent.owner}</code>; then sign, change or revoke the mandate. Signing costs "
            f"nothing.\n\n{esc(url)}\n\n<i>Good for 30 minutes, for you alone.</i>",
            tuple(rows),
        )
    )


async def test(talk: Talk, argument: str) -> None:
    """Local mode: the test wallet signs the usual mandate; its key is known to everybody."""
    agent = await _named(talk, argument)
    faucet = talk.services.facts.faucet
    if faucet is None or agent.owner != faucet.test_wallet:
        raise UserError("Only the owner's own wallet can sign for this agent.")
    mandates = talk.services.signing.mandates
    draft = await mandates.prepare(agent, usual_choices(talk.services))
    signature = faucet.sign(mandates.type_draft(agent, draft))
    await mandates.bring_in(agent, draft, signature, talk.origin())
    await talk.show(
        View(f"⏳ {agent_line(agent)}: the test wallet has signed; I bring the mandate in…")
    )


async def drop(talk: Talk, argument: str) -> None:
    """Ask before dropping: it cannot be taken back."""
    agent = await _named(talk, argument)
    after = (
        "Its default mandate never comes back: this escrow will not trade again unless its owner "
        "signs."
        if agent.exit_hash
        else "To trade again, its owner signs a new one."
    )
    await talk.show(
        View(
            f"⛔ <b>Drop the mandate of {esc(agent.name)}?</b>\n\nFrom the next block on the "
            f"escrow refuses every trade. {after}\n\nYour money stays in the escrow; /withdraw "
            "works as always.",
            (
                (
                    button("⛔ Drop it", "mandate", "dropped", agent.id, style="danger"),
                    button("‹ Keep it", "mandate", "show", agent.id),
                ),
            ),
        )
    )


async def dropped(talk: Talk, argument: str) -> None:
    """Drop it on the chain; a notice follows."""
    agent = await _named(talk, argument)
    await talk.services.change_mandate.drop(agent, talk.origin())
    await talk.disarm("⏳ <b>Dropping it on the chain.</b> I tell you when it is done.")


async def _named(talk: Talk, argument: str) -> Agent:
    """The agent a button names; what changes something never falls back to the current one."""
    agent_id = int(argument) if argument.isascii() and argument.isdigit() else 0
    return await open_agent_of(talk.services.agents, agent_id, talk.user)


COMMAND = Command(
    name="mandate",
    summary="What your escrow lets the agent do",
    order=4,
    run=show,
    taps={"show": show, "page": page, "test": test, "drop": drop, "dropped": dropped},
)
