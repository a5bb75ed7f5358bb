"""The analyst that asks Google's Gemini; the one door through which its errors pass."""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp
from google import genai
from google.genai import errors, types
from pydantic import BaseModel
from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential_jitter,
)
from typing_extensions import override

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
from bot.domain.errors import AnswerBlockedError, AnswerUnusableError, UpstreamError
from bot.llm.inputs import (
    advice_inputs,
    alert_inputs,
    decision_inputs,
    guard_inputs,
    ticker_inputs,
)
from bot.llm.outputs import (
    AdviceAnswer,
    AlertAnswer,
    DecisionAnswer,
    GuardAnswer,
    MalformedError,
    TickerAnswer,
    parse_advice,
    parse_alert_words,
    parse_decision,
    parse_extraction,
    parse_guard,
)
from bot.llm.prompts import Prompt, PromptError
from bot.ports.brain import Brain
from bot.ports.clock import Clock

GEMINI_URL = "https://generativelanguage.googleapis.com"
TIMEOUT_S = 30.0
ATTEMPTS = 3
"""The first call and two retries."""

_SETTINGS = {"deep": "GEMINI_MODEL", "fast": "GEMINI_FAST_MODEL"}
_MAX_TOKENS = 8192
_LONGEST_ANSWER = 200_000
_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_BLOCKING = frozenset(
    {
        types.FinishReason.SAFETY,
        types.FinishReason.RECITATION,
        types.FinishReason.BLOCKLIST,
        types.FinishReason.PROHIBITED_CONTENT,
        types.FinishReason.SPII,
        types.FinishReason.ESCALATION,
        types.FinishReason.MODEL_ARMOR,
    }
)
_OUTPUTS: Mapping[str, type[BaseModel]] = {
    "guard": GuardAnswer,
    "ticker": TickerAnswer,
    "decision": DecisionAnswer,
    "advice": AdviceAnswer,
    "alert": AlertAnswer,
}

_AnswerT = TypeVar("_AnswerT", bound=BaseModel)
_ResultT = TypeVar("_ResultT")


class GeminiBrain(Brain):
    """One client for all prompts. Build it inside the running event loop; `aclose` when done.

    Raises `UpstreamError("gemini")` for whatever goes wrong, `AnswerBlockedError` where Google's
    safety rules refused. Reasons name the setting to mend and hold neither key nor prompt text.
    `healthy` says whether the last call was answered.
    """

    def __init__(  # noqa: PLR0913
        self,
        api_key: str,
        base_url: str | None,
        deep_model: str,
        fast_model: str,
        prompts: Mapping[str, Prompt],
        clock: Clock,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        for name, output in _OUTPUTS.items():
            if name not in prompts or prompts[name].output is not output:
                raise PromptError(f"need a prompt {name!r} with output {output.__name__}")
        self.healthy = True
        self._prompts = prompts
        self._models = {"deep": deep_model, "fast": fast_model}
        self._timeout_s = timeout_s
        url = base_url or GEMINI_URL
        self._session = aiohttp.ClientSession(trust_env=not _is_loopback(url))
        self._client = _client(api_key, url, timeout_s, self._session)
        self._retrying = AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(initial=0.5, max=4, jitter=0.5),
            retry=retry_if_exception(lambda e: isinstance(e, UpstreamError) and e.retryable),
            sleep=clock.sleep,
            reraise=True,
        )

    @property
    @override
    def label(self) -> str:
        return self._models["deep"]

    @override
    async def guard(self, question: str) -> GuardVerdict:
        return await self._ask("guard", guard_inputs(question), GuardAnswer, parse_guard)

    @override
    async def extract(
        self, question: str, turns: Sequence[Turn], listed: Sequence[str]
    ) -> Extraction:
        inputs = ticker_inputs(question, turns, listed)
        return await self._ask(
            "ticker",
            inputs,
            TickerAnswer,
            lambda answer: parse_extraction(answer, question, listed),
        )

    @override
    async def decide(self, brief: Brief) -> TradeDecision | MoreContext:
        return await self._ask(
            "decision",
            decision_inputs(brief),
            DecisionAnswer,
            lambda answer: parse_decision(answer, brief, self.label),
        )

    @override
    async def advise(self, brief: Brief) -> Advice:
        return await self._ask(
            "advice",
            advice_inputs(brief),
            AdviceAnswer,
            lambda answer: parse_advice(answer, self.label),
        )

    @override
    async def parse_alert(self, question: str, listed: Sequence[str]) -> AlertWords | None:
        return await self._ask(
            "alert",
            alert_inputs(question, listed),
            AlertAnswer,
            lambda answer: parse_alert_words(answer, question, listed),
        )

    async def aclose(self) -> None:
        """Close the connections; safe to repeat."""
        await self._session.close()

    async def _ask(
        self,
        name: str,
        inputs: Mapping[str, str],
        expected: type[_AnswerT],
        parse: Callable[[_AnswerT], _ResultT],
    ) -> _ResultT:
        prompt = self._prompts[name]
        contents = prompt.render(inputs)

        async def attempt() -> _ResultT:
            try:
                response = await self._generate(prompt, contents)
            except _FOREIGN as error:
                raise self._mapped(error, prompt) from None
            try:
                return parse(_answer(response, prompt, expected))
            except MalformedError as error:
                reason = f"answer to {name} malformed: {error}"
                raise AnswerUnusableError("gemini", reason, retryable=True) from None

        try:
            result: _ResultT = await self._retrying(attempt)
        except UpstreamError as error:
            self.healthy = isinstance(error, AnswerBlockedError)
            raise
        self.healthy = True
        return result

    async def _generate(self, prompt: Prompt, contents: str) -> types.GenerateContentResponse:
        return await self._client.models.generate_content(
            model=self._models[prompt.model],
            contents=contents,
            config=types.GenerateContentConfig(
                system_instruction=prompt.system,
                temperature=prompt.temperature,
                max_output_tokens=_MAX_TOKENS,
                candidate_count=1,
                response_mime_type="application/json",
                response_schema=prompt.output,
                automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
                automatic_continuation=False,
            ),
        )

    def _mapped(self, error: Exception, prompt: Prompt) -> UpstreamError:
        if isinstance(error, errors.APIError):
            return self._mapped_status(error, prompt)
        if isinstance(error, TimeoutError):
            return _failure(f"no answer within {self._timeout_s:g} s", retryable=True)
        if isinstance(error, aiohttp.ClientError | OSError):
            return _failure(f"connection failed: {type(error).__name__}", retryable=True)
        return _failure(f"unreadable response: {type(error).__name__}", retryable=True)

    def _mapped_status(self, error: errors.APIError, prompt: Prompt) -> UpstreamError:
        model, setting = self._models[prompt.model], _SETTINGS[prompt.model]
        said = f"{error.code} {_word(error.status)}".strip()
        if error.code == 404:
            return _failure(f"{setting}: model {model} is not available ({said})", retryable=False)
        if error.code in {401, 403}:
            return _failure(f"GOOGLE_API_KEY was refused ({said})", retryable=False)
        if error.code == 400:
            hint = f"the request was refused ({said}); check GOOGLE_API_KEY and {setting} {model}"
            return _failure(hint, retryable=False)
        return _failure(f"model {model} answered {said}", retryable=error.code in _RETRIED)


