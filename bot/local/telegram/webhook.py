"""Webhooks: updates are posted to the bot's own address until it says yes."""

import asyncio
import re
from dataclasses import dataclass, field

import aiohttp

from bot.local.telegram.errors import Json, bad_request
from bot.local.telegram.params import Params
from bot.local.telegram.updates import QueuedUpdate
from bot.local.telegram.world import World

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (a header's name)
RETRY_S = (0.5, 1, 2, 5, 10, 30)
ANSWER_WITHIN_S = 60


@dataclass
class Webhook:
    """Where updates go; without an address they wait for getUpdates."""

    world: World
    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error: str = ""
    last_error_at_s: int = 0
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    def set(self, params: Params) -> bool:
        """SetWebhook; unlike Telegram, plain http is fine. An empty url deletes it."""
        url, secret = params.text("url"), params.text("secret_token")
        if not url:
            return self.delete(params)
        if not url.startswith(("http://", "https://")):
            raise bad_request("bad webhook: invalid webhook URL specified")
        if secret and not _SECRET.fullmatch(secret):
            raise bad_request("secret token contains unallowed characters")
        self._stop()
        self.url, self.secret = url, secret
        self.max_connections = params.integer("max_connections", 40)
        self._common(params)
        self.world.updates.webhook_active = True
        self.world.updates.interrupt_poll()
        self.resume()
        return True

    def delete(self, params: Params) -> bool:
        """DeleteWebhook."""
        self._stop()
        self.url = self.secret = ""
        self.world.updates.webhook_active = False
        self._common(params)
        return True

    def _common(self, params: Params) -> None:
        if params.flag("drop_pending_updates"):
            self.world.updates.drop_all()
        if "allowed_updates" in params.values:
            self.world.updates.allowed = params.array("allowed_updates")
        self.last_error, self.last_error_at_s = "", 0

    def info(self) -> Json:
        """GetWebhookInfo."""
        info: Json = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.world.updates.pending),
        }
        if self.url:
            info["max_connections"] = self.max_connections
        if self.world.updates.allowed:
            info["allowed_updates"] = self.world.updates.allowed
        if self.last_error:
            info["last_error_date"] = self.last_error_at_s
            info["last_error_message"] = self.last_error
        return info

    def resume(self) -> None:
        """Start to deliver, if there is an address."""
        if self.url and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._deliver_all())

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def close(self) -> None:
        """End the delivery; the address stays set."""
        task = self._task
        self._stop()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    async def _deliver_all(self) -> None:
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            failures = 0
            while True:
                queued = await self.world.updates.next_for_webhook()
                problem = await self._deliver(session, queued)
                if not problem:
                    failures = 0
                    self.world.updates.delivered(queued.update_id)
                    continue
                self.last_error, self.last_error_at_s = problem, self.world.now_s()
                self.world.changes.publish("webhook_failed", 0, problem=problem)
                await self.world.clock.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
                failures += 1

    async def _deliver(self, session: aiohttp.ClientSession, queued: QueuedUpdate) -> str:
        """Post one update; what went wrong, or nothing."""
        headers = {_SECRET_HEADER: self.secret} if self.secret else {}
        try:
            async with session.post(self.url, json=queued.body, headers=headers) as answer:
                if answer.status // 100 == 2:
                    return ""
                return f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"Connection failed: {type(error).__name__}"
