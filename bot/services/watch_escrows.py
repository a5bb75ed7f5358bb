"""Tell an owner of every change to their escrow, wherever it came from.

Events of the chain are read block by block; each is kept and told once, in one transaction with
how far we have looked. What the journal has signed itself is told by its receipt instead.
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from bot.domain.mandate import EscrowEvent
from bot.domain.people import Agent
from bot.ports.chain import ChainReader, EscrowLogs, Signatures
from bot.ports.ledger import Notice
from bot.ports.records import Agents, EscrowEvents, Mandates

_MOST_BLOCKS = 20_000
"""In one look; after a long absence the looks follow each other."""

_LOOK_AGAIN = 20
"""Blocks looked at twice for escrows' events: a node may lag behind the head another one told."""

_NOT_TOLD = frozenset({"Received"})
"""Deposits are told from balances, which sees more of them."""

_FOR_EVERYBODY = frozenset({"Paused", "Unpaused"})
"""Of the deployment's events, what changes for owners at once; admins are told of all."""


@dataclass(frozen=True, slots=True)
class WatchEscrows:
    """Compares nothing and guesses nothing: the chain says it, this passes it on."""

    agents: Agents
    mandates: Mandates
    events: EscrowEvents
    reader: ChainReader
    logs: EscrowLogs
    signatures: Signatures
    orchestrator: str
    deployed_at: int
    admin_ids: frozenset[int]
    wake: Callable[[], None]

    async def tick(self) -> int:
        """Look at what is new; returns how many events were told.

        Raises:
            UpstreamError: the chain did not answer; nothing is skipped.
        """
        head = await self.reader.read_head()
        begun = await self.events.load_from()
        first = max(self.deployed_at, (begun or 0) - _LOOK_AGAIN)
        last = min(head.block, first + _MOST_BLOCKS - 1)
        if last < (begun or first):
            return 0
        owned = {agent.escrow: agent for agent in await self.agents.load_live()}
        seen = await self.logs.read_events([*owned, self.orchestrator], first, last)
        ours = await self.events.load_ours([event.tx_hash for event in seen])
        changes = [(owned[e.emitter], e) for e in seen if e.emitter in owned]
        await self._learn(changes)
        notices = [self._notice(a, e) for a, e in changes if _is_told(e) and e.tx_hash not in ours]
        # Before the first look nobody was told anything, and the deployment set itself up.
        if begun is not None:
            owners = {int(agent.user_id) for agent in owned.values()}
            for event in seen:
                mine = event.emitter == self.orchestrator and event.block >= begun
                if mine:
                    notices += self._of_deployment(event, owners, ordered=event.tx_hash in ours)
        kept = [(int(agent.id), event) for agent, event in changes]
        told = await self.events.save_events(kept, notices, last)
        if told:
            self.wake()
        return told

    async def _learn(self, changes: Sequence[tuple[Agent, EscrowEvent]]) -> None:
        """Keep mandates that somebody else brought in: swaps have to be sent with them."""
        for agent, event in changes:
            if event.mandate is not None:
                word = self.signatures.word_of(event.mandate)
                await self.mandates.save_mandate(agent.id, word, event.mandate)

    def _notice(self, agent: Agent, event: EscrowEvent) -> Notice:
        mandate = event.mandate
        word = {"word": hex(self.signatures.word_of(mandate))} if mandate else {}
        return Notice(
            chat_id=int(agent.user_id),
            kind="escrow_event",
            key=f"event:{event.tx_hash}:{event.log_index}",
            data={**_told(event), **word, "agent": str(agent.id)},
        )

    def _of_deployment(
        self, event: EscrowEvent, owners: Set[int], *, ordered: bool
    ) -> Sequence[Notice]:
        """What changes the whole deployment; registrations aside.

        What an admin `ordered` here is no news to admins, but a pause is to owners.
        """
        if event.name in {"ActorRegistered", "EscrowDeployed"}:
            return []
        told = owners | self.admin_ids if event.name in _FOR_EVERYBODY else set(self.admin_ids)
        if ordered:
            told -= self.admin_ids
        return [
            Notice(
                chat_id=chat_id,
                kind="deployment_event",
                key=f"event:{event.tx_hash}:{event.log_index}:{chat_id}",
                data=_told(event),
            )
            for chat_id in sorted(told)
        ]


def _is_told(event: EscrowEvent) -> bool:
    return event.name not in _NOT_TOLD


def _told(event: EscrowEvent) -> dict[str, str]:
    return {
        **{f"field_{name}": value for name, value in event.fields.items()},
        "name": event.name,
        "tx_hash": event.tx_hash,
        "block": str(event.block),
        "emitter": event.emitter,
    }
