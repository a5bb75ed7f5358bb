"""Telegram's flood limits as token buckets."""

import math
from dataclasses import dataclass, field

from bot.local.telegram.errors import too_many_requests
from bot.ports.clock import Clock


@dataclass
class _Bucket:
    """Holds up to `capacity` calls and refills at `rate_per_s`."""

    capacity: float
    rate_per_s: float
    level: float = field(init=False)
    at_s: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.capacity

    def wait_s(self, now_s: float) -> float:
        """Seconds until one call fits, 0 when it fits now."""
        passed_s = max(0.0, now_s - self.at_s)
        self.level = min(self.capacity, self.level + passed_s * self.rate_per_s)
        self.at_s = now_s
        return 0.0 if self.level >= 1 else (1 - self.level) / self.rate_per_s


@dataclass
class Limits:
    """30 calls/s overall, 1/s a private chat with a burst of 5, 20/min a group, 3 drafts/s.

    Telegram promises no exact figures; these are the ones its documentation names.
    """

    clock: Clock
    enabled: bool = True
    _overall: _Bucket = field(default_factory=lambda: _Bucket(30, 30))
    _chats: dict[tuple[int, str], _Bucket] = field(default_factory=dict)

    def spend(self, chat_id: int, kind: str = "message") -> None:
        """Count one call to a chat; raises 429 with retry_after and counts nothing when full."""
        if not self.enabled:
            return
        now_s = self.clock.now().timestamp()
        bucket = self._chats.get((chat_id, kind))
        if bucket is None:
            bucket = self._chats[chat_id, kind] = _new_bucket(chat_id, kind)
        wait_s = max(bucket.wait_s(now_s), self._overall.wait_s(now_s))
        if wait_s > 0:
            raise too_many_requests(max(1, math.ceil(wait_s)))
        bucket.level -= 1
        self._overall.level -= 1


def _new_bucket(chat_id: int, kind: str) -> _Bucket:
    if kind == "draft":
        return _Bucket(6, 3)
    return _Bucket(20, 20 / 60) if chat_id < 0 else _Bucket(5, 1)
