"""Which listed token a person means: one table of names for chat, commands and analysts.

Matching is exact apart from ASCII case; look-alikes from other alphabets never match, so nobody
trades a token they did not name.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LONGEST_NAME = 40
_WORD = re.compile(r"\$?\w+")

_DOLLARS = ("USDC", "USDT0", "fastUSD", "frxUSD")
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "wsei": ("SEI", "WSEI"),
    "sei": ("WSEI",),
    "sei network": ("SEI", "WSEI"),
    "wrapped sei": ("SEI", "WSEI"),
    "staked sei": ("iSEI",),
    "silo staked sei": ("iSEI",),
    "eth": ("WETH",),
    "ether": ("WETH",),
    "ethereum": ("WETH",),
    "wrapped ether": ("WETH",),
    "wrapped ethereum": ("WETH",),
    "btc": ("WBTC",),
    "xbt": ("WBTC",),
    "bitcoin": ("WBTC",),
    "wrapped bitcoin": ("WBTC",),
    "solv": ("SolvBTC",),
    "solv btc": ("SolvBTC",),
    "usd coin": ("USDC",),
    "circle usd": ("USDC",),
    "usdt": ("USDT0",),
    "tether": ("USDT0",),
    "fast usd": ("fastUSD",),
    "frax usd": ("frxUSD",),
    "usd": _DOLLARS,
    "dollar": _DOLLARS,
    "dollars": _DOLLARS,
    "stablecoin": _DOLLARS,
    "stablecoins": _DOLLARS,
}
_UNITS = frozenset({"usd", "dollar", "dollars"})
"""Words that in a sentence count money rather than name a token."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """More than one listed token goes by that name, in the table's order."""

    candidates: tuple[str, ...]


def resolve(text: str, listed: Sequence[str]) -> str | Ambiguous | None:
    """The listed symbol meant by one name or ticker, with or without `$`; None if there is none."""
    name = " ".join(text.strip().removeprefix("$").split())
    if not name or len(name) > _LONGEST_NAME or not name.isascii():
        return None
    if name in listed:
        return name
    folded = name.lower()
    same = tuple(symbol for symbol in listed if symbol.lower() == folded)
    found = same or tuple(symbol for symbol in _ALIASES.get(folded, ()) if symbol in listed)
    if len(found) > 1:
        return Ambiguous(found)
    return found[0] if found else None


def mentions(text: str, listed: Sequence[str]) -> tuple[str, ...]:
    """Listed symbols named in a sentence, in order, once each, dollar tokens last.

    Dollar tokens come last because they mostly are what one pays with. Ambiguous names and plain
    money units ("25 usd of SEI") name no token here.
    """
    words = split_words(text)
    found: dict[str, None] = {}
    at = 0
    while at < len(words):
        size, symbol = _match(words, at, listed)
        if symbol:
            found[symbol] = None
        at += size
    return tuple(sorted(found, key=lambda symbol: symbol in _DOLLARS))


def split_words(text: str) -> list[str]:
    """The words of a sentence; a leading `$` stays, underscores around a word go."""
    return [word for raw in _WORD.findall(text) if (word := raw.strip("_"))]


def _match(words: Sequence[str], at: int, listed: Sequence[str]) -> tuple[int, str | None]:
    for size in (3, 2, 1):
        name = " ".join(words[at : at + size])
        if size == 1 and name.lower() in _UNITS:
            return 1, None
        hit = resolve(name, listed)
        if isinstance(hit, str):
            return size, hit
    return 1, None
