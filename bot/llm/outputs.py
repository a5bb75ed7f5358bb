"""What the model may answer, and the way from its untrusted words to the domain.

Two steps: the pydantic models bound every field on its own; the `parse_` functions check an
answer against what is known (the market price, the cap, the listed tokens) and raise
`MalformedError` for what cannot be believed.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Decimal, localcontext
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from bot.domain.alerts import AlertWords
from bot.domain.analysis import (
    Action,
    Advice,
    Brief,
    Extraction,
    GuardVerdict,
    MarketView,
    MoreContext,
    TradeDecision,
)
from bot.domain.symbols import mentions, resolve, split_words
from bot.llm.scrub import clean_line, clean_text
from bot.ports.market import SPANS_DAYS

MAX_SYMBOLS = 5

_NEAR = Decimal("0.20")
_WIDEST = Decimal(5)
_PRICE_DIGITS = 8
_CENT = Decimal("0.01")
_REFUSAL = "I can only help with tokens, markets and trades on Sei."


class MalformedError(ValueError):
    """An answer that cannot be believed. The text names the check, never the answer's words."""


def _line(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda raw: clean_line(raw, limit) if isinstance(raw, str) else raw)


def _paragraphs(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda raw: clean_text(raw, limit) if isinstance(raw, str) else raw)


def _first(count: int) -> BeforeValidator:
    return BeforeValidator(lambda raw: raw[:count] if isinstance(raw, list) else raw)


Symbol = Annotated[str, _line(20)]
Sentence = Annotated[str, _line(300)]
UsdPrice = Annotated[
    Decimal,
    Field(gt=0, le=Decimal(10) ** 9, allow_inf_nan=False),
    WithJsonSchema({"type": "number"}),
]
UsdAmount = Annotated[Decimal, Field(allow_inf_nan=False), WithJsonSchema({"type": "number"})]


class _Answer(BaseModel):
    # Fields are required wherever possible: Gemini skips what a schema leaves optional.
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class GuardAnswer(_Answer):
    """Whether the question may go on; `reason` is for the user."""

    allowed: bool
    reason: Annotated[str, _line(200)]


class TickerAnswer(_Answer):
    """What the question is about."""

    symbols: Annotated[list[Symbol], _first(MAX_SYMBOLS)]
    unknown: Annotated[list[Symbol], _first(MAX_SYMBOLS)]


