"""A question with a model that answers at once: what is left is ours."""

from collections.abc import Sequence

from bot.local.telegram.world import ANN
from tests.bench.figure import Promise, Result, ms
from tests.bench.stage import TRADERS, Stage

QUESTIONS_EACH = 7
"""Of every trader: who asks more than ten in a minute is told to wait."""
SLOW_QUESTIONS = 3
SLOW_S = 0.2
WORDS = "Should I buy SEI now?"
MAX_MS = 100
MAX_IN_A_ROW = 2

OWN_SHARE = Promise(
    "A question: the bot's own share",
    f"at most {MAX_MS} ms",
    "Question delivered to card with chart received, less the time the Gemini stand-in spent on the"
    f" calls (it answers at once). {QUESTIONS_EACH * len(TRADERS)} questions, median.",
)
IN_A_ROW = Promise(
    "A question: model calls in a row",
    f"at most {MAX_IN_A_ROW}",
    f"Calls that came in after the one before was answered, the stand-in taking {SLOW_S} s for each"
    f" so that those side by side overlap. {SLOW_QUESTIONS} questions, the most of any.",
)

Spans = Sequence[tuple[float, float]]


async def measure(stage: Stage) -> list[Result]:
    shares, rows = [], []
    for _ in range(QUESTIONS_EACH):
        for person_id in TRADERS:
            taken, spans = await _ask(stage, person_id)
            shares.append(taken - in_calls(spans))
    stage.gemini.delay(SLOW_S)
    for _ in range(SLOW_QUESTIONS):
        rows.append(in_a_row((await _ask(stage, ANN))[1]))
    stage.gemini.delay(0)
    return [
        OWN_SHARE.result(f"{ms(shares):.0f} ms", ok=ms(shares) <= MAX_MS),
        IN_A_ROW.result(f"{max(rows)}", ok=0 < max(rows) <= MAX_IN_A_ROW),
    ]


async def _ask(stage: Stage, person_id: int) -> tuple[float, Spans]:
    """Seconds from the question's delivery to its card, and the model calls it took."""
    stage.gemini.spans.clear()
    taken = await stage.bot.answer(person_id, WORDS, "sendPhoto")
    return taken, list(stage.gemini.spans)


def in_calls(spans: Spans) -> float:
    """Seconds during which at least one call was under way."""
    total, until = 0.0, 0.0
    for began, ended in sorted(spans):
        total += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return total


def in_a_row(spans: Spans) -> int:
    """The longest chain of calls none of which overlaps the one before."""
    chain, until = 0, 0.0
    for began, ended in sorted(spans, key=lambda span: span[1]):
        if began >= until:
            chain, until = chain + 1, ended
    return chain
