"""A full decision card from indicators and risk measures alone; same figures, same card."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from bot.domain.analysis import Action, Brief, MarketView, TradeDecision
from bot.domain.symbols import mentions
from bot.llm.outputs import candidates
from bot.llm.signals import OVERBOUGHT, Reading, read
from bot.llm.wording import dollars, listing, percent

_ACT = Decimal("0.3")
_REWARD_TO_RISK = 2  # the summary says twice
_NARROWEST, _WIDEST = Decimal("0.01"), Decimal("0.15")
_ATR_MULTIPLE = 2
_CALM = Decimal("0.6")
_DAYS_A_YEAR = Decimal(365)
_DIGITS = 6
_AGAINST = {Action.BUY: -1, Action.SELL: 1}


def decide_by_rules(brief: Brief, analyst: str) -> TradeDecision:
    """Decide on the named token with the best case, else on the first view."""
    readings = tuple(read(view) for view in _asked(brief))
    reading = max(readings, key=lambda r: r.score)
    if reading.score < _ACT:
        reading = readings[0]
    action, caveat = _action(reading, brief)
    price = reading.view.price.usd
    distance = _distance(reading.view)
    sign = {Action.BUY: 1, Action.SELL: -1, Action.HOLD: 0}[action]
    stop, target = price - sign * distance, price + sign * distance * _REWARD_TO_RISK
    confidence = _confidence(reading, action)
    return TradeDecision(
        action=action,
        symbol=reading.view.token.symbol,
        entry=price,
        stop_loss=_rounded(stop) if sign else None,
        take_profit=_rounded(target) if sign else None,
        confidence=confidence,
        suggested_usd=_amount(reading.view, action, confidence, brief),
        summary=_summary(reading, action, caveat, distance),
        reasons=_reasons(reading, readings, action),
        risks=_risks(reading, action, brief),
        analyst=analyst,
    )


def _asked(brief: Brief) -> Sequence[MarketView]:
    named = mentions(brief.question, tuple(view.token.symbol for view in brief.views))
    views = candidates(brief)
    return [view for view in views if view.token.symbol in named] or views[:1]


def _action(reading: Reading, brief: Brief) -> tuple[Action, str]:
    """The action, and why a signalled trade cannot be advised."""
    symbol = reading.view.token.symbol
    if abs(reading.score) < _ACT:
        return Action.HOLD, ""
    if symbol not in brief.tradable:
        return Action.HOLD, f"{symbol} cannot be traded here"
    if reading.score > 0:
        return Action.BUY, ""
    if _held_usd(symbol, brief) <= 0:
        return Action.HOLD, f"this agent holds no {symbol} to sell"
    return Action.SELL, ""


def _held_usd(symbol: str, brief: Brief) -> Decimal:
    return sum((usd for held, _, usd in brief.holdings if held == symbol), Decimal(0))


def _distance(view: MarketView) -> Decimal:
    """From entry to stop: two average ranges or one day's volatility, within 1 % to 15 %."""
    price = view.price.usd
    day = Decimal(str(view.risk.volatility)) / _DAYS_A_YEAR.sqrt() * price
    ranges = Decimal(str(view.indicators.atr_14 or 0)) * _ATR_MULTIPLE
    return min(max(day, ranges, price * _NARROWEST), price * _WIDEST)


def _confidence(reading: Reading, action: Action) -> int:
    strength = abs(reading.score)
    base = 70 - 60 * strength if action is Action.HOLD else 45 + 45 * strength
    if not reading.signals:
        base = Decimal(30)
    wild = 10 if reading.view.risk.volatility > 1 else 0
    return max(10, min(90, int(base) - 8 * len(reading.missing) - wild))


def _amount(view: MarketView, action: Action, confidence: int, brief: Brief) -> Decimal:
    """The cap, less the lower the confidence and the wilder the token; never over the holding."""
    if action is Action.HOLD:
        return Decimal(0)
    volatility = Decimal(str(view.risk.volatility))
    calm = min(Decimal(1), _CALM / volatility) if volatility > 0 else Decimal(1)
    wish = brief.trade_cap_usd * confidence / 100 * max(calm, Decimal("0.25"))
    if action is Action.SELL:
        wish = min(wish, _held_usd(view.token.symbol, brief))
    return wish.quantize(Decimal(1) if wish >= 5 else Decimal("0.01"), rounding=ROUND_DOWN)


def _summary(reading: Reading, action: Action, caveat: str, distance: Decimal) -> str:
    price, symbol = reading.view.price.usd, reading.view.token.symbol
    if not reading.signals:
        return f"Hold: there is too little price history of {symbol} to judge it by."
    if caveat:
        way = "rise" if reading.score > 0 else "fall"
        return f"Hold: the signals for {symbol} lean towards a {way}, but {caveat}."
    if action is Action.HOLD:
        return f"Hold: the signals for {symbol} give no clear direction at {dollars(price)}."
    verb, way = ("Buy", "rise") if action is Action.BUY else ("Sell", "fall")
    risk = percent(distance / price)
    return (
        f"{verb} {symbol} near {dollars(price)}: the signals lean towards a {way}. "
        f"The stop is {risk} away and the target twice as far."
    )


def _reasons(reading: Reading, readings: Sequence[Reading], action: Action) -> tuple[str, ...]:
    """Signals that made the score first; then how other named tokens compare.

    What speaks against a trade is told among its risks.
    """
    made = {1} if reading.score >= _ACT else {-1} if reading.score <= -_ACT else {1, -1}
    kept = [signal for signal in reading.signals if signal.vote != _AGAINST.get(action)]
    ordered = sorted(kept, key=lambda s: (s.vote not in made, -s.weight))
    texts = [signal.text for signal in ordered]
    change = reading.view.price.change_24h_pct
    if change is not None:
        moved = "rose" if change > 0 else "fell" if change < 0 else "did not move"
        by = f" {percent(abs(change) / 100)}" if change else ""
        texts.append(f"In the last 24 hours the price {moved}{by}.")
    texts += [
        f"{other.view.token.symbol} looks {_compared(other, reading)}: signals of "
        f"{other.score:+.2f} against {reading.score:+.2f} (from -1 to +1)."
        for other in readings
        if other is not reading
    ]
    return tuple(texts) or ("No indicator could be computed.",)


def _compared(other: Reading, chosen: Reading) -> str:
    if other.score == chosen.score:
        return "about the same"
    return "weaker" if other.score < chosen.score else "stronger"


def _risks(reading: Reading, action: Action, brief: Brief) -> tuple[str, ...]:
    risk, symbol = reading.view.risk, reading.view.token.symbol
    texts = [
        f"Volatility is {percent(risk.volatility)} a year; on one day in twenty the loss was "
        f"{percent(risk.value_at_risk_95)} or more.",
        f"Over the last {reading.view.history.days} days {symbol} fell by up to "
        f"{percent(risk.max_drawdown)} from its high.",
    ]
    against = _AGAINST.get(action)
    texts += [f"Against this: {s.text}" for s in reading.signals if s.vote == against]
    rsi = reading.view.indicators.rsi_14
    if action is Action.BUY and rsi is not None and OVERBOUGHT - 5 <= rsi < OVERBOUGHT:
        texts.append(f"RSI of {rsi:.0f} is close to overbought.")
    if reading.missing:
        texts.append(f"The history is too short for: {listing(reading.missing)}.")
    if brief.instructions.strip():
        texts.append("The rules do not read your instructions; weigh this against them yourself.")
    return tuple(texts)


def _rounded(price: Decimal) -> Decimal:
    return round(price, _DIGITS - 1 - price.adjusted())
