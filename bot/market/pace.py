"""Keeps a client within a server's calls per minute."""

from collections import deque
from datetime import datetime, timedelta

from bot.domain.errors import UpstreamError
from bot.ports.clock import Clock

_WINDOW = timedelta(minutes=1)


class BusyError(UpstreamError):
    """The next free turn is too far away to wait for it."""

    def __init__(self, wait: timedelta) -> None:
        reason = f"call budget spent, next turn in {wait.total_seconds():.0f} s"
        super().__init__("market", reason, retryable=True)


class Pace:
    """At most `per_minute` turns in any 60 s, handed out in the order they were asked for.

    A sliding window rather than a leaky bucket: the server counts per minute, and a bucket that
    allows bursts lets nearly twice the budget through in its first minute.
    """

    def __init__(self, clock: Clock, per_minute: int, *, patience_s: float = 10) -> None:
        self._clock = clock
        self._turns: deque[datetime] = deque(maxlen=per_minute)
        self._held_until: datetime | None = None
        self._patience = timedelta(seconds=patience_s)

    async def wait_turn(self) -> None:
        """Return when a call may be made, or raise `BusyError` at once if that is too far off.

        A turn is spent also when the caller is cancelled while it waits.
        """
        now = self._clock.now()
        turn = max(now, self._held_until or now)
        if self._turns and self._turns[-1] > now + self._patience:
            self._turns.clear()  # the wall clock was set back; nothing is ever given out so early
        if len(self._turns) == self._turns.maxlen:
            turn = max(turn, self._turns[0] + _WINDOW)
        if turn > now + self._patience:
            raise BusyError(turn - now)
        self._turns.append(turn)
        if turn > now:
            await self._clock.sleep((turn - now).total_seconds())

    def hold(self, seconds: float) -> None:
        """Give no turn for this long: the server said so. At most an hour is believed."""
        self._held_until = self._clock.now() + timedelta(seconds=min(max(seconds, 0), 3600))
