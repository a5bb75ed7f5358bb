"""Which prices are believed. Pure but for what it remembers of odd samples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.money import BPS, Bps, Price, exact
from bot.policy.risk import price_age

FRESH = timedelta(seconds=180)
"""Three ticks: nothing rings on an older price."""

ABSURD = 100
"""No price moves by this factor from one sample to the next."""

STALE = "stale"
"""The reason of a refusal that is no doubt: the feed has said nothing new."""

_CONFIRMED = 3


@dataclass(frozen=True, slots=True)
class Refusal:
    """A price that was not believed, and why, in words for the admins."""

    symbol: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Prices that are believed, by symbol, and those that are not."""

    believed: Mapping[str, Price]
    refused: tuple[Refusal, ...]


@dataclass(slots=True)
class PriceDoubts:
    """Judges the samples of a feed; `disagreement` is how far exchanges may be from it."""

    disagreement: Bps
    _odd: dict[str, list[Price]] = field(default_factory=dict)

    def judge(
        self,
        now: datetime,
        samples: Mapping[str, Price],
        pools: Mapping[str, Decimal],
        last: Mapping[str, Decimal],
    ) -> Judgement:
        """Judge one sample a symbol.

        Args:
            now: the time of the tick.
            samples: by symbol, of the feed.
            pools: USD by symbol on the exchanges, where they know it.
            last: USD by symbol at the last tick.
        """
        believed: dict[str, Price] = {}
        refused: list[Refusal] = []
        for symbol, price in samples.items():
            refusal = (
                _stale(price, now)
                or self._absurd(price, last.get(symbol))
                or self._disagreeing(price, pools.get(symbol))
            )
            if refusal:
                refused.append(refusal)
            else:
                believed[symbol] = price
        return Judgement(believed, tuple(refused))

    def _absurd(self, price: Price, last: Decimal | None) -> Refusal | None:
        """After three samples in a row that agree it is no longer one sample."""
        if last is None or not is_absurd(price.usd, last):
            self._odd.pop(price.symbol, None)
            return None
        odd = [o for o in self._odd.get(price.symbol, []) if not is_absurd(o.usd, price.usd)]
        if not odd or price.as_of > odd[-1].as_of:
            odd.append(price)
        if len(odd) >= _CONFIRMED:
            del self._odd[price.symbol]
            return None
        self._odd[price.symbol] = odd
        return Refusal(price.symbol, "absurd", f"{price.usd:f} USD after {last:f} USD")

    def _disagreeing(self, price: Price, pool: Decimal | None) -> Refusal | None:
        if pool is None:
            return None
        with exact():
            if abs(pool - price.usd) * BPS <= self.disagreement * price.usd:
                return None
        return Refusal(
            price.symbol, "disagreement", f"{price.usd:f} USD, but {pool:.6g} USD on exchanges"
        )


def _stale(price: Price, now: datetime) -> Refusal | None:
    if price_age(now, price) <= FRESH:
        return None
    return Refusal(price.symbol, STALE, f"as of {price.as_of:%Y-%m-%d %H:%M:%S} UTC")


def is_absurd(one: Decimal, other: Decimal) -> bool:
    """Whether two prices are apart by the absurd factor or more."""
    return one >= other * ABSURD or other >= one * ABSURD
