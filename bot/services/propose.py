"""From a trade request to a proposal that waits for a tap. Nothing is signed here."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.domain.errors import UserError
from bot.domain.mandate import Mandate, Standing
from bot.domain.money import Amount, Price, Token, Wei
from bot.domain.people import Agent, AgentState, User
from bot.domain.tokens import Listing
from bot.domain.trade import (
    Approved,
    Denied,
    Intent,
    IntentKind,
    IntentState,
    Order,
    Quote,
    Side,
    TradeRequest,
)
from bot.policy.amounts import Wish, measure, plain
from bot.policy.mandates import Bounds, bounds_of, check_standing, check_swap, check_venue
from bot.policy.risk import Limits, TradeFacts, check_trade
from bot.ports.chain import ChainReader, EscrowReader, Venue
from bot.ports.clock import Clock
from bot.ports.ledger import Journal
from bot.ports.market import Market
from bot.ports.records import Agents, Switches
from bot.services.change_mandate import ChangeMandate
from bot.services.intents import Origin, new_intent_id
from bot.services.manage_agents import open_agent_of
from bot.services.quotes import best_quote, price_of, read_quotes
from bot.services.refusals import DeniedError
from bot.services.switches import trading_paused

_SWAP_GAS = 350_000
"""Gas of a swap through an escrow, for the estimate a person sees; the sender measures its own."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the person is asked to confirm; `intent.order` is what Confirm commits to."""

    intent: Intent
    agent: Agent
    token: Token
    sell_price: Price
    buy_price: Price
    gas_estimate: Wei


