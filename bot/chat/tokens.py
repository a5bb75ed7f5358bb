"""Find the token somebody means."""

from bot.chat.talk import Talk
from bot.domain.errors import UserError
from bot.domain.money import Token
from bot.domain.symbols import Ambiguous, resolve


def resolve_token(talk: Talk, words: str) -> Token:
    """The listed token somebody means.

    Raises:
        UserError: unknown, ambiguous, or several.
    """
    listing = talk.services.listing
    named = words.split()
    if len(named) != 1:
        raise UserError("One token at a time, please, like /price SEI.")
    found = resolve(named[0], listing.symbols)
    if isinstance(found, Ambiguous):
        raise UserError(f"Which one: {' or '.join(found.candidates)}?")
    token = listing.find(found) if found else None
    if token is None:
        raise UserError(f"I do not know {named[0][:20]}. I trade {', '.join(listing.symbols)}.")
    return token
