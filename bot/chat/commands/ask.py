"""Buttons of decision cards: trade it, another amount, no thanks. No command of its own."""

from bot.chat.command import Command
from bot.chat.talk import Talk
from bot.chat.trading import ask_amount, offer, own_decision
from bot.domain.analysis import Action, TradeDecision
from bot.domain.errors import UserError
from bot.domain.trade import Side
from bot.policy.amounts import Dollars, parse_amount


async def go(talk: Talk, argument: str) -> None:
    """Offer the suggested trade; it still needs Confirm."""
    decision_id, _, dollars = argument.partition(":")
    agent, decision = await own_decision(talk, decision_id)
    wish = parse_amount(f"${dollars}")
    cap = min(talk.user.trade_cap_usd, talk.services.limits.trade_cap_usd)
    if not isinstance(wish, Dollars):
        raise UserError("That button no longer works. Nothing was moved.")
    capped = Dollars(min(wish.value, cap))
    await offer(talk, agent, decision.symbol, _side(decision), capped, int(decision_id))


async def buy(talk: Talk, argument: str) -> None:
    """Ask how much to buy."""
    await _ask(talk, argument, Side.BUY)


async def sell(talk: Talk, argument: str) -> None:
    """Ask how much to sell."""
    await _ask(talk, argument, Side.SELL)


async def _ask(talk: Talk, argument: str, side: Side) -> None:
    _, _, decision_id = argument.partition(":")
    _, decision = await own_decision(talk, decision_id)
    talk.tapped = None
    await ask_amount(talk, decision.symbol, side, int(decision_id))


async def decline(talk: Talk, decision_id: str) -> None:
    """Turn the decision down; that is kept too."""
    await own_decision(talk, decision_id)
    now = talk.services.clock.now()
    first = await talk.services.conversations.save_answer(int(decision_id), "declined", now)
    talk.toast = "Declined. Nothing was traded." if first else "Answered already."
    if first:
        await talk.disarm("✖ <b>Declined.</b>")


def _side(decision: TradeDecision) -> Side:
    if decision.action is Action.HOLD:
        raise UserError("That decision was to hold. Nothing was moved.")
    return Side(decision.action.value)


COMMAND = Command(name="ask", taps={"go": go, "buy": buy, "sell": sell, "no": decline})
