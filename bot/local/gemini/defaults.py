"""Well-formed answers made up from the request itself, so that nothing needs to be scripted.

The kind of question shows in the response schema; the facts are read back from the fenced data.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bot.local.gemini.replies import Reply, answer, error

_MARKS = {
    "allowed": "guard",
    "action": "decision",
    "symbols": "ticker",
    "text": "advice",
    "condition": "alert",
}


class Kind(StrEnum):
    """Which prompt a request was made of; `OTHER` for a schema not known here."""

    GUARD = "guard"
    TICKER = "ticker"
    DECISION = "decision"
    ADVICE = "advice"
    ALERT = "alert"
    OTHER = "other"


def kind_of(body: Mapping[str, Any]) -> Kind:
    """Recognise a request by the fields its response schema asks for."""
    schema = body.get("generationConfig", {}).get("responseSchema", {})
    fields = schema.get("properties", {})
    return Kind(next((kind for mark, kind in _MARKS.items() if mark in fields), "other"))


def default_answer(kind: Kind, prompt: str) -> Reply:
    """What an agreeable model would say."""
    if kind is Kind.GUARD:
        return answer({"allowed": True, "reason": ""})
    if kind is Kind.TICKER:
        return answer({"symbols": _named(prompt), "unknown": []})
    if kind is Kind.DECISION:
        return answer(_decision(prompt))
    if kind is Kind.ADVICE:
        return answer({"text": "The market is calm. Ask about one of the listed tokens by name."})
    if kind is Kind.ALERT:
        return answer(_alert(prompt))
    return error(400, "INVALID_ARGUMENT", "the stand-in does not know this response schema")


def fenced(prompt: str, name: str) -> str:
    """What stands between `<name>` and `</name>`, empty if nothing does."""
    found = re.search(rf"<{name}>\n(.*?)\n</{name}>", prompt, re.DOTALL)
    return found[1] if found else ""


def _named(prompt: str) -> list[str]:
    words = {word.upper() for word in re.findall(r"\w+", fenced(prompt, "question"))}
    words |= {"BTC"} if "BITCOIN" in words else set()
    listed = fenced(prompt, "listed").split(", ")
    return [s for s in listed if {s.upper(), s.removeprefix("W").upper()} & words]


def _decision(prompt: str) -> Mapping[str, Any]:
    limits = dict(line.split(": ", 1) for line in fenced(prompt, "limits").split("\n"))
    symbol = limits["decide_on"].split(", ")[0]
    market = fenced(prompt, "market").split(f"[{symbol}]", 1)[-1]
    found = re.search(r"price_usd: ([0-9.]+)", market)
    price = Decimal(found[1]) if found else Decimal(1)
    tradable = symbol in limits["tradable"].split(", ")
    levels = {
        "entry_usd": float(price),
        "stop_loss_usd": float(price * Decimal("0.95")),
        "take_profit_usd": float(price * Decimal("1.1")),
    }
    return {
        "action": "BUY" if tradable else "HOLD",
        "symbol": symbol,
        **levels,
        "confidence": 60,
        "suggested_usd": float(Decimal(limits["trade_cap_usd"]) / 2) if tradable else 0,
        "summary": f"A modest position in {symbol} fits the picture at {price} USD.",
        "reasons": [f"{symbol} trades at {price} USD.", "The stop limits the loss to 5 %."],
        "risks": ["This answer comes from a stand-in and knows nothing."],
        "more_symbols": [],
        "more_days": 0,
    }


def _alert(prompt: str) -> Mapping[str, Any]:
    """A line on the price of the first token named, or no alert without token and figure."""
    question = fenced(prompt, "question").lower()
    named = _named(prompt)
    figure = re.search(r"(?<![\w.])[0-9]+(?:\.[0-9]+)?", question)
    down = re.search(r"\b(?:below|under|south|less|lower|cheaper|down|falls?|drops?)\b", question)
    found = "NONE"
    if named and figure:
        found = "PRICE_BELOW" if down else "PRICE_ABOVE"
    return {
        "condition": found,
        "symbol": named[0] if named else "",
        "figure": float(figure[0]) if figure else None,
        "window": "",
        "every_time": False,
        "hours_between": 0,
        "until": "",
    }
