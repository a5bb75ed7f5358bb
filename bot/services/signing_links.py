"""Links to the wallet page: unguessable, short-lived, forgotten when the process ends."""

import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.errors import UserError
from bot.domain.mandate import Mandate
from bot.domain.people import AgentId, UserId
from bot.domain.trade import IntentId
from bot.ports.clock import Clock
from bot.services.sign_in import Challenge

LIFE = timedelta(minutes=30)
_SECRET_BYTES = 32
_MOST_LINKS = 5
"""A person's newest links that work at the same time."""
_MINUTE = timedelta(minutes=1)
_A_MINUTE = 90
"""Requests; the page asks every second or two how a transaction stands."""


class Purpose(StrEnum):
    """What a link is for."""

    PROVE_OWNER = "prove_owner"
    MANDATE = "mandate"


class LinkExpiredError(UserError):
    """No such link any more."""

    def __init__(self) -> None:
        super().__init__("This link has expired; ask the bot for a new one.")


class TooManyRequestsError(UserError):
    """More than a page would ask."""

    def __init__(self) -> None:
        super().__init__("That was too much at once. Wait a minute and try again.")


class SignedOutError(UserError):
    """The session is not the link's; the address has to be proven again."""

    def __init__(self) -> None:
        super().__init__("You are signed out. Sign in with your wallet again.")


@dataclass(frozen=True, slots=True)
class Draft:
    """What was given out to be signed: a mandate, or the revocation of all up to `nonce`."""

    nonce: int
    mandate: Mandate | None = None


@dataclass(slots=True)
class Link:
    """One link and how far its person has come. `address` is proven once `session` is set."""

    purpose: Purpose
    user_id: UserId
    chat_id: int
    agent_id: AgentId | None
    expires_at: datetime
    challenge: Challenge | None = None
    session: str = field(default="", repr=False)
    address: str = ""
    draft: Draft | None = None
    intent_id: IntentId | None = None
    done: bool = False
    asked: deque[datetime] = field(default_factory=deque)

    def bind(self, address: str) -> str:
        """Bind the link to a proven address; returns the secret of the new session."""
        self.address, self.draft = address, None
        self.session = secrets.token_urlsafe(_SECRET_BYTES)
        return self.session

    def require_session(self, session: str) -> None:
        """Refuse whoever did not sign in last.

        Raises:
            SignedOutError: it is another session, or none.
        """
        if not self.session or not secrets.compare_digest(self.session.encode(), session.encode()):
            raise SignedOutError


@dataclass(frozen=True, slots=True)
class Links:
    """All links that work now, by token."""

    clock: Clock
    _held: dict[str, Link] = field(default_factory=dict, repr=False)

    def open(
        self, purpose: Purpose, user_id: UserId, chat_id: int, agent_id: AgentId | None
    ) -> str:
        """A new link's token; a person's oldest one goes when there are too many."""
        now = self.clock.now()
        for token in [t for t, link in self._held.items() if link.expires_at <= now]:
            del self._held[token]
        own = [t for t, link in self._held.items() if link.user_id == user_id]
        for token in own[: max(0, len(own) - _MOST_LINKS + 1)]:
            del self._held[token]
        token = secrets.token_urlsafe(_SECRET_BYTES)
        self._held[token] = Link(purpose, user_id, chat_id, agent_id, now + LIFE)
        return token

    def forget_drafts(self, user_id: UserId) -> None:
        """Take back what was given out to a person to be signed and was not brought in yet."""
        for link in self._held.values():
            if link.user_id == user_id:
                link.draft = None

    def find(self, token: str) -> Link:
        """The link of a token; counts as one request.

        Raises:
            LinkExpiredError: there is none.
            TooManyRequestsError: too many within a minute.
        """
        link, now = self._held.get(token), self.clock.now()
        if link is None or link.expires_at <= now:
            raise LinkExpiredError
        while link.asked and link.asked[0] <= now - _MINUTE:
            link.asked.popleft()
        if len(link.asked) >= _A_MINUTE:
            raise TooManyRequestsError
        link.asked.append(now)
        return link
