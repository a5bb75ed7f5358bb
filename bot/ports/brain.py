"""The analyst: Gemini or the rules. Everything it returns is untrusted and typed."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.alerts import AlertWords
from bot.domain.analysis import (
    Advice,
    Brief,
    Extraction,
    GuardVerdict,
    MoreContext,
    TradeDecision,
    Turn,
)


class Brain(Protocol):
    """Each method is at most one model call (plus retries) and raises `UpstreamError` on failure.

    Implementations bound what they return; callers still treat it as a stranger's words.
    """

    @property
    def label(self) -> str:
        """Who is speaking, as shown on cards: a model's name or `rule-based analyst`."""
        ...

    async def guard(self, question: str) -> GuardVerdict:
        """Judge whether a question is about trading and free of manipulation."""
        ...

    async def extract(
        self, question: str, turns: Sequence[Turn], listed: Sequence[str]
    ) -> Extraction:
        """Name the listed symbols a question is about, in order of importance."""
        ...

    async def decide(self, brief: Brief) -> TradeDecision | MoreContext:
        """Decide on the brief's first view, or ask once for more (only if `may_ask_more`)."""
        ...

    async def advise(self, brief: Brief) -> Advice:
        """Answer a question that names no token, from the market summary."""
        ...

    async def parse_alert(self, question: str, listed: Sequence[str]) -> AlertWords | None:
        """The alert a question asks for, where its words fit no rule; None if there is none.

        The sentence names a token as listed, or one that the person wrote.
        """
        ...
