"""Cards about money: the offer to confirm, the receipt, and what became of everything else."""

from decimal import Decimal

from bot.chat.decision_alerts import levels_lines, levels_rows
from bot.chat.mandates import mandate_rows
from bot.chat.render import agent_line, esc, percent, price, quantity, units, usd
from bot.chat.sentences import REVERT_FIGURES, REVERT_SENTENCES
from bot.chat.services import Services
from bot.chat.view import Row, View, button, copy, link
from bot.domain.analysis import TradeDecision
from bot.domain.mandate import usd_of
from bot.domain.money import BPS, exact
from bot.domain.people import Agent
from bot.domain.trade import Intent, IntentKind, IntentState, Order, Receipt, Side
from bot.services.propose import Proposal
from bot.services.settle import fill_of, receipt_of

_LONGEST_REASON = 100
_PAIR = 2
_RESTARTED = "\n<i>I was restarted while this was under way; this is what became of it.</i>"


def proposal_view(proposal: Proposal, note: str = "") -> View:
    """The offer: everything Confirm commits to."""
    intent, order = proposal.intent, proposal.intent.order
    verb = "Buy" if intent.side is Side.BUY else "Sell"
    symbol = esc(proposal.token.symbol)
    lines = [
        *([f"{esc(note)}\n"] if note else []),
        f"<b>{verb} {symbol}?</b> · {agent_line(proposal.agent)}",
        "",
        f"You give: <b>{units(order.sell)}</b> ({usd(intent.notional_usd)})",
        *_expectation(order),
        f"Price: {price(_unit_price(proposal))} for one {symbol}",
        f"Price impact {percent(order.price_impact)}, exchange fee {percent(order.fee)}",
        f"Exchange: {esc(order.venue)} ({esc(' → '.join(order.path))})",
        f"Network gas: about {quantity(Decimal(proposal.gas_estimate).scaleb(-18))} SEI, "
        "paid by the agent",
        "",
        f"Good until {intent.expires_at:%H:%M:%S} UTC. If the market moves past the minimum, "
        "nothing is traded and I ask again.",
    ]
    return View("\n".join(lines), _proposal_rows(intent))


def _proposal_rows(intent: Intent) -> tuple[Row, ...]:
    return (
        (
            button("✅ Confirm", "trade", "yes", intent.id, style="success"),
            button("✖ Decline", "trade", "no", intent.id, style="danger"),
        ),
        (button("✏️ Another amount", "trade", "other", intent.id),),
    )


def _expectation(order: Order) -> list[str]:
    if order.expected_buy is None or order.min_buy is None:
        return []
    return [
        f"You get: about <b>{units(order.expected_buy)}</b>",
        f"At least: {units(order.min_buy)}, or nothing happens",
    ]


def _unit_price(proposal: Proposal) -> Decimal:
    order = proposal.intent.order
    if order.expected_buy is None:
        return Decimal(0)
    sold, bought = order.sell.value, order.expected_buy.value
    with exact():
        if proposal.intent.side is Side.BUY:
            return sold * proposal.sell_price.usd / bought
        return bought * proposal.buy_price.usd / sold


def receipt_view(
    services: Services,
    intent: Intent,
    agent: Agent,
    *,
    recovered: bool,
    decision: TradeDecision | None = None,
) -> View:
    """What became of a swap; `decision` is the one it follows from."""
    tail = _RESTARTED if recovered else ""
    if intent.state is not IntentState.SETTLED:
        return View(_failed_trade(services, intent, agent) + tail)
    fill, order, receipt = fill_of(intent, intent.updated_at), intent.order, receipt_of(intent)
    bought = fill.side is Side.BUY
    with exact():
        moved = fill.price_usd - fill.expected_price_usd
        worse = moved if bought else -moved
        slip = worse / fill.expected_price_usd * BPS if fill.expected_price_usd else Decimal(0)
    verb = "Bought" if bought else "Sold"
    side = "for" if bought else "into"
    quote = (order.sell if bought else order.expected_buy or order.sell).token.symbol
    with exact():
        paid = Decimal(receipt.spent if bought else receipt.got).scaleb(
            -(order.sell if bought else order.expected_buy or order.sell).token.decimals
        )
    lines = [
        f"✅ <b>{verb} {quantity(fill.quantity)} {esc(fill.symbol)}</b> {side} "
        f"{quantity(paid)} {esc(quote)}",
        agent_line(agent),
        "",
        f"Price: {price(fill.price_usd)}, offered at {price(fill.expected_price_usd)}",
        f"Slippage: {_slippage(slip)}",
        f"Gas: {quantity(fill.gas_sei)} SEI ({usd(fill.gas_usd)})",
        f"Exchange: {esc(fill.venue)}",
        _hash_line(receipt),
        *levels_lines(decision),
    ]
    rows = (
        (
            button("📊 Portfolio", "portfolio", "view", agent.id),
            button("🕘 History", "history", "page", 0, agent.id),
        ),
        *levels_rows(intent.decision_id, decision),
        *_explorer_rows(services, receipt),
    )
    return View("\n".join(lines) + tail, rows)


