"""Telegram's limits as we keep them: what may go now, and how long the rest has to wait.

30 messages a second overall, one a second in a chat, 20 a minute in a group. Everything the bot
sends counts; only the outbox waits. A message about money may come right behind others in its
chat, as Telegram allows short bursts: as the fifth in five seconds.
"""

from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter
from typing_extensions import override

from bot.ports.clock import Clock

A_SECOND: Final = 30
A_MINUTE_IN_A_GROUP: Final = 20
KEPT: Final = timedelta(minutes=1)
"""How long what a group got counts."""

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_BURST: Final = 4
"""How many may go at once; the rest is spread over the second, so that money is never far from
its turn."""
_IN_A_ROW: Final = 5
"""Messages in as many seconds behind which money need not wait for its second."""
_MANY_CHATS: Final = 1_024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(slots=True)
class _Chat:
    """When it got its last messages, in microseconds: those of a minute in groups, else five."""

    log: deque[int]
    held_us: int = 0

    def ready_us(self, *, at_once: bool) -> int:
        """From when it may get its next message."""
        ready = self.log[-1] + _SECOND if self.log else 0
        if at_once:
            fifth = self.log[-_IN_A_ROW] if len(self.log) >= _IN_A_ROW else 0
            ready = min(ready, fifth + _IN_A_ROW * _SECOND)
        if len(self.log) == A_MINUTE_IN_A_GROUP:
            ready = max(ready, self.log[0] + _MINUTE)
        return max(ready, self.held_us)

    def over_us(self) -> int:
        """From when it is as if nothing had ever been sent there."""
        kept = _MINUTE if self.log.maxlen == A_MINUTE_IN_A_GROUP else _IN_A_ROW * _SECOND
        return max(self.held_us, self.log[-1] + kept if self.log else 0)


@dataclass(slots=True)
class Pace:
    """Counts what is sent. Its time never runs backwards, whatever the clock does."""

    clock: Clock
    _chats: dict[int, _Chat] = field(default_factory=dict)
    _log: deque[int] = field(default_factory=lambda: deque(maxlen=A_SECOND))
    _next_us: int = 0
    _seen_us: int = 0
    _skew_us: int = 0

    def count(self, chat_id: int) -> None:
        """A message goes to a chat now, whether or not it should have waited."""
        now = self._now()
        self.count_call()
        self._chat(chat_id).log.append(now)

    def count_call(self) -> None:
        """Something goes out that counts overall, but not in its chat."""
        now = self._now()
        self._log.append(now)
        turn = _SECOND // A_SECOND
        self._next_us = min(max(self._next_us, now - (_BURST - 1) * turn) + turn, now + _SECOND)

    def recall(self, sent: Iterable[tuple[int, datetime]]) -> None:
        """What chats got before this process began, none of it later than now."""
        for chat_id, at in sent:
            chat = self._chat(chat_id)
            chat.log = deque(sorted((*chat.log, _micros(at) + self._skew_us)), chat.log.maxlen)

    def hold(self, chat_id: int, seconds: float) -> None:
        """Telegram asks for a pause in a chat."""
        chat = self._chat(chat_id)
        chat.held_us = max(chat.held_us, self._now() + round(seconds * _SECOND))

    def wait_s(self) -> float:
        """Seconds until anything may go; 0 if it may now."""
        ready = self._next_us
        if len(self._log) == A_SECOND:
            ready = max(ready, self._log[0] + _SECOND)
        return max(0, ready - self._now()) / _SECOND

    def chat_wait_s(self, chat_id: int, *, at_once: bool = False) -> float:
        """Seconds until this chat may get something; 0 if it may now.

        `at_once` is for money: it waits only where the chat has had five within five seconds.
        """
        chat = self._chats.get(chat_id)
        if chat is None:
            return 0.0
        return max(0, chat.ready_us(at_once=at_once) - self._now()) / _SECOND

    def paused(self, longer_than_s: float) -> Mapping[int, float]:
        """Chats that have to wait longer than this even for money, with the seconds."""
        now = self._now()
        least = now + round(longer_than_s * _SECOND)
        waits = ((key, chat.ready_us(at_once=True)) for key, chat in self._chats.items())
        return {chat_id: (ready - now) / _SECOND for chat_id, ready in waits if ready > least}

    def _chat(self, chat_id: int) -> _Chat:
        chat = self._chats.get(chat_id)
        if chat is None:
            if len(self._chats) >= _MANY_CHATS:
                self._forget()
            kept = A_MINUTE_IN_A_GROUP if chat_id < 0 else _IN_A_ROW
            chat = self._chats[chat_id] = _Chat(deque(maxlen=kept))
        return chat

    def _forget(self) -> None:
        """Leave out chats that may get anything anyway."""
        now = self._now()
        self._chats = {key: chat for key, chat in self._chats.items() if chat.over_us() > now}

    def _now(self) -> int:
        now = _micros(self.clock.now()) + self._skew_us
        if now < self._seen_us:
            self._skew_us += self._seen_us - now
            return self._seen_us
        self._seen_us = now
        return now


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


PACED: Final = 1
"""`rate_limit_args` of a call that was counted before it was made."""

_Post = Callable[..., Coroutine[Any, Any, Any]]
_IN_CHATS: Final = frozenset(
    {
        "sendMessage",
        "sendPhoto",
        "sendDocument",
        "editMessageText",
        "editMessageCaption",
        "editMessageMedia",
        "editMessageReplyMarkup",
    }
)


class PaceLimiter(BaseRateLimiter[int]):
    """Counts every call of the bot, and holds nobody up: who answers a person does not wait."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    @override
    async def initialize(self) -> None:
        """Nothing to set up."""

    @override
    async def shutdown(self) -> None:
        """Nothing to release."""

    @override
    async def process_request(
        self,
        callback: _Post,
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Any:
        """Make the call at once; a pause that Telegram asks for is noted for its chat."""
        chat_id = data.get("chat_id")
        if rate_limit_args is None and isinstance(chat_id, int):
            if endpoint in _IN_CHATS:
                self._pace.count(chat_id)
            elif endpoint == "sendMessageDraft":
                self._pace.count_call()
        try:
            return await callback(*args, **kwargs)
        except RetryAfter as error:
            if endpoint in _IN_CHATS and isinstance(chat_id, int):
                self._pace.hold(chat_id, seconds_of(error))
            raise


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram wants to be left alone."""
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)
