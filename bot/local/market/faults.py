"""What can go wrong with a market feed, at a word."""

from collections import deque
from dataclasses import dataclass, field

from starlette.responses import JSONResponse, Response


@dataclass(slots=True)
class Faults:
    """The troubles the stand-in plays; `heal` ends all of them.

    Answers put in by `down`, `throttle` and `malform` come before true ones: the next `times`
    requests get them, or every request when `times` is None.
    """

    delay_s: float = 0.0
    lag_s: float = 0.0
    _always: Response | None = None
    _next: deque[Response] = field(default_factory=deque)

    def down(self, *, times: int | None = None, status: int = 503) -> None:
        """Fail with a server error."""
        self._queue(JSONResponse({"error": "service unavailable"}, status), times)

    def throttle(self, *, retry_after_s: int | None = None, times: int | None = None) -> None:
        """Refuse with 429 as CoinGecko does."""
        status = {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}
        headers = {} if retry_after_s is None else {"retry-after": str(retry_after_s)}
        self._queue(JSONResponse({"status": status}, 429, headers), times)

    def malform(self, body: bytes, *, times: int | None = None) -> None:
        """Answer 200 with this body, whatever was asked."""
        self._queue(Response(body, media_type="application/json"), times)

    def slow(self, seconds: float) -> None:
        """Take this long for every answer, by the stand-in's clock."""
        self.delay_s = seconds

    def stale(self, seconds: float) -> None:
        """Answer as of this long ago, timestamps included."""
        self.lag_s = seconds

    def heal(self) -> None:
        """Back to normal."""
        self.delay_s = self.lag_s = 0.0
        self._always = None
        self._next.clear()

    def take(self) -> Response | None:
        """The faulty answer the current request gets, if any."""
        return self._next.popleft() if self._next else self._always

    def _queue(self, answer: Response, times: int | None) -> None:
        if times is None:
            self._always = answer
        else:
            self._next.extend([answer] * times)