def _slippage(bps: Decimal) -> str:
    if abs(bps) < 1:
        return "none"
    return f"{percent(abs(bps))} {'worse' if bps > 0 else 'better'} than offered"


def _failed_trade(services: Services, intent: Intent, agent: Agent) -> str:
    head = f"{agent_line(agent)}\n"
    why = esc(reason_sentence(intent.reason))
    match intent.state:
        case IntentState.REVERTED:
            receipt = receipt_of(intent)
            gas = quantity(Decimal(receipt.gas_paid).scaleb(-18))
            return (
                f"↩️ <b>Nothing was traded.</b> The chain undid the trade: {why}. "
                f"Only {gas} SEI of gas was spent.\n{head}{_hash_line(receipt)}"
            )
        case IntentState.EXPIRED:
            return f"⌛ <b>Nothing was traded.</b> The offer ran out before it was signed.\n{head}"
        case IntentState.DROPPED:
            return f"↩️ <b>Nothing was traded.</b> The network did not take it: {why}.\n{head}"
        case _:
            return f"🛑 <b>Nothing was traded:</b> {why}.\n{head}"


def reason_sentence(reason: str) -> str:
    """A journalled reason in words."""
    if is_market_move(reason):
        return "the market moved past your minimum"
    name, *figures = reason.split() or [""]
    if name in REVERT_FIGURES and len(figures) == _PAIR and all(f.isdigit() for f in figures):
        asked, allowed = (usd(usd_of(int(figure))) for figure in figures)
        return REVERT_FIGURES[name].format(asked=asked, allowed=allowed)
    said = reason[:_LONGEST_REASON] or "no reason given"
    return REVERT_SENTENCES.get(name, f"the chain refused it ({said})")


def is_market_move(reason: str) -> bool:
    """Whether a refusal means that the minimum could not be had any more.

    The mandate's own slippage is another limit: asking again would not help.
    """
    if reason.startswith("SlippageExceeded"):
        return False
    squeezed = reason.lower().replace(" ", "").replace("_", "")
    return any(word in squeezed for word in ("toolittle", "insufficientoutput", "slippage"))


def withdrawal_view(services: Services, intent: Intent, agent: Agent, *, recovered: bool) -> View:
    """What became of a withdrawal."""
    tail = _RESTARTED if recovered else ""
    amount = units(intent.order.sell)
    if intent.state is not IntentState.SETTLED:
        why = esc(reason_sentence(intent.reason))
        return View(
            f"🛑 <b>{amount} was not withdrawn:</b> {why}. It is still in the escrow of "
            f"{agent_line(agent)}.{tail}"
        )
    receipt = receipt_of(intent)
    return View(
        f"📤 <b>{amount}</b> left {agent_line(agent)} for its owner "
        f"<code>{agent.owner}</code>.\n{_hash_line(receipt)}{tail}",
        _explorer_rows(services, receipt),
    )


def opened_view(services: Services, intent: Intent, agent: Agent) -> View:
    """An agent is ready, or could not be opened."""
    if intent.state is not IntentState.SETTLED:
        why = esc(reason_sentence(intent.reason))
        return View(
            f"🛑 {agent_line(agent)} could not be opened: {why}. No money is involved yet. "
            f"Reference: <code>{intent.correlation_id}</code>"
        )
    head = (
        f"🎉 {agent_line(agent)} is open.\n\n"
        f"Its escrow: <code>{agent.escrow}</code>\n"
        f"Money leaves it to its owner only: <code>{agent.owner}</code>\n\n"
    )
    if agent.exit_hash:
        return View(
            f"{head}The default mandate is in force: $50 a trade; $200 and at most $10 of loss a "
            "day. Deposit, then just ask me: <i>should I buy SEI?</i>",
            (
                (button("📥 Deposit", "deposit", "show", agent.id, style="success"),),
                (button("✍️ Mandate", "mandate", "show", agent.id),),
            ),
        )
    return View(
        f"{head}<b>Next: sign a mandate</b>, what the agent may trade and lose. Before that its "
        "escrow trades nothing. Then deposit, and just ask me: <i>should I buy SEI?</i>",
        (
            *mandate_rows(services, agent, trading=False)[:-1],
            (
                button("📥 Deposit", "deposit", "show", agent.id),
                button("🤖 Agent", "agents", "open", agent.id),
            ),
        ),
    )


