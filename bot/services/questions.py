"""A question and the forms an answer takes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

from bot.domain.analysis import Advice, MarketView, TradeDecision
from bot.domain.errors import UserError
from bot.domain.people import Agent, User
from bot.policy.secrets import find_secret

Progress = Callable[[str], Awaitable[None]]


class SecretPastedError(UserError):
    """The text seems to hold a secret: the door deletes the message."""


def refuse_secrets(text: str) -> None:
    """Let nothing further see a text that seems to hold a secret.

    Raises:
        SecretPastedError: naming the kind of secret, never the secret.
    """
    if kind := find_secret(text):
        hashes = kind == "private key"
        alike = " A transaction hash looks the same; then never mind." if hashes else ""
        raise SecretPastedError(
            f"That looked like a {kind}, so I deleted the message. Never share one with "
            "anybody, me included. If it was real, move what it protects to a new one now."
            f"{alike}"
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One question as the door hands it over. `agent` is the one the chat is looking at."""

    user: User
    agent: Agent
    chat_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with the market it was made on. `suggested_usd` is clipped; 0 means no button."""

    decision_id: int
    decision: TradeDecision
    view: MarketView
    suggested_usd: Decimal
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advised:
    """An answer without a trade."""

    advice: Advice
    notes: tuple[str, ...]


Answer = Decided | Advised
