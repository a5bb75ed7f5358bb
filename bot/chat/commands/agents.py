"""/agents: open, choose, change, pause and delete agents."""

from collections.abc import Mapping

from bot.chat.command import Command
from bot.chat.mandates import name_view
from bot.chat.render import agent_line, esc, units
from bot.chat.talk import Talk
from bot.chat.view import Row, View, button, page_link
from bot.domain.errors import UserError
from bot.domain.people import Agent, AgentId, AgentState
from bot.policy.addresses import parse_owner
from bot.policy.exit_codes import exit_hash_of, new_exit_code
from bot.services.manage_agents import held_agents, own_agent
from bot.services.open_agent import parse_instructions, parse_name
from bot.services.signing_links import Purpose

_MARKS = {
    AgentState.OPENING: "⏳ opening",
    AgentState.ACTIVE: "🟢 active",
    AgentState.PAUSED: "⏸ paused",
    AgentState.CLOSED: "⚫ deleted",
}


async def show_list(talk: Talk, _: str) -> None:
    """All agents, the current one marked."""
    held, current = await held_agents(talk.services.agents, talk.chat_id, talk.user)
    if current is None:
        await talk.show(
            View(
                "You have no agent yet. An agent trades for you from an escrow of its own.",
                ((button("🤖 Open my first agent", "agents", "new", style="success"),),),
            )
        )
        return
    rows: list[Row] = [
        (
            button(
                f"{'👉 ' if agent.id == current.id else ''}{agent.name} · {_MARKS[agent.state]}",
                "agents",
                "open",
                agent.id,
            ),
        )
        for agent in held
    ]
    rows.append((button("🆕 New agent", "agents", "new"), button("🏠 Home", "start", "home")))
    await talk.show(View("<b>Your agents</b>\n👉 marks the one I am using here.", tuple(rows)))


async def open_one(talk: Talk, argument: str) -> None:
    """One agent's card; opening it makes it the current one of this chat."""
    agent = await _own(talk, argument)
    await talk.services.agents.save_current(talk.chat_id, AgentId(agent.id))
    await talk.show(_card(agent))


def _card(agent: Agent) -> View:
    instructions = esc(agent.instructions) if agent.instructions else "<i>none yet</i>"
    lines = [
        f"{agent_line(agent)} · {_MARKS[agent.state]}",
        "",
        f"Instructions: {instructions}",
        f"Escrow: <code>{agent.escrow or 'being opened'}</code>",
        f"Owner: <code>{agent.owner}</code>",
        "",
        *(["📣 Public: everybody may follow its decisions.", ""] if agent.is_public else []),
        "Money leaves the escrow to the owner only, and the owner never changes. To move, "
        "withdraw everything and open a new agent.",
    ]
    pausing = agent.state is AgentState.PAUSED
    rows = (
        (
            button("📥 Deposit", "deposit", "show", agent.id),
            button("📊 Portfolio", "portfolio", "view", agent.id),
        ),
        (
            button("✍️ Mandate", "mandate", "show", agent.id),
            button("✏️ Instructions", "agents", "edit", agent.id),
        ),
        (
            button("▶️ Resume" if pausing else "⏸ Pause", "agents", "pause", agent.id),
            button("🔒 Make private", "agents", "private", agent.id)
            if agent.is_public
            else button("📣 Make public", "agents", "public", agent.id),
        ),
        (button("🗑 Delete", "agents", "delete", agent.id, style="danger"),),
        (button("‹ Agents", "agents", "list"),),
    )
    return View("\n".join(lines), rows)


async def new(talk: Talk, _: str) -> None:
    """Ask for the owner's address first: it is where money leaves to."""
    held = await talk.services.agents.load_agents(talk.user.id)
    rows: list[Row] = [
        (button(f"Use {owner}", "agents", "owner", owner),)
        for owner in dict.fromkeys(agent.owner for agent in held)
    ]
    faucet = talk.services.facts.faucet
    if faucet and not held:
        rows.append((button("🧪 Use the test wallet", "agents", "owner", faucet.test_wallet),))
    signing = talk.services.signing
    url = signing.url(await signing.open(Purpose.PROVE_OWNER, talk.user.id, talk.chat_id))
    rows += page_link("🦊 Connect my wallet", url)
    rows.append((button("✖ Cancel", "cancel", "now"),))
    await talk.ask(
        "agents",
        "owner",
        View(
            "<b>Which Sei EVM address is yours?</b> (0x…)\n\n"
            "It will own the agent's escrow: <b>money leaves to it and to nothing else</b>, "
            "whatever happens to me. It can never be changed, so use a wallet whose keys you "
            "hold. I never need its key.\n\nWrite it, or connect your wallet here, which proves "
            f"that it is yours:\n{esc(url)}",
            tuple(rows),
        ),
        {},
    )


