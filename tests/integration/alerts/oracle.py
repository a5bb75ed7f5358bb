"""What should ring, found the slow and obvious way.

Every window is worked out again from the whole list of samples, every alert is tried at every look,
and comparisons are plain. Nothing here is shared with the engine but the value types.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, localcontext

from bot.domain.alerts import Condition, Repeat
from bot.ports.ledger import DepositRow
from tests.integration.alerts.figures import (
    average_cross,
    candle_path,
    percent,
    relative_strength,
    volume_against_week,
)
from tests.integration.alerts.model import Key, Model, next_digest
from tests.integration.alerts.world import DAY, HOUR, LISTING, MINUTE, World, period_of

SPANS = {
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "1h": HOUR,
    "4h": 4 * HOUR,
    "1d": DAY,
}
FRESH = timedelta(seconds=180)
TICKING = ("PRICE_ABOVE", "PRICE_BELOW", "PRICE_CROSSES", "PERCENT_CHANGE", "NEW_HIGH", "NEW_LOW")
CANDLES = {
    ("RSI", "4h"): 30,
    ("RSI", "1d"): 180,
    ("MA", "4h"): 90,
    ("MA", "1d"): 180,
    ("VOLUME", ""): 90,
}
Firing = tuple[int, int, datetime, bool]
"""Alert, number of its ring, when its condition was met, late or not."""


@dataclass
class Oracle:
    """Follows the same events as the engine, and writes down what rings."""

    world: World
    models: dict[int, Model] = field(default_factory=dict)
    firings: list[Firing] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    samples: dict[str, list[tuple[datetime, Decimal]]] = field(default_factory=dict)
    ticks: set[datetime] = field(default_factory=set)
    lives: dict[str, list[datetime]] = field(default_factory=dict)
    lived: dict[str, datetime] = field(default_factory=dict)
    believed: dict[str, tuple[Decimal, datetime]] = field(default_factory=dict)
    odd: dict[str, list[Decimal]] = field(default_factory=dict)
    odd_as_of: dict[str, datetime] = field(default_factory=dict)
    marks: dict[Key, datetime] = field(default_factory=dict)
    in_time: dict[Key, datetime] = field(default_factory=dict)
    waited: set[Key] | None = None
    deposits_upto: datetime | None = None
    looked: dict[str, datetime] = field(default_factory=dict)

    def restart(self) -> None:
        """A process knows nothing of what it had begun to doubt."""
        self.odd.clear()
        self.odd_as_of.clear()
        self.looked.clear()
        self.waited = None
        self.lived = {symbol: times[-1] for symbol, times in self.lives.items()}

    # Prices

    def prices(self, now: datetime) -> None:
        if max(self.ticks, default=now) > now:
            self._set_back(now)
        if self.world.is_down(now) or max(self.ticks, default=now - MINUTE) >= now:
            return
        believed, doubted = self._believe(now)
        if not believed:
            return
        gaps = sorted({self.lived.get(symbol, now) for symbol in believed})
        gaps = [since for since in gaps if now - since > FRESH]
        for since in gaps:
            missing = [s for s in LISTING.symbols if s in believed and self.lived.get(s) == since]
            self._catch_up(missing, since, now)
        if gaps:
            believed, doubted = self._believe(now)
        self.believed |= believed
        self._tick(now, {symbol: price for symbol, (price, _) in believed.items()}, now)
        for symbol in believed:
            self.lives.setdefault(symbol, []).append(now)
        self.lived |= dict.fromkeys([*believed, *doubted], now)
        self.looked["prices"] = now

    def _set_back(self, now: datetime) -> None:
        """The clock ran ahead: nothing that it has seen or fixed counts."""
        for symbol in self.samples:
            self.samples[symbol] = [s for s in self.samples[symbol] if s[0] <= now]
        for symbol in self.lives:
            self.lives[symbol] = [at for at in self.lives[symbol] if at <= now]
        self.lived = {symbol: times[-1] for symbol, times in self.lives.items() if times}
        self.ticks = {at for at in self.ticks if at <= now}
        for model in self.models.values():
            model.set_back(now)

    def _believe(self, now: datetime) -> tuple[dict[str, tuple[Decimal, datetime]], set[str]]:
        """What is believed, and what is new but doubted."""
        believed, doubted = {}, set()
        for symbol in LISTING.symbols:
            price = self.world.sample(symbol, now)
            if price is None or now - price.as_of > FRESH or price.as_of > now + MINUTE:
                continue
            doubted.add(symbol)
            last = self.samples[symbol][-1][1] if self.samples.get(symbol) else None
            if last and self._is_odd(symbol, price.usd, price.as_of, last):
                continue
            pool = self.world.pool(symbol, now)
            quote = self.world.sample("USDC", now)
            if pool and quote and abs(pool * quote.usd / price.usd - 1) > Decimal("0.05"):
                continue
            doubted.remove(symbol)
            believed[symbol] = (price.usd, price.as_of)
        return believed, doubted

    def _is_odd(self, symbol: str, usd: Decimal, as_of: datetime, last: Decimal) -> bool:
        if max(usd, last) / min(usd, last) < 100:
            self.odd.pop(symbol, None)
            return False
        run = [o for o in self.odd.get(symbol, []) if max(usd, o) / min(usd, o) < 100]
        if not run or as_of > self.odd_as_of[symbol]:
            run.append(usd)
            self.odd_as_of[symbol] = as_of
        self.odd[symbol] = run
        if len(run) < 3:
            return True
        del self.odd[symbol]
        return False

    def _catch_up(self, symbols: Sequence[str], since: datetime, now: datetime) -> None:
        days = next((d for d in (1, 7, 30) if now - since <= d * DAY), 30)
        points: dict[datetime, dict[str, Decimal]] = {}
        grains: dict[datetime, timedelta] = {}
        for symbol in symbols:
            seen = [s for s in self.samples.get(symbol, []) if s[0] <= since]
            history = self.world.history(symbol, days, now)
            told = candle_path(history, seen, since, now)
            path = [(at, price, period_of(days)) for at, price in told]
            closed = max(since, history.as_of)
            path += [(at, p, 5 * MINUTE) for at, p in self.world.points(symbol, now) if at > closed]
            for at, price, grain in path:
                if at >= now:
                    continue
                while at in self.ticks:
                    at += timedelta.resolution
                points.setdefault(at, {})[symbol] = price
                grains[at] = max(grain, grains.get(at, grain))
        for at in sorted(points):
            self._tick(at, points[at], now, late=True, since=since, grain=grains[at])

    def _tick(
        self,
        at: datetime,
        prices: Mapping[str, Decimal],
        now: datetime,
        *,
        late: bool = False,
        since: datetime | None = None,
        grain: timedelta = timedelta(0),
    ) -> None:
        for symbol, price in prices.items():
            self.samples.setdefault(symbol, []).append((at, price))
        self.ticks.add(at)
        known: dict[Key, Decimal | None] = {}

        def value(key: Key) -> Decimal | None:
            if key[1] not in prices or SPANS.get(key[2], DAY) < grain:
                return None
            if key not in known:
                known[key] = self._price_figure(key, at, now)
            return known[key]

        self._look(at, value, late=late, since=since)

    def _price_figure(self, key: Key, at: datetime, now: datetime) -> Decimal | None:
        name, symbol, window, _ = key
        samples = self.samples[symbol]
        price = samples[-1][1]
        if name == "PRICE":
            return price
        if name in ("fall", "rise"):
            within = [p for t, p in self._since(samples, at - SPANS[window])]
            return percent(price, max(within) if name == "fall" else min(within))
        if name not in ("high", "low"):
            return None
        days = int(window[:-1])
        period = period_of(days)
        first, last = at - days * DAY, at - 10 * MINUTE - period
        candles = self.world.history(symbol, days, now).candles
        counting = [candle for candle in candles if first <= candle.opened_at <= last]
        if not counting:
            return None
        before = [p for _, p in self._since(samples, at - DAY)[:-1]]
        if name == "high":
            return percent(price, max([c.high for c in counting] + before))
        return percent(price, min([c.low for c in counting] + before))

    @staticmethod
    def _since(
        samples: list[tuple[datetime, Decimal]], since: datetime
    ) -> list[tuple[datetime, Decimal]]:
        """Walks back from the end, one sample after the other."""
        first = len(samples)
        while first and samples[first - 1][0] >= since:
            first -= 1
        return samples[first:]

    # Candles, escrows, gas

    def candles(self, now: datetime) -> None:
        self._look(now, lambda _: None)
        keys = {m.key for m in self.models.values() if m.state in ("armed", "disarmed")}
        waiting = sorted(k for k in keys if (k[0], k[2]) in CANDLES)
        new = set(waiting) - self.waited if self.waited is not None else set()
        known = set(waiting) if self.waited is None else self.waited & set(waiting)
        self.waited = known if self.world.is_down(now) else set(waiting)
        if self.world.is_down(now) and waiting:
            return
        self.looked["candles"] = now
        standing: dict[Key, Decimal] = {}
        for key in sorted(waiting, key=_series_name):
            days = CANDLES[key[0], key[2]]
            period, history = period_of(days), self.world.history(key[1], days, now)
            ends = [c.opened_at + period for c in history.candles]
            ends = [end for end in ends if end <= history.as_of]
            fresh_from = now - period - HOUR
            mark = None if key in new else self.marks.get(key)
            since = self.in_time.get(key) or mark
            for end in ends[-1:] if mark is None else [e for e in ends if e > mark]:
                figure = self._candle_figure(key, now, end)
                if figure is None:
                    continue
                late = end < fresh_from
                self.marks[key] = end
                self._look(
                    end,
                    {key: figure}.get,
                    late=late,
                    since=since if late else None,
                    news=_stood_at(end),
                )
            figure = self._candle_figure(key, now, ends[-1])
            if ends[-1] >= fresh_from and figure is not None:
                standing[key] = figure
                self.in_time[key] = now
        if standing:
            self._look(now, standing.get)

    def _candle_figure(self, key: Key, now: datetime, end: datetime) -> Decimal | None:
        name, symbol, window, _ = key
        days = CANDLES[name, window]
        history = self.world.history(symbol, days, now)
        candles = [c for c in history.candles if c.opened_at + period_of(days) <= end]
        if name == "RSI":
            return relative_strength([c.close for c in candles])
        if name == "MA":
            return average_cross([c.close for c in candles])
        return volume_against_week(candles, end)

    def holdings(self, now: datetime) -> None:
        self._look(now, lambda _: None)
        latest = max(now, self.deposits_upto or now)
        rows = [
            row
            for row in self.world.deposits(latest)
            if self.deposits_upto is not None and row.at > self.deposits_upto
        ]
        self.deposits_upto = latest
        self.looked["holdings"] = now
        largest: dict[Key, DepositRow] = {}
        for row in rows:
            key = ("deposit", row.symbol, "", row.agent_id)
            if key not in largest or row.raw > largest[key].raw:
                largest[key] = row

        known: dict[Key, Decimal | None] = {}

        def value(key: Key) -> Decimal | None:
            if key not in known:
                known[key] = figure(key)
            return known[key]

        def figure(key: Key) -> Decimal | None:
            if key[0] != "deposit":
                return self._holding(key, now)
            token = LISTING.find(key[1])
            assert token
            return (
                Decimal(largest[key].raw).scaleb(-token.decimals) if key in largest else Decimal(0)
            )

        def news(model: Model) -> bool:
            return model.key not in largest or largest[model.key].at >= model.begun

        self._look(now, value, news=news)

    def _holding(self, key: Key, now: datetime) -> Decimal | None:
        name, symbol, _, agent = key
        if name == "GAS":
            return Decimal(self.world.gas(now)) / 10**9
        if name == "BALANCE":
            token = LISTING.find(symbol)
            assert token
            return Decimal(self.world.balance(agent, symbol, now)).scaleb(-token.decimals)
        if name != "PORTFOLIO":
            return None
        worth = Decimal(0)
        for token in LISTING.tokens:
            raw = self.world.balance(agent, token.symbol, now)
            if raw:
                price = self._fresh(token.symbol, now)
                if price is None:
                    return None
                worth += Decimal(raw).scaleb(-token.decimals) * price
        return worth

    def _fresh(self, symbol: str, now: datetime) -> Decimal | None:
        price, as_of = self.believed.get(symbol, (None, now))
        return price if -MINUTE <= now - as_of <= FRESH else None

    # Digests and ends

    def digests(self, now: datetime) -> None:
        for model in sorted(self.models.values(), key=lambda m: (m.due or now, m.id)):
            if not model.is_digest or model.state != "armed" or self._is_over(model, now):
                continue
            if model.due and model.due <= now:
                model.rings += 1
                late = now - model.due > MINUTE
                self.firings.append((model.id, model.rings, model.due, late))
                model.rang_at = model.due
                if model.repeat is Repeat.ONCE:
                    model.state = "done"
                    continue
                model.due = next_digest(model.condition.window, model.zone, now)
        for model in self.models.values():
            if model.state != "done" and self._is_over(model, now):
                model.state = "done"
                self.ended.append(model.id)

    def _is_over(self, model: Model, now: datetime) -> bool:
        """Not before all that happened until its end was looked at, for a day at most."""
        if model.expires_at is None:
            return False
        if model.is_digest:
            return model.expires_at <= now
        watchers = ("prices", "candles", "holdings")
        looked = min(self.looked.get(name, now - DAY) for name in watchers)
        return model.expires_at <= max(looked, now - DAY)

    # What people do

    def add(self, model: Model, *, at_once: bool, now: datetime) -> None:
        self.models[model.id] = model
        if model.is_digest:
            model.state = "armed"
            model.due = next_digest(model.condition.window, model.zone, now)
            return
        model.begin(self.present(model.key, now), now)
        if at_once and not model.both_ways:
            model.arm(model.up)

    def present(self, key: Key, now: datetime) -> Decimal | None:
        """What a person who asks now is told."""
        with localcontext() as context:
            context.prec = 60
            if key[0] in ("PRICE", "fall", "rise", "high", "low"):
                if self._fresh(key[1], now) is None:
                    return None
                return self._price_figure(key, self.samples[key[1]][-1][0], now)
            if (key[0], key[2]) in CANDLES:
                if self.world.is_down(now):
                    return None
                days = CANDLES[key[0], key[2]]
                history = self.world.history(key[1], days, now)
                ends = [c.opened_at + period_of(days) for c in history.candles]
                return self._candle_figure(key, now, max(e for e in ends if e <= history.as_of))
            return Decimal(0) if key[0] == "deposit" else self._holding(key, now)

    def snooze(self, alert_id: int, until: datetime) -> None:
        model = self.models[alert_id]
        if model.state in ("done", "paused", "disarmed"):
            model.way = 0  # It has lost sight of where it was.
        model.state, model.line, model.due = "snoozed", None, until

    def pause(self, alert_id: int) -> None:
        model = self.models[alert_id]
        if model.state != "done":
            model.state, model.line, model.due = "paused", None, None

    def resume(self, alert_id: int, now: datetime) -> None:
        model = self.models[alert_id]
        if model.state != "done":
            model.begin(self.present(model.key, now), now)

    def edit(self, alert_id: int, threshold: Decimal, now: datetime) -> None:
        model = self.models[alert_id]
        if model.state == "done":
            return
        c = model.condition
        model.condition = Condition(c.type, c.symbol, threshold, c.window, c.agent_id)
        paused = model.state == "paused"
        model.begin(self.present(model.key, now), now)
        if paused:
            self.pause(alert_id)

    # One look

    def _look(
        self,
        at: datetime,
        value: Callable[[Key], Decimal | None],
        *,
        late: bool = False,
        since: datetime | None = None,
        news: Callable[[Model], bool] = lambda _: True,
    ) -> None:
        with localcontext() as context:
            context.prec = 60
            for model in self.models.values():
                if model.state in ("done", "paused") or model.is_digest:
                    continue
                if model.expires_at is not None and model.expires_at <= at:
                    continue
                if model.state in ("resting", "snoozed"):
                    if model.due and model.due <= at:
                        model.wake()
                    continue
                figure = value(model.key)
                if figure is None or (late and model.begun > at) or not news(model):
                    continue
                if model.is_met(figure):
                    self._meet(model, figure, at, late=late, since=since)

    def _meet(
        self, model: Model, figure: Decimal, at: datetime, *, late: bool, since: datetime | None
    ) -> None:
        if model.state == "disarmed":
            if model.both_ways:
                model.arm_across(figure)
            else:
                model.arm(model.up)
            model.begun, model.seen = at, figure
            return
        if since is None or model.rang_at is None or model.rang_at <= since:
            model.rings += 1
            self.firings.append((model.id, model.rings, at, late))
        model.rang_at = at if since is None else max(at, since + timedelta.resolution)
        model.line = None
        if model.repeat is Repeat.ONCE:
            model.state = "done"
        else:
            model.state, model.due = "resting", at + max(model.cooldown, 5 * MINUTE)


def _series_name(key: Key) -> tuple[str, ...]:
    name = {"RSI": "rsi", "MA": "ma", "VOLUME": "volume"}[key[0]]
    return name, key[1], key[2]


def _stood_at(end: datetime) -> Callable[[Model], bool]:
    return lambda model: model.begun <= end
