"""From a checked question to a decision: guard, tickers, market data, analyst, limits.

What an analyst says is a stranger's words. It is shown, recorded and clipped; it moves nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal
from typing import TypeVar

import structlog

from bot.domain.analysis import (
    Action,
    Brief,
    Extraction,
    MarketSummary,
    MarketView,
    MoreContext,
    TokenProfile,
    TradeDecision,
    Turn,
)
from bot.domain.errors import AnswerBlockedError, AnswerUnusableError, UpstreamError, UserError
from bot.domain.mandate import usd_of
from bot.domain.money import Amount, Price, Token, exact
from bot.domain.symbols import mentions
from bot.domain.tokens import Listing
from bot.domain.trade import Denied
from bot.policy.indicators import indicators
from bot.policy.mandates import bounds_of, check_standing, room_of
from bot.policy.measures import measures
from bot.policy.risk import Limits, price_age
from bot.ports.brain import Brain
from bot.ports.chain import ChainReader, EscrowReader
from bot.ports.clock import Clock
from bot.ports.ledger import Journal
from bot.ports.market import Market
from bot.ports.records import Conversations
from bot.services.change_mandate import ChangeMandate
from bot.services.questions import Advised, Answer, Decided, Progress, Question

_HISTORY_DAYS = 30
_MAX_VIEWS = 3
_SPANS = (1, 7, 14, 30, 90, 180, 365)
_BLIND = "The chain does not answer, so I do not know what you hold."
_FEED_MARGIN = Decimal("0.98")
_CENT = Decimal("0.01")
T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """What answering works with."""

    clock: Clock
    market: Market
    reader: ChainReader
    conversations: Conversations
    journal: Journal
    listing: Listing
    limits: Limits
    escrows: EscrowReader
    change_mandate: ChangeMandate


@dataclass(slots=True)
class Analysts:
    """The analyst in charge of one question; the fallback takes over for good on a failure."""

    brain: Brain
    fallback: Brain
    note: str = ""

    async def call(self, ask: Callable[[Brain], Awaitable[T]]) -> T:
        """Ask the analyst in charge, and the fallback if that fails.

        Raises:
            UpstreamError: the fallback failed too.
        """
        asked = self.brain
        try:
            return await ask(asked)
        except UpstreamError as error:
            if asked is self.fallback:
                raise
            log.warning("analyst_failed", analyst=asked.label, reason=error.reason)
            self.note = f"{asked.label} {_why(error)}, so this is the {self.fallback.label}."
            self.brain = self.fallback
        return await ask(self.fallback)


@dataclass(slots=True)
class Answering:
    """One question under way."""

    desk: Desk
    question: Question
    turns: Sequence[Turn]
    analysts: Analysts
    progress: Progress
    notes: list[str] = field(default_factory=list)
    chain_down: bool = False

    async def run(self) -> Answer:
        """Answer it, and record the exchange."""
        await self.progress("Reading your question")
        text, symbols = self.question.text, self.desk.listing.symbols
        verdict, extraction = await asyncio.gather(
            self.analysts.call(lambda brain: brain.guard(text)),
            self.analysts.call(lambda brain: brain.extract(text, self.turns, symbols)),
        )
        if not verdict.allowed:
            if not verdict.reason:
                raise UserError("I can only talk about trading on Sei.")
            raise UserError(f"{self.analysts.brain.label} declined: {verdict.reason}")
        tokens = self._tokens(extraction)
        if not tokens:
            return await self._advise()
        await self.progress(f"Reading the market for {', '.join(t.symbol for t in tokens)}")
        brief = await self._brief(tokens, _HISTORY_DAYS)
        await self.progress("Weighing it up")
        return await self._decided(*await self._decide(brief))

    def _tokens(self, extraction: Extraction) -> list[Token]:
        if extraction.unknown:
            names = ", ".join(extraction.unknown)
            self.notes.append(f"I do not trade {names}, so I left that out.")
        tradable = {token.symbol: token for token in self.desk.listing.tradable}
        named = mentions(self.question.text, self.desk.listing.symbols)
        wanted = dict.fromkeys((*named, *extraction.symbols))
        found = [symbol for symbol in wanted if symbol in tradable]
        return [tradable[symbol] for symbol in found[:_MAX_VIEWS]]

    async def _advise(self) -> Advised:
        await self.progress("Reading the whole market")
        summary = await self.desk.market.fetch_summary()
        brief = self._blank_brief((), summary, ())
        advice = await self.analysts.call(lambda brain: brain.advise(brief))
        await self._remember(advice.text)
        return Advised(advice, self._all_notes())

    async def _decide(self, brief: Brief) -> tuple[TradeDecision, Brief]:
        decision = await self.analysts.call(lambda brain: brain.decide(brief))
        if isinstance(decision, MoreContext):
            await self.progress("Looking further")
            brief = await self._widen(brief, decision)
            decision = await self.analysts.call(lambda brain: brain.decide(brief))
        known = {view.token.symbol for view in brief.views} & set(brief.tradable)
        if isinstance(decision, MoreContext) or decision.symbol not in known:
            self.analysts.note = (
                f"{self.analysts.brain.label} gave no usable answer, so this is the "
                f"{self.analysts.fallback.label}."
            )
            decision = await self.analysts.fallback.decide(replace(brief, may_ask_more=False))
        if isinstance(decision, MoreContext):
            raise UpstreamError("gemini", "no analyst would decide", retryable=False)
        return decision, brief

    async def _widen(self, brief: Brief, wish: MoreContext) -> Brief:
        have = [view.token for view in brief.views]
        asked = [self.desk.listing.find(symbol) for symbol in wish.symbols]
        more = [token for token in asked if token and token not in have]
        days = min(_SPANS, key=lambda span: abs(span - wish.days))
        try:
            brief = await self._brief((have + more)[: _MAX_VIEWS + 2], days)
        except UpstreamError:
            self.notes.append("The analyst wanted more market data than there is now.")
        return replace(brief, may_ask_more=False)

    async def _brief(self, tokens: Sequence[Token], days: int) -> Brief:
        prices, holdings, views = await asyncio.gather(
            self.desk.market.fetch_prices(self.desk.listing.tokens),
            self._balances(),
            asyncio.gather(*(self._view(token, days) for token in tokens)),
        )
        priced = tuple(
            replace(view, price=prices[view.token.symbol])
            for view in views
            if view.token.symbol in prices
        )
        if not priced:
            raise UpstreamError("market", "no prices", retryable=True)
        return self._blank_brief(priced, None, _worth(holdings, prices))

    async def _view(self, token: Token, days: int) -> MarketView:
        history, profile = await asyncio.gather(
            self.desk.market.fetch_history(token, days), self._profile(token)
        )
        last = history.candles[-1]
        price = Price(token.symbol, last.close, history.as_of, "history")
        return MarketView(token, price, history, indicators(history), measures(history), profile)

    async def _profile(self, token: Token) -> TokenProfile | None:
        try:
            return await self.desk.market.fetch_profile(token)
        except UpstreamError:
            return None

    async def _balances(self) -> Mapping[str, Amount]:
        agent = self.question.agent
        if not agent.escrow:
            return {}
        try:
            held = await self.desk.reader.read_balances([agent.escrow], self.desk.listing.tokens)
        except UpstreamError:
            self.chain_down = True
            return {}
        self.chain_down = False
        return held[agent.escrow]

    def _blank_brief(
        self,
        views: tuple[MarketView, ...],
        summary: MarketSummary | None,
        holdings: tuple[tuple[str, Decimal, Decimal], ...],
    ) -> Brief:
        user = self.question.user
        return Brief(
            question=self.question.text,
            instructions=self.question.agent.instructions,
            language=user.language,
            turns=tuple(self.turns),
            views=views,
            summary=summary,
            holdings=holdings,
            trade_cap_usd=min(user.trade_cap_usd, self.desk.limits.trade_cap_usd),
            tradable=tuple(token.symbol for token in self.desk.listing.tradable),
            may_ask_more=True,
        )

    async def _decided(self, decision: TradeDecision, brief: Brief) -> Decided:
        view = next(v for v in brief.views if v.token.symbol == decision.symbol)
        suggested = await self._clip(decision, view, brief)
        agent_id = int(self.question.agent.id)
        decision_id = await self.desk.conversations.save_decision(
            agent_id, self.question.text, decision, self.desk.clock.now()
        )
        await self._remember(f"{decision.action} {decision.symbol}: {decision.summary}")
        return Decided(decision_id, decision, view, suggested, self._all_notes())

    async def _clip(self, decision: TradeDecision, view: MarketView, brief: Brief) -> Decimal:
        """USD a button may offer: within the cap and what is held, 0 where there is nothing."""
        if decision.action is Action.HOLD or self.chain_down:
            return Decimal(0)
        age = price_age(self.desk.clock.now(), view.price)
        if age > self.desk.limits.max_price_age:
            minutes = int(age.total_seconds() // 60)
            self.notes.append(
                f"The price is {minutes:,} minutes old, too old to trade on; trading waits."
            )
            return Decimal(0)
        buying = decision.action is Action.BUY
        given = self.desk.listing.quote.symbol if buying else decision.symbol
        held = next((usd for symbol, _, usd in brief.holdings if symbol == given), Decimal(0))
        if given == self.desk.listing.native.symbol:
            held -= self.desk.limits.gas_reserve_sei * view.price.usd
        if held < self.desk.limits.min_trade_usd:
            self.notes.append(f"{self.question.agent.name} holds no {given} to trade with yet.")
            return Decimal(0)
        left = await self._left_today()
        if left < self.desk.limits.min_trade_usd:
            self.notes.append(f"The limit of 24 hours is used up; ${left:.2f} is left (/settings).")
            return Decimal(0)
        allowed = await self._mandate_room()
        return min(decision.suggested_usd, brief.trade_cap_usd, held, left, allowed)

    async def _mandate_room(self) -> Decimal:
        """USD that the mandate has room for now, a little less as its feeds differ from ours."""
        agent = self.question.agent
        try:
            state = await self.desk.escrows.read_escrow(agent.escrow)
            mandate = await self.desk.change_mandate.find(agent, state)
        except UpstreamError:
            self.chain_down = True
            return Decimal(0)
        verdict = check_standing(state, mandate, has_exit=bool(agent.exit_hash))
        if isinstance(verdict, Denied):
            self.notes.append("The escrow trades nothing now; /mandate says why.")
            return Decimal(0)
        bounds = bounds_of(mandate, state.at)
        most = usd_of(min(bounds.trade_cap, room_of(state, bounds, state.at).volume))
        with exact():
            allowed = (most * _FEED_MARGIN).quantize(_CENT, rounding=ROUND_DOWN)
        if allowed < self.desk.limits.min_trade_usd:
            self.notes.append(
                f"The mandate has room for ${most:.2f} now; it comes back over 24 hours (/mandate)."
            )
            return Decimal(0)
        return allowed

    async def _left_today(self) -> Decimal:
        now, agent_id = self.desk.clock.now(), int(self.question.agent.id)
        cap = min(self.question.user.day_cap_usd, self.desk.limits.day_cap_usd)
        return max(Decimal(0), cap - await self.desk.journal.load_day_volume(agent_id, now))

    async def _remember(self, answer: str) -> None:
        turn = Turn(self.question.text, answer, self.desk.clock.now())
        agent_id = int(self.question.agent.id)
        await self.desk.conversations.save_turn(self.question.chat_id, agent_id, turn)

    def _all_notes(self) -> tuple[str, ...]:
        said = [self.analysts.note] if self.analysts.note else []
        blind = [_BLIND] if self.chain_down else []
        return (*said, *blind, *self.notes)


def _why(error: UpstreamError) -> str:
    if isinstance(error, AnswerBlockedError):
        return "would not answer for its own safety rules"
    if isinstance(error, AnswerUnusableError):
        return "gave no usable answer"
    return "cannot be reached or is busy" if error.retryable else "gave no usable answer"


def _worth(
    balances: Mapping[str, Amount], prices: Mapping[str, Price]
) -> tuple[tuple[str, Decimal, Decimal], ...]:
    return tuple(
        (symbol, amount.value, amount.worth(prices[symbol]))
        for symbol, amount in balances.items()
        if amount.raw and symbol in prices
    )