@dataclass(frozen=True, slots=True)
class Propose:
    """Quotes, guards and journals swaps as PROPOSED."""

    clock: Clock
    journal: Journal
    agents: Agents
    market: Market
    reader: ChainReader
    venues: Sequence[Venue]
    switches: Switches
    listing: Listing
    limits: Limits
    escrows: EscrowReader
    change_mandate: ChangeMandate

    async def size(self, agent: Agent, symbol: str, side: Side, wish: Wish) -> TradeRequest:
        """Measure a wish against what the agent holds now, as a validated request.

        `all` of SEI keeps the gas reserve. Raises UserError when it comes to nothing.
        """
        token = self._listed(symbol)
        given = self.listing.quote if side is Side.BUY else token
        balances, prices = await asyncio.gather(
            self.reader.read_balances([agent.escrow], [given]),
            self.market.fetch_prices(self.listing.tokens),
        )
        held = self.spendable(balances[agent.escrow][given.symbol])
        amount = measure(wish, held, price_of(prices, given))
        return TradeRequest(
            agent_id=agent.id, symbol=token.symbol, amount=plain(amount.value), side=side
        )

    def spendable(self, held: Amount) -> Amount:
        """What may be given away: of SEI, all but the gas reserve."""
        if held.token != self.listing.native:
            return held
        reserve = held.token.amount(self.limits.gas_reserve_sei)
        return Amount(held.token, max(0, held.raw - reserve.raw))

    async def propose(self, request: TradeRequest, origin: Origin) -> Proposal:
        """Quote every venue, pass the risk guard, journal the intent as PROPOSED.

        Raises:
            DeniedError: a limit said no.
            UserError: the request makes no sense.
            UpstreamError: prices, balances or quotes are not to be had.
        """
        agent = await open_agent_of(self.agents, request.agent_id, origin.user)
        self.change_mandate.require_key(agent)
        token = self._listed(request.symbol)
        buying = request.side is Side.BUY
        given, wanted = (self.listing.quote, token) if buying else (token, self.listing.quote)
        if token == self.listing.quote:
            raise UserError(f"{token.symbol} is what trades are paid in; pick another token.")
        sell = given.amount(Decimal(request.amount))
        if sell.raw == 0:
            raise UserError(f"That comes to no {given.symbol} at all. Nothing was moved.")
        balances, prices, quotes, gas_price, standing = await asyncio.gather(
            self.reader.read_balances([agent.escrow], [given]),
            self.market.fetch_prices(self.listing.tokens),
            read_quotes(self.venues, sell, wanted, self.listing.native),
            self.reader.read_gas_price(),
            self.escrows.read_standing(agent.escrow, given.address, wanted.address),
        )
        mandate = await self.change_mandate.find(agent, standing.escrow)
        bounds = bounds_of(mandate, standing.escrow.at)
        quote = self._choose(quotes, standing, bounds, sell, wanted)
        intent = self._draft(agent, request.side, quote, prices, origin)
        intent = replace(intent, order=replace(intent.order, mandate=mandate))
        proposal = Proposal(
            intent,
            agent,
            token,
            price_of(prices, given),
            price_of(prices, wanted),
            Wei(gas_price * _SWAP_GAS),
        )
        held = self.spendable(balances[agent.escrow][given.symbol])
        await self._guard(proposal, held, origin.user)
        self._require_mandate(proposal, standing, mandate, bounds)
        await self.journal.save_proposal(proposal.intent)
        return proposal

    def _choose(
        self, quotes: Sequence[Quote], standing: Standing, bounds: Bounds, sell: Amount, buy: Token
    ) -> Quote:
        """The best quote of a venue that the mandate and the lists allow; else of any."""
        allowed = [
            quote
            for quote in quotes
            if isinstance(check_venue(standing, bounds, quote.adapter), Approved)
        ]
        return best_quote(allowed or quotes, sell, buy)

    def _require_mandate(
        self, proposal: Proposal, standing: Standing, mandate: Mandate | None, bounds: Bounds
    ) -> None:
        """Say first what the chain would say: the mandate, its limits, the lists, the feeds."""
        order, agent = proposal.intent.order, proposal.agent
        verdict = check_standing(standing.escrow, mandate, has_exit=bool(agent.exit_hash))
        if isinstance(verdict, Approved) and order.expected_buy is not None:
            verdict = check_swap(standing, bounds, order.adapter, order.sell, order.expected_buy)
        if isinstance(verdict, Denied):
            raise DeniedError(self._named(verdict, order), order.sell.token.symbol)

    def _named(self, denied: Denied, order: Order) -> Denied:
        """A denial about a token or a venue, under the name people know it by."""
        names = {token.address: token.symbol for token in self.listing.tokens}
        names[order.adapter] = order.venue
        return replace(denied, subject=names.get(denied.subject, denied.subject))

    def _draft(
        self,
        agent: Agent,
        side: Side,
        quote: Quote,
        prices: Mapping[str, Price],
        origin: Origin,
    ) -> Intent:
        now = self.clock.now()
        sell_price = price_of(prices, quote.sell.token)
        return Intent(
            id=new_intent_id(),
            kind=IntentKind.SWAP,
            state=IntentState.PROPOSED,
            user_id=origin.user.id,
            agent_id=agent.id,
            chat_id=origin.chat_id,
            account=agent.actor,
            sequence=0,
            side=side,
            order=self._order(quote, prices, origin.user),
            notional_usd=quote.sell.worth(sell_price),
            expires_at=now + self.limits.quote_life,
            created_at=now,
            updated_at=now,
            correlation_id=origin.correlation_id,
            decision_id=origin.decision_id,
        )

    def _order(self, quote: Quote, prices: Mapping[str, Price], user: User) -> Order:
        native = prices.get(self.listing.native.symbol)
        return Order(
            sell=quote.sell,
            expected_buy=quote.buy,
            min_buy=quote.buy.less(user.slippage),
            venue=quote.venue,
            adapter=quote.adapter,
            path=tuple(hop.symbol for hop in quote.path),
            data=quote.data,
            price_impact=quote.price_impact,
            fee=quote.fee,
            native_usd=native.usd if native else Decimal(0),
            buy_price_usd=price_of(prices, quote.buy.token).usd,
        )

    async def _guard(self, proposal: Proposal, held: Amount, user: User) -> None:
        intent, order = proposal.intent, proposal.intent.order
        now = self.clock.now()
        expected = order.expected_buy
        facts = TradeFacts(
            now=now,
            trading_paused=await trading_paused(self.switches),
            agent_active=proposal.agent.state is AgentState.ACTIVE,
            sell_price=proposal.sell_price,
            buy_price=proposal.buy_price,
            sell_usd=intent.notional_usd,
            buy_usd=expected.worth(proposal.buy_price) if expected else Decimal(0),
            held_units=held.value,
            sell_units=order.sell.value,
            trade_cap_usd=user.trade_cap_usd,
            day_cap_usd=user.day_cap_usd,
            spent_today_usd=await self.journal.load_day_volume(proposal.agent.id, now),
            price_impact=order.price_impact,
        )
        verdict = check_trade(facts, self.limits)
        if isinstance(verdict, Denied):
            raise DeniedError(verdict, order.sell.token.symbol)

    def _listed(self, symbol: str) -> Token:
        token = self.listing.find(symbol)
        if token is None:
            known = ", ".join(self.listing.symbols)
            raise UserError(f"I do not trade {symbol[:10]}. I trade {known}.")
        return token
