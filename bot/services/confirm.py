"""The one tap that counts, and its refusal. Signs nothing: `Execute` does, afterwards."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.errors import UserError
from bot.domain.people import AgentId, AgentState, User
from bot.domain.tokens import Listing
from bot.domain.trade import (
    Denied,
    DeniedReason,
    Intent,
    IntentId,
    IntentKind,
    IntentState,
)
from bot.policy.risk import Limits, price_age
from bot.ports.clock import Clock
from bot.ports.ledger import Journal, Step
from bot.ports.market import Market
from bot.ports.records import Agents, Conversations, Switches
from bot.services.intents import explain_answered
from bot.services.quotes import price_of
from bot.services.refusals import DeniedError
from bot.services.switches import trading_paused


@dataclass(frozen=True, slots=True)
class Confirm:
    """Consumes taps on Confirm and Decline."""

    clock: Clock
    journal: Journal
    agents: Agents
    market: Market
    switches: Switches
    conversations: Conversations
    listing: Listing
    limits: Limits

    async def confirm(self, intent_id: IntentId, user: User) -> Intent:
        """Move a proposal to CONFIRMED, once. `Execute.drive` then moves the money.

        Raises:
            UserError: not theirs, answered before, or expired.
            DeniedError: over a limit by now; it can be tapped again later.
        """
        intent = await self._own(intent_id, user)
        waits = intent.state is IntentState.PROPOSED and self.clock.now() < intent.expires_at
        if waits and intent.kind is IntentKind.SWAP:
            await self._check_still_allowed(intent)
        day_cap = min(user.day_cap_usd, self.limits.day_cap_usd)
        answer = await self.journal.confirm(intent_id, self.clock.now(), day_cap)
        if answer is None:
            raise UserError("That button no longer exists. Nothing was moved.")
        if answer.fresh:
            if intent.decision_id is not None:
                now = self.clock.now()
                await self.conversations.save_answer(intent.decision_id, "traded", now)
            return answer.intent
        if answer.intent.state is IntentState.PROPOSED:
            left = max(Decimal(0), day_cap - answer.spent_usd)
            denied = Denied(DeniedReason.DAY_CAP, day_cap, left)
            raise DeniedError(denied, intent.order.sell.token.symbol)
        raise UserError(explain_answered(answer.intent))

    async def decline(self, intent_id: IntentId, user: User, *, for_good: bool = True) -> Intent:
        """Turn a proposal down; it stays in the history.

        Unless `for_good`, the decision behind it stays open: another amount is asked for.

        Raises:
            UserError: not theirs, or answered before.
        """
        intent = await self._own(intent_id, user)
        now = self.clock.now()
        step = Step(expect=IntentState.PROPOSED, to=IntentState.DECLINED, now=now)
        declined = await self.journal.advance(intent_id, step)
        if declined is None:
            raise UserError(explain_answered(await self._own(intent_id, user)))
        if for_good and intent.decision_id is not None:
            await self.conversations.save_answer(intent.decision_id, "declined", now)
        return declined

    async def _own(self, intent_id: IntentId, user: User) -> Intent:
        intent = await self.journal.load_intent(intent_id)
        if intent is None or intent.user_id != user.id:
            raise UserError("That button is not yours or no longer exists. Nothing was moved.")
        return intent

    async def _check_still_allowed(self, intent: Intent) -> None:
        paused, agent, prices = await asyncio.gather(
            trading_paused(self.switches),
            self.agents.load_agent(AgentId(intent.agent_id)),
            self.market.fetch_prices(self.listing.tokens),
        )
        order, sold = intent.order, intent.order.sell.token
        bought = order.expected_buy.token if order.expected_buy else sold
        if paused:
            raise DeniedError(Denied(DeniedReason.TRADING_PAUSED), sold.symbol)
        if agent is None or agent.state is not AgentState.ACTIVE:
            raise DeniedError(Denied(DeniedReason.AGENT_NOT_ACTIVE), sold.symbol)
        age = price_age(self.clock.now(), price_of(prices, sold), price_of(prices, bought))
        if age > self.limits.max_price_age:
            limit = Decimal(int(self.limits.max_price_age.total_seconds()))
            actual = Decimal(int(age.total_seconds()))
            raise DeniedError(Denied(DeniedReason.STALE_PRICE, limit, actual), sold.symbol)
