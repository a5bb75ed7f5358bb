"""Deliver notices: durable, in order per chat, within Telegram's limits.

A notice is marked before it is handed to Telegram. What may have arrived before a failure is sent
again and says so: a money notice twice is better than never.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from aiolimiter import AsyncLimiter
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.chat.notices import render_notice
from bot.chat.services import Services
from bot.chat.talk import Bot
from bot.chat.transport import NotConnectedError
from bot.chat.view import View, bare
from bot.ports.ledger import Outbox, Queued

log = structlog.get_logger(__name__)

_BATCH = 50
_IDLE_S = 2.0
_A_SECOND = 25
_FIRST_RETRY_S = 2
_LAST_RETRY_S = 300
_MOST_BROKEN = 12
"""Tries, about half an hour, that a notice of ours that breaks may hold up its chat."""


@dataclass(slots=True)
class OutboxSender:
    """Sends what is queued; `wake` makes it look at once."""

    bot: Bot
    outbox: Outbox
    services: Services
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _limiter: AsyncLimiter = field(default_factory=lambda: AsyncLimiter(_A_SECOND, 1))

    def wake(self) -> None:
        """A notice was queued."""
        self._bell.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            self._bell.clear()
            try:
                sent = await self.deliver()
            except Exception:
                log.exception("outbox_failed")
                sent = 0
            if not sent:
                await self._rest()

    async def deliver(self) -> int:
        """Send what is due now; returns how many were tried."""
        queued = await self.outbox.claim(self.services.clock.now(), _BATCH)
        await asyncio.gather(*(self._deliver(item) for item in queued))
        return len(queued)

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._bell.wait(), _IDLE_S)
        except TimeoutError:
            return

    async def _deliver(self, item: Queued) -> None:
        try:
            await self._send(item)
        except RetryAfter as error:
            after = error.retry_after
            wait = after if isinstance(after, timedelta) else timedelta(seconds=after)
            await self._retry(item, wait, ambiguous=False)
        except NotConnectedError:
            await self._retry(item, _backoff(item.attempts), ambiguous=False)
        except (BadRequest, Forbidden) as error:
            log.warning("notice_failed", notice=item.notice.key, reason=error.message)
            await self.outbox.mark_failed(item.id, error.message)
        except (TimedOut, NetworkError) as error:
            log.warning("notice_ambiguous", notice=item.notice.key, reason=type(error).__name__)
            await self._retry(item, _backoff(item.attempts), ambiguous=True)
        except TelegramError as error:
            await self._retry(item, _backoff(item.attempts), ambiguous=False)
            log.warning("notice_deferred", notice=item.notice.key, reason=error.message)
        except Exception as error:
            log.exception("notice_broken", notice=item.notice.key)
            await self._put_aside(item, error)
        else:
            await self.outbox.mark_sent(item.id, self.services.clock.now())

    async def _send(self, item: Queued) -> None:
        view = await render_notice(self.services, item.notice)
        repeated = "\n\n<i>(Repeated: I was not sure that it arrived.)</i>"
        text = view.text + (repeated if item.repeat else "")
        await self._limiter.acquire()
        try:
            await self._hand_over(item, text, view, "HTML")
        except BadRequest as error:
            if "entities" not in error.message:
                raise
            log.exception("notice_markup_broken", notice=item.notice.key)
            await self._hand_over(item, bare(text), view, None)

    async def _hand_over(self, item: Queued, text: str, view: View, mode: str | None) -> None:
        await self.bot.send_message(
            item.notice.chat_id, text, parse_mode=mode, reply_markup=view.markup
        )

    async def _put_aside(self, item: Queued, error: Exception) -> None:
        """What it is about is gone, or a bug, or a busy database: its chat waits behind it."""
        if isinstance(error, LookupError) or item.attempts >= _MOST_BROKEN:
            await self.outbox.mark_failed(item.id, f"{type(error).__name__}: {error}")
        else:
            await self._retry(item, _backoff(item.attempts), ambiguous=False)

    async def _retry(self, item: Queued, wait: timedelta, *, ambiguous: bool) -> None:
        due_at = self.services.clock.now() + wait
        await self.outbox.mark_retry(item.id, due_at, ambiguous=ambiguous)


def _backoff(attempts: int) -> timedelta:
    return timedelta(seconds=min(_FIRST_RETRY_S * 2**attempts, _LAST_RETRY_S))
