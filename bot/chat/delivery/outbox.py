"""Deliver notices: durable, money first, in order per chat, within Telegram's limits.

What waits is only read. A notice is put into words, waits for its turn, is marked, and handed to
Telegram; whatever comes of that is written down. So a process that dies loses nothing but the
knowledge whether the few that were marked arrived: of those money is sent again and says so, and
an alert is not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf

import structlog
from telegram.error import TelegramError

from bot.chat.delivery.pace import A_SECOND, KEPT, Pace
from bot.chat.delivery.posting import post
from bot.chat.delivery.refusals import Refusal, Verdict, refusal_of
from bot.chat.notices import render_notice
from bot.chat.services import Services
from bot.chat.talk import Bot
from bot.chat.view import View
from bot.ports.ledger import Outbox, Priority, Queued

log = structlog.get_logger(__name__)

Lost = Callable[[int, int | None, str], Awaitable[None]]
Moved = Callable[[int, int], Awaitable[None]]

_WINDOW = 64
"""Notices in memory: the first of as many chats."""

_IN_WORDS = 16
"""Of these, so many are put into words ahead of their turn."""

_AT_ONCE = A_SECOND
"""Calls under way: if they get stuck and then arrive together, they are a second's worth."""

_MARKING = 8
"""Of these, so many are being marked: behind a database that is slow nobody shall queue up who
has had his turn, or they would all go at once."""

_AHEAD_S = 0.5
"""A chat is looked at again this long before it may get its next message."""

_TICK_S = 0.001
_IDLE_S = 2.0
_RENDER_S = 20.0
_LAST_CALLS_S = 8.0
_TRIES = 3
_FIRST_RETRY_S = 2
_LAST_RETRY_S = 300
_MOST_BROKEN = 12
"""Tries, about half an hour, that a notice of ours that breaks may hold up its chat."""


@dataclass(slots=True, eq=False)
class _Ready:
    """The first of a chat, and its words once they are found."""

    queued: Queued
    view: View | None = None
    rendering: asyncio.Task[None] | None = None

    def drop(self) -> None:
        """Somebody else is first now, or it has changed: these words are not wanted."""
        if self.rendering is not None:
            self.rendering.cancel()


