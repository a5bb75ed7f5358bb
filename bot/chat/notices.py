"""Notices from the outbox, turned into messages when they are sent."""

from collections.abc import Awaitable, Callable, Mapping

from bot.chat.admin_views import job_dead_view
from bot.chat.alerts.digests import digest_view
from bot.chat.alerts.notices import alert_ended_view, alert_view
from bot.chat.cards import (
    mandate_changed_view,
    opened_view,
    pending_view,
    receipt_view,
    withdrawal_view,
)
from bot.chat.groups.notices import (
    place_lost_view,
    signal_trade_view,
    signal_view,
    signals_ended_view,
)
from bot.chat.mandates import name_view
from bot.chat.render import agent_line, esc, units
from bot.chat.services import Services
from bot.chat.view import View, button
from bot.domain.mandate import EscrowEvent, MandateWord
from bot.domain.money import NATIVE, Amount
from bot.domain.people import AgentId
from bot.domain.trade import OPEN, Intent, IntentId, IntentKind
from bot.policy.addresses import shortened
from bot.policy.event_words import describe_event
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
    if intent.kind in _MANDATES:
        return mandate_changed_view(services, intent, agent)
    if intent.kind is IntentKind.WITHDRAW:
        return withdrawal_view(services, intent, agent, recovered=recovered)
    found = intent.decision_id and await services.conversations.load_decision(intent.decision_id)
    decision = found[1] if found else None
    return receipt_view(services, intent, agent, recovered=recovered, decision=decision)


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


async def _owner_proven(_: Services, data: Mapping[str, str]) -> View:
    return name_view(data["owner"])


async def _escrow_event(services: Services, data: Mapping[str, str]) -> View:
    agent = await services.agents.load_agent(AgentId(int(data["agent"])))
    if agent is None:
        raise LookupError(f"agent {data['agent']}")
    return View(
        f"🔔 {agent_line(agent)}: something happened to its escrow that <b>I did not do</b>.\n\n"
        f"{await _event_words(services, data)}\n\nIf this was not you, /panic stops the agent, and "
        "docs/leaving.md says how to take everything out without me.",
        (
            (
                button("📊 Portfolio", "portfolio", "view", agent.id),
                button("✍️ Mandate", "mandate", "show", agent.id),
            ),
        ),
    )


async def _deployment_event(services: Services, data: Mapping[str, str]) -> View:
    return View(f"🔔 <b>On the chain</b>\n\n{await _event_words(services, data)}")


async def _seed_leaked(services: Services, data: Mapping[str, str]) -> View:
    agent = await services.agents.load_agent(AgentId(int(data["agent"])))
    if agent is None:
        raise LookupError(f"agent {data['agent']}")
    return View(
        f"⚠️ The key of {agent_line(agent)} may be in other hands. It is paused, and its mandate is "
        "being dropped on the chain. A key cannot be changed: withdraw to the owner and open a new "
        "agent.",
        ((button("📤 Withdraw", "withdraw", "menu", agent.id, style="success"),),),
    )


async def _job_dead(_: Services, data: Mapping[str, str]) -> View:
    return job_dead_view(data["name"], data["error"])


async def _event_words(services: Services, data: Mapping[str, str]) -> str:
    """An event of the chain as a sentence, with its transaction."""
    tokens = {token.address: token for token in services.listing.tokens}
    mandate = None
    if "word" in data:
        word = MandateWord(int(data["word"], 16))
        known = services.change_mandate.mandates
        mandate = await known.load_mandate(AgentId(int(data["agent"])), word)
    fields = {
        name.removeprefix("field_"): value
        for name, value in data.items()
        if name.startswith("field_")
    }
    event = EscrowEvent(data["emitter"], data["name"], fields, int(data["block"]), "", 0, mandate)

    def symbol_of(address: str) -> str:
        name = tokens[address].symbol if address in tokens else services.facts.venues.get(address)
        return name or shortened(address)

    def amount_of(address: str, raw: int) -> str:
        token = services.listing.native if address == NATIVE else tokens.get(address)
        return units(Amount(token, raw)) if token else f"{raw} base units of {shortened(address)}"

    words = describe_event(event, symbol_of, amount_of)
    return f"{esc(words)}\nTransaction: <code>{esc(data['tx_hash'])}</code>"


async def _intent(services: Services, data: Mapping[str, str]) -> Intent:
    intent = await services.journal.load_intent(IntentId(data["intent"]))
    if intent is None:
        raise LookupError(f"intent {data['intent']}")
    return intent


_MANDATES = frozenset(
    {
        IntentKind.SET_MANDATE,
        IntentKind.REVOKE_MANDATE,
        IntentKind.DROP_MANDATE,
        IntentKind.PAUSE_CHAIN,
    }
)

_KINDS: Mapping[str, Callable[[Services, Mapping[str, str]], Awaitable[View]]] = {
    "outcome": _outcome,
    "pending": _pending,
    "deposit": _deposit,
    "boot": _boot,
    "owner_proven": _owner_proven,
    "escrow_event": _escrow_event,
    "deployment_event": _deployment_event,
    "seed_leaked": _seed_leaked,
    "job_dead": _job_dead,
    "alert": alert_view,
    "alert_ended": alert_ended_view,
    "digest": digest_view,
    "signal": signal_view,
    "signal_trade": signal_trade_view,
    "signals_ended": signals_ended_view,
    "place_lost": place_lost_view,
}