_DONE = {
    IntentKind.REVOKE_MANDATE: "🚫 <b>Revoked.</b> The escrow trades nothing until its owner signs "
    "a new mandate; whatever was signed before is void.",
    IntentKind.DROP_MANDATE: "⛔ <b>Dropped.</b> The escrow trades nothing until its owner signs a "
    "new mandate.",
}
_NOT_DONE = {
    IntentKind.SET_MANDATE: "The mandate was not brought in",
    IntentKind.REVOKE_MANDATE: "The revocation was not brought in; the owner can send it without "
    "me, see docs/leaving.md",
    IntentKind.DROP_MANDATE: "The mandate was not dropped on the chain. The agent stays paused "
    "here if you paused it. The owner can revoke it without me, see docs/leaving.md",
    IntentKind.PAUSE_CHAIN: "Trading was not paused on the chain",
}


def mandate_changed_view(services: Services, intent: Intent, agent: Agent) -> View:
    """What became of bringing in, revoking or dropping a mandate, or of pausing the chain."""
    if intent.state is not IntentState.SETTLED:
        why = esc(reason_sentence(intent.reason))
        return View(f"🛑 <b>{_NOT_DONE[intent.kind]}</b>: {why}. No money moved.")
    receipt = receipt_of(intent)
    if intent.kind is IntentKind.PAUSE_CHAIN:
        text = f"⏸ <b>Trading is paused on the chain</b>, for every escrow. {resuming(services)}"
        return View(f"{text} Withdrawals go on.\n{_hash_line(receipt)}")
    head = f"{agent_line(agent)}\n"
    if not services.change_mandate.executor.holds_key_of(agent):
        return View(
            f"{head}⛔ <b>Dropped.</b> Its key is retired: it never trades again. Withdraw to the "
            f"owner and open a new agent.\n{_hash_line(receipt)}",
            ((button("📤 Withdraw", "withdraw", "menu", agent.id, style="success"),),),
        )
    if intent.kind is not IntentKind.SET_MANDATE:
        rows = ((button("✍️ Mandate", "mandate", "show", agent.id),),)
        return View(f"{head}{_DONE[intent.kind]}\n{_hash_line(receipt)}", rows)
    words = services.signing.mandates.describe(intent.order.mandate, intent.updated_at)
    return View(
        f"{head}🟢 <b>The mandate is in force:</b> {esc(agent.name)} {esc(words)}.\n"
        f"{_hash_line(receipt)}",
        (
            (
                button("📥 Deposit", "deposit", "show", agent.id),
                button("✍️ Mandate", "mandate", "show", agent.id),
            ),
        ),
    )


def resuming(services: Services) -> str:
    """How a pause on the chain ends."""
    if services.facts.faucet is None:
        return "Only the deployment's admin key (not on this server) resumes it."
    return "On this test chain a button in /admin resumes it."


def pending_view(services: Services, intent: Intent) -> View:
    """Sent but not confirmed is not failed; what cannot be sent yet still waits."""
    if intent.signed is None:
        return View(
            "⏳ The network does not answer, so this is not sent yet. Nothing was moved; I keep "
            "trying and tell you."
        )
    return View(
        "⏳ Your transaction is sent and the network has not confirmed it yet. It can run only "
        "once; I keep watching and tell you.\n"
        f"Transaction: <code>{intent.signed.tx_hash}</code>"
    )


def _hash_line(receipt: Receipt) -> str:
    return f"Transaction: <code>{receipt.tx_hash}</code>"


def _explorer_rows(services: Services, receipt: Receipt) -> tuple[Row, ...]:
    explorer = services.facts.explorer
    if not explorer:
        return ((copy("📋 Copy transaction hash", receipt.tx_hash),),)
    return ((link("🔍 Explorer", f"{explorer}/tx/{receipt.tx_hash}"),),)
