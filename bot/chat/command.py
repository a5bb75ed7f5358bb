"""How a command declares itself: one file in `commands/`, one `COMMAND`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bot.chat.talk import Talk

Handler = Callable[[Talk, str], Awaitable[None]]
"""Takes the conversation and an argument: a command's words, a tap's ids, or a reply's text."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command or menu.

    Args:
        name: without the slash; also the first part of its buttons' data.
        summary: its line in Telegram's command menu; empty keeps it out.
        order: position in the menu.
        run: handles `/name words`; None for a menu that only has buttons.
        taps: handlers of its buttons by action.
        replies: handlers of its dialogue steps; each gets the text that was typed.
        cards: those steps that show something to confirm rather than ask: a tap elsewhere does not
            end them.
        needs_terms: whether the terms must be accepted first.
        admins_only: whether only ADMIN_IDS may use it; to others it does not exist.
        group: handles `/name words` in groups; None keeps it to private chats.
        group_summary: its line in the menu of groups; empty takes `summary`.
        group_taps: handlers of its buttons in groups; only administrators of the group reach
            them, asked of Telegram at each tap.
    """

    name: str
    summary: str = ""
    order: int = 99
    run: Handler | None = None
    taps: Mapping[str, Handler] = field(default_factory=dict)
    replies: Mapping[str, Handler] = field(default_factory=dict)
    cards: frozenset[str] = frozenset()
    needs_terms: bool = True
    admins_only: bool = False
    group: Handler | None = None
    group_summary: str = ""
    group_taps: Mapping[str, Handler] = field(default_factory=dict)