@dataclass(slots=True)
class OutboxSender:
    """Sends what is queued; `wake` makes it look at once.

    `lost` and `moved` hear of chats that are gone, and of groups that have a new id.
    """

    bot: Bot
    outbox: Outbox
    services: Services
    pace: Pace
    lost: Lost
    moved: Moved
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _ready: dict[int, _Ready] = field(default_factory=dict)
    _sending: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _marking: int = 0
    _woken: bool = True
    _more: bool = False
    _look_in_s: float = 0.0
    _looked_s: float = 0.0
    _recalled: bool = False

    def wake(self) -> None:
        """A notice was queued."""
        self._woken = True
        self._bell.set()

    async def run(self) -> None:
        """Deliver until cancelled; what is being sent then is waited for."""
        try:
            while True:
                self._bell.clear()
                try:
                    pause_s = await self._step()
                except Exception:
                    log.exception("outbox_failed")
                    pause_s = _IDLE_S
                await self._rest(pause_s)
        finally:
            await self._finish()

    async def deliver(self) -> int:
        """Send what may go now, and wait until it is sent; returns how many were tried."""
        self._woken, tried = True, 0
        while True:
            pause_s = await self._step()
            tried += len(self._sending)
            words = [r.rendering for r in self._ready.values() if r.rendering and not r.view]
            waiting = [*self._sending.values(), *words]
            if not waiting:
                return tried
            await asyncio.gather(*waiting, return_exceptions=True)
            if pause_s > 0 and not words:
                return tried

    async def _step(self) -> float:
        """Look if it is time to, start what may go; seconds until there is more to do."""
        if self._woken or self._until_look_s() < _TICK_S or self._runs_dry():
            await self._look()
        for ready in sorted(self._ready.values(), key=_order)[:_IN_WORDS]:
            if ready.rendering is None:
                ready.rendering = asyncio.create_task(self._render(ready))
        return self._start_what_may_go()

    async def _look(self) -> None:
        self._woken = False
        now = self.services.clock.now()
        if not self._recalled:
            await self._recall(now)
        if now.timestamp() < self._looked_s:
            await self.outbox.hasten(now)
        paused = self.pace.paused(_AHEAD_S)
        busy = self._sending.keys() | paused.keys()
        found = await self.outbox.load_due(now, _WINDOW, busy)
        self._more = len(found) == _WINDOW
        self._keep(found)
        self._looked_s = self._now_s()
        soonest = min(paused.values(), default=_IDLE_S) - _AHEAD_S
        self._look_in_s = min(_IDLE_S, max(_AHEAD_S, soonest))

    async def _recall(self, now: datetime) -> None:
        """The process before has used up a part of the groups' minute."""
        self.pace.recall(await self.outbox.load_sent_to_groups(now - KEPT, now))
        self._recalled = True

    def _keep(self, found: Sequence[Queued]) -> None:
        """These are the first of their chats; words are kept of those that are as they were."""
        before = {ready.queued.id: ready for ready in self._ready.values()}
        self._ready = {}
        for queued in found:
            ready = before.get(queued.id)
            if ready is not None and ready.queued == queued:
                del before[queued.id]
            else:
                ready = _Ready(queued)
            self._ready[queued.notice.chat_id] = ready
        for ready in before.values():
            ready.drop()

    def _runs_dry(self) -> bool:
        return self._more and len(self._ready) < _WINDOW // 2

    def _until_look_s(self) -> float:
        passed_s = self._now_s() - self._looked_s
        return 0.0 if passed_s < 0 else self._look_in_s - passed_s

    def _look_within(self, seconds: float) -> None:
        due_s = self._now_s() - self._looked_s + seconds
        self._look_in_s = min(self._look_in_s, due_s)

    def _start_what_may_go(self) -> float:
        """Hand out turns by precedence; seconds until the next one, or the next look."""
        waits: list[float] = []
        for ready in sorted(self._ready.values(), key=_order):
            chat_id = ready.queued.notice.chat_id
            if self._marking >= _MARKING or len(self._sending) >= _AT_ONCE:
                break  # The bell rings when that changes.
            if ready.view is None:
                continue  # And then too.
            if wait_s := self.pace.wait_s():
                waits.append(wait_s)
                break
            money = ready.queued.notice.priority is Priority.MONEY
            if wait_s := self.pace.chat_wait_s(chat_id, at_once=money):
                waits.append(wait_s)
                continue
            self.pace.count(chat_id)
            del self._ready[chat_id]
            self._marking += 1
            task = asyncio.create_task(self._send(ready.queued, ready.view))
            self._sending[chat_id] = task
            self._look_within(_AHEAD_S)
        return min([*waits, max(_TICK_S, self._until_look_s())])

    async def _rest(self, pause_s: float) -> None:
        """Until something rings the bell or the time has passed, by the clock."""
        if self._bell.is_set():
            return
        bell = asyncio.create_task(self._bell.wait())
        pause = asyncio.create_task(self.services.clock.sleep(pause_s))
        try:
            await asyncio.wait({bell, pause}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            bell.cancel()
            pause.cancel()

    async def _finish(self) -> None:
        for ready in self._ready.values():
            ready.drop()
        if self._sending:
            _, late = await asyncio.wait(self._sending.values(), timeout=_LAST_CALLS_S)
            for task in late:
                task.cancel()

    async def _render(self, ready: _Ready) -> None:
        item = ready.queued
        try:
            async with asyncio.timeout(_RENDER_S):
                ready.view = await render_notice(self.services, item.notice)
        except Exception as error:
            log.exception("notice_broken", notice=item.notice.key)
            await self._put_aside(item, error)
            if self._ready.get(item.notice.chat_id) is ready:
                del self._ready[item.notice.chat_id]
            self._woken = True
        self._bell.set()

    async def _send(self, item: Queued, view: View) -> None:
        try:
            if await self._mark(item):
                await self._attempt(item, view)
            else:
                self._woken = True
        finally:
            del self._sending[item.notice.chat_id]
            self._bell.set()

    async def _mark(self, item: Queued) -> bool:
        try:
            return await self.outbox.mark_sending(item.id)
        except Exception:
            # It may be marked all the same; nothing was sent, so it is no repeat.
            log.exception("outbox_failed", notice=item.notice.key)
            await self._retry(item, _FIRST_RETRY_S, ambiguous=False)
            return False
        finally:
            self._marking -= 1
            self._bell.set()

    async def _attempt(self, item: Queued, view: View) -> None:
        try:
            await post(self.bot, item, view)
        except TelegramError as error:
            await self._settle(item, refusal_of(error))
        except Exception as error:
            log.exception("notice_broken", notice=item.notice.key)
            if _is_last(item):
                await self._fail(item, f"{type(error).__name__}: {error}")
            else:
                await self._retry(item, _backoff(item.attempts), ambiguous=True)
        else:
            now = self.services.clock.now()
            await self._write(lambda: self.outbox.mark_sent(item.id, now))

    async def _settle(self, item: Queued, refusal: Refusal) -> None:
        chat_id, verdict = item.notice.chat_id, refusal.verdict
        log.warning(
            "notice_refused", notice=item.notice.key, verdict=verdict.value, reason=refusal.reason
        )
        match verdict:
            case Verdict.HOLD:
                await self._hold(item, refusal.pause_s)
            case Verdict.RETRY:
                await self._retry(item, _backoff(item.attempts), ambiguous=False)
            case Verdict.DOUBT:
                await self._retry(item, _backoff(item.attempts), ambiguous=True)
            case Verdict.MOVED if not _is_last(item):
                await self._retry(item, 0, ambiguous=False)
                await self._write(lambda: self.moved(chat_id, refusal.moved_to), _TRIES)
            case Verdict.CHAT_LOST:
                await self._lose(chat_id, None, refusal.reason)
            case Verdict.TOPIC_LOST:
                await self._lose(chat_id, item.notice.thread_id, refusal.reason)
            case _:
                await self._fail(item, refusal.reason)

    async def _lose(self, chat_id: int, thread_id: int | None, reason: str) -> None:
        """Whatever else the loss of a chat entails, nothing more is sent there."""
        if not await self._write(lambda: self.lost(chat_id, thread_id, reason), _TRIES):
            await self._write(lambda: self.outbox.lose_chat(chat_id, thread_id, reason))

    async def _hold(self, item: Queued, pause_s: float) -> None:
        chat_id = item.notice.chat_id
        self.pace.hold(chat_id, pause_s)
        until = self.services.clock.now() + timedelta(seconds=pause_s)
        await self._retry(item, pause_s, ambiguous=False)
        await self._write(lambda: self.outbox.hold_chat(chat_id, until))

    async def _put_aside(self, item: Queued, error: Exception) -> None:
        """What it is about is gone, or a bug, or a busy database: its chat waits behind it."""
        final = isinstance(error, LookupError) or _is_last(item)
        wait = timedelta(seconds=_backoff(item.attempts))
        due_at = None if final else self.services.clock.now() + wait
        reason = f"{type(error).__name__}: {error}"
        await self._write(lambda: self.outbox.put_aside(item.id, due_at, reason))
        self._look_within(wait.total_seconds())

    async def _fail(self, item: Queued, reason: str) -> None:
        await self._write(lambda: self.outbox.mark_failed(item.id, reason))

    async def _retry(self, item: Queued, wait_s: float, *, ambiguous: bool) -> None:
        due_at = self.services.clock.now() + timedelta(seconds=wait_s)
        await self._write(lambda: self.outbox.mark_retry(item.id, due_at, ambiguous=ambiguous))
        self._look_within(wait_s)
        if ambiguous and item.notice.priority is not Priority.MONEY:
            log.warning("notice_ambiguous", notice=item.notice.key)

    async def _write(self, write: Callable[[], Awaitable[object]], most: float = inf) -> bool:
        """What became of a notice must be written down: a busy database is waited for.

        False if it could not be done in `most` tries.
        """
        tries = 0
        while True:
            try:
                await write()
            except Exception:
                log.exception("outbox_failed")
            else:
                return True
            tries += 1
            if tries >= most:
                return False
            await self.services.clock.sleep(_backoff(tries - 1))

    def _now_s(self) -> float:
        return self.services.clock.now().timestamp()


def _order(ready: _Ready) -> tuple[int, int]:
    return ready.queued.notice.priority, ready.queued.id


def _is_last(item: Queued) -> bool:
    return item.attempts + 1 >= _MOST_BROKEN


def _backoff(attempts: int) -> float:
    """Seconds; `attempts` before this one."""
    return float(min(_FIRST_RETRY_S << min(attempts + 1, 10), _LAST_RETRY_S))
