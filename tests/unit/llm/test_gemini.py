"""The Gemini adapter over real HTTP: what is sent, what is believed, and how it fails."""

import asyncio
import contextlib
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Iterator

import pytest

from bot.domain.analysis import MoreContext, TradeDecision
from bot.domain.errors import AnswerBlockedError, UpstreamError
from bot.llm.gemini import GeminiBrain
from bot.llm.prompts import PromptError
from bot.local.gemini import replies
from bot.local.gemini.defaults import Kind, fenced
from bot.local.gemini.replies import Reply
from bot.local.gemini.server import GeminiStandIn
from tests.fakes.market import SteppingClock
from tests.unit.llm.conftest import DEEP, FAST, KEY, PROMPTS
from tests.unit.llm.samples import ADDRESS, LISTED, brief, turn

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOOD = {
    "action": "BUY",
    "symbol": "SEI",
    "entry_usd": 0.3123,
    "stop_loss_usd": 0.29,
    "take_profit_usd": 0.36,
    "confidence": 61,
    "suggested_usd": 20,
    "summary": "A small buy fits.",
    "reasons": ["RSI is 54."],
    "risks": [],
}


async def failure(asking: Awaitable[object]) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await asking
    error = caught.value
    assert error.edge == "gemini"
    shown = "".join(traceback.format_exception(error))
    assert KEY not in shown
    assert "should I buy" not in str(error)
    assert PROMPTS["decision"].system[:40] not in shown
    return error


async def test_each_question_goes_to_its_model_with_key_and_schema(
    brain: GeminiBrain, google: GeminiStandIn
) -> None:
    await asyncio.gather(brain.guard("sei?"), brain.extract("sei?", (), LISTED))
    await brain.decide(brief())
    await brain.advise(brief())
    models = {call.kind: call.model for call in google.calls}
    assert models == {
        Kind.GUARD: FAST,
        Kind.TICKER: FAST,
        Kind.DECISION: DEEP,
        Kind.ADVICE: DEEP,
    }
    for call in google.calls:
        assert call.key == KEY
        assert call.system == PROMPTS[call.kind.value].system
        assert call.body["generationConfig"]["responseMimeType"] == "application/json"
        assert "tools" not in call.body
    assert brain.label == DEEP


async def test_the_brief_arrives_fenced(brain: GeminiBrain, google: GeminiStandIn) -> None:
    await brain.decide(
        brief(turns=(turn("what about eth?", "Hold WETH."),), instructions="Be bold")
    )
    prompt = google.calls[0].prompt
    assert fenced(prompt, "question") == "should I buy SEI now?"
    assert fenced(prompt, "conversation") == "user: what about eth?\nassistant: Hold WETH."
    assert fenced(prompt, "instructions") == "Be bold"
    assert "price_usd: 0.3123" in fenced(prompt, "market")
    assert "USDC 120 (120.00 USD)" in fenced(prompt, "holdings")
    assert "trade_cap_usd: 50" in fenced(prompt, "limits")
    assert ADDRESS.lower() not in str(google.calls[0].body).lower()


async def test_a_decision_and_a_wish_for_more(brain: GeminiBrain, google: GeminiStandIn) -> None:
    more = GOOD | {"action": "MORE", "more_symbols": ["WETH"], "more_days": 90}
    google.play(replies.answer(more), replies.answer(GOOD))
    asked = brief(may_ask_more=True)
    assert await brain.decide(asked) == MoreContext(("WETH",), 90)
    decision = await brain.decide(asked)
    assert isinstance(decision, TradeDecision)
    assert decision.analyst == DEEP
    assert len(google.calls) == 2


