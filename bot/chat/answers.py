"""Plain text is a question, or asks for an alert; the answer is a card."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from bot.chat.alerts.asking import hear_alert, offer_alert, private, read_alert
from bot.chat.decision_alerts import levels_rows
from bot.chat.errors import answer_error
from bot.chat.pictures.chart import render_price_chart
from bot.chat.progress import ProgressLine
from bot.chat.render import agent_line, ago, clock, esc, price, usd
from bot.chat.signposts import to_alerts, without_agent
from bot.chat.talk import Talk
from bot.chat.view import Row, View, button
from bot.domain.analysis import Action, MarketView, TradeDecision
from bot.domain.people import Agent
from bot.policy.alerts.words import wants_alert
from bot.policy.plain_words import manages_alerts
from bot.services.manage_agents import current_agent
from bot.services.questions import Advised, Answer, Decided, Question

_MARKS = {Action.BUY: "🟢 BUY", Action.SELL: "🔴 SELL", Action.HOLD: "⚪ HOLD"}
_SHOWN = 4
_LEVELS = " Stop and target are advice: I do not trade at them by myself, but I can tell you."


async def plain(talk: Talk, text: str) -> None:
    """Answer in the background, so that the chat stays free for other things."""
    if wants_alert(text):
        await _alert(talk, text)
        return
    if manages_alerts(text):
        await talk.say(to_alerts())
        return
    agent = await current_agent(talk.services.agents, talk.chat_id, talk.user)
    if agent is None:
        await talk.say(without_agent(text))
        return
    talk.spawn(_answer(talk, agent, text))


async def ask_about(talk: Talk, symbol: str) -> None:
    """Ask the analyst about a listed token in the person's stead."""
    agent = await talk.agent()
    talk.spawn(_answer(talk, agent, f"Should I buy or sell {symbol} now?"))


async def _alert(talk: Talk, text: str) -> None:
    """The card of the alert that is asked for: by the rules, else by the analyst."""
    draft = await read_alert(talk, text)
    if draft is not None:
        await offer_alert(talk, draft, private(talk))
        return
    talk.spawn(_hear(talk, text))


async def _hear(talk: Talk, text: str) -> None:
    try:
        async with ProgressLine(talk) as line:
            await line.step("Reading your alert")
            draft = await hear_alert(talk, text)
        await offer_alert(talk, draft, private(talk))
    except Exception as error:  # noqa: BLE001 - a background end of the Telegram door
        await answer_error(talk, error)


async def _answer(talk: Talk, agent: Agent, text: str) -> None:
    question = Question(talk.user, agent, talk.chat_id, text)
    try:
        async with ProgressLine(talk) as line:
            answer = await talk.services.converse.ask(question, line.step)
            views = await _views(talk, agent, answer)
        for view in views:
            await talk.say(view)
    except Exception as error:  # noqa: BLE001 - a background end of the Telegram door
        await answer_error(talk, error)


async def _views(talk: Talk, agent: Agent, answer: Answer) -> Sequence[View]:
    if isinstance(answer, Advised):
        text = "\n\n".join(
            [
                esc(answer.advice.text),
                *_notes(answer.notes),
                f"<i>{esc(answer.advice.analyst)}</i>",
            ]
        )
        return [View(text)]
    decision = answer.decision
    chart = await asyncio.to_thread(
        render_price_chart,
        answer.view.history,
        entry=decision.entry,
        stop_loss=decision.stop_loss,
        take_profit=decision.take_profit,
        title=f"{decision.symbol} · {answer.view.history.days} days",
    )
    return [View(_card(talk, agent, answer), _rows(answer), chart)]


def _card(talk: Talk, agent: Agent, answer: Decided) -> str:
    decision, view = answer.decision, answer.view
    lines = [
        f"<b>{_MARKS[decision.action]} {esc(decision.symbol)}</b> · {agent_line(agent)}",
        f"{esc(decision.summary)}",
        "",
        *_levels(decision),
        f"Confidence: {decision.confidence} of 100",
        *([f"Suggested: <b>{usd(answer.suggested_usd)}</b>"] if answer.suggested_usd else []),
        "",
        *(f"✅ {esc(reason)}" for reason in decision.reasons[:_SHOWN]),
        *(f"⚠️ {esc(risk)}" for risk in decision.risks[:_SHOWN]),
        "",
        *_notes(answer.notes),
        f"<i>{_risk_line(view)}</i>",
        f"<i>{esc(decision.analyst)}, {_stamp(talk, view)}.{_advised(decision)} "
        "Not investment advice.</i>",
    ]
    return "\n".join(lines)


def _levels(decision: TradeDecision) -> list[str]:
    lines = [f"Entry: {price(decision.entry)}"]
    if decision.action is Action.HOLD and decision.stop_loss is None:
        return [*lines, "Stop-loss and take-profit: none while waiting"]
    if decision.stop_loss is not None:
        lines.append(f"Stop-loss: {price(decision.stop_loss)}")
    if decision.take_profit is not None:
        ratio = decision.reward_to_risk
        tail = f" (reward to risk {ratio:.1f})" if ratio is not None else ""
        lines.append(f"Take-profit: {price(decision.take_profit)}{tail}")
    return lines


def _advised(decision: TradeDecision) -> str:
    """What the levels are good for, where there are any."""
    return _LEVELS if decision.stop_loss is not None or decision.take_profit is not None else ""


def _risk_line(view: MarketView) -> str:
    risk = view.risk
    return (
        f"{view.history.days} days: volatility {risk.volatility:.0%} a year, worst fall "
        f"{risk.max_drawdown:.0%}, value at risk {risk.value_at_risk_95:.1%} a day (95 %)"
    )


def _stamp(talk: Talk, view: MarketView) -> str:
    now = talk.services.clock.now()
    return f"price of {clock(view.price.as_of)} ({ago(now - view.price.as_of)})"


def _notes(notes: Sequence[str]) -> list[str]:
    return [f"ℹ️ {esc(note)}" for note in notes]


def _rows(answer: Decided) -> tuple[Row, ...]:
    decision = answer.decision
    levels = levels_rows(answer.decision_id, decision)
    if decision.action is Action.HOLD:
        return ((button("🔄 Prices", "price", "one", decision.symbol),), *levels)
    verb = decision.action.value.lower()
    other = button("✏️ Another amount", "ask", verb, decision.symbol, answer.decision_id)
    no = button("✖ No thanks", "ask", "no", answer.decision_id)
    if not answer.suggested_usd:
        return ((other, no), *levels)
    dollars = answer.suggested_usd.quantize(Decimal("0.01"), rounding="ROUND_DOWN")
    label = f"✅ {verb.capitalize()} {usd(dollars)} of {decision.symbol}"
    go = button(label, "ask", "go", answer.decision_id, dollars, style="success")
    return ((go,), (other, no), *levels)
