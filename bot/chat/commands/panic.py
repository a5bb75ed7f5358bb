"""/panic: stop everything of one person, here at once and then on the chain."""

from bot.chat.command import Command
from bot.chat.render import agent_line, units
from bot.chat.talk import Talk
from bot.chat.view import Row, View, button
from bot.services.panic import Panicked


async def stop(talk: Talk, _: str) -> None:
    """No question is asked first: stopping costs nothing that cannot be signed again."""
    done = await talk.services.panic.stop(talk.origin())
    await talk.services.dialogues.drop_dialogue(talk.chat_id)
    if not done.stopped:
        await talk.show(View("You have no agent, so there is nothing to stop."))
        return
    await talk.show(View("\n".join(_lines(done)), _rows(done)))


def _lines(done: Panicked) -> list[str]:
    names = ", ".join(agent_line(agent) for agent in done.stopped)
    one = len(done.stopped) == 1
    lines = [
        "🛑 <b>Stopped.</b>",
        "",
        f"Here: {names} {'is' if one else 'are'} paused. Nothing new is signed.",
    ]
    if done.cancelled:
        trades = "trade" if done.cancelled == 1 else "trades"
        lines.append(f"Cancelled: {done.cancelled} {trades} not signed yet.")
    if done.dropping:
        what = "the mandate is" if len(done.dropping) == 1 else "the mandates are"
        lines.append(f"On the chain: {what} being dropped. I tell you when it is done.")
    lines += ["", "<b>What stays open</b>"]
    lines += [
        f"• A trade of {units(intent.order.sell)} is signed already. It still runs if it is faster "
        "than the drop; its receipt follows."
        for intent in done.flying
    ]
    lines += [
        f"• {agent_line(agent)} is still being opened. Send /panic again when it is open, to drop "
        "its default mandate too."
        for agent in done.opening
        if agent.exit_hash
    ]
    lines.append(
        "• What you hold stays in the escrow and moves with the market. /withdraw works as always."
    )
    if any(not agent.exit_hash for agent in done.stopped):
        lines.append(
            "• A mandate you signed within the last hour and that never came into force is still "
            "good for whoever has it. “Revoke” on the signing page (/mandate) voids it."
        )
    if any(agent.exit_hash for agent in done.stopped):
        lines.append(
            "• An agent with an exit code has lost its default mandate for good. Unless its owner "
            "can sign, withdraw from it and open a new one."
        )
    lines += ["", "To trade again: resume under /agents, then sign under /mandate."]
    return lines


def _rows(done: Panicked) -> tuple[Row, ...]:
    return tuple(
        (button(f"📤 Withdraw from {agent.name}", "withdraw", "menu", agent.id),)
        for agent in done.stopped
        if agent.escrow
    )


COMMAND = Command(
    name="panic",
    summary="Stop all trading of yours at once",
    order=10,
    run=stop,
    needs_terms=False,
)
