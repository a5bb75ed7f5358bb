"""What is typed into a waiting question: a figure, a span, the time of a digest. Pure.

A question is answered by few words. Whatever else stands in an answer makes it none: a word too
many may mean another alert, and what is typed there changes one at once.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.domain.alerts import Condition, Direction, rounded
from bot.domain.errors import UserError
from bot.domain.money import exact
from bot.domain.symbols import resolve
from bot.policy.alerts.digest_times import DAYS, WORKDAYS, digest_window, read_digest_window
from bot.policy.alerts.kind import AlertKind, AlertKinds, Watch
from bot.policy.alerts.phrases import Phrase, read_phrase
from bot.policy.alerts.vocabulary import (
    ABOVE,
    BELOW,
    CROSSES,
    FALLS,
    RISES,
    WORKDAY,
    weekday_of,
)

_PERCENT, _TIMES, _DOLLARS, _UNITS = "per cent", "times the usual", "dollars", "units"
_EXAMPLES = {_PERCENT: "-5%", _TIMES: "3x", _DOLLARS: "0.25", _UNITS: "30"}
_UP, _DOWN, _CROSSING = "up", "down", "cross"
_SIDES = {_UP: "above a figure", _DOWN: "below a figure", _CROSSING: "a figure from either side"}
_FILLING = frozenset({"at", "figure", "level", "please", "price", "to"})
_LEADS = frozenset({"by", "in", "inside", "within", "per"})
_NAMES = {
    "gas_price": frozenset({"gas", "nsei", "gwei"}),
    "rsi_level": frozenset({"rsi"}),
    "volume_spike": frozenset({"volume", "usual"}),
    "portfolio_value": frozenset({"portfolio"}),
    "escrow_balance": frozenset({"balance"}),
}
_MONEY = frozenset({"usd", "dollar", "dollars"})
_DIGEST = frozenset(
    {"digest", "at", "on", "every", "each", "in", "the", "and", "day", "daily", "weekly", "to"}
    | {"o'clock", "noon", "midday", "midnight", "morning", "evening"}
)
_ALL_DAYS = frozenset({"daily", "day"})
_WORKING_WEEK = {0, 4}
_CLOCKS = re.compile(r"[0-9]{1,2}(?::[0-9]{2}|\s?[ap]\.?m)|noon|midday|midnight", re.ASCII)
_POINTED = re.compile(r"(?<![\w.,:])([0-9]{1,2})\.([0-5][0-9])(?![\w.,:%])", re.ASCII)
"""A time of the day as it is written in German."""
_WEEKLY = "DIGEST_WEEKLY"
_SET_WEEKLY = "Set it with /alert weekly digest on friday at 9:00, and delete this one."


@dataclass(frozen=True, slots=True)
class Level:
    """A figure as typed.

    `signed`: its sign was written, or follows from a word. `window` is a span beside it, `turn`
    the way that its words name (`up`, `down`, `cross`); both are "" where nothing is said.
    """

    value: Decimal
    signed: bool = False
    window: str = ""
    turn: str = ""


def parse_level(text: str, kind: AlertKind, symbol: str = "") -> Level:
    """A figure of a kind: `0.25`, `$1,250`, `below 60k`, `-5%`, `8% in 4h`, `3x`.

    Raises:
        UserError: it is none, more than one, in another unit, or has words that say more.
    """
    phrase = read_phrase(text, (symbol,) if symbol else ())
    unit = _unit_of(kind)
    _refuse_words(phrase, kind, unit)
    value, signed = _PARSERS[unit](phrase, unit)
    turn = "" if unit == _PERCENT else _turn(phrase)
    return Level(rounded(value), signed, _window(phrase, kind), turn)


def parse_change(
    text: str, kinds: AlertKinds, condition: Condition, *, may_turn: bool = False
) -> Condition:
    """A condition with what was typed in place of its figure, its span or its time.

    Args:
        text: as typed.
        kinds: all of them.
        condition: as it is.
        may_turn: whether `below 0.15` may make a condition of another type of it.

    Raises:
        UserError: it is no such thing, or not surely.
    """
    kind = kinds.of(condition)
    if kind.watch(condition) is None:
        return parse_digest_time(text, kind, condition, may_turn=may_turn)
    if "threshold" not in kind.asks or _is_span(text, kind, condition.symbol):
        return replace(condition, window=parse_window(text, kind))
    level = parse_level(text, kind, condition.symbol)
    falls = condition.threshold < 0 and not level.signed
    line = -level.value if falls else level.value
    after = replace(condition, threshold=line, window=level.window or condition.window)
    watch = kind.watch(condition)
    if watch is None or level.turn in ("", turn_of(watch)):
        return after
    if may_turn and (turned := _turned(after, level.turn, kinds, watch.series)):
        return turned
    raise _other_way(turn_of(watch))


def parse_window(text: str, kind: AlertKind) -> str:
    """One of a kind's windows: `4h`, `an hour`; `weekdays`, `every friday`.

    Raises:
        UserError: another one.
    """
    word = " ".join(text.lower().split())
    if "time" in kind.asks:
        phrase = read_phrase(word, ())
        days = _days(phrase, "weekdays or friday") if _knows(phrase, _DIGEST | WORKDAY) else None
        found = "daily" if days == "" else days
    else:
        squeezed = word.replace(" ", "")
        spans = read_phrase(f"in {word}", ()).spans
        found = squeezed if squeezed in kind.windows or len(spans) != 1 else spans[0]
    if found not in kind.windows:
        raise UserError(f"I can watch {', '.join(kind.windows)}. Tap or write one of these.")
    return found


def parse_digest_time(
    text: str, kind: AlertKind, condition: Condition, *, may_turn: bool = True
) -> Condition:
    """A digest at another time, on other days, or both; what is not said stays.

    The examples in a refusal are those that work: a daily one becomes a weekly one only if it
    `may_turn`.

    Raises:
        UserError: it is no time, or on days that no digest has.
    """
    known = read_digest_window(condition.window)
    likes = _digest_examples(condition, may_turn=may_turn)
    no_time = UserError(f"I cannot read that as a time. Write it like {likes}.")
    clock = _POINTED.sub(r"\1:\2", text.strip().lower().removeprefix("at "))
    phrase = read_phrase(f"digest at {clock}", ())
    if known is None or _says_more(phrase):
        raise no_time
    days = _days(phrase, likes)
    if phrase.at is None and days is None:
        raise no_time
    window = digest_window(phrase.at or known.at, known.days if days is None else days)
    for name in kind.conditions:
        after = replace(condition, type=name, window=window, threshold=Decimal(0))
        try:
            kind.check(after)
        except UserError:
            continue
        return after
    raise no_time


def _digest_examples(condition: Condition, *, may_turn: bool) -> str:
    if may_turn:
        return "08:00, friday 9:00 or weekdays 9:00"
    return "08:00 or friday 9:00" if condition.type == _WEEKLY else "08:00 or weekdays 9:00"


def _says_more(phrase: Phrase) -> bool:
    """Whether something besides days and one time stands beside a digest."""
    counted = phrase.numbers or phrase.percents or phrase.factors or phrase.spans
    two = len(_CLOCKS.findall(phrase.text)) > 1
    pair = "and" in phrase.words and len(phrase.weekdays) < 2
    strange = bool(phrase.strangers) or not _knows(phrase, _DIGEST | WORKDAY)
    return bool(counted) or two or pair or strange or "?" in phrase.text


def turn_of(watch: Watch) -> str:
    """The way in which a line is crossed: `up`, `down` or `cross`."""
    if watch.both_ways:
        return _CROSSING
    return _UP if watch.direction is Direction.UP else _DOWN


def _unit_of(kind: AlertKind) -> str:
    words = kind.figure(Decimal(5)).rstrip()
    if words.endswith("%"):
        return _PERCENT
    if "x the usual" in words:
        return _TIMES
    return _DOLLARS if words.startswith("$") else _UNITS


def _refuse_words(phrase: Phrase, kind: AlertKind, unit: str) -> None:
    """Refuse a word, a time or a money unit that has no place beside this kind's figure."""
    known = _FILLING | _NAMES.get(kind.name, frozenset()) | ABOVE | BELOW | CROSSES
    if unit == _PERCENT:
        known = _FILLING | _LEADS | RISES | FALLS
    if unit == _DOLLARS:
        known |= _MONEY
    if "window" in kind.asks:
        known |= _LEADS
    wrong_money = unit != _DOLLARS and ("$" in phrase.text or "cent" in _cents(phrase))
    timed = phrase.at is not None or bool(phrase.weekdays)
    strange = bool(phrase.strangers) or not _knows(phrase, known) or "?" in phrase.text
    if strange or timed or wrong_money:
        raise _no_figure(unit)
    if unit != _PERCENT and "by" in phrase.words:
        raise _no_figure(unit)


