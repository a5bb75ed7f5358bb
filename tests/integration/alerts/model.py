"""One alert as the oracle has it: where it stands, and what it waits for."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from bot.domain.alerts import Condition, Repeat
from tests.integration.alerts.world import DAY, MINUTE

Key = tuple[str, str, str, int]
"""What is measured: the figure's name, symbol, window, agent."""


@dataclass
class Model:
    """An alert and where it stands. `line` is what it waits for: (up or down, level, beyond)."""

    id: int
    condition: Condition
    repeat: Repeat
    cooldown: timedelta
    expires_at: datetime | None
    zone: str
    begun: datetime
    created: datetime
    state: str = "new"
    line: tuple[int, Decimal, bool] | None = None
    way: int = 0
    seen: Decimal | None = None
    due: datetime | None = None
    rang_at: datetime | None = None
    rings: int = 0

    @cached_property
    def kind(self) -> str:
        return self.condition.type

    @cached_property
    def is_digest(self) -> bool:
        return self.kind.startswith("DIGEST")

    @property
    def both_ways(self) -> bool:
        return self.kind == "PRICE_CROSSES"

    @property
    def up(self) -> int:
        """1 where it rings above its line, -1 below."""
        if self.kind == "PERCENT_CHANGE":
            return 1 if self.condition.threshold > 0 else -1
        below = ("PRICE_BELOW", "NEW_LOW", "RSI_BELOW", "MA_CROSS_DOWN")
        more = ("PORTFOLIO_BELOW", "BALANCE_BELOW", "GAS_BELOW")
        return -1 if self.kind in below + more else 1

    @property
    def level(self) -> Decimal:
        if self.kind in ("NEW_HIGH", "MA_CROSS_UP"):
            return Decimal("1E-10")
        if self.kind in ("NEW_LOW", "MA_CROSS_DOWN"):
            return Decimal("-1E-10")
        return self.condition.threshold

    @property
    def slack(self) -> Decimal:
        fixed = {"NEW_HIGH": "0.5", "NEW_LOW": "0.5", "RSI_ABOVE": "2", "RSI_BELOW": "2"}
        fixed |= {"MA_CROSS_UP": "0.2", "MA_CROSS_DOWN": "0.2"}
        if self.kind in fixed:
            return Decimal(fixed[self.kind])
        part = {"PERCENT_CHANGE": "0.2", "VOLUME_SPIKE": "0.1", "DEPOSIT": "0.5"}
        part |= {"GAS_ABOVE": "0.05", "GAS_BELOW": "0.05"}
        return abs(self.level) * Decimal(part.get(self.kind, "0.005"))

    @cached_property
    def key(self) -> Key:
        c = self.condition
        name = {
            "PERCENT_CHANGE": "rise" if c.threshold > 0 else "fall",
            "NEW_HIGH": "high",
            "NEW_LOW": "low",
            "VOLUME_SPIKE": "VOLUME",
            "DEPOSIT": "deposit",
        }.get(self.kind) or self.kind.split("_")[0]
        return name, c.symbol, c.window, c.agent_id

    def arm(self, way: int) -> None:
        self.state, self.line, self.way = "armed", (way, self.level, False), way

    def wait_for_false(self) -> None:
        self.state, self.line = "disarmed", (-self.up, self.level, True)

    def is_met(self, value: Decimal) -> bool:
        assert self.line
        way, level, beyond = self.line
        return value * way > level * way if beyond else value * way >= level * way

    def arm_across(self, value: Decimal) -> None:
        """It rings on the other side; being on the line itself is no crossing."""
        self.arm(1 if value < self.level else -1)
        if value == self.level:
            self.line = (-1, self.level, True)

    def wait_for_anything(self) -> None:
        self.state, self.line, self.way = "disarmed", (1, Decimal("-1E40"), False), 0

    def begin(self, value: Decimal | None, now: datetime) -> None:
        self.due, self.seen = None, value
        self.begun = now
        if self.both_ways:
            if value is None:
                self.wait_for_anything()
            else:
                self.arm_across(value)
        elif value is not None and value * self.up < self.level * self.up:
            self.arm(self.up)
        else:
            self.wait_for_false()

    def set_back(self, now: datetime) -> None:
        """By a clock that is no longer ahead."""
        if self.is_digest and self.due:
            due = next_digest(self.condition.window, self.zone, now)
            if due == self.rang_at:
                due = next_digest(self.condition.window, self.zone, due)
            self.due = min(self.due, due)
        elif self.due:
            rest = max(self.cooldown, 5 * MINUTE)
            self.due = min(self.due, now + (rest if self.state == "resting" else 30 * DAY))
        self.begun = min(self.begun, now)
        self.rang_at = min(self.rang_at, now) if self.rang_at else None

    def wake(self) -> None:
        snoozed, self.due = self.state == "snoozed", None
        if snoozed:
            self.rang_at = None
        if self.both_ways:
            way = self.way
            if not way and self.rings and self.seen is not None:
                way = 1 if self.seen < self.level else -1
            if not way:
                self.wait_for_anything()
            else:
                self.arm(way)
            if way and not snoozed:
                self.arm(-way)
                self.line = (-way, self.level - way * self.slack, False)
        elif snoozed or self.kind == "DEPOSIT":
            self.arm(self.up)
        else:
            self.state, self.line = "disarmed", (-self.up, self.level - self.up * self.slack, False)


def next_digest(window: str, zone: str, now: datetime) -> datetime:
    """From one quarter of an hour to the next, until a clock on the wall there shows it."""
    day, _, clock = window.rpartition(" ")
    at = now.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    while True:
        at += 15 * MINUTE
        wall = at.astimezone(ZoneInfo(zone))
        if at > now and f"{wall:%H:%M}" == clock and day in ("", f"{wall:%a}".lower()):
            return at
