"""Spot secrets pasted into a chat or a log by mistake, to delete or mask them at once. Pure."""

import re
from collections.abc import Iterator

from eth_account.hdaccount.mnemonic import Mnemonic
from eth_account.types import Language

_PATTERNS = {
    "private key": re.compile(r"(?<![0-9a-fA-F])(?:0[xX])?[0-9a-fA-F]{64}(?![0-9a-fA-F])"),
    "bot token": re.compile(r"(?<![0-9])[0-9]{8,12}:[A-Za-z0-9_-]{35,}"),
    "API key": re.compile(r"AIza[0-9A-Za-z_-]{35}"),
}
_PHRASE = "seed phrase"
_SHORTEST_PHRASE = 12
_WORD = re.compile(r"[A-Za-z]+")
_WORDS = frozenset(Mnemonic(Language.ENGLISH).wordlist)


def find_secret(text: str) -> str | None:
    """Name the kind of secret a text seems to hold, or None.

    A transaction hash looks like a private key; treating it as one costs nothing but a message.
    """
    for kind, pattern in _PATTERNS.items():
        if pattern.search(text):
            return kind
    return _PHRASE if any(_phrases(text)) else None


def mask_secrets(text: str) -> str:
    """The text with whatever `find_secret` would see replaced by its kind in brackets."""
    for start, end in reversed(list(_phrases(text))):
        text = f"{text[:start]}[{_PHRASE}]{text[end:]}"
    for kind, pattern in _PATTERNS.items():
        text = pattern.sub(f"[{kind}]", text)
    return text


def _phrases(text: str) -> Iterator[tuple[int, int]]:
    """Spans of 12 or more words of the standard list in a row, checksum or not."""
    run: list[re.Match[str]] = []
    for word in _WORD.finditer(text):
        if word[0].lower() in _WORDS:
            run.append(word)
            continue
        if len(run) >= _SHORTEST_PHRASE:
            yield run[0].start(), run[-1].end()
        run = []
    if len(run) >= _SHORTEST_PHRASE:
        yield run[0].start(), run[-1].end()
