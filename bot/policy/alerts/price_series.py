"""The figures of all series that are read from prices: one tape a token. Pure."""

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from decimal import Decimal

from bot.domain.alerts import Tick, rounded
from bot.domain.analysis import PriceHistory
from bot.policy.alerts.kind import Meter, Source, split_series
from bot.policy.alerts.tape import WINDOWS, Tape

_Measure = Callable[[Tape, str], Decimal | None]
_Plan = tuple[str, _Measure, str]
Figure = tuple[str, str, Decimal]
"""Symbol, series and figure."""


class PriceSeries:
    """Tapes by symbol, and what the meters read from them.

    Meters without candles are read of every token at every tick; those with candles only where
    something waits on them, because each needs a history of its own.
    """

    def __init__(self, meters: Iterable[Meter]) -> None:
        self._meters = {meter.name: meter for meter in meters if meter.source is Source.TICK}
        self._deep = {name: meter for name, meter in self._meters.items() if meter.days}
        self._plans: dict[str, list[_Plan]] = {}
        self.tapes: dict[str, Tape] = {}

    @property
    def deep_meters(self) -> list[str]:
        """Names of the meters that need candles."""
        return list(self._deep)

    def add(self, tick: Tick) -> None:
        """Write the prices of a tick on the tapes."""
        for symbol, price in tick.prices.items():
            self._tape(symbol).add(tick.at, price)

    def last_prices(self) -> dict[str, Decimal]:
        """The last price of every token that has one."""
        return {symbol: tape.price for symbol, tape in self.tapes.items() if tape.at}

    def is_deep(self, series: str) -> bool:
        """Whether it needs candles."""
        return split_series(series)[0] in self._deep

    def candles_of(self, series: str) -> tuple[str, int]:
        """Symbol and days of the candles that a series needs."""
        name, symbol, window = split_series(series)
        return symbol, (self._deep[name].days or {})[window]

    def knows(self, series: str) -> bool:
        """Whether the candles that a series needs are known."""
        symbol, days = self.candles_of(series)
        return symbol in self.tapes and self.tapes[symbol].knows(days)

    def set_candles(self, symbol: str, days: int, history: PriceHistory) -> None:
        """Know the candles of a token's last days."""
        self._tape(symbol).set_candles(days, history)

    def measure(
        self, symbols: Collection[str], deep: Iterable[str], shortest: timedelta | None = None
    ) -> list[Figure]:
        """Figures after the last tick.

        Args:
            symbols: the tokens of that tick.
            deep: series that need candles, of any token.
            shortest: leave windows shorter than this out.
        """
        figures: list[Figure] = []
        for symbol in symbols:
            tape = self.tapes[symbol]
            for series, measure, window in self._plan(symbol):
                if shortest is not None and WINDOWS.get(window, shortest) < shortest:
                    continue
                figure = measure(tape, window)
                if figure is not None:
                    figures.append((symbol, series, rounded(figure)))
        for series in deep:
            symbol = split_series(series)[1]
            if symbol in symbols and (figure := self.measure_one(series)) is not None:
                figures.append((symbol, series, figure))
        return figures

    def measure_one(self, series: str) -> Decimal | None:
        """The figure of one series after its token's last sample; None where it has none."""
        name, symbol, window = split_series(series)
        tape = self.tapes.get(symbol)
        if tape is None or tape.at is None:
            return None
        figure: Decimal | None = self._meters[name].measure(tape, window)
        return None if figure is None else rounded(figure)

    def _tape(self, symbol: str) -> Tape:
        tape = self.tapes.get(symbol)
        if tape is None:
            tape = self.tapes[symbol] = Tape()
        return tape

    def _plan(self, symbol: str) -> list[_Plan]:
        plan = self._plans.get(symbol)
        if plan is None:
            plan = self._plans[symbol] = [
                (meter.series(symbol, window), meter.measure, window)
                for name, meter in self._meters.items()
                if name not in self._deep
                for window in meter.windows
            ]
        return plan
