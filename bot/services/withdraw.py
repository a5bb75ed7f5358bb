"""Withdrawals: to the agent's owner, and to nobody else. Never gated by the trading pause."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from bot.domain.errors import UserError
from bot.domain.money import Amount
from bot.domain.people import Agent
from bot.domain.tokens import Listing
from bot.domain.trade import Intent, IntentId, IntentKind, IntentState, Order
from bot.policy.amounts import Dollars, Wish, measure
from bot.ports.chain import ChainReader, Executor
from bot.ports.clock import Clock
from bot.ports.ledger import Journal
from bot.ports.market import Market
from bot.services.intents import Origin, new_intent_id

_LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Proposes withdrawals; the contract itself pays the owner only."""

    clock: Clock
    journal: Journal
    reader: ChainReader
    executor: Executor
    market: Market
    listing: Listing

    async def propose(self, agent: Agent, symbol: str, wish: Wish, origin: Origin) -> list[Intent]:
        """Journal one withdrawal as PROPOSED.

        Raises:
            UserError: unknown token, or more than is held.
        """
        token = self.listing.find(symbol)
        if token is None:
            known = ", ".join(self.listing.symbols)
            raise UserError(f"I do not know {symbol[:10]}. I hold {known}.")
        balances = await self.reader.read_balances([agent.escrow], [token])
        held = balances[agent.escrow][token.symbol]
        if held.raw == 0:
            raise UserError(f"{agent.name} holds no {token.symbol}.")
        amount = await self._measure(wish, held)
        if amount.raw > held.raw:
            raise UserError(
                f"{agent.name} holds {held.value:f} {token.symbol}, less than that. "
                "Nothing was moved."
            )
        return await self._journal(agent, [amount], origin)

    async def propose_all(self, agent: Agent, origin: Origin) -> list[Intent]:
        """Journal a withdrawal of every token the escrow holds, as one question."""
        balances = await self.reader.read_balances([agent.escrow], self.listing.tokens)
        held = [amount for amount in balances[agent.escrow].values() if amount.raw]
        if not held:
            raise UserError(f"{agent.name} holds nothing to withdraw.")
        return await self._journal(agent, held, origin)

    async def load_batch(self, batch: str) -> list[Intent]:
        """The withdrawals that one Confirm button stands for."""
        intents: list[Intent] = []
        while intent := await self.journal.load_intent(IntentId(f"{batch}.{len(intents)}")):
            intents.append(intent)
        return intents

    async def _measure(self, wish: Wish, held: Amount) -> Amount:
        if not isinstance(wish, Dollars):
            return measure(wish, held, None)
        prices = await self.market.fetch_prices([held.token])
        return measure(wish, held, prices.get(held.token.symbol))

    async def _journal(self, agent: Agent, amounts: list[Amount], origin: Origin) -> list[Intent]:
        now = self.clock.now()
        batch = new_intent_id()
        intents = [
            Intent(
                id=IntentId(f"{batch}.{index}"),
                kind=IntentKind.WITHDRAW,
                state=IntentState.PROPOSED,
                user_id=origin.user.id,
                agent_id=agent.id,
                chat_id=origin.chat_id,
                account=self.executor.server,
                sequence=0,
                side=None,
                order=Order(amount),
                notional_usd=Decimal(0),
                expires_at=now + _LIFE,
                created_at=now,
                updated_at=now,
                correlation_id=origin.correlation_id,
            )
            for index, amount in enumerate(amounts)
        ]
        for intent in intents:
            await self.journal.save_proposal(intent)
        return intents
