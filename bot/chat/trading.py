"""What every way into a trade shares: offering it, and carrying it out after the tap."""

from decimal import Decimal

from bot.chat.cards import is_market_move, proposal_view
from bot.chat.render import esc
from bot.chat.talk import Talk
from bot.chat.view import View, button, grid
from bot.domain.analysis import TradeDecision
from bot.domain.errors import UpstreamError, UserError
from bot.domain.people import Agent
from bot.domain.trade import Intent, IntentState, Side, TradeRequest
from bot.policy.amounts import Wish, parse_amount, plain
from bot.services.manage_agents import open_agent_of

_ID_DIGITS = 18
_QUICK = ("$10", "$25", "25%", "50%", "all")


async def offer(
    talk: Talk, agent: Agent, symbol: str, side: Side, wish: Wish, decision_id: int | None = None
) -> None:
    """Size a wish, quote it, and ask for confirmation. Moves nothing."""
    services = talk.services
    request = await services.propose.size(agent, symbol, side, wish)
    proposal = await services.propose.propose(request, talk.origin(decision_id))
    await talk.say(proposal_view(proposal))


async def ask_amount(talk: Talk, symbol: str, side: Side, decision_id: int | None = None) -> None:
    """Ask how much; quick amounts as buttons, anything else typed."""
    agent = await talk.opened_agent()
    quote = talk.services.listing.quote.symbol
    given = quote if side is Side.BUY else symbol
    verb = "buy" if side is Side.BUY else "sell"
    picks = [button(word, verb, "quick", symbol, word, decision_id or 0) for word in _QUICK]
    text = (
        f"<b>How much {given} shall {esc(agent.name)} "
        f"{f'spend on {symbol}' if side is Side.BUY else 'sell'}?</b>\n"
        "Tap, or write an amount like <code>12.5</code>, <code>$25</code>, <code>50%</code>."
    )
    await talk.ask(
        verb,
        "amount",
        View(text, (*grid(picks, 3), (button("✖ Cancel", "cancel", "now"),))),
        {"symbol": symbol, "decision": str(decision_id or 0)},
    )


async def offer_words(
    talk: Talk, symbol: str, side: Side, words: str, decision_id: int | None = None
) -> None:
    """Offer a trade for an amount as typed; after a refusal another amount may be typed."""
    agent = await talk.opened_agent()
    await offer(talk, agent, symbol, side, parse_amount(words), decision_id)
    await talk.services.dialogues.drop_dialogue(talk.chat_id)


async def own_decision(talk: Talk, decision_id: str) -> tuple[Agent, TradeDecision]:
    """A decision made for one of the person's agents.

    Raises:
        UserError: there is none of that id, or it is somebody else's.
    """
    known = decision_id.isascii() and decision_id.isdigit() and len(decision_id) <= _ID_DIGITS
    found = await talk.services.conversations.load_decision(int(decision_id)) if known else None
    if found is None:
        raise UserError(
            "That decision is not yours or no longer exists. Nothing was moved; ask me again."
        )
    agent_id, decision = found
    return await open_agent_of(talk.services.agents, agent_id, talk.user), decision


async def carry_out(talk: Talk, intent: Intent) -> None:
    """Drive a confirmed swap. MOVES MONEY. A moved market leads to a fresh offer."""
    done = await talk.services.execute.start(intent)
    failed = done.state in (IntentState.REFUSED, IntentState.REVERTED)
    if not failed or not is_market_move(done.reason) or done.side is None:
        return
    wanted = done.order.expected_buy
    token = wanted.token if done.side is Side.BUY and wanted else done.order.sell.token
    request = TradeRequest(
        agent_id=done.agent_id,
        symbol=token.symbol,
        amount=plain(Decimal(done.order.sell.value)),
        side=done.side,
    )
    try:
        proposal = await talk.services.propose.propose(request, talk.origin(done.decision_id))
    except (UserError, UpstreamError):
        return
    await talk.say(proposal_view(proposal, "The market moved. This is the new offer:"))
