"""Notices from the outbox, turned into messages when they are sent."""

from collections.abc import Awaitable, Callable, Mapping

from bot.chat.cards import opened_view, pending_view, receipt_view, withdrawal_view
from bot.chat.render import esc, units
from bot.chat.services import Services
from bot.chat.view import View, button
from bot.domain.money import Amount
from bot.domain.people import AgentId
from bot.domain.trade import OPEN, Intent, IntentId, IntentKind
from bot.ports.ledger import Notice


async def render_notice(services: Services, notice: Notice) -> View:
    """The message a notice stands for.

    Raises:
        LookupError: an unknown kind, or what it is about is gone.
    """
    return await _KINDS[notice.kind](services, notice.data)


async def _outcome(services: Services, data: Mapping[str, str]) -> View:
    intent = await _intent(services, data)
    agent = await services.agents.load_agent(AgentId(intent.agent_id))
    if agent is None:
        raise LookupError(f"agent {intent.agent_id}")
    recovered = data.get("recovered") == "yes"
    if intent.kind is IntentKind.OPEN_AGENT:
        return opened_view(services, intent, agent)
    if intent.kind is IntentKind.WITHDRAW:
        return withdrawal_view(services, intent, agent, recovered=recovered)
    return receipt_view(services, intent, agent, recovered=recovered)


async def _pending(services: Services, data: Mapping[str, str]) -> View:
    intent = await _intent(services, data)
    if intent.state in OPEN:
        return pending_view(services, intent)
    return await _outcome(services, data)


async def _deposit(services: Services, data: Mapping[str, str]) -> View:
    agent = await services.agents.load_agent(AgentId(int(data["agent"])))
    token = services.listing.find(data["symbol"])
    if agent is None or token is None:
        raise LookupError(f"deposit {data}")
    amount = Amount(token, int(data["raw"]))
    return View(
        f"📥 <b>{units(amount)}</b> arrived at 🤖 {esc(agent.name)}.",
        ((button("📊 Portfolio", "portfolio", "view", agent.id),),),
    )


async def _boot(_: Services, data: Mapping[str, str]) -> View:
    return View(
        f"🚀 Sei Trader {esc(data['version'])} is up on {esc(data['network'])}. "
        f"Interrupted intents taken up again: {esc(data['recovered'])}.",
        ((button("🛠 Admin", "admin", "show"),),),
    )


async def _intent(services: Services, data: Mapping[str, str]) -> Intent:
    intent = await services.journal.load_intent(IntentId(data["intent"]))
    if intent is None:
        raise LookupError(f"intent {data['intent']}")
    return intent


_KINDS: Mapping[str, Callable[[Services, Mapping[str, str]], Awaitable[View]]] = {
    "outcome": _outcome,
    "pending": _pending,
    "deposit": _deposit,
    "boot": _boot,
}