async def owner(talk: Talk, text: str) -> None:
    """Check the address, then ask who keeps the agent in check: a wallet, or an exit code."""
    address = parse_owner(text, talk.services.facts.reserved)
    await talk.services.open_agent.check_owner(address)
    await talk.ask(
        "agents",
        "control",
        View(
            f"Owner: <code>{address}</code>\n\n<b>Is it a wallet that you can sign with?</b>\n\n"
            "🦊 <b>Yes</b>: you sign a mandate, what the agent may trade and lose; before that it "
            "trades nothing. You can take the money out yourself at any time.\n\n"
            "🔑 <b>No</b>, as with an exchange's deposit address: the agent trades within fixed "
            "limits ($50 a trade; $200 and at most $10 of loss a day). You get an <b>exit "
            "code</b>, shown once: whoever has it can end the trading and send everything to that "
            "address. An exchange may not credit every token.",
            (
                (button("🦊 I sign with it", "agents", "signs", style="success"),),
                (button("🔑 No wallet: an exit code", "agents", "exits"),),
                (button("✖ Cancel", "cancel", "now"),),
            ),
        ),
        {"owner": address},
    )


async def control(talk: Talk, text: str) -> None:
    """The question of before, answered in words."""
    words = text.strip().casefold()
    if words in {"yes", "y", "wallet", "sign"}:
        await _ask_name(talk, exits=False)
    elif words in {"no", "n", "code", "exit code"}:
        await _ask_name(talk, exits=True)
    else:
        raise UserError("Please tap one of the two buttons, or write yes or no.")


async def signs(talk: Talk, _: str) -> None:
    """The owner signs mandates."""
    await _ask_name(talk, exits=False)


async def exits(talk: Talk, _: str) -> None:
    """The owner cannot sign: default mandate and exit code."""
    await _ask_name(talk, exits=True)


async def _ask_name(talk: Talk, *, exits: bool) -> None:
    address = (await _data(talk)).get("owner")
    if address is None:
        raise UserError("That was too long ago. Start again with /agents.")
    data = {"owner": address} | ({"exit": "yes"} if exits else {})
    await talk.ask("agents", "name", name_view(address, exits=exits), data)


async def name(talk: Talk, text: str) -> None:
    """Check the name, then ask for instructions."""
    data = await _data(talk)
    called = parse_name(text)
    held = await talk.services.agents.load_agents(talk.user.id)
    if any(agent.name.casefold() == called.casefold() for agent in held):
        raise UserError(f"You have an agent called {called} already. Pick another name.")
    await talk.ask(
        "agents",
        "instructions",
        View(
            f"🤖 {esc(called)}\n\n<b>How shall it trade?</b> Tell it in your own words, like "
            "<i>careful, only SEI and ETH, never after a big jump</i>.",
            ((button("Skip", "agents", "skip"), button("✖ Cancel", "cancel", "now")),),
        ),
        {**data, "name": called},
    )


async def instructions(talk: Talk, text: str) -> None:
    """The last step: open the agent. The server registers its escrow and pays for it."""
    data = await _data(talk)
    words = parse_instructions(text)
    if "owner" not in data or "name" not in data:
        raise UserError("That was too long ago. Start again with /agents.")
    await talk.services.dialogues.drop_dialogue(talk.chat_id)
    exit_hash = await _hand_out_code(talk, data) if "exit" in data else ""
    agent = await talk.services.open_agent.open(
        talk.origin(), data["name"], words, parse_owner(data["owner"]), exit_hash
    )
    await talk.show(
        View(f"⏳ Opening {agent_line(agent)}: its escrow contract is being registered on Sei…")
    )


async def _hand_out_code(talk: Talk, data: Mapping[str, str]) -> str:
    """Show a new exit code, once, before anything depends on it. Only its hash is kept."""
    code = new_exit_code()
    await talk.say(
        View(
            f"🔑 <b>The exit code of {esc(data['name'])}</b>\n\n<tg-spoiler>0x{code.hex()}"
            "</tg-spoiler>\n\n<b>Write it down now, outside of Telegram.</b> I keep only its hash "
            "and cannot show it again. Whoever has it can, without me, end the trading for good "
            f"and send everything to <code>{data['owner']}</code>, and nowhere else: "
            "<code>docs/leaving.md</code> says how.",
            ((button("🗑 I have it, delete this message", "agents", "noted"),),),
        )
    )
    return exit_hash_of(code)


async def noted(talk: Talk, _: str) -> None:
    """Take the exit code out of the chat."""
    if talk.tapped is not None:
        await talk.bot.delete_message(talk.chat_id, talk.tapped.message_id)


async def skip(talk: Talk, _: str) -> None:
    """Open without instructions."""
    await instructions(talk, "")


async def edit(talk: Talk, argument: str) -> None:
    """Ask for new instructions."""
    agent = await _own(talk, argument)
    await talk.ask(
        "agents",
        "edited",
        View(
            f"{agent_line(agent)}: write its new instructions.",
            ((button("✖ Cancel", "cancel", "now"),),),
        ),
        {"agent": str(agent.id)},
    )


