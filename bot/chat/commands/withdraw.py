"""/withdraw: money back to the agent's owner, and to nobody else."""

from bot.chat.command import Command
from bot.chat.commands.deposit import chosen_agent
from bot.chat.render import agent_line, esc, units
from bot.chat.talk import Talk
from bot.chat.tokens import resolve_token
from bot.chat.view import View, button, grid
from bot.domain.errors import UserError
from bot.domain.people import Agent
from bot.domain.trade import Intent, IntentId, IntentState
from bot.policy.amounts import parse_amount

_WORDS = 2


async def run(talk: Talk, words: str) -> None:
    """`/withdraw`, `/withdraw SEI` and `/withdraw SEI 50%`."""
    named = words.split(maxsplit=1)
    agent = await talk.opened_agent()
    if not named:
        await menu(talk, str(agent.id))
        return
    token = resolve_token(talk, named[0])
    if len(named) < _WORDS:
        await ask(talk, f"{agent.id}:{token.symbol}")
    else:
        await _offer(talk, agent, token.symbol, named[1])


async def menu(talk: Talk, argument: str) -> None:
    """What can be withdrawn."""
    agent = await chosen_agent(talk, argument)
    services = talk.services
    balances = await services.reader.read_balances([agent.escrow], services.listing.tokens)
    held = [amount for amount in balances[agent.escrow].values() if amount.raw]
    if not held:
        await talk.show(View(f"{agent_line(agent)} holds nothing to withdraw."))
        return
    picks = [
        button(units(amount), "withdraw", "ask", agent.id, amount.token.symbol) for amount in held
    ]
    await talk.show(
        View(
            f"📤 <b>Withdraw</b> · {agent_line(agent)}\n\nIt goes to the owner "
            f"<code>{agent.owner}</code> and to nobody else.",
            (*grid(picks, 2), (button("📤 Everything", "withdraw", "all", agent.id),)),
        )
    )


async def ask(talk: Talk, argument: str) -> None:
    """How much of one token?"""
    agent_id, _, symbol = argument.partition(":")
    agent = await chosen_agent(talk, agent_id)
    token = resolve_token(talk, symbol)
    rows = (
        tuple(
            button(word, "withdraw", "quick", agent.id, token.symbol, word)
            for word in ("25%", "50%", "all")
        ),
        (button("✖ Cancel", "cancel", "now"),),
    )
    await talk.ask(
        "withdraw",
        "amount",
        View(f"<b>How much {esc(token.symbol)}?</b> Tap, or write an amount.", rows),
        {"agent": str(agent.id), "symbol": token.symbol},
    )


async def quick(talk: Talk, argument: str) -> None:
    """An amount was tapped."""
    agent_id, _, rest = argument.partition(":")
    symbol, _, words = rest.partition(":")
    agent = await chosen_agent(talk, agent_id)
    await _offer(talk, agent, resolve_token(talk, symbol).symbol, words)


async def amount(talk: Talk, text: str) -> None:
    """An amount was typed."""
    dialogue = await talk.services.dialogues.load_dialogue(talk.chat_id, talk.services.clock.now())
    if dialogue is None:
        raise UserError("That was too long ago. Start again with /withdraw.")
    agent = await chosen_agent(talk, dialogue.data["agent"])
    await _offer(talk, agent, dialogue.data["symbol"], text)


async def everything(talk: Talk, argument: str) -> None:
    """All tokens in one question."""
    agent = await chosen_agent(talk, argument)
    await _ask(talk, agent, await talk.services.withdraw.propose_all(agent, talk.origin()))


async def _offer(talk: Talk, agent: Agent, symbol: str, words: str) -> None:
    wish = parse_amount(words)
    intents = await talk.services.withdraw.propose(agent, symbol, wish, talk.origin())
    await talk.services.dialogues.drop_dialogue(talk.chat_id)
    await _ask(talk, agent, intents)


async def _ask(talk: Talk, agent: Agent, intents: list[Intent]) -> None:
    batch = intents[0].id.rpartition(".")[0]
    listed = "\n".join(f"• <b>{units(intent.order.sell)}</b>" for intent in intents)
    await talk.show(
        View(
            f"📤 <b>Withdraw?</b> · {agent_line(agent)}\n\n{listed}\n\nTo the owner "
            f"<code>{agent.owner}</code>.\nThe server pays the gas.",
            (
                (
                    button("✅ Confirm", "withdraw", "yes", batch, style="success"),
                    button("✖ Decline", "withdraw", "no", batch, style="danger"),
                ),
            ),
        )
    )


async def confirm(talk: Talk, batch: str) -> None:
    """Send it. MOVES MONEY to the owner; a notice follows for each token."""
    intents = await _batch(talk, batch)
    waiting = [intent for intent in intents if intent.state is IntentState.PROPOSED]
    for intent in waiting or intents[:1]:
        confirmed = await talk.services.confirm.confirm(IntentId(intent.id), talk.user)
        talk.services.execute.start(confirmed)
    await talk.disarm("⏳ <b>Confirmed.</b> I tell you when it has left.")


async def decline(talk: Talk, batch: str) -> None:
    """Leave everything where it is."""
    for intent in await _batch(talk, batch):
        await talk.services.confirm.decline(IntentId(intent.id), talk.user)
    await talk.disarm("✖ <b>Declined.</b> Nothing was moved.")


async def _batch(talk: Talk, batch: str) -> list[Intent]:
    intents = await talk.services.withdraw.load_batch(batch)
    if not intents:
        raise UserError("That button is not yours or no longer exists. Nothing was moved.")
    return intents


COMMAND = Command(
    name="withdraw",
    summary="Send money back to the owner",
    order=9,
    run=run,
    taps={
        "menu": menu,
        "ask": ask,
        "quick": quick,
        "all": everything,
        "yes": confirm,
        "no": decline,
    },
    replies={"amount": amount},
)