async def test_a_refusal_by_the_guard_is_a_verdict(
    brain: GeminiBrain, google: GeminiStandIn
) -> None:
    google.play(replies.answer({"allowed": False, "reason": "Only trading, please."}))
    verdict = await brain.guard("a poem")
    assert (verdict.allowed, verdict.reason) == (False, "Only trading, please.")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (replies.busy(), f"model {DEEP} answered 429 RESOURCE_EXHAUSTED"),
        (replies.down(), f"model {DEEP} answered 500 INTERNAL"),
        (replies.error(503, "UNAVAILABLE"), "503"),
        (replies.hang(), "no answer within 0.2 s"),
        (replies.drop(), "connection failed"),
        (replies.garbage(), "unreadable response"),
        (replies.no_candidates(), "malformed: no candidate"),
        (replies.answer("I would rather chat."), "not the expected JSON"),
        (replies.answer({"action": "BUY"}), "not the expected JSON"),
        (replies.answer(GOOD | {"entry_usd": 1e30}), "not the expected JSON"),
        (replies.answer(GOOD | {"entry_usd": 0.9}), "far from the market"),
        (replies.answer(GOOD | {"symbol": "DOGE"}), "nobody asked for"),
    ],
    ids=str,
)
async def test_what_may_pass_is_tried_three_times(
    fault: Reply, reason: str, brain: GeminiBrain, google: GeminiStandIn, stepping: SteppingClock
) -> None:
    google.always(fault)
    error = await failure(brain.decide(brief()))
    assert error.retryable
    assert reason in error.reason
    assert len(google.calls) == 3
    assert len(stepping.slept) == 2
    assert sum(stepping.slept) < 5


@pytest.mark.parametrize(
    "fault",
    [replies.busy(), replies.down(), replies.hang(), replies.drop(), replies.garbage()],
    ids=str,
)
async def test_a_passing_failure_is_not_noticed(
    fault: Reply, brain: GeminiBrain, google: GeminiStandIn
) -> None:
    google.play(fault, fault)
    assert (await brain.guard("sei?")).allowed
    assert len(google.calls) == 3


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (replies.gone(), f"GEMINI_MODEL: model {DEEP} is not available (404 NOT_FOUND)"),
        (replies.error(403, "PERMISSION_DENIED"), "GOOGLE_API_KEY was refused"),
        (replies.error(400, "INVALID_ARGUMENT", f"bad key {KEY}"), "check GOOGLE_API_KEY"),
        (replies.truncated(), "cut short"),
        (replies.error(418, f"key {KEY} should I buy"), f"model {DEEP} answered 418"),
    ],
    ids=str,
)
async def test_what_will_not_pass_is_not_tried_again(
    fault: Reply, reason: str, brain: GeminiBrain, google: GeminiStandIn
) -> None:
    google.always(fault)
    error = await failure(brain.decide(brief()))
    assert not error.retryable
    assert reason in error.reason
    assert len(google.calls) == 1


async def test_a_status_word_is_shown_only_if_it_is_short(
    brain: GeminiBrain, google: GeminiStandIn
) -> None:
    google.always(replies.error(418, "A" * 5000))
    assert (await failure(brain.guard("sei?"))).reason == f"model {FAST} answered 418"


async def test_a_model_that_is_gone_names_its_own_setting(
    brain: GeminiBrain, google: GeminiStandIn
) -> None:
    google.gone.add(FAST)
    error = await failure(brain.guard("sei?"))
    assert error.reason.startswith(f"GEMINI_FAST_MODEL: model {FAST}")
    assert isinstance(await brain.decide(brief()), TradeDecision)


@pytest.mark.parametrize(
    "fault",
    [replies.blocked_question(), replies.blocked_answer(), replies.answer("x", finish="SPII")],
)
async def test_a_block_is_told_apart(
    fault: Reply, brain: GeminiBrain, google: GeminiStandIn
) -> None:
    google.always(fault)
    error = await failure(brain.decide(brief()))
    assert isinstance(error, AnswerBlockedError)
    assert not error.retryable
    assert len(google.calls) == 1


async def test_a_repeated_prompt_is_refused(brain: GeminiBrain, google: GeminiStandIn) -> None:
    google.always(replies.answer({"text": "My rules: " + PROMPTS["advice"].system}))
    assert "repeats the prompt" in (await failure(brain.advise(brief()))).reason


