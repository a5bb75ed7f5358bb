"""/agents: open, choose, change, pause and delete agents."""

from bot.chat.command import Command
from bot.chat.render import agent_line, esc, units
from bot.chat.talk import Talk
from bot.chat.view import Row, View, button
from bot.domain.errors import UserError
from bot.domain.people import Agent, AgentId, AgentState
from bot.policy.addresses import parse_owner
from bot.services.manage_agents import held_agents, own_agent
from bot.services.open_agent import parse_instructions, parse_name

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
            button("✏️ Instructions", "agents", "edit", agent.id),
            button("▶️ Resume" if pausing else "⏸ Pause", "agents", "pause", agent.id),
        ),
        (
            button("🗑 Delete", "agents", "delete", agent.id, style="danger"),
            button("‹ Agents", "agents", "list"),
        ),
    )
    return View("\n".join(lines), rows)


async def new(talk: Talk, _: str) -> None:
    """Ask for the owner's address first: it is where money leaves to."""
    held = await talk.services.agents.load_agents(talk.user.id)
    rows = [
        (button(f"Use {owner}", "agents", "owner", owner),)
        for owner in dict.fromkeys(agent.owner for agent in held)
    ]
    faucet = talk.services.facts.faucet
    if faucet and not held:
        rows.append((button("🧪 Use the test wallet", "agents", "owner", faucet.test_wallet),))
    rows.append((button("✖ Cancel", "cancel", "now"),))
    await talk.ask(
        "agents",
        "owner",
        View(
            "<b>Which Sei EVM address is yours?</b> (0x…)\n\n"
            "It will own the agent's escrow: <b>money leaves to it and to nothing else</b>, "
            "whatever happens to me. It can never be changed, so use a wallet whose keys you "
            "hold. I never need its key.",
            tuple(rows),
        ),
        {},
    )


async def owner(talk: Talk, text: str) -> None:
    """Check the address, then ask for a name."""
    address = parse_owner(text, talk.services.facts.reserved)
    await talk.services.open_agent.check_owner(address)
    await talk.ask(
        "agents",
        "name",
        View(
            f"Owner: <code>{address}</code>\n\n<b>What shall the agent be called?</b>",
            ((button("✖ Cancel", "cancel", "now"),),),
        ),
        {"owner": address},
    )


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
    agent = await talk.services.open_agent.open(
        talk.origin(), data["name"], words, parse_owner(data["owner"])
    )
    await talk.show(
        View(f"⏳ Opening {agent_line(agent)}: its escrow contract is being registered on Sei…")
    )


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
    state = AgentState.ACTIVE if paused else AgentState.PAUSED
    await talk.services.agents.save_state(AgentId(agent.id), state)
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
    if agent.state is AgentState.OPENING:
        raise UserError("This agent is still being opened. Try again in a moment.")
    left = await talk.services.close_agent.close(agent)
    if not left:
        await talk.show(View(f"🗑 {agent_line(agent)} is deleted. Its escrow stays its owner's."))
        return
    held = ", ".join(units(amount) for amount in left)
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
        "skip": skip,
        "edit": edit,
        "pause": pause,
        "delete": delete,
        "deleted": deleted,
    },
    replies={"owner": owner, "name": name, "instructions": instructions, "edited": edited},
)
