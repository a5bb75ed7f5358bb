"""Profit and loss by average cost, and what a portfolio is made of. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.money import exact
from bot.domain.trade import Fill, Side

_CONCENTRATED = Decimal("0.6")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Position:
    """A token's trading result. `quantity` is what trades left over, not the balance.

    `cost_usd` is the average-cost basis of `quantity`; `realised_usd` includes gas.
    """

    symbol: str
    quantity: Decimal = _ZERO
    cost_usd: Decimal = _ZERO
    realised_usd: Decimal = _ZERO

    @property
    def average_usd(self) -> Decimal | None:
        """Average cost of one unit; None when nothing is left."""
        if not self.quantity:
            return None
        with exact():
            return self.cost_usd / self.quantity

    def unrealised_usd(self, held: Decimal, price_usd: Decimal) -> Decimal:
        """Gain on the part of `held` that was bought by trades, at `price_usd`."""
        average = self.average_usd
        if average is None:
            return _ZERO
        with exact():
            return min(held, self.quantity) * (price_usd - average)


def positions(fills: Iterable[Fill]) -> dict[str, Position]:
    """Walk settled trades, oldest first, by average cost.

    Selling more than trades ever bought (it was deposited) realises nothing on the excess:
    its cost is not known.
    """
    result: dict[str, Position] = {}
    with exact():
        for fill in fills:
            before = result.get(fill.symbol, Position(fill.symbol))
            result[fill.symbol] = (
                _bought(before, fill) if fill.side is Side.BUY else _sold(before, fill)
            )
    return result


def _bought(before: Position, fill: Fill) -> Position:
    return Position(
        fill.symbol,
        before.quantity + fill.quantity,
        before.cost_usd + fill.value_usd,
        before.realised_usd - fill.gas_usd,
    )


def _sold(before: Position, fill: Fill) -> Position:
    known = min(fill.quantity, before.quantity)
    average = before.average_usd or _ZERO
    proceeds = fill.value_usd * known / fill.quantity if fill.quantity else _ZERO
    return Position(
        fill.symbol,
        before.quantity - known,
        before.cost_usd - average * known,
        before.realised_usd + proceeds - average * known - fill.gas_usd,
    )


def concentration_advice(
    holdings: Sequence[tuple[str, Decimal]], stable: frozenset[str]
) -> str | None:
    """One sentence when a single volatile token dominates; `holdings` are (symbol, USD)."""
    total = sum((usd for _, usd in holdings), _ZERO)
    if not total:
        return None
    symbol, usd = max(holdings, key=lambda holding: holding[1])
    share = usd / total
    if symbol in stable:
        return None
    if share <= _CONCENTRATED:
        return None
    return (
        f"{share:.0%} of this agent is in {symbol}: one bad day of {symbol} is a bad day of "
        "everything. Consider moving part of it to another token or to the quote token."
    )
