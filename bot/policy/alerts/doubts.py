"""What a sentence says that no alert can do: such words are never left out silently. Pure."""

import re
from collections.abc import Sequence

from bot.domain.errors import UserError
from bot.domain.symbols import mentions
from bot.policy.alerts.holdings import tells_holdings
from bot.policy.alerts.orders import refusal_of_order
from bot.policy.alerts.phrases import Phrase
from bot.policy.alerts.vocabulary import (
    ABOVE,
    AVERAGE,
    BALANCE,
    BELOW,
    CROSSES,
    DEPOSIT,
    EVER,
    FALLS,
    GAS,
    HIGH,
    LESS,
    LOW,
    MORE,
    MOVES,
    PORTFOLIO,
    RISES,
    RSI,
    VOLUME,
    WORKDAY,
)

_NEGATIONS = re.compile(
    r"\b(?:not|never|neither|nor|unless|except|without|cannot|\w+n't|dont|doesnt|isnt|wont|hasnt"
    r"|(?:instead|rather|other)\s+(?:of|than)|no\s+(?:longer|more|less|fewer|higher|lower|greater)"
    r"|stop(?:s|ped|ping)?(?!\s*-?\s*loss)|leav(?:es?|ing)\s+over\w+|out\s+of\s+over\w+)\b"
    r"|!\s*[=<>]|!\s+(?:above|below|equals)\b"
)
_LOOKS_BACK = re.compile(
    r"\b(?:(?:was|were|has|have)\s+(?:last|ever)|ever\s+(?:been|was|were|hit|had)"
    r"|last\s+(?:hit|was|were|crossed|reached|touched|traded|seen)|since|yesterday(?:'s)?|ago)\b"
)
_HOLDS = re.compile(
    r"\b(?:stay(?:s|ing)?|remain(?:s|ing)?|(?<!agent )(?<!escrow )(?<!wallet )holds"
    r"|holding\s+(?:above|below|over|under)"
    r"|for\s+(?:at\s+least|more\s+than|longer\s+than|over|a\s+full)\s+(?:an?\s+|[0-9]))"
)
_CLOSES = re.compile(r"\bclos(?:es?|ed|ing)\b(?!\s+(?:my|your|all|any)\b)")
_HOURS = re.compile(
    r"\b(?:(?:week)?ends?(?=\s*$)|weekends?|mornings?|afternoons?|evenings?|nights?|tonight"
    r"|tomorrow|hourly|next\s+(?:day|week|month|year)|office\s+hours|noon|midday|midnight"
    r"|jan(?:uary)?|feb(?:ruary)?|march|april|june|july|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?|twice|thrice|christmas|q[1-4])\b"
    r"|\bme\s+(?:up\s+)?(?:in|after|from)\s+(?:an?\s+|[0-9]+\s*)"
    r"(?:sec|min|m\b|h\b|hour|day|d\b|week|w\b|month)"
)
_OFTEN = re.compile(r"\b[0-9]+\s+times\b")
_OTHER_DOLLARS = r"(?:c|ca|cad|cdn|a|au|aud|nz|nzd|hk|hkd|s|sg|sgd|nt|ntd|r|brl|mx|mxn)"
_MONEY = re.compile(
    rf"(?<!\w){_OTHER_DOLLARS}\$(?=\s?[0-9.,])|[0-9]\s?{_OTHER_DOLLARS}\$"
    r"|[\u20ac\xa3\xa5\u20bf\u20b9\u20a9]|\b(?:eur|euros?|gbp|pounds?|quid|jpy|yen|chf|francs?|cny|rmb"
    r"|yuan|inr|rupees?|krw|aud|cad|sgd|brl|rub|rubles?|hkd|nzd|twd|mxn|zar|sek|nok|dkk|pln|sats?|satoshis?)\b"
)
_OTHERS = (
    r"dominance|(?:market\s*)?cap|marketcap|mcap|fdv|tvl|funding|yields?|ap[yr]|interest|spread"
    r"|volatility|pnl|p&l|positions?|liquidity|supply|perps?|perpetuals?|futures|slippage|premium"
    r"|burn(?:\s+rate)?|holders|wallets|addresses|inflation|staking\s+\w+|bid|ask|leverage|margin"
    r"|(?<!stop )(?<!stop-)(?<!stop)loss(?:es)?|(?<!take )(?<!take-)(?<!taking )profits?"
)
_FEES = r"fees?"
_OTHER_FIGURES = re.compile(rf"\b(?P<what>{_OTHERS}|{_FEES})\b")
_OTHER_OF_GAS = re.compile(rf"\b(?P<what>{_OTHERS})\b")
_OTHER_TOKENS = re.compile(
    r"\b(?P<what>(?:bitcoin|btc)\s+(?:cash|sv|gold)|(?:ethereum|eth|ether)\s+classic)\b"
)
_OTHER_LINES = re.compile(
    r"\b(?P<what>macd|emas?|bollinger|vwap|ichimoku|stoch(?:astic)?s?|adx|atr|obv|fib(?:onacci)?s?"
    r"|divergence|sigma|deviations?)\b"
)
_WORTH = re.compile(r"\bmy\b.*\bworth\b")
_TURNED = re.compile(
    r"(?:\b(?:above|below|over|under|beneath|exceeds|tops)|[<>]=?)\s+(?:the\s+)?"
    r"(?:price\s+of\s+)?(?P<name>\$?[a-z]\w*)"
)
_JOINTS = re.compile(
    r"\s(?:and|or|while|with|but|then|after|before|as\s+well\s+as)\s|[,;&/]\s|\s[&/+]\s"
)
_WORDS = re.compile(r"[a-z]+")
_FIGURE = re.compile(r"[0-9]")
_CHANGE = re.compile(
    r"[0-9]\s*(?:%|percent|per\s+cent|pct)|\b(?:doubl|tripl|halv)(?:es?|ed)\b|[0-9]\s*x\b"
)
_NAMED_RSI = frozenset({"overbought", "oversold"})
_NAMED_CROSS = frozenset({"golden", "death", "crossover", "ma", "mas", "sma", "smas"})
_LEVELS = ABOVE | BELOW | CROSSES | MORE | LESS
_MOVING = RISES | FALLS | MOVES
_SUBJECTS = frozenset({"rsi", "volume", "gas", "portfolio", "escrow", "cross"})
_ALIKE = (
    {"level", "move"},
    {"change", "move"},
    {"extreme", "move"},
)
_ONE_BY_ONE = "One alert watches one thing: write them one by one."