_FOREIGN = (
    errors.APIError,
    errors.UnknownApiResponseError,
    aiohttp.ClientError,
    OSError,  # timeouts too
    ValueError,  # JSON, unicode and pydantic errors
    TypeError,  # the SDK takes the shape of a response for granted
    AttributeError,
    LookupError,
    RecursionError,
)


def _client(
    api_key: str, url: str, timeout_s: float, session: aiohttp.ClientSession
) -> genai.client.AsyncClient:
    options = types.HttpOptions(
        base_url=url,
        api_version="v1",
        timeout=round(timeout_s * 1000),
        retry_options=types.HttpRetryOptions(attempts=1),
        aiohttp_client=session,
    )
    return genai.Client(vertexai=False, api_key=api_key, http_options=options).aio


def _answer(
    response: types.GenerateContentResponse, prompt: Prompt, expected: type[_AnswerT]
) -> _AnswerT:
    """The typed answer; the SDK raises nothing for blocks, cuts and bad JSON, so look here."""
    feedback = response.prompt_feedback
    if feedback and feedback.block_reason:
        raise AnswerBlockedError(
            "gemini", f"question blocked: {_word(feedback.block_reason)}", retryable=False
        )
    candidate = response.candidates[0] if response.candidates else None
    if candidate is None:
        raise MalformedError("no candidate")
    if candidate.finish_reason in _BLOCKING:
        raise AnswerBlockedError(
            "gemini", f"answer blocked: {_word(candidate.finish_reason)}", retryable=False
        )
    if candidate.finish_reason is types.FinishReason.MAX_TOKENS:
        raise _failure(f"answer to {prompt.name} was cut short (MAX_TOKENS)", retryable=False)
    text = response.text or ""
    if not isinstance(response.parsed, expected) or len(text) > _LONGEST_ANSWER:
        raise MalformedError(f"not the expected JSON (finish: {_word(candidate.finish_reason)})")
    if prompt.leaks_into(text):
        raise MalformedError("answer repeats the prompt")
    return response.parsed


def _failure(reason: str, *, retryable: bool) -> UpstreamError:
    return UpstreamError("gemini", reason, retryable=retryable)


def _word(value: object) -> str:
    """An enum-like word of a response, or nothing: servers may put anything there."""
    text = str(getattr(value, "value", value) or "")
    return text if text.isascii() and text.isidentifier() and len(text) <= 40 else ""


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