def _knows(phrase: Phrase, words: Collection[str]) -> bool:
    """Whether all its words are of these, days of the week, or the token's name."""
    return all(
        word in words or resolve(word, phrase.listed) is not None or weekday_of(word) is not None
        for word in phrase.words
    )


def _cents(phrase: Phrase) -> str:
    return phrase.text.lower().replace("per cent", "").replace("percent", "")


def _percent(phrase: Phrase, unit: str) -> tuple[Decimal, bool]:
    """`5%`, `-5`, `rises 3%`; a bare `0.15` may be a price."""
    value = _only((*phrase.percents, *phrase.numbers), phrase.factors, unit)
    if not phrase.percents and abs(value) < 1:
        raise UserError(f"Is that per cent? Write it with its sign, like {abs(value):f}%.")
    rises, falls = phrase.says(RISES), phrase.says(FALLS)
    written = value < 0 or "+" in phrase.text
    if (rises and falls) or (rises and value < 0) or (falls and written and value > 0):
        raise UserError("That says up and down at once. Write it like -5% or +5%.")
    return (-abs(value) if falls else value), written or rises or falls


def _times(phrase: Phrase, unit: str) -> tuple[Decimal, bool]:
    """`3x`, `3`, or `+50%`, which is 1.5 times; `150%` may be 1.5 or 2.5 times."""
    if phrase.percents:
        value = _only(phrase.percents, (*phrase.numbers, *phrase.factors), unit)
        if "+" not in phrase.text:
            raise _no_figure(unit)
        with exact():
            return 1 + value / 100, False
    value = _only((*phrase.factors, *phrase.numbers), (), unit)
    _refuse_sign(phrase, value, unit)
    return value, False