def doubt_about(phrase: Phrase, kind: str = "") -> UserError | None:
    """Why a sentence is not surely understood; None if nothing in it is left over.

    Args:
        phrase: it.
        kind: the name of the kind that takes it, empty where none does.
    """
    if order := refusal_of_order(phrase.plain):
        return UserError(order)
    if phrase.is_digest:
        return None
    for look in (_look_at_times, _look_at_negations, _look_at_things, _look_at_figures):
        if sentence := look(phrase, kind):
            return UserError(sentence)
    return None


def _look_at_times(phrase: Phrase, kind: str) -> str:
    text = phrase.plain
    if _LOOKS_BACK.search(text):
        return (
            "I watch what is to come, within a span I know, like: SEI +5% 1d or SEI new high 30d."
        )
    if _HOLDS.search(text):
        return "I tell when a line is reached, not how long it is held. Write: SEI above 0.25."
    if _CLOSES.search(text):
        return "I watch prices as they come, not closes nor what is near. Write: SEI above 0.25."
    timed = phrase.weekdays or phrase.times or phrase.says(WORKDAY) or _HOURS.search(text)
    often = _OFTEN.search(text) and kind not in {"volume_spike", ""} and _has_figure(phrase)
    if timed or often:
        return (
            "An alert watches day and night. It can ring once, every time or at most every 4h, and "
            "end on a date; /quiet sets quiet hours."
        )
    return ""


