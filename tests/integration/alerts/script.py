"""Alerts of every kind, and a course of events, made from a seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.alerts import AlertDraft, Condition, Place, Repeat
from tests.integration.alerts.world import AGENTS, DAY, HOUR, MINUTE, START, STARTS, World, tidy

ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Chatham", "America/St_Johns")
GROUP = -1001
_COINS = [symbol for symbol in STARTS if symbol != "USDC"]
_NEVER = Decimal(10) ** 9


@dataclass(frozen=True)
class Spec:
    """An alert to be set by user `user`, whose time zone is `ZONES[user]`."""

    user: int
    place: Place
    draft: AlertDraft


@dataclass(frozen=True)
class Action:
    """What a person does to an alert: `snooze`, `pause`, `resume` or `edit`."""

    what: str
    alert: int
    span: timedelta = timedelta(0)
    factor: Decimal = Decimal(1)


@dataclass(frozen=True)
class Moment:
    """One minute and its jobs; `restart` if the process is another one than before."""

    at: datetime
    holdings: bool
    candles: bool
    digests: bool
    actions: Sequence[Action] = ()
    restart: bool = False


def specs(world: World, seed: int, count: int) -> list[Spec]:
    """So many alerts, of all kinds in turn, and one of each slow source that waits for ever."""
    rng = random.Random(f"{seed}/alerts")  # noqa: S311
    made = [
        _spec(rng, Condition("GAS_ABOVE", "", _NEVER)),
        _spec(rng, Condition("RSI_ABOVE", "SEI", Decimal("99.99"), "4h")),
    ]
    kinds = list(_MAKERS) * (count // len(_MAKERS) + 1)
    for kind in kinds[: count - len(made)]:
        made.append(_spec(rng, _MAKERS[kind](rng, world, kind)))
    return made


def moments(seed: int, parts: Sequence[tuple[int, timedelta]], alerts: int) -> Iterator[Moment]:
    """Parts of so many minutes; before each the time that passes without a process."""
    rng = random.Random(f"{seed}/moments")  # noqa: S311
    at = START
    for number, (minutes, downtime) in enumerate(parts):
        at += downtime
        for minute in range(minutes):
            actions = [_action(rng, alerts) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
            restart = bool(number) and not minute and downtime > timedelta(0)
            slow, slower, clock = (minute % every == 0 for every in (2, 5, 4))
            yield Moment(at, slow, slower, clock, actions, restart)
            at += MINUTE


def _action(rng: random.Random, alerts: int) -> Action:
    what = rng.choice(["snooze", "pause", "resume", "resume", "edit"])
    span = rng.choice([15 * MINUTE, HOUR, DAY])
    return Action(what, rng.randrange(3, alerts + 1), span, Decimal(rng.choice(["0.99", "1.01"])))


def _spec(rng: random.Random, condition: Condition) -> Spec:
    user = rng.randrange(len(ZONES))
    group = rng.random() < 0.2 and not condition.agent_id
    waits = condition.threshold == _NEVER or condition.type.startswith("DIGEST")
    repeat = rng.choice([Repeat.ONCE, Repeat.EVERY, Repeat.EVERY])
    cooldown = rng.choice([timedelta(0), 10 * MINUTE, HOUR, 6 * HOUR])
    end = START + rng.randrange(60, 2000) * MINUTE if rng.random() < 0.1 and not waits else None
    draft = AlertDraft(
        condition, repeat, cooldown, end, urgent=rng.random() < 0.2, at_once=rng.random() < 0.1
    )
    return Spec(user, Place(GROUP, user) if group else Place(user + 1), draft)


def _price(rng: random.Random, world: World, kind: str) -> Condition:
    symbol = rng.choice(_COINS)
    around = float(rng.choice(world.minutes[symbol][1440:2880]))
    return Condition(kind, symbol, tidy(around * rng.choice([1, 1.002, 0.998, 1.02])))


def _change(rng: random.Random, _: World, kind: str) -> Condition:
    span, most = rng.choice([("5m", 4), ("15m", 5), ("1h", 6), ("4h", 8), ("1d", 12)])
    size = tidy(rng.uniform(0.5, most))
    return Condition(kind, rng.choice(_COINS), rng.choice([size, -size]), span)


def _extreme(rng: random.Random, _: World, kind: str) -> Condition:
    symbol, span = rng.choice(_COINS[:4]), rng.choice(["1d", "7d", "30d", "90d", "365d"])
    return Condition(kind, symbol, Decimal(0), span)


def _volume(rng: random.Random, _: World, kind: str) -> Condition:
    return Condition(kind, rng.choice(_COINS), tidy(rng.uniform(0.5, 2)))


def _strength(rng: random.Random, _: World, kind: str) -> Condition:
    return Condition(kind, rng.choice(_COINS), tidy(rng.uniform(35, 65)), rng.choice(["4h", "1d"]))


def _average(rng: random.Random, _: World, kind: str) -> Condition:
    return Condition(kind, rng.choice(_COINS), Decimal(0), rng.choice(["4h", "1d"]))


def _portfolio(rng: random.Random, _: World, kind: str) -> Condition:
    return Condition(kind, "", Decimal(rng.randrange(400, 1100, 10)), "", rng.choice(AGENTS))


def _balance(rng: random.Random, _: World, kind: str) -> Condition:
    symbol = rng.choice(list(STARTS))
    units = tidy(rng.choice([50, 100, 120, 150, 300]) / float(STARTS[symbol]))
    return Condition(kind, symbol, units, "", rng.choice(AGENTS))


def _deposit(rng: random.Random, _: World, kind: str) -> Condition:
    least = Decimal(rng.choice([5, 20, 50, 60, 200]))
    return Condition(kind, rng.choice(["SEI", "USDC"]), least, "", rng.choice(AGENTS))


def _gas(rng: random.Random, _: World, kind: str) -> Condition:
    return Condition(kind, "", Decimal(rng.randrange(40, 90)))


def _digest(rng: random.Random, _: World, kind: str) -> Condition:
    clock = f"{rng.randrange(24):02}:{rng.choice([0, 15, 30, 45]):02}"
    day = rng.choice(["fri ", "sat ", "sun ", "mon "]) if kind == "DIGEST_WEEKLY" else ""
    return Condition(kind, "", Decimal(0), day + clock)


_MAKERS = {
    "PRICE_ABOVE": _price,
    "PRICE_BELOW": _price,
    "PRICE_CROSSES": _price,
    "PERCENT_CHANGE": _change,
    "NEW_HIGH": _extreme,
    "NEW_LOW": _extreme,
    "VOLUME_SPIKE": _volume,
    "RSI_ABOVE": _strength,
    "RSI_BELOW": _strength,
    "MA_CROSS_UP": _average,
    "MA_CROSS_DOWN": _average,
    "PORTFOLIO_ABOVE": _portfolio,
    "PORTFOLIO_BELOW": _portfolio,
    "BALANCE_ABOVE": _balance,
    "BALANCE_BELOW": _balance,
    "DEPOSIT": _deposit,
    "GAS_ABOVE": _gas,
    "GAS_BELOW": _gas,
    "DIGEST_DAILY": _digest,
    "DIGEST_WEEKLY": _digest,
}
