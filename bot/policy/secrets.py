"""Spot secrets pasted into a chat by mistake, so that they can be deleted at once. Pure."""

import re

from eth_account.hdaccount.mnemonic import Mnemonic
from eth_account.types import Language

_PRIVATE_KEY = re.compile(r"(?<![0-9a-fA-F])(?:0x)?[0-9a-fA-F]{64}(?![0-9a-fA-F])")
_BOT_TOKEN = re.compile(r"\b[0-9]{8,12}:[A-Za-z0-9_-]{35}\b")
_GOOGLE_KEY = re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")
_SHORTEST_PHRASE = 12
_WORDS = frozenset(Mnemonic(Language.ENGLISH).wordlist)


def find_secret(text: str) -> str | None:
    """Name the kind of secret a text seems to hold, or None.

    A transaction hash looks like a private key; treating it as one costs nothing but a message.
    """
    if _PRIVATE_KEY.search(text):
        return "private key"
    if _BOT_TOKEN.search(text):
        return "bot token"
    if _GOOGLE_KEY.search(text):
        return "API key"
    return "seed phrase" if _holds_phrase(text) else None


def _holds_phrase(text: str) -> bool:
    """Whether 12 or more words of the standard list follow each other, checksum or not."""
    run = 0
    for word in re.findall(r"[a-z]+", text.lower()):
        run = run + 1 if word in _WORDS else 0
        if run >= _SHORTEST_PHRASE:
            return True
    return False