def _has_figure(phrase: Phrase) -> bool:
    return bool(phrase.numbers or phrase.percents)


def _look_at_negations(phrase: Phrase, _: str) -> str:
    smaller = phrase.says(LESS) or (phrase.says(BELOW) and min(phrase.percents, default=0) > 0)
    if phrase.percents and phrase.says(RISES | FALLS) and smaller:
        return "I tell when a change is at least so large. Write it like: SEI -5% 1h."
    if _NEGATIONS.search(phrase.plain):
        return "I watch for what happens, not for what does not. Write it like: SEI below 0.25."
    return ""


def _look_at_things(phrase: Phrase, _: str) -> str:
    """Two conditions in one sentence."""
    subjects = {family for family in _SUBJECTS if family in _subjects(phrase.plain)}
    if len(subjects) > 1 and subjects != {"portfolio", "escrow"}:
        return _ONE_BY_ONE
    parts = [part for part in _JOINTS.split(phrase.plain) if _family(part)]
    for number, part in enumerate(parts[1:], 1):
        if any(_clash(before, part, phrase.listed) for before in parts[:number]):
            return _ONE_BY_ONE
    return ""


def _clash(first: str, second: str, listed: Sequence[str]) -> bool:
    one, other = _family(first), _family(second)
    if one in _SUBJECTS and other in {"level", "move"} and not mentions(second, listed):
        named = not _NAMED_RSI.isdisjoint(_WORDS.findall(first))
        return bool(_FIGURE.search(second) and (named or _FIGURE.search(first)))
    return one != other and {one, other} not in _ALIKE


def _subjects(part: str) -> Sequence[str]:
    words = set(_WORDS.findall(part))
    named = {
        "rsi": RSI,
        "volume": VOLUME,
        "gas": GAS,
        "portfolio": PORTFOLIO,
        "escrow": BALANCE | DEPOSIT,
        "cross": _NAMED_CROSS if words & VOLUME else AVERAGE | _NAMED_CROSS,
    }
    return [family for family, marks in named.items() if words & marks]


def _family(part: str) -> str:
    """What a part of a sentence is about; empty if it says nothing of a figure."""
    if subjects := _subjects(part):
        return subjects[0]
    words, has_figure = set(_WORDS.findall(part)), bool(_FIGURE.search(part))
    if _CHANGE.search(part):
        return "change"
    if words & (HIGH | LOW | EVER) and not has_figure:
        return "extreme"
    if has_figure and words & (_LEVELS | _MOVING):
        return "level"
    return "move" if words & _MOVING else ""


def _look_at_figures(phrase: Phrase, kind: str) -> str:
    """Figures that are not watched."""
    text = phrase.plain
    if _MONEY.search(text):
        return "Prices are watched in USD. Write it like: SEI above 0.25."
    others = _OTHER_OF_GAS if kind == "gas_price" else _OTHER_FIGURES
    for pattern in (_OTHER_TOKENS, others, _OTHER_LINES):
        if found := pattern.search(text):
            return (
                f"I do not watch {' '.join(found['what'].split())}. I watch prices, volume, RSI, "
                "the cross of the averages of 20 and 50, gas, your portfolio and balances."
            )
    held = _WORTH.search(text) or tells_holdings(text)
    unnamed = not kind and not phrase.symbols and not phrase.says(PORTFOLIO | BALANCE | DEPOSIT)
    if held and (kind.startswith("price") or unnamed):
        return "For what you hold write portfolio above $500 or SEI balance below 10."
    turned = _TURNED.search(text)
    if turned and kind.startswith("price") and mentions(turned["name"], phrase.listed):
        rest = text[turned.end() :]
        if _FIGURE.search(text[: turned.start()]) and not _FIGURE.search(rest):
            return "Write the token first, like: SEI below 0.25."
    return ""