async def edited(talk: Talk, text: str) -> None:
    """Replace the instructions."""
    agent = await _own(talk, (await _data(talk)).get("agent", ""))
    await talk.services.agents.save_instructions(AgentId(agent.id), parse_instructions(text))
    await talk.services.dialogues.drop_dialogue(talk.chat_id)
    await talk.show(_card(await _own(talk, str(agent.id))))


async def pause(talk: Talk, argument: str) -> None:
    """Pause or resume: a paused agent answers questions but trades nothing."""
    agent = await _own(talk, argument)
    if agent.state is AgentState.OPENING:
        raise UserError("This agent is still being opened. Try again in a moment.")
    paused = agent.state is AgentState.PAUSED
    if paused:
        talk.services.change_mandate.require_key(agent)
    state = AgentState.ACTIVE if paused else AgentState.PAUSED
    await talk.services.agents.save_state(AgentId(agent.id), state)
    await talk.show(_card(await _own(talk, argument)))


async def public(talk: Talk, argument: str) -> None:
    """Say what others will see before anybody does."""
    agent = await _own(talk, argument)
    await talk.show(
        View(
            f"📣 <b>Make {agent_line(agent)} public?</b>\n\n"
            "Everybody, groups too, may follow it and sees from now on:\n"
            "• its name, and each decision to buy or sell: token, entry, stop-loss, take-profit, "
            "confidence\n"
            "• each trade: token, side and price, of a sale also which part, but no amounts\n"
            "• how many trades it has made and what they have realised, in dollars\n\n"
            "Nobody sees your name, your questions, its reasons, its instructions, its balance or "
            "its escrow. What was decided before stays private. Others may trade on what it says "
            "before you do.",
            (
                (
                    button("📣 Make public", "agents", "publish", agent.id, style="danger"),
                    button("‹ Keep private", "agents", "open", agent.id),
                ),
            ),
        )
    )


async def publish(talk: Talk, argument: str) -> None:
    """Let everybody follow it."""
    agent = await _own(talk, argument)
    await talk.services.signals.publish(agent)
    await talk.show(_card(await _own(talk, argument)))


async def private(talk: Talk, argument: str) -> None:
    """Let nobody follow it any more; who did is told."""
    agent = await _own(talk, argument)
    dropped = await talk.services.signals.withdraw(agent)
    if dropped:
        talk.toast = f"Private again. {dropped} followed it and are told."
    await talk.show(_card(await _own(talk, argument)))


async def delete(talk: Talk, argument: str) -> None:
    """Ask before deleting."""
    agent = await _own(talk, argument)
    await talk.show(
        View(
            f"Delete {agent_line(agent)}? It must be empty; its history stays in the books.",
            (
                (
                    button("🗑 Delete", "agents", "deleted", agent.id, style="danger"),
                    button("‹ Keep", "agents", "open", agent.id),
                ),
            ),
        )
    )


async def deleted(talk: Talk, argument: str) -> None:
    """Delete, or offer to withdraw all first. Dust is ignored."""
    agent = await _own(talk, argument)
    if not agent.escrow:
        raise UserError("This agent is still being opened. Try again in a moment.")
    closing = await talk.services.close_agent.close(agent)
    if not closing.left:
        if agent.is_public:
            await talk.services.signals.withdraw(agent)
        text = f"🗑 {agent_line(agent)} is deleted. Its escrow stays its owner's."
        if count := len(closing.ended):
            text += f" {count} alert{'' if count == 1 else 's'} on it ended."
        await talk.show(View(text))
        return
    held = ", ".join(units(amount) for amount in closing.left)
    await talk.show(
        View(
            f"{agent_line(agent)} still holds {held}. Withdraw it to the owner first, then delete.",
            (
                (button("📤 Withdraw everything", "withdraw", "all", agent.id),),
                (button("‹ Back", "agents", "open", agent.id),),
            ),
        )
    )


async def _own(talk: Talk, argument: str) -> Agent:
    agent_id = int(argument) if argument.isascii() and argument.isdigit() else 0
    return await own_agent(talk.services.agents, agent_id, talk.user)


async def _data(talk: Talk) -> dict[str, str]:
    dialogue = await talk.services.dialogues.load_dialogue(talk.chat_id, talk.services.clock.now())
    return dict(dialogue.data) if dialogue and dialogue.command == "agents" else {}


COMMAND = Command(
    name="agents",
    summary="Open, choose, pause or delete agents",
    order=2,
    run=show_list,
    taps={
        "list": show_list,
        "open": open_one,
        "new": new,
        "owner": owner,
        "signs": signs,
        "exits": exits,
        "noted": noted,
        "skip": skip,
        "edit": edit,
        "pause": pause,
        "public": public,
        "publish": publish,
        "private": private,
        "delete": delete,
        "deleted": deleted,
    },
    replies={
        "owner": owner,
        "control": control,
        "name": name,
        "instructions": instructions,
        "edited": edited,
    },
)
