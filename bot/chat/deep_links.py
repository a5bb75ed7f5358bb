"""Links into the private chat and into groups: what they carry is a word, never a secret."""

import re
from urllib.parse import quote

SUBSCRIBE, SIGNALS, ASK = "sub_", "sig_", "ask_"
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


def start_link(username: str, payload: str = "") -> str:
    """Opens our private chat; a payload comes back as `/start payload`."""
    query = f"?start={quote(payload)}" if payload else ""
    return f"https://t.me/{username}{query}"


def group_link(username: str) -> str:
    """Lets a person pick a group to add the bot to."""
    return f"https://t.me/{username}?startgroup=subscribe"


def parse_payload(words: str) -> tuple[str, str] | None:
    """What a link is for and the word behind it; None for anything that is no link of ours.

    Anybody can write a payload: the word is still to be checked.
    """
    if not _PAYLOAD.fullmatch(words):
        return None
    for purpose in (SUBSCRIBE, SIGNALS, ASK):
        if words.startswith(purpose) and len(words) > len(purpose):
            return purpose, words.removeprefix(purpose)
    return None
