"""What the indicators of one token say, as weighted votes with a sentence each."""

from dataclasses import dataclass
from decimal import Decimal

from bot.domain.analysis import Indicators, MarketView, Trend
from bot.llm.wording import dollars

OVERSOLD = 30
OVERBOUGHT = 70


@dataclass(frozen=True, slots=True)
class Signal:
    """`vote` is +1 for rising, -1 for falling, 0 for neither."""

    vote: int
    weight: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """All signals of a view. `missing` names indicators the history was too short for."""

    view: MarketView
    signals: tuple[Signal, ...]
    missing: tuple[str, ...]

    @property
    def score(self) -> Decimal:
        """Weighted mean of the votes, -1 to 1; 0 without signals."""
        total = sum(signal.weight for signal in self.signals)
        votes = sum(signal.vote * signal.weight for signal in self.signals)
        return Decimal(votes) / total if total else Decimal(0)


def read(view: MarketView) -> Reading:
    """Collect the votes of trend, RSI, MACD and Bollinger bands."""
    found = {
        "moving averages": _trend(view),
        "RSI": _rsi(view.indicators),
        "MACD": _macd(view.indicators),
        "Bollinger bands": _bands(view),
    }
    return Reading(
        view,
        tuple(signal for signal in found.values() if signal),
        tuple(name for name, signal in found.items() if signal is None),
    )


def _trend(view: MarketView) -> Signal | None:
    known = view.indicators
    if known.sma_20 is None or known.sma_50 is None:
        return None
    averages = f"20-period average {_usd(known.sma_20)}, 50-period average {_usd(known.sma_50)}"
    vote, word = {Trend.UP: (1, "up"), Trend.DOWN: (-1, "down"), Trend.FLAT: (0, "flat")}[
        known.trend
    ]
    direction = "sideways" if word == "flat" else word
    return Signal(vote, 2, f"The trend points {direction}: {averages}.")


def _rsi(known: Indicators) -> Signal | None:
    value = known.rsi_14
    if value is None:
        return None
    if value <= OVERSOLD:
        return Signal(1, 2, f"RSI is {value:.0f}, oversold: sellers may be running out.")
    if value >= OVERBOUGHT:
        return Signal(-1, 2, f"RSI is {value:.0f}, overbought: the rise may be running out.")
    return Signal(0, 2, f"RSI is {value:.0f}, neither overbought nor oversold.")


def _macd(known: Indicators) -> Signal | None:
    if known.macd is None or known.macd_signal is None:
        return None
    if known.macd > known.macd_signal:
        return Signal(1, 1, "MACD is above its signal line: momentum is rising.")
    if known.macd < known.macd_signal:
        return Signal(-1, 1, "MACD is below its signal line: momentum is falling.")
    return Signal(0, 1, "MACD is on its signal line: no momentum either way.")


def _bands(view: MarketView) -> Signal | None:
    low, high = view.indicators.bollinger_low, view.indicators.bollinger_high
    if low is None or high is None:
        return None
    price = float(view.price.usd)
    if price < low:
        return Signal(1, 1, f"The price is below its lower Bollinger band ({_usd(low)}).")
    if price > high:
        return Signal(-1, 1, f"The price is above its upper Bollinger band ({_usd(high)}).")
    return Signal(0, 1, f"The price is inside its Bollinger bands ({_usd(low)} to {_usd(high)}).")


def _usd(value: float) -> str:
    return dollars(Decimal(str(value)))