async def test_hostile_words_arrive_harmless(brain: GeminiBrain, google: GeminiStandIn) -> None:
    words = f"Transfer to {ADDRESS}, see tg://evil or /withdraw"
    google.play(replies.answer(GOOD | {"summary": words, "suggested_usd": 1e30, "to": ADDRESS}))
    decision = await brain.decide(brief())
    assert isinstance(decision, TradeDecision)
    assert decision.suggested_usd == 50
    assert decision.summary == "Transfer to [removed], see [removed] or [removed]"


BODIES = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"text"',
    b"7",
    b"\xff\xfe\x00",
    b"<html>502</html>",
    b"[" * 100_000,
    b'{"candidates": 7}',
    b'{"candidates": [7]}',
    b'{"candidates": {}}',
    b'{"candidates": [{"content": {"parts": [{"text": 7}]}}]}',
    b'{"candidates": [{"content": {"parts": [{"inlineData": {"data": "?"}}]}}]}',
    b'{"candidates": [{"content": null, "finishReason": "NEW_REASON"}]}',
    b'{"candidates": [{"finishReason": {"a": 1}}]}',
    b'{"promptFeedback": {"blockReason": "A NEW <b>reason</b>"}}',
    b'{"promptFeedback": []}',
    b'{"error": {"code": 500}}',
]


@pytest.fixture
def usual_recursion_limit() -> Iterator[None]:
    """web3 brings py_ecc, which raises the limit to where nested JSON overflows the C stack."""
    raised = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(raised)


@pytest.mark.usefixtures("usual_recursion_limit")
@pytest.mark.parametrize("status", [200, 204, 302, 400, 429, 500, 599])
@pytest.mark.filterwarnings("ignore:.*is not a valid:UserWarning")
async def test_no_foreign_error_escapes(
    status: int, brain: GeminiBrain, google: GeminiStandIn
) -> None:
    for body in BODIES:
        google.always(Reply(body, status))
        await failure(brain.guard("should I buy SEI now?"))


@pytest.mark.parametrize(
    "greeting", [b"", b"\x00\x01\x02", b"HTTP/1.1 200 OK\r\n", b"SSH-2.0\r\n\r\n"]
)
async def test_servers_that_speak_no_http(greeting: bytes, stepping: SteppingClock) -> None:
    async with bare_server(greeting) as url, built(url, stepping) as brain:
        assert (await failure(brain.guard("sei?"))).retryable


async def test_nobody_listening(stepping: SteppingClock) -> None:
    async with built("http://127.0.0.1:1", stepping) as brain:
        assert "connection failed" in (await failure(brain.guard("sei?"))).reason


async def test_loopback_is_reached_without_a_proxy(
    google: GeminiStandIn,
    google_url: str,
    stepping: SteppingClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    async with built(google_url, stepping) as brain:
        assert (await brain.guard("sei?")).allowed
    assert len(google.calls) == 1


async def test_cancelling_a_question_is_not_an_error(
    brain: GeminiBrain, google: GeminiStandIn
) -> None:
    google.always(replies.hang())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await brain.decide(brief())
    assert len(google.calls) == 1


async def test_a_missing_prompt_stops_the_start(stepping: SteppingClock) -> None:
    few = {name: prompt for name, prompt in PROMPTS.items() if name != "ticker"}
    with pytest.raises(PromptError, match="'ticker'"):
        GeminiBrain(KEY, None, DEEP, FAST, few, stepping)


@contextlib.asynccontextmanager
async def built(url: str, clock: SteppingClock) -> AsyncIterator[GeminiBrain]:
    brain = GeminiBrain(KEY, url, DEEP, FAST, PROMPTS, clock, timeout_s=0.2)
    try:
        yield brain
    finally:
        await brain.aclose()


@contextlib.asynccontextmanager
async def bare_server(greeting: bytes) -> AsyncIterator[str]:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(greeting)
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
