"""A small twin of the analyst: says what it was told to say, and remembers what it was asked."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from typing_extensions import override

from bot.domain.alerts import AlertWords
from bot.domain.analysis import (
    Action,
    Advice,
    Brief,
    Extraction,
    GuardVerdict,
    MoreContext,
    TradeDecision,
    Turn,
)
from bot.domain.errors import SeiTraderError
from bot.domain.symbols import mentions
from bot.ports.brain import Brain

_T = TypeVar("_T")


class FakeBrain(Brain):
    """Set `verdict`, `extraction`, `decisions`, `advice` or `alert` to a value or an error.

    Unset, it agrees: every question passes, symbols are those named, and a decision buys half of
    the cap of the first view. `decisions` are played in order, then it agrees again.
    """

    def __init__(self, label: str = "fake analyst") -> None:
        self._label = label
        self.verdict: GuardVerdict | SeiTraderError = GuardVerdict(allowed=True)
        self.extraction: Extraction | SeiTraderError | None = None
        self.decisions: list[TradeDecision | MoreContext | SeiTraderError] = []
        self.failure: SeiTraderError | None = None
        self.advice: str | SeiTraderError = "The market is calm."
        self.alert: AlertWords | SeiTraderError | None = None
        self.questions: list[str] = []
        self.briefs: list[Brief] = []

    @property
    @override
    def label(self) -> str:
        return self._label

    def fail(self, error: SeiTraderError) -> None:
        """Raise `error` from now on, whatever is asked."""
        self.verdict = self.extraction = self.advice = self.failure = self.alert = error

    @override
    async def guard(self, question: str) -> GuardVerdict:
        self.questions.append(question)
        return _or_raise(self.verdict)

    @override
    async def extract(
        self, question: str, turns: Sequence[Turn], listed: Sequence[str]
    ) -> Extraction:
        return _or_raise(self.extraction or Extraction(mentions(question, listed)))

    @override
    async def decide(self, brief: Brief) -> TradeDecision | MoreContext:
        self.briefs.append(brief)
        if self.failure:
            raise self.failure
        if not self.decisions:
            return agreeable(brief, self.label)
        decision = self.decisions.pop(0)
        if isinstance(decision, SeiTraderError):
            raise decision
        return decision

    @override
    async def advise(self, brief: Brief) -> Advice:
        self.briefs.append(brief)
        return Advice(_or_raise(self.advice), self.label)

    @override
    async def parse_alert(self, question: str, listed: Sequence[str]) -> AlertWords | None:
        self.questions.append(question)
        return _or_raise(self.alert)


def agreeable(brief: Brief, analyst: str = "fake analyst") -> TradeDecision:
    """A plain decision to buy the first view's token, or to hold it where it is not tradable."""
    view = brief.views[0]
    price, tradable = view.price.usd, view.token.symbol in brief.tradable
    return TradeDecision(
        action=Action.BUY if tradable else Action.HOLD,
        symbol=view.token.symbol,
        entry=price,
        stop_loss=price * Decimal("0.95"),
        take_profit=price * Decimal("1.1"),
        confidence=60,
        suggested_usd=brief.trade_cap_usd / 2 if tradable else Decimal(0),
        summary="It looks fine.",
        reasons=("The chart is pleasant.",),
        risks=("It may fall.",),
        analyst=analyst,
    )


def _or_raise(value: _T | SeiTraderError) -> _T:
    if isinstance(value, SeiTraderError):
        raise value
    return value
