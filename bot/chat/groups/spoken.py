"""What somebody has said in a group: a command, or our name, and the words with it."""

import re

from telegram import Message

from bot.policy.alerts.words import wants_alert

_LONGEST_TEXT = 500


def read_spoken(message: Message, username: str) -> tuple[str, str]:
    """The command of a message in lower case, "" if it has none, and what follows it.

    A sentence with our name that asks for an alert is as good as `/alert`. Words are cut to what
    is read of them at most.
    """
    text = message.text or ""
    if text.startswith("/"):
        called, words = (*text.split(maxsplit=1), "")[:2]
        return called.removeprefix("/").partition("@")[0].lower(), words.strip()[:_LONGEST_TEXT]
    words = text[:_LONGEST_TEXT]
    if is_named(text, username):
        words = _name(username).sub(" ", words).strip(" ,:\n")
        if wants_alert(words):
            return "alert", words
    return "", words


def is_command(message: Message) -> bool:
    """Whether a message begins with a command, of whichever bot."""
    return (message.text or "").startswith("/")


def is_named(text: str, username: str) -> bool:
    """Whether a text says our name."""
    return bool(username and _name(username).search(text))


def names_us(message: Message) -> bool:
    """Whether a message that may be for us says our name: a bare command may be any bot's."""
    text = message.text or ""
    return not text.startswith("/") or "@" in text.split(maxsplit=1)[0]


def _name(username: str) -> re.Pattern[str]:
    return re.compile(rf"@{re.escape(username)}\b", re.IGNORECASE)