class Choice(StrEnum):
    """`Action`, or the wish to see more first."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"
    MORE = "MORE"


class DecisionAnswer(_Answer):
    """A decision, or with `MORE` the wish for other tokens or another span."""

    action: Choice
    symbol: Symbol
    entry_usd: UsdPrice | None
    stop_loss_usd: UsdPrice | None
    take_profit_usd: UsdPrice | None
    confidence: Annotated[int, Field(ge=0, le=100)]
    suggested_usd: UsdAmount
    summary: Annotated[str, _line(500)]
    reasons: Annotated[list[Sentence], _first(5)]
    risks: Annotated[list[Sentence], _first(5)]
    more_symbols: Annotated[list[Symbol], _first(MAX_SYMBOLS)] = []
    more_days: int = 0


class AdviceAnswer(_Answer):
    """A general answer."""

    text: Annotated[str, _paragraphs(2500), Field(min_length=1)]


class AlertType(StrEnum):
    """What can be watched; NONE for everything else."""

    PRICE_ABOVE = "PRICE_ABOVE"
    PRICE_BELOW = "PRICE_BELOW"
    PRICE_CROSSES = "PRICE_CROSSES"
    PERCENT_CHANGE = "PERCENT_CHANGE"
    NEW_HIGH = "NEW_HIGH"
    NEW_LOW = "NEW_LOW"
    VOLUME_SPIKE = "VOLUME_SPIKE"
    RSI_ABOVE = "RSI_ABOVE"
    RSI_BELOW = "RSI_BELOW"
    MA_CROSS_UP = "MA_CROSS_UP"
    MA_CROSS_DOWN = "MA_CROSS_DOWN"
    PORTFOLIO_ABOVE = "PORTFOLIO_ABOVE"
    PORTFOLIO_BELOW = "PORTFOLIO_BELOW"
    BALANCE_ABOVE = "BALANCE_ABOVE"
    BALANCE_BELOW = "BALANCE_BELOW"
    DEPOSIT = "DEPOSIT"
    GAS_ABOVE = "GAS_ABOVE"
    GAS_BELOW = "GAS_BELOW"
    DIGEST_DAILY = "DIGEST_DAILY"
    DIGEST_WEEKLY = "DIGEST_WEEKLY"
    NONE = "NONE"


class AlertAnswer(_Answer):
    """An alert a person asks for; `hours_between` and `until` are 0 and "" where not said."""

    condition: AlertType
    symbol: Symbol
    figure: Annotated[
        Decimal | None,
        Field(ge=-(10**12), le=10**12, allow_inf_nan=False),
        WithJsonSchema({"type": "number", "nullable": True}),
    ]
    window: Annotated[str, _line(9), Field(pattern=r"^([0-9]{1,3}[mhd]|([a-z]{3} )?[0-9:]{5}|)$")]
    every_time: bool
    hours_between: Annotated[int, Field(ge=0, le=720)]
    until: Annotated[str, _line(10), Field(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|)$")]


OUTPUTS: Mapping[str, type[BaseModel]] = {
    model.__name__: model
    for model in (GuardAnswer, TickerAnswer, DecisionAnswer, AdviceAnswer, AlertAnswer)
}


def parse_guard(answer: GuardAnswer) -> GuardVerdict:
    """A refusal always has a reason, an approval never."""
    return GuardVerdict(answer.allowed, "" if answer.allowed else answer.reason or _REFUSAL)


def parse_extraction(answer: TickerAnswer, question: str, listed: Sequence[str]) -> Extraction:
    """Symbols we list; as unknown only short words the person did write."""
    found: dict[str, None] = {}
    unknown: dict[str, None] = {}
    said = {word.removeprefix("$").upper() for word in split_words(question)}
    for word in (*answer.symbols, *answer.unknown):
        symbol = resolve(word, listed)
        name = word.removeprefix("$").upper()
        if isinstance(symbol, str):
            found[symbol] = None
        elif symbol is None and name in said and name.isascii() and len(name) <= 12:
            unknown[name] = None
    return Extraction(tuple(found)[:MAX_SYMBOLS], tuple(unknown)[:MAX_SYMBOLS])


_SENTENCES: Mapping[AlertType, str] = {
    AlertType.PRICE_ABOVE: "{symbol} above {figure}",
    AlertType.PRICE_BELOW: "{symbol} below {figure}",
    AlertType.PRICE_CROSSES: "{symbol} crosses {figure}",
    AlertType.PERCENT_CHANGE: "{symbol} {signed}% {window}",
    AlertType.NEW_HIGH: "{symbol} new high {window}",
    AlertType.NEW_LOW: "{symbol} new low {window}",
    AlertType.VOLUME_SPIKE: "{symbol} volume {figure}x",
    AlertType.RSI_ABOVE: "{symbol} rsi above {figure} {window}",
    AlertType.RSI_BELOW: "{symbol} rsi below {figure} {window}",
    AlertType.MA_CROSS_UP: "{symbol} golden cross {window}",
    AlertType.MA_CROSS_DOWN: "{symbol} death cross {window}",
    AlertType.PORTFOLIO_ABOVE: "portfolio above {figure}",
    AlertType.PORTFOLIO_BELOW: "portfolio below {figure}",
    AlertType.BALANCE_ABOVE: "{symbol} balance above {figure}",
    AlertType.BALANCE_BELOW: "{symbol} balance below {figure}",
    AlertType.DEPOSIT: "deposit {figure} {symbol}",
    AlertType.GAS_ABOVE: "gas above {figure}",
    AlertType.GAS_BELOW: "gas below {figure}",
    AlertType.DIGEST_DAILY: "daily digest {window}",
    AlertType.DIGEST_WEEKLY: "weekly digest {window}",
}


def parse_alert_words(
    answer: AlertAnswer, question: str, listed: Sequence[str]
) -> AlertWords | None:
    """A sentence of our own grammar, made of bounded parts; None if no alert was seen.

    Its token is a listed one, or a word that the person did write.
    """
    if answer.condition is AlertType.NONE:
        return None
    pattern = _SENTENCES[answer.condition]
    figure = "" if answer.figure is None else f"{answer.figure:f}"
    if not figure and "{figure}" in pattern and answer.condition is not AlertType.DEPOSIT:
        raise MalformedError("alert without a figure")
    symbol = _alert_symbol(answer.symbol, question, listed) if "{symbol}" in pattern else ""
    signed = figure if figure.startswith("-") else f"+{figure}"
    parts = [
        pattern.format(symbol=symbol, figure=figure, signed=signed, window=answer.window),
        "every time" if answer.every_time else "",
        f"at most every {answer.hours_between}h" if answer.hours_between else "",
        f"until {answer.until}" if answer.until else "",
    ]
    return AlertWords(", ".join(" ".join(part.split()) for part in parts if part))


def _alert_symbol(word: str, question: str, listed: Sequence[str]) -> str:
    found = parse_extraction(TickerAnswer(symbols=[word], unknown=[]), question, listed)
    named = found.symbols or found.unknown
    if not named:
        raise MalformedError("alert about a token nobody named")
    return named[0]


def parse_advice(answer: AdviceAnswer, analyst: str) -> Advice:
    """The text, already plain and bounded."""
    return Advice(answer.text, analyst)


def candidates(brief: Brief) -> tuple[MarketView, ...]:
    """The views a decision may be about: the first, and any other the question names."""
    by_symbol = {view.token.symbol: view for view in brief.views}
    named = tuple(by_symbol[symbol] for symbol in mentions(brief.question, tuple(by_symbol)))
    first = brief.views[:1]
    return first + tuple(view for view in named if view not in first)


def parse_decision(
    answer: DecisionAnswer, brief: Brief, analyst: str
) -> TradeDecision | MoreContext:
    """Believe a decision only if it is about an asked token and near the market.

    The suggested amount is clipped to [0, cap] and rounded down to cents; HOLD suggests nothing
    and keeps its levels only where they surround the price.
    """
    if answer.action is Choice.MORE:
        return _parse_more(answer, brief)
    view = next((v for v in candidates(brief) if v.token.symbol == answer.symbol), None)
    if view is None:
        raise MalformedError("decision is about a token nobody asked for")
    if not answer.summary or not answer.reasons:
        raise MalformedError("decision without a reason")
    action = Action(answer.action.value)
    entry, stop, target = _levels(answer, action, view.price.usd)
    if action is not Action.HOLD and view.token.symbol not in brief.tradable:
        raise MalformedError("decision to trade a token that is not tradable")
    wish = Decimal(0) if action is Action.HOLD else answer.suggested_usd
    return TradeDecision(
        action=action,
        symbol=view.token.symbol,
        entry=entry,
        stop_loss=stop,
        take_profit=target,
        confidence=answer.confidence,
        suggested_usd=_clipped(wish, brief.trade_cap_usd),
        summary=answer.summary,
        reasons=tuple(reason for reason in answer.reasons if reason),
        risks=tuple(risk for risk in answer.risks if risk),
        analyst=analyst,
    )


def _parse_more(answer: DecisionAnswer, brief: Brief) -> MoreContext:
    if not brief.may_ask_more:
        raise MalformedError("asked for more context twice")
    shown = {view.token.symbol for view in brief.views}
    known = tuple(dict.fromkeys((*brief.tradable, *shown)))
    wanted = dict.fromkeys(
        s for word in answer.more_symbols if isinstance(s := resolve(word, known), str)
    )
    symbols = tuple(symbol for symbol in wanted if symbol not in shown)
    days = next((span for span in SPANS_DAYS if span >= answer.more_days), SPANS_DAYS[-1])
    same_span = answer.more_days <= 0 or all(view.history.days == days for view in brief.views)
    if not symbols and same_span:
        raise MalformedError("asked for more context without saying which")
    return MoreContext(symbols, brief.views[0].history.days if same_span and brief.views else days)


def _levels(
    answer: DecisionAnswer, action: Action, price: Decimal
) -> tuple[Decimal, Decimal | None, Decimal | None]:
    entry = price if answer.entry_usd is None else _rounded(answer.entry_usd)
    if abs(entry - price) > price * _NEAR:
        raise MalformedError("entry is far from the market price")
    stop, target = answer.stop_loss_usd, answer.take_profit_usd
    if action is Action.HOLD:
        around = stop is not None and target is not None and stop < entry < target
        if not around or stop is None or target is None or not _sane((stop, target), price):
            return entry, None, None
        return entry, _rounded(stop), _rounded(target)
    if stop is None or target is None:
        raise MalformedError("trade without stop or target")
    stop, target = _rounded(stop), _rounded(target)
    ordered = stop < entry < target if action is Action.BUY else target < entry < stop
    if not ordered:
        raise MalformedError("stop or target on the wrong side of the entry")
    if not _sane((stop, target), price):
        raise MalformedError("stop or target is out of proportion to the market price")
    return entry, stop, target


def _sane(levels: Sequence[Decimal], price: Decimal) -> bool:
    return all(price / _WIDEST <= level <= price * _WIDEST for level in levels)


def _rounded(price: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = _PRICE_DIGITS
        return +price


def _clipped(wish: Decimal, cap: Decimal) -> Decimal:
    return max(Decimal(0), min(wish, cap)).quantize(_CENT, rounding=ROUND_DOWN)