def _plain(phrase: Phrase, unit: str) -> tuple[Decimal, bool]:
    value = _only(phrase.numbers, (*phrase.percents, *phrase.factors), unit)
    _refuse_sign(phrase, value, unit)
    return value, False


_PARSERS = {_PERCENT: _percent, _TIMES: _times, _DOLLARS: _plain, _UNITS: _plain}


def _only(found: Sequence[Decimal], others: Sequence[Decimal], unit: str) -> Decimal:
    if others and not found and unit in (_DOLLARS, _UNITS):
        raise UserError(
            "I need the figure itself, not per cent or times. "
            f"Write it alone, like {_EXAMPLES[unit]}."
        )
    if len(found) != 1 or others:
        raise _no_figure(unit)
    return found[0]


def _refuse_sign(phrase: Phrase, value: Decimal, unit: str) -> None:
    """`+0.05` would be a change of the figure."""
    if value < 0 or "+" in phrase.text:
        raise _no_figure(unit)


def _no_figure(unit: str) -> UserError:
    what = "a figure" if unit == _UNITS else f"a figure in {unit}"
    return UserError(f"I cannot read that as {what}. Write it alone, like {_EXAMPLES[unit]}.")


def _turn(phrase: Phrase) -> str:
    named = {_UP: ABOVE, _DOWN: BELOW, _CROSSING: CROSSES}
    found = [turn for turn, words in named.items() if phrase.says(words)]
    if len(found) > 1:
        raise UserError("That says two ways at once. Write the figure alone.")
    return found[0] if found else ""


def _window(phrase: Phrase, kind: AlertKind) -> str:
    if not phrase.spans:
        return ""
    if len(phrase.spans) > 1 or "window" not in kind.asks:
        raise UserError(
            f"A span has no place here. Write the figure alone, like {_EXAMPLES[_unit_of(kind)]}."
        )
    return parse_window(phrase.spans[0], kind)


def _is_span(text: str, kind: AlertKind, symbol: str) -> bool:
    """`4h` alone."""
    phrase = read_phrase(f"in {text}", (symbol,) if symbol else ())
    figures = phrase.numbers or phrase.percents or phrase.factors
    return "window" in kind.asks and bool(phrase.spans) and not figures


def _turned(condition: Condition, turn: str, kinds: AlertKinds, series: str) -> Condition | None:
    """The same line on the same series, watched the other way."""
    for kind in kinds.kinds:
        for name in kind.conditions:
            after = replace(condition, type=name)
            watch = _watch(kind, after)
            if watch and watch.series == series and turn_of(watch) == turn:
                return after
    return None


def _watch(kind: AlertKind, condition: Condition) -> Watch | None:
    try:
        kind.check(condition)
    except (UserError, KeyError):
        return None
    return kind.watch(condition)


def _other_way(turn: str) -> UserError:
    return UserError(
        f"This alert is for {_SIDES[turn]}, and you wrote another way. Write the figure alone, "
        "or set another one with /alert."
    )


def _days(phrase: Phrase, likes: str) -> str | None:
    """`weekdays`, one of `DAYS`, "" for all of them; None where none are named."""
    days = set(phrase.weekdays)
    span = days == _WORKING_WEEK and "and" not in phrase.words
    working, every = phrase.says(WORKDAY) or span, phrase.says(_ALL_DAYS)
    if working and not every and (span or not days):
        return WORKDAYS
    if len(days) > 1 or working or (days and every):
        raise UserError(
            "A digest comes every day, on weekdays, or on one day of the week. Write it like "
            f"{likes}."
        )
    if days:
        return DAYS[days.pop()]
    if every:
        return ""
    if "weekly" in phrase.words:
        way = "Write it like friday 9:00." if "friday" in likes else _SET_WEEKLY
        raise UserError(f"On which day of the week? {way}")
    return None
