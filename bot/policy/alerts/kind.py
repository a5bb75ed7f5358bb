"""How a kind of alert declares itself: one file in `alerts/kinds/`, one `ALERT`. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bot.domain.alerts import Condition, Direction, Trigger, rounded, sortable
from bot.policy.alerts.phrases import Phrase

_SEPARATOR = ":"
_UNKNOWN = "An alert of a kind I no longer know"


class Source(StrEnum):
    """What a meter reads, and so how often: see `Meter.measure`."""

    TICK = "tick"
    CANDLES = "candles"
    HOLDINGS = "holdings"
    GAS = "gas"


@dataclass(frozen=True, slots=True)
class Meter:
    """Reads one figure for every subject and window.

    Args:
        name: first part of its series' names.
        source: TICK meters are read from a token's `Tape` at every tick (60 s), CANDLES from a
            `PriceHistory` that ends with a closed candle, HOLDINGS from a `Holdings` of one
            agent, GAS from the price of gas in nsei (1e-9 SEI a unit).
        windows: all spans it can be read over; `("",)` where it has none. Meters of HOLDINGS
            take a symbol for the window, and leave this empty.
        measure: (what the source gives, window) -> the figure, None where it cannot be told.
        days: of a TICK or CANDLES meter that needs candles: the span of history by window.
    """

    name: str
    source: Source
    windows: tuple[str, ...]
    measure: Callable[[Any, str], Decimal | None]
    days: Mapping[str, int] | None = None

    def series(self, subject: object, window: str = "") -> str:
        """The name of one series: `price:SEI:`, `fall:SEI:1h`, `balance:12:USDC`, `gas::`."""
        return _SEPARATOR.join([self.name, str(subject), window])


def split_series(series: str) -> tuple[str, str, str]:
    """Meter, subject and window of a series' name."""
    name, subject, window = series.split(_SEPARATOR)
    return name, subject, window


@dataclass(frozen=True, slots=True)
class Watch:
    """One line on one series. `slack` is how far beyond the line it must come back to arm again.

    `both_ways` rings whichever way the line is crossed; `direction` is then that of the start.
    `is_pulse` says that the figure stands for one moment only, and is nothing before and after.
    """

    series: str
    direction: Direction
    line: Decimal
    slack: Decimal
    both_ways: bool = False
    is_pulse: bool = False

    def fire(self, direction: Direction | None = None) -> Trigger:
        """Rings: the figure is at the line or beyond."""
        return Trigger(direction or self.direction, sortable(rounded(self.line)))

    def first(self) -> Trigger:
        """Arms for the first time: the condition is false, by however little."""
        back = self.direction.opposite
        return Trigger(back, sortable(rounded(self.line)) + back)

    def again(self, direction: Direction | None = None) -> Trigger:
        """Arms after a ring: the figure has come back from the line by the slack."""
        back = (direction or self.direction).opposite
        return Trigger(back, sortable(rounded(self.line + back * self.slack)))


@dataclass(frozen=True, slots=True)
class AlertKind:
    """A kind of alert.

    Args:
        name: of the kind, unique; also names it on buttons' data.
        conditions: its names in the table's `condition_type`.
        title: on the button of the guided dialogue, like `Price above`.
        example: words that make one, as people would write them.
        order: who reads a phrase first; the first kind that takes it wins.
        parse: a condition from words; None where this kind is not meant. Raises UserError with a
            sentence that helps where it is meant and cannot be.
        check: refuses a condition that cannot be (bounds, windows); raises UserError.
        describe: the condition in words: `SEI above $0.25`.
        figure: a figure of its series in words, `$0.2514`, `-5.2 %`.
        watch: the line it watches; None for digests, which go by the clock.
        meters: what its series are read by; shared ones are the same object.
        asks: what the guided dialogue asks for, in order: of `token`, `window`, `threshold`,
            `time`. `windows` are the choices it offers.
        urgent: whether new ones break through quiet hours unless told otherwise.
    """

    name: str
    conditions: tuple[str, ...]
    title: str
    example: str
    order: int
    parse: Callable[[Phrase], Condition | None]
    check: Callable[[Condition], None]
    describe: Callable[[Condition], str]
    figure: Callable[[Decimal], str]
    watch: Callable[[Condition], Watch | None]
    meters: tuple[Meter, ...] = ()
    asks: tuple[str, ...] = ("token", "threshold")
    windows: tuple[str, ...] = ()
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class AlertKinds:
    """All kinds, found at start."""

    kinds: tuple[AlertKind, ...]

    def of(self, condition: Condition) -> AlertKind:
        """The kind that a condition belongs to; KeyError for a name no kind has."""
        for kind in self.kinds:
            if condition.type in kind.conditions:
                return kind
        raise KeyError(condition.type)

    @property
    def meters(self) -> Mapping[str, Meter]:
        """Every meter by its name."""
        return {meter.name: meter for kind in self.kinds for meter in kind.meters}

    def knows(self, condition: Condition) -> bool:
        """Whether some kind has it; one in the database may be of a kind that is gone."""
        return any(condition.type in kind.conditions for kind in self.kinds)

    def watch(self, condition: Condition) -> Watch | None:
        """The line that a condition watches; None for digests, and where no kind `knows` it."""
        return self.of(condition).watch(condition) if self.knows(condition) else None

    def describe(self, condition: Condition) -> str:
        """The condition in words."""
        return self.of(condition).describe(condition) if self.knows(condition) else _UNKNOWN
