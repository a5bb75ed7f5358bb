"""The mean of 20 closes crosses that of 50: upwards a golden, downwards a death cross."""

import re
from dataclasses import replace
from decimal import Decimal

from bot.domain.alerts import Condition, Direction
from bot.domain.errors import UserError
from bot.policy.alerts.kind import AlertKind, Watch
from bot.policy.alerts.kinds._meters import AVERAGE as METER
from bot.policy.alerts.kinds._meters import TIMEFRAMES
from bot.policy.alerts.kinds._reading import (
    SMALLEST,
    both_ways,
    check_symbol,
    check_window,
    in_weeks,
    one_symbol,
    one_window,
    percent,
    way,
)
from bot.policy.alerts.phrases import Phrase
from bot.policy.alerts.vocabulary import AVERAGE, CROSSES, VOLUME

_UP, _DOWN = "MA_CROSS_UP", "MA_CROSS_DOWN"
_EXAMPLE = "SEI golden cross 4h"
_USUAL = "4h"
_LENGTHS = frozenset({"20d", "50d"})
"""`The 20 day average` is on daily candles."""
_LENGTH = re.compile(r"(?<![\w.])([0-9]+)(?![0-9]|[\s-]?(?:h|hours?|min|minutes?|d)\b)")
"""Numbers that are no timeframe."""
_PAIR = re.compile(
    r"\b(?:averages|mas|smas)\s+cross|\bcross(?:over|ing)?\s+of\s+(?:the\s+|moving\s+)*averages"
    r"|\b(?:averages?|ma|sma)\s+cross(?:over)?\b|\b(?:bullish|bearish)\s+(?:ma\s+)?cross(?:over)?\b"
)
_OTHERS = frozenset({"ema", "emas", "macd"})
_SLACK = Decimal("0.2")
_NAMED = {"golden": 1, "death": -1, "bullish": 1, "bearish": -1}


def _parse(phrase: Phrase) -> Condition | None:
    if not phrase.says(AVERAGE) or not phrase.says(CROSSES | {"crossover", "above", "below"}):
        return None
    if phrase.is_digest or (phrase.says(VOLUME) and not phrase.says(_NAMED)):
        return None
    _check_lines(phrase)
    named = {turn for word, turn in _NAMED.items() if word in phrase.words}
    turn = way(phrase)
    if len(named) > 1 or (turn and named and turn not in named):
        raise both_ways()
    turn = turn or next(iter(named), 0)
    if not turn:
        raise UserError("Upwards or downwards? Write SEI golden cross 4h or SEI death cross 4h.")
    daily = "daily" in phrase.words or not _LENGTHS.isdisjoint(phrase.spans)
    spans = tuple(span for span in phrase.spans if span not in _LENGTHS)
    usual = "1d" if daily else _USUAL
    window = one_window(in_weeks(replace(phrase, spans=spans)), TIMEFRAMES, usual, _EXAMPLE)
    symbol = one_symbol(phrase, _EXAMPLE)
    return Condition(_UP if turn > 0 else _DOWN, symbol, Decimal(0), window)


def _check_lines(phrase: Phrase) -> None:
    """Refuse averages of other lengths, and a price against an average."""
    text = phrase.plain
    named = phrase.says({"golden", "death"})
    lengths = _LENGTH.findall(text)
    known = (lengths in (["20", "50"], ["50", "20"]) and named) or lengths == ["20", "50"]
    pair = named or known or _PAIR.search(text)
    if (lengths and not known) or not pair or phrase.says(_OTHERS) or phrase.percents:
        raise UserError(
            "I watch the simple average of 20 candles crossing that of 50, on 4h or 1d candles. "
            f"Write it like: {_EXAMPLE}, or SEI death cross 1d."
        )


def _check(condition: Condition) -> None:
    check_symbol(condition, _EXAMPLE)
    check_window(condition, TIMEFRAMES, _EXAMPLE)
    if condition.threshold:
        raise UserError(f"A cross of averages has no figure of its own. Write: {_EXAMPLE}.")


def _describe(condition: Condition) -> str:
    name = "golden" if condition.type == _UP else "death"
    return f"{condition.symbol} {name} cross of averages ({condition.window})"


def _figure(value: Decimal) -> str:
    return f"average of 20 {percent(value)} from that of 50"


def _watch(condition: Condition) -> Watch:
    up = condition.type == _UP
    return Watch(
        series=METER.series(condition.symbol, condition.window),
        direction=Direction.UP if up else Direction.DOWN,
        line=SMALLEST if up else -SMALLEST,
        slack=_SLACK,
    )


ALERT = AlertKind(
    name="ma_cross",
    conditions=(_UP, _DOWN),
    title="Moving averages cross",
    example=_EXAMPLE,
    order=40,
    parse=_parse,
    check=_check,
    describe=_describe,
    figure=_figure,
    watch=_watch,
    meters=(METER,),
    asks=("token", "window"),
    windows=TIMEFRAMES,
)
