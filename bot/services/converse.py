"""Take a question in: what may be asked, how often, and what must never be pasted."""

from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.alerts import AlertWords
from bot.domain.errors import UserError
from bot.domain.people import User
from bot.ports.brain import Brain
from bot.services.answering import Analysts, Answering, Desk
from bot.services.flood import Flood
from bot.services.questions import Answer, Progress, Question, refuse_secrets

MAX_QUESTION = 1_000
_QUESTIONS_A_MINUTE = 10
_TURNS = 10
TURN_LIFE = timedelta(hours=24)


@dataclass(slots=True)
class Converse:
    """Answers questions. `fallback` answers, labelled, when `brain` cannot."""

    desk: Desk
    brain: Brain
    fallback: Brain
    _flood: Flood = field(init=False)

    def __post_init__(self) -> None:
        self._flood = Flood(self.desk.clock, _QUESTIONS_A_MINUTE)

    async def ask(self, question: Question, progress: Progress) -> Answer:
        """Answer a question; at most two model calls in a row unless more context is asked for.

        Raises:
            SecretPastedError: the message must be deleted.
            UserError: too long, too many, or not about trading.
            UpstreamError: market data are not to be had at all.
        """
        self._check(question.user, question.text)
        since = self.desk.clock.now() - TURN_LIFE
        turns = await self.desk.conversations.load_turns(
            question.chat_id, int(question.agent.id), since, _TURNS
        )
        analysts = Analysts(self.brain, self.fallback)
        return await Answering(self.desk, question, turns, analysts, progress).run()

    async def hear_alert(self, user: User, text: str) -> AlertWords | None:
        """The alert that a text asks for, as the analyst understands it; None if there is none.

        Raises:
            UserError: as `ask`.
            UpstreamError: no analyst answers.
        """
        self._check(user, text)
        analysts, symbols = Analysts(self.brain, self.fallback), self.desk.listing.symbols
        verdict = await analysts.call(lambda brain: brain.guard(text))
        if not verdict.allowed:
            raise UserError(verdict.reason or "I can only talk about trading on Sei.")
        return await analysts.call(lambda brain: brain.parse_alert(text, symbols))

    def _check(self, user: User, text: str) -> None:
        refuse_secrets(text)
        if len(text) > MAX_QUESTION:
            raise UserError(
                f"That is {len(text):,} characters; a question may have {MAX_QUESTION:,}."
            )
        if wait_s := self._flood.wait_s(user.id):
            raise UserError(
                f"That is more than {_QUESTIONS_A_MINUTE} questions in a minute. "
                f"Ask again in {wait_s} seconds."
            )
