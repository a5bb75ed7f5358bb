"""A new agent's owner, proven on the wallet page; the chat's dialogue goes on by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.errors import UserError
from bot.policy.addresses import parse_owner
from bot.ports.clock import Clock
from bot.ports.ledger import Notice, Outbox
from bot.ports.records import Dialogue, Dialogues
from bot.services.open_agent import OpenAgent

COMMAND, WAITING, PROVEN = "agents", "owner", "name"
"""The dialogue of `chat/commands/agents.py` that asks for the owner, and its next step."""

NOTICE = "owner_proven"
_LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class ProveOwner:
    """Answers the chat's question for the owner's address. `reserved` own nothing."""

    clock: Clock
    dialogues: Dialogues
    open_agent: OpenAgent
    outbox: Outbox
    reserved: frozenset[str]
    wake: Callable[[], None]

    async def check(self, address: str) -> str:
        """The checksummed address, if it can own an escrow.

        Raises:
            UserError: it cannot.
        """
        owner = parse_owner(address, self.reserved)
        await self.open_agent.check_owner(owner)
        return owner

    async def answer(self, chat_id: int, owner: str, key: str) -> None:
        """Move the chat on to its next question; `key` makes the notice unique.

        Raises:
            UserError: the chat asks something else by now.
        """
        now = self.clock.now()
        asked = await self.dialogues.load_dialogue(chat_id, now)
        if asked is None or (asked.command, asked.step) != (COMMAND, WAITING):
            raise UserError(
                "The address is proven, but the chat no longer waits for it. Begin again there "
                "with /agents."
            )
        data = {"owner": owner}
        await self.dialogues.save_dialogue(chat_id, Dialogue(COMMAND, PROVEN, data), now + _LIFE)
        await self.outbox.queue(Notice(chat_id, NOTICE, f"{NOTICE}:{key}", data), now)
        self.wake()
