"""Prices and volumes of all coins at any minute, from a seed and the shocks given so far."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache

import numpy as np

from bot.local.market.coins import COINS, MARKET_VOLATILITY
from bot.local.market.tides import swing, tide
from bot.local.market.walk import MINUTES_PER_YEAR, Minutes, Values, Walk

_GROWTH_FROM = 29_453_760  # 2026-01-01T00:00Z in minutes since the epoch
_VOLUME_SPREAD = 0.35
_REMEMBERED = 1024


def minute_of(at: datetime) -> int:
    """The minute `at` lies in, counted from the Unix epoch."""
    return int(at.timestamp() // 60)


def quoted(value: float) -> str:
    """Eight significant digits: what every answer shows, so that all answers agree."""
    return f"{value:.8g}"


class Economy:
    """A market of `COINS` that moves by itself; equal seeds give equal markets."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._shocks: dict[str, list[tuple[int, float]]] = {coin_id: [] for coin_id in COINS}
        self._log_price = lru_cache(_REMEMBERED)(self._compute_log_price)

    def price(self, coin_id: str, minute: int) -> Decimal:
        """USD during one minute. Raises KeyError for a coin the market does not have."""
        return Decimal(quoted(float(np.exp(self._log_price(coin_id, minute)))))

    def prices(self, coin_id: str, minutes: Minutes) -> Values:
        """USD at many minutes; `quoted` makes each equal to `price`."""
        return np.asarray(np.exp(self._log_prices(coin_id, minutes)))

    def volumes(self, coin_id: str, minutes: Minutes) -> Values:
        """USD traded in the 24 hours before each minute."""
        coin = COINS[coin_id]
        noise = self._peg(f"{coin_id}/volume", _VOLUME_SPREAD).at(minutes)
        return self.caps(coin_id, minutes) * coin.turnover * np.exp(noise)

    def caps(self, coin_id: str, minutes: Minutes) -> Values:
        """Market cap in USD."""
        return self.prices(coin_id, minutes) * COINS[coin_id].supply

    def shock(self, coin_id: str, minute: int, factor: float) -> None:
        """Multiply the price from `minute` on; coins that follow this one move with it."""
        self._shocks[coin_id].append((minute, float(np.log(factor))))
        self._log_price.cache_clear()

    def _compute_log_price(self, coin_id: str, minute: int) -> float:
        return float(self._log_prices(coin_id, np.array([minute]))[0])

    def _log_prices(self, coin_id: str, minutes: Minutes) -> Values:
        coin = COINS[coin_id]
        years = (minutes - _GROWTH_FROM) / MINUTES_PER_YEAR
        log = np.log(coin.base) + np.log1p(coin.growth) * years
        if coin.parent:
            log += self._log_prices(coin.parent, minutes)
        if coin.tide:
            log += coin.tide * tide(self._seed, coin.turn, minutes) + coin.swing * swing(minutes)
        if coin.beta:
            log += coin.beta * Walk.free(self._seed, "market", MARKET_VOLATILITY).at(minutes)
        if coin.volatility:
            log += Walk.free(self._seed, coin_id, coin.volatility).at(minutes)
        if coin.peg:
            log += self._peg(coin_id, coin.peg).at(minutes)
        for since, step in self._shocks[coin_id]:
            log += np.where(minutes >= since, step, 0.0)
        return np.asarray(log)

    def _peg(self, name: str, deviation: float) -> Walk:
        return Walk.peg(self._seed, name, deviation)
