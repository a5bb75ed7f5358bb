"""Figures as a textbook has them, for the oracle alone."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.analysis import Candle, PriceHistory

_DAY = timedelta(days=1)


def percent(price: Decimal, other: Decimal) -> Decimal:
    return (price / other - 1) * 100


def relative_strength(closes: Sequence[Decimal]) -> Decimal | None:
    """Wilder's, over 14 closes."""
    if len(closes) <= 14:
        return None
    moves = [float(closes[n] - closes[n - 1]) for n in range(1, len(closes))]
    gain = sum(max(move, 0.0) for move in moves[:14]) / 14
    loss = sum(max(-move, 0.0) for move in moves[:14]) / 14
    for move in moves[14:]:
        gain = (gain * 13 + max(move, 0.0)) / 14
        loss = (loss * 13 + max(-move, 0.0)) / 14
    return Decimal(100 * gain / (gain + loss)) if gain + loss else Decimal(50)


def average_cross(closes: Sequence[Decimal]) -> Decimal | None:
    if len(closes) < 50:
        return None
    return percent(sum(closes[-20:], Decimal(0)) / 20, sum(closes[-50:], Decimal(0)) / 50)


def volume_against_week(candles: Sequence[Candle], end: datetime) -> Decimal | None:
    day = [c.volume for c in candles if end - _DAY <= c.opened_at < end]
    week = [c.volume for c in candles if end - 8 * _DAY <= c.opened_at < end - _DAY]
    if not sum(week):
        return None
    return sum(day, Decimal(0)) / (sum(week, Decimal(0)) / 7)


def candle_path(
    history: PriceHistory,
    seen: Sequence[tuple[datetime, Decimal]],
    since: datetime,
    until: datetime,
) -> Iterator[tuple[datetime, Decimal]]:
    """What a token did between two times, by its candles."""
    ends = [*[candle.opened_at for candle in history.candles][1:], history.as_of]
    for candle, end in zip(history.candles, ends, strict=True):
        if end <= since or end > until:
            continue
        rising = candle.close >= candle.open
        first, second = (candle.low, candle.high) if rising else (candle.high, candle.low)
        if candle.opened_at >= since:
            length = end - candle.opened_at
            steps = [(length / 8, candle.open), (length / 4, first), (length / 2, second)]
            points = [(candle.opened_at + wait, price) for wait, price in steps]
        else:
            length = end - since
            known = [price for at, price in seen if at >= candle.opened_at]
            points = [(since + length / 4, first), (since + length / 2, second)]
            if known:
                points = [(at, p) for at, p in points if p < min(known) or p > max(known)]
        points.append((end, candle.close))
        yield from (point for point in points if point[0] < until)
