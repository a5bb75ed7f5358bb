"""Cards about mandates: what an agent may do, what is left of it, and how to check an escrow."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from bot.chat.render import agent_line, esc, usd
from bot.chat.services import Services
from bot.chat.view import Row, View, button, copy, link
from bot.domain.mandate import EscrowState, Mandate, usd_of
from bot.domain.people import Agent
from bot.domain.trade import Approved, DeniedReason
from bot.policy.mandate_choices import Choices
from bot.policy.mandate_words import PAUSED
from bot.policy.mandates import (
    DAILY_GAS_SEI,
    DEFAULT_DAILY_LOSS,
    DEFAULT_DAILY_VOLUME,
    DEFAULT_SLIPPAGE,
    DEFAULT_TRADE_CAP,
    Bounds,
    bounds_of,
    check_standing,
    most_lost_usd,
    room_of,
)

_USUAL_LIFE = timedelta(days=30)
_NO_HASH = "0x" + "00" * 32

_STOPPED = {
    DeniedReason.EXITED: "🚪 The exit code was used: this escrow trades no more, for good.",
    DeniedReason.NO_MANDATE: "✍️ No mandate is in force: nothing is traded before the owner signs "
    "one.",
    DeniedReason.UNKNOWN_MANDATE: "❓ A mandate is in force that I do not know; sign one here.",
    DeniedReason.MANDATE_EXPIRED: "⌛ The mandate has run out.",
}


def mandate_view(
    services: Services, agent: Agent, state: EscrowState, mandate: Mandate | None
) -> View:
    """What the chain lets an agent do, what is left of it now, and what a thief could take."""
    bounds = bounds_of(mandate, state.at)
    lasting = replace(state, paused=False)
    verdict = check_standing(lasting, mandate, has_exit=bool(agent.exit_hash))
    lines = [f"✍️ <b>Mandate</b> · {agent_line(agent)}", ""]
    if state.paused:
        lines += [f"⏸ {PAUSED}", ""]
    if isinstance(verdict, Approved):
        words = services.signing.mandates.describe(mandate, state.at)
        lines += [f"🟢 In force: {esc(agent.name)} {esc(words)}.", "", *_left(state, bounds)]
    else:
        lines += [_STOPPED[verdict.reason]]
    lines += [
        "",
        "A mandate is what the agent may trade and lose. The escrow contract enforces it, whoever "
        "holds my server.",
        f"<i>Escrow <code>{agent.escrow}</code></i>",
    ]
    rows = mandate_rows(services, agent, trading=verdict == Approved())
    if state.exited:
        rows = ((button("📤 Withdraw", "withdraw", "menu", agent.id),), rows[-1])
    return View("\n".join(lines), rows)


def mandate_rows(services: Services, agent: Agent, *, trading: bool) -> tuple[Row, ...]:
    """The ways to change it."""
    sign = (
        button("✍️ Change or revoke it", "mandate", "page", agent.id)
        if trading
        else button("✍️ Sign a mandate", "mandate", "page", agent.id, style="success")
    )
    rows: list[Row] = [(sign,)]
    faucet = services.facts.faucet
    if faucet and agent.owner == faucet.test_wallet:
        rows.append((button("🧪 Sign with the test wallet", "mandate", "test", agent.id),))
    if trading:
        rows.append((button("⛔ Drop it now", "mandate", "drop", agent.id, style="danger"),))
    rows.append(
        (
            button("🔎 Check the escrow", "deposit", "check", agent.id),
            button("🤖 Agent", "agents", "open", agent.id),
        )
    )
    return tuple(rows)


def usual_choices(services: Services) -> Choices:
    """The mandate most people want: every token with a price feed, every exchange, 30 days."""
    offer = services.signing.mandates.offer
    return Choices(
        tokens=[token.address for token in offer.tokens],
        adapters=list(offer.venues),
        trade_usd=usd_of(DEFAULT_TRADE_CAP),
        volume_usd=usd_of(DEFAULT_DAILY_VOLUME),
        loss_usd=usd_of(DEFAULT_DAILY_LOSS),
        slippage_pct=Decimal(DEFAULT_SLIPPAGE) / 100,
        valid_until=services.clock.now() + _USUAL_LIFE,
    )


def bound_words(bounds: Bounds) -> str:
    """The published bound, for people."""
    gas_day, gas_week = (DAILY_GAS_SEI * (1 + days) / 2 + 1 for days in (1, 7))
    return (
        f"If every key on my server were stolen, this escrow could lose at most "
        f"<b>{usd(most_lost_usd(bounds, 1))}</b> in a day, {usd(most_lost_usd(bounds, 7))} in a "
        f"week, and {gas_day:f} or {gas_week:f} SEI of gas, as long as the price feeds are right."
    )


def _left(state: EscrowState, bounds: Bounds) -> list[str]:
    room = room_of(state, bounds, state.at)
    return [
        f"Room now: trades of <b>{usd(usd_of(room.volume))}</b>, losses of "
        f"<b>{usd(usd_of(room.loss))}</b>. Half of a daily limit is there at once; it comes back "
        "over 24 hours.",
        "",
        bound_words(bounds),
    ]


def check_view(services: Services, agent: Agent) -> View:
    """How to make sure, without us, that the address is an escrow of that owner."""
    facts = services.facts
    exit_hash = agent.exit_hash or _NO_HASH
    signature = "escrowAddress(uint256,bytes32,uint256)(address)"
    command = (
        f'cast call {facts.orchestrator} "{signature}" {int(agent.owner, 16)} {exit_hash} '
        f"{agent.index} --rpc-url {facts.public_rpc}"
    )
    program = (
        f"sei-trader check {agent.escrow} --rpc {facts.public_rpc} --owner {agent.owner} "
        f"--orchestrator {facts.orchestrator}"
    )
    where = f" (<code>{esc(facts.explorer)}</code>)" if facts.explorer else ""
    lines = [
        f"🔎 <b>Check before you pay in</b> · {agent_line(agent)}",
        "",
        "Were my server in other hands, the address I show you could be a thief's. So compute it "
        "yourself: it follows from the owner, the exit code and a number alone.",
        "",
        f"1. Ask the orchestrator, on your machine or in an explorer{where} under “Read contract”:",
        f"<pre>{esc(command)}</pre>",
        f"2. It must answer\n<code>{agent.escrow}</code>",
        f"3. The long number in it must be your address: <code>cast to-dec {agent.owner}</code>",
        "4. The orchestrator must be your operator's. Anybody can deploy the same code with lists "
        "and price feeds of their own, and a stolen server could show you such a deployment. So "
        "compare the address here with one from elsewhere: the operator's site, a friend who uses "
        "this bot, what you noted before.",
        "5. With that address, on your machine, from a copy of the release, this compares the code "
        "and everything above:",
        f"<pre>{esc(program)}</pre>",
    ]
    rows: list[Row] = [(copy("📋 Copy the command", command),)]
    if facts.explorer:
        rows.append((link("🔍 Explorer", f"{facts.explorer}/address/{facts.orchestrator}"),))
    rows.append((button("📥 Deposit", "deposit", "show", agent.id),))
    return View("\n".join(lines), tuple(rows))


def name_view(owner: str, *, exits: bool = False) -> View:
    """The question for a name, once it is known who owns the escrow."""
    code, signs = "You get an exit code when the agent opens.", "It signs what the agent may do."
    how = code if exits else signs
    return View(
        f"Owner: <code>{owner}</code>\n{how}\n\n<b>What shall the agent be called?</b>",
        ((button("✖ Cancel", "cancel", "now"),),),
    )
